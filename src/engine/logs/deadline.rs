//! Deadlines that a line announces: `the certificate expires in 12 days` is a forecast that needs no history.

use serde::{Deserialize, Serialize};

use crate::finding::{Breach, Target};
use crate::forecast::Outlook;
use crate::plan::Side;
use crate::signal::template::Number;
use crate::time::{Span, Timestamp};

/// A deadline as it was announced.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Deadline {
    /// When it was first announced, and for when.
    first: Option<(Timestamp, Timestamp)>,
    /// Lines that announced the same.
    same: u32,
    /// For when it was told.
    pub(super) told: Option<Timestamp>,
}

/// Words that make a number of seconds a time left.
const ENDS: [&str; 12] = [
    "expire",
    "expiry",
    "expiration",
    "valid for",
    "remaining",
    " left",
    "renew",
    "until",
    "runs out",
    "run out",
    "days to",
    "deadline",
];
/// Days are told at once; shorter times only when so many lines agree on the moment, since a session that always expires in 30
/// minutes is no warning.
const DAY: f64 = 86_400.0;
const AGREED: u32 = 3;
/// Nobody acts earlier than that.
const FAR: Span = Span::from_days(30);
/// The probability given to what a program says of its own future.
const SURE: f64 = 0.95;

/// Whether a line speaks of something that ends.
pub(super) fn speaks_of_end(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    ENDS.iter().any(|word| lower.contains(word))
}

/// What a line says of a deadline.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// Nothing new.
    Nothing,
    /// It stands, and is worth telling.
    Stands(Breach),
    /// It was put off.
    PutOff,
}

impl Deadline {
    /// Takes the time left that a line tells.
    pub(super) fn take(&mut self, at: Timestamp, left: &Number) -> Said {
        if left.unit != Some("s") || left.value < 0.0 {
            return Said::Nothing;
        }
        let ends = at + Span::from_secs_f64(left.value);
        let grain = Span::from_secs_f64(left.grain);
        let Some((first_at, first_ends)) = self.first else {
            (self.first, self.same) = (Some((at, ends)), 1);
            return self.tell(at, ends, grain, left.grain);
        };
        let off = ends.since(first_ends);
        // The same moment but for rounding, while time went on: a countdown.
        let bound = grain.max(Span::from_secs_f64(0.1 * at.since(first_at).as_secs_f64()));
        if bound < off {
            (self.first, self.same) = (Some((at, ends)), 1);
            return if self.told.take().is_some() { Said::PutOff } else { Said::Nothing };
        }
        self.same = self.same.saturating_add(u32::from(grain < at.since(first_at)));
        self.tell(at, ends, grain, left.grain)
    }

    /// When what was told has had its time: it ended, or was put off without a word.
    pub(super) fn over_at(&self) -> Option<Timestamp> {
        let ((first_at, _), ends) = self.first.zip(self.told)?;
        // Who counts days tells the day.
        let grain =
            if 2.0 * DAY <= ends.since(first_at).as_secs_f64() { Span::from_days(1) } else { Span::from_hours(1) };
        Some(ends + grain)
    }

    fn tell(&mut self, at: Timestamp, ends: Timestamp, grain: Span, seconds: f64) -> Said {
        let is_sure = DAY <= seconds || AGREED <= self.same;
        let is_near = ends.since(at) <= FAR;
        let is_told = self.told.is_some_and(|told| ends.since(told).as_secs_f64().abs() <= 2.0 * seconds);
        if !is_sure || !is_near || is_told {
            return Said::Nothing;
        }
        self.told = Some(ends);
        let outlook =
            Outlook { probability: SURE, earliest: (ends - grain).max(at), likely: ends, latest: ends + grain };
        Said::Stands(Breach { target: Target::Limit, level: 0.0, side: Side::Below, now: false, outlook })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When what lines announce that count down to `ends` (hours) from the start on, one each hour, has had its time.
    fn over_after(ends: i64, grain: f64) -> Option<Span> {
        let mut deadline = Deadline::default();
        for hour in 0..ends {
            let value = ((ends - hour) * 3600) as f64;
            let left = Number { name: "in".to_owned(), value, unit: Some("s"), grain };
            deadline.take(Timestamp::from_secs(hour * 3600), &left);
        }
        deadline.over_at().map(|over| over.since(Timestamp::from_secs(0)))
    }

    #[test]
    fn what_was_announced_has_its_time_and_is_over() {
        assert_eq!(over_after(8, 60.0), Some(Span::from_hours(9)));
        assert_eq!(over_after(72, 60.0), Some(Span::from_hours(72 + 24)), "who counts days tells the day");
        assert_eq!(over_after(1, 60.0), None, "nothing was told");
    }
}
