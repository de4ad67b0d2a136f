//! How far each partition has been judged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ingest::gate::PartitionId;

/// For each partition the offset of the next record to judge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positions(BTreeMap<PartitionId, i64>);

impl Positions {
    /// The next offset, if the partition is known.
    pub fn get(&self, partition: &PartitionId) -> Option<i64> {
        self.0.get(partition).copied()
    }

    /// Sets the next offset.
    pub fn set(&mut self, partition: &PartitionId, next: i64) {
        match self.0.get_mut(partition) {
            Some(at) => *at = next,
            None => {
                self.0.insert(partition.clone(), next);
            }
        }
    }

    /// The partitions and their next offsets, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&PartitionId, i64)> {
        self.0.iter().map(|(partition, &next)| (partition, next))
    }

    /// Whether no partition is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over every position of `newer`.
    pub fn merge(&mut self, newer: &Positions) {
        for (partition, next) in newer.iter() {
            self.set(partition, next);
        }
    }

    /// What differs from `before`: enough to say `self` where `before` is known.
    pub fn since(&self, before: &Positions) -> Positions {
        let changed = self.iter().filter(|(partition, next)| before.get(partition) != Some(*next));
        Positions(changed.map(|(partition, next)| (partition.clone(), next)).collect())
    }
}

impl FromIterator<(PartitionId, i64)> for Positions {
    fn from_iter<I: IntoIterator<Item = (PartitionId, i64)>>(all: I) -> Self {
        Positions(all.into_iter().collect())
    }
}
