//! Remote write 1.0: `WriteRequest` of `prompb/remote.proto`, packed with snappy's block format or bare.
//!
//! <https://prometheus.io/docs/specs/prw/remote_write_spec/>. timeseries 1 (labels 1, samples 2, histograms 4), metadata 3. The body
//! of version 2 has fields that this one reserves: the first field tells. What unpacking may take is bounded before it begins.

use std::borrow::Cow;
use std::collections::HashMap;

use smallvec::SmallVec;

use super::super::wire::{Fault, Fields, Value, text};
use super::{Kind, PRINTS, native, write2};
use crate::signal::{Buckets, Fingerprint, Reading, Reject, RejectReason, Signal, Sink};
use crate::time::Timestamp;

/// Snappy's copies yield at most 64 bytes for 3: what claims more than this is none.
const SNAPPY_RATIO: usize = 22;

/// No real request is larger when unpacked; a decoder keeps to `limits.message_bytes`.
const RECOGNISED_MAX: usize = 32 << 20;

/// Decodes one request; unpacked it may have `longest` bytes.
pub(in crate::ingest::decode) fn decode<S: Sink>(
    bytes: &[u8],
    default_time: Option<Timestamp>,
    longest: usize,
    sink: &mut S,
) {
    match unpack(bytes, longest) {
        Ok(body) if is_version_2(&body) => write2::decode(&body, default_time, sink),
        Ok(body) => decode_1(&body, default_time, sink),
        Err(reject) => sink.reject(reject),
    }
}

/// Whether it is a request of either version, packed or not: its first series tells, what follows may be broken.
pub(in crate::ingest::decode) fn fits(bytes: &[u8]) -> bool {
    let shaped = |body: &[u8]| shape_1(body) || write2::shape(body);
    if shaped(bytes) {
        return true;
    }
    // Snappy begins with a length and, having nothing to copy yet, a literal.
    unpack(bytes, RECOGNISED_MAX).is_ok_and(|body| matches!(body, Cow::Owned(_)) && shaped(&body))
}

fn is_version_2(body: &[u8]) -> bool {
    matches!(body.first(), Some(0x22 | 0x2A))
}

/// The protobuf of a body.
fn unpack(bytes: &[u8], longest: usize) -> Result<Cow<'_, [u8]>, Reject> {
    if shape_1(bytes) || write2::shape(bytes) {
        return Ok(Cow::Borrowed(bytes));
    }
    let malformed = |what: String| Reject::new(RejectReason::Malformed, format!("remote write: {what}"));
    let length = snap::raw::decompress_len(bytes).map_err(|error| malformed(format!("snappy: {error}")))?;
    if longest < length {
        let detail = format!("remote write: {length} bytes when unpacked, limits.message_bytes is {longest}");
        return Err(Reject::new(RejectReason::TooLarge, detail));
    }
    if bytes.len().saturating_mul(SNAPPY_RATIO) < length {
        return Err(malformed(format!("snappy: {length} bytes cannot come of {}", bytes.len())));
    }
    match snap::raw::Decoder::new().decompress_vec(bytes) {
        Ok(body) => Ok(Cow::Owned(body)),
        Err(error) => Err(malformed(format!("snappy: {error}"))),
    }
}

/// Whether the first series (or metadata) has the shape of version 1, which no other protobuf that is read here has.
fn shape_1(bytes: &[u8]) -> bool {
    match Fields::new(bytes).next() {
        Some(Ok((1, Value::Bytes(series)))) if bytes.first() == Some(&0x0A) => {
            let mut labels = 0;
            for field in Fields::new(series) {
                match field {
                    Ok((1, Value::Bytes(label))) if is_label(label) => labels += 1,
                    Ok((2, Value::Bytes(sample))) => {
                        return 0 < labels
                            && Fields::new(sample)
                                .all(|field| matches!(field, Ok((1, Value::Fixed64(_)) | (2, Value::Varint(_)))));
                    }
                    Ok((4, Value::Bytes(_))) => return 0 < labels,
                    _ => return false,
                }
            }
            0 < labels
        }
        Some(Ok((3, Value::Bytes(metadata)))) if bytes.first() == Some(&0x1A) => Fields::new(metadata)
            .all(|field| matches!(field, Ok((1, Value::Varint(0..=7)) | (2 | 4 | 5, Value::Bytes(_))))),
        _ => false,
    }
}

