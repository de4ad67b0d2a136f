//! The rhythm of a signal in local time: a slow level, a daily and a weekly profile, and whether the rhythm pays.

use serde::{Deserialize, Serialize};

use super::HORIZONS;
use crate::baseline::Row;
use crate::calendar::Local;

const DAY: f32 = 1440.0;
const WEEK: f32 = 7.0 * DAY;

/// Slots of the daily profile (half-hours) and of the weekly one (three hours).
const DAILY: usize = 48;
const WEEKLY: usize = 56;

/// The width of a slot of the daily profile, minutes.
const SLOT: f64 = 30.0;

/// The profile is used where it leaves at most this share of the error that the level alone makes.
const PAYS: f32 = 0.85;

/// The factor by which a deviation from the profile fades in one slot: exp(-0.5 h / 4 h) and exp(-3 h / 4 h).
const FADE_DAILY: f32 = 0.882_496_9;
const FADE_WEEKLY: f32 = 0.472_366_55;

/// Level and profiles, fed with values winsorised at slow outer quantiles: one incident would ruin them otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Season {
    level: f32,
    low: f32,
    high: f32,
    size: f32,
    /// Minutes learned.
    age: f32,
    daily: Profile<DAILY>,
    weekly: Profile<WEEKLY>,
    /// Running errors of the level without and with the daily profile.
    error_plain: f32,
    error_seasonal: f32,
    /// How far the profile is believed, 0 to 1; moves by a day's time so that nothing jumps.
    belief: f32,
}

/// The mean deviation from the level in each slot of a cycle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Profile<const N: usize> {
    points: Row<N>,
    mean: f32,
    slot: u8,
    sum: f32,
    count: u16,
}

impl Default for Season {
    fn default() -> Self {
        Season {
            level: 0.0,
            low: 0.0,
            high: 0.0,
            size: 0.0,
            age: 0.0,
            daily: Profile::default(),
            weekly: Profile::default(),
            error_plain: 0.0,
            error_seasonal: 0.0,
            belief: 0.0,
        }
    }
}

impl Season {
    /// Learns one value of the grid; `elapsed` minutes after the one before.
    pub(super) fn learn(&mut self, value: f32, local: Local, elapsed: f32) {
        if self.age == 0.0 {
            (self.level, self.low, self.high) = (value, value, value);
        }
        self.prove(value, local, elapsed);
        let tame = self.tame(value);
        let rest = tame - self.level;
        self.daily.learn(rest, daily_slot(local), (DAY / self.age.max(1.0)).clamp(0.1, 1.0));
        self.weekly.learn(rest, weekly_slot(local), (WEEK / self.age.max(1.0)).clamp(0.25, 1.0));
        self.level += rest * elapsed / (self.age.min(DAY) + elapsed);
        self.age = (self.age + elapsed).min(1e9);
    }

    /// The signal is back from beyond the bound. Where it is below all that was usual, its level is a new one.
    pub(super) fn come_back(&mut self, value: f32) {
        if value < self.low {
            let change = value - self.level;
            (self.level, self.low, self.high) = (value, self.low + change, self.high + change);
        }
    }

    /// How many experts it can feed beside the level, for a horizon: the daily one after two days, the weekly one after two weeks.
    /// What the hours of a week ago reached, the weekly expert within a day, is known a day after the first week.
    pub(super) fn experts(&self, horizon: f32) -> usize {
        let week = if horizon <= DAY { WEEK + DAY } else { 2.0 * WEEK };
        usize::from(2.0 * DAY <= self.age) + usize::from(week <= self.age)
    }

    /// What of a value is rhythm, as far as it is believed.
    pub(super) fn share(&self, local: Local) -> f32 {
        self.belief * (self.daily.points.get(daily_slot(local)) - self.daily.mean)
    }

