//! Influx line protocol: `measurement,tag=value field=1.5,other=2i 1700000000000000000`.
//!
//! Numeric and boolean fields become gauges `measurement_field{tags}`, string fields are passed over. A line counts whole
//! or not at all; a broken one is a reject with its line and column, and the next line goes on.
//! Grammar: <https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/>.

use std::borrow::Cow;
use std::ops::Range;

use super::number::{scan, scan_integer};
use super::quote;
use crate::signal::{Fingerprint, Reading, Reject, RejectReason, Signal, Sink};
use crate::time::Timestamp;

/// Keeps these fingerprints apart from those of other decoders.
const PRINTS: u64 = 0x696E_666C_7578;

/// The unit of the timestamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Nanoseconds, the protocol's default.
    #[default]
    Nanos,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Seconds.
    Secs,
}

impl Precision {
    fn nanos(self) -> i64 {
        match self {
            Precision::Nanos => 1,
            Precision::Micros => 1_000,
            Precision::Millis => 1_000_000,
            Precision::Secs => 1_000_000_000,
        }
    }
}

/// Decodes all lines; one without a timestamp takes `default_time`.
pub fn decode<S: Sink>(bytes: &[u8], precision: Precision, default_time: Option<Timestamp>, sink: &mut S) {
    let all_utf8 = std::str::from_utf8(bytes).is_ok();
    let mut fields = Vec::with_capacity(16);
    let mut lines = LineNumber { line: 1, start: 0 };
    let mut at = 0;
    while let Some(start) = skip_blank(bytes, at) {
        let fault = match scan_line(bytes, start, &mut fields) {
            Ok(line) => {
                at = line.end;
                let utf8 = all_utf8 || std::str::from_utf8(&bytes[start..line.end]).is_ok();
                let time = match line.time {
                    Some(time) => Some(Timestamp::from_nanos(time.saturating_mul(precision.nanos()))),
                    None => default_time,
                };
                match time {
                    Some(time) if utf8 => {
                        emit(bytes, &line, &fields, time, sink);
                        continue;
                    }
                    Some(_) => Fault { reason: RejectReason::InvalidUtf8, at: start, what: "invalid UTF-8" },
                    None => Fault { reason: RejectReason::NoTime, at: line.end, what: "no timestamp" },
                }
            }
            Err(fault) => {
                // From this line's end, not the fault's: an open quote must not swallow good lines.
                at = start + after_newline(&bytes[start..]);
                fault
            }
        };
        sink.reject(lines.reject(bytes, start, &fault));
    }
}

/// Whether one of the first lines is one of line protocol; further down a stray line proves nothing.
pub(super) fn fits(bytes: &[u8]) -> bool {
    let mut fields = Vec::new();
    let mut at = 0;
    for _ in 0..64 {
        let Some(start) = skip_blank(bytes, at) else { return false };
        match scan_line(bytes, start, &mut fields) {
            // `level=info value=3` is logfmt: nobody's measurement holds a bare `=`.
            Ok(line) if !bytes[start..line.measurement].contains(&b'=') => return true,
            Ok(line) => at = line.end,
            Err(_) => at = start + after_newline(&bytes[start..]),
        }
    }
    false
}

/// A line as its places in the message.
struct Line {
    /// Measurement and tags.
    key: Range<usize>,
    /// The end of the measurement.
    measurement: usize,
    /// The timestamp as written.
    time: Option<i64>,
    /// Where the next line starts.
    end: usize,
}

/// A numeric field.
struct Field {
    key: Range<usize>,
    value: f64,
}

/// What is wrong with a line, and where.
struct Fault {
    reason: RejectReason,
    at: usize,
    what: &'static str,
}

fn malformed<T>(at: usize, what: &'static str) -> Result<T, Fault> {
    Err(Fault { reason: RejectReason::Malformed, at, what })
}

