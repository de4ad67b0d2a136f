//! What is left of the signal over several lengths of time.

use serde::{Deserialize, Serialize};

/// Forgetting means of the residual over 24 and 96 points, and its variance over 24.
///
/// Exponential windows of the same span (weight `2 / (span + 1)`) are as accurate as boxcars on both labelled sets, and need
/// no ring of 96 values. (A mean of 6 was tried and dropped: what it sees the level and the shape see too, and one more view is one
/// more chance to be surprised by nothing.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::detect) struct Means {
    means: [f32; 2],
    variance: f32,
}

const SPANS: [f64; 2] = [24.0, 96.0];
/// Normalised residuals beyond this are drawn in, so that their square fits `f32`.
const LARGEST: f64 = 1e18;

impl Means {
    /// Takes one residual in. The variance is West's (1979, Communications of the ACM): it cannot cancel.
    pub(in crate::detect) fn learn(&mut self, residual: f64) {
        let residual = residual.clamp(-LARGEST, LARGEST);
        for (i, (mean, span)) in self.means.iter_mut().zip(SPANS).enumerate() {
            let weight = 2.0 / (span + 1.0);
            let before = f64::from(*mean);
            let step = weight * (residual - before);
            *mean = (before + step) as f32;
            if i == 0 {
                self.variance = ((1.0 - weight) * (f64::from(self.variance) + step * (residual - before))) as f32;
            }
        }
    }

    /// The means over 24 and 96 points.
    pub(in crate::detect) fn get(&self) -> [f64; 2] {
        self.means.map(f64::from)
    }

    /// The standard deviation over 24 points.
    pub(in crate::detect) fn spread(&self) -> f64 {
        f64::from(self.variance).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_means_are_slow_and_the_spread_is_the_standard_deviation() {
        let mut means = Means::default();
        for i in 0..1000 {
            means.learn(if i % 2 == 0 { 3.0 } else { 1.0 });
        }
        assert!(means.get().iter().all(|m| (m - 2.0).abs() < 0.35), "{means:?}");
        assert!((means.spread() - 1.0).abs() < 0.05, "{means:?}");
        (0..6).for_each(|_| means.learn(10.0));
        let [short, long] = means.get();
        assert!(4.0 < short && short < 6.0 && 2.5 < long && long < 3.5, "{means:?}");
    }

    #[test]
    fn huge_residuals_stay_finite() {
        let mut means = Means::default();
        (0..50).for_each(|i| means.learn(if i % 2 == 0 { 1e27 } else { -1e27 }));
        assert!(means.spread().is_finite() && means.get().iter().all(|m| m.is_finite()));
    }
}