    /// When a ramp of this slope (per minute, above 0) that has `room` left arrives with the rhythm on top, in minutes.
    ///
    /// Where it should have arrived already and has not, the ramp stands at the bound: while the rhythm falls faster than the ramp
    /// rises it is not passed, and the next peak counts.
    pub(super) fn arrival(&self, local: Local, room: f64, slope: f64) -> f64 {
        if self.belief == 0.0 {
            return (room / slope).max(0.0);
        }
        let share = |point: f32| f64::from(self.belief * (point - self.daily.mean));
        let first = daily_slot(local);
        let at = |ahead: usize| share(self.daily.points.get((first + ahead) % DAILY));
        let (present, next) = (at(0), at(1));
        let is_there = room <= present;
        if is_there && present <= next + slope * SLOT {
            return 0.0;
        }
        let room = room.max(present);
        let highest = share(self.daily.points.iter().fold(f32::MIN, f32::max));
        // on the days before this one not even the peak arrives, and a day later it has
        let day = f64::from(DAY);
        let begin =
            ((room - highest) / slope / day).clamp(0.0, 1e4).floor() * day - f64::from(local.second % 1800) / 60.0;
        // within the day that begins so late: the first slot before whose end the way left is made
        let on = |begin: f64, skipped: usize| {
            let mut end = begin + skipped as f64 * SLOT;
            for ahead in skipped..DAILY {
                let rest = room - at(ahead);
                end += SLOT;
                if rest < slope * end {
                    return Some((rest / slope).max(end - SLOT).max(0.0));
                }
            }
            None
        };
        let skipped = usize::from(is_there && begin <= 0.0);
        on(begin, skipped).or_else(|| on(begin + day, 0)).unwrap_or((room - highest) / slope)
    }

    /// The highest expected value over each horizon, by the daily and by the weekly profile, given the value now:
    /// max over s of level + profile(s) + (distance now) * exp(-s / 4 h).
    pub(super) fn anchors(&self, value: f32, local: Local) -> [[f32; HORIZONS.len()]; 2] {
        let daily = self.daily.highest(value - self.level, daily_slot(local), 30.0, FADE_DAILY);
        let weekly = self.weekly.highest(value - self.level, weekly_slot(local), 180.0, FADE_WEEKLY);
        [daily.map(|rest| self.level + rest), weekly.map(|rest| self.level + rest)]
    }

    /// Winsorises a value at slow 2 % and 98 % trackers; the first day only finds the range.
    fn tame(&mut self, value: f32) -> f32 {
        if self.age < DAY {
            (self.low, self.high) = (self.low.min(value), self.high.max(value));
            self.size = (self.high - self.low) / 4.0;
            return value;
        }
        let tame = value.clamp(self.low, self.high);
        let away = (value - self.level).abs();
        self.size += (away.min(5.0 * self.size) - self.size) * 0.01;
        let gain = 0.05 * self.size;
        self.high += gain * (0.98 - if value < self.high { 1.0 } else { 0.0 });
        self.low += gain * (0.02 - if value < self.low { 1.0 } else { 0.0 });
        self.high = self.high.max(self.low);
        tame
    }

    /// Compares level and profile on a value that neither has seen.
    fn prove(&mut self, value: f32, local: Local, elapsed: f32) {
        if self.age < DAY {
            return;
        }
        let plain = value - self.level - self.daily.mean;
        let seasonal = plain - (self.daily.points.get(daily_slot(local)) - self.daily.mean);
        let rate = (elapsed / DAY).min(1.0);
        self.error_plain += (plain.abs() - self.error_plain) * rate;
        self.error_seasonal += (seasonal.abs() - self.error_seasonal) * rate;
        let pays = 2.0 * DAY <= self.age && self.error_seasonal < PAYS * self.error_plain;
        self.belief = if pays { (self.belief + rate).min(1.0) } else { (self.belief - rate).max(0.0) };
    }
}

impl<const N: usize> Default for Profile<N> {
    fn default() -> Self {
        Profile { points: Row::filled(0.0), mean: 0.0, slot: 0, sum: 0.0, count: 0 }
    }
}

