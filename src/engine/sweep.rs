//! Forgetting: signals that have been silent for long make room, so that pods which come and go for years fill no memory.
//!
//! A sweep stands at a full hour of event time. Each forgets what is older than `limits.forget`; where a new signal was
//! refused since the last one, those silent for longest go too, as long as they were silent for a day. Whoever is forgotten
//! begins anew when it speaks again, and its open troubles end as gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Engine;
use super::shard::{Shard, TICK};
use crate::signal::Signal;
use crate::time::{Span, Timestamp};

/// A sweep stands at a full hour.
const HOUR: Span = Span::from_hours(1);
/// How long a signal is kept at least where room is needed.
const PRESSED: Span = Span::from_days(1);
/// The share of the signals that makes room at one sweep: one in so many.
const RELIEF: usize = 20;

/// What is known of past sweeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sweeps {
    /// When the last one was, and the time since which every signal kept by it had spoken.
    last: Option<(Timestamp, Timestamp)>,
    forgotten: u64,
}

impl Sweeps {
    /// Signals forgotten so far.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

/// A series that may be forgotten, in the order in which they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Silent {
    last: Timestamp,
    signal: Arc<Signal>,
    shard: usize,
    slot: u32,
}

impl Engine {
    /// When the next sweep has something to do, at the earliest; none before the first tick.
    pub(super) fn sweep_due(&self) -> Option<Timestamp> {
        let (swept, oldest) = self.sweeps.last?;
        let due = (oldest + self.kept()).max(swept + TICK).max(self.sealed + TICK);
        let hour = due.floor_to(HOUR);
        Some(if hour < due { hour + HOUR } else { hour })
    }

    /// How long a silent signal is kept for now.
    fn kept(&self) -> Span {
        let forget = self.plan.bounds.forget;
        if self.directory.is_pressed() { forget.min(PRESSED) } else { forget }
    }

    /// Sweeps at this tick, if one is due.
    pub(super) fn sweep_at(&mut self, tick: Timestamp) {
        match self.sweeps.last {
            None => self.sweeps.last = Some((tick, tick)),
            Some((_, oldest)) if tick.floor_to(HOUR) == tick && oldest + self.kept() <= tick => self.sweep(tick),
            Some(_) => {}
        }
    }

    fn sweep(&mut self, now: Timestamp) {
        let bounds = &self.plan.bounds;
        let (since, overdue) = (now - self.kept(), now - bounds.forget);
        self.directory.relieve();
        let mut silent: Vec<Silent> = Vec::new();
        let mut oldest = now;
        for (at, shard) in self.shards.iter().enumerate() {
            for (last, signal, slot) in shard.spoken() {
                oldest = oldest.min(last.max(since));
                if last <= since {
                    silent.push(Silent { last, signal: Arc::clone(signal), shard: at, slot });
                }
            }
        }
        silent.sort_unstable();
        let many = bounds.signals.div_ceil(RELIEF);
        let victims = silent.into_iter().enumerate().take_while(|(n, silent)| silent.last <= overdue || *n < many);
        let awaited: Vec<BTreeSet<u32>> = self.shards.iter().map(Shard::awaited).collect();
        let mut gone = BTreeSet::new();
        for (_, Silent { shard, slot, .. }) in victims {
            gone.extend(self.shards[shard].forget(slot, now, awaited[shard].contains(&slot)));
            self.sweeps.forgotten += 1;
        }
        self.directory.forget(&gone);
        self.sweeps.last = Some((now, oldest));
    }
}
