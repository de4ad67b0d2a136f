//! Higher or lower than on any day before: what creeps.
//!
//! A slow fall surprises no view for long, for levels follow it and its own sizes fill the tails (a cache whose hits sink from 94 to
//! 60 percent within four hours is as rare after one hour as after four). But no day before went there and stayed.
//!
//! What it is worth (54 faults of `benches/video.py`, seeds 1 to 4): the origin is named before the break in .85 instead of .78,
//! leaks and files are told an hour to two earlier; on `fleet:0..20` the origin in .995 instead of .991. Unneeded interruptions stay
//! as they were. Tried and left: the same of distances from what the hour brings, in its usual ones, tells traffic beyond capacity 270
//! instead of 80 minutes ahead and busy threads two hours, but foresees no fault more, for .14 interruptions a fault and 44 bytes a
//! signal; not in usual ones it is noise. Witnesses that have stood for hours named no origin more.

use serde::{Deserialize, Serialize};

use crate::calendar::Local;

/// What the signal stayed above and below for a while, against the same of each whole day before.
///
/// Staying means every point of two blocks, so that no outlier counts, however far out. Each day gives one height and one depth
/// (block maxima; Gumbel, 1958, Statistics of Extremes), and what is surprising about the next follows from how much they vary:
/// the predictive distribution of one more value of a normal sample is Student's t (Jeffreys, 1939, Theory of Probability). So a
/// rhythm is no surprise, nor is a steady growth, whose days vary by as much as it grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Days {
    /// The local weekday, and whether the signal has lived through all of it so far.
    weekday: Option<u8>,
    whole: bool,
    /// Whole days known.
    known: u8,
    /// Points of the block under way, its lowest and highest value, and those of the block before.
    count: u8,
    low: f32,
    high: f32,
    before: (f32, f32),
    /// The usual width of a block, and the least step between two values: what lies on a grid moves by no less.
    width: f32,
    grain: f32,
    heights: Extreme,
    /// Of the negated values.
    depths: Extreme,
}

/// The greatest value of today, and how that of the days before lay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Extreme {
    today: f32,
    mean: f32,
    variance: f32,
}

impl Default for Extreme {
    fn default() -> Self {
        Extreme { today: f32::NEG_INFINITY, mean: 0.0, variance: 0.0 }
    }
}

/// What the newest block is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stay {
    /// log10 of the days among which one goes so far.
    pub(super) height: f64,
    pub(super) upward: bool,
}

/// Points of a block. (Twice as many are no quieter and tell half an hour of minutes later.)
const BLOCK: u8 = 15;
/// Whole days before anything is said, and remembered: a week tells of its weekend, a month forgets it.
const KNOWN: u8 = 6;
const MEMORY: u8 = 28;
/// Days that the prior is worth, and its deviation as a share of the signal's span within a day. Half of the variance so given
/// stays for good: days that were all alike were not so by nature.
const PRIOR: f64 = 3.0;
const SHARE: f64 = 0.05;
/// Half of the least step is what rounding hides.
const HIDDEN: f64 = 0.5;
/// Squares beyond this are drawn in, so that `f32` holds their sums.
const LARGEST: f32 = 1e36;
/// Steps below this share of the value are noise of the arithmetic and no grid.
const FINEST: f32 = 1e-6;
/// Once in a hundred days is beyond them.
pub(super) const BEYOND: f64 = 2.0;

impl Days {
    /// Takes one value in; at the end of a block says how far that stayed beyond the days before.
    pub(super) fn judge(&mut self, value: f64, before: f64, local: Local) -> Option<Stay> {
        let (value, step) = (value as f32, (value - before).abs() as f32);
        if FINEST * value.abs() < step && (self.grain == 0.0 || step < self.grain) {
            self.grain = step;
        }
        (self.low, self.high) = match self.count {
            0 => (value, value),
            _ => (self.low.min(value), self.high.max(value)),
        };
        self.count += 1;
        if self.count < BLOCK {
            return None;
        }
        self.count = 0;
        self.turn(local.weekday);
        self.width += (self.high - self.low - self.width) * 0.01;
        // what the very first block is joined with, 0, belongs to a day that is not whole
        let (low, high) = std::mem::replace(&mut self.before, (self.low, self.high));
        let span = f64::from((self.heights.mean + self.depths.mean).max(0.0) + self.width);
        let least = SHARE * SHARE * span * span + HIDDEN * HIDDEN * f64::from(self.grain * self.grain);
        let up = self.heights.reach(low.min(self.low), self.known, least);
        let down = self.depths.reach(-high.max(self.high), self.known, least);
        Some(Stay { height: up.max(down), upward: down < up })
    }

    /// The depth and the height of a usual day.
    pub(super) fn usual(&self) -> (f64, f64) {
        (f64::from(-self.depths.mean), f64::from(self.heights.mean))
    }

    /// Files the day that ended, if the signal lived through all of it.
    fn turn(&mut self, weekday: u8) {
        if self.weekday == Some(weekday) {
            return;
        }
        if self.whole {
            self.known = (self.known + 1).min(MEMORY);
            self.heights.file(self.known);
            self.depths.file(self.known);
        }
        (self.heights.today, self.depths.today) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
        self.whole = self.weekday.is_some();
        self.weekday = Some(weekday);
    }
}

