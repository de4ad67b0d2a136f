//! The range that a signal has shown, slowly forgotten.

use serde::{Deserialize, Serialize};

/// Smallest and largest value of the past; both ends move inwards by a share of the width at each point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Range {
    low: f64,
    high: f64,
    seen: bool,
}

/// An end that is never touched again comes half-way in within 7,000 points: five days of minutes.
const FORGET: f64 = 1e-4;

impl Range {
    /// The width of the past; 0 for a constant signal.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// Whether there were values on both sides of this one.
    pub fn is_across(&self, value: f64) -> bool {
        self.low < value && value < self.high
    }

    /// Takes one value in.
    pub fn learn(&mut self, value: f64) {
        if !self.seen {
            *self = Range { low: value, high: value, seen: true };
            return;
        }
        let inward = FORGET * self.width();
        self.low = (self.low + inward).min(value);
        self.high = (self.high - inward).max(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_widens_at_once_and_narrows_slowly() {
        let mut range = Range::default();
        assert_eq!(range.width(), 0.0);
        [5.0, 3.0, 9.0].iter().for_each(|&v| range.learn(v));
        assert!((range.width() - 6.0).abs() < 0.01);
        range.learn(103.0);
        assert!((range.width() - 100.0).abs() < 0.1);
        (0..7000).for_each(|_| range.learn(5.0));
        assert!((40.0..60.0).contains(&range.width()), "an end comes half-way in");
    }
}
