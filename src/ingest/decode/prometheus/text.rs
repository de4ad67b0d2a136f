//! The text formats: Prometheus 0.0.4 and OpenMetrics 1.0, lines of `name{label="value"} 1.5 1700000000`.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>, <https://prometheus.io/docs/specs/om/open_metrics_spec/>. Histograms and
//! summaries whose type is told are put together from their lines; exemplars and `_created` are passed over. A time is in seconds or
//! milliseconds by its magnitude; a line without one takes the message's.

use std::borrow::Cow;

use super::family::Family;
use super::line::{Fault, Sample};
use super::{Kind, PRINTS_TEXT};
use crate::ingest::decode::quote;
use crate::signal::{Fingerprint, Reject, RejectReason, Signal, Sink};
use crate::time::Timestamp;

/// Seconds since the epoch that somebody may have counted from: 2001 to 5138.
const EPOCH: std::ops::Range<f64> = 1e9..1e11;

/// Decodes an exposition; what carries no time takes `default_time`.
pub(in crate::ingest::decode) fn decode<S: Sink>(bytes: &[u8], default_time: Option<Timestamp>, sink: &mut S) {
    let mut family = Family::default();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        let Ok(text) = std::str::from_utf8(line) else {
            let detail = format!("Prometheus line {}: invalid UTF-8: {}", number + 1, quote(line));
            sink.reject(Reject::new(RejectReason::InvalidUtf8, detail));
            continue;
        };
        if let Err(fault) = read_line(text, default_time, &mut family, sink) {
            let detail =
                format!("Prometheus line {}, column {}: {}: {}", number + 1, fault.at + 1, fault.what, quote(line));
            sink.reject(Reject::new(fault.reason, detail));
        }
    }
    family.finish(sink);
}

fn read_line<S: Sink>(
    text: &str,
    default_time: Option<Timestamp>,
    family: &mut Family,
    sink: &mut S,
) -> Result<(), Fault> {
    if text.is_empty() {
        return Ok(());
    }
    if let Some(comment) = text.strip_prefix('#') {
        if let Some(("TYPE", name, rest)) = keyword(comment) {
            family.begin(&name, Kind::from_word(rest.trim()), sink);
        }
        return Ok(());
    }
    let sample = Sample::read(text)?;
    let Some(at) = sample.at.or(default_time) else {
        return Err(Fault { reason: RejectReason::NoTime, at: text.len(), what: "no timestamp" });
    };
    if family.take(&sample, at, sink) || sample.value.is_nan() {
        return Ok(());
    }
    // When counting began: clients write it beside each counter, in OpenMetrics or as a gauge of its own.
    if sample.name.ends_with("_created") && EPOCH.contains(&sample.value) {
        return Ok(());
    }
    let kind = family.kind_of(&sample.name);
    let print = Fingerprint::new(PRINTS_TEXT, sample.name.as_bytes()).and(sample.block.as_bytes());
    let reading = kind.reading(sample.name.as_bytes(), sample.value);
    sink.sample(
        print,
        || Signal::new(&sample.name, sample.labels.iter().map(|(key, value)| (key, value))),
        at,
        reading,
    );
    Ok(())
}

/// Whether the first line that tells is one of an exposition: a comment that names a metric, a sample with labels, or a sample
/// whose name has an underscore or a colon in it. (`started 5` is a sample too, and more likely a person's words.)
pub(in crate::ingest::decode) fn fits(bytes: &[u8]) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    for line in lines.take(16) {
        let Ok(text) = std::str::from_utf8(line) else { return false };
        if let Some(comment) = text.strip_prefix('#') {
            match keyword(comment) {
                Some(_) => return true,
                None if comment.trim() == "EOF" => return true,
                None => continue,
            }
        }
        return Sample::read(text).is_ok_and(|sample| !sample.labels.is_empty() || sample.name.contains(['_', ':']));
    }
    false
}

/// `TYPE`, `HELP` or `UNIT`, the metric it speaks of (quoted where it is no plain name), and what follows.
fn keyword(comment: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (word, rest) = comment.trim_start().split_once(' ')?;
    if !matches!(word, "TYPE" | "HELP" | "UNIT") {
        return None;
    }
    let rest = rest.trim_start();
    if let Some(quoted) = rest.strip_prefix('"') {
        let (name, rest) = quoted.split_once('"')?;
        return Some((word, Cow::Borrowed(name), rest));
    }
    let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    super::line::is_name(name).then_some((word, Cow::Borrowed(name), rest))
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
