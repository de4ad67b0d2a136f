//! Daily and weekly profiles in local time: what an hour usually brings, and how far it usually strays from that.

use serde::{Deserialize, Serialize};

use super::{Coarse, Mean, flat};
use crate::calendar::Local;

/// Half-hours of a day and hours of a week. Each slot holds the forgetting mean of its visits and of their distance from it.
///
/// Local time makes the profile follow the people through daylight saving; a holiday is read and learned as a Sunday. The week
/// begins with the second day: what lives for hours only needs none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Season {
    day: Profile<48>,
    week: Profile<168>,
}

/// How a value lies to what its hour usually brings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stray {
    /// What the hour usually brings.
    pub center: f64,
    /// How far it usually strays from that.
    pub usual: f64,
    /// The distance of the value.
    pub distance: f64,
    /// Whether it is too early to be surprised: how much the hours stray as a rule is still being learned.
    pub early: bool,
    /// Whether the hours err no more than the level does: the signal may live by them.
    pub fits: bool,
}

/// One profile: the visit under way, the record of its errors, and what is looked up only once a slot comes round again. (Looked
/// up from the first point on, it cost a new signal a third of its time.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Profile<const N: usize> {
    slot: u16,
    again: bool,
    count: u32,
    sum: f64,
    strayed: f64,
    /// Mean absolute error of the profile, and of the level at the same points.
    error: Mean,
    plain: Mean,
    slots: Option<Box<Slots<N>>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Slots<const N: usize>(#[serde(with = "flat")] [Slot; N]);

/// What is known of one half-hour of the day or hour of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Slot {
    mean: f32,
    /// The mean distance of a visit's values from the mean of the visits before; 0 before the second visit.
    stray: Coarse,
    visits: u8,
}

/// A visit counts as much as three days or weeks in all: quick enough for a changed habit.
const VISIT_RATE: f64 = 0.3;
/// The errors are compared over about this many points.
const ERROR_RATE: f64 = 0.002;
/// A profile must halve the error of the level before it is what is expected (measured: used wherever it is better at all, it costs
/// more than it gains).
const GAIN: f64 = 0.5;
/// Points on which both were tried before the profile is believed.
const TRIALS: u32 = 48;
/// Visits before an hour knows how far it strays.
const KNOWN: u8 = 2;
/// Visits before anything is made of it: how much the hours stray as a rule is learned for two days, as all else is.
const HEARD: u8 = 4;
/// Hours that err by more than the level and a tenth are not what the signal lives by.
const FITS: f64 = 1.1;
/// The week is asked instead of the day where it errs so much less.
const BETTER: f64 = 0.8;
/// Values further away than so many usual distances teach an hour no more than that: an incident is no habit.
const FAR: f64 = 8.0;

impl Stray {
    /// The value's distance in usual distances of this hour.
    pub fn ratio(&self) -> f64 {
        self.distance / self.usual
    }
}

impl Season {
    /// The expected value at this local time, where a season has proved better than the level.
    pub fn expect(&self, local: Local) -> Option<f64> {
        let (day, week) = slots(local);
        let by_day = self.day.expect(day);
        match (by_day, self.week.expect(week)) {
            (Some(_), Some(_)) if self.day.error.get() < self.week.error.get() => by_day,
            (_, by_week @ Some(_)) => by_week,
            _ => by_day,
        }
    }

    /// How a value lies to what this local time usually brings, by the profile that errs less; none before the third visit.
    /// `least` is the smallest distance that counts as usual.
    pub fn stray(&self, local: Local, value: f64, least: f64) -> Option<Stray> {
        let (day, week) = slots(local);
        let better = TRIALS <= self.week.error.seen() && self.week.error.get() < BETTER * self.day.error.get();
        let by_week = if better { self.week.known(week).usual(least) } else { None };
        let fits = if by_week.is_some() { self.week.fits() } else { self.day.fits() };
        let day = self.day.known(day);
        let (center, usual) = by_week.or_else(|| day.usual(least))?;
        Some(Stray { center, usual, distance: (value - center).abs(), early: day.visits < HEARD, fits })
    }

