//! How strong a mere oddity must be, so that people hear of no more of them than they asked for.
//!
//! A rarity is a claim about one signal. Over a fleet of noisy, dependent signals the claims do not add up, and what is
//! promised to people is a number of interruptions over everything watched. So what would be told is held against what would
//! have been told of late: an oddity passes where fewer than were asked for were at least as strong, by how much each
//! exceeded what the gate asked of it. What proved to be a real problem does not count, so that a bad week does not make
//! deaf. (A budget on the rank of scores: SPOT's quantile, Siffer et al., KDD 2017, over alerts instead of points.)

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// Oddities told for each false page that the budget allows.
const FOR_EACH_PAGE: f64 = 2.0;
/// How far back it looks, and how much it remembers of it: the newest.
const REACH: Span = Span::from_days(14);
const KEPT: usize = 1_000;
const WEEK: f64 = 604_800.0;

/// What would have been told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Bar {
    first: Option<Timestamp>,
    offers: VecDeque<(Timestamp, f64)>,
}

impl Bar {
    /// An oddity that exceeds by `excess` what the gate asks of it: whether it is told, under a budget of so many false pages
    /// a week.
    pub(super) fn offer(&mut self, at: Timestamp, excess: f64, budget: f64) -> bool {
        let first = *self.first.get_or_insert(at);
        while self.offers.front().is_some_and(|(before, _)| *before < at - REACH) || KEPT <= self.offers.len() {
            self.offers.pop_front();
        }
        let weeks = at.since(first).min(REACH).as_secs_f64() / WEEK;
        let as_strong = self.offers.iter().filter(|(_, other)| excess <= *other).count() as f64;
        self.offers.push_back((at, excess));
        as_strong < FOR_EACH_PAGE * budget * weeks.max(1.0)
    }

    /// What was offered then proved to be a real problem.
    pub(super) fn confirm(&mut self, at: Timestamp) {
        if let Some(place) = self.offers.iter().position(|(offered, _)| *offered == at) {
            self.offers.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_told_than_were_asked_for_and_the_strongest_are() {
        let mut bar = Bar::default();
        let mut told = Vec::new();
        for hour in 0..24 * 56i64 {
            let at = Timestamp::from_secs(hour * 3600);
            // Every hour an oddity of a strength of its own, each week one far out.
            let excess = if hour % 168 == 100 { 5.0 + hour as f64 } else { (hour * 7919 % 1000) as f64 / 1000.0 };
            if bar.offer(at, excess, 1.0) {
                told.push(excess);
            }
        }
        assert_eq!(told.iter().filter(|excess| 5.0 <= **excess).count(), 8, "{told:?}");
        // Two a week, and some more at first, when nothing is known yet.
        assert!((16..=28).contains(&told.len()), "{} told in 8 weeks: {told:?}", told.len());
    }

    #[test]
    fn what_proved_real_makes_nobody_deaf() {
        let mut bar = Bar::default();
        for hour in 0..100 {
            let at = Timestamp::from_secs(hour * 3600);
            assert!(bar.offer(at, 3.0, 1.0), "hour {hour}");
            bar.confirm(at);
        }
    }
}
