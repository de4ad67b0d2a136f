//! The whole life of one alert.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::tz::TimeZone;

use super::words::{against, moment, rare};
use crate::alert::words::{length, level, quantity};
use crate::alert::{AlertRecord, BreachNote, Reason, SignalNote, State};
use crate::deliver::outbox::{Ack, Decision, reason_words};

/// What is known of how an alert was told.
#[derive(Clone, Debug, Default)]
pub enum Delivery {
    /// The alerts come from a file: whoever wrote it knows.
    #[default]
    Unknown,
    /// The state directory has no checkpoint yet.
    Unsaved,
    /// As the last checkpoint has it.
    Saved {
        /// What was decided about telling it, oldest first; the oldest are forgotten.
        decisions: Vec<Decision>,
        /// Who is on it, if anyone.
        ack: Option<Ack>,
    },
}

/// Tells the life of an alert from its records, in order of revision. No records, no words.
pub fn life(records: &[AlertRecord], delivery: &Delivery, zone: &TimeZone) -> String {
    let (Some(first), Some(last)) = (records.first(), records.last()) else { return String::new() };
    let mut text = String::new();
    head(&mut text, first, last, delivery, zone);
    seen(&mut text, records, zone);
    foreseen(&mut text, records, zone);
    suspects(&mut text, records, zone);
    said(&mut text, records, delivery, zone);
    text
}

/// A line of the text; writing to a string cannot fail.
macro_rules! line {
    ($text:expr, $($words:tt)*) => {{ let _ = writeln!($text, $($words)*); }};
}

fn head(text: &mut String, first: &AlertRecord, last: &AlertRecord, delivery: &Delivery, zone: &TimeZone) {
    let state = if last.state == State::Firing { "firing" } else { "over" };
    line!(text, "alert {}: {state}", last.id);
    line!(text, "  {}", last.summary);
    line!(text, "  service  {}", last.service);
    let delay = length(first.at.since(first.since));
    line!(text, "  since    {}; decided {} ({delay} later)", moment(first.since, zone), moment(first.at, zone));
    if last.state == State::Resolved {
        let lasted = length(last.at.since(first.since));
        line!(text, "  ended    {}, after {lasted}: {}", moment(last.at, zone), reason_words(last.reason));
    }
    if let Some(other) = &last.merged_into {
        line!(text, "  goes on  as alert {other}: forewarn explain {other}");
    }
    if let Delivery::Saved { ack: Some(ack), .. } = delivery {
        let by = if ack.by.is_empty() { "someone" } else { &ack.by };
        line!(text, "  on it    {by}, since {}", moment(ack.at.0, zone));
    }
    for (key, value) in &last.labels {
        line!(text, "  {key:<8} {value}");
    }
}

/// Each signal at its oddest.
fn seen(text: &mut String, records: &[AlertRecord], zone: &TimeZone) {
    let mut order: Vec<&str> = Vec::new();
    let mut oddest: BTreeMap<&str, (&AlertRecord, &SignalNote)> = BTreeMap::new();
    for record in records.iter().filter(|record| record.state == State::Firing) {
        for note in &record.signals {
            if !order.contains(&note.signal.as_str()) {
                order.push(&note.signal);
            }
            let best = oddest.entry(&note.signal).or_insert((record, note));
            if best.1.score < note.score {
                *best = (record, note);
            }
        }
    }
    if order.is_empty() {
        return;
    }
    line!(text, "\nwhat was seen, likeliest origin first");
    for signal in order {
        let Some((record, note)) = oddest.get(signal) else { continue };
        let words = if note.words.is_empty() { String::new() } else { format!(" {}", note.words) };
        line!(text, "  {signal}{words}");
        let expected = note.expected_low.zip(note.expected_high);
        let mut facts = vec![against(note.value, expected, note.unit.as_deref())];
        facts.extend(rare(note.score));
        line!(text, "    {}: {}", moment(record.at, zone), facts.join("; "));
    }
}

