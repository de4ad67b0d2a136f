//! What is usual at this time: daily and weekly profiles in local time, and the signal's own cycle where it has one.

mod cycle;
mod hunt;
mod period;
mod profile;
mod rhythm;
mod week;

use serde::{Deserialize, Serialize};

use self::cycle::Cycle;
pub(crate) use self::profile::VISIT_RATE;
use self::profile::{Profile, ProfileV1, rate};
use self::rhythm::Rhythm;
use self::week::Week;
use super::Mean;
use crate::calendar::Local;

/// Half-hours of a day, hours of a week, and parts of a cycle of the signal's own. Each holds the forgetting mean of its visits and
/// of their distance from it.
///
/// Local time makes the profile follow the people through daylight saving; a holiday is read and learned as a Sunday. The week
/// begins with the second day: what lives for hours only needs none. And it is given up where it tells nothing that the day does
/// not, for it takes more memory than all else, and tried again later. (The day is kept of every signal: hours are worth a view
/// even where they do not fit. Without them NAB lost 1.3 and the event F1 of 60 service metrics .025.)
///
/// Where the day errs far more on days off, those are other days: they teach it nothing, and are left to the week. (Else each Monday
/// is held against what a weekend made of the day, until the week is known in its third week. Of 76 faults of `benches/warehouse.py`
/// the origin is named before the break in .921 instead of .895, and on `benches/video.py` sign-ups that fall are told one to two hours
/// ahead instead of one.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Season {
    day: Profile<48>,
    week: Week,
    own: Rhythm,
    /// Days in a row in which the week was known and told nothing, and until it is tried again.
    idle: u8,
    rest: u8,
    weekday: u8,
    /// The mean absolute error of the day on days off.
    off: Mean,
}

/// When a point comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct When {
    /// The people's clock.
    pub local: Local,
    /// Seconds since the point before, 0 for the first one.
    pub gap: f64,
    /// The usual seconds from point to point; 0 while unknown.
    pub step: f64,
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

/// Visits before anything is made of an hour: how much the hours stray as a rule is learned for two days, as all else is.
const HEARD: u8 = 4;
/// Visits before the week is judged; after so many days on end that told nothing it is given up, for eight weeks.
const JUDGED: u8 = 3;
const IDLE: u8 = 8;
const REST: u8 = 56;
/// The week is asked instead of the day where it errs so much less, and the signal's own cycle instead of both.
const BETTER: f64 = 0.8;
/// Days off are other days where the day errs by so much more on them than it does in all (on the days that teach it alone, once they
/// are); and the points from which that is known.
const OTHER: f64 = 1.5;
const TRIED: u32 = 288;

impl Stray {
    /// The value's distance in usual distances of this hour.
    pub fn ratio(&self) -> f64 {
        self.distance / self.usual
    }
}

impl Season {
    /// The expected value now, where a season has proved better than the level.
    pub fn expect(&self, when: When) -> Option<f64> {
        let own = self.own().and_then(|cycle| cycle.expect(when.gap));
        own.or_else(|| self.by_clock(when.local))
    }

    /// The value expected at this local time by day and week alone, where they have proved better than the level.
    fn by_clock(&self, local: Local) -> Option<f64> {
        let (day, week) = slots(local);
        let by_day = if self.is_other(local) { None } else { self.day.expect(day) };
        match (by_day, self.week.expect(week)) {
            (Some(_), Some(_)) if self.day.error() < self.week.error() => by_day,
            (_, by_week @ Some(_)) => by_week,
            _ => by_day,
        }
    }

    /// The value expected `after` seconds after the last one, for a picture whose points lie `apart` seconds from each other: a cycle
    /// that it could not show is left to the clock.
    pub fn drawn(&self, local: Local, after: f64, apart: f64) -> Option<f64> {
        let own = self.own().filter(|cycle| cycle.is_slower(apart)).and_then(|cycle| cycle.expect(after));
        own.or_else(|| self.by_clock(local))
    }

