//! JSON messages: one document, several (NDJSON, or one after the other), an array of them, or `{"metrics":[…]}`.
//!
//! A broken document is a reject, and reading goes on at the next line that begins with `{`. Telegraf's metrics, which come by
//! the million, are first tried in place; all else is told apart by [`json_kind`](super::json_kind).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, Visitor};

use super::cursor::Cursor;
use super::json_kind::document_kind;
use super::{Format, cloudevents, json_logs, json_metrics, metricbeat, otlp, quote, telegraf};
use crate::signal::{Reject, RejectReason, Sink};
use crate::time::Timestamp;

/// How deep a document may nest; no real one comes near, and `serde_json` gives up at 128.
pub(super) const DEPTH_MAX: usize = 100;

/// Text that borrows from the message where it holds no escape.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
    fn visit_unit<E: Error>(self) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextVisitor)
    }
}

/// The reject of a document that serde could not read.
pub(super) fn fault(place: &str, error: &serde_json::Error) -> Reject {
    let reason = if error.is_eof() { RejectReason::Truncated } else { RejectReason::Malformed };
    Reject::new(reason, format!("{place}: {error}"))
}

/// Whether the message can only be JSON.
pub(super) fn is_json(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Decodes every document of the message, each as what it is.
pub(super) fn decode<S: Sink>(bytes: &[u8], default_time: Option<Timestamp>, sink: &mut S) {
    let utf8 = std::str::from_utf8(bytes).is_ok();
    let mut reader = Reader { bytes, utf8, fields: telegraf::Fields::new(), default_time };
    let mut at = 0;
    let mut in_array = false;
    while let Some(start) = next_document(bytes, at, &mut in_array) {
        at = match telegraf::batch(bytes, start) {
            Some(first) => reader.batch(first, sink),
            None => reader.document(start, sink).0,
        };
    }
}

/// Goes through the documents of one message.
struct Reader<'a> {
    bytes: &'a [u8],
    /// Whether all of it is.
    utf8: bool,
    fields: telegraf::Fields<'a>,
    default_time: Option<Timestamp>,
}

impl Reader<'_> {
    /// Reads the document that starts here, or rejects it; gives where reading goes on, and whether it was whole.
    fn document<S: Sink>(&mut self, start: usize, sink: &mut S) -> (usize, bool) {
        let bytes = self.bytes;
        if self.utf8
            && let Some(end) = telegraf::quick(bytes, start, &mut self.fields, self.default_time, sink)
        {
            return (end, true);
        }
        let (read, at) = match document_end(&bytes[start..]) {
            Ok(length) => {
                let end = start + length;
                let read = decode_document(&bytes[start..end], self.default_time, sink);
                let at = if read.is_ok() { end } else { resume(bytes, start, end) };
                (read, at)
            }
            Err((reason, what)) => {
                let at = resume(bytes, start, bytes.len());
                let detail = format!("JSON at byte {start}: {what}: {}", quote(&bytes[start..at]));
                (Err(Reject::new(reason, detail)), at)
            }
        };
        let whole = read.is_ok();
        if let Err(reject) = read {
            sink.reject(reject);
        }
        (at, whole)
    }

    /// Reads the members of a `metrics` array from `at` on, to its end or as far as it goes.
    fn batch<S: Sink>(&mut self, mut at: usize, sink: &mut S) -> usize {
        loop {
            let mut cursor = Cursor::new(self.bytes, at);
            match cursor.peek() {
                Some(b',') => at = cursor.at + 1,
                Some(b'{') => match self.document(cursor.at, sink) {
                    // The rest of the batch is cut off with it.
                    (end, false) if end == self.bytes.len() => return end,
                    (end, _) => at = end,
                },
                Some(b']') => {
                    cursor.at += 1;
                    let closed = cursor.at;
                    match close(&mut cursor) {
                        Ok(()) => return cursor.at,
                        Err(fault) => {
                            let detail = format!("JSON batch, byte {}: {}", fault.at, fault.what);
                            sink.reject(Reject::new(fault.reason, detail));
                            return resume(self.bytes, closed, self.bytes.len());
                        }
                    }
                }
                Some(_) => {
                    let start = cursor.at;
                    let rest = &self.bytes[start..];
                    at = start + memchr::memchr2(b'{', b']', rest).unwrap_or(rest.len());
                    let detail = format!("JSON batch, byte {start}: no metric stands here: {}", quote(rest));
                    sink.reject(Reject::new(RejectReason::Malformed, detail));
                }
                None => {
                    let detail = format!("JSON batch, byte {}: ends before it is complete", cursor.at);
                    sink.reject(Reject::new(RejectReason::Truncated, detail));
                    return cursor.at;
                }
            }
        }
    }
}

