//! The gate of time: what is late, what is absurd, and how far all partitions have been read (INTERFACE "Time").
//!
//! Pure: a function of the records of each partition in their order, of what the source says of each partition
//! ([`Gate::unread`], [`Gate::ended`], [`Gate::stalled`]) and of the journalled steps ([`Gate::advance`]). `run` and
//! `replay` use the same gate; a file is a partition, its path the topic.
//!
//! # What the watermark means
//!
//! *No admitted record of a partition that holds the watermark will be older than it.* A partition holds it while it has
//! records unread and holds metrics or logs; then its next admitted record is at least its highest time less its lateness,
//! and the watermark is the least of these. A record exactly at the watermark may still come (late is strictly older), so
//! what is strictly before the watermark can be judged.
//!
//! A partition that is read to its end does not hold it, nor does one that was let go. When it goes on later it may bring
//! records older than the watermark: they are admitted, because only their own partition makes records late. While an old
//! stream is still being written, an end is soon no end any more: the live process waits a little
//! ([`Gate::watermark_unless`]) before it leaves such a partition behind.
//!
//! When no partition holds it, the watermark is the greatest of the partitions' highest times less lateness: whichever
//! partition was read to its end last, the outcome is the same.

mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::Lateness;
use crate::engine::Batch;
use crate::signal::{Reject, RejectReason};
use crate::time::{Span, Timestamp};

pub use state::GateState;

/// A record that lies further after its broker's timestamp is absurd.
pub const ABSURD_AFTER: Span = Span::from_mins(10);

/// A stream is at its head while its newest record was at most so old on arrival.
pub const HEAD_AGE: Span = Span::from_mins(2);

/// One partition of a topic. A file is one: its path as the topic, partition 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartitionId {
    /// The topic, or the file's path.
    pub topic: Arc<str>,
    /// The partition, 0 for a file.
    pub partition: i32,
}

impl PartitionId {
    /// The partition of a topic.
    pub fn new(topic: &str, partition: i32) -> Self {
        PartitionId { topic: topic.into(), partition }
    }
}

impl std::fmt::Display for PartitionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}[{}]", self.topic, self.partition)
    }
}

/// How many records passed the gate and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admitted {
    /// Samples and changes that went on.
    pub admitted: u64,
    /// Samples older than their partition's highest time less its lateness.
    pub late: u64,
    /// Records more than [`ABSURD_AFTER`] after the broker's timestamp; each is a reject too.
    pub absurd: u64,
}

impl Admitted {
    /// Adds the counts of another message.
    pub fn add(&mut self, other: Admitted) {
        self.admitted += other.admitted;
        self.late += other.late;
        self.absurd += other.absurd;
    }
}

/// What a source knows of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It has records that were not read yet.
    Unread,
    /// It is read to its end.
    Ended,
    /// It has records but could not be read for so long that it was let go: a blind spot.
    Stalled,
}

/// What was found in a partition so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Content {
    /// Nothing that could be read: it may yet hold metrics, so it holds the watermark.
    Unknown,
    /// Changes alone: they never hold the watermark.
    Changes,
    /// Metrics or logs, the highest time of which is this.
    Readings(Timestamp),
}

#[derive(Clone, Debug)]
struct Partition {
    content: Content,
    standing: Standing,
    lateness: Span,
}

impl Partition {
    /// The least time that an admitted record of it can still have; none if it holds no metrics or logs.
    fn bound(&self) -> Option<Timestamp> {
        match self.content {
            Content::Unknown => Some(Timestamp::MIN),
            Content::Changes => None,
            Content::Readings(highest) => Some(highest - self.lateness),
        }
    }
}

/// The newest record of all partitions, and how old it was on arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Newest {
    at: Timestamp,
    /// Not known until the source says when it arrived.
    age: Option<Span>,
}

/// The gate of one stream.
#[derive(Clone, Debug)]
pub struct Gate {
    lateness: Lateness,
    partitions: BTreeMap<PartitionId, Partition>,
    counts: BTreeMap<Arc<str>, Admitted>,
    newest: Option<Newest>,
    /// The greatest watermark told or stepped to.
    reached: Option<Timestamp>,
}

impl Gate {
    /// A gate that has seen nothing.
    pub fn new(lateness: Lateness) -> Self {
        Gate { lateness, partitions: BTreeMap::new(), counts: BTreeMap::new(), newest: None, reached: None }
    }

