//! What was held back for some signals, and why.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::tz::TimeZone;

use super::words::{against, moment};
use crate::alert::words::rarity;
use crate::alert::{AlertRecord, State};
use crate::engine::Engine;
use crate::incident::{Held, Why};
use crate::signal::Selector;
use crate::time::Timestamp;

/// So many signals are listed.
const LISTED: usize = 200;
/// So many findings of one signal are told, the latest.
const FINDINGS: usize = 5;

/// Says of each signal that the selector means why nothing was said of it, or where it was. `latest` holds the latest
/// record of each alert. None where no watched signal is meant.
pub fn held(selector: &Selector, engine: &Engine, latest: &[AlertRecord], zone: &TimeZone) -> Option<String> {
    let mut findings: BTreeMap<String, Vec<&Held>> = BTreeMap::new();
    for held in engine.incidents().held().filter(|held| selector.matches(&held.finding.signal)) {
        findings.entry(held.finding.signal.to_string()).or_default().push(held);
    }
    let meant = engine.watches().filter(|watched| selector.matches(watched.signal));
    let mut signals: BTreeMap<String, Option<String>> =
        meant.map(|watched| (watched.signal.to_string(), watched.warming)).collect();
    for gone in findings.keys() {
        signals.entry(gone.clone()).or_insert(None);
    }
    if signals.is_empty() {
        return None;
    }
    let mut text = String::new();
    let mark = engine.watermark();
    if Timestamp::MIN < mark {
        let _ = writeln!(text, "judged up to {}", moment(mark, zone));
    }
    // Signals with something to tell come first.
    let mut order: Vec<&String> = signals.keys().collect();
    order.sort_by_key(|signal| (!findings.contains_key(*signal), signals[*signal].is_none()));
    for signal in order.iter().take(LISTED) {
        let none = Vec::new();
        let lines = lines(signal, signals[*signal].as_deref(), findings.get(*signal).unwrap_or(&none), latest, zone);
        let _ = writeln!(text, "{signal}");
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
    if LISTED < signals.len() {
        let _ = writeln!(text, "and {} signals more: name fewer", signals.len() - LISTED);
    }
    Some(text)
}

fn lines(
    signal: &str,
    warming: Option<&str>,
    findings: &[&Held],
    latest: &[AlertRecord],
    zone: &TimeZone,
) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(warming) = warming {
        lines.push(format!("still warming up: {warming}"));
    }
    let concerns = |record: &&AlertRecord| record.signals.iter().any(|note| note.signal == signal);
    for record in latest.iter().filter(|record| record.state == State::Firing).filter(concerns) {
        lines.push(format!("is part of alert {}, which stands: {}", record.id, record.summary));
    }
    for held in &findings[findings.len().saturating_sub(FINDINGS)..] {
        let finding = &held.finding;
        let seen = against(finding.value, finding.expected, finding.unit.as_deref());
        let words = if finding.words.is_empty() { "was odd" } else { &finding.words };
        let at = moment(finding.at, zone);
        lines.push(format!("{at}: {words} ({seen}); held back: {}", why(&held.why)));
    }
    if lines.is_empty() {
        lines.push("nothing unusual".to_owned());
    }
    lines
}

/// Why nobody was told.
fn why(why: &Why) -> String {
    match why {
        Why::NotRare { has, needs } => {
            let has = rarity(*has).unwrap_or_else(|| "more often than once a week".to_owned());
            match rarity(*needs).filter(|_| needs.is_finite()) {
                Some(needs) => format!(
                    "it comes {has}; alone it would have to come {needs}, so that [budget] false_pages is kept over \
                     everything watched, and nothing else of the service bore it out"
                ),
                None => format!("it comes {has}, and a budget of no false pages lets no lone oddity through"),
            }
        }
        Why::Rollout { change } => format!("its service had just been rolled out (change {change})"),
        Why::Removed { change } => format!("its service was removed (change {change})"),
        Why::Frequent => "others as strong came more often of late than [budget] false_pages allows".to_owned(),
        Why::Over => "the alert that it belongs to was over".to_owned(),
        Why::Momentary => "it was over before its moment had passed".to_owned(),
        Why::Covered => "its alert holds as many signals as it may; it is counted there".to_owned(),
        Why::Crowded => "too many problems were open, and it was the least urgent".to_owned(),
        Why::WayBack => "its service was on its way back from a trouble that people felt".to_owned(),
    }
}
