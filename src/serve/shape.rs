//! The JSON of what is not already JSON by its own nature: times as RFC 3339, decisions in words.

use serde_json::{Value, json};

use crate::deliver::outbox::{Ack, Decision, Silence, Verdict};
use crate::incident::Effects;
use crate::signal::Change;

/// A silence.
pub fn silence(silence: &Silence) -> Value {
    json!({
        "id": silence.id,
        "selector": silence.selector,
        "until": silence.until.to_string(),
        "by": silence.by,
        "comment": silence.comment,
    })
}

/// A change, and what it did so far: a verdict, and on how many signals.
pub fn change((change, effects): (&Change, Effects)) -> Value {
    let Change { at, id, service, kind, what, version } = change;
    json!({
        "change": id, "at": at.to_string(), "service": service, "kind": kind, "what": what, "version": version,
        "verdict": effects.verdict(), "effects": effects,
    })
}

/// What was decided about telling one revision of an alert to one receiver (null where there is none).
pub fn decision(decision: &Decision) -> Value {
    json!({
        "at": decision.at.to_string(),
        "revision": decision.revision,
        "receiver": Some(&decision.receiver).filter(|name| !name.is_empty()),
        "sent": matches!(decision.verdict, Verdict::Send(_)),
        "words": decision.verdict.to_string(),
    })
}

/// Who is on an alert.
pub fn ack(ack: &Ack) -> Value {
    json!({ "by": ack.by, "at": ack.at.to_string() })
}
