//! `Metric` of `metrics/v1/metrics.proto` and its points.
//!
//! Metric: name 1, gauge 5, sum 7, histogram 9, exponential_histogram 10, summary 11. Each of these: data_points 1,
//! aggregation_temporality 2; a sum also is_monotonic 3. The fields of the points stand at their readers.

use super::super::wire::{Fault, Fields, Value, push_fixed64, push_varint, text, zigzag};
use super::exponential::{Exponential, Ladder};
use super::proto::{Resource, each_record};
use super::value::{DEPTH_MAX, check_pair, read_attributes};
use super::{Meaning, NO_RECORDED_VALUE, PRINTS, Temporality, UNSPECIFIED, identity, time};
use crate::signal::{Buckets, Fingerprint, Reading, Reject, RejectReason, Sink};
use crate::time::Timestamp;

/// Decodes the metrics of an `ExportMetricsServiceRequest`.
pub(super) fn decode<S: Sink>(bytes: &[u8], default_time: Option<Timestamp>, sink: &mut S) {
    fn enter(resource: Resource<'_>) -> (Fingerprint, &[u8]) {
        (Fingerprint::new(PRINTS, resource.bytes), resource.bytes)
    }
    each_record(bytes, "metrics", sink, enter, |&(print, resource), bytes, sink| {
        match Metric::read(bytes, print, resource, default_time) {
            Ok(metric) => metric.points(sink),
            Err(fault) => sink.reject(fault.at("OTLP metrics: metric")),
        }
    });
}

/// The oneof of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Numbers(Meaning),
    Histogram(Temporality),
    Exponential(Temporality),
    Summary,
}

/// A metric before its points.
struct Metric<'a> {
    name: &'a str,
    shape: Shape,
    data: &'a [u8],
    print: Fingerprint,
    resource: &'a [u8],
    default_time: Option<Timestamp>,
}

/// A point as far as it can be read, its attributes left on the wire.
struct Point {
    at: Option<Timestamp>,
    reading: Option<Reading>,
}

/// Why a point is no reading.
enum Wrong {
    Wire(Fault),
    Meaning(String),
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Wrong::Wire(fault)
    }
}

impl<'a> Metric<'a> {
    fn read(
        bytes: &'a [u8],
        resource_print: Fingerprint,
        resource: &'a [u8],
        default_time: Option<Timestamp>,
    ) -> Result<Self, Fault> {
        let (mut name, mut kind, mut data): (&[u8], u32, &[u8]) = (&[], 0, &[]);
        for field in Fields::new(bytes) {
            match field? {
                (1, Value::Bytes(bytes)) => name = bytes,
                (number @ (5 | 7 | 9 | 10 | 11), Value::Bytes(bytes)) => (kind, data) = (number, bytes),
                _ => {}
            }
        }
        let shape = match kind {
            7 => {
                let (temporality, monotonic) = sum_meaning(data);
                Shape::Numbers(Meaning::Sum { temporality, monotonic })
            }
            9 => Shape::Histogram(sum_meaning(data).0),
            10 => Shape::Exponential(sum_meaning(data).0),
            11 => Shape::Summary,
            _ => Shape::Numbers(Meaning::Gauge),
        };
        Ok(Metric { name: text(name)?, shape, data, print: resource_print.and(name), resource, default_time })
    }

    fn points<S: Sink>(&self, sink: &mut S) {
        let mut number = 0usize;
        for field in Fields::new(self.data) {
            match field {
                Ok((1, Value::Bytes(point))) => {
                    number += 1;
                    if let Err(wrong) = self.point(point, sink) {
                        sink.reject(self.reject(number, wrong));
                    }
                }
                Ok(_) => {}
                Err(fault) => sink.reject(self.reject(number + 1, Wrong::Wire(fault))),
            }
        }
    }

    fn reject(&self, number: usize, wrong: Wrong) -> Reject {
        let place = format!("OTLP metric `{}`, point {number}", self.name);
        match wrong {
            Wrong::Wire(fault) => fault.at(&place),
            Wrong::Meaning(what) if what == NO_TIME => Reject::new(RejectReason::NoTime, format!("{place}: {what}")),
            Wrong::Meaning(what) => Reject::new(RejectReason::Malformed, format!("{place}: {what}")),
        }
    }

