//! OTLP/JSON: the same messages in protobuf's JSON mapping (camelCase, 64-bit integers as strings or numbers).
//!
//! <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>. Metrics, points and records are read one by one, so that a
//! broken one does not take the rest with it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::exponential::{Exponential, Ladder};
use super::value::{Any, DEPTH_MAX};
use super::{Meaning, NO_RECORDED_VALUE, Origin, PRINTS_JSON, Temporality, UNSPECIFIED, identity, level, time};
use crate::ingest::decode::json::{Text, fault};
use crate::ingest::decode::json_number::{Real, Wide};
use crate::signal::{Buckets, Fingerprint, Line, Reading, Reject, RejectReason, Sink};
use crate::time::Timestamp;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
struct Request<'a> {
    #[serde(borrow)]
    resource_metrics: Vec<Block<'a>>,
    #[serde(borrow)]
    resource_logs: Vec<Block<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
struct Block<'a> {
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow)]
    scope_metrics: Vec<Scope<'a>>,
    #[serde(borrow)]
    scope_logs: Vec<Scope<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
struct Scope<'a> {
    #[serde(borrow)]
    metrics: Vec<&'a RawValue>,
    #[serde(borrow)]
    log_records: Vec<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "an object")]
struct Resource<'a> {
    #[serde(borrow)]
    attributes: Vec<KeyValue<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "an object")]
struct KeyValue<'a> {
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    value: AnyValue<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
struct AnyValue<'a> {
    #[serde(borrow)]
    string_value: Option<Text<'a>>,
    bool_value: Option<bool>,
    int_value: Option<Wide>,
    double_value: Option<Real>,
    #[serde(borrow)]
    bytes_value: Option<Text<'a>>,
    #[serde(borrow)]
    array_value: Option<List<AnyValue<'a>>>,
    #[serde(borrow)]
    kvlist_value: Option<List<KeyValue<'a>>>,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    values: Vec<T>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
struct Metric<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    gauge: Option<Data<'a>>,
    #[serde(borrow)]
    sum: Option<Data<'a>>,
    #[serde(borrow)]
    histogram: Option<Data<'a>>,
    #[serde(borrow)]
    exponential_histogram: Option<Data<'a>>,
    #[serde(borrow)]
    summary: Option<Data<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
struct Data<'a> {
    #[serde(borrow)]
    data_points: Vec<&'a RawValue>,
    aggregation_temporality: Option<&'a RawValue>,
    is_monotonic: bool,
}

/// The fields of all kinds of points; which of them count, the metric says.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
struct Point<'a> {
    #[serde(borrow)]
    attributes: Option<&'a RawValue>,
    start_time_unix_nano: Wide,
    time_unix_nano: Wide,
    as_double: Option<Real>,
    as_int: Option<Wide>,
    flags: Wide,
    count: Wide,
    bucket_counts: Vec<Wide>,
    explicit_bounds: Vec<Real>,
    scale: Wide,
    zero_count: Wide,
    zero_threshold: Real,
    positive: Rungs,
    negative: Rungs,
    quantile_values: Vec<Quantile>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
struct Rungs {
    offset: Wide,
    bucket_counts: Vec<Wide>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "an object")]
struct Quantile {
    quantile: Real,
    value: Real,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
struct Record<'a> {
    time_unix_nano: Wide,
    observed_time_unix_nano: Wide,
    severity_number: Wide,
    #[serde(borrow)]
    severity_text: Text<'a>,
    #[serde(borrow)]
    body: AnyValue<'a>,
    #[serde(borrow)]
    event_name: Text<'a>,
    #[serde(borrow)]
    attributes: Vec<KeyValue<'a>>,
    #[serde(borrow)]
    trace_id: Text<'a>,
}

