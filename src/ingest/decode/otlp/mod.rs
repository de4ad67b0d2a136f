//! OpenTelemetry's OTLP, version 1: metrics and logs as protobuf and as JSON.
//!
//! Messages and field numbers: <https://github.com/open-telemetry/opentelemetry-proto>, files `metrics/v1/metrics.proto`,
//! `logs/v1/logs.proto`, `common/v1/common.proto`, `resource/v1/resource.proto`, `collector/*/v1/*_service.proto`.
//!
//! A signal is the metric's name with the attributes of its resource and of its point (of equal keys the point's stays).
//! Scopes do not enter it. Points that carry `NO_RECORDED_VALUE` are a gap and are passed over.

mod exponential;
mod json;
mod logs;
mod metrics;
mod proto;
#[cfg(test)]
mod recorded;
mod value;

pub(super) use exponential::{Exponential, Ladder};
pub(super) use json::decode as decode_json;
pub(super) use proto::{decode as decode_proto, fits as fits_proto};

use crate::signal::{Buckets, Fields, Level, Reading, SERVICE_LABELS, Signal};
use crate::time::Timestamp;
use value::Any;

/// Keeps these fingerprints apart from those of other decoders; JSON has its own, its bytes being other.
const PRINTS: u64 = 0x6F74_6C70;
const PRINTS_JSON: u64 = 0x006F_746C_706A;

/// `DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`.
const NO_RECORDED_VALUE: u64 = 1;

/// `AggregationTemporality`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Temporality {
    #[default]
    Unspecified,
    Delta,
    Cumulative,
}

impl Temporality {
    fn from_number(number: u64) -> Self {
        match number {
            1 => Temporality::Delta,
            2 => Temporality::Cumulative,
            _ => Temporality::Unspecified,
        }
    }
}

/// What the numbers of a metric mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Gauge,
    Sum { temporality: Temporality, monotonic: bool },
}

impl Meaning {
    /// A sum that may fall is a level; nothing where a counter does not say whether it runs or restarts.
    fn reading(self, value: f64, start: Option<Timestamp>) -> Option<Reading> {
        match self {
            Meaning::Gauge | Meaning::Sum { monotonic: false, .. } => Some(Reading::Gauge(value)),
            Meaning::Sum { temporality: Temporality::Cumulative, .. } => Some(Reading::Total { value, start }),
            Meaning::Sum { temporality: Temporality::Delta, .. } => Some(Reading::Delta { value, start }),
            Meaning::Sum { temporality: Temporality::Unspecified, .. } => None,
        }
    }
}

/// What a metric without a temporality is told.
const UNSPECIFIED: &str = "its aggregation temporality is unspecified, cumulative or delta is needed";

/// A histogram with explicit bounds; without buckets its count alone. Says what is wrong with one that is none.
fn explicit(
    bounds: Vec<f64>,
    counts: Vec<u64>,
    count: u64,
    temporality: Temporality,
    start: Option<Timestamp>,
) -> Result<Buckets, String> {
    if temporality == Temporality::Unspecified {
        return Err(UNSPECIFIED.to_owned());
    }
    let counts = if counts.is_empty() && bounds.is_empty() { vec![count] } else { counts };
    if counts.len() != bounds.len() + 1 {
        return Err(format!("{} bucket counts for {} bounds, one more is needed", counts.len(), bounds.len()));
    }
    if !bounds.iter().all(|bound| bound.is_finite()) || !bounds.is_sorted_by(|a, b| a < b) {
        return Err("its bounds do not rise".to_owned());
    }
    let counts = counts.into_iter().map(|count| count as f64).collect();
    Ok(Buckets::Histogram { bounds, counts, cumulative: temporality == Temporality::Cumulative, start })
}

/// A time on the wire; zero means that nobody knew it, far ones saturate.
fn time(nanos: u64) -> Option<Timestamp> {
    (nanos != 0).then(|| Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)))
}

/// The level of a log record: the number decides (`SeverityNumber`: four to a level), else the text.
fn level(number: i64, text: &str) -> Level {
    match number {
        1..=4 => Level::Trace,
        5..=8 => Level::Debug,
        9..=12 => Level::Info,
        13..=16 => Level::Warn,
        17..=20 => Level::Error,
        21..=24 => Level::Fatal,
        _ => Level::parse(text),
    }
}

type Attributes<'a> = Vec<(std::borrow::Cow<'a, str>, Any<'a>)>;

/// The identity from the metric's name and both sets of attributes.
fn identity(name: &str, resource: Attributes<'_>, point: Attributes<'_>) -> Signal {
    Signal::new(name, resource.into_iter().chain(point).map(|(key, value)| (key, value.into_text())))
}

/// Who wrote the log records of a resource.
#[derive(Debug)]
struct Origin {
    service: Option<String>,
    fields: Fields,
}

impl Origin {
    fn new(attributes: &Attributes<'_>) -> Self {
        let service = SERVICE_LABELS.iter().find_map(|label| {
            let (_, value) = attributes.iter().find(|(key, value)| key == label && *value != Any::Empty)?;
            Some(value.to_string()).filter(|service| !service.is_empty())
        });
        let mut fields = Fields::default();
        add_fields(&mut fields, attributes);
        Origin { service, fields }
    }

    /// The fields of a record of it: its own first, then those of its resource.
    fn fields(&self, record: &Attributes<'_>, trace: &str) -> Fields {
        let mut fields: Fields = [("trace_id", trace)].into_iter().collect();
        add_fields(&mut fields, record);
        self.fields.iter().for_each(|(key, value)| fields.add(key, value));
        fields
    }
}

fn add_fields(fields: &mut Fields, attributes: &Attributes<'_>) {
    for (key, value) in attributes {
        match value {
            Any::Text(text) => fields.add(key, text),
            Any::Bool(_) | Any::Int(_) | Any::Double(_) => fields.add(key, &value.to_string()),
            _ => {}
        }
    }
}
