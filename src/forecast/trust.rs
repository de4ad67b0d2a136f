//! Whether the ramps of a signal keep what they promise, learned without any real crossing.

use serde::{Deserialize, Serialize};

use super::Minutes;
use super::ladder::SCALES;
use crate::baseline::Bf16;

/// How many promises the prior of a scale's trust is worth.
const PRIOR: f64 = 3.0;

/// The most that kept promises may add to a ramp's persistence.
pub(super) const MOST_TRUST: f64 = 1.3;

/// A promise to check the ramps of one scale by, without any real crossing: "the line half a window on is reached within
/// a window".
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Promise {
    target: Bf16,
    due: i32,
    persistence: Parts,
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
    promised: Parts,
    kept: Parts,
}

/// A small amount in 1,024ths; saved as the `f32` that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(from = "f32", into = "f32")]
struct Parts(u16);

const WHOLE: f32 = 1024.0;

impl From<f32> for Parts {
    fn from(amount: f32) -> Self {
        Parts((amount * WHOLE).round() as u16)
    }
}

impl From<Parts> for f32 {
    fn from(Parts(parts): Parts) -> Self {
        f32::from(parts) / WHOLE
    }
}

impl Parts {
    const NONE: Parts = Parts(0);
    const ONE: Parts = Parts(WHOLE as u16);
    /// What is kept of promises counts half beyond so many; twice as many fit.
    const MANY: Parts = Parts(32 * Parts::ONE.0);

    fn get(self) -> f64 {
        f64::from(f32::from(self))
    }

    fn add(&mut self, other: Parts) {
        self.0 = self.0.saturating_add(other.0);
    }

    fn halve(&mut self) {
        self.0 /= 2;
    }
}

impl Trust {
    /// Opens a promise of scale `k`, unless one is open or it would promise little.
    pub(super) fn promise(&mut self, k: usize, target: f64, due: Minutes, persistence: f64) {
        let open = &mut self.scales[k].open;
        if open.persistence == Parts::NONE && 0.2 <= persistence {
            let (target, persistence) = (Bf16::of(target as f32), Parts::from(persistence as f32));
            *open = Promise { target, due: due as i32, persistence };
        }
    }

    /// Checks the open promises with a value.
    pub(super) fn verify(&mut self, now: Minutes, value: f32) {
        for scale in &mut self.scales {
            let promise = scale.open;
            if promise.persistence == Parts::NONE {
                continue;
            }
            let is_kept = promise.target.get() <= value;
            if is_kept || f64::from(promise.due) < now {
                scale.open = Promise::default();
                scale.promised.add(promise.persistence);
                scale.kept.add(if is_kept { Parts::ONE } else { Parts::NONE });
                if Parts::MANY < scale.promised {
                    scale.promised.halve();
                    scale.kept.halve();
                }
            }
        }
    }

    /// Kept over promised, at most 1.3; shrunk towards what the next finer scale has kept, which is known sooner, and at the
    /// finest towards 1.
    pub(super) fn of(&self, k: usize) -> f64 {
        let fold = |finer: f64, scale: &Kept| (PRIOR * finer + scale.kept.get()) / (PRIOR + scale.promised.get());
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
            trust.scales[0].open = Promise { target: Bf16::of(0.0), due: 10, persistence: 0.6.into() };
            trust.verify(11.0, -1.0);
        }
        assert!((trust.of(0) - 1.0 / 3.0).abs() < 1e-3);
        for _ in 0..10 {
            trust.scales[1].open = Promise { target: Bf16::of(0.0), due: 10, persistence: 0.6.into() };
            trust.verify(5.0, 0.5);
        }
        assert!(1.0 < trust.of(1) && trust.of(1) <= MOST_TRUST);
    }
}