/// The forecast, record by record where it moved.
fn foreseen(text: &mut String, records: &[AlertRecord], zone: &TimeZone) {
    let mut before: Option<&BreachNote> = None;
    for record in records.iter().filter(|record| record.state == State::Firing) {
        let Some(breach) = &record.breach else { continue };
        if before.is_some_and(|before| before == breach) {
            continue;
        }
        let is_same = |before: &BreachNote| before.objective == breach.objective && before.limit == breach.limit;
        if !before.is_some_and(is_same) {
            line!(text, "\nwhat was foreseen: {}", bound(breach, record));
        }
        before = Some(breach);
        let at = moment(record.at, zone);
        if breach.latest <= record.at {
            line!(text, "  {at}: it has happened, {}", moment(breach.likely, zone));
            continue;
        }
        line!(
            text,
            "  {at}: {} likely, earliest {}, most likely {}, latest {}",
            percent(breach.probability),
            moment(breach.earliest, zone),
            moment(breach.likely, zone),
            moment(breach.latest, zone)
        );
    }
    let withdrawn = records.last().is_some_and(|last| last.reason == Reason::Withdrawn);
    if before.is_some() && withdrawn {
        line!(text, "  it receded and did not happen");
    }
}

fn bound(breach: &BreachNote, record: &AlertRecord) -> String {
    let signal = breach.objective.as_ref().or(breach.limit.as_ref()).map_or("", String::as_str);
    let unit = record.signals.iter().find(|note| note.signal == signal).and_then(|note| note.unit.as_deref());
    let level = level(breach.level, unit);
    match (&breach.objective, &breach.name) {
        (Some(_), Some(name)) => format!("{name} (objective): {signal} passes {level}"),
        (Some(_), None) => format!("objective: {signal} passes {level}"),
        _ => format!("limit: {signal} passes {level}"),
    }
}

/// Not more exact than it is known: 1 to 99 %, or certain.
fn percent(probability: f64) -> String {
    if 0.995 < probability {
        return "all but certainly".to_owned();
    }
    quantity(libm::round(probability.clamp(0.01, 0.99) * 100.0), Some("percent"))
}

/// The changes that were ever named, each at its likeliest.
fn suspects(text: &mut String, records: &[AlertRecord], zone: &TimeZone) {
    let all = records.iter().flat_map(|record| &record.suspects);
    let mut best: Vec<&crate::alert::Suspect> = Vec::new();
    for suspect in all {
        match best.iter_mut().find(|have| have.change == suspect.change) {
            Some(have) if have.confidence < suspect.confidence => *have = suspect,
            Some(_) => {}
            None => best.push(suspect),
        }
    }
    best.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    if best.is_empty() {
        line!(text, "\nsuspects: no known change fits in time");
        return;
    }
    line!(text, "\nsuspects");
    for suspect in best {
        let sure = percent(suspect.confidence);
        line!(text, "  {} at {} ({sure} sure, change {})", suspect.what, moment(suspect.at, zone), suspect.change);
    }
}

fn said(text: &mut String, records: &[AlertRecord], delivery: &Delivery, zone: &TimeZone) {
    line!(text, "\nwhat was said, and to whom");
    for record in records {
        let (reason, urgency) = (word(&record.reason), word(&record.urgency));
        let why = reason_words(record.reason);
        line!(text, "  {}  {}  {reason}, {urgency}: {why}", record.revision, moment(record.at, zone));
        let Delivery::Saved { decisions, .. } = delivery else { continue };
        let mut told = false;
        for decision in decisions.iter().filter(|decision| decision.revision == record.revision) {
            told = true;
            let receiver = if decision.receiver.is_empty() { "nobody" } else { &decision.receiver };
            line!(text, "       {} {receiver}: {}", moment(decision.at.0, zone), decision.verdict);
        }
        if !told {
            line!(text, "       no decision about telling it is remembered");
        }
    }
    match delivery {
        Delivery::Unknown => line!(text, "  (a file of alerts does not hold to whom they were sent)"),
        Delivery::Unsaved => line!(text, "  (to whom is known from the first checkpoint on)"),
        Delivery::Saved { .. } => {}
    }
}

/// The word of a reason or an urgency as the record has it.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
