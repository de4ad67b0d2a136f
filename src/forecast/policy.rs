//! When a risk is told: once it has held.

use serde::{Deserialize, Serialize};

use super::Minutes;

/// The probability at which a risk is worth a warning.
const OPENS: f64 = 0.5;

/// The share of the time left for which it must have held. Opening is the maximum of many noisy trials, so calibrated
/// forecasts still give over-confident openings; on simulated fleets warnings came true .60 of the time without the hold
/// and .93 with a sixth.
const HOLD: f64 = 1.0 / 6.0;

/// Opens when the risk has held for a sixth of the likely time left, and for two checks; closes at half the risk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Policy {
    above_since: Option<Minutes>,
    checks: u16,
    open: bool,
}

impl Policy {
    /// Takes the probability within the horizon and the likely time to the crossing (minutes), as of `now`.
    pub(super) fn check(&mut self, now: Minutes, probability: f64, likely: f64) {
        if self.open {
            self.open = OPENS / 2.0 <= probability;
        }
        if probability < OPENS {
            (self.above_since, self.checks) = (None, 0);
            return;
        }
        self.checks = self.checks.saturating_add(1);
        let held = now - *self.above_since.get_or_insert(now);
        self.open |= 2 <= self.checks && likely * HOLD <= held;
    }

    /// Starts anew: the bound is passed, or it cannot tell any more.
    pub(super) fn reset(&mut self) {
        *self = Policy::default();
    }

    /// Whether the risk is to be told.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Whether a risk stands or is being watched, so that checks should come often.
    pub(super) fn is_alert(&self) -> bool {
        self.open || self.above_since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks every 5 minutes; returns the minutes at which the policy is open.
    fn open_at(probabilities: &[f64], likely: f64) -> Vec<usize> {
        let mut policy = Policy::default();
        let open = |(i, &p): (usize, &f64)| {
            policy.check(i as f64 * 5.0, p, likely);
            policy.is_open().then_some(i * 5)
        };
        probabilities.iter().enumerate().filter_map(open).collect()
    }

    #[test]
    fn a_risk_is_told_once_it_has_held_and_until_it_has_halved() {
        assert_eq!(open_at(&[0.6, 0.6, 0.6, 0.6], 60.0), [10, 15]);
        assert_eq!(open_at(&[0.9, 0.9, 0.3, 0.3, 0.24, 0.3], 1.0), [5, 10, 15]);
        assert_eq!(open_at(&[0.6, 0.4, 0.6, 0.4, 0.6], 1.0), [0; 0]);
    }
}
