//! Daily and weekly profiles in local time, used only where they have proved their gain.

use serde::{Deserialize, Serialize};

use super::{Mean, flat};
use crate::calendar::Local;

/// Half-hours of a day and hours of a week. Each slot holds the forgetting mean of its visits.
///
/// Local time makes the profile follow the people through daylight saving; a holiday is read and learned as a Sunday.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Season {
    day: Profile<48>,
    week: Profile<168>,
}

/// One profile, the visit under way, and the record of its errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Profile<const N: usize> {
    #[serde(with = "flat")]
    means: [f32; N],
    #[serde(with = "flat")]
    visits: [u8; N],
    slot: u16,
    sum: f64,
    count: u32,
    /// Mean absolute error of the profile, and of the level at the same points.
    error: Mean,
    plain: Mean,
}

/// A visit counts as much as three days or weeks in all: quick enough for a changed habit.
const VISIT_RATE: f64 = 0.3;
/// The errors are compared over about this many points.
const ERROR_RATE: f64 = 0.002;
/// A profile must halve the error of the level (measured: used wherever it is better at all, it costs more than it gains).
const GAIN: f64 = 0.5;
/// Points on which both were tried before the profile is believed.
const TRIALS: u32 = 48;

impl Default for Season {
    fn default() -> Self {
        Season { day: Profile::new(), week: Profile::new() }
    }
}

impl Season {
    /// The expected value at this local time, where a season has proved better than the level.
    pub fn expect(&self, local: Local) -> Option<f64> {
        let (day, week) = slots(local);
        let (by_day, by_week) = (self.day.expect(day), self.week.expect(week));
        match (by_day, by_week) {
            (Some(_), Some(_)) if self.day.error.get() < self.week.error.get() => by_day,
            (_, Some(_)) => by_week,
            _ => by_day,
        }
    }

    /// Takes one value in; `level` is what was expected without a season.
    pub fn learn(&mut self, local: Local, value: f64, level: f64) {
        let (day, week) = slots(local);
        self.day.learn(day, value, level);
        self.week.learn(week, value, level);
    }
}

fn slots(local: Local) -> (usize, usize) {
    let second = local.second.min(86_399) as usize;
    (second / 1800, usize::from(local.weekday.min(6)) * 24 + second / 3600)
}

impl<const N: usize> Profile<N> {
    fn new() -> Self {
        Profile {
            means: [0.0; N],
            visits: [0; N],
            slot: 0,
            sum: 0.0,
            count: 0,
            error: Mean::default(),
            plain: Mean::default(),
        }
    }

    /// The slot's mean, where it was visited before and the profile has proved its gain.
    fn expect(&self, slot: usize) -> Option<f64> {
        let proved = TRIALS <= self.error.seen() && self.error.get() < GAIN * self.plain.get();
        (proved && self.visits[slot] > 0).then(|| f64::from(self.means[slot]))
    }

    fn learn(&mut self, slot: usize, value: f64, level: f64) {
        if usize::from(self.slot) != slot {
            self.close();
            self.slot = slot as u16;
        }
        if self.visits[slot] > 0 {
            self.error.learn((value - f64::from(self.means[slot])).abs(), ERROR_RATE);
            self.plain.learn((value - level).abs(), ERROR_RATE);
        }
        self.sum += value;
        self.count += 1;
    }

    /// Files the visit under way: only a finished one teaches, so that a point never judges itself.
    fn close(&mut self) {
        if self.count == 0 {
            return;
        }
        let (slot, mean) = (usize::from(self.slot), self.sum / f64::from(self.count));
        let before = f64::from(self.means[slot]);
        let rate =
            if self.visits[slot] == 0 { 1.0 } else { (1.0 / (1.0 + f64::from(self.visits[slot]))).max(VISIT_RATE) };
        self.means[slot] = (before + rate * (mean - before)) as f32;
        self.visits[slot] = self.visits[slot].saturating_add(1);
        (self.sum, self.count) = (0.0, 0);
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
        (0..24 * days).for_each(|hour| season.learn(local(hour), value(hour), 10.0));
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
        (0..24 * 60).for_each(|hour| season.learn(local(hour), 10.0, 10.0));
        assert_eq!(season.expect(local(15)).filter(|&v| (v - 10.0).abs() > 0.5), None);
    }
}
