//! What a JSON document is, by its outermost keys and the shape of their values.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json::Text;
use super::{Format, json_logs, json_metrics};

/// The format of a document; nothing where its keys are nobody's. It may break off: what was seen until then tells.
pub(super) fn document_kind(text: &str) -> Option<Format> {
    let mut found = Found::default();
    let _ = Deserializer::deserialize_map(&mut serde_json::Deserializer::from_str(text), KeyVisitor(&mut found));
    found.kind()
}

/// What the keys so far speak for.
#[derive(Default)]
struct Found {
    certain: Option<Format>,
    /// A key that only a log's message has; one that others have too.
    message: bool,
    weak_message: bool,
    /// A time or a level stands there.
    context: bool,
    fields: bool,
    tags: bool,
    metricset: bool,
    name: bool,
    value: bool,
}

impl Found {
    fn kind(&self) -> Option<Format> {
        if self.certain.is_some() {
            return self.certain;
        }
        let log = self.message || self.weak_message && self.context;
        match () {
            () if self.metricset && !log => Some(Format::Metricbeat),
            () if log => Some(Format::JsonLogs),
            () if self.fields && (self.name || self.tags) => Some(Format::Telegraf),
            () if self.name && self.value => Some(Format::JsonMetrics),
            () => None,
        }
    }

    /// Takes a key and the first byte of its value; zero where the value could not be read.
    fn note(&mut self, key: &str, first: u8) {
        let text = first == b'"' || first == 0;
        self.message |= json_logs::is_message(key);
        self.weak_message |= json_logs::is_weak_message(key) && text;
        self.context |= json_logs::is_context(key);
        self.fields |= key == "fields" && matches!(first, b'{' | 0);
        self.tags |= key == "tags" && matches!(first, b'{' | 0);
        self.metricset |= key == "metricset" && matches!(first, b'{' | 0);
        self.name |= json_metrics::is_name(key) && text;
        self.value |= json_metrics::is_value(key, first);
    }
}

struct KeyVisitor<'a>(&'a mut Found);

impl<'de> Visitor<'de> for KeyVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            self.0.certain = match &*key {
                "resourceMetrics" | "resourceLogs" => Some(Format::OtlpJson),
                "specversion" => Some(Format::CloudEvents),
                _ => None,
            };
            if self.0.certain.is_some() {
                return Ok(());
            }
            let value = map.next_value::<&'de RawValue>();
            let first = value.as_ref().map_or(0, |raw| raw.get().as_bytes().first().copied().unwrap_or(0));
            self.0.note(&key, first);
            value?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_apart_by_their_keys() {
        for (text, kind) in [
            (r#"{"fields":{"a":1},"name":"cpu","tags":{},"timestamp":1}"#, Some(Format::Telegraf)),
            (r#"{"fields":{"a":1},"name":"cpu""#, Some(Format::Telegraf)),
            (r#"{"name":"cpu","value":1.5,"timestamp":1}"#, Some(Format::JsonMetrics)),
            (r#"{"metric":"cpu","value":"1.5","labels":{"a":"b"}}"#, Some(Format::JsonMetrics)),
            (r#"{"name":"cpu","tags":{"a":"b"},"kind":"absolute","gauge":{"value":1}}"#, Some(Format::JsonMetrics)),
            (r#"{"@timestamp":"x","metricset":{"name":"cpu"},"system":{"cpu":{}}}"#, Some(Format::Metricbeat)),
            (r#"{"@timestamp":"x","message":"m","fields":{"a":1},"tags":["b"]}"#, Some(Format::JsonLogs)),
            (r#"{"message":"m","metricset":{"name":"cpu"}}"#, Some(Format::JsonLogs)),
            (r#"{"version":"1.1","host":"h","short_message":"m","timestamp":1}"#, Some(Format::JsonLogs)),
            (r#"{"event":"started","level":"info"}"#, Some(Format::JsonLogs)),
            (r#"{"text":"started\n","record":{"message":"m"}}"#, Some(Format::JsonLogs)),
            (r#"{"event":{"kind":"metric"},"level":"info"}"#, None),
            (r#"{"event":"started"}"#, None),
            (r#"{"name":"x","time":5,"level":30,"msg":"pino","value":3}"#, Some(Format::JsonLogs)),
            (r#"{"specversion":"1.0","message":"m"}"#, Some(Format::CloudEvents)),
            (r#"{"resourceLogs":[]}"#, Some(Format::OtlpJson)),
            (r#"{"name":"cpu"}"#, None),
            (r#"{"name":"cpu","value":{"x":1}}"#, None),
            (r#"{"value":1}"#, None),
            ("{}", None),
            ("[]", None),
        ] {
            assert_eq!(document_kind(text), kind, "{text}");
        }
    }
}
