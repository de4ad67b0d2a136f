//! States that stand still as a rule: a replica is missing, a probe fails, a heart does not beat.
//!
//! What such a signal has done in two weeks cannot say how rare it is that it moves, for it never did. Its kind can: a set that has
//! lost parts for longer than ever before is no chance, and a blip of a restart is.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// The value at which a signal rests, and how long it ever was away from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Rest {
    value: f64,
    since: Timestamp,
    away: Option<Timestamp>,
    longest: Span,
    /// Whether it was told that it is away.
    told: bool,
}

/// It is known to rest after so long without a move, or with moves that were short.
const KNOWN: Span = Span::from_days(3);
/// A stay away says something after so long, and if it is longer than any before by this factor. Restarts are shorter.
const LEAST: Span = Span::from_mins(10);
const LONGER: i64 = 2;
/// After so long it rests where it is.
const SETTLED: Span = Span::from_days(1);
/// In powers of ten of weeks, as of a line that came like a clock and stops. Judgement: a set loses no parts for so long by chance.
const RARITY: f64 = 4.0;

impl Rest {
    pub(super) fn new(at: Timestamp, value: f64) -> Self {
        Rest { value, since: at, away: None, longest: Span::ZERO, told: false }
    }

    /// Takes the next value; how rare it is that the signal is away for so long, once for each time. Whether this `hurts` is asked
    /// for what it is and where it rests.
    pub(super) fn observe(
        &mut self,
        at: Timestamp,
        value: f64,
        aside: bool,
        hurts: impl Fn(f64) -> bool,
    ) -> Option<f64> {
        if value == self.value {
            if let Some(away) = self.away.take()
                && !aside
            {
                self.longest = self.longest.max(at.since(away));
            }
            self.told = false;
            return None;
        }
        let away = at.since(*self.away.get_or_insert(at));
        if SETTLED <= away {
            *self = Rest::new(at, value);
            return None;
        }
        let is_known = KNOWN <= at.since(self.since);
        let is_news = is_known && LEAST.max(self.longest.times(LONGER)) <= away && !self.told && hurts(self.value);
        self.told |= is_news;
        is_news.then_some(RARITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The minutes at which it is told.
    fn told(values: impl Fn(i64) -> f64) -> Vec<i64> {
        let mut rest = Rest::new(Timestamp::from_secs(0), values(0));
        let minutes = 0..14 * 1440;
        minutes
            .filter(|minute| {
                let (at, value) = (Timestamp::from_secs(60 * minute), values(*minute));
                rest.observe(at, value, false, |rest| rest < value).is_some()
            })
            .collect()
    }

    #[test]
    fn a_stay_away_that_is_longer_than_any_before_is_told_once() {
        let lost = 10 * 1440;
        assert_eq!(told(|minute| f64::from(u8::from(lost <= minute))), [lost + 10]);
        assert!(told(|minute| f64::from(u8::from(minute < lost))).is_empty(), "what is there again");
        assert!(told(|minute| f64::from(u8::from(1440 <= minute))).is_empty(), "nobody knows yet where it rests");
    }

    #[test]
    fn the_restart_of_each_night_is_none_and_one_that_hangs_is() {
        let nightly = |minute: i64| minute % 1440 < 15;
        let hangs = |minute: i64| (10 * 1440..10 * 1440 + 200).contains(&minute);
        assert!(told(|minute| f64::from(u8::from(2000 < minute && nightly(minute)))).is_empty());
        let times = told(|minute| f64::from(u8::from((2000 < minute && nightly(minute)) || hangs(minute))));
        assert_eq!(times.last(), Some(&(10 * 1440 + 30)));
    }
}