impl Extreme {
    /// log10 of the days among which one reaches so far, if `known` of them are known; `least` is the variance that they have in any
    /// case. The t distribution's tail without its factor below 1, so never too rare.
    fn reach(&mut self, value: f32, known: u8, least: f64) -> f64 {
        self.today = self.today.max(value);
        let away = f64::from(value - self.mean);
        if known < KNOWN || away <= 0.0 || least <= 0.0 {
            return 0.0;
        }
        let days = f64::from(known);
        let freedom = PRIOR + days - 1.0;
        let variance = (PRIOR * least + days * f64::from(self.variance)) / freedom + least;
        0.5 * freedom * libm::log10(1.0 + away * away / (variance * (1.0 + 1.0 / days)) / freedom)
    }

    /// The forgetting mean and variance of the days' values.
    fn file(&mut self, known: u8) {
        if self.today == f32::NEG_INFINITY {
            return;
        }
        let days = f32::from(known);
        let away = self.today - self.mean;
        self.mean += away / days;
        self.variance += ((away * away).min(LARGEST) * (1.0 - 1.0 / days) - self.variance) / days;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The greatest height of each day of minutes, and whether it was above.
    fn lived(days: u32, value: impl Fn(f64, f64) -> f64) -> Vec<(f64, bool)> {
        let (mut known, mut before, mut state) = (Days::default(), 0.0, 1u32);
        let day = |day: u32| {
            let mut most = (0.0, false);
            for minute in 0..1440 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = f64::from(state >> 8) / 16_777_216.0 - 0.5;
                let value = value(f64::from(day) + f64::from(minute) / 1440.0, noise);
                let local = Local { weekday: (day % 7) as u8, second: minute * 60, holiday: false };
                if let Some(stay) = known.judge(value, before, local).filter(|stay| most.0 < stay.height) {
                    most = (stay.height, stay.upward);
                }
                before = value;
            }
            most
        };
        (0..days).map(day).collect()
    }

    fn rhythm(at: f64) -> f64 {
        50.0 + 20.0 * libm::sin(at * std::f64::consts::TAU)
    }

    #[test]
    fn what_creeps_away_is_told_once_a_week_is_known() {
        let creeps =
            |from: f64, by: f64| move |at: f64, noise: f64| rhythm(at) + noise + by * (at - from).clamp(0.0, 0.5) * 2.0;
        let up = lived(12, creeps(10.25, 40.0));
        assert!(up[7..10].iter().all(|day| day.0 < 1.0) && 4.0 < up[10].0 && up[10].1, "{up:?}");
        let down = lived(12, creeps(10.5, -40.0));
        assert!(4.0 < down[10].0 && !down[10].1, "{down:?}");
        assert_eq!(lived(5, creeps(4.25, 40.0))[4].0, 0.0, "five days are too few");
    }

    #[test]
    fn outliers_do_not_stay_and_growth_is_usual() {
        let spikes =
            |at: f64, noise: f64| if ((at * 1440.0) as u32).is_multiple_of(29) { 900.0 } else { rhythm(at) + noise };
        let far = |at: f64, noise: f64| if 10.0 < at { 1e6 * spikes(at, 0.0).max(800.0) } else { noise };
        let grows = |at: f64, noise: f64| 10.0 * at + noise;
        assert!(lived(14, spikes).iter().all(|day| day.0 < 1.0));
        assert!(lived(40, grows).iter().all(|day| day.0 < BEYOND), "{:?}", lived(40, grows));
        assert!(BEYOND < lived(11, far)[10].0);
    }

    #[test]
    fn what_lies_on_a_grid_moves_by_a_step() {
        // mostly 0, and 1 for an hour on the tenth day
        let steps = |at: f64, noise: f64| if (10.0..10.05).contains(&at) || 0.45 < noise { 1.0 } else { 0.0 };
        assert!(lived(12, steps).iter().all(|day| day.0 < BEYOND), "{:?}", lived(12, steps));
    }

    #[test]
    fn huge_values_leave_it_whole() {
        // alternating days of the greatest values that the scale lets through
        let huge = |at: f64, noise: f64| if (at as u32).is_multiple_of(2) { 1.2e27 } else { -1.2e27 + noise };
        assert!(lived(12, huge).iter().all(|day| day.0 < BEYOND), "{:?}", lived(12, huge));
        let after = lived(60, |at, noise| if at < 8.0 { huge(at, noise) } else { noise });
        assert!(after.iter().all(|day| day.0.is_finite()));
        let mut extreme = Extreme::default();
        for day in 1..20 {
            extreme.today = if day % 2 == 0 { 1.2e27 } else { -1.2e27 };
            extreme.file(day);
        }
        assert!(extreme.mean.is_finite() && extreme.variance.is_finite(), "{extreme:?}");
    }

    #[test]
    fn a_new_level_is_learned_within_days() {
        let shifted = lived(20, |at, noise| rhythm(at) + noise + if 10.0 < at { 60.0 } else { 0.0 });
        assert!(4.0 < shifted[10].0 && shifted[13..].iter().all(|day| day.0 < BEYOND), "{shifted:?}");
    }
}