    /// Takes one value in; `level` is what was expected without a season, `least` the smallest distance that counts as usual.
    pub fn learn(&mut self, local: Local, value: f64, level: f64, least: f64) {
        let (day, week) = slots(local);
        if 0 < self.day.known(day).visits {
            self.week.learn(week, value, level, least);
        }
        self.day.learn(day, value, level, least);
    }
}

fn slots(local: Local) -> (usize, usize) {
    let second = local.second.min(86_399) as usize;
    (second / 1800, usize::from(local.weekday.min(6)) * 24 + second / 3600)
}

impl<const N: usize> Profile<N> {
    /// The slot's mean, where it was visited before and the profile has proved its gain.
    fn expect(&self, slot: usize) -> Option<f64> {
        let proved = TRIALS <= self.error.seen() && self.error.get() < GAIN * self.plain.get();
        let slot = self.known(slot);
        (proved && slot.visits > 0).then(|| f64::from(slot.mean))
    }

    fn fits(&self) -> bool {
        self.error.get() <= FITS * self.plain.get()
    }

    fn known(&self, slot: usize) -> Slot {
        let slots = self.slots.as_ref().filter(|_| self.again);
        slots.map_or_else(Slot::default, |slots| slots.0[slot])
    }

    fn learn(&mut self, slot: usize, value: f64, level: f64, least: f64) {
        if usize::from(self.slot) != slot {
            self.close();
            self.slot = slot as u16;
            self.again |= self.slots.as_ref().is_some_and(|slots| 0 < slots.0[slot].visits);
        }
        let slot = self.known(slot);
        let mut taught = value;
        if slot.visits > 0 {
            let mean = f64::from(slot.mean);
            self.error.learn((value - mean).abs(), ERROR_RATE);
            self.plain.learn((value - level).abs(), ERROR_RATE);
            if KNOWN <= slot.visits {
                let far = FAR * (slot.stray.get() + least);
                taught = value.clamp(mean - far, mean + far);
            }
            self.strayed += (taught - mean).abs();
        }
        self.sum += taught;
        self.count += 1;
    }

    /// Files the visit under way: only a finished one teaches, so that a point never judges itself.
    fn close(&mut self) {
        if 0 < self.count {
            let count = f64::from(self.count);
            let slots = self.slots.get_or_insert_with(|| Box::new(Slots([Slot::default(); N])));
            slots.0[usize::from(self.slot)].file(self.sum / count, self.strayed / count);
        }
        (self.sum, self.strayed, self.count) = (0.0, 0.0, 0);
    }
}

impl Slot {
    /// What it usually brings, and how far it usually strays from that.
    fn usual(self, least: f64) -> Option<(f64, f64)> {
        let usual = self.stray.get() + least;
        (KNOWN <= self.visits && 0.0 < usual).then_some((f64::from(self.mean), usual))
    }

    /// Takes in a visit: the mean of its values, and of their distances from the mean before.
    fn file(&mut self, mean: f64, strayed: f64) {
        let rate = (1.0 / (1.0 + f64::from(self.visits))).max(VISIT_RATE);
        if 0 < self.visits {
            let before = self.stray.get();
            let rate = if self.visits == 1 { 1.0 } else { rate };
            self.stray = Coarse::of(before + rate * (strayed - before));
        }
        let before = f64::from(self.mean);
        self.mean = (before + rate * (mean - before)) as f32;
        self.visits = self.visits.saturating_add(1);
    }
}

/// A season as releases before saved it, which knew no distances: each hour learns its own from two visits more.
#[derive(Debug, Deserialize)]
pub struct SeasonV1 {
    day: ProfileV1<48>,
    week: ProfileV1<168>,
}

#[derive(Debug, Deserialize)]
struct ProfileV1<const N: usize> {
    #[serde(with = "flat")]
    means: [f32; N],
    #[serde(with = "flat")]
    visits: [u8; N],
    slot: u16,
    sum: f64,
    count: u32,
    error: Mean,
    plain: Mean,
}

impl From<SeasonV1> for Season {
    fn from(old: SeasonV1) -> Self {
        Season { day: old.day.into(), week: old.week.into() }
    }
}

