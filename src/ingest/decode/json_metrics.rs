//! Plain metrics as JSON, one a document: `{"name":"queue_depth","value":3,"timestamp":1700000000,"labels":{"host":"a"}}`, and
//! Vector's own (`{"name":…,"tags":{…},"kind":"absolute","gauge":{"value":1}}`).
//!
//! The usual spellings of each key are known (the tables below); other members that are text are labels too. A `type` of counter or
//! a name that ends in `_total` is a running total, a type or kind of delta or incremental what was added.
//! Vector: <https://vector.dev/docs/about/under-the-hood/architecture/data-model/metric/>.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json::{Text, fault};
use super::json_number::Real;
use super::moment::moment;
use super::quote;
use crate::signal::{Buckets, Fingerprint, Reading, Reject, RejectReason, Signal, Sink};
use crate::time::Timestamp;

/// Keeps these fingerprints apart from those of other decoders.
const PRINTS: u64 = 0x6A73_6F6E_6D65;

const NAMES: [&str; 4] = ["name", "metric", "metric_name", "__name__"];
const VALUES: [&str; 2] = ["value", "val"];
const TIMES: [&str; 7] = ["timestamp", "@timestamp", "time", "ts", "datetime", "date", "t"];
const LABELS: [&str; 4] = ["labels", "tags", "dimensions", "attributes"];
const KINDS: [&str; 3] = ["type", "kind", "metric_type"];
/// Vector's values, each in an object of its own.
const VECTOR: [&str; 4] = ["gauge", "counter", "aggregated_histogram", "aggregated_summary"];
/// Text that names nothing, or another thing each time.
const NO_LABELS: [&str; 11] = [
    "unit",
    "description",
    "help",
    "id",
    "uuid",
    "@version",
    "namespace",
    "interval",
    "interval_ms",
    "trace_id",
    "span_id",
];

/// Whether a text under this key may be a metric's name.
pub(super) fn is_name(key: &str) -> bool {
    NAMES.contains(&key)
}

/// Whether a value that begins so may be a metric's under this key; zero stands for one that is cut off.
pub(super) fn is_value(key: &str, first: u8) -> bool {
    match first {
        b'{' => VECTOR.contains(&key),
        b'"' | b'-' | b'0'..=b'9' | b't' | b'f' => VALUES.contains(&key),
        0 => VALUES.contains(&key) || VECTOR.contains(&key),
        _ => false,
    }
}

/// Reads one metric.
pub(super) fn read<S: Sink>(text: &str, default_time: Option<Timestamp>, sink: &mut S) -> Result<(), Reject> {
    let members = Members::read(text).map_err(|error| fault("JSON metric", &error))?;
    let malformed = |what: &str| {
        let detail = format!("JSON metric: {what}: {}", quote(text.as_bytes()));
        Reject::new(RejectReason::Malformed, detail)
    };
    let name = members.text(&NAMES).filter(|name| !name.is_empty()).ok_or_else(|| malformed("no name"))?;
    let at = match members.first(&TIMES) {
        None => default_time,
        Some(raw) => moment(raw),
    };
    let Some(at) = at else {
        let detail =
            format!("JSON metric `{}`: no time that can be read: {}", quote(name.as_bytes()), quote(text.as_bytes()));
        return Err(Reject::new(RejectReason::NoTime, detail));
    };
    let reading = members.reading(&name).map_err(|what| malformed(&what))?;
    sink.sample(members.print(), || members.identity(&name), at, reading);
    Ok(())
}

/// The members of a document, in its order.
struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Members<'a> {
    fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        struct Outer;
        impl<'de> Visitor<'de> for Outer {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some((Text(key), raw)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((key, raw.get()));
                }
                Ok(Members(members))
            }
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let members = json.deserialize_map(Outer)?;
        json.end()?;
        Ok(members)
    }

    fn first(&self, keys: &[&str]) -> Option<&'a str> {
        keys.iter()
            .find_map(|key| self.0.iter().rev().find(|(have, raw)| have == key && *raw != "null"))
            .map(|have| have.1)
    }

    fn text(&self, keys: &[&str]) -> Option<Cow<'a, str>> {
        self.first(keys).filter(|raw| raw.starts_with('"')).and_then(text_of)
    }

    /// What the value means, by its type, its kind and its name.
    fn reading(&self, name: &str) -> Result<Reading, String> {
        let kind = KINDS.iter().filter_map(|kind| self.text(&[kind])).map(|kind| kind.to_ascii_lowercase());
        let kinds: Vec<String> = kind.collect();
        let is = |words: &[&str]| kinds.iter().any(|kind| words.contains(&&**kind));
        let delta = is(&["delta", "incremental"]);
        if let Some(key) = VECTOR.iter().find(|key| self.first(&[key]).is_some_and(|raw| raw.starts_with('{'))) {
            return vector(key, self.first(&[key]).unwrap_or_default(), delta);
        }
        let raw = self.first(&VALUES).ok_or("no value")?;
        let value = match raw {
            "true" => 1.0,
            "false" => 0.0,
            _ => serde_json::from_str::<Real>(raw).map_err(|error| format!("value: {error}"))?.0,
        };
        Ok(match () {
            () if delta => Reading::Delta { value, start: None },
            () if is(&["counter", "cumulative"]) => Reading::Total { value, start: None },
            () if kinds.is_empty() && name.ends_with("_total") => Reading::Total { value, start: None },
            () => Reading::Gauge(value),
        })
    }

    /// The bytes that name the series: all but times and values.
    fn print(&self) -> Fingerprint {
        let names = self.0.iter().filter(|(key, raw)| is_name(key) || key == "namespace" || is_label(key, raw));
        names.fold(Fingerprint::new(PRINTS, b""), |print, (key, raw)| print.and(key.as_bytes()).and(raw.as_bytes()))
    }

    fn identity(&self, name: &str) -> Signal {
        let mut labels: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
        for (key, raw) in &self.0 {
            match raw.as_bytes().first() {
                Some(b'"') if is_label(key, raw) => {
                    labels.extend(text_of(raw).map(|text| (Cow::Borrowed(&**key), text)));
                }
                Some(b'{') if is_label(key, raw) => labels.extend(object_labels(raw)),
                Some(b'[') if is_label(key, raw) => labels.extend(array_labels(raw)),
                _ => {}
            }
        }
        labels.retain(|(key, _)| key != "__name__");
        match self.text(&["namespace"]).filter(|_| VECTOR.iter().any(|key| self.first(&[key]).is_some())) {
            Some(namespace) => Signal::new(&format!("{namespace}_{name}"), labels),
            None => Signal::new(name, labels),
        }
    }
}

