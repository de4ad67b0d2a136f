//! Capacities that nobody configured: where a limit is told by a signal of its own, the use is held against it.
//!
//! At the end of each tick the parts of one capacity (equal labels, names that differ by the part: [`Part`]; or the memory of one
//! container) are put together, and what is used, or else what is left, learns how much there is. Its watch decides what to make
//! of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::{Bound, Side};
use crate::signal::{Part, Signal, is_shared_out};

/// So much of a capacity is its limit: programs fail before the last bit of it is gone.
const SHARE: f64 = 0.95;
/// Beyond it a number means "no limit" (Kubernetes and Java say 2^63 − 1 and the like).
const LIMITLESS: f64 = 1e15;

/// How much there is of something, and when it counts as exhausted for what is used, or left, of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Capacity {
    pub(super) whole: f64,
    pub(super) bound: Bound,
}

impl Capacity {
    /// Of what is used of so much.
    pub(super) fn of_use(whole: f64) -> Self {
        Capacity { whole, bound: Bound { level: SHARE * whole, side: Side::Above } }
    }
}

/// The parts of each capacity in a shard, by slot; the parts of one are neighbours, so that a shard knows them all.
#[derive(Debug, Default)]
pub(super) struct Capacities {
    by_key: BTreeMap<u64, Parts>,
}

#[derive(Debug, Default)]
struct Parts {
    /// Whether used and left make the whole.
    sums: bool,
    slots: BTreeMap<(Part, u8), u32>,
}

impl Parts {
    /// The slot that tells a part.
    fn of(&self, part: Part) -> Option<u32> {
        self.slots.range((part, 0)..=(part, u8::MAX)).next().map(|(_, slot)| *slot)
    }
}

impl Capacities {
    /// A series is judged for the first time.
    pub(super) fn join(&mut self, signal: &Signal, slot: u32) {
        if let Some((part, key)) = signal.capacity_hash() {
            let parts = self.by_key.entry(key).or_default();
            parts.sums = is_shared_out(signal.name());
            parts.slots.insert(part, slot);
        }
    }

    /// A series was forgotten.
    pub(super) fn leave(&mut self, signal: &Signal, slot: u32) {
        let Some((part, key)) = signal.capacity_hash() else { return };
        if let Some(parts) = self.by_key.get_mut(&key)
            && parts.slots.get(&part) == Some(&slot)
        {
            parts.slots.remove(&part);
            if parts.slots.is_empty() {
                self.by_key.remove(&key);
            }
        }
    }

    /// How much there is, and which slot is to be held against it, by the newest value of each slot.
    pub(super) fn told(&self, value: impl Fn(u32) -> Option<f64>) -> Vec<(u32, Capacity)> {
        let told = |parts: &Parts| {
            let of = |part| parts.of(part).and_then(&value).filter(|value| (0.0..LIMITLESS).contains(value));
            let sum = || Some(of(Part::Used)? + of(Part::Left)?).filter(|_| parts.sums);
            let whole = if parts.of(Part::Whole).is_some() { of(Part::Whole) } else { sum() };
            let whole = whole.filter(|whole| 0.0 < *whole)?;
            let used = parts.of(Part::Used).map(|slot| (slot, SHARE * whole, Side::Above));
            let left = || parts.of(Part::Left).map(|slot| (slot, (1.0 - SHARE) * whole, Side::Below));
            let (slot, level, side) = used.or_else(left)?;
            Some((slot, Capacity { whole, bound: Bound { level, side } }))
        };
        self.by_key.values().filter(|parts| 1 < parts.slots.len()).filter_map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(name: &str, device: &str) -> Signal {
        Signal::new(name, [("device", device), ("service", "db")])
    }

    #[test]
    fn a_use_is_held_against_its_limit_and_not_against_that_of_another() {
        let mut capacities = Capacities::default();
        capacities.join(&signal("process_open_fds", "a"), 0);
        capacities.join(&signal("process_max_fds", "b"), 1);
        let values = [600.0, 500.0, 1000.0];
        let told = |capacities: &Capacities| capacities.told(|slot| Some(values[slot as usize]));
        assert_eq!(told(&capacities), []);
        capacities.join(&signal("process_max_fds", "a"), 2);
        let bound = Bound { level: 950.0, side: Side::Above };
        assert_eq!(told(&capacities), [(0, Capacity { whole: 1000.0, bound })]);
        capacities.leave(&signal("process_max_fds", "a"), 2);
        assert_eq!(told(&capacities), []);
    }

    #[test]
    fn the_memory_of_a_container_is_held_against_the_limit_that_another_program_tells() {
        let mut capacities = Capacities::default();
        let place = [("namespace", "shop"), ("pod", "web-1"), ("container", "web")];
        let used = |name| Signal::new(name, place.into_iter().chain([("job", "kubelet"), ("id", "/kubepods/7")]));
        let limit = Signal::new(
            "kube_pod_container_resource_limits",
            place.into_iter().chain([("job", "kube-state-metrics"), ("resource", "memory"), ("unit", "byte")]),
        );
        let signals = [used("container_memory_usage_bytes"), used("container_memory_working_set_bytes"), limit];
        for (slot, signal) in signals.iter().enumerate() {
            assert_eq!(signal.placement_hash(), signals[0].placement_hash(), "{signal}");
            capacities.join(signal, slot as u32);
        }
        let told = capacities.told(|slot| Some([90.0, 70.0, 100.0][slot as usize]));
        assert_eq!(told, [(1, Capacity { whole: 100.0, bound: Bound { level: 95.0, side: Side::Above } })]);
    }

    #[test]
    fn what_is_used_and_left_of_space_make_the_whole_but_not_of_memory() {
        let mut capacities = Capacities::default();
        for (slot, name) in ["system.filesystem.usage:used", "system.filesystem.usage:free"].iter().enumerate() {
            capacities.join(&signal(name, "a"), slot as u32);
        }
        for (slot, name) in ["system.memory.usage:used", "system.memory.usage:free"].iter().enumerate() {
            capacities.join(&signal(name, "a"), 2 + slot as u32);
        }
        let told = capacities.told(|slot| Some([60.0, 40.0, 30.0, 1.0][slot as usize]));
        let bound = Bound { level: 95.0, side: Side::Above };
        assert_eq!(told, [(0, Capacity { whole: 100.0, bound })]);
    }

    #[test]
    fn a_state_is_told_by_the_convention_s_own_label_too() {
        let mut capacities = Capacities::default();
        let state = |state| signal("db.client.connection.count", "a").with("db.client.connection.state", state);
        let signals = [state("idle"), state("used"), signal("db.client.connection.max", "a")];
        for (slot, signal) in signals.iter().enumerate() {
            capacities.join(signal, slot as u32);
        }
        let told = capacities.told(|slot| Some([12.0, 8.0, 20.0][slot as usize]));
        assert_eq!(told, [(1, Capacity::of_use(20.0))]);
    }

    #[test]
    fn what_is_left_falls_to_its_bound_and_no_limit_is_none() {
        let mut capacities = Capacities::default();
        capacities.join(&signal("node_filesystem_avail_bytes", "a"), 0);
        capacities.join(&signal("node_filesystem_size_bytes", "a"), 1);
        let told = |size: f64| capacities.told(|slot| Some([40.0, size][slot as usize]));
        assert_eq!(told(100.0).first().map(|(slot, told)| (*slot, told.bound.side)), Some((0, Side::Below)));
        assert_eq!(told(9.2e18), []);
        assert_eq!(told(0.0), []);
    }
}