fn decode_1<S: Sink>(body: &[u8], default_time: Option<Timestamp>, sink: &mut S) {
    let kinds = kinds(body);
    let mut number = 0usize;
    for field in Fields::new(body) {
        match field {
            Ok((1, Value::Bytes(bytes))) => {
                number += 1;
                match Series::read(bytes) {
                    Ok(series) => series.emit(number, &kinds, default_time, sink),
                    Err(fault) => sink.reject(fault.at(&format!("remote write: series {number}"))),
                }
            }
            Ok(_) => {}
            Err(fault) => sink.reject(fault.at("remote write: request")),
        }
    }
}

/// The types that the request tells: `MetricMetadata` (type 1, metric_family_name 2).
fn kinds(body: &[u8]) -> HashMap<&[u8], Kind> {
    let mut kinds = HashMap::new();
    for field in Fields::new(body) {
        let Ok((3, Value::Bytes(metadata))) = field else { continue };
        let (mut kind, mut family): (_, &[u8]) = (Kind::Unknown, &[]);
        for field in Fields::new(metadata) {
            match field {
                Ok((1, Value::Varint(number))) => kind = Kind::from_number(number),
                Ok((2, Value::Bytes(name))) => family = name,
                _ => {}
            }
        }
        kinds.insert(family, kind);
    }
    kinds
}

/// The type of a series' family, by its own name or that without a suffix.
fn kind_of(kinds: &HashMap<&[u8], Kind>, name: &[u8]) -> Kind {
    if kinds.is_empty() {
        return Kind::Unknown;
    }
    let without = [&b"_total"[..], b"_bucket", b"_count", b"_sum"].iter().find_map(|suffix| name.strip_suffix(*suffix));
    let found = kinds.get(name).or_else(|| kinds.get(without?));
    found.copied().unwrap_or_default()
}

/// One sample as on the wire.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    pub(super) value: f64,
    /// Milliseconds; zero where none is told.
    pub(super) at: i64,
    /// When counting began, in milliseconds; zero where none is told.
    pub(super) start: i64,
}

impl Sample {
    /// `Sample`: value 1, timestamp 2; in version 2 start_timestamp 3.
    #[inline]
    pub(super) fn read(bytes: &[u8]) -> Result<Sample, Fault> {
        let mut sample = Sample::default();
        for field in Fields::new(bytes) {
            match field? {
                (1, Value::Fixed64(word)) => sample.value = f64::from_bits(word),
                (2, Value::Varint(word)) => sample.at = word as i64,
                (3, Value::Varint(word)) => sample.start = word as i64,
                _ => {}
            }
        }
        Ok(sample)
    }
}

/// The time of a sample or histogram.
pub(super) fn time(millis: i64) -> Option<Timestamp> {
    (millis != 0).then(|| Timestamp::from_nanos(millis.saturating_mul(1_000_000)))
}

/// A series before its readings.
struct Series<'a> {
    name: &'a [u8],
    bytes: &'a [u8],
    print: Fingerprint,
    samples: SmallVec<[Sample; 4]>,
    histograms: SmallVec<[&'a [u8]; 1]>,
}

