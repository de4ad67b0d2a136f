//! Quantiles of forecast errors, corrected after each one.

use serde::{Deserialize, Serialize};

use crate::baseline::Bf16;

/// The levels that are tracked.
const LEVELS: [f32; 8] = [0.02, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.98];

/// The least step, as a share of the errors' size: a tracker never freezes.
const LEAST_GAIN: f32 = 0.002;

/// Follows eight quantiles of a stream of errors by online subgradient steps on the pinball loss: the proportional part of
/// conformal PID control (Angelopoulos, Candès, Tibshirani, NeurIPS 2023; Gibbs & Candès, NeurIPS 2021). Beyond the outer
/// quantiles the tails are exponential (Davison & Smith, JRSS-B 1990).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tracker {
    points: [f32; LEVELS.len()],
    /// Mean size of an error, winsorised.
    size: f32,
    /// Running pinball loss, the measure by which experts are weighed.
    loss: Bf16,
    seen: u16,
}

impl Tracker {
    /// How many errors it has seen.
    pub(super) fn seen(&self) -> u16 {
        self.seen
    }

    /// Learns one error. The first ones of a horizon start from `borrowed`, what the next shorter horizon knows: a tracker
    /// that starts from its first error forecasts too much for weeks.
    pub(super) fn learn(&mut self, error: f32, borrowed: impl FnOnce() -> Option<Tracker>) {
        if self.seen == 0 {
            *self = match borrowed() {
                Some(shorter) => Tracker { seen: 0, ..shorter },
                None => Tracker { points: [error; LEVELS.len()], size: error.abs(), ..Tracker::default() },
            };
        }
        let fresh = 1.0 / (f32::from(self.seen) + 1.0);
        let loss = self.pinball(error);
        let before = self.loss.get();
        self.loss = Bf16::of(before + (loss - before) * fresh.max(0.05));
        let tame = if self.size == 0.0 { error.abs() } else { error.abs().min(5.0 * self.size) };
        self.size += (tame - self.size) * fresh.max(0.02);
        let gain = (2.5 / (f32::from(self.seen) + 26.0)).max(LEAST_GAIN) * self.size;
        let mut floor = f32::NEG_INFINITY;
        for (point, level) in self.points.iter_mut().zip(LEVELS) {
            let below = if error < *point { 1.0 } else { 0.0 };
            *point = (*point + gain * (level - below)).max(floor);
            floor = *point;
        }
        self.seen = self.seen.saturating_add(1);
    }

    /// The errors seen, to be asked or lent.
    pub(super) fn errors(&self) -> Errors<'_> {
        Errors { tracker: self, factor: 1.0 }
    }

    /// The probability of an error above `room`.
    pub(super) fn exceeds(&self, room: f32) -> f64 {
        let last = LEVELS.len() - 1;
        if room < self.points[0] {
            let scale = (self.points[1] - self.points[0]) / 1.609_438; // ln(0.10 / 0.02)
            return 1.0 - tail(LEVELS[0], self.points[0] - room, scale);
        }
        for i in 0..last {
            let (left, right) = (self.points[i], self.points[i + 1]);
            if room < right {
                let share = (room - left) / (right - left);
                return f64::from(1.0 - (LEVELS[i] + (LEVELS[i + 1] - LEVELS[i]) * share));
            }
        }
        let scale = (self.points[last] - self.points[last - 2]) / 1.609_438; // ln(0.10 / 0.02)
        tail(1.0 - LEVELS[last], room - self.points[last], scale)
    }

    /// The 10, 50 and 90 % points.
    pub(super) fn central(&self) -> [f32; 3] {
        [self.points[1], self.points[3], self.points[5]]
    }

    fn pinball(&self, error: f32) -> f32 {
        let one = |(point, level): (&f32, f32)| {
            let miss = error - point;
            if miss < 0.0 { (level - 1.0) * miss } else { level * miss }
        };
        self.points.iter().zip(LEVELS).map(one).sum()
    }
}

/// What a tracker knows of errors, spread `factor` times as wide about their median: lent to a horizon that knows none yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Errors<'a> {
    tracker: &'a Tracker,
    factor: f32,
}

impl Errors<'_> {
    /// The same errors, spread wider.
    pub(super) fn stretched(self, factor: f32) -> Self {
        Errors { factor: self.factor * factor, ..self }
    }

    /// A tracker that knows these.
    pub(super) fn tracker(self) -> Tracker {
        let median = self.tracker.points[3];
        let points = self.tracker.points.map(|point| median + (point - median) * self.factor);
        Tracker { points, loss: Bf16::of(self.loss()), ..*self.tracker }
    }

    /// The probability of an error above `room`.
    pub(super) fn exceeds(self, room: f32) -> f64 {
        let median = self.tracker.points[3];
        self.tracker.exceeds(if self.factor == 1.0 { room } else { median + (room - median) / self.factor })
    }

    /// The weight against the best expert: w ~ exp(-6 (loss / least loss - 1)) (Vovk 1990; Cesa-Bianchi & Lugosi 2006).
    pub(super) fn weight(self, least: f32) -> f64 {
        let loss = self.loss();
        if loss <= least {
            return 1.0;
        }
        if 3.0 * least < loss { 0.0 } else { f64::from(libm::expf(-6.0 * (loss / least - 1.0))) }
    }

    /// The running loss; of errors so much wider it is so much greater.
    pub(super) fn loss(&self) -> f32 {
        self.tracker.loss.get() * self.factor
    }
}

/// So many scales beyond a point there is nothing left of a tail: less than 10^-17.
const NOWHERE: f32 = 40.0;

/// An exponential tail with mass `mass` that begins `beyond` before the point asked for.
fn tail(mass: f32, beyond: f32, scale: f32) -> f64 {
    if beyond <= 0.0 {
        return f64::from(mass);
    }
    let far = beyond / scale;
    if scale <= 0.0 || NOWHERE < far { 0.0 } else { f64::from(mass) * libm::exp(-f64::from(far)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_quantiles_of_its_errors() {
        let mut tracker = Tracker::default();
        let mut state = 1u32;
        for _ in 0..5000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            tracker.learn((state >> 8) as f32 / 16_777_216.0, || None); // uniform on 0..1
        }
        for (room, expected) in [(0.1, 0.9), (0.5, 0.5), (0.75, 0.25), (0.9, 0.1)] {
            assert!((tracker.exceeds(room) - expected).abs() < 0.05, "{room}: {}", tracker.exceeds(room));
        }
        assert!(tracker.exceeds(3.0) < 1e-6 && 0.999 < tracker.exceeds(-2.0));
        let median = tracker.points[3];
        let wide = tracker.errors().stretched(2.0);
        for away in [-0.6, 0.4, 1.6] {
            let narrow = tracker.exceeds(median + away / 2.0);
            for lent in [wide.exceeds(median + away), wide.tracker().exceeds(median + away)] {
                assert!((lent - narrow).abs() < 1e-4, "{away}: {lent} {narrow}");
            }
        }
    }

    #[test]
    fn a_constant_stream_leaves_no_risk_above_it() {
        let mut tracker = Tracker::default();
        (0..50).for_each(|_| tracker.learn(0.0, || None));
        assert_eq!((tracker.exceeds(0.1), tracker.exceeds(-0.1)), (0.0, 1.0));
    }
}
