//! What no partition holds, in the order in which it acted.
//!
//! Decisions are a function of the partitions and this journal: each entry says how far every partition had been judged
//! when it acted. After a crash the records up to there are read again, the entry is applied, and so on to its end.

use serde::{Deserialize, Serialize};

use super::log::{Appender, Contents};
use super::{Damage, Positions, StateError};
use crate::config::Given;
use crate::ingest::decode::Answer;
use crate::ingest::gate::PartitionId;
use crate::signal::Change;
use crate::time::Timestamp;

/// One input that no partition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Act {
    /// The clock went on to here by the wall clock, or because a partition was let go.
    Advance(Timestamp),
    /// These partitions have records of which nothing is known yet: they hold the watermark until they are read or let go.
    Hold(Vec<PartitionId>),
    /// This partition, of which nothing is known, holds nothing back any more.
    LetGo(PartitionId),
    /// This partition is not ours any more: its topic is gone.
    Forget(PartitionId),
    /// Records of this partition before this offset were judged next, before those of any other: it had been let go or
    /// was new, so that their place among the others is not given by time.
    Take {
        /// The partition.
        partition: PartitionId,
        /// The offset behind the last of them.
        until: i64,
    },
    /// A change that was posted.
    Change(Change),
    /// Someone is on it.
    Acknowledge {
        /// The alert.
        alert: String,
        /// Who.
        by: String,
        /// When, event time.
        at: Timestamp,
    },
    /// No notifications for a selector until a time.
    Silence {
        /// What is silenced.
        selector: String,
        /// Its end, wall time.
        until: Timestamp,
        /// Who asked.
        by: String,
        /// Why.
        comment: String,
    },
    /// The silence of this id ends.
    Unsilence(String),
    /// From here on this configuration holds.
    Reload(Box<Given>),
    /// Nobody needed to hear of it.
    Unneeded {
        /// The alert.
        alert: String,
        /// Who says so.
        by: String,
        /// When, event time.
        at: Timestamp,
    },
    /// The Schema Registry said this of a schema's id.
    Schema {
        /// The id.
        id: u32,
        /// The schema, or why there is none.
        answer: Answer,
    },
}

/// One entry: an input and how far all partitions had been judged when it acted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The next offset of every partition.
    pub positions: Positions,
    /// The input.
    pub act: Act,
}

/// The segment of the journal that is written.
#[derive(Debug)]
pub struct Journal {
    log: Appender,
    /// The positions of the entry before; none for the first of a segment, which carries all of them.
    last: Option<Positions>,
}

impl Journal {
    pub(super) fn new(log: Appender) -> Self {
        Journal { log, last: None }
    }

    /// Appends an entry. When this returns it is durable, and may act.
    pub fn append(&mut self, positions: &Positions, act: &Act) -> Result<(), StateError> {
        let moved = match &self.last {
            Some(last) => positions.since(last),
            None => positions.clone(),
        };
        let entry = Entry { positions: moved, act: act.clone() };
        let bytes = postcard::to_allocvec(&entry).expect("an entry holds nothing that postcard cannot write");
        self.log.append(&bytes)?;
        self.last = Some(positions.clone());
        Ok(())
    }
}

/// The entries of a segment, each with the positions of all partitions.
pub(super) fn entries(contents: &Contents) -> (Vec<Entry>, Option<Damage>) {
    let mut all = Vec::with_capacity(contents.payloads.len());
    let mut positions = Positions::default();
    for payload in &contents.payloads {
        let Ok(entry) = postcard::from_bytes::<Entry>(payload) else {
            let damage = contents.damage.clone();
            return (all, damage.or_else(|| contents.unreadable()));
        };
        positions.merge(&entry.positions);
        all.push(Entry { positions: positions.clone(), act: entry.act });
    }
    (all, contents.damage.clone())
}
