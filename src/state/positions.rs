//! How far each partition has been judged.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Partition {
    /// The topic.
    pub topic: Arc<str>,
    /// The number, from 0.
    pub number: i32,
}

impl Partition {
    /// The partition of a topic.
    pub fn new(topic: &str, number: i32) -> Self {
        Partition { topic: topic.into(), number }
    }
}

impl fmt::Display for Partition {
    /// As Kafka's own tools write it: `metrics-0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.number)
    }
}

/// For each partition the offset of the next record to judge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positions(BTreeMap<Partition, i64>);

impl Positions {
    /// The next offset, if the partition is known.
    pub fn get(&self, partition: &Partition) -> Option<i64> {
        self.0.get(partition).copied()
    }

    /// Sets the next offset.
    pub fn set(&mut self, partition: &Partition, next: i64) {
        match self.0.get_mut(partition) {
            Some(at) => *at = next,
            None => {
                self.0.insert(partition.clone(), next);
            }
        }
    }

    /// The partitions and their next offsets, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Partition, i64)> {
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

impl FromIterator<(Partition, i64)> for Positions {
    fn from_iter<I: IntoIterator<Item = (Partition, i64)>>(all: I) -> Self {
        Positions(all.into_iter().collect())
    }
}
