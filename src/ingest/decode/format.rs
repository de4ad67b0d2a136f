//! The formats that are known, and how a message is recognised.

use std::borrow::Cow;

use super::{influx, json, logfmt, otlp, prometheus, syslog, text};
use crate::signal::Sink;
use crate::time::Timestamp;

/// The formats. A new one is a variant here, a row of `TABLE` and an arm of [`Format::decode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Prometheus remote write 1.0 or 2.0, packed with snappy or bare.
    RemoteWrite,
    /// OTLP export requests as protobuf: metrics or logs.
    OtlpProtobuf,
    /// OTLP export requests as JSON: metrics or logs.
    OtlpJson,
    /// CloudEvents in structured JSON: CDEvents and `dev.forewarn.*`.
    CloudEvents,
    /// Telegraf's JSON, one metric a document or `{"metrics":[…]}`.
    Telegraf,
    /// Metricbeat's events.
    Metricbeat,
    /// Metrics as JSON: a name, a value, a time, labels; and Vector's own.
    JsonMetrics,
    /// Log records as JSON: ECS (Filebeat), GELF, Fluent Bit, Vector, or plain.
    JsonLogs,
    /// Prometheus text or OpenMetrics.
    PrometheusText,
    /// Syslog by RFC 5424 or RFC 3164.
    Syslog,
    /// logfmt.
    Logfmt,
    /// Influx line protocol with nanosecond timestamps.
    Influx,
    /// Text lines: those with a time of their own are recognised, bare ones where the topic is known to hold text.
    Text,
}

/// What a decoder is told beside the message.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The topic, for formats that name no service.
    pub topic: &'a str,
    /// The time of what carries none of its own: the Kafka record's.
    pub default_time: Option<Timestamp>,
    /// How many bytes a message may have when it is unpacked.
    pub longest: usize,
}

impl<'a> Context<'a> {
    /// The service of lines that name none.
    pub(super) fn service(&self) -> Option<Cow<'a, str>> {
        Some(self.topic).filter(|topic| !topic.is_empty()).map(Cow::Borrowed)
    }
}

/// One format's word for people, and whether a message (never blank) is of it.
struct Row {
    format: Format,
    name: &'static str,
    fits: fn(&[u8]) -> bool,
}

/// A row of a JSON format: its documents are told apart by their keys.
macro_rules! json_row {
    ($format:ident, $name:literal) => {
        Row { format: Format::$format, name: $name, fits: |bytes| json::kind(bytes) == Some(Format::$format) }
    };
}

/// All formats in the order in which they are asked: the ones that are surest of themselves first.
const TABLE: [Row; 13] = [
    Row { format: Format::RemoteWrite, name: "remote-write", fits: prometheus::fits_write },
    Row { format: Format::OtlpProtobuf, name: "otlp", fits: otlp::fits_proto },
    json_row!(OtlpJson, "otlp-json"),
    json_row!(CloudEvents, "cloudevents"),
    json_row!(Telegraf, "telegraf"),
    json_row!(Metricbeat, "metricbeat"),
    json_row!(JsonMetrics, "json-metrics"),
    json_row!(JsonLogs, "json-logs"),
    Row { format: Format::PrometheusText, name: "prometheus", fits: prometheus::fits_text },
    Row { format: Format::Syslog, name: "syslog", fits: syslog::fits },
    Row { format: Format::Logfmt, name: "logfmt", fits: logfmt::fits },
    Row { format: Format::Influx, name: "influx", fits: influx::fits },
    Row { format: Format::Text, name: "text", fits: text::fits },
];

/// The format of a message, by what it holds.
pub fn recognise(bytes: &[u8]) -> Option<Format> {
    if json::is_json(bytes) {
        // An access log and `[2026-11-23 08:00:00] text` begin with a bracket too.
        return json::kind(bytes)
            .or_else(|| (bytes.first() == Some(&b'[') && text::fits(bytes)).then_some(Format::Text));
    }
    TABLE.iter().find(|row| !row.format.is_json() && (row.fits)(bytes)).map(|row| row.format)
}

impl Format {
    /// The word that options and status use.
    pub fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.format == self).map_or("", |row| row.name)
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Format> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.format)
    }

    /// All names, for messages.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|row| row.name)
    }

    fn is_json(self) -> bool {
        use Format::{CloudEvents, JsonLogs, JsonMetrics, Metricbeat, OtlpJson, Telegraf};
        matches!(self, OtlpJson | CloudEvents | Telegraf | Metricbeat | JsonMetrics | JsonLogs)
    }

    /// Whether a message may be of this format: by its first byte, where the format itself would then refuse what is not.
    pub(super) fn may_be(self, bytes: &[u8]) -> bool {
        match self {
            Format::Syslog | Format::Text => recognise(bytes) == Some(self),
            _ => self.is_json() == json::is_json(bytes),
        }
    }

    /// Decodes a message of this format; JSON documents are told apart one by one, so that a topic may mix them.
    pub fn decode<S: Sink>(self, bytes: &[u8], context: &Context<'_>, sink: &mut S) {
        let default_time = context.default_time;
        match self {
            Format::Influx => influx::decode(bytes, influx::Precision::Nanos, default_time, sink),
            Format::OtlpProtobuf => otlp::decode_proto(bytes, default_time, sink),
            Format::RemoteWrite => prometheus::decode_write(bytes, default_time, context.longest, sink),
            Format::PrometheusText => prometheus::decode_text(bytes, default_time, sink),
            Format::Syslog => syslog::decode(bytes, context, sink),
            Format::Logfmt => logfmt::decode(bytes, context, sink),
            Format::Text => text::decode(bytes, context, sink),
            Format::OtlpJson
            | Format::CloudEvents
            | Format::Telegraf
            | Format::Metricbeat
            | Format::JsonMetrics
            | Format::JsonLogs => json::decode(bytes, default_time, sink),
        }
    }
}
