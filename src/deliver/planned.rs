//! What would have been sent, when and to whom: the outbox run on event time, for `replay --report`.

use std::sync::Arc;

use serde::Serialize;

use super::Wall;
use super::outbox::{Content, Notification, Outbox, Outcome, Policy};
use crate::alert::{AlertRecord, State, Urgency};
use crate::time::Timestamp;

/// One notification that would have been sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// When.
    #[serde(serialize_with = "crate::alert::rfc3339::serialize")]
    pub at: Timestamp,
    /// To whom.
    pub receiver: String,
    /// About which alert.
    pub alert: String,
    /// Which revision of it.
    pub revision: u32,
    /// Its urgency.
    pub urgency: Urgency,
    /// Firing or resolved.
    pub state: State,
    /// Its sentence.
    pub summary: String,
    /// Whether it is a line of a digest message rather than a message of its own.
    pub digest: bool,
}

/// Runs an outbox whose messages all arrive at once, by event time.
#[derive(Clone, Debug)]
pub struct Planner {
    outbox: Outbox,
    planned: Vec<Planned>,
    now: Wall,
}

impl Planner {
    /// A planner with an empty outbox.
    pub fn new(policy: Arc<Policy>) -> Planner {
        Planner { outbox: Outbox::new(policy), planned: Vec::new(), now: Wall(Timestamp::MIN) }
    }

    /// Takes a record as it is decided.
    pub fn take(&mut self, record: &AlertRecord) {
        self.advance(Wall(record.at));
        self.outbox.take(record, self.now);
        self.send(self.now);
    }

    /// Lets time pass: sends what falls due on the way.
    pub fn advance(&mut self, to: Wall) {
        while let Some(at) = self.outbox.next_deadline().filter(|at| *at <= to) {
            self.send(at);
        }
        self.now = self.now.max(to);
    }

    /// Everything planned, with what still waits at the end of the data as it would go out if nothing changed.
    pub fn finish(mut self) -> Vec<Planned> {
        while let Some(at) = self.outbox.next_deadline() {
            self.send(at);
        }
        self.planned
    }

    /// The outbox, for its decisions.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn send(&mut self, at: Wall) {
        loop {
            let due = self.outbox.due(at);
            if due.is_empty() {
                return;
            }
            for notification in due {
                self.planned.extend(planned(&notification));
                self.outbox.receipt(&notification.key, Outcome::Delivered, at);
            }
        }
    }
}

/// The report's lines for one notification: one, or one for each alert of a digest that is told there alone.
pub fn planned(notification: &Notification) -> Vec<Planned> {
    let line = |record: &AlertRecord, digest: bool| Planned {
        at: notification.at.0,
        receiver: notification.receiver.clone(),
        alert: record.id.clone(),
        revision: record.revision,
        urgency: record.urgency,
        state: record.state,
        summary: record.summary.clone(),
        digest,
    };
    match &notification.content {
        Content::Alert { record, .. } => vec![line(record, false)],
        Content::Digest(digest) => {
            digest.entries.iter().filter(|e| e.fate.is_news()).map(|entry| line(&entry.record, true)).collect()
        }
        Content::Test | Content::Acknowledged { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Reason;
    use crate::calendar::Calendar;
    use crate::deliver::outbox::OutboxBounds;
    use crate::finding::Kind;
    use crate::time::Span;

    #[test]
    fn a_report_lists_what_would_have_been_sent_to_anyone_and_when() {
        let policy = Policy {
            receivers: Vec::new(),
            routes: Vec::new(),
            paces: Default::default(),
            calendar: Calendar::default(),
            stale: Span::from_hours(1),
            expiry: Span::from_days(1),
            bounds: OutboxBounds::default(),
        };
        let mut planner = Planner::new(Arc::new(policy.or_anyone()));
        let mut tell = |id: &str, revision, reason, urgency, at: &str| {
            let at = Timestamp::parse_rfc3339(at).unwrap();
            let state = if reason == Reason::Resolved { State::Resolved } else { State::Firing };
            planner.take(&AlertRecord {
                id: id.to_owned(),
                revision,
                state,
                kind: Kind::Log,
                urgency,
                at,
                since: at,
                service: "s".to_owned(),
                summary: "it hurts".to_owned(),
                signals: Vec::new(),
                breach: None,
                suspects: Vec::new(),
                reason,
                merged_into: None,
                labels: std::collections::BTreeMap::new(),
            });
        };
        tell("small", 1, Reason::Opened, Urgency::Digest, "2020-01-01T12:00:00Z");
        tell("page", 1, Reason::Opened, Urgency::Page, "2020-01-02T12:00:00Z");
        tell("page", 2, Reason::Resolved, Urgency::Page, "2020-01-02T13:00:00Z");
        tell("late", 1, Reason::Opened, Urgency::Digest, "2020-01-02T12:30:00Z");
        let lines: Vec<String> = planner
            .finish()
            .iter()
            .map(|p| format!("{} {} {}/{} {:?} digest={}", p.at, p.receiver, p.alert, p.revision, p.state, p.digest))
            .collect();
        expect_test::expect![[r#"
            2020-01-02T09:00:00Z anyone small/1 Firing digest=true
            2020-01-02T12:00:00Z anyone page/1 Firing digest=false
            2020-01-02T13:00:00Z anyone page/2 Resolved digest=false
            2020-01-03T09:00:00Z anyone late/1 Firing digest=true"#]]
        .assert_eq(&lines.join("\n"));
    }
}
