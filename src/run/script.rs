//! After a restart: the journal since the checkpoint, played again exactly.
//!
//! Records are read up to the positions of an entry, the entry is applied, and so on to its end. What lies behind the last
//! entry was decided by the records alone and is decided again in the same way.

use std::collections::VecDeque;

use crate::ingest::gate::PartitionId;
use crate::ingest::kafka::Source;
use crate::state::{Act, Entry, Positions};

/// What is still to be played.
#[derive(Debug, Default)]
pub(super) struct Script {
    entries: VecDeque<Entry>,
}

impl Script {
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        Script { entries: entries.into() }
    }

    pub(super) fn is_over(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn remaining(&self) -> usize {
        self.entries.len()
    }

    /// How far a partition may be read now; none where the script is over.
    pub(super) fn until(&self, partition: &PartitionId, source: &Source) -> Option<i64> {
        let entry = self.entries.front()?;
        if let Act::Take { partition: taken, until } = &entry.act
            && taken == partition
            && all_reached(&entry.positions, source)
        {
            return Some(*until);
        }
        // A partition that the entry does not know was not read before it.
        Some(entry.positions.get(partition).unwrap_or(0))
    }

    /// The next act, once everything before it was read.
    pub(super) fn next(&mut self, source: &Source) -> Option<Act> {
        let entry = self.entries.front()?;
        let taken = match &entry.act {
            Act::Take { partition, until } => has_reached(partition, *until, source),
            _ => true,
        };
        if !taken || !all_reached(&entry.positions, source) {
            return None;
        }
        self.entries.pop_front().map(|entry| entry.act)
    }
}

fn all_reached(positions: &Positions, source: &Source) -> bool {
    positions.iter().all(|(partition, next)| has_reached(partition, next, source))
}

/// Read so far, or it cannot be: the partition is gone, or ends before.
fn has_reached(partition: &PartitionId, next: i64, source: &Source) -> bool {
    !source.reads(partition) || source.has_reached(partition, next) || source.is_ended(partition)
}
