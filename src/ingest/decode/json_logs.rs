//! Log records as JSON: Elastic Common Schema as Filebeat writes it, GELF, Fluent Bit, Vector, journald, and plain ones.
//!
//! Dotted keys and nested objects mean the same. Of several keys for one thing the first in its table counts. A message that is
//! itself such a record (an application's line, wrapped by a shipper) is unwrapped once: its own level and message count.
//! ECS: <https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html>, GELF:
//! <https://go2docs.graylog.org/current/getting_in_log_data/gelf.html>, Fluent Bit: <https://docs.fluentbit.io/manual/pipeline/outputs/kafka>,
//! Vector: <https://vector.dev/docs/about/under-the-hood/architecture/data-model/log/>.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json::{Text, fault};
use super::level::{level_in, level_of_priority};
use super::moment::moment;
use super::quote;
use crate::signal::{Fields, Level, Line, Reject, RejectReason, Sink};
use crate::time::Timestamp;

const TIMES: [&str; 9] = [
    "@timestamp",
    "timestamp",
    "time",
    "ts",
    "datetime",
    "date",
    "asctime",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
];
const LEVELS: [&str; 11] = [
    "log.level",
    "log",
    "level",
    "severity",
    "lvl",
    "levelname",
    "loglevel",
    "log_level",
    "severity_text",
    "PRIORITY",
    "record",
];
const MESSAGES: [&str; 9] = ["message", "msg", "log", "body", "short_message", "MESSAGE", "@message", "event", "text"];
/// Those of `MESSAGES` that other documents have too.
const WEAK_MESSAGES: [&str; 2] = ["event", "text"];
const SERVICES: [&str; 26] = [
    "service.name",
    "service_name",
    "service",
    "_service",
    "job",
    "app",
    "_app",
    "application",
    "_application",
    "logger",
    "log.logger",
    "log",
    "appname",
    "app_name",
    "SYSLOG_IDENTIFIER",
    "ident",
    "program",
    "fields",
    "kubernetes",
    "container_name",
    "container.name",
    "container",
    "host.name",
    "host",
    "hostname",
    "_HOSTNAME",
];
const TABLES: [&[&str]; 4] = [&TIMES, &LEVELS, &MESSAGES, &SERVICES];

/// Whether this key alone makes a document a log record.
pub(super) fn is_message(key: &str) -> bool {
    MESSAGES.contains(&key) && !WEAK_MESSAGES.contains(&key)
}

/// Whether this key makes a document a log record that has a time or a level.
pub(super) fn is_weak_message(key: &str) -> bool {
    WEAK_MESSAGES.contains(&key)
}

/// Whether this key tells a time or a level.
pub(super) fn is_context(key: &str) -> bool {
    TIMES.contains(&key) || LEVELS.contains(&key)
}

/// Reads one record.
pub(super) fn read<S: Sink>(text: &str, default_time: Option<Timestamp>, sink: &mut S) -> Result<(), Reject> {
    let parts = Parts::read(text).map_err(|error| fault("JSON log", &error))?;
    let Some(body) = parts.best(&MESSAGES, message) else {
        let detail = format!("JSON log: its message is not text: {}", quote(text.as_bytes()));
        return Err(Reject::new(RejectReason::Malformed, detail));
    };
    let at = match parts.best(&TIMES, |_, raw| Some(raw)).or_else(|| parts.within("record", &["time", "timestamp"])) {
        None => default_time,
        Some(raw) => match moment(raw) {
            Some(at) => Some(at),
            None => {
                let detail = format!("JSON log: the time cannot be read: {}", quote(raw.as_bytes()));
                return Err(Reject::new(RejectReason::NoTime, detail));
            }
        },
    };
    let Some(at) = at else {
        let shown = TIMES[..6].join(", ");
        let detail = format!("JSON log: none of {shown}: {}", quote(text.as_bytes()));
        return Err(Reject::new(RejectReason::NoTime, detail));
    };
    let mut level = parts.best(&LEVELS, level);
    let mut service = parts.best(&SERVICES, service);
    let body = match unwrap(&body) {
        Some(inner) => {
            level = inner.level.or(level);
            service = inner.service.map(Cow::Owned).or(service);
            Cow::Owned(inner.body)
        }
        None => parts.within("record", &["message"]).and_then(plain_text).unwrap_or(body),
    };
    let level = level.unwrap_or_else(|| level_in(&body));
    let fields = parts.fields();
    sink.line(Line { at, service, level, body, fields });
    Ok(())
}

/// What an application wrote of itself into the message that a shipper took for text.
struct Inner {
    body: String,
    level: Option<Level>,
    service: Option<String>,
}

fn unwrap(body: &str) -> Option<Inner> {
    let text = body.trim();
    if !text.starts_with('{') || !text.ends_with('}') {
        return None;
    }
    let parts = Parts::read(text).ok()?;
    Some(Inner {
        body: parts.best(&MESSAGES, message)?.into_owned(),
        level: parts.best(&LEVELS, level),
        service: parts.best(&SERVICES[..9], service).map(Cow::into_owned),
    })
}

/// The values of a document, as they stand in it: of the keys that matter, and of all others.
#[derive(Default)]
struct Parts<'a> {
    told: Vec<(Cow<'a, str>, &'a RawValue)>,
    other: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// Other values that are looked at; documents with more of them are no lines of a log.
const OTHERS: usize = 32;
/// Keys of the tables that tell of an origin too.
const ORIGINS: [&str; 7] = ["host.name", "host", "hostname", "_HOSTNAME", "logger", "log.logger", "kubernetes"];

