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

/// Where the distribution begins: at half a minute; nothing is said to happen sooner.
const START: f64 = -core::f64::consts::LN_2;

/// Knots between those above, where a ramp arrives: a straight one within far less than the octave from one to the next.
const ARRIVAL: usize = 9;

const ALL: usize = KNOTS.len() + ARRIVAL;

const WHOLE: f64 = u16::MAX as f64;

/// The distribution of the time of crossing: P(crossing within so long) at the knots, rising.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Crossing {
    /// The middle of the knots of a ramp in ln minutes, and the step from one to the next.
    arrival: [f32; 2],
    /// In 65,535ths, in the two bytes that each of them also takes when stored.
    reached: [[u8; 2]; ALL],
}

impl Crossing {
    /// From P(crossing within so many minutes, given with their logarithm), made monotone; a ramp arrives at `log_minutes`
    /// with a standard deviation of `spread` in ln minutes.
    pub(super) fn new(arrival: Option<(f64, f64)>, mut within: impl FnMut(f64, f64) -> f64) -> Self {
        // Without a ramp the spare knots lie on the last one.
        let (middle, spread) = arrival.unwrap_or((LOG_KNOTS[KNOTS.len() - 1], 0.0));
        let arrival = [middle as f32, (0.5 * spread) as f32];
        let (mut reached, mut most, mut before) = ([[0; 2]; ALL], 0.0, START);
        for ((knot, fixed), reached) in knots(arrival).zip(&mut reached) {
            if before < knot {
                let here = within(fixed.map_or_else(|| libm::exp(knot), |i| KNOTS[i]), knot);
                (most, before) = (if most < here { here.min(1.0) } else { most }, knot);
            }
            *reached = ((most * WHOLE + 0.5) as u16).to_le_bytes();
        }
        Crossing { arrival, reached }
    }

    /// The probability of a crossing within `minutes`, interpolated in ln time; constant beyond the last knot.
    pub(super) fn within(&self, minutes: f64) -> f64 {
        let at = libm::log(minutes.max(0.5));
        let (mut left, mut below) = (START, 0.0);
        for (right, reached) in self.points() {
            if at < right {
                return below + (reached - below) * ((at - left) / (right - left)).max(0.0);
            }
            (left, below) = (right, reached);
        }
        below
    }

    /// The `share` point of the time of crossing in minutes, given that it comes within the last knot.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let target = share * probability(self.reached[ALL - 1]);
        let (mut left, mut below) = (START, 0.0);
        for (right, reached) in self.points() {
            if target < reached {
                let share = ((target - below) / (reached - below)).max(0.0);
                return libm::exp(left + (right - left) * share);
            }
            (left, below) = (right, reached);
        }
        libm::exp(left)
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        knots(self.arrival).zip(&self.reached).map(|((knot, _), reached)| (knot, probability(*reached)))
    }
}

fn probability(reached: [u8; 2]) -> f64 {
    f64::from(u16::from_le_bytes(reached)) / WHOLE
}

/// All knots in ln minutes, rising: the fixed ones, each with its place in the tables, and those about an arrival.
fn knots([middle, step]: [f32; 2]) -> impl Iterator<Item = (f64, Option<usize>)> {
    let (first, last) = (LOG_KNOTS[0], LOG_KNOTS[KNOTS.len() - 1]);
    let spare = move |j: usize| {
        let steps = j as f64 - (ARRIVAL / 2) as f64;
        (f64::from(middle) + f64::from(step) * steps).clamp(first, last)
    };
    let (mut i, mut j) = (0, 0);
    (0..ALL).map(move |_| {
        let is_fixed = j == ARRIVAL || (i < KNOTS.len() && LOG_KNOTS[i] <= spare(j));
        (i, j) = if is_fixed { (i + 1, j) } else { (i, j + 1) };
        if is_fixed { (LOG_KNOTS[i - 1], Some(i - 1)) } else { (spare(j - 1), None) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_is_read_both_ways() {
        let crossing = Crossing::new(None, |minutes, _| (minutes / 10_080.0).sqrt());
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
    fn a_sharp_arrival_stays_sharp() {
        let at = libm::log(300.0);
        let crossing =
            Crossing::new(Some((at, 0.1)), |_, log_minutes| ((log_minutes - at) / 0.2 + 0.5).clamp(0.0, 1.0));
        for (share, minutes) in [(0.1, 300.0 * libm::exp(-0.08)), (0.5, 300.0), (0.9, 300.0 * libm::exp(0.08))] {
            assert!((crossing.quantile(share) / minutes - 1.0).abs() < 1e-3, "{share}: {}", crossing.quantile(share));
        }
        // Before the first knot and after the last one there is nothing between.
        for at in [-5.0, 20.0] {
            let crossing = Crossing::new(Some((at, 0.1)), |minutes, _| (minutes / 10_080.0).sqrt());
            assert!((crossing.quantile(0.5) / 2520.0 - 1.0).abs() < 0.03, "{}", crossing.quantile(0.5));
        }
    }

    #[test]
    fn what_falls_is_made_monotone() {
        let crossing = Crossing::new(None, |minutes, _| if minutes == 30.0 { 0.5 } else { 0.1 });
        assert!((crossing.within(240.0) - 0.5).abs() < 1e-4);
    }
}
