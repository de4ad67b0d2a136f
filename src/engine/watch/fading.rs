//! How often of late.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// A count of which each part is worth half after a week.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Fading {
    count: f64,
    counted: Timestamp,
}

const HALF: Span = Span::from_days(7);

impl Fading {
    /// None so far.
    pub(super) fn none(at: Timestamp) -> Self {
        Fading { count: 0.0, counted: at }
    }

    /// What is left of it.
    pub(super) fn at(self, at: Timestamp) -> f64 {
        self.count * libm::exp2(-at.since(self.counted).as_secs_f64() / HALF.as_secs_f64())
    }

    /// Whether there was never any.
    pub(super) fn is_none(self) -> bool {
        self.count == 0.0
    }

    /// When it was last counted.
    pub(super) fn since(self) -> Timestamp {
        self.counted
    }

    /// One more.
    pub(super) fn add(&mut self, at: Timestamp) {
        *self = Fading { count: self.at(at) + 1.0, counted: at };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_later_it_counts_half() {
        let day = |day: i64| Timestamp::from_secs(86_400 * day);
        let mut passes = Fading::none(day(0));
        passes.add(day(1));
        passes.add(day(8));
        assert_eq!((passes.at(day(8)), passes.at(day(15))), (1.5, 0.75));
    }
}
