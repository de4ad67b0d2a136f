//! The 10 % and 90 % points of what is left when the expected value is taken away.

use serde::{Deserialize, Serialize};

use super::Mean;

/// Two quantiles by stochastic approximation (Robbins and Monro, 1951): robust, since a point moves them by a fixed share of
/// the usual deviation however far away it lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    low: f32,
    high: f32,
    usual: Mean,
}

/// The step in usual deviations; early on larger, so that a band stands after about 30 points.
const STEP: f64 = 0.05;
const FORGET: f64 = 0.002;
const TAIL: f64 = 0.1;

impl Band {
    /// The distances of both points from the expected value.
    pub fn get(&self) -> (f64, f64) {
        (f64::from(self.low), f64::from(self.high))
    }

    /// Takes one residual in.
    pub fn learn(&mut self, residual: f64) {
        let step = self.usual.get() * (STEP + 1.0 / (1.0 + f64::from(self.usual.seen())));
        let (low, high) = self.get();
        let low = low + step * if residual < low { TAIL - 1.0 } else { TAIL };
        let high = high + step * if high < residual { 1.0 - TAIL } else { -TAIL };
        (self.low, self.high) = (low.min(high) as f32, high.max(low) as f32);
        let limit = if self.usual.seen() < 10 { f64::MAX } else { 10.0 * self.usual.get() };
        let size = residual.abs();
        self.usual.learn(if 0.0 < limit { size.min(limit) } else { size }, FORGET);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_four_fifths() {
        let mut band = Band::default();
        let mut inside = 0;
        for i in 0..4000u32 {
            let x = f64::from(i.wrapping_mul(2_654_435_761) >> 8) / f64::from(1u32 << 24) - 0.5;
            let (low, high) = band.get();
            inside += u32::from(i >= 1000 && low <= x && x <= high);
            band.learn(x);
        }
        assert!((2250..2550).contains(&inside), "{inside} of 3000");
    }
}