impl<'a> Parts<'a> {
    fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        struct Outer;
        impl<'de> Visitor<'de> for Outer {
            type Value = Parts<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
                let mut parts = Parts { told: Vec::with_capacity(8), other: Vec::new() };
                while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
                    if TABLES.iter().any(|keys| keys.contains(&&*key)) {
                        parts.told.push((key, map.next_value()?));
                    } else if parts.other.len() < OTHERS {
                        parts.other.push((key, map.next_value()?));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(parts)
            }
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let parts = json.deserialize_map(Outer)?;
        json.end()?;
        Ok(parts)
    }

    /// The value of the first key of the table that has one of use.
    fn best<T>(&self, keys: &[&str], usable: impl Fn(&str, &'a str) -> Option<T>) -> Option<T> {
        keys.iter().find_map(|&key| usable(key, self.raw(key)?))
    }

    /// What the document says beside time, level and message: scalars, and those of its objects by dotted names.
    fn fields(&self) -> Fields {
        let origins = self.told.iter().filter(|(key, _)| ORIGINS.contains(&&**key));
        let mut fields = Fields::default();
        for (key, raw) in self.other.iter().chain(origins) {
            let raw = raw.get();
            if !raw.starts_with('{') {
                add_field(&mut fields, key, raw);
                continue;
            }
            let members = serde_json::from_str::<BTreeMap<Text<'_>, &RawValue>>(raw).unwrap_or_default();
            members.iter().for_each(|(inner, raw)| add_field(&mut fields, &format!("{key}.{}", inner.0), raw.get()));
        }
        fields
    }

    /// The value that lies under a key and the path below it.
    fn within(&self, key: &str, path: &[&str]) -> Option<&'a str> {
        path.iter().try_fold(self.raw(key)?, |raw, name| inside(raw, name))
    }

    fn raw(&self, key: &str) -> Option<&'a str> {
        let (_, raw) = self.told.iter().rev().find(|(have, raw)| have == key && raw.get() != "null")?;
        Some(raw.get())
    }
}

/// Text, a number or a truth value is a field; all else is none.
fn add_field(fields: &mut Fields, key: &str, raw: &str) {
    let is_number = raw.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    if is_number || raw.starts_with(['"', 't', 'f']) {
        plain_text(raw).iter().for_each(|value| fields.add(key, value));
    }
}

/// A member of an object.
fn inside<'a>(raw: &'a str, name: &str) -> Option<&'a str> {
    let members =
        raw.starts_with('{').then(|| serde_json::from_str::<BTreeMap<Text<'a>, &'a RawValue>>(raw).ok())??;
    Some(members.get(&Text(name.into()))?.get())
}

/// A message: a string's text, a number or boolean as it stands; an object is none, and some keys hold text alone.
fn message<'a>(key: &str, raw: &'a str) -> Option<Cow<'a, str>> {
    match raw.as_bytes().first()? {
        b'{' => None,
        b'[' if key == "MESSAGE" => {
            // journald's bytes where they are no UTF-8.
            let bytes: Vec<u8> = serde_json::from_str(raw).ok()?;
            Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
        }
        b'"' => plain_text(raw),
        _ if is_weak_message(key) => None,
        _ => plain_text(raw),
    }
}

/// A string's text, anything else as it stands.
fn plain_text(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes().first()? {
        b'"' => Some(serde_json::from_str::<Text<'_>>(raw).ok()?.0),
        _ => Some(Cow::Borrowed(raw)),
    }
}

/// A string that is not empty.
fn word(raw: &str) -> Option<Cow<'_, str>> {
    plain_text(raw).filter(|text| raw.starts_with('"') && !text.is_empty())
}

/// The service under one of its keys. Text under `log` is a message, never a name.
fn service<'a>(key: &str, raw: &'a str) -> Option<Cow<'a, str>> {
    let first_of = |names: &[&str]| names.iter().find_map(|name| word(inside(raw, name)?));
    match key {
        "log" => first_of(&["logger"]),
        "fields" => first_of(&["service", "app", "application"]),
        "kubernetes" => {
            let labels = inside(raw, "labels");
            let named = ["app.kubernetes.io/name", "app_kubernetes_io/name", "app"];
            let labelled = named.iter().find_map(|name| word(inside(labels?, name)?));
            labelled
                .or_else(|| first_of(&["container_name"]))
                .or_else(|| word(inside(inside(raw, "container")?, "name")?))
        }
        _ if raw.starts_with('"') => word(raw),
        _ => first_of(&["name"]),
    }
}

/// The level from a word or a member `level`; from a number of the pino and bunyan scale (10 trace to 60 fatal); below that of
/// syslog's (0 emergency to 7 debug), which GELF and journald use.
fn level(key: &str, raw: &str) -> Option<Level> {
    let raw = if key == "record" { inside(inside(raw, "level")?, "name")? } else { raw };
    let digits = raw.trim_matches('"');
    if digits.starts_with(|c: char| c.is_ascii_digit()) {
        let number: f64 = digits.parse().ok()?;
        if number < 8.0 {
            return Some(level_of_priority(number as u8));
        }
        let levels = [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];
        return levels.get(((number / 10.0) as usize).checked_sub(1)?).copied();
    }
    let text = if key != "log" && raw.starts_with('"') { word(raw) } else { word(inside(raw, "level")?) };
    Some(Level::parse(&text?)).filter(|level| *level != Level::Unknown)
}

#[cfg(test)]
#[path = "json_logs_tests.rs"]
mod tests;