/// Counts lines only where somebody asks, each newline once.
struct LineNumber {
    line: usize,
    start: usize,
}

impl LineNumber {
    fn reject(&mut self, bytes: &[u8], start: usize, fault: &Fault) -> Reject {
        self.line += memchr::memchr_iter(b'\n', &bytes[self.start..start]).count();
        self.start = start;
        let column = fault.at.saturating_sub(start) + 1;
        let text = &bytes[start..start + after_newline(&bytes[start..])];
        Reject::new(
            fault.reason,
            format!("influx line {}, column {column}: {}: {}", self.line, fault.what, quote(text)),
        )
    }
}

/// The length up to and including the next newline.
fn after_newline(rest: &[u8]) -> usize {
    memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1)
}

/// The start of the next line that is neither blank nor a comment.
fn skip_blank(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'#' => at += after_newline(&bytes[at..]),
            _ => return Some(at),
        }
    }
}

const ESCAPE: u8 = 1;
const COMMA: u8 = 2;
const SPACE: u8 = 3;
const EQUALS: u8 = 4;
const NEWLINE: u8 = 5;

/// The bytes at which a key or a tag may end.
const STOPS: [u8; 256] = {
    let mut stops = [0; 256];
    stops[b'\\' as usize] = ESCAPE;
    stops[b',' as usize] = COMMA;
    stops[b' ' as usize] = SPACE;
    stops[b'=' as usize] = EQUALS;
    stops[b'\n' as usize] = NEWLINE;
    stops
};

/// Goes on to the next unescaped stop; the end of the message counts as a newline.
#[inline]
fn next_stop(bytes: &[u8], at: &mut usize) -> u8 {
    while let Some(rest) = bytes.get(*at..)
        && let Some(found) = rest.iter().position(|byte| STOPS[*byte as usize] != 0)
    {
        *at += found;
        match STOPS[rest[found] as usize] {
            ESCAPE => *at += if rest.get(found + 1).is_some_and(|&next| next != b'\n') { 2 } else { 1 },
            stop => return stop,
        }
    }
    *at = bytes.len();
    NEWLINE
}

fn scan_line(bytes: &[u8], start: usize, fields: &mut Vec<Field>) -> Result<Line, Fault> {
    fields.clear();
    let mut at = start;
    let mut stop = next_stop(bytes, &mut at);
    while stop == EQUALS {
        at += 1;
        stop = next_stop(bytes, &mut at);
    }
    let measurement = at;
    if measurement == start {
        return malformed(at, "no measurement");
    }
    while stop == COMMA {
        stop = scan_tag(bytes, &mut at)?;
    }
    if stop != SPACE {
        return malformed(at, "no fields");
    }
    let key = start..at;
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    loop {
        scan_field(bytes, &mut at, fields)?;
        match bytes.get(at) {
            Some(b',') => at += 1,
            Some(b' ' | b'\n' | b'\r') | None => break,
            Some(_) => return malformed(at, "a field goes on after its value"),
        }
    }
    let (time, end) = scan_time(bytes, at)?;
    Ok(Line { key, measurement, time, end })
}

/// One `,key=value`; stands at the comma, ends at the next stop.
#[inline]
fn scan_tag(bytes: &[u8], at: &mut usize) -> Result<u8, Fault> {
    *at += 1;
    let key = *at;
    if next_stop(bytes, at) != EQUALS || *at == key {
        return malformed(*at, "a tag is not key=value");
    }
    *at += 1;
    let value = *at;
    let stop = next_stop(bytes, at);
    if stop == EQUALS || *at == value {
        return malformed(*at, "a tag has no value or a bare `=` in it");
    }
    Ok(stop)
}