/// Whether a member is a label or holds labels.
fn is_label(key: &str, raw: &str) -> bool {
    match raw.as_bytes().first() {
        Some(b'{' | b'[') => LABELS.contains(&key),
        Some(b'"') => {
            ![&NAMES[..], &VALUES, &TIMES, &LABELS, &KINDS, &NO_LABELS].iter().any(|keys| keys.contains(&key))
        }
        _ => false,
    }
}

/// Text bare, a number or truth value as it stands.
fn text_of(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes().first()? {
        b'"' => Some(serde_json::from_str::<Text<'_>>(raw).ok()?.0),
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
}

fn object_labels(raw: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let members = Members::read(raw).map(|members| members.0).unwrap_or_default();
    members.into_iter().filter_map(|(key, raw)| Some((key, text_of(raw)?))).collect()
}

/// `["env:prod", "host:a"]`.
fn array_labels(raw: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let tags: Vec<Text<'_>> = serde_json::from_str(raw).unwrap_or_default();
    let split =
        |Text(tag): Text<'_>| tag.split_once(':').map(|(key, value)| (key.to_owned().into(), value.to_owned().into()));
    tags.into_iter().filter_map(split).collect()
}

/// The parts of Vector's values.
#[derive(Deserialize, Default)]
#[serde(default, expecting = "an object")]
struct VectorValue {
    value: Option<Real>,
    count: Option<Real>,
    buckets: Vec<Bucket>,
    quantiles: Vec<Quantile>,
}

#[derive(Deserialize)]
struct Bucket {
    upper_limit: Option<Real>,
    count: Real,
}

#[derive(Deserialize)]
struct Quantile {
    quantile: Real,
    value: Real,
}

fn vector(key: &str, raw: &str, delta: bool) -> Result<Reading, String> {
    let read: VectorValue = serde_json::from_str(raw).map_err(|error| format!("{key}: {error}"))?;
    let value = read.value.map(|value| value.0).ok_or_else(|| format!("{key} has no value"));
    match (key, delta) {
        ("gauge", false) => Ok(Reading::Gauge(value?)),
        ("gauge", true) => Err("an incremental gauge tells no level".to_owned()),
        ("counter", false) => Ok(Reading::Total { value: value?, start: None }),
        ("counter", true) => Ok(Reading::Delta { value: value?, start: None }),
        ("aggregated_summary", _) => {
            let quantiles = read.quantiles.iter().map(|point| (point.quantile.0, point.value.0)).collect();
            let count = read.count.map_or(0.0, |count| count.0);
            Ok(Reading::Buckets(Box::new(Buckets::Summary { quantiles, count, start: None })))
        }
        _ => histogram(&read, delta),
    }
}

/// Vector's buckets hold their own counts each; the limit of the last is infinite, which JSON has no number for.
fn histogram(read: &VectorValue, delta: bool) -> Result<Reading, String> {
    let (mut bounds, mut counts) = (Vec::new(), Vec::new());
    let mut beyond = None;
    for bucket in &read.buckets {
        match bucket.upper_limit.map(|limit| limit.0).filter(|limit| limit.is_finite() && limit.abs() < f64::MAX) {
            Some(limit) => {
                bounds.push(limit);
                counts.push(bucket.count.0);
            }
            None => beyond = Some(bucket.count.0),
        }
    }
    if !bounds.is_sorted_by(|a, b| a < b) {
        return Err("its limits do not rise".to_owned());
    }
    let within: f64 = counts.iter().sum();
    counts.push(beyond.unwrap_or_else(|| (read.count.map_or(within, |count| count.0) - within).max(0.0)));
    Ok(Reading::Buckets(Box::new(Buckets::Histogram { bounds, counts, cumulative: !delta, start: None })))
}

#[cfg(test)]
#[path = "json_metrics_tests.rs"]
mod tests;