    /// Takes the records of one message (or of many of one partition, in order): late and absurd ones are removed from
    /// `batch`, absurd ones become rejects.
    ///
    /// Whether a sample is late depends on the samples before it in its own partition alone. An absurd record moves nothing.
    /// Changes are never late. Without a `broker_time` nothing is absurd here (files have their
    /// [`Leap`](super::files::Leap) before the gate). The partition has records unread from here on until
    /// [`ended`](Gate::ended) says otherwise.
    pub fn admit(&mut self, from: &PartitionId, broker_time: Option<Timestamp>, batch: &mut Batch) -> Admitted {
        let mut seen = Admitted::default();
        let partition = self.partition(from);
        partition.standing = Standing::Unread;
        let lateness = partition.lateness;
        let mut highest = match partition.content {
            Content::Readings(highest) => Some(highest),
            Content::Unknown | Content::Changes => None,
        };
        let Batch { samples, changes, rejects, .. } = batch;
        samples.retain(|sample| {
            if let Some(reject) = absurd(sample.at, broker_time) {
                rejects.push((sample.row, reject));
                seen.absurd += 1;
                return false;
            }
            if highest.is_some_and(|highest| sample.at < highest - lateness) {
                seen.late += 1;
                return false;
            }
            highest = highest.max(Some(sample.at));
            true
        });
        changes.retain(|change| match absurd(change.at, broker_time) {
            Some(reject) => {
                rejects.push((0, reject));
                seen.absurd += 1;
                false
            }
            None => true,
        });
        partition.content = match (highest, partition.content) {
            (Some(highest), _) => Content::Readings(highest),
            (None, Content::Unknown) if !changes.is_empty() => Content::Changes,
            (None, content) => content,
        };
        seen.admitted = (samples.len() + changes.len()) as u64;
        self.note(from, highest, seen);
        seen
    }

    fn note(&mut self, from: &PartitionId, highest: Option<Timestamp>, seen: Admitted) {
        if let Some(at) = highest
            && self.newest.is_none_or(|newest| newest.at < at)
        {
            self.newest = Some(Newest { at, age: None });
        }
        match self.counts.get_mut(&from.topic) {
            Some(counts) => counts.add(seen),
            None => {
                self.counts.insert(Arc::clone(&from.topic), seen);
            }
        }
    }

    fn partition(&mut self, id: &PartitionId) -> &mut Partition {
        if !self.partitions.contains_key(id) {
            let lateness = lateness_of(&self.lateness, &id.topic);
            let new = Partition { content: Content::Unknown, standing: Standing::Unread, lateness };
            self.partitions.insert(id.clone(), new);
        }
        self.partitions.get_mut(id).expect("it was inserted where it was missing")
    }

    /// The partition has records that were not read yet: it holds the watermark, at the earliest time if nothing of it
    /// was read before. A source says so of each partition before it reads, after a restore too.
    pub fn unread(&mut self, id: &PartitionId) {
        self.partition(id).standing = Standing::Unread;
    }

    /// The partition is read to its end: it does not hold the watermark until it has a record again.
    pub fn ended(&mut self, id: &PartitionId) {
        self.partition(id).standing = Standing::Ended;
    }

    /// The partition has records but cannot be read: it is let go and listed among the [`blind_spots`](Gate::blind_spots)
    /// until it has a record again or is read to its end.
    pub fn stalled(&mut self, id: &PartitionId) {
        self.partition(id).standing = Standing::Stalled;
    }

    /// The partition is no longer ours (it was taken away, its topic is gone): it holds nothing and is not remembered.
    pub fn forget(&mut self, id: &PartitionId) {
        self.partitions.remove(id);
    }

    /// How far all partitions were read; see the module's head for what it promises. Never retreats. None until it is
    /// known of any partition.
    pub fn watermark(&mut self) -> Option<Timestamp> {
        self.watermark_unless(|_| false)
    }

    /// The same, but a partition read to its end that is said to be `awaited` holds it too.
    pub fn watermark_unless(&mut self, awaited: impl Fn(&PartitionId) -> bool) -> Option<Timestamp> {
        let holds = |id: &PartitionId, p: &Partition| match p.standing {
            Standing::Unread => true,
            Standing::Ended => awaited(id),
            Standing::Stalled => false,
        };
        let held = self.partitions.iter().filter(|(id, p)| holds(id, p)).filter_map(|(_, p)| p.bound()).min();
        let free = || self.partitions.values().filter_map(Partition::bound).max();
        let now = held.or_else(free).filter(|&at| Timestamp::MIN < at);
        self.reached = self.reached.max(now);
        self.reached
    }

