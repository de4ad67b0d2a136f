//! Lines that come like a clock, and when one that stays away is news.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// The gaps between lines of one template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Beat {
    last: Option<Timestamp>,
    gaps: u32,
    mean: f64,
    /// Of the squared deviations from the mean.
    sum: f64,
    longest: f64,
}

/// A beat is known after so many gaps, which deviate by at most a quarter of their mean.
const KNOWN_GAPS: u32 = 30;
const REGULAR: f64 = 0.25;
/// Shorter beats are the business of rates.
const SHORTEST: f64 = 5.0;
/// Silence is news after so many beats, and never before twice the longest pause there was.
const MISSED: f64 = 4.0;
/// The mean follows the last so many gaps.
const MEMORY: u32 = 500;

impl Beat {
    pub(super) fn take(&mut self, at: Timestamp) {
        let Some(last) = self.last.replace(at) else { return };
        let gap = at.since(last).as_secs_f64();
        // A pause was a silence of its own: it says nothing of the beat.
        if KNOWN_GAPS <= self.gaps && MISSED * self.mean < gap {
            return;
        }
        self.gaps = (self.gaps + 1).min(MEMORY);
        let weight = 1.0 / f64::from(self.gaps);
        let off = gap - self.mean;
        self.mean += off * weight;
        self.sum += (off * (gap - self.mean) - self.sum) * weight;
        self.longest = if self.gaps < MEMORY { self.longest.max(gap) } else { (self.longest * 0.999).max(gap) };
    }

    /// When staying away is news; none for lines that come as they like.
    pub(super) fn silent_after(&self) -> Option<Timestamp> {
        let is_regular =
            KNOWN_GAPS <= self.gaps && SHORTEST <= self.mean && libm::sqrt(self.sum.max(0.0)) <= REGULAR * self.mean;
        let wait = (MISSED * self.mean).max(2.0 * self.longest);
        (is_regular && self.last.is_some()).then(|| self.last.unwrap_or(Timestamp::MIN) + Span::from_secs_f64(wait))
    }

    /// The usual gap.
    pub(super) fn step(&self) -> Span {
        Span::from_secs_f64(self.mean)
    }

    pub(super) fn last(&self) -> Option<Timestamp> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_lines_are_missed() {
        let (mut clock, mut chance) = (Beat::default(), Beat::default());
        for n in 0..100i64 {
            clock.take(Timestamp::from_secs(60 * n + n % 3));
            chance.take(Timestamp::from_secs(60 * n + (n * n * 7919) % 55));
        }
        assert_eq!(chance.silent_after(), None);
        let after = clock.silent_after().unwrap().since(Timestamp::from_secs(60 * 99)).as_secs_f64();
        assert!((230.0..260.0).contains(&after), "{after}");
    }
}
