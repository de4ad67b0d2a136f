//! The JSON of what is not already JSON by its own nature: times as RFC 3339, decisions in words.

use serde_json::{Value, json};

use crate::deliver::outbox::{Ack, Decision, Silence, Verdict};
use crate::engine::{Foresight, Watched};
use crate::finding::Target;
use crate::forecast::Outlook;
use crate::incident::Effects;
use crate::signal::Change;
use crate::time::Timestamp;

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

/// A signal under watch, with what is foreseen of its bounds and what came of such forecasts.
pub fn watched(watched: &Watched<'_>) -> Value {
    let bounds: Vec<Value> = watched.foresights().iter().map(foresight).collect();
    json!({
        "signal": watched.signal.to_string(), "preset": watched.preset.name, "warming": watched.warming, "bounds": bounds,
    })
}

fn foresight(foresight: &Foresight<'_>) -> Value {
    let Foresight { target, bound, passed, outlook, tally } = foresight;
    let time = |of: fn(&Outlook) -> Timestamp| outlook.as_ref().map(|outlook| of(outlook).to_string());
    let objective = match target {
        Target::Objective { name, .. } => Some(name),
        Target::Limit => None,
    };
    json!({
        "objective": objective, "level": bound.level, "side": bound.side, "passed": passed,
        "probability": outlook.map(|outlook| outlook.probability),
        "earliest": time(|o| o.earliest), "likely": time(|o| o.likely), "latest": time(|o| o.latest),
        "forecasts": { "told": tally.told(), "came": tally.came(), "inside": tally.inside() },
    })
}

/// Who is on an alert.
pub fn ack(ack: &Ack) -> Value {
    json!({ "by": ack.by, "at": ack.at.to_string() })
}
