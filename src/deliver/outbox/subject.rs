//! What routes and silences are matched on: an alert's signals, each with the alert's `service`, `kind` and `urgency`.

use crate::alert::{AlertRecord, Urgency};
use crate::finding::Kind;
use crate::signal::{Selector, Signal};

/// The signals that stand for an alert. Each is there as itself (with its own service) and with the alert's service.
pub(super) fn subjects(record: &AlertRecord) -> Vec<Signal> {
    let mut named: Vec<Signal> = record.signals.iter().map(|note| read_signal(&note.signal)).collect();
    if named.is_empty() {
        named.push(Signal::new("", [("", "")]));
    }
    let mut subjects = Vec::with_capacity(named.len() * 2);
    for signal in named {
        let own = signal.service().unwrap_or(&record.service).to_owned();
        let mut signal = signal.with("kind", kind_word(record.kind)).with("urgency", urgency_word(record.urgency));
        for (key, value) in &record.labels {
            if signal.label(key).is_none() {
                signal = signal.with(key, value);
            }
        }
        if own != record.service {
            subjects.push(signal.with("service", &own));
        }
        subjects.push(signal.with("service", &record.service));
    }
    subjects
}

/// Whether the selector means any of them.
pub(super) fn is_meant(selector: &Selector, subjects: &[Signal]) -> bool {
    subjects.iter().any(|signal| selector.matches(signal))
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Anomaly => "anomaly",
        Kind::Forecast => "forecast",
        Kind::Absence => "absence",
        Kind::Log => "log",
        Kind::Change => "change",
    }
}

fn urgency_word(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Page => "page",
        Urgency::Hold => "hold",
        Urgency::Digest => "digest",
    }
}

/// Reads the selector form of a signal back. Total: what is not in that form becomes a signal of that name.
fn read_signal(text: &str) -> Signal {
    read(text).unwrap_or_else(|| Signal::new(text, [("", "")]))
}

fn read(text: &str) -> Option<Signal> {
    let Some((bare, rest)) = text.split_once('{') else {
        return Some(Signal::new(text, [("", "")]));
    };
    let mut rest = rest.strip_suffix('}')?;
    let mut name = bare.to_owned();
    let mut labels: Vec<(String, String)> = Vec::new();
    while !rest.is_empty() {
        let (key, after) = match rest.strip_prefix('"') {
            Some(inner) => unquote(inner)?,
            None => {
                let end = rest.find('=')?;
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        if let Some(value) = after.strip_prefix("=\"") {
            let (value, after) = unquote(value)?;
            labels.push((key, value));
            rest = after;
        } else {
            name = key;
            rest = after;
        }
        rest = match rest.strip_prefix(',') {
            Some(next) => next,
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    Some(Signal::new(&name, labels))
}

/// The text up to the closing quote, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selector_form_of_a_signal_reads_back() {
        let signals = [
            Signal::new("up", [("", "")]),
            Signal::new("disk_used_ratio", [("host", "db-1"), ("device", "a,b}=\"c\"\\\n")]),
            Signal::new("system.cpu.utilization", [("service.name", "a\"b"), ("state", "idle")]),
            Signal::new("odd{name", [("k", "v")]),
        ];
        for signal in signals {
            assert_eq!(read_signal(&signal.to_string()), signal, "{signal}");
        }
        for broken in ["{", "a{b", "a{b=\"c}", "", "}{", "a{b=c}"] {
            let _ = read_signal(broken);
        }
    }
}
