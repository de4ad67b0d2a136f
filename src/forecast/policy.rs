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

    /// The bound is touched: nothing lies ahead now, but the risk has not gone. Where it stands again after a value or two, it is
    /// told on without a new hold.
    pub(super) fn pass(&mut self) {
        (self.open, self.checks) = (false, self.checks.min(1));
    }

    /// Starts anew: the bound was passed, or it cannot tell any more.
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
    fn a_value_beyond_the_bound_does_not_begin_the_hold_anew() {
        let mut policy = Policy::default();
        (0..13).for_each(|i| policy.check(f64::from(i) * 5.0, 0.9, 60.0));
        assert!(policy.is_open());
        policy.pass();
        assert!(!policy.is_open());
        policy.check(65.0, 0.9, 60.0);
        assert!(policy.is_open());
        policy.pass();
        policy.check(70.0, 0.4, 60.0);
        policy.check(75.0, 0.9, 60.0);
        assert!(!policy.is_open(), "the risk had gone");
    }

    #[test]
    fn a_risk_is_told_once_it_has_held_and_until_it_has_halved() {
        assert_eq!(open_at(&[0.6, 0.6, 0.6, 0.6], 60.0), [10, 15]);
        assert_eq!(open_at(&[0.9, 0.9, 0.3, 0.3, 0.24, 0.3], 1.0), [5, 10, 15]);
        assert_eq!(open_at(&[0.6, 0.4, 0.6, 0.4, 0.6], 1.0), [0; 0]);
    }
}
