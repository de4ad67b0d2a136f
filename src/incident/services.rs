//! What is watched of each service, and which services have fallen silent as a whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::budget::Budget;
use crate::plan::Plan;
use crate::signal::Signal;

/// Counts per service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Services {
    /// Signals watched over all services.
    watched: u64,
    /// What the budget asks beyond the formula.
    pub(super) budget: Budget,
    by_name: BTreeMap<String, Counts>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    /// Signals watched.
    signals: u64,
    /// Those of them whose silence would be noticed.
    heard: u64,
    /// Those of them that are silent.
    silent: u64,
    /// Silent ones that an objective is judged on.
    promised: u64,
}

/// A service is silent as a whole when at least this share of the signals that should speak does not: a straggler with
/// a slow cadence must not keep people asleep for hours.
const SILENT_PERCENT: u64 = 80;

impl Services {
    /// Sets how many signals of a service are watched, and of how many the silence would be noticed.
    pub(super) fn set(&mut self, service: &str, signals: u64, heard: u64) {
        let counts = self.by_name.entry(service.to_owned()).or_default();
        self.watched = self.watched - counts.signals + signals;
        (counts.signals, counts.heard) = (signals, heard);
        if *counts == Counts::default() {
            self.by_name.remove(service);
        }
    }

    /// Signals watched over all services; at least one.
    pub(super) fn watched(&self) -> u64 {
        self.watched.max(1)
    }

    /// Signals watched of one service; at least one.
    pub(super) fn signals_of(&self, service: &str) -> u64 {
        self.by_name.get(service).map_or(1, |counts| counts.signals.max(1))
    }

    /// How many services would be missed.
    pub(super) fn speaking(&self) -> usize {
        self.by_name.values().filter(|counts| 0 < counts.heard).count()
    }

    /// A signal of the service fell silent.
    pub(super) fn fell_silent(&mut self, service: &str, signal: &Signal, plan: &Plan) {
        let counts = self.by_name.entry(service.to_owned()).or_default();
        counts.silent += 1;
        counts.promised += u64::from(is_promised(signal, plan));
    }

    /// A silent signal spoke again, or is gone.
    pub(super) fn spoke(&mut self, service: &str, signal: &Signal, plan: &Plan) {
        let Some(counts) = self.by_name.get_mut(service) else { return };
        counts.silent = counts.silent.saturating_sub(1);
        counts.promised = counts.promised.saturating_sub(u64::from(is_promised(signal, plan)));
        if *counts == Counts::default() {
            self.by_name.remove(service);
        }
    }

    /// Whether the service is silent as a whole. One silent signal is a service only where an objective hangs on it.
    pub(super) fn is_silent(&self, service: &str, plan: &Plan) -> bool {
        let Some(counts) = self.by_name.get(service) else { return false };
        let most = 0 < counts.heard && counts.heard * SILENT_PERCENT <= counts.silent * 100;
        let objective = || 0 < counts.promised || plan.objectives.iter().any(|o| o.service.as_deref() == Some(service));
        most && (2 <= counts.silent || objective())
    }
}

fn is_promised(signal: &Signal, plan: &Plan) -> bool {
    plan.objectives.iter().any(|objective| objective.signal.matches(signal))
}
