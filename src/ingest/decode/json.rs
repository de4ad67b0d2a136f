//! JSON messages: one document, several (NDJSON, or one after the other), or an array of them.
//!
//! A broken document is a reject, and reading goes on at the next line that begins with `{`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::{Format, cloudevents, json_logs, otlp, quote};
use crate::signal::{Reject, RejectReason, Sink};
use crate::time::Timestamp;

/// How deep a document may nest; no real one comes near, and `serde_json` gives up at 128.
const DEPTH_MAX: usize = 100;

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
    let mut at = 0;
    let mut in_array = false;
    while let Some(start) = next_document(bytes, at, &mut in_array) {
        let read = match document_end(&bytes[start..]) {
            Ok(length) => {
                let read = decode_document(&bytes[start..start + length], default_time, sink);
                at = if read.is_ok() { start + length } else { resume(bytes, start, start + length) };
                read
            }
            Err((reason, what)) => {
                at = resume(bytes, start, bytes.len());
                Err(Reject::new(reason, format!("JSON at byte {start}: {what}: {}", quote(&bytes[start..at]))))
            }
        };
        if let Err(reject) = read {
            sink.reject(reject);
        }
    }
}

/// The format of the first document.
pub(super) fn kind(bytes: &[u8]) -> Option<Format> {
    let mut in_array = false;
    let mut at = 0;
    // The first may be broken: a few are asked.
    for _ in 0..8 {
        let start = next_document(bytes, at, &mut in_array)?;
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
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
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
            let detail = format!("JSON document that is no log, no CloudEvent, no OTLP: {}", quote(text.as_bytes()));
            Reject::new(RejectReason::UnknownFormat, detail)
        }
    }
}

/// What a document is, by its outermost keys; it is not read further than needed.
fn document_kind(text: &str) -> Option<Format> {
    let mut found = Found::default();
    // The answer stands in `found` even where the document breaks off.
    let _ = Deserializer::deserialize_map(&mut serde_json::Deserializer::from_str(text), KeyVisitor(&mut found));
    match found {
        Found { certain: Some(format), .. } => Some(format),
        Found { message: true, .. } => Some(Format::JsonLogs),
        _ => None,
    }
}

#[derive(Default)]
struct Found {
    certain: Option<Format>,
    message: bool,
}

struct KeyVisitor<'a>(&'a mut Found);

impl<'de> Visitor<'de> for KeyVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match &*key.0 {
                "resourceMetrics" | "resourceLogs" => {
                    self.0.certain = Some(Format::OtlpJson);
                    return Ok(());
                }
                "specversion" => {
                    self.0.certain = Some(Format::CloudEvents);
                    return Ok(());
                }
                key => self.0.message |= json_logs::is_message(key),
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