/// One `key=value` of the field set.
#[inline]
fn scan_field(bytes: &[u8], at: &mut usize, fields: &mut Vec<Field>) -> Result<(), Fault> {
    let start = *at;
    if next_stop(bytes, at) != EQUALS || *at == start {
        return malformed(*at, "a field is not key=value");
    }
    let key = start..*at;
    *at += 1;
    let value = match bytes.get(*at) {
        Some(b'"') => return skip_string(bytes, at),
        Some(b't' | b'T' | b'f' | b'F') => scan_bool(bytes, at)?,
        _ => {
            let Some((value, end)) = scan(bytes, *at) else { return malformed(*at, "a field's value cannot be read") };
            *at = end;
            value
        }
    };
    fields.push(Field { key, value });
    Ok(())
}

fn skip_string(bytes: &[u8], at: &mut usize) -> Result<(), Fault> {
    let start = *at;
    *at += 1;
    while let Some(found) = bytes.get(*at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        *at += found;
        if bytes[*at] == b'"' {
            *at += 1;
            return Ok(());
        }
        *at += 2;
    }
    Err(Fault { reason: RejectReason::Truncated, at: start, what: "a string has no end" })
}

fn scan_bool(bytes: &[u8], at: &mut usize) -> Result<f64, Fault> {
    let rest = &bytes[*at..];
    let length = rest.iter().take(6).position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len().min(6));
    let value = match &rest[..length] {
        b"t" | b"T" | b"true" | b"True" | b"TRUE" => 1.0,
        b"f" | b"F" | b"false" | b"False" | b"FALSE" => 0.0,
        _ => return malformed(*at, "a field's value cannot be read"),
    };
    *at += length;
    Ok(value)
}

/// The timestamp, if there is one, and the start of the next line.
#[inline]
fn scan_time(bytes: &[u8], mut at: usize) -> Result<(Option<i64>, usize), Fault> {
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    let mut time = None;
    if let Some((value, end)) = scan_integer(bytes, at) {
        (time, at) = (Some(value), end);
    }
    while let Some(b' ' | b'\t' | b'\r') = bytes.get(at) {
        at += 1;
    }
    match bytes.get(at) {
        Some(b'\n') => Ok((time, at + 1)),
        None => Ok((time, at)),
        Some(_) => malformed(at, "the timestamp is not an integer"),
    }
}

#[inline]
fn emit<S: Sink>(bytes: &[u8], line: &Line, fields: &[Field], at: Timestamp, sink: &mut S) {
    let key = &bytes[line.key.clone()];
    let print = Fingerprint::new(PRINTS, key);
    let measurement = line.measurement - line.key.start;
    for field in fields {
        let name = &bytes[field.key.clone()];
        let reading = if is_counter(name) {
            Reading::Total { value: field.value, start: None }
        } else {
            Reading::Gauge(field.value)
        };
        sink.sample(print.and(name), || identity(key, measurement, name), at, reading);
    }
}

/// Line protocol has no types of metrics; OpenMetrics reserves this suffix for counters, and clients follow it here too.
/// A field that is `total` and nothing else is a size (`mem total=…`).
pub(super) fn is_counter(field: &[u8]) -> bool {
    field.ends_with(b"_total")
}

/// The identity of a field; asked once for each series.
fn identity(key: &[u8], measurement: usize, field: &[u8]) -> Signal {
    let name = format!("{}_{}", unescape(&key[..measurement]), unescape(field));
    let mut labels = Vec::new();
    let mut at = measurement;
    while at < key.len() {
        let start = at + 1;
        at = start;
        next_stop(key, &mut at);
        let equals = at;
        at += 1;
        next_stop(key, &mut at);
        labels.push((unescape(&key[start..equals]), unescape(&key[(equals + 1).min(at)..at])));
    }
    Signal::new(&name, labels)
}

/// A backslash hides a comma, an equals sign or a space; before anything else it is itself.
fn unescape(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains('\\') {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(&next) if c == '\\' && matches!(next, ',' | '=' | ' ') => {
                plain.push(next);
                chars.next();
            }
            _ => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
#[path = "influx_tests.rs"]
mod tests;
