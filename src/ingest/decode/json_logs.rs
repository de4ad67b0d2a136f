//! Log records as JSON: Elastic Common Schema (`@timestamp`, `log.level`, `message`, `service.name`) and plain ones.
//!
//! Dotted keys and nested objects mean the same. Of several keys for one thing the first in its table counts.
//! ECS: <https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html>.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json::{Text, fault};
use super::moment;
use super::quote;
use crate::signal::{Level, Line, Reject, RejectReason, Sink};
use crate::time::Timestamp;

const TIMES: [&str; 6] = ["@timestamp", "timestamp", "time", "ts", "datetime", "date"];
const LEVELS: [&str; 7] = ["log.level", "log", "level", "severity", "lvl", "levelname", "loglevel"];
const MESSAGES: [&str; 4] = ["message", "msg", "log", "body"];
const SERVICES: [&str; 8] =
    ["service.name", "service_name", "service", "app", "application", "logger", "log.logger", "log"];

/// Whether this key makes a document a log record.
pub(super) fn is_message(key: &str) -> bool {
    MESSAGES.contains(&key)
}

/// Reads one record.
pub(super) fn read<S: Sink>(text: &str, default_time: Option<Timestamp>, sink: &mut S) -> Result<(), Reject> {
    let parts = Parts::read(text).map_err(|error| fault("JSON log", &error))?;
    let Some(body) = parts.best(&MESSAGES, |_, raw| plain_text(raw)) else {
        let detail = format!("JSON log: its message is not text: {}", quote(text.as_bytes()));
        return Err(Reject::new(RejectReason::Malformed, detail));
    };
    let at = match parts.best(&TIMES, |_, raw| Some(raw)) {
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
        let detail = format!("JSON log: none of {}: {}", TIMES.join(", "), quote(text.as_bytes()));
        return Err(Reject::new(RejectReason::NoTime, detail));
    };
    let level = parts.best(&LEVELS, level).unwrap_or(Level::Unknown);
    let service = parts.best(&SERVICES, |key, raw| member(key, raw, if key == "log" { "logger" } else { "name" }));
    sink.line(Line { at, service, level, body });
    Ok(())
}

/// The values of the keys that matter, as they stand in the document.
#[derive(Default)]
struct Parts<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Parts<'a> {
    fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        struct Outer;
        impl<'de> Visitor<'de> for Outer {
            type Value = Parts<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
                let mut parts = Vec::with_capacity(8);
                while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
                    if [&TIMES[..], &LEVELS, &MESSAGES, &SERVICES].iter().any(|keys| keys.contains(&&*key)) {
                        parts.push((key, map.next_value()?));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Parts(parts))
            }
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let parts = json.deserialize_map(Outer)?;
        json.end()?;
        Ok(parts)
    }

    /// The value of the first key of the table that has one of use.
    fn best<T>(&self, keys: &[&str], usable: impl Fn(&str, &'a str) -> Option<T>) -> Option<T> {
        keys.iter().find_map(|&key| {
            let (_, raw) = self.0.iter().rev().find(|(have, raw)| have == key && raw.get() != "null")?;
            usable(key, raw.get())
        })
    }
}

/// A message: a string's text, a number or boolean as it stands; an object is none.
fn plain_text(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes().first()? {
        b'"' => Some(serde_json::from_str::<Text<'_>>(raw).ok()?.0),
        b'{' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
}

/// A string that is not empty, or that member of an object. Text under `log` is a message, never a name.
fn member<'a>(key: &str, raw: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let raw = match raw.as_bytes().first()? {
        b'"' if key != "log" => raw,
        b'{' => serde_json::from_str::<BTreeMap<Text<'a>, &'a RawValue>>(raw).ok()?.get(&Text(name.into()))?.get(),
        _ => return None,
    };
    plain_text(raw).filter(|text| raw.starts_with('"') && !text.is_empty())
}

/// The level from a word, a number of the pino and bunyan scale (10 trace to 60 fatal), or a member `level`.
fn level(key: &str, raw: &str) -> Option<Level> {
    if raw.starts_with(|c: char| c.is_ascii_digit()) {
        let number: f64 = raw.parse().ok()?;
        let levels = [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];
        return levels.get(((number / 10.0) as usize).checked_sub(1)?).copied();
    }
    Some(Level::parse(&member(key, raw, "level")?)).filter(|level| *level != Level::Unknown)
}

#[cfg(test)]
#[path = "json_logs_tests.rs"]
mod tests;