    /// How a value lies to what this time usually brings, by the profile that errs less; none before the third visit.
    /// `least` is the smallest distance that counts as usual.
    pub fn stray(&self, when: When, value: f64, least: f64) -> Option<Stray> {
        let own = self.own();
        if let Some((center, usual)) = own.and_then(|cycle| cycle.usual(when.gap, value, least)) {
            let early = own.is_some_and(Cycle::is_early);
            return Some(Stray { center, usual, distance: (value - center).abs(), early, fits: true });
        }
        let (day, week) = slots(when.local);
        let is_other = self.is_other(when.local);
        let by_week = if self.is_weekly() || is_other { self.week.known(week).usual(least) } else { None };
        let fits = if by_week.is_some() { self.week.fits() } else { self.day.fits() };
        let day = self.day.known(day);
        let (center, usual) = by_week.or_else(|| day.usual(least))?;
        Some(Stray { center, usual, distance: (value - center).abs(), early: day.visits() < HEARD, fits })
    }

    /// The seconds of the signal's own cycle, where it says more than day and week do.
    pub fn cycle(&self) -> Option<f64> {
        self.own().map(Cycle::period)
    }

    /// Whether this is a day off, and those are unlike the days that teach the day.
    fn is_other(&self, local: Local) -> bool {
        local.is_off() && self.rests()
    }

    fn rests(&self) -> bool {
        TRIED <= self.off.seen() && OTHER * self.day.error() < self.off.get()
    }

    fn is_weekly(&self) -> bool {
        self.week.tried() && self.week.error() < BETTER * self.day.error()
    }

    /// The cycle of the signal's own, where it says more than day and week do.
    fn own(&self) -> Option<&Cycle> {
        let clock = if self.is_weekly() { self.week.error() } else { self.day.error() };
        self.own.cycle().filter(|cycle| !self.day.tried() || cycle.error() < BETTER * clock)
    }

    /// Takes one value in; `level` is what was expected without a season, `least` the smallest distance that counts as usual.
    pub fn learn(&mut self, when: When, value: f64, level: f64, least: f64) {
        let (day, week) = slots(when.local);
        let turns = self.day.slot() != day;
        if 0 < self.day.known(day).visits() && self.rest == 0 {
            self.week.get_mut().learn(week, value, when.step, level, least);
        }
        if when.local.is_off() {
            let known = self.day.known(day);
            if 0 < known.visits() {
                self.off.learn((value - known.mean()).abs(), rate(when.step));
            }
        }
        if self.is_other(when.local) {
            self.day.pass(day);
        } else {
            self.day.learn(day, value, when.step, level, least);
        }
        if turns {
            self.weigh_week(week);
        }
        self.own.learn(when, value, level, least);
    }

    /// Gives the week up where it told nothing for all of one. Called at this slot of it whenever one of the day ends.
    fn weigh_week(&mut self, slot: usize) {
        let weekday = (slot / 24) as u8;
        let day = u8::from(std::mem::replace(&mut self.weekday, weekday) != weekday);
        if 0 < self.rest {
            self.rest -= day;
            return;
        }
        let tells = self.is_weekly() || self.rests() || (self.week.proved() && !self.day.proved());
        let is_idle = JUDGED <= self.week.known(slot).visits() && !tells;
        self.idle = if is_idle { self.idle + day } else { 0 };
        if self.idle == IDLE {
            (self.week, self.idle, self.rest) = (Week::default(), 0, REST);
        }
    }
}

fn slots(local: Local) -> (usize, usize) {
    let second = local.second.min(86_399) as usize;
    (second / 1800, usize::from(local.weekday.min(6)) * 24 + second / 3600)
}

/// A season as releases before saved it: without distances, a cycle of its own, and days off.
#[derive(Debug, Deserialize)]
pub struct SeasonV1 {
    day: ProfileV1<48>,
    week: ProfileV1<168>,
}

/// The same with distances.
#[derive(Debug, Deserialize)]
pub struct SeasonV2 {
    day: Profile<48>,
    week: Profile<168>,
}

/// The same with a cycle of its own.
#[derive(Debug, Deserialize)]
pub struct SeasonV3 {
    day: Profile<48>,
    week: Profile<168>,
    own: Rhythm,
}

/// The same with a week that may be given up.
#[derive(Debug, Deserialize)]
pub struct SeasonV4 {
    day: Profile<48>,
    week: Profile<168>,
    own: Rhythm,
    idle: u8,
    rest: u8,
    weekday: u8,
}