    #[inline]
    fn point<S: Sink>(&self, bytes: &[u8], sink: &mut S) -> Result<(), Wrong> {
        let mut labels = Labels::default();
        let (attributes, point) = match self.shape {
            Shape::Numbers(meaning) => (7, number_point(bytes, meaning, &mut labels)?),
            Shape::Histogram(temporality) => (9, histogram_point(bytes, temporality, &mut labels)?),
            Shape::Exponential(temporality) => (1, exponential_point(bytes, temporality, &mut labels)?),
            Shape::Summary => (7, summary_point(bytes, &mut labels)?),
        };
        let Some(reading) = point.reading else { return Ok(()) };
        let Some(at) = point.at.or(self.default_time) else { return Err(Wrong::Meaning(NO_TIME.to_owned())) };
        let print = labels.print(self.print, bytes, attributes);
        let identity = || {
            let resource = read_attributes(self.resource, 1, DEPTH_MAX).unwrap_or_default();
            let own = read_attributes(bytes, attributes, DEPTH_MAX).unwrap_or_default();
            identity(self.name, resource, own)
        };
        sink.sample(print, identity, at, reading);
        Ok(())
    }
}

const NO_TIME: &str = "no time_unix_nano";

/// Fields 2 and 3 of `Sum`, 2 of the histograms; they stand behind the points.
fn sum_meaning(data: &[u8]) -> (Temporality, bool) {
    let (mut temporality, mut monotonic) = (Temporality::Unspecified, false);
    for field in Fields::new(data) {
        match field {
            Ok((2, Value::Varint(number))) => temporality = Temporality::from_number(number),
            Ok((3, Value::Varint(word))) => monotonic = word != 0,
            _ => {}
        }
    }
    (temporality, monotonic)
}

/// The bytes of a point's attributes: nearly always one run of fields.
#[derive(Default)]
struct Labels<'a> {
    /// From the first attribute's tag to the end of the point.
    from_first: &'a [u8],
    /// What follows the last attribute so far.
    after: &'a [u8],
    /// Attributes stand apart: the run holds other fields too.
    scattered: bool,
}

impl<'a> Labels<'a> {
    /// Checks one attribute; `before` starts at its tag, `after` behind it.
    #[inline]
    fn take(&mut self, before: &'a [u8], after: &'a [u8], pair: &[u8]) -> Result<(), Fault> {
        check_pair(pair)?;
        if self.from_first.is_empty() {
            self.from_first = before;
        } else {
            self.scattered |= self.after.len() != before.len();
        }
        self.after = after;
        Ok(())
    }

    #[inline]
    fn print(&self, metric: Fingerprint, point: &[u8], number: u32) -> Fingerprint {
        if self.scattered {
            return gathered(metric, point, number);
        }
        metric.and(&self.from_first[..self.from_first.len() - self.after.len()])
    }
}

/// The fingerprint of attributes that stand apart: times and values between them must not enter it.
#[cold]
fn gathered(metric: Fingerprint, point: &[u8], number: u32) -> Fingerprint {
    Fields::new(point).fold(metric, |print, field| match field {
        Ok((have, Value::Bytes(pair))) if have == number => print.and(pair),
        _ => print,
    })
}

/// `NumberDataPoint`: attributes 7, start 2, time 3, as_double 4, as_int 6, flags 8.
#[inline]
fn number_point<'a>(bytes: &'a [u8], meaning: Meaning, labels: &mut Labels<'a>) -> Result<Point, Wrong> {
    let (mut start, mut at, mut value, mut flags) = (0, 0, None, 0);
    let mut fields = Fields::new(bytes);
    loop {
        let rest = fields.rest();
        let Some(field) = fields.next() else { break };
        match field? {
            (7, Value::Bytes(pair)) => labels.take(rest, fields.rest(), pair)?,
            (2, Value::Fixed64(word)) => start = word,
            (3, Value::Fixed64(word)) => at = word,
            (4, Value::Fixed64(word)) => value = Some(f64::from_bits(word)),
            (6, Value::Fixed64(word)) => value = Some(word as i64 as f64),
            (8, Value::Varint(word)) => flags = word,
            _ => {}
        }
    }
    let at = time(at);
    if flags & NO_RECORDED_VALUE != 0 {
        return Ok(Point { at, reading: None });
    }
    let Some(value) = value else { return Err(Wrong::Meaning("no value".to_owned())) };
    match meaning.reading(value, time(start)) {
        Some(reading) => Ok(Point { at, reading: Some(reading) }),
        None => Err(Wrong::Meaning(UNSPECIFIED.to_owned())),
    }
}

