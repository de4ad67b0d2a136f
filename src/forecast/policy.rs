//! When a risk is told: once it has held.

use serde::{Deserialize, Serialize};

use super::Minutes;

/// The probability at which a risk is worth a warning: an even chance of what is near; of what is far it must be surer, for there
/// is time to see. In between it goes by the logarithm of the time.
const OPENS: [f64; 2] = [0.5, 0.7];

/// The share of the likely time left for which it must have held, near and far. Opening is the maximum of many noisy trials, so
/// calibrated forecasts still give over-confident openings; on simulated fleets warnings came true .60 of the time without a hold.
const HOLD: [f64; 2] = [1.0 / 6.0, 1.0 / 3.0];

/// What is likely within two hours (in minutes) is near, and what is likely in eight, two doublings more, is far. On simulated
/// fleets (seeds 200 to 229) .04 more of the warnings came true than with what holds near for all, and as many limits were foreseen.
const NEAR: f64 = 120.0;
const DOUBLINGS: f64 = 2.0;

/// It closes below this.
const CLOSES: f64 = 0.25;

/// Opens when the risk has held for its share of the likely time left, and for two checks.
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
            self.open = CLOSES <= probability;
        }
        let far = (libm::log2(likely / NEAR) / DOUBLINGS).clamp(0.0, 1.0);
        let between = |[near, distant]: [f64; 2]| near + (distant - near) * far;
        if probability < between(OPENS) {
            (self.above_since, self.checks) = (None, 0);
            return;
        }
        self.checks = self.checks.saturating_add(1);
        let held = now - *self.above_since.get_or_insert(now);
        self.open |= 2 <= self.checks && likely * between(HOLD) <= held;
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
    #[test]
    fn what_is_far_must_be_surer_and_hold_longer() {
        assert!(open_at(&[0.6; 100], 480.0).is_empty());
        assert_eq!(open_at(&[0.61; 100], 240.0).first(), Some(&60));
        assert_eq!(open_at(&[0.71; 100], 480.0).first(), Some(&160));
    }
}