/// Decodes one export request.
pub(in crate::ingest::decode) fn decode<S: Sink>(text: &str, default_time: Option<Timestamp>, sink: &mut S) {
    let request: Request<'_> = match serde_json::from_str(text) {
        Ok(request) => request,
        Err(error) => return sink.reject(fault("OTLP/JSON request", &error)),
    };
    for block in request.resource_metrics.iter().chain(&request.resource_logs) {
        let raw = block.resource.map_or("{}", RawValue::get);
        if let Err(error) = serde_json::from_str::<Resource<'_>>(raw) {
            sink.reject(fault("OTLP/JSON resource", &error));
            continue;
        }
        let print = Fingerprint::new(PRINTS_JSON, raw.as_bytes());
        for raw_metric in block.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
            match serde_json::from_str::<Metric<'_>>(raw_metric.get()) {
                Ok(metric) => metric.points(print, raw, default_time, sink),
                Err(error) => sink.reject(fault("OTLP/JSON metric", &error)),
            }
        }
        if block.scope_logs.is_empty() {
            continue;
        }
        let origin = Origin::new(&resource_attributes(raw));
        for record in block.scope_logs.iter().flat_map(|scope| &scope.log_records) {
            log_record(record.get(), &origin, default_time, sink);
        }
    }
}

/// The attributes of a resource that was checked before.
fn resource_attributes(raw: &str) -> super::Attributes<'_> {
    attributes(serde_json::from_str::<Resource<'_>>(raw).unwrap_or_default().attributes)
}

fn attributes(pairs: Vec<KeyValue<'_>>) -> super::Attributes<'_> {
    pairs.into_iter().map(|pair| (pair.key.0, pair.value.any(DEPTH_MAX))).collect()
}

impl<'a> AnyValue<'a> {
    /// The value; below the depth that protobuf allows there is nothing.
    fn any(self, depth: usize) -> Any<'a> {
        let Some(depth) = depth.checked_sub(1) else { return Any::Empty };
        if let Some(text) = self.string_value.or(self.bytes_value) {
            Any::Text(text.0)
        } else if let Some(value) = self.bool_value {
            Any::Bool(value)
        } else if let Some(value) = self.int_value {
            Any::Int(value.signed())
        } else if let Some(value) = self.double_value {
            Any::Double(value.0)
        } else if let Some(list) = self.array_value {
            Any::Array(list.values.into_iter().map(|item| item.any(depth)).collect())
        } else if let Some(list) = self.kvlist_value {
            Any::Map(list.values.into_iter().map(|pair| (pair.key.0, pair.value.any(depth))).collect())
        } else {
            Any::Empty
        }
    }
}

impl Metric<'_> {
    fn points<S: Sink>(&self, print: Fingerprint, resource: &str, default_time: Option<Timestamp>, sink: &mut S) {
        let name = &*self.name.0;
        let print = print.and(name.as_bytes());
        let kinds = [&self.gauge, &self.sum, &self.histogram, &self.exponential_histogram, &self.summary];
        for (kind, data) in kinds.into_iter().enumerate().filter_map(|(kind, data)| Some((kind, data.as_ref()?))) {
            for (at, raw) in data.data_points.iter().enumerate() {
                let place = || format!("OTLP/JSON metric `{name}`, point {}", at + 1);
                let (point, own) = match read_point(raw.get()) {
                    Ok(parts) => parts,
                    Err(error) => {
                        sink.reject(fault(&place(), &error));
                        continue;
                    }
                };
                if point.flags.unsigned() & NO_RECORDED_VALUE != 0 {
                    continue;
                }
                let reading = match point.reading(kind, data) {
                    Ok(reading) => reading,
                    Err(what) => {
                        sink.reject(Reject::new(RejectReason::Malformed, format!("{}: {what}", place())));
                        continue;
                    }
                };
                let Some(at) = time(point.time_unix_nano.unsigned()).or(default_time) else {
                    sink.reject(Reject::new(RejectReason::NoTime, format!("{}: no timeUnixNano", place())));
                    continue;
                };
                let print = print.and(point.attributes.map_or("", RawValue::get).as_bytes());
                sink.sample(print, || identity(name, resource_attributes(resource), own), at, reading);
            }
        }
    }
}

