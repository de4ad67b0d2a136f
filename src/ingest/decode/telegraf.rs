//! Telegraf's JSON: `{"fields":{"usage_idle":98.2},"name":"cpu","tags":{"host":"a"},"timestamp":1700000000}`, alone or as
//! `{"metrics":[…]}`.
//!
//! <https://github.com/influxdata/telegraf/tree/master/plugins/serializers/json>. Numeric and boolean fields become
//! `name_field{tags}` as from line protocol; strings, nothing and nested fields are passed over. The unit of the timestamp
//! (`json_timestamp_units`: s, ms, us, ns) is told by its magnitude, a text (`json_timestamp_format`) is read as a time.

use serde_json::value::RawValue;

use super::cursor::{Cursor, Fault};
use super::influx::is_counter;
use super::json::Text;
use super::moment::{epoch_integer, moment};
use super::quote;
use crate::signal::{Fingerprint, Reading, Reject, RejectReason, Signal, Sink};
use crate::time::Timestamp;

/// Keeps these fingerprints apart from those of other decoders.
const PRINTS: u64 = 0x7465_6C65_6772_6166;

/// The numeric fields of one metric, as they stand in the message: its scratch.
pub(super) type Fields<'a> = Vec<(&'a [u8], f64)>;

/// A metric as it stands in the message.
struct Metric<'a> {
    name: &'a [u8],
    /// The object of tags with its braces.
    tags: &'a [u8],
    at: Option<Timestamp>,
    end: usize,
}

/// What keys of other formats do to a metric.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    /// They show that it is none.
    Refused,
    /// They are passed over.
    Skipped,
}

/// Reads the metric that starts here and gives its end; nothing where it is none that is whole. The text is UTF-8.
#[inline]
pub(super) fn quick<'a, S: Sink>(
    bytes: &'a [u8],
    start: usize,
    fields: &mut Fields<'a>,
    default_time: Option<Timestamp>,
    sink: &mut S,
) -> Option<usize> {
    let metric = scan(bytes, start, fields, Others::Refused).ok()?;
    let at = metric.at.or(default_time)?;
    emit(&metric, fields, at, sink);
    Some(metric.end)
}

/// Whether a batch starts here, and where its first metric does.
pub(super) fn batch(bytes: &[u8], start: usize) -> Option<usize> {
    let mut cursor = Cursor::new(bytes, start);
    cursor.take(b'{', "").ok()?;
    let key = cursor.key(&mut true).ok()??;
    (key == b"metrics" && cursor.peek() == Some(b'[')).then_some(cursor.at + 1)
}

/// Reads a document that is one metric, or says what is wrong with it.
pub(super) fn read<S: Sink>(text: &str, default_time: Option<Timestamp>, sink: &mut S) -> Result<(), Reject> {
    let mut fields = Fields::new();
    let metric = scan(text.as_bytes(), 0, &mut fields, Others::Skipped).map_err(|fault| reject(text, fault))?;
    let Some(at) = metric.at.or(default_time) else {
        let detail = format!("Telegraf metric: no timestamp: {}", quote(text.as_bytes()));
        return Err(Reject::new(RejectReason::NoTime, detail));
    };
    emit(&metric, &fields, at, sink);
    Ok(())
}

fn reject(text: &str, fault: Fault) -> Reject {
    let detail = format!("Telegraf metric, byte {}: {}: {}", fault.at, fault.what, quote(text.as_bytes()));
    Reject::new(fault.reason, detail)
}

fn scan<'a>(bytes: &'a [u8], start: usize, fields: &mut Fields<'a>, others: Others) -> Result<Metric<'a>, Fault> {
    fields.clear();
    let mut cursor = Cursor::new(bytes, start);
    cursor.take(b'{', "no object starts here")?;
    let (mut name, mut tags, mut at, mut has_fields): (&[u8], &[u8], _, _) = (&[], &[], None, false);
    let mut first = true;
    while let Some(key) = cursor.key(&mut first)? {
        match key {
            b"fields" => {
                scan_fields(&mut cursor, fields)?;
                has_fields = true;
            }
            b"name" => name = cursor.text()?,
            b"tags" => tags = scan_tags(&mut cursor)?,
            b"timestamp" => at = Some(scan_time(&mut cursor)?),
            _ if others == Others::Skipped => cursor.skip()?,
            _ => return cursor.fault("a key that is not Telegraf's"),
        }
    }
    if name.is_empty() || !has_fields {
        return Err(Fault { reason: RejectReason::Malformed, at: start, what: "no name or no fields" });
    }
    Ok(Metric { name, tags, at, end: cursor.at })
}

#[inline]
fn scan_fields<'a>(cursor: &mut Cursor<'a>, fields: &mut Fields<'a>) -> Result<(), Fault> {
    cursor.take(b'{', "the fields are no object")?;
    let mut first = true;
    while let Some(key) = cursor.key(&mut first)? {
        if let Some(value) = cursor.value()? {
            fields.push((key, value));
        }
    }
    Ok(())
}

/// The object of tags as it stands; only its shape is looked at.
#[inline]
fn scan_tags<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Fault> {
    if cursor.peek() == Some(b'n') {
        cursor.skip()?;
        return Ok(&[]);
    }
    let start = cursor.at;
    cursor.take(b'{', "the tags are no object")?;
    let mut first = true;
    while cursor.key(&mut first)?.is_some() {
        match cursor.peek() {
            Some(b'"') => drop(cursor.text()?),
            _ => cursor.skip()?,
        }
    }
    Ok(cursor.since(start))
}

#[inline]
fn scan_time(cursor: &mut Cursor<'_>) -> Result<Timestamp, Fault> {
    cursor.peek();
    let start = cursor.at;
    cursor.skip()?;
    let raw = cursor.since(start);
    if let Some(at) = epoch_integer(raw) {
        return Ok(at);
    }
    let at = std::str::from_utf8(raw).ok().and_then(moment);
    at.ok_or(Fault { reason: RejectReason::NoTime, at: start, what: "the timestamp cannot be read" })
}

#[inline]
fn emit<S: Sink>(metric: &Metric<'_>, fields: &Fields<'_>, at: Timestamp, sink: &mut S) {
    let print = Fingerprint::new(PRINTS, metric.tags).and(metric.name);
    for &(field, value) in fields {
        let reading = if is_counter(field) { Reading::Total { value, start: None } } else { Reading::Gauge(value) };
        sink.sample(print.and(field), || identity(metric, field), at, reading);
    }
}

/// The identity of a field; asked once for each series.
fn identity(metric: &Metric<'_>, field: &[u8]) -> Signal {
    Signal::new(&format!("{}_{}", plain(metric.name), plain(field)), labels(metric.tags))
}

/// Text between quotes without its escapes.
fn plain(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    if !text.contains('\\') {
        return text.into_owned();
    }
    serde_json::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| text.into_owned())
}

/// An object's members as labels: text bare, numbers and truth values as they stand.
fn labels(object: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(object);
    let read: Result<std::collections::BTreeMap<String, &RawValue>, _> = serde_json::from_str(&text);
    let members = read.unwrap_or_default().into_iter();
    let value = |raw: &str| match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<Text<'_>>(raw).map(|text| text.0.into_owned()).unwrap_or_default(),
        Some(b'n') | None => String::new(),
        _ => raw.to_owned(),
    };
    members.map(|(key, raw)| (key, value(raw.get()))).collect()
}

#[cfg(test)]
#[path = "telegraf_tests.rs"]
mod tests;
