//! PagerDuty: events of its Events API, version 2. One alert is one incident there, by its id as `dedup_key`.

use serde_json::{Value, json};

use super::fit::cut;
use crate::alert::{AlertRecord, State, Urgency};
use crate::deliver::Notification;
use crate::deliver::outbox::Content;

/// The longest summary that PagerDuty takes, in characters.
const SUMMARY: usize = 1_024;

/// The events of a notification whose alert `summary` sums up, without the routing key: one, or for a test a trigger that is
/// resolved at once, so that it wakes nobody for long. A digest is told alert by alert.
pub fn pagerduty(notification: &Notification, summary: &str) -> Vec<Value> {
    match &notification.content {
        Content::Alert { record, .. } if record.state == State::Firing => vec![trigger(record, summary)],
        Content::Alert { record, .. } => vec![event("resolve", &record.id)],
        Content::Acknowledged { record, .. } => vec![event("acknowledge", &record.id)],
        Content::Test => {
            let key = notification.key.as_str();
            let mut trigger = event("trigger", key);
            trigger["payload"] = json!({
                "summary": "[test] forewarn can reach you: nothing is wrong",
                "source": "forewarn",
                "severity": "info",
                "timestamp": notification.at.to_string(),
            });
            vec![trigger, event("resolve", key)]
        }
        Content::Digest(_) => Vec::new(),
    }
}

fn event(action: &str, key: &str) -> Value {
    json!({ "event_action": action, "dedup_key": key, "client": "forewarn" })
}

fn trigger(record: &AlertRecord, summary: &str) -> Value {
    let mut event = event("trigger", &record.id);
    event["payload"] = json!({
        "summary": cut(summary.trim(), SUMMARY),
        "source": if record.service.is_empty() { "forewarn" } else { &record.service },
        "severity": severity(record.urgency),
        "timestamp": record.at.to_string(),
        "component": record.signals.first().map(|note| &note.signal),
        "group": record.service,
        "class": record.kind,
        "custom_details": record,
    });
    let links = record.labels.iter().filter(|(_, value)| value.starts_with("https://") || value.starts_with("http://"));
    let links: Vec<Value> = links.map(|(key, value)| json!({ "href": value, "text": key })).collect();
    if !links.is_empty() {
        event["links"] = Value::from(links);
    }
    event
}

/// PagerDuty's word for an urgency.
pub(super) fn severity(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Page => "critical",
        Urgency::Hold => "warning",
        Urgency::Digest => "info",
    }
}