/// A point and its attributes; both are read before anything is believed.
fn read_point(raw: &str) -> Result<(Point<'_>, super::Attributes<'_>), serde_json::Error> {
    let point: Point<'_> = serde_json::from_str(raw)?;
    let pairs = point.attributes.map_or(Ok(Vec::new()), |raw| serde_json::from_str::<Vec<KeyValue<'_>>>(raw.get()))?;
    Ok((point, attributes(pairs)))
}

impl Data<'_> {
    fn temporality(&self) -> Temporality {
        match self.aggregation_temporality.map_or("", RawValue::get) {
            "1" | "\"AGGREGATION_TEMPORALITY_DELTA\"" => Temporality::Delta,
            "2" | "\"AGGREGATION_TEMPORALITY_CUMULATIVE\"" => Temporality::Cumulative,
            _ => Temporality::Unspecified,
        }
    }
}

impl Point<'_> {
    /// The reading, for the kinds in the order of [`Metric::points`].
    fn reading(&self, kind: usize, data: &Data<'_>) -> Result<Reading, Cow<'static, str>> {
        let temporality = data.temporality();
        let start = time(self.start_time_unix_nano.unsigned());
        let buckets = match kind {
            0 | 1 => {
                let meaning = match kind {
                    0 => Meaning::Gauge,
                    _ => Meaning::Sum { temporality, monotonic: data.is_monotonic },
                };
                let value = match (&self.as_double, &self.as_int) {
                    (Some(value), _) => value.0,
                    (None, Some(value)) => value.signed() as f64,
                    (None, None) => return Err("no value".into()),
                };
                return meaning.reading(value, start).ok_or(UNSPECIFIED.into());
            }
            2 => {
                let bounds = self.explicit_bounds.iter().map(|bound| bound.0).collect();
                super::explicit(bounds, counts(&self.bucket_counts), self.count.unsigned(), temporality, start)?
            }
            3 => self.exponential(start).buckets(temporality)?,
            _ => {
                let quantiles = self.quantile_values.iter().map(|pair| (pair.quantile.0, pair.value.0)).collect();
                Buckets::Summary { quantiles, count: self.count.unsigned() as f64, start }
            }
        };
        Ok(Reading::Buckets(Box::new(buckets)))
    }

    fn exponential(&self, start: Option<Timestamp>) -> Exponential {
        let ladder = |rungs: &Rungs| Ladder { offset: rungs.offset.signed(), counts: counts(&rungs.bucket_counts) };
        Exponential {
            scale: self.scale.signed(),
            zero_count: self.zero_count.unsigned(),
            zero_threshold: self.zero_threshold.0,
            positive: ladder(&self.positive),
            negative: ladder(&self.negative),
            start,
        }
    }
}

fn counts(wide: &[Wide]) -> Vec<u64> {
    wide.iter().map(|count| count.unsigned()).collect()
}

fn log_record<S: Sink>(raw: &str, origin: &Origin, default_time: Option<Timestamp>, sink: &mut S) {
    let record: Record<'_> = match serde_json::from_str(raw) {
        Ok(record) => record,
        Err(error) => return sink.reject(fault("OTLP/JSON log record", &error)),
    };
    let at = time(record.time_unix_nano.unsigned()).or(time(record.observed_time_unix_nano.unsigned()));
    let Some(at) = at.or(default_time) else {
        let detail = "OTLP/JSON log record: neither timeUnixNano nor observedTimeUnixNano";
        return sink.reject(Reject::new(RejectReason::NoTime, detail));
    };
    let body = match record.body.any(DEPTH_MAX) {
        Any::Empty => record.event_name.0,
        body => body.into_text(),
    };
    let level = level(record.severity_number.signed(), &record.severity_text.0);
    let fields = origin.fields(&attributes(record.attributes), &record.trace_id.0.to_ascii_lowercase());
    sink.line(Line { at, service: origin.service.as_deref().map(Cow::Borrowed), level, body, fields });
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
