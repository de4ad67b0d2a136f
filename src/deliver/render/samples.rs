//! Messages of every kind and reason, to try templates on before a real one comes.

use super::super::outbox::{Cause, Content, Digest, DigestEntry, Fate, Key};
use super::super::{Notification, Wall};
use crate::alert::{AlertRecord, BreachNote, Reason, SignalNote, State, Suspect, Urgency};
use crate::finding::Kind;
use crate::time::{Span, Timestamp};

const KINDS: [Kind; 5] = [Kind::Anomaly, Kind::Forecast, Kind::Absence, Kind::Log, Kind::Change];
const FIRING: [Reason; 5] = [Reason::Opened, Reason::Worsened, Reason::Joined, Reason::Promoted, Reason::Repeated];
const ENDED: [Reason; 5] = [Reason::Resolved, Reason::Withdrawn, Reason::Merged, Reason::Split, Reason::Gone];

/// A message for each kind and reason, full and bare, besides a digest and a test.
pub fn samples() -> Vec<(String, Notification)> {
    let mut samples = Vec::new();
    for kind in KINDS {
        for (reason, state) in FIRING.map(|r| (r, State::Firing)).into_iter().chain(ENDED.map(|r| (r, State::Resolved)))
        {
            for full in [true, false] {
                let record = record(kind, reason, state, full);
                let held = full.then_some(at());
                let what = format!("a sample of kind {kind:?} and reason {reason:?}").to_lowercase();
                samples.push((what, message(Content::Alert { record, held }, full)));
            }
        }
    }
    let since = at();
    let fates =
        [Fate::Open, Fate::Ended, Fate::CameAndWent { since }, Fate::Released { since }, Fate::Promoted { since }];
    let entry = |fate| DigestEntry { record: record(Kind::Log, Reason::Opened, State::Firing, true), fate };
    let digest = Digest { at: since, entries: fates.map(entry).into(), unlisted: 2 };
    samples.push(("a sample digest".to_owned(), message(Content::Digest(digest), true)));
    samples.push(("a sample test message".to_owned(), message(Content::Test, false)));
    samples
}

fn at() -> Wall {
    Wall(Timestamp::from_secs(1_795_000_000))
}

fn message(content: Content, full: bool) -> Notification {
    Notification {
        key: Key::of("sample"),
        receiver: "sample".to_owned(),
        content,
        cause: Cause::Test,
        thread: None,
        held_back: if full { vec!["checkout: latency rises (alert 1f)".to_owned()] } else { Vec::new() },
        chart: None,
        attempt: 1,
        at: at(),
    }
}

/// A record with everything that one may have, or with nothing that may be missing.
fn record(kind: Kind, reason: Reason, state: State, full: bool) -> AlertRecord {
    let at = at().0;
    let signal = "disk_used_ratio{host=\"db-1\"}".to_owned();
    let value = Some(0.87).filter(|_| full && kind != Kind::Absence);
    let note = SignalNote {
        signal: signal.clone(),
        value,
        expected_low: value.map(|_| 0.4),
        expected_high: value.map(|_| 0.5),
        score: 0.9,
        unit: full.then(|| "ratio".to_owned()),
        words: String::new(),
    };
    let breach = BreachNote {
        objective: None,
        limit: Some(signal),
        name: None,
        level: 0.95,
        probability: 0.8,
        earliest: at + Span::from_hours(2),
        likely: at + Span::from_hours(3),
        latest: at + Span::from_hours(5),
    };
    let suspect = Suspect { change: "c1".to_owned(), what: "deploy of billing v42".to_owned(), at, confidence: 0.7 };
    let runbook = ("runbook".to_owned(), "https://wiki.example/disk".to_owned());
    AlertRecord {
        id: "5a3e1f".to_owned(),
        revision: 1,
        state,
        kind,
        urgency: if full { Urgency::Page } else { Urgency::Digest },
        at,
        since: at - Span::from_hours(1),
        service: "checkout".to_owned(),
        summary: "checkout: the disk of db-1 fills & will be full \"soon\"".to_owned(),
        signals: if full { vec![note] } else { Vec::new() },
        breach: full.then_some(breach),
        suspects: if full { vec![suspect] } else { Vec::new() },
        reason,
        merged_into: (reason == Reason::Merged).then(|| "77aa".to_owned()),
        labels: full.then_some(runbook).into_iter().collect(),
    }
}
