//! What waits for one receiver, what is on its way, and when to try again.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::case::as_json;
use super::digest::Digest;
use super::verdict::Cause;
use crate::alert::{AlertRecord, Urgency};
use crate::deliver::Wall;
use crate::time::Span;

/// The first wait after a failure; each further one doubles it.
const BACKOFF_FIRST: Span = Span::from_secs(5);
/// The longest wait between two attempts.
const BACKOFF_MOST: Span = Span::from_mins(10);

/// The idempotency key of a notification: the same for the same alert, revision and receiver, through restarts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(String);

impl Key {
    /// The key of one revision of one alert for one receiver.
    pub fn of_alert(alert: &str, revision: u32, receiver: &str) -> Key {
        Key::of(&format!("{alert}/{revision}/{receiver}"))
    }

    /// The key of the digest of an hour for one receiver.
    pub fn of_digest(due: Wall, receiver: &str) -> Key {
        Key::of(&format!("digest/{due}/{receiver}"))
    }

    /// The key of the acknowledgement of one revision of one alert for one receiver.
    pub fn of_ack(alert: &str, revision: u32, receiver: &str) -> Key {
        Key::of(&format!("ack/{alert}/{revision}/{receiver}"))
    }

    /// The key of a text that names the message.
    pub fn of(text: &str) -> Key {
        Key(format!("fw_{:032x}", xxh3_128(text.as_bytes())))
    }

    /// The key as it goes into headers: `fw_` and 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// One alert as it stands.
    Alert {
        /// Its latest record.
        #[serde(with = "as_json")]
        record: AlertRecord,
        /// Since when it was held back for work hours, if it was.
        held: Option<Wall>,
    },
    /// The daily digest.
    Digest(Digest),
    /// A marked test message.
    Test,
    /// Someone is on an alert; for receivers that keep incidents of their own.
    Acknowledged {
        /// Its latest record.
        #[serde(with = "as_json")]
        record: AlertRecord,
        /// Who.
        by: String,
    },
}

/// A place in a queue: one per alert, so that a newer revision takes the place of an older one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Slot {
    Alert(String),
    Digest(Key),
    Acknowledged(String),
}

/// A message that waits or is on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) key: Key,
    pub(super) content: Content,
    pub(super) cause: Cause,
    /// Failed attempts so far.
    pub(super) attempts: u32,
    /// When it may go out (again).
    pub(super) next_try: Wall,
    /// When delivery is given up.
    pub(super) expires: Wall,
    /// The order of arrival.
    pub(super) order: u64,
}

/// The queue of one receiver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Queue {
    pub(super) waiting: BTreeMap<Slot, Item>,
    /// The one message that is on its way.
    pub(super) flying: Option<(Slot, Item)>,
    /// Whether it really is: after a restart it is not, and goes out once more under the same key.
    #[serde(skip)]
    pub(super) aloft: bool,
    /// The receiver asked for rest until then (Retry-After).
    pub(super) rest: Wall,
    /// The hour of a digest that nobody was there to send.
    pub(super) digest_missed: Option<Wall>,
    pub(super) tally: Tally,
}

/// What became of a receiver's messages. Shown in status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Delivered.
    pub delivered: u64,
    /// Failed attempts that are or were tried again.
    pub retried: u64,
    /// Refused for good by the receiver.
    pub refused: u64,
    /// Given up at their expiry.
    pub expired: u64,
    /// Dropped because the queue was full.
    pub dropped: u64,
    /// The last failure in words; none once a message was delivered.
    pub last_error: Option<String>,
    /// Since when every attempt has failed.
    pub failing_since: Option<Wall>,
}

impl Item {
    pub(super) fn urgency(&self) -> Urgency {
        match &self.content {
            Content::Alert { record, .. } | Content::Acknowledged { record, .. } => record.urgency,
            Content::Digest(_) | Content::Test => Urgency::Digest,
        }
    }
}

impl Queue {
    /// Puts a message in its place; of more than `bound` the oldest of the least urgent goes and is returned.
    pub(super) fn put(&mut self, slot: Slot, item: Item, bound: usize) -> Option<Item> {
        self.waiting.insert(slot, item);
        if self.waiting.len() <= bound {
            return None;
        }
        let victim =
            self.waiting.iter().min_by_key(|(_, item)| (item.urgency(), item.order)).map(|(s, _)| s.clone())?;
        self.tally.dropped += 1;
        self.waiting.remove(&victim)
    }

    /// Whether a message about this alert is on its way.
    pub(super) fn is_flying(&self, alert: &str) -> bool {
        matches!(&self.flying, Some((Slot::Alert(id), _)) if id == alert)
    }

    /// Whether a digest that is not delivered yet is to tell of this alert: passed over, it is made anew from the cases.
    pub(super) fn lists(&self, alert: &str) -> bool {
        let items = self.waiting.values().chain(self.flying.iter().map(|(_, item)| item));
        items
            .filter_map(|item| match &item.content {
                Content::Digest(digest) => Some(digest),
                Content::Alert { .. } | Content::Test | Content::Acknowledged { .. } => None,
            })
            .any(|digest| digest.entries.iter().any(|entry| entry.fate.is_news() && entry.record.id == alert))
    }

    /// The place of the message to send next: the most urgent, then the oldest, of those that may go.
    pub(super) fn next(&self, now: Wall) -> Option<Slot> {
        let ready = self.waiting.iter().filter(|(_, item)| item.next_try <= now);
        ready.min_by_key(|(_, item)| (std::cmp::Reverse(item.urgency()), item.order)).map(|(slot, _)| slot.clone())
    }

    /// The earliest time at which something may go; none while a receipt is awaited.
    pub(super) fn next_deadline(&self) -> Option<Wall> {
        if self.aloft {
            return None;
        }
        let flying = self.flying.as_ref().map(|(_, item)| item.next_try);
        let waiting = self.waiting.values().map(|item| item.next_try).min();
        flying.into_iter().chain(waiting).min().map(|at| at.max(self.rest))
    }
}

/// The wait before the next attempt: doubling, bounded, and spread by a quarter to both sides so that receivers that fail
/// together are not tried together. The spread comes from the key, so that every run waits alike.
pub(super) fn backoff(key: &Key, attempts: u32) -> Span {
    let doubled = BACKOFF_FIRST.times(1 << attempts.saturating_sub(1).min(20)).min(BACKOFF_MOST);
    let hash = xxh3_64(format!("{key}/{attempts}").as_bytes()) % 1_000;
    Span::from_nanos(doubled.nanos() / 1_000 * (750 + hash as i64 / 2))
}
