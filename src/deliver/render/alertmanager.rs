//! Alertmanager: alerts of its API version 2.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::pagerduty::severity;
use crate::alert::{AlertRecord, State};
use crate::deliver::outbox::Content;
use crate::deliver::{Notification, Wall};
use crate::time::Span;

/// The label that holds an alert's id.
pub const ALERT_LABEL: &str = "alert_id";

/// How long an alert stands there if nothing more is heard of it. Its end is told; this is for the case that forewarn itself
/// is gone.
const STANDS: Span = Span::from_days(7);

/// Labels as Alertmanager has them.
type Labels = BTreeMap<String, String>;

/// The alerts of a notification: the alert as it stands, and an end for each other set of labels under which it is `known`.
/// None where there is nothing to say.
pub fn alertmanager(notification: &Notification, summary: &str, known: &[Labels]) -> Option<Value> {
    let now = notification.at;
    let (labels, mut alerts) = match &notification.content {
        Content::Alert { record, .. } if record.state == State::Firing => {
            let labels = labels(record);
            let alert = firing(&labels, annotations(record, summary), Wall(record.since), now);
            (Some(labels), vec![alert])
        }
        Content::Alert { record, .. } if known.is_empty() => {
            // It was never taken, or is forgotten there: its end harms nobody.
            (None, vec![over(&labels(record), Wall(record.at).min(now))])
        }
        Content::Alert { record, .. } => {
            return Some(known.iter().map(|labels| over(labels, Wall(record.at).min(now))).collect());
        }
        Content::Test => {
            let text = |text: &str| text.to_owned();
            let labels = Labels::from([
                (text("alertname"), text("ForewarnTest")),
                (text(ALERT_LABEL), notification.key.to_string()),
                (text("severity"), text("info")),
            ]);
            let words = Labels::from([(text("summary"), text("this is a test message: nothing is wrong"))]);
            let mut alert = firing(&labels, words, now, now);
            alert["endsAt"] = Value::from((now + Span::from_mins(1)).to_string());
            (Some(labels), vec![alert])
        }
        Content::Digest(_) | Content::Acknowledged { .. } => return None,
    };
    alerts.extend(known.iter().filter(|known| Some(*known) != labels.as_ref()).map(|known| over(known, now)));
    Some(Value::from(alerts))
}

fn firing(labels: &Labels, annotations: Labels, since: Wall, now: Wall) -> Value {
    json!({
        "labels": labels,
        "annotations": annotations,
        "startsAt": since.min(now).to_string(),
        "endsAt": (now + STANDS).to_string(),
    })
}

fn over(labels: &Labels, at: Wall) -> Value {
    json!({ "labels": labels, "annotations": {}, "endsAt": at.to_string() })
}

/// The labels of an alert: what routes there match on.
fn labels(record: &AlertRecord) -> Labels {
    let mut labels: Labels = record.labels.iter().map(|(key, value)| (label(key), value.clone())).collect();
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    labels.insert("alertname".to_owned(), "Forewarn".to_owned());
    labels.insert(ALERT_LABEL.to_owned(), record.id.clone());
    labels.insert("service".to_owned(), record.service.clone());
    labels.insert("kind".to_owned(), word(json!(record.kind)));
    labels.insert("urgency".to_owned(), word(json!(record.urgency)));
    labels.insert("severity".to_owned(), severity(record.urgency).to_owned());
    labels.retain(|_, value| !value.is_empty());
    labels
}

/// A label's name as Prometheus wants it: letters, digits and `_`, not beginning with a digit.
fn label(key: &str) -> String {
    let name: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

fn annotations(record: &AlertRecord, summary: &str) -> Labels {
    let mut notes = Labels::from([("summary".to_owned(), summary.trim().to_owned())]);
    let signals: Vec<&str> = record.signals.iter().map(|note| note.signal.as_str()).collect();
    notes.insert("signals".to_owned(), signals.join("\n"));
    if let Some(breach) = &record.breach {
        notes.insert("breach_likely".to_owned(), breach.likely.to_string());
        notes.insert("breach_probability".to_owned(), format!("{:.2}", breach.probability));
    }
    let suspects: Vec<&str> = record.suspects.iter().map(|suspect| suspect.what.as_str()).collect();
    notes.insert("suspects".to_owned(), suspects.join("\n"));
    notes.retain(|_, value| !value.is_empty());
    notes
}
