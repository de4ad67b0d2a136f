//! What came of the forecasts of one bound that were told: its record, for people to see.

use serde::{Deserialize, Serialize};

use crate::forecast::Outlook;
use crate::time::{Span, Timestamp};

/// Forecasts told, and what came of them; one that waits for its end is counted when it has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    waits: Option<Promise>,
    told: u32,
    came: u32,
    inside: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Promise {
    at: Timestamp,
    earliest: Timestamp,
    latest: Timestamp,
}

/// So many forecasts make a record worth a word.
const SAID_FROM: u32 = 3;

impl Tally {
    /// How many forecasts were told and have ended: the bound was passed, or the horizon went by.
    pub fn told(&self) -> u32 {
        self.told
    }

    /// In how many the bound was passed within the horizon.
    pub fn came(&self) -> u32 {
        self.came
    }

    /// In how many it was passed between the earliest and the latest time first told.
    pub fn inside(&self) -> u32 {
        self.inside
    }

    /// The record in words, once there is one.
    pub(super) fn words(&self) -> Option<String> {
        (SAID_FROM <= self.told).then(|| format!("{} of its {} forecasts came true", self.came, self.told))
    }

    /// A forecast stands; the first word of it is what counts.
    pub(super) fn tell(&mut self, at: Timestamp, outlook: Outlook) {
        let Outlook { earliest, latest, .. } = outlook;
        self.waits.get_or_insert(Promise { at, earliest, latest });
    }

    /// The bound is passed.
    pub(super) fn pass(&mut self, at: Timestamp, horizon: Span) {
        let Some(promise) = self.waits.take() else { return };
        self.told = self.told.saturating_add(1);
        self.came += u32::from(at <= promise.at + horizon);
        self.inside += u32::from(promise.earliest <= at && at <= promise.latest);
    }

    /// Time has come to `at` without that.
    pub(super) fn wait(&mut self, at: Timestamp, horizon: Span) {
        if self.waits.is_some_and(|promise| promise.at + horizon < at && promise.latest < at) {
            self.waits = None;
            self.told = self.told.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_is_kept_broken_or_too_late() {
        let at = |hours: i64| Timestamp::from_secs(hours * 3600);
        let outlook = |from: i64| Outlook {
            probability: 0.9,
            earliest: at(from + 2),
            likely: at(from + 4),
            latest: at(from + 30),
        };
        let (mut tally, day) = (Tally::default(), Span::from_hours(24));
        tally.tell(at(0), outlook(0));
        tally.tell(at(1), outlook(1));
        tally.pass(at(3), day);
        tally.pass(at(4), day); // nothing was told of it
        tally.tell(at(10), outlook(10));
        tally.wait(at(39), day); // within the interval still
        tally.pass(at(40), day); // after the horizon
        tally.tell(at(50), outlook(50));
        assert_eq!(tally.words(), None);
        tally.wait(at(90), day);
        assert_eq!((tally.told(), tally.came(), tally.inside()), (3, 1, 2));
        assert_eq!(tally.words().as_deref(), Some("1 of its 3 forecasts came true"));
    }
}
