//! What is remembered of a partition: the format of its messages, and how long it has held nothing but text.
//!
//! It is of the partition and not of the topic, so that what becomes of a record depends on its own partition alone.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::format::{Context, Format, recognise};
use super::tally::Tally;
use super::{json, quote, text};
use crate::signal::{Reject, RejectReason, Sink};

/// After so many messages in a row that are clean text and fit no format, a partition's text is taken for log lines.
pub const PROSE_RUN: u32 = 32;

/// The memories of all partitions.
#[derive(Clone, Debug, Default)]
pub struct Memories(HashMap<Box<str>, Vec<(i32, Memory)>>);

/// One partition's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    format: Option<Format>,
    prose: u32,
}

/// A partition's memory as it is kept: topic, partition, the format's name, the run of text.
#[derive(Debug, Serialize, Deserialize)]
struct Kept(String, i32, String, u32);

impl Memories {
    /// That of a partition.
    pub(super) fn of(&mut self, topic: &str, partition: i32) -> &mut Memory {
        if !self.0.contains_key(topic) {
            self.0.insert(topic.into(), Vec::new());
        }
        let partitions = self.0.get_mut(topic).expect("it was inserted where it was not there");
        let at = match partitions.binary_search_by_key(&partition, |(have, _)| *have) {
            Ok(at) => at,
            Err(at) => {
                partitions.insert(at, (partition, Memory::default()));
                at
            }
        };
        &mut partitions[at].1
    }
}

impl Serialize for Memories {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut all: Vec<Kept> = Vec::new();
        for (topic, partitions) in &self.0 {
            all.extend(partitions.iter().map(|(partition, memory)| {
                Kept(topic.to_string(), *partition, memory.format.map_or("", Format::name).to_owned(), memory.prose)
            }));
        }
        all.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        all.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Memories {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut memories = Memories::default();
        for Kept(topic, partition, format, prose) in Vec::deserialize(from)? {
            *memories.of(&topic, partition) = Memory { format: Format::parse(&format), prose };
        }
        Ok(memories)
    }
}

impl Memory {
    /// Decodes a message of the partition.
    pub(super) fn decode<S: Sink>(&mut self, bytes: &[u8], context: &Context<'_>, sink: &mut S) {
        let known = self.format;
        let mut recognised = None;
        if let Some(known) = known.filter(|format| format.may_be(bytes)) {
            let mut tally = Tally::new(sink);
            known.decode(bytes, context, &mut tally);
            let failed = tally.has_failed();
            recognised = if failed { recognise(bytes) } else { Some(known) };
            if recognised == Some(known) || recognised.is_none() && !self.takes(bytes) {
                self.count(recognised, bytes);
                return tally.finish();
            }
        }
        let recognised = recognised.or_else(|| recognise(bytes));
        // JSON that is nobody's is still read as JSON: its rejects say what is wrong with it.
        let text = || self.takes(bytes).then_some(Format::Text);
        let json = || json::is_json(bytes).then_some(Format::JsonLogs);
        let format = recognised.or_else(text).or_else(json).or(known);
        self.count(recognised, bytes);
        let Some(format) = format else { return sink.reject(self.refuse(bytes)) };
        let mut tally = Tally::new(sink);
        format.decode(bytes, context, &mut tally);
        tally.finish();
    }

    /// Whether the partition has shown that it holds text, and this is some.
    fn takes(&self, bytes: &[u8]) -> bool {
        PROSE_RUN <= self.prose && is_prose(bytes)
    }

    /// Remembers what a message was.
    fn count(&mut self, recognised: Option<Format>, bytes: &[u8]) {
        match recognised {
            Some(_) => (self.format, self.prose) = (recognised, 0),
            None if is_prose(bytes) => self.prose = self.prose.saturating_add(1),
            // What has shown itself is not doubted for one piece of garbage.
            None if self.prose < PROSE_RUN => self.prose = 0,
            None => {}
        }
    }

    fn refuse(&self, bytes: &[u8]) -> Reject {
        let mut detail = format!("nobody knows this format: {}", quote(bytes));
        if is_prose(bytes) {
            detail += &format!(
                " (text: number {} in a row, after {PROSE_RUN} it is taken for log lines; at once with `formats` of [kafka])",
                self.prose
            );
        }
        Reject::new(RejectReason::UnknownFormat, detail)
    }
}

/// Clean text that does not begin as JSON would.
fn is_prose(bytes: &[u8]) -> bool {
    bytes.first() != Some(&b'{') && text::is_clean(bytes)
}