/// Passes over what an object holds behind its batch.
fn close(cursor: &mut Cursor<'_>) -> Result<(), super::cursor::Fault> {
    let mut first = false;
    while cursor.key(&mut first)?.is_some() {
        cursor.skip()?;
    }
    Ok(())
}

/// The format of the first document.
pub(super) fn kind(bytes: &[u8]) -> Option<Format> {
    let mut in_array = false;
    let mut at = 0;
    // The first may be broken: a few are asked.
    for _ in 0..8 {
        let start = next_document(bytes, at, &mut in_array)?;
        if telegraf::batch(bytes, start).is_some() {
            return Some(Format::Telegraf);
        }
        match document_end(&bytes[start..]) {
            Ok(length) => match std::str::from_utf8(&bytes[start..start + length]).ok().and_then(document_kind) {
                Some(format) => return Some(format),
                None => at = start + length,
            },
            Err(_) => {
                // Cut off or broken: the keys that are there may still tell.
                let end = resume(bytes, start, bytes.len());
                let part = &bytes[start..end];
                let text = std::str::from_utf8(part)
                    .unwrap_or_else(|error| std::str::from_utf8(&part[..error.valid_up_to()]).unwrap_or_default());
                if let Some(format) = document_kind(text) {
                    return Some(format);
                }
                at = end;
            }
        }
    }
    None
}

/// The start of the next document, or of what stands where one should: behind blanks and, in an array, its punctuation.
fn next_document(bytes: &[u8], mut at: usize, in_array: &mut bool) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            // GELF ends its messages with a zero byte.
            b' ' | b'\t' | b'\r' | b'\n' | 0 => at += 1,
            b'[' if !*in_array => (at, *in_array) = (at + 1, true),
            b',' if *in_array => at += 1,
            b']' if *in_array => (at, *in_array) = (at + 1, false),
            _ => return Some(at),
        }
    }
}

/// Where reading goes on after the broken document at `start`: at a line that begins with `{`, else at `end`.
fn resume(bytes: &[u8], start: usize, end: usize) -> usize {
    memchr::memmem::find(&bytes[start..end], b"\n{").map_or(end, |found| start + found + 1)
}

/// The length of the object or array that starts here. Brackets are only counted: whether they match, serde says.
fn document_end(bytes: &[u8]) -> Result<usize, (RejectReason, &'static str)> {
    if !matches!(bytes.first(), Some(b'{' | b'[')) {
        return Err((RejectReason::Malformed, "no object starts here"));
    }
    let mut depth = 0usize;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => {
                depth += 1;
                if DEPTH_MAX < depth {
                    return Err((RejectReason::TooDeep, "nested deeper than 100"));
                }
            }
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            b'"' => {
                at += 1;
                while let Some(&byte) = bytes.get(at) {
                    match byte {
                        b'"' => break,
                        b'\\' => at += 2,
                        b'\n' => return Err((RejectReason::Malformed, "a line ends within a string")),
                        _ => at += 1,
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err((RejectReason::Truncated, "ends before it is complete"))
}

fn decode_document<S: Sink>(bytes: &[u8], default_time: Option<Timestamp>, sink: &mut S) -> Result<(), Reject> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let detail = format!("JSON document: invalid UTF-8: {}", quote(bytes));
        return Err(Reject::new(RejectReason::InvalidUtf8, detail));
    };
    match document_kind(text) {
        Some(Format::OtlpJson) => otlp::decode_json(text, default_time, sink),
        Some(Format::CloudEvents) => sink.change(cloudevents::read(text, default_time)?),
        Some(Format::Telegraf) => telegraf::read(text, default_time, sink)?,
        Some(Format::JsonMetrics) => json_metrics::read(text, default_time, sink)?,
        Some(Format::Metricbeat) => metricbeat::read(text, default_time, sink)?,
        Some(_) => json_logs::read(text, default_time, sink)?,
        None => return Err(unknown(text)),
    }
    Ok(())
}

/// Why nobody takes a document: it is broken, or its keys are nobody's.
fn unknown(text: &str) -> Reject {
    match serde_json::from_str::<IgnoredAny>(text) {
        Err(error) => fault("JSON document", &error),
        Ok(_) => {
            let detail =
                format!("JSON document that is no metric, no log, no CloudEvent, no OTLP: {}", quote(text.as_bytes()));
            Reject::new(RejectReason::UnknownFormat, detail)
        }
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