impl<const N: usize> From<ProfileV1<N>> for Profile<N> {
    fn from(old: ProfileV1<N>) -> Self {
        let ProfileV1 { means, visits, slot, sum, count, error, plain } = old;
        let known = |at: usize| Slot { mean: means[at], stray: Coarse::default(), visits: visits[at].min(1) };
        Profile {
            slot,
            again: true,
            count,
            sum,
            strayed: 0.0,
            error,
            plain,
            slots: Some(Box::new(Slots(std::array::from_fn(known)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(hour: u32) -> Local {
        Local { weekday: (hour / 24 % 7) as u8, second: hour % 24 * 3600, holiday: false }
    }

    /// Learns `days` of hourly values beside a level of 10.
    fn taught(days: u32, value: impl Fn(u32) -> f64) -> Season {
        let mut season = Season::default();
        (0..24 * days).for_each(|hour| season.learn(local(hour), value(hour), 10.0, 0.0));
        season
    }

    #[test]
    fn it_is_used_only_where_it_has_proved_its_gain() {
        let daily = |hour: u32| if hour % 24 < 12 { 0.0 } else { 20.0 };
        assert_eq!(taught(2, daily).expect(local(15)), None, "two days prove nothing");
        assert_eq!(taught(7, daily).expect(local(15)), Some(20.0));
        let noise = |hour: u32| f64::from(hour.wrapping_mul(2_654_435_761) >> 24) / 12.8;
        assert_eq!(taught(21, noise).expect(local(15)), None, "noise has no season");
        let weekly = |hour: u32| if hour / 24 % 7 < 5 { daily(hour) } else { 10.0 };
        let taught = taught(35, weekly);
        assert_eq!((taught.expect(local(15)), taught.expect(local(5 * 24 + 15))), (Some(20.0), Some(10.0)));
    }

    #[test]
    fn a_season_that_stops_paying_is_dropped() {
        let mut season = taught(14, |hour| if hour % 24 < 12 { 0.0 } else { 20.0 });
        assert!(season.expect(local(15)).is_some());
        (0..24 * 60).for_each(|hour| season.learn(local(hour), 10.0, 10.0, 0.0));
        assert_eq!(season.expect(local(15)).filter(|&v| (v - 10.0).abs() > 0.5), None);
    }

    #[test]
    fn an_hour_knows_how_far_it_strays() {
        // Nights vary by 1, noons by 10.
        let value = |hour: u32| {
            let sign = if (hour / 24).is_multiple_of(2) { 1.0 } else { -1.0 };
            50.0 + sign * if hour % 24 == 12 { 10.0 } else { 1.0 }
        };
        let season = taught(15, value);
        let ratio = |hour: u32, value: f64| season.stray(local(hour), value, 0.0).unwrap().ratio();
        assert!(ratio(12, 61.0) < 1.5, "usual at noon: {}", ratio(12, 61.0));
        assert!(5.0 < ratio(3, 61.0), "and not at night: {}", ratio(3, 61.0));
        assert_eq!(taught(1, value).stray(local(12), 61.0, 0.0), None, "one visit knows no distance");
        let early = |days| taught(days, value).stray(local(12), 61.0, 0.0).unwrap().early;
        assert!(early(3) && !early(5), "what strays as a rule is learned for two days before it surprises");
    }

    #[test]
    fn the_week_is_asked_where_it_errs_less() {
        let weekly = |hour: u32| if hour / 24 % 7 < 5 { 100.0 } else { 20.0 } + f64::from(hour % 3);
        let season = taught(36, weekly);
        assert!(season.stray(local(5 * 24 + 15), 20.0, 1.0).unwrap().ratio() < 2.0, "Saturday is a Saturday");
        assert!(10.0 < season.stray(local(15), 20.0, 1.0).unwrap().ratio(), "Monday is none");
    }

    #[test]
    fn an_incident_is_no_habit() {
        let mut season = taught(14, |hour| 50.0 + f64::from(hour % 5));
        (0..24).for_each(|hour| season.learn(local(hour), 5_000.0, 50.0, 1.0));
        (24..48).for_each(|hour| season.learn(local(hour), 50.0 + f64::from(hour % 5), 50.0, 1.0));
        assert!(10.0 < season.stray(local(15), 500.0, 1.0).unwrap().ratio());
        assert!(season.stray(local(15), 50.0, 1.0).unwrap().ratio() < 3.0, "nor is what follows it odd");
    }
}
