//! The range that a signal has shown, slowly forgotten.

use serde::{Deserialize, Serialize};

/// Smallest and largest value of the past; both ends move inwards by a share of the width at each point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Range {
    /// Above `high` before the first value.
    low: f64,
    high: f64,
}

/// An end that is never touched again comes half-way in within 7,000 points: five days of minutes.
const FORGET: f64 = 1e-4;

impl Range {
    /// The width of the past; 0 for a constant signal.
    pub fn width(&self) -> f64 {
        (self.high - self.low).max(0.0)
    }

    /// Whether there were values on both sides of this one.
    pub fn is_across(&self, value: f64) -> bool {
        self.low < value && value < self.high
    }

    /// Takes one value in.
    pub fn learn(&mut self, value: f64) {
        let inward = FORGET * self.width();
        self.low = (self.low + inward).min(value);
        self.high = (self.high - inward).max(value);
    }
}

impl Default for Range {
    fn default() -> Self {
        Range { low: f64::INFINITY, high: f64::NEG_INFINITY }
    }
}

/// As it is saved: both ends, and whether there was a value.
type Saved = (f64, f64, bool);

impl From<Saved> for Range {
    fn from((low, high, seen): Saved) -> Self {
        if seen { Range { low, high } } else { Range::default() }
    }
}

impl From<Range> for Saved {
    fn from(Range { low, high }: Range) -> Self {
        if low <= high { (low, high, true) } else { (0.0, 0.0, false) }
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
