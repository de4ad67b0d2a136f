//! What people changed lately, and which of it may have caused a problem.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::alert::Suspect;
use crate::signal::{Change, ChangeKind};
use crate::time::{Span, Timestamp};

/// The changes remembered, by time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Changes {
    by_time: BTreeMap<(Timestamp, String), Change>,
    ids: BTreeSet<String>,
    forgotten: u64,
}

/// A change is suspected for so long.
const REACH: Span = Span::from_hours(2);
/// A begin is an estimate, and clocks differ: a change so little after it still precedes it.
const SKEW: Span = Span::from_mins(1);
/// Confidence in a change of the same service right before the begin.
const CLOSEST: f64 = 0.9;
/// Confidence halves with each of these between the change and the begin.
const HALVING: Span = Span::from_mins(15);
/// What a change of a service without trouble counts beside one of a service with it.
const ELSEWHERE: f64 = 0.3;
/// Below the first a change of the same service is not worth naming, below the second one of another.
const LEAST: (f64, f64) = (0.02, 0.05);
/// Suspects shown.
const SHOWN: usize = 5;

impl Changes {
    /// Remembers a change; false where it is known already. Beyond `bound` the oldest is forgotten.
    pub(super) fn remember(&mut self, change: Change, bound: usize) -> bool {
        if !self.ids.insert(change.id.clone()) {
            return false;
        }
        self.by_time.insert((change.at, change.id.clone()), change);
        while bound.max(1) < self.by_time.len() {
            if let Some(((_, id), _)) = self.by_time.pop_first() {
                self.ids.remove(&id);
                self.forgotten += 1;
            }
        }
        true
    }

    /// Changes forgotten because of the bound.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The removal of the service, if that was the last thing done to it before `at`.
    pub(super) fn removal(&self, service: &str, at: Timestamp) -> Option<&Change> {
        let last = self.before(at).find(|change| change.service == service && is_lifecycle(change.kind))?;
        (last.kind == ChangeKind::Removed).then_some(last)
    }

    /// The last roll-out (deployment, roll-back, scaling) of the service within `reach` before `at`.
    pub(super) fn rollout(&self, service: &str, at: Timestamp, reach: Span) -> Option<&Change> {
        self.before(at)
            .take_while(|change| at - reach <= change.at)
            .find(|change| change.service == service && (is_lifecycle(change.kind) || change.kind == ChangeKind::Scale))
    }

    fn before(&self, at: Timestamp) -> impl Iterator<Item = &Change> {
        self.by_time.range(..(at + Span::from_nanos(1), String::new())).rev().map(|(_, change)| change)
    }

    /// The changes that precede a problem closely, most likely first. `begins` holds for each service in trouble when its
    /// trouble began; `since` is the begin of the whole.
    pub(super) fn suspects(&self, begins: &BTreeMap<&str, Timestamp>, since: Timestamp) -> Vec<Suspect> {
        let latest = begins.values().copied().max().unwrap_or(since) + SKEW;
        let mut found: Vec<Suspect> = self
            .before(latest)
            .take_while(|change| since - REACH <= change.at)
            .filter_map(|change| {
                let own = begins.get(change.service.as_str());
                let gap = own.copied().unwrap_or(since).since(change.at);
                if gap < Span::ZERO - SKEW || REACH < gap {
                    return None;
                }
                let halvings = gap.as_secs_f64().max(0.0) / HALVING.as_secs_f64();
                let weight = if own.is_some() { 1.0 } else { ELSEWHERE };
                let confidence = libm::round(CLOSEST * weight * libm::exp2(-halvings) * 1e3) / 1e3;
                let named = confidence >= if own.is_some() { LEAST.0 } else { LEAST.1 };
                named.then(|| Suspect { change: change.id.clone(), what: words(change), at: change.at, confidence })
            })
            .collect();
        found.sort_by(|a, b| {
            b.confidence.total_cmp(&a.confidence).then(b.at.cmp(&a.at)).then_with(|| a.change.cmp(&b.change))
        });
        found.truncate(SHOWN);
        found
    }
}

/// Whether the change decides that a service is there or not.
fn is_lifecycle(kind: ChangeKind) -> bool {
    matches!(kind, ChangeKind::Deployed | ChangeKind::Upgraded | ChangeKind::RolledBack | ChangeKind::Removed)
}

/// A change as a noun: "deploy v42 of billing", "flag fast_path = on of checkout".
fn words(change: &Change) -> String {
    let what = if change.what == change.service { "" } else { change.what.as_str() };
    let version = change.version.as_deref().unwrap_or("");
    let thing = match (what, version) {
        ("", version) => version.to_owned(),
        (what, "") => what.to_owned(),
        (what, version) if change.kind == ChangeKind::Flag || change.kind == ChangeKind::Config => {
            format!("{what} = {version}")
        }
        (what, version) if what.ends_with(version) => what.to_owned(),
        (what, version) => format!("{what} {version}"),
    };
    let noun = match change.kind {
        ChangeKind::Deployed | ChangeKind::Upgraded => "deploy",
        ChangeKind::RolledBack => "roll-back to",
        ChangeKind::Removed => "removal",
        ChangeKind::Flag => "flag",
        ChangeKind::Config => "configuration",
        ChangeKind::Scale => "scaling",
    };
    match thing.is_empty() {
        true => format!("{} of {}", noun.trim_end_matches(" to"), change.service),
        false => format!("{noun} {thing} of {}", change.service),
    }
}
