//! The outbox on a fake clock: each story is a list of steps, its decisions are golden.

mod delivery;
mod nights;
mod rules;

use std::fmt::Write;
use std::sync::Arc;

use jiff::civil::{Weekday, time};

use super::*;
use crate::alert::Urgency;
use crate::calendar::{Calendar, WorkHours};
use crate::config::Route;
use crate::finding::Kind;
use crate::time::{Span, Timestamp};

/// A local time in Berlin: `2026-11-23 08:00`.
pub(super) fn berlin(text: &str) -> Wall {
    let civil: jiff::civil::DateTime = text.replace(' ', "T").parse().unwrap();
    Wall(Timestamp::from(civil.to_zoned(zone()).unwrap().timestamp()))
}

fn zone() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("Europe/Berlin").unwrap()
}

pub(super) fn local(at: Wall) -> String {
    at.0.to_jiff().to_zoned(zone()).strftime("%a %d %H:%M:%S").to_string()
}

/// Mail and a hook, work from Monday to Friday 09:00 to 17:30 in Berlin.
pub(super) fn policy() -> Policy {
    let weekdays = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    let work = vec![WorkHours { days: weekdays.to_vec(), from: time(9, 0, 0, 0), to: time(17, 30, 0, 0) }];
    Policy {
        receivers: vec![("mail".to_owned(), Reach::Mail), ("hook".to_owned(), Reach::Hook)],
        routes: Vec::<Route>::new(),
        paces: BTreeMap::new(),
        calendar: Calendar { zone: zone(), work, ..Calendar::default() },
        stale: Span::from_hours(1),
        expiry: Span::from_days(1),
        bounds: OutboxBounds::default(),
    }
}

/// A record: `id`, revision, `firing`/`resolved` by reason, urgency, decided at.
pub(super) fn record(id: &str, revision: u32, reason: Reason, urgency: Urgency, at: Wall) -> AlertRecord {
    let over = matches!(reason, Reason::Resolved | Reason::Withdrawn | Reason::Merged | Reason::Gone);
    AlertRecord {
        id: id.to_owned(),
        revision,
        state: if over { State::Resolved } else { State::Firing },
        kind: Kind::Forecast,
        urgency,
        at: at.0,
        since: at.0,
        service: "checkout".to_owned(),
        summary: format!("{id} will hurt"),
        signals: vec![crate::alert::SignalNote {
            signal: format!("disk_used_ratio{{host=\"{id}\"}}"),
            value: Some(0.9),
            expected_low: None,
            expected_high: None,
            score: 0.9,
            unit: None,
            words: String::new(),
        }],
        breach: None,
        suspects: Vec::new(),
        reason,
        merged_into: None,
        labels: BTreeMap::new(),
    }
}

/// An outbox with a clock and a diary of what it sent.
pub(super) struct Story {
    pub(super) outbox: Outbox,
    pub(super) diary: String,
    pub(super) now: Wall,
    pub(super) outcome: Outcome,
}

impl Story {
    pub(super) fn new(policy: Policy, begin: &str) -> Story {
        let outbox = Outbox::new(Arc::new(policy));
        Story { outbox, diary: String::new(), now: berlin(begin), outcome: Outcome::Delivered }
    }

    /// Lets time pass to a local time: what falls due on the way is sent with the present outcome.
    pub(super) fn until(&mut self, text: &str) -> &mut Story {
        let to = berlin(text);
        for _ in 0..1_000 {
            let Some(at) = self.outbox.next_deadline().filter(|at| *at <= to) else { break };
            self.now = at.max(self.now);
            self.flush();
        }
        self.now = to;
        self.flush();
        self
    }

    /// A record decided now.
    pub(super) fn take(&mut self, id: &str, revision: u32, reason: Reason, urgency: Urgency) -> &mut Story {
        self.outbox.take(&record(id, revision, reason, urgency, self.now), self.now);
        self.flush();
        self
    }

    /// Through a checkpoint in a format without field names, and on.
    pub(super) fn restart(&mut self) -> &mut Story {
        let bytes = postcard::to_allocvec(self.outbox.book()).unwrap();
        let book: Book = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(&book, &{
            let mut saved = self.outbox.book().clone();
            saved.queues.values_mut().for_each(|queue| queue.aloft = false);
            saved
        });
        let paces = postcard::from_bytes(&postcard::to_allocvec(self.outbox.paces()).unwrap()).unwrap();
        self.outbox = Outbox::resume(self.outbox.policy.clone(), book).with_paces(paces);
        self
    }

    pub(super) fn flush(&mut self) {
        loop {
            let due = self.outbox.due(self.now);
            if due.is_empty() {
                return;
            }
            for sent in due {
                self.write(&sent);
                self.outbox.receipt(&sent.key, self.outcome.clone(), self.now);
            }
        }
    }

    pub(super) fn write(&mut self, sent: &Notification) {
        let what = match &sent.content {
            Content::Alert { record, held } => {
                let held = held.map(|since| format!(" held since {}", local(since))).unwrap_or_default();
                format!("{}/{} {:?}{held}", record.id, record.revision, record.state)
            }
            Content::Digest(digest) => {
                let fates = digest.entries.iter().map(|e| {
                    let fate = format!("{:?}", e.fate);
                    format!("{} {}", e.record.id, fate.split(' ').next().unwrap())
                });
                format!("digest [{}]", fates.collect::<Vec<_>>().join(", "))
            }
            Content::Test => "test".to_owned(),
            Content::Acknowledged { record, by } => format!("{}/{} acknowledged by {by}", record.id, record.revision),
        };
        let held = if sent.held_back.is_empty() {
            String::new()
        } else {
            format!(", held back: {}", sent.held_back.join("; "))
        };
        writeln!(self.diary, "{} {} {what}: {}{held}", local(self.now), sent.receiver, sent.cause).unwrap();
    }
}
