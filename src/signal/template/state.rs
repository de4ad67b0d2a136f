//! What a miner knows, as it is saved; and the aliases of templates that met.

use serde::{Deserialize, Serialize};

use super::entries::{Entries, Entry};
use super::slots::{ByHash, Places, Slot, Slots};
use super::{Miner, MinerBounds, TemplateId};

/// Old ids and what they stand for now.
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases {
    to: ByHash<u64, u64>,
    /// In order of time, so that the oldest go first.
    order: Vec<u64>,
    pub(super) forgotten: u64,
}

/// Steps from alias to alias, at most: a chain longer than this is a loop.
const CHAIN: usize = 16;

impl Aliases {
    pub(super) fn add(&mut self, from: u64, to: u64, most: usize) {
        if self.to.insert(from, to).is_none() {
            self.order.push(from);
        }
        // Where a template comes back to an id it had, that id stands for itself again.
        if self.to.remove(&to).is_some() {
            self.order.retain(|id| *id != to);
        }
        if most < self.order.len() {
            let old = self.order.len() / 8;
            for id in self.order.drain(..old) {
                self.to.remove(&id);
                self.forgotten += 1;
            }
        }
    }

    pub(super) fn resolve(&self, id: TemplateId) -> TemplateId {
        let mut id = id.0;
        for _ in 0..CHAIN {
            match self.to.get(&id) {
                Some(&next) => id = next,
                None => break,
            }
        }
        TemplateId(id)
    }

    pub(super) fn bytes(&self) -> usize {
        self.to.capacity() * 17 + self.order.capacity() * 8
    }
}

/// Everything a [`Miner`] knows; hash maps in the order of their keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinerState {
    bounds: MinerBounds,
    lines: u64,
    settled_at: u64,
    is_stale: bool,
    evicted: u64,
    entries: Vec<Entry>,
    slots: Vec<(u64, Slot)>,
    places: Vec<(u32, Places)>,
    born: u64,
    slots_forgotten: u64,
    aliases: Vec<(u64, u64)>,
    aliases_forgotten: u64,
}

impl Miner {
    /// What it knows, to be saved.
    pub fn save(&self) -> MinerState {
        let (slots, places, born) = self.slots.save();
        MinerState {
            bounds: self.bounds,
            lines: self.lines,
            settled_at: self.settled_at,
            is_stale: self.is_stale,
            evicted: self.entries.evicted,
            entries: self.entries.list.clone(),
            slots,
            places,
            born,
            slots_forgotten: self.slots.forgotten,
            aliases: self.aliases.order.iter().map(|from| (*from, self.aliases.to[from])).collect(),
            aliases_forgotten: self.aliases.forgotten,
        }
    }

    /// The miner as it was: it goes on as if it had never been away.
    pub fn restore(state: MinerState) -> Self {
        let aliases = Aliases {
            order: state.aliases.iter().map(|(from, _)| *from).collect(),
            to: state.aliases.into_iter().collect(),
            forgotten: state.aliases_forgotten,
        };
        Miner {
            bounds: state.bounds.sane(),
            lines: state.lines,
            entries: Entries::restore(state.entries, state.evicted),
            slots: Slots::restore(state.slots, state.places, state.born, state.slots_forgotten),
            aliases,
            is_stale: state.is_stale,
            settled_at: state.settled_at,
            tokens: Vec::new(),
        }
    }
}
