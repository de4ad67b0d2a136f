//! The formats that are known, and how a message is recognised.

use super::{influx, json, otlp};
use crate::signal::Sink;
use crate::time::Timestamp;

/// The formats. A new one is a variant here, a row of `TABLE` and an arm of [`Format::decode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Influx line protocol with nanosecond timestamps.
    Influx,
    /// OTLP export requests as protobuf: metrics or logs.
    OtlpProtobuf,
    /// OTLP export requests as JSON: metrics or logs.
    OtlpJson,
    /// CloudEvents in structured JSON: CDEvents and `dev.forewarn.*`.
    CloudEvents,
    /// Log records as JSON: ECS or plain.
    JsonLogs,
}

/// One format's word for people, and whether a message (never blank) is of it.
struct Row {
    format: Format,
    name: &'static str,
    fits: fn(&[u8]) -> bool,
}

/// All formats in the order in which they are asked: the ones that are surest of themselves first.
const TABLE: [Row; 5] = [
    Row { format: Format::OtlpProtobuf, name: "otlp", fits: otlp::fits_proto },
    Row { format: Format::OtlpJson, name: "otlp-json", fits: |bytes| json::kind(bytes) == Some(Format::OtlpJson) },
    Row {
        format: Format::CloudEvents,
        name: "cloudevents",
        fits: |bytes| json::kind(bytes) == Some(Format::CloudEvents),
    },
    Row { format: Format::JsonLogs, name: "json-logs", fits: |bytes| json::kind(bytes) == Some(Format::JsonLogs) },
    Row { format: Format::Influx, name: "influx", fits: influx::fits },
];

/// The format of a message, by what it holds.
pub fn recognise(bytes: &[u8]) -> Option<Format> {
    let json = json::is_json(bytes);
    TABLE.iter().find(|row| row.format.is_json() == json && (row.fits)(bytes)).map(|row| row.format)
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
        matches!(self, Format::OtlpJson | Format::CloudEvents | Format::JsonLogs)
    }

    /// Whether a message may be of this format, by its first byte.
    pub(super) fn may_be(self, bytes: &[u8]) -> bool {
        self.is_json() == json::is_json(bytes)
    }

    /// Decodes a message of this format; JSON documents are told apart one by one, so that a topic may mix them.
    pub fn decode<S: Sink>(self, bytes: &[u8], default_time: Option<Timestamp>, sink: &mut S) {
        match self {
            Format::Influx => influx::decode(bytes, influx::Precision::Nanos, default_time, sink),
            Format::OtlpProtobuf => otlp::decode_proto(bytes, default_time, sink),
            Format::OtlpJson | Format::CloudEvents | Format::JsonLogs => json::decode(bytes, default_time, sink),
        }
    }
}
