//! What a forecaster says.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// When a bound will be passed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// The probability that it is passed within the horizon.
    pub probability: f64,
    /// The 10 % point of the time of crossing, given that it comes.
    pub earliest: Timestamp,
    /// The 50 % point.
    pub likely: Timestamp,
    /// The 90 % point.
    pub latest: Timestamp,
}

impl Outlook {
    /// A bound that is passed already, since `at`.
    pub fn certain(at: Timestamp) -> Self {
        Outlook { probability: 1.0, earliest: at, likely: at, latest: at }
    }

    /// The time from `now` to the earliest credible crossing.
    pub fn lead(&self, now: Timestamp) -> Span {
        self.earliest.since(now)
    }
}

/// The ramp that carries a forecast, for the words of an alert: "grows by 0.02 an hour since 13:10".
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// When the ramp began, as far as the data shows.
    pub since: Timestamp,
    /// Change per hour in the signal's unit; negative where it falls towards a lower bound.
    pub slope_per_hour: f64,
}

/// The knots of a crossing-time distribution in minutes ahead: a few below the shortest horizon, then the horizons.
const KNOTS: [f64; 14] =
    [2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1440.0, 2880.0, 5760.0, 10_080.0];

/// The natural logarithms of the knots.
#[expect(clippy::approx_constant, reason = "a table")]
const LOG_KNOTS: [f64; 14] = [
    0.693_147_180_559_945_3,
    1.609_437_912_434_100_3,
    2.302_585_092_994_046,
    2.708_050_201_102_21,
    3.401_197_381_662_155_5,
    4.094_344_562_222_101,
    4.787_491_742_782_046,
    5.480_638_923_341_991,
    6.173_786_103_901_937,
    6.866_933_284_461_882,
    7.272_398_392_570_046,
    7.965_545_573_129_992,
    8.658_692_753_689_937,
    9.218_308_541_625_36,
];

/// Where the distribution begins, in minutes: nothing is said to happen sooner.
const START: f64 = 0.5;

/// The distribution of the time of crossing: P(crossing within each of [`KNOTS`]), rising.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Crossing {
    reached: [f32; KNOTS.len()],
}

impl Crossing {
    /// From P(crossing within so many minutes, given with their logarithm), made monotone.
    pub(super) fn new(mut within: impl FnMut(f64, f64) -> f64) -> Self {
        let mut reached = [0.0f32; KNOTS.len()];
        let mut most = 0.0f64;
        for (reached, (&minutes, log_minutes)) in reached.iter_mut().zip(KNOTS.iter().zip(LOG_KNOTS)) {
            most = most.max(within(minutes, log_minutes).clamp(0.0, 1.0));
            *reached = most as f32;
        }
        Crossing { reached }
    }

    /// The probability of a crossing within `minutes`, interpolated in ln time; constant beyond the last knot.
    pub(super) fn within(&self, minutes: f64) -> f64 {
        let (mut left, mut below) = (START, 0.0f64);
        for (&right, &reached) in KNOTS.iter().zip(&self.reached) {
            if minutes < right {
                let share = libm::log((minutes / left).max(1.0)) / libm::log(right / left);
                return below + (f64::from(reached) - below) * share;
            }
            (left, below) = (right, f64::from(reached));
        }
        below
    }

    /// The `share` point of the time of crossing in minutes, given that it comes within the last knot.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let target = share * f64::from(self.reached[KNOTS.len() - 1]);
        let (mut left, mut below) = (START, 0.0f64);
        for (&right, &reached) in KNOTS.iter().zip(&self.reached) {
            let above = f64::from(reached);
            if target < above {
                let share = ((target - below) / (above - below)).max(0.0);
                return left * libm::pow(right / left, share);
            }
            (left, below) = (right, above);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_is_read_both_ways() {
        let crossing = Crossing::new(|minutes, _| (minutes / 10_080.0).sqrt());
        for minutes in [2.0, 60.0, 1440.0, 10_080.0] {
            let there_and_back = crossing.quantile(crossing.within(minutes) / crossing.within(10_080.0));
            assert!((there_and_back / minutes - 1.0).abs() < 1e-3, "{minutes}: {there_and_back}");
        }
        for (minutes, log) in KNOTS.iter().zip(LOG_KNOTS) {
            assert!((libm::log(*minutes) - log).abs() < 1e-12, "{minutes}");
        }
        assert_eq!(crossing.within(1e9), 1.0);
        assert_eq!(crossing.within(0.0), 0.0);
    }

    #[test]
    fn what_falls_is_made_monotone() {
        let crossing = Crossing::new(|minutes, _| if minutes == 30.0 { 0.5 } else { 0.1 });
        assert!((crossing.within(240.0) - 0.5).abs() < 1e-6);
    }
}
