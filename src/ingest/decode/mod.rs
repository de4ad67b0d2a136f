//! From the bytes of a message to readings, log lines and changes: pure and total.
//!
//! A [`Decoder`] recognises the format of each message and remembers it for the partition; each format has its own module and the
//! closed set stands in [`Format`]. What cannot be read becomes a [`Reject`], the rest of the message goes on.
//!
//! Bare text is the one thing that anything could be. So that garbage stays a reject with a reason, it is a log line only where the
//! configuration says that the topic holds text, or where the partition has shown it: [`PROSE_RUN`] messages in a row that were
//! clean text and no other format's. These first ones are rejects, and each says what would make it a line.

pub mod civil;
mod cloudevents;
mod cursor;
mod format;
pub mod influx;
mod json;
mod json_kind;
mod json_logs;
mod json_metrics;
mod json_number;
pub(super) mod level;
mod logfmt;
mod memory;
mod metricbeat;
mod moment;
mod number;
mod otlp;
mod prometheus;
mod schema;
mod stamp;
mod syslog;
mod tally;
mod telegraf;
mod text;
mod wire;

pub use format::{Context, Format, recognise};
pub use memory::{Memories, PROSE_RUN};
pub use schema::{Answer, Language, SCHEMA_BYTES_MAX, SCHEMAS_MAX, SchemaText, Schemas};
pub use tally::REJECTS_MAX;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::plan::Bounds;
use crate::signal::{Reject, RejectReason, Sink};
use crate::time::Timestamp;
use schema::Readable;
use tally::Tally;

/// Decodes the messages of any number of partitions and remembers what each carries.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    memories: Memories,
    schemas: Schemas,
    fixed: Option<Format>,
    told: BTreeMap<Box<str>, Format>,
}

impl Decoder {
    /// A decoder that recognises formats.
    pub fn new() -> Self {
        Decoder::default()
    }

    /// A decoder that was told the format of everything.
    pub fn fixed(format: Format) -> Self {
        Decoder { fixed: Some(format), ..Decoder::default() }
    }

    /// A decoder that was told the formats of some topics, and recognises those of the others.
    pub fn told(formats: impl IntoIterator<Item = (Box<str>, Format)>) -> Self {
        Decoder { told: formats.into_iter().collect(), ..Decoder::default() }
    }

    /// What was remembered so far: it decides how a message that fits nothing is taken, so it belongs to the state.
    pub fn memories(&self) -> &Memories {
        &self.memories
    }

    /// Goes on with what was remembered.
    pub fn recall(&mut self, memories: Memories) {
        self.memories = memories;
    }

    /// The schemas that were learned: they belong to the state too.
    pub fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    /// The schemas, to learn more.
    pub fn schemas_mut(&mut self) -> &mut Schemas {
        &mut self.schemas
    }

    /// Decodes one message of a topic's only partition; see [`Decoder::decode_of`].
    pub fn decode<S: Sink>(
        &mut self,
        topic: &str,
        bytes: &[u8],
        default_time: Option<Timestamp>,
        bounds: &Bounds,
        sink: &mut S,
    ) {
        self.decode_of(topic, 0, bytes, default_time, bounds, sink);
    }

    /// Decodes one message; what carries no time of its own takes `default_time` (the Kafka record's). Total.
    ///
    /// The partition's remembered format is tried first; where it reads nothing and rejects something, the message is
    /// recognised anew. At most [`REJECTS_MAX`] rejects are given for one message, the last says how many there were.
    pub fn decode_of<S: Sink>(
        &mut self,
        topic: &str,
        partition: i32,
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
        let bytes = match self.schemas.read(bytes, bounds.message_bytes) {
            Ok(Readable::AsItIs(bytes)) => Cow::Borrowed(bytes),
            Ok(Readable::Made(json)) => Cow::Owned(json),
            Err(words) => return sink.reject(Reject::new(RejectReason::SchemaRegistry, words)),
        };
        let bytes = &*bytes;
        let context = Context { topic, default_time, longest: bounds.message_bytes };
        if let Some(format) = self.fixed.or_else(|| self.told.get(topic).copied()) {
            let mut tally = Tally::new(sink);
            format.decode(bytes, &context, &mut tally);
            return tally.finish();
        }
        self.memories.of(topic, partition).decode(bytes, &context, sink);
    }
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
