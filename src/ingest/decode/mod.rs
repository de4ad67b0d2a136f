//! From the bytes of a message to readings, log lines and changes: pure and total.
//!
//! A [`Decoder`] recognises the format of each message and remembers it for the topic; each format has its own module and the
//! closed set stands in [`Format`]. What cannot be read becomes a [`Reject`], the rest of the message goes on.

mod cloudevents;
mod format;
pub mod influx;
mod json;
mod json_logs;
mod json_number;
mod moment;
mod number;
mod otlp;
mod tally;
mod wire;

use std::collections::HashMap;

pub use format::{Format, recognise};
pub use tally::REJECTS_MAX;

use crate::plan::Bounds;
use crate::signal::{Reject, RejectReason, Sink};
use crate::time::Timestamp;
use moment::moment;
use tally::Tally;

/// Decodes the messages of any number of topics and remembers what each carries.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    formats: HashMap<Box<str>, Format>,
    fixed: Option<Format>,
}

impl Decoder {
    /// A decoder that recognises formats.
    pub fn new() -> Self {
        Decoder::default()
    }

    /// A decoder that was told the format of everything.
    pub fn fixed(format: Format) -> Self {
        Decoder { formats: HashMap::new(), fixed: Some(format) }
    }

    /// Decodes one message; what carries no time of its own takes `default_time` (the Kafka record's). Total.
    ///
    /// The topic's remembered format is tried first; where it reads nothing and rejects something, the message is
    /// recognised anew. At most [`REJECTS_MAX`] rejects are given for one message, the last says how many there were.
    pub fn decode<S: Sink>(
        &mut self,
        topic: &str,
        bytes: &[u8],
        default_time: Option<Timestamp>,
        bounds: &Bounds,
        sink: &mut S,
    ) {
        if bounds.message_bytes < bytes.len() {
            let detail =
                format!("a message of {} bytes, limits.message_bytes is {}", bytes.len(), bounds.message_bytes);
            return sink.reject(Reject::new(RejectReason::TooLarge, detail));
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if bytes.trim_ascii().is_empty() {
            return;
        }
        if let Some(schema) = schema_id(bytes) {
            let detail =
                format!("a Schema Registry's magic byte: the payload needs schema {schema}, which is not read");
            return sink.reject(Reject::new(RejectReason::SchemaRegistry, detail));
        }
        let known = self.fixed.or_else(|| self.formats.get(topic).copied());
        if let Some(known) = known.filter(|format| self.fixed.is_some() || format.may_be(bytes)) {
            let mut tally = Tally::new(sink);
            known.decode(bytes, default_time, &mut tally);
            let other = if self.fixed.is_none() && tally.has_failed() { recognise(bytes) } else { None };
            if other.is_none_or(|other| other == known) {
                return tally.finish();
            }
        }
        let recognised = recognise(bytes);
        if let Some(format) = recognised.filter(|_| recognised != known) {
            self.formats.insert(topic.into(), format);
        }
        // JSON that is nobody's is still read as JSON: its rejects say what is wrong with it.
        let unknown_json = || json::is_json(bytes).then_some(Format::JsonLogs);
        let Some(format) = recognised.or_else(unknown_json).or(known) else {
            let detail = format!("nobody knows this format: {}", quote(bytes));
            return sink.reject(Reject::new(RejectReason::UnknownFormat, detail));
        };
        let mut tally = Tally::new(sink);
        format.decode(bytes, default_time, &mut tally);
        tally.finish();
    }
}

/// The schema id of the Confluent wire format: a zero byte, then the id, big-endian. No other format begins with a zero byte:
/// protobuf has no field 0.
fn schema_id(bytes: &[u8]) -> Option<u32> {
    let (head, _) = bytes.split_first_chunk::<5>()?;
    let [0, id @ ..] = *head else { return None };
    Some(u32::from_be_bytes(id))
}

/// The beginning of what was read, for a reject's detail.
fn quote(bytes: &[u8]) -> String {
    const SHOWN: usize = 80;
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]);
    let shown = shown.trim_end_matches(['\n', '\r', char::REPLACEMENT_CHARACTER]);
    let mut quoted = String::with_capacity(shown.len() + 3);
    for c in shown.chars() {
        match c.is_control() {
            true => quoted.extend(c.escape_debug()),
            false => quoted.push(c),
        }
    }
    if SHOWN < bytes.len() {
        quoted.push('…');
    }
    quoted
}

#[cfg(test)]
mod testing;
#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;
