//! One alert, as a good colleague would write it.

use jiff::tz::TimeZone;

use super::words::{coarse, moment, moment_from, quantity, share};
use super::{Block, Letter};
use crate::alert::{AlertRecord, BreachNote, SignalNote, State, Suspect, Urgency};
use crate::deliver::Wall;
use crate::deliver::outbox::reason_words;
use crate::time::{Span, Timestamp};

/// A decision told so much later is told with its own time.
const OLD: Span = Span::from_mins(10);

/// The letter about one alert, told at the moment `now`: what is to come is counted from there, and a decision has its own
/// time where it is told late. `held` says since when it was kept back for work hours, if it was.
pub fn alert(record: &AlertRecord, held: Option<Wall>, now: Wall, zone: &TimeZone) -> Letter {
    // A clock that is behind the stream does not make it earlier.
    let now = now.0.max(record.at);
    let tag = match (record.state, record.urgency) {
        (State::Resolved, _) => "resolved",
        (State::Firing, Urgency::Page) => "page",
        (State::Firing, Urgency::Hold) => "hold",
        (State::Firing, Urgency::Digest) => "digest",
    };
    let mut blocks = vec![Block::Lead(record.summary.clone()), Block::Facts(facts(record, now, zone))];
    if !record.signals.is_empty() {
        blocks.push(Block::List("What is seen".to_owned(), record.signals.iter().map(seen).collect()));
    }
    if record.state == State::Firing {
        blocks.push(changed_before(record, zone));
    }
    blocks.push(Block::Text(why_now(record, held, now, zone)));
    blocks.push(Block::Small(format!(
        "Alert {} revision {}. On it: forewarn ack {}. Why: forewarn explain {}.",
        record.id, record.revision, record.id, record.id
    )));
    let place = if record.summary.starts_with(&record.service) { "" } else { &format!("{}: ", record.service) };
    Letter { subject: format!("[{tag}] {place}{}", record.summary), blocks }
}

fn facts(record: &AlertRecord, now: Timestamp, zone: &TimeZone) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    fact("Service", record.service.clone());
    if let Some(breach) = &record.breach
        && record.state == State::Firing
    {
        let unit = record.signals.first().filter(|note| Some(&note.signal) == bound_signal(breach));
        let happens = if breach.latest <= record.at { "What happens" } else { "What will happen" };
        fact(happens, what(breach, unit.and_then(|note| note.unit.as_deref()), record));
        if record.at < breach.latest {
            fact("Earliest", moment_from(breach.earliest, now, zone));
            fact("Most likely", moment_from(breach.likely, now, zone));
            fact("Latest", moment_from(breach.latest, now, zone));
            fact("How likely", share(breach.probability));
        }
    }
    fact("Shows since", moment(record.since, zone));
    if record.state == State::Resolved {
        fact("Over since", format!("{} (lasted {})", moment(record.at, zone), coarse(record.at.since(record.since))));
    }
    for (key, value) in &record.labels {
        fact(&capital(key), value.clone());
    }
    facts
}

fn bound_signal(breach: &BreachNote) -> Option<&String> {
    breach.objective.as_ref().or(breach.limit.as_ref())
}

fn what(breach: &BreachNote, unit: Option<&str>, record: &AlertRecord) -> String {
    let level = quantity(breach.level, unit);
    let now = breach.latest <= record.at;
    let passes = if now { "has passed" } else { "will pass" };
    let signal = bound_signal(breach).map(String::as_str).unwrap_or("a signal");
    match (&breach.objective, &breach.name) {
        (Some(_), Some(name)) => {
            let felt = if now { "users feel it" } else { "users will feel it" };
            format!("{name}: {signal} {passes} {level}; {felt}")
        }
        (Some(_), None) => format!("{signal} {passes} its objective of {level}"),
        _ => format!("{signal} {passes} its limit of {level}"),
    }
}

fn seen(note: &SignalNote) -> String {
    let unit = note.unit.as_deref();
    if !note.words.is_empty() {
        return format!("{}: {}", note.signal, note.words);
    }
    let value = note.value.map_or_else(|| "silent".to_owned(), |value| quantity(value, unit));
    match (note.expected_low, note.expected_high) {
        (Some(low), Some(high)) => {
            format!("{}: {value}, usually {} to {}", note.signal, quantity(low, unit), quantity(high, unit))
        }
        _ => format!("{}: {value}", note.signal),
    }
}

fn changed_before(record: &AlertRecord, zone: &TimeZone) -> Block {
    if record.suspects.is_empty() {
        return Block::Text("No known change fits in time.".to_owned());
    }
    let line = |suspect: &Suspect| {
        let gap = coarse(record.since.since(suspect.at));
        format!("{} at {}, {gap} before ({} sure)", suspect.what, moment(suspect.at, zone), share(suspect.confidence))
    };
    Block::List("What changed just before".to_owned(), record.suspects.iter().map(line).collect())
}

fn why_now(record: &AlertRecord, held: Option<Wall>, now: Timestamp, zone: &TimeZone) -> String {
    let mut text = format!("You hear of it now because {}.", reason_words(record.reason));
    if let Some(other) = &record.merged_into {
        text.push_str(&format!(" It goes on as alert {other}."));
    }
    if held.is_none() && OLD < now.since(record.at) {
        let (at, ago) = (moment(record.at, zone), coarse(now.since(record.at)));
        text.push_str(&format!(" That was seen at {at}, {ago} ago; it could not be told before."));
    }
    if let Some(since) = held {
        text.push_str(&format!(
            " It was held back from {} until the start of work, because it could wait.",
            moment(since.0, zone)
        ));
    }
    text
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
