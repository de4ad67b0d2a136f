//! How often the bound was passed so far: the prior that keeps a forecast honest.

use serde::{Deserialize, Serialize};

use super::Minutes;

/// Excursions closer than this are one (minutes).
const APART: f64 = 180.0;

/// How long after an excursion the signal is on its way back (minutes).
const AFTER: f64 = 60.0;

/// Credit of history before the first value (minutes): people set bounds where they are not passed every day, so a bound
/// starts as if it had been kept for a week.
const CREDIT: f64 = 7.0 * 1440.0;

/// Counts distinct excursions over the bound.
///
/// P(one more within h) = 1 - (tau / (tau + h))^(c + 1/2) after c of them in the time tau: the Gamma-Poisson predictive
/// with Jeffreys' shape; without any it follows the law of records, P(new maximum within h) ~ h / (tau + h)
/// (Chandler, JRSS-B 1952; Rényi 1962).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    since: Option<Minutes>,
    last_passed: Option<Minutes>,
    excursions: u32,
}

impl Record {
    /// Takes a value's time and whether it passed the bound.
    pub(super) fn observe(&mut self, at: Minutes, passed: bool) {
        self.since.get_or_insert(at);
        if passed {
            if self.last_passed.is_none_or(|last| APART < at - last) {
                self.excursions = self.excursions.saturating_add(1);
            }
            self.last_passed = Some(at);
        }
    }

    /// Whether an excursion was over so lately that what comes still belongs to it.
    pub(super) fn is_aftermath(&self, now: Minutes) -> bool {
        self.last_passed.is_some_and(|last| now - last <= AFTER)
    }

    /// When the bound was passed last.
    pub(super) fn last_passed(&self) -> Option<Minutes> {
        self.last_passed
    }

    /// Minutes of history.
    pub(super) fn age(&self, now: Minutes) -> f64 {
        self.since.map_or(0.0, |since| (now - since).max(0.0))
    }

    /// The probability of an excursion within `minutes` from `now`.
    pub(super) fn within(&self, now: Minutes, minutes: f64) -> f64 {
        let tau = self.age(now) + CREDIT;
        let kept = tau / (tau + minutes);
        1.0 - kept.sqrt() * power(kept, self.excursions)
    }
}

/// A whole power by squaring: much cheaper than the general one, and the same on every machine.
fn power(mut base: f64, mut exponent: u32) -> f64 {
    let mut product = 1.0;
    while exponent != 0 {
        if exponent & 1 == 1 {
            product *= base;
        }
        (base, exponent) = (base * base, exponent >> 1);
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_often_it_was_passed_the_likelier_it_is() {
        let check = |passed: &[f64]| {
            let mut record = Record::default();
            for minute in 0..40 {
                let at = f64::from(minute) * 120.0;
                record.observe(at, passed.contains(&at));
            }
            (record.excursions, (record.within(4680.0, 1440.0) * 1000.0).round() as u32)
        };
        assert_eq!(check(&[]), (0, 45));
        assert_eq!(check(&[240.0, 360.0]), (1, 130)); // two hours apart: one excursion
        assert_eq!(check(&[240.0, 1200.0]), (2, 208));
    }
}