    /// The partitions read to their end that others are ahead of, in order: going on leaves them behind.
    pub fn behind(&self) -> impl Iterator<Item = &PartitionId> {
        let furthest = self.partitions.values().filter_map(Partition::bound).max();
        let is_behind = move |p: &Partition| {
            let highest = matches!(p.content, Content::Readings(_)) && p.standing == Standing::Ended;
            highest && p.bound() < furthest
        };
        self.partitions.iter().filter(move |(_, p)| is_behind(p)).map(|(id, _)| id)
    }

    /// Tells when the records admitted since the last call arrived, by the wall clock of the source: the stream's head is
    /// known by it.
    pub fn arrived(&mut self, wall: Timestamp) {
        if let Some(newest) = &mut self.newest
            && newest.age.is_none()
        {
            newest.age = Some(wall.since(newest.at));
        }
    }

    /// Whether every known partition is read to its end. One that was let go is not.
    pub fn all_ended(&self) -> bool {
        !self.partitions.is_empty() && self.partitions.values().all(|p| p.standing == Standing::Ended)
    }

    /// Whether the stream's newest record was at most [`HEAD_AGE`] old on arrival.
    pub fn at_head(&self) -> bool {
        self.newest.and_then(|newest| newest.age).is_some_and(|age| age <= HEAD_AGE)
    }

    /// Where the clock goes on without data, if it may: wall time less the greatest lateness of the partitions, only when
    /// all are read to their end and the stream is at its head. The caller journals the step, then
    /// [`advance`](Gate::advance)s to it.
    pub fn wall_step(&self, wall: Timestamp) -> Option<Timestamp> {
        let readings = |p: &&Partition| matches!(p.content, Content::Readings(_));
        let lateness = self.partitions.values().filter(readings).map(|p| p.lateness).max()?;
        let to = wall - lateness;
        (self.all_ended() && self.at_head() && self.reached < Some(to)).then_some(to)
    }

    /// Takes a journalled step of the clock: the watermark is at least `to` from here on.
    pub fn advance(&mut self, to: Timestamp) {
        self.reached = self.reached.max(Some(to));
    }

    /// The newest event time admitted from any partition.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest.map(|newest| newest.at)
    }

    /// The newest event time of a partition; none where no metrics or logs were read of it.
    pub fn newest_of(&self, id: &PartitionId) -> Option<Timestamp> {
        match self.partitions.get(id)?.content {
            Content::Readings(highest) => Some(highest),
            Content::Unknown | Content::Changes => None,
        }
    }

    /// Whether nothing was read of a partition, not even a change.
    pub fn is_unknown(&self, id: &PartitionId) -> bool {
        self.partitions.get(id).is_none_or(|partition| partition.content == Content::Unknown)
    }

    /// Every known partition with its newest event time and how it stands, in order.
    pub fn heads(&self) -> impl Iterator<Item = (&PartitionId, Option<Timestamp>, Standing)> {
        self.partitions.iter().map(|(id, partition)| {
            let newest = match partition.content {
                Content::Readings(highest) => Some(highest),
                Content::Unknown | Content::Changes => None,
            };
            (id, newest, partition.standing)
        })
    }

    /// The partitions that were let go, in order.
    pub fn blind_spots(&self) -> impl Iterator<Item = &PartitionId> {
        self.partitions.iter().filter(|(_, p)| p.standing == Standing::Stalled).map(|(id, _)| id)
    }

    /// The counts of each topic, in order.
    pub fn counts(&self) -> impl Iterator<Item = (&str, Admitted)> {
        self.counts.iter().map(|(topic, counts)| (&**topic, *counts))
    }
}

/// The lateness of a topic: its own, or that of all.
fn lateness_of(lateness: &Lateness, topic: &str) -> Span {
    lateness.by_topic.get(topic).copied().unwrap_or(lateness.lateness).max(Span::ZERO)
}

fn absurd(at: Timestamp, broker_time: Option<Timestamp>) -> Option<Reject> {
    let told = broker_time.filter(|&told| told + ABSURD_AFTER < at)?;
    let ahead = at.since(told);
    let detail =
        format!("the time {at} lies {ahead} after the Kafka record's own {told}, at most {ABSURD_AFTER} is believed");
    Some(Reject::new(RejectReason::AbsurdTime, detail))
}

#[cfg(test)]
mod tests;
