//! Whether the ramps of a signal keep what they promise, learned without any real crossing.

use serde::{Deserialize, Serialize};

use super::Minutes;
use super::ladder::SCALES;

/// How many promises the prior of a scale's trust is worth.
const PRIOR: f64 = 3.0;

/// The most that kept promises may add to a ramp's persistence.
pub(super) const MOST_TRUST: f64 = 1.3;

/// A promise to check the ramps of one scale by, without any real crossing: "the line half a window on is reached within
/// a window".
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Promise {
    target: f32,
    due: i32,
    persistence: f32,
}

/// What each scale's ramps have kept of what they promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Trust {
    scales: [Kept; SCALES],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// Open while its persistence is not 0.
    open: Promise,
    promised: f32,
    kept: f32,
}

impl Trust {
    /// Opens a promise of scale `k`, unless one is open or it would promise little.
    pub(super) fn promise(&mut self, k: usize, target: f64, due: Minutes, persistence: f64) {
        let open = &mut self.scales[k].open;
        if open.persistence == 0.0 && 0.2 <= persistence {
            *open = Promise { target: target as f32, due: due as i32, persistence: persistence as f32 };
        }
    }

    /// Checks the open promises with a value.
    pub(super) fn verify(&mut self, now: Minutes, value: f32) {
        for scale in &mut self.scales {
            let promise = scale.open;
            if promise.persistence == 0.0 {
                continue;
            }
            let is_kept = promise.target <= value;
            if is_kept || f64::from(promise.due) < now {
                scale.open = Promise::default();
                scale.promised += promise.persistence;
                scale.kept += if is_kept { 1.0 } else { 0.0 };
                if 32.0 < scale.promised {
                    (scale.promised, scale.kept) = (scale.promised / 2.0, scale.kept / 2.0);
                }
            }
        }
    }

    /// Kept over promised, at most 1.3; shrunk towards what the next finer scale has kept, which is known sooner, and at the
    /// finest towards 1.
    pub(super) fn of(&self, k: usize) -> f64 {
        let fold =
            |finer: f64, scale: &Kept| (PRIOR * finer + f64::from(scale.kept)) / (PRIOR + f64::from(scale.promised));
        self.scales[..=k].iter().fold(1.0, fold).min(MOST_TRUST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_broken_cost_trust() {
        let mut trust = Trust::default();
        for _ in 0..10 {
            trust.scales[0].open = Promise { target: 0.0, due: 10, persistence: 0.6 };
            trust.verify(11.0, -1.0);
        }
        assert!((trust.of(0) - 1.0 / 3.0).abs() < 1e-6);
        for _ in 0..10 {
            trust.scales[1].open = Promise { target: 0.0, due: 10, persistence: 0.6 };
            trust.verify(5.0, 0.5);
        }
        assert!(1.0 < trust.of(1) && trust.of(1) <= MOST_TRUST);
    }
}