impl From<Option<Box<SeasonV1>>> for Season {
    fn from(old: Option<Box<SeasonV1>>) -> Self {
        let known =
            |SeasonV1 { day, week }| Season { day: day.into(), week: Profile::from(week).into(), ..Season::default() };
        old.map_or_else(Season::default, |old| known(*old))
    }
}

impl From<SeasonV2> for Season {
    fn from(SeasonV2 { day, week }: SeasonV2) -> Self {
        Season { day, week: week.into(), ..Season::default() }
    }
}

impl From<SeasonV3> for Season {
    fn from(SeasonV3 { day, week, own }: SeasonV3) -> Self {
        Season { day, week: week.into(), own, ..Season::default() }
    }
}

impl From<SeasonV4> for Season {
    fn from(SeasonV4 { day, week, own, idle, rest, weekday }: SeasonV4) -> Self {
        Season { day, week: week.into(), own, idle, rest, weekday, off: Mean::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(hour: u32) -> Local {
        Local { weekday: (hour / 24 % 7) as u8, second: hour % 24 * 3600, holiday: false }
    }

    fn at(hour: u32) -> When {
        When { local: local(hour), gap: 3600.0, step: 3600.0 }
    }

    /// Learns `days` of hourly values beside a level of 10.
    fn taught(days: u32, value: impl Fn(u32) -> f64) -> Season {
        let mut season = Season::default();
        (0..24 * days).for_each(|hour| season.learn(at(hour), value(hour), 10.0, 0.0));
        season
    }

    #[test]
    fn it_is_used_only_where_it_has_proved_its_gain() {
        let daily = |hour: u32| if hour % 24 < 12 { 0.0 } else { 20.0 };
        assert_eq!(taught(2, daily).by_clock(local(15)), None, "two days prove nothing");
        assert_eq!(taught(7, daily).by_clock(local(15)), Some(20.0));
        let noise = |hour: u32| f64::from(hour.wrapping_mul(2_654_435_761) >> 24) / 12.8;
        assert_eq!(taught(21, noise).by_clock(local(15)), None, "noise has no season");
        let weekly = |hour: u32| if hour / 24 % 7 < 5 { daily(hour) } else { 10.0 };
        let taught = taught(35, weekly);
        assert_eq!((taught.by_clock(local(15)), taught.by_clock(local(5 * 24 + 15))), (Some(20.0), Some(10.0)));
    }

    #[test]
    fn a_season_that_stops_paying_is_dropped() {
        let mut season = taught(14, |hour| if hour % 24 < 12 { 0.0 } else { 20.0 });
        assert!(season.by_clock(local(15)).is_some());
        (0..24 * 60).for_each(|hour| season.learn(at(hour), 10.0, 10.0, 0.0));
        assert_eq!(season.by_clock(local(15)).filter(|&v| (v - 10.0).abs() > 0.5), None);
    }

    #[test]
    fn a_bad_morning_does_not_unseat_a_rhythm() {
        let when =
            |minute: u32| When { local: Local { second: minute % 1440 * 60, ..local(0) }, gap: 60.0, step: 60.0 };
        let rhythm = |minute: u32| 50.0 + 40.0 * libm::sin(f64::from(minute) / 1440.0 * std::f64::consts::TAU);
        let mut season = Season::default();
        (0..10 * 1440).for_each(|minute| season.learn(when(minute), rhythm(minute), 50.0, 0.0));
        // for four hours there is half of it, and the level knows it
        let at = |minute: u32| 10 * 1440 + minute;
        (0..240).for_each(|minute| season.learn(when(at(minute)), 0.5 * rhythm(minute), 0.5 * rhythm(minute), 0.0));
        let expected = season.by_clock(when(at(240)).local).expect("still the rhythm");
        assert!((expected - rhythm(240)).abs() < 5.0, "{expected}");
    }

    #[test]
    fn an_hour_knows_how_far_it_strays() {
        // Nights vary by 1, noons by 10.
        let value = |hour: u32| {
            let sign = if (hour / 24).is_multiple_of(2) { 1.0 } else { -1.0 };
            50.0 + sign * if hour % 24 == 12 { 10.0 } else { 1.0 }
        };
        let season = taught(15, value);
        let ratio = |hour: u32, value: f64| season.stray(at(hour), value, 0.0).unwrap().ratio();
        assert!(ratio(12, 61.0) < 1.5, "usual at noon: {}", ratio(12, 61.0));
        assert!(5.0 < ratio(3, 61.0), "and not at night: {}", ratio(3, 61.0));
        assert_eq!(taught(1, value).stray(at(12), 61.0, 0.0), None, "one visit knows no distance");
        let early = |days| taught(days, value).stray(at(12), 61.0, 0.0).unwrap().early;
        assert!(early(3) && !early(5), "what strays as a rule is learned for two days before it surprises");
    }

    #[test]
    fn the_week_is_asked_where_it_errs_less() {
        let weekly = |hour: u32| if hour / 24 % 7 < 5 { 100.0 } else { 20.0 } + f64::from(hour % 3);
        let season = taught(36, weekly);
        assert!(season.stray(at(5 * 24 + 15), 20.0, 1.0).unwrap().ratio() < 2.0, "Saturday is a Saturday");
        assert!(10.0 < season.stray(at(15), 20.0, 1.0).unwrap().ratio(), "Monday is none");
    }

    #[test]
    fn a_week_that_tells_nothing_is_given_up_and_tried_again() {
        let daily = |hour: u32| if hour % 24 < 12 { 0.0 } else { 20.0 };
        let weekly = |hour: u32| if hour / 24 % 7 < 5 { daily(hour) } else { 10.0 };
        let holds = |season: &Season| season.week != Week::default();
        assert!(holds(&taught(35, weekly)) && holds(&taught(28, daily)));
        let mut season = taught(42, daily);
        assert!(!holds(&season) && season.by_clock(local(15)) == Some(20.0), "the day stays");
        (0..24 * 7 * 20).for_each(|hour| season.learn(at(hour), weekly(hour), 10.0, 0.0));
        assert_eq!(season.by_clock(local(5 * 24 + 15)), Some(10.0), "what became weekly is found");
    }

    #[test]
    fn days_off_are_other_days_where_they_are() {
        let works = |minute: u32| if 540 <= minute % 1440 && minute % 1440 < 1080 { 100.0 } else { 20.0 };
        let weekly = |minute: u32| if minute / 1440 % 7 < 5 { works(minute) } else { 20.0 } + f64::from(minute % 3);
        let when = |minute: u32| When {
            local: Local { weekday: (minute / 1440 % 7) as u8, second: minute % 1440 * 60, holiday: false },
            gap: 60.0,
            step: 60.0,
        };
        let lived = |minutes: u32, value: &dyn Fn(u32) -> f64| {
            let mut season = Season::default();
            (0..minutes).for_each(|minute| season.learn(when(minute), value(minute), 50.0, 0.5));
            season
        };
        let at_noon = |season: &Season, day: u32| season.stray(when(day * 1440 + 720), 101.0, 0.5).unwrap().center;
        let until_noon = |day: u32, value: &dyn Fn(u32) -> f64| at_noon(&lived(day * 1440 + 720, value), day);
        assert!((until_noon(14, &weekly) - 101.0).abs() < 3.0, "the weekends taught the Monday nothing");
        assert!((until_noon(19, &weekly) - 21.0).abs() < 3.0, "and the third Saturday is like two before");
        let daily = |minute: u32| works(minute) + f64::from(minute % 3);
        assert!(!lived(14 * 1440, &daily).rests() && (until_noon(12, &daily) - 101.0).abs() < 3.0);
    }

    #[test]
    fn an_incident_is_no_habit() {
        let mut season = taught(14, |hour| 50.0 + f64::from(hour % 5));
        (0..24).for_each(|hour| season.learn(at(hour), 5_000.0, 50.0, 1.0));
        (24..48).for_each(|hour| season.learn(at(hour), 50.0 + f64::from(hour % 5), 50.0, 1.0));
        assert!(10.0 < season.stray(at(15), 500.0, 1.0).unwrap().ratio());
        assert!(season.stray(at(15), 50.0, 1.0).unwrap().ratio() < 3.0, "nor is what follows it odd");
    }
}