impl<const N: usize> Profile<N> {
    /// Collects the mean of a slot and folds it in once the next one begins.
    fn learn(&mut self, rest: f32, slot: usize, rate: f32) {
        if usize::from(self.slot) != slot && self.count != 0 {
            let point = self.points.get(usize::from(self.slot));
            self.points.set(usize::from(self.slot), point + (self.sum / f32::from(self.count) - point) * rate);
            self.mean = self.points.iter().sum::<f32>() / N as f32;
            (self.sum, self.count) = (0.0, 0);
        }
        self.slot = slot as u8;
        self.sum += rest;
        self.count = self.count.saturating_add(1);
    }

    /// The highest point of profile plus fading distance over each horizon.
    fn highest(&self, rest: f32, slot: usize, width: f32, fade: f32) -> [f32; HORIZONS.len()] {
        let mut away = rest - self.points.get(slot);
        let mut highest = [0.0; HORIZONS.len()];
        let mut most = rest;
        let mut seen = 0;
        let mut ring = self.points.ring(slot + 1);
        for (highest, horizon) in highest.iter_mut().zip(HORIZONS) {
            let slots = ((horizon / width).ceil() as usize).min(N);
            for point in ring.by_ref().take(slots - seen) {
                away *= fade;
                most = if most < point + away { point + away } else { most };
            }
            (seen, *highest) = (slots, most);
        }
        highest
    }
}

fn daily_slot(local: Local) -> usize {
    (local.second / 1800) as usize % DAILY
}

fn weekly_slot(local: Local) -> usize {
    (usize::from(local.weekday) * 8 + (local.second / 10_800) as usize) % WEEKLY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(minute: usize) -> Local {
        Local { weekday: (minute / 1440 % 7) as u8, second: (minute % 1440 * 60) as u32, holiday: false }
    }

    /// A week of a signal on the 5-minute grid.
    fn learned(value: impl Fn(usize) -> f32) -> Season {
        let mut season = Season::default();
        (0..7 * 288).for_each(|i| season.learn(value(i * 5), local(i * 5), 5.0));
        season
    }

    #[test]
    fn a_daily_hump_is_rhythm_and_foreseen() {
        let hump = |minute: usize| if minute % 1440 / 60 == 2 { 1.0 } else { 0.0 };
        let season = learned(hump);
        assert!(0.8 < season.share(local(150)) && season.share(local(600)).abs() < 0.2);
        let [daily, _] = season.anchors(0.0, local(0));
        assert!(daily[1] < 0.2 && 0.7 < daily[3], "{daily:?}");
    }

    #[test]
    fn a_ramp_arrives_with_a_peak_of_the_rhythm() {
        let season = learned(|minute: usize| if minute % 1440 / 60 == 2 { 1.0 } else { 0.0 });
        let arrival = |minute, room, slope| season.arrival(local(minute), room, slope);
        // at the next hump, at the one that is high enough, and between two where the ramp alone is fast enough
        assert_eq!(arrival(0, 0.5, 1e-6), 120.0);
        assert_eq!(arrival(600, 0.5, 1e-6), 960.0);
        let days = arrival(0, 3.0, 1.0 / 1440.0) / 1440.0;
        assert!((2.0..2.2).contains(&days), "{days}");
        assert!((20.0..40.0).contains(&arrival(600, 0.3, 0.01)));
        // on a flank that falls faster, what should have arrived arrives with the next hump; on a level it arrives now
        assert_eq!(arrival(170, 0.5, 1e-6), 1390.0);
        assert_eq!(arrival(120, 0.5, 0.01), 0.0);
        assert_eq!(learned(|_| 3.0).arrival(local(0), 0.5, 0.01), 50.0);
    }

    #[test]
    fn a_level_or_a_ramp_has_no_rhythm() {
        assert_eq!(learned(|_| 3.0).share(local(150)), 0.0);
        let ramp = learned(|minute| minute as f32 / 1440.0);
        assert!(ramp.share(local(150)).abs() < 0.05, "{}", ramp.share(local(150)));
    }
}
