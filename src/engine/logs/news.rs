//! Kinds of error never seen before, or not for long.

use serde::{Deserialize, Serialize};

use crate::signal::Text;
use crate::time::{Span, Timestamp};

/// What was new of late.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct News {
    /// When new kinds of error were told in the last week, the oldest first.
    told: Vec<Timestamp>,
}

/// What a service says is known after a day and so many lines: before that everything is new.
const KNOWN: Span = Span::from_days(1);
const KNOWN_LINES: u64 = 500;
/// A new kind of error is told at its fifth line within ten minutes: a single one happens.
pub(super) const TOLD_AT: u64 = 5;
pub(super) const WITHIN: Span = Span::from_mins(10);
/// How rare a new kind of error is, in powers of ten of weeks, for a service that had none in a week. Judgement: errors of a
/// kind never seen, again and again, are no chance.
const RARITY: f64 = 4.0;
const WEEK: Span = Span::from_days(7);
const KEPT: usize = 64;

/// What was away for so long is news again: a service lives through every kind of its ordinary days in a week.
pub(super) const AWAY: Span = Span::from_days(7);

/// Whether a line tells of an error.
pub(super) fn is_error(text: &Text) -> bool {
    text.level.is_error() || text.exception.is_some()
}

impl News {
    /// Whether a template seen for the first time may be news.
    pub(super) fn is_news(&self, text: &Text, lived: Span, lines: u64) -> bool {
        KNOWN <= lived && KNOWN_LINES <= lines && is_error(text)
    }

    /// One is told now; how rare that is for this service.
    pub(super) fn tell(&mut self, at: Timestamp) -> f64 {
        self.told.retain(|told| at - WEEK < *told);
        let rarity = RARITY - 2.0 * libm::log10(1.0 + self.told.len() as f64);
        if self.told.len() < KEPT {
            self.told.push(at);
        }
        rarity
    }
}