impl<'a> Series<'a> {
    #[inline]
    fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        // Labels are a run at the start; ASCII is UTF-8, and told faster.
        let ascii = bytes.is_ascii();
        let mut fields = Fields::new(bytes);
        let (mut name, mut run, mut scattered): (&[u8], usize, bool) = (&[], 0, false);
        let (mut samples, mut histograms) = (SmallVec::new(), SmallVec::new());
        while let Some(field) = fields.next() {
            match field? {
                (1, Value::Bytes(label)) => {
                    if let Some(value) = check_label(label, ascii)? {
                        name = value;
                    }
                    scattered |= !samples.is_empty() || !histograms.is_empty();
                    run = bytes.len() - fields.rest().len();
                }
                (2, Value::Bytes(sample)) => samples.push(Sample::read(sample)?),
                (4, Value::Bytes(histogram)) => histograms.push(histogram),
                _ => {}
            }
        }
        let print = match scattered {
            false => Fingerprint::new(PRINTS, &bytes[..run]),
            true => labels(bytes).fold(Fingerprint::new(PRINTS, b""), |print, label| print.and(label)),
        };
        Ok(Series { name, bytes, print, samples, histograms })
    }

    #[inline]
    fn emit<S: Sink>(
        &self,
        number: usize,
        kinds: &HashMap<&[u8], Kind>,
        default_time: Option<Timestamp>,
        sink: &mut S,
    ) {
        if self.name.is_empty() {
            let detail = format!("remote write: series {number}: no label `__name__`");
            return sink.reject(Reject::new(RejectReason::Malformed, detail));
        }
        let kind = kind_of(kinds, self.name);
        let total = kind.is_total(self.name);
        let put = |at: Option<Timestamp>, reading, sink: &mut S| match at.or(default_time) {
            Some(at) => sink.sample(self.print, || self.identity(), at, reading),
            None => {
                let detail = format!("remote write: series {number}: a sample without a timestamp");
                sink.reject(Reject::new(RejectReason::NoTime, detail));
            }
        };
        for sample in &self.samples {
            if !sample.value.is_nan() {
                let value = sample.value;
                let reading = if total { Reading::Total { value, start: None } } else { Reading::Gauge(value) };
                put(time(sample.at), reading, sink);
            }
        }
        for histogram in &self.histograms {
            match native::read(histogram) {
                Ok(Ok((at, buckets))) => put(time(at), Reading::Buckets(Box::new(buckets)), sink),
                Ok(Err(what)) => sink.reject(bad_histogram(number, &what)),
                Err(fault) => sink.reject(fault.at(&format!("remote write: series {number}: histogram"))),
            }
        }
    }

    fn identity(&self) -> Signal {
        let pairs = labels(self.bytes).filter_map(label_pair);
        Signal::new(&String::from_utf8_lossy(self.name), pairs.filter(|(key, _)| *key != "__name__"))
    }
}

/// The reject of a native histogram that holds no distribution.
pub(super) fn bad_histogram(number: usize, what: &str) -> Reject {
    Reject::new(RejectReason::Malformed, format!("remote write: series {number}: histogram: {what}"))
}

/// A histogram with the begin of its counting.
pub(super) fn with_start(buckets: Buckets, begin: Option<Timestamp>) -> Buckets {
    match buckets {
        Buckets::Exponential { bounds, counts, cumulative, .. } => {
            Buckets::Exponential { bounds, counts, cumulative, start: begin }
        }
        Buckets::Histogram { bounds, counts, cumulative, .. } => {
            Buckets::Histogram { bounds, counts, cumulative, start: begin }
        }
        summary @ Buckets::Summary { .. } => summary,
    }
}

fn labels(series: &[u8]) -> impl Iterator<Item = &[u8]> {
    Fields::new(series).filter_map(|field| match field {
        Ok((1, Value::Bytes(label))) => Some(label),
        _ => None,
    })
}

/// Whether a message is a label and nothing else.
fn is_label(label: &[u8]) -> bool {
    let mut fields = Fields::new(label);
    let is_text =
        |field, number| matches!(field, Some(Ok((have, Value::Bytes(bytes)))) if have == number && text(bytes).is_ok());
    is_text(fields.next(), 1) && is_text(fields.next(), 2) && fields.next().is_none()
}

/// Checks a `Label` (name 1, value 2); gives the value of `__name__`, and nothing for another.
#[inline]
fn check_label(label: &[u8], ascii: bool) -> Result<Option<&[u8]>, Fault> {
    let (name, value) = match plain_label(label) {
        Some(plain) => plain,
        None => any_label(label)?,
    };
    if !ascii {
        text(name)?;
        text(value)?;
    }
    Ok((name == b"__name__").then_some(value))
}

/// A label as every writer lays it out: its name, then its value, both short.
#[inline]
fn plain_label(label: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x0A, length @ 0..0x80, rest @ ..] = label else { return None };
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let [0x12, length @ 0..0x80, value @ ..] = rest else { return None };
    (value.len() == usize::from(*length)).then_some((name, value))
}

fn any_label(label: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let (mut name, mut value): (&[u8], &[u8]) = (&[], &[]);
    for field in Fields::new(label) {
        match field? {
            (1, Value::Bytes(bytes)) => name = bytes,
            (2, Value::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    Ok((name, value))
}

fn label_pair(label: &[u8]) -> Option<(&str, &str)> {
    let (mut name, mut value) = ("", "");
    for field in Fields::new(label) {
        match field.ok()? {
            (1, Value::Bytes(bytes)) => name = text(bytes).ok()?,
            (2, Value::Bytes(bytes)) => value = text(bytes).ok()?,
            _ => {}
        }
    }
    Some((name, value))
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
