//! How many signals are watched of each service, counted in the shards and sealed for the incident stage at each tick.

use std::collections::{BTreeMap, HashMap};

use crate::signal::Signal;

/// Signals of a service: watched, and those whose silence would be noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) watched: i64,
    pub(super) heard: i64,
}

/// Counts, or changes of them, by service.
#[derive(Debug, Default)]
pub(super) struct Census {
    by_service: BTreeMap<String, Count>,
}

/// What the incident stage calls the service of a signal: its service, or the signal's own name.
fn service(signal: &Signal) -> &str {
    signal.service().unwrap_or_else(|| signal.name())
}

impl Census {
    /// A series counted `before` and counts `now`.
    pub(super) fn change(&mut self, signal: &Signal, before: Count, now: Count) {
        let change = Count { watched: now.watched - before.watched, heard: now.heard - before.heard };
        match self.by_service.get_mut(service(signal)) {
            Some(count) => count.add(change),
            None => {
                self.by_service.insert(service(signal).to_owned(), change);
            }
        }
    }

    /// Takes over the changes of another census, which is empty afterwards.
    pub(super) fn take(&mut self, changes: &mut Census) {
        for (service, change) in std::mem::take(&mut changes.by_service) {
            self.by_service.entry(service).or_default().add(change);
        }
    }

    /// The services counted.
    pub(super) fn services(&self) -> impl Iterator<Item = &String> {
        self.by_service.keys()
    }

    /// The count of a service.
    pub(super) fn of(&self, service: &str) -> Count {
        self.by_service.get(service).copied().unwrap_or_default()
    }
}

/// How many series of one service and name a shard holds; like instances are neighbours, so that a shard knows them all.
#[derive(Debug, Default)]
pub(super) struct Peers {
    sealed: HashMap<u64, u32>,
    joining: Vec<u64>,
}

impl Peers {
    /// A series is judged for the first time.
    pub(super) fn join(&mut self, signal: &Signal) {
        self.joining.push(signal.placement_hash());
    }

    /// From now on those who joined count.
    pub(super) fn seal(&mut self) {
        for kind in self.joining.drain(..) {
            *self.sealed.entry(kind).or_default() += 1;
        }
    }

    /// The series of this signal's service and name, itself included.
    pub(super) fn of(&self, signal: &Signal) -> u32 {
        self.sealed.get(&signal.placement_hash()).copied().unwrap_or(1)
    }
}

impl Count {
    fn add(&mut self, change: Count) {
        self.watched += change.watched;
        self.heard += change.heard;
    }
}