/// `HistogramDataPoint`: attributes 9, start 2, time 3, count 4, bucket_counts 6, explicit_bounds 7, flags 10.
fn histogram_point<'a>(bytes: &'a [u8], temporality: Temporality, labels: &mut Labels<'a>) -> Result<Point, Wrong> {
    let (mut start, mut at, mut count, mut flags) = (0, 0, 0, 0);
    let (mut counts, mut bounds) = (Vec::new(), Vec::new());
    let mut fields = Fields::new(bytes);
    loop {
        let rest = fields.rest();
        let Some(field) = fields.next() else { break };
        match field? {
            (9, Value::Bytes(pair)) => labels.take(rest, fields.rest(), pair)?,
            (2, Value::Fixed64(word)) => start = word,
            (3, Value::Fixed64(word)) => at = word,
            (4, Value::Fixed64(word)) => count = word,
            (6, value) => push_fixed64(value, &mut counts)?,
            (7, value) => push_fixed64(value, &mut bounds)?,
            (10, Value::Varint(word)) => flags = word,
            _ => {}
        }
    }
    let at = time(at);
    if flags & NO_RECORDED_VALUE != 0 {
        return Ok(Point { at, reading: None });
    }
    let bounds = bounds.into_iter().map(f64::from_bits).collect();
    let buckets = super::explicit(bounds, counts, count, temporality, time(start)).map_err(Wrong::Meaning)?;
    Ok(Point { at, reading: Some(Reading::Buckets(Box::new(buckets))) })
}

/// `ExponentialHistogramDataPoint`: attributes 1, start 2, time 3, scale 6 (zigzag), zero_count 7, positive 8, negative 9,
/// flags 10, zero_threshold 14.
fn exponential_point<'a>(bytes: &'a [u8], temporality: Temporality, labels: &mut Labels<'a>) -> Result<Point, Wrong> {
    let (mut at, mut flags) = (0, 0);
    let mut point = Exponential::default();
    let mut fields = Fields::new(bytes);
    loop {
        let rest = fields.rest();
        let Some(field) = fields.next() else { break };
        match field? {
            (1, Value::Bytes(pair)) => labels.take(rest, fields.rest(), pair)?,
            (2, Value::Fixed64(word)) => point.start = time(word),
            (3, Value::Fixed64(word)) => at = word,
            (6, Value::Varint(word)) => point.scale = zigzag(word),
            (7, Value::Fixed64(word)) => point.zero_count = word,
            (8, Value::Bytes(bytes)) => point.positive = ladder(bytes)?,
            (9, Value::Bytes(bytes)) => point.negative = ladder(bytes)?,
            (10, Value::Varint(word)) => flags = word,
            (14, Value::Fixed64(word)) => point.zero_threshold = f64::from_bits(word),
            _ => {}
        }
    }
    let at = time(at);
    if flags & NO_RECORDED_VALUE != 0 {
        return Ok(Point { at, reading: None });
    }
    let buckets = point.buckets(temporality).map_err(|what| Wrong::Meaning(what.to_owned()))?;
    Ok(Point { at, reading: Some(Reading::Buckets(Box::new(buckets))) })
}

/// `Buckets`: offset 1 (zigzag), bucket_counts 2.
fn ladder(bytes: &[u8]) -> Result<Ladder, Fault> {
    let mut ladder = Ladder::default();
    for field in Fields::new(bytes) {
        match field? {
            (1, Value::Varint(word)) => ladder.offset = zigzag(word),
            (2, value) => push_varint(value, &mut ladder.counts)?,
            _ => {}
        }
    }
    Ok(ladder)
}

/// `SummaryDataPoint`: attributes 7, start 2, time 3, count 4, quantile_values 6 (quantile 1, value 2), flags 8.
fn summary_point<'a>(bytes: &'a [u8], labels: &mut Labels<'a>) -> Result<Point, Wrong> {
    let (mut start, mut at, mut count, mut flags) = (0, 0, 0, 0);
    let mut quantiles = Vec::new();
    let mut fields = Fields::new(bytes);
    loop {
        let rest = fields.rest();
        let Some(field) = fields.next() else { break };
        match field? {
            (7, Value::Bytes(pair)) => labels.take(rest, fields.rest(), pair)?,
            (2, Value::Fixed64(word)) => start = word,
            (3, Value::Fixed64(word)) => at = word,
            (4, Value::Fixed64(word)) => count = word,
            (6, Value::Bytes(bytes)) => quantiles.push(quantile(bytes)?),
            (8, Value::Varint(word)) => flags = word,
            _ => {}
        }
    }
    let at = time(at);
    if flags & NO_RECORDED_VALUE != 0 {
        return Ok(Point { at, reading: None });
    }
    let summary = Buckets::Summary { quantiles, count: count as f64, start: time(start) };
    Ok(Point { at, reading: Some(Reading::Buckets(Box::new(summary))) })
}

fn quantile(bytes: &[u8]) -> Result<(f64, f64), Fault> {
    let (mut quantile, mut value) = (0.0, 0.0);
    for field in Fields::new(bytes) {
        match field? {
            (1, Value::Fixed64(word)) => quantile = f64::from_bits(word),
            (2, Value::Fixed64(word)) => value = f64::from_bits(word),
            _ => {}
        }
    }
    Ok((quantile, value))
}
