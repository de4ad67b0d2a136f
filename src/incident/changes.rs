//! What people changed lately, and which of it may have caused a problem.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::alert::Suspect;
use crate::finding::ChangeEffect;
use crate::signal::{Change, ChangeKind};
use crate::time::{Span, Timestamp};

/// The changes remembered, by time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Changes {
    by_time: BTreeMap<(Timestamp, String), Change>,
    ids: BTreeSet<String>,
    /// What they did, by time and service.
    effects: BTreeMap<(Timestamp, String), Effects>,
    forgotten: u64,
}

/// On how many signals a change had which effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    /// Better.
    pub better: u32,
    /// Worse.
    pub worse: u32,
    /// None that matters.
    pub none: u32,
    /// Too little was known of the signal.
    pub unknown: u32,
}

/// What a change did, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A signal is better and none is worse.
    Better,
    /// A signal is worse.
    Worse,
    /// Nothing moved that matters.
    NoEffect,
    /// No signal could be held against its past yet.
    TooLittleData,
}

impl Effects {
    fn count(&mut self, effect: ChangeEffect) {
        match effect {
            ChangeEffect::Better => self.better += 1,
            ChangeEffect::Worse => self.worse += 1,
            ChangeEffect::None => self.none += 1,
            ChangeEffect::Unknown => self.unknown += 1,
        }
    }

    /// The verdict so far.
    pub fn verdict(self) -> Verdict {
        match self {
            Effects { worse: 1.., .. } => Verdict::Worse,
            Effects { better: 1.., .. } => Verdict::Better,
            Effects { none: 1.., .. } => Verdict::NoEffect,
            _ => Verdict::TooLittleData,
        }
    }
}

/// A change is suspected for so long, and the last one of a service in trouble for longer: what a release slowly breaks takes hours to
/// show.
const REACH: Span = Span::from_hours(2);
pub(super) const AFTER: Span = Span::from_hours(4);
/// A begin is an estimate, and clocks differ: a change so little after it still precedes it.
const SKEW: Span = Span::from_mins(1);
/// Confidence in a change of the same service right before the begin.
const CLOSEST: f64 = 0.9;
/// Confidence halves with each of these between the change and the begin.
const HALVING: Span = Span::from_mins(15);
/// What a change of a service without trouble counts beside one of a service with it.
const ELSEWHERE: f64 = 0.3;
/// What it counts beyond that when signals moved with it, and what is left of it when they did not.
const SHOWN_WORSE: f64 = 0.8;
const SHOWN_HARMLESS: f64 = 0.3;
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
            if let Some(((at, id), _)) = self.by_time.pop_first() {
                self.ids.remove(&id);
                self.forgotten += 1;
                self.effects = self.effects.split_off(&(at, String::new()));
            }
        }
        true
    }

    /// A signal of this service showed what the change at this time did to it.
    pub(super) fn changed(&mut self, service: &str, at: Timestamp, effect: ChangeEffect) {
        self.effects.entry((at, service.to_owned())).or_default().count(effect);
    }

    /// The changes remembered with what they did, the oldest first.
    pub(super) fn judged(&self) -> impl Iterator<Item = (&Change, Effects)> {
        self.by_time.values().map(|change| (change, self.effects_of(change)))
    }

    fn effects_of(&self, change: &Change) -> Effects {
        self.effects.get(&(change.at, change.service.clone())).copied().unwrap_or_default()
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

    /// The latest change of the service within `reach` before `at`.
    pub(super) fn latest(&self, service: &str, at: Timestamp, reach: Span) -> Option<&Change> {
        self.before(at).take_while(|change| at - reach <= change.at).find(|change| change.service == service)
    }

    /// How many changes there were within `reach` before `at`; at least one.
    pub(super) fn within(&self, at: Timestamp, reach: Span) -> usize {
        self.before(at).take_while(|change| at - reach <= change.at).count().max(1)
    }

    fn before(&self, at: Timestamp) -> impl Iterator<Item = &Change> {
        self.by_time.range(..(at + Span::from_nanos(1), String::new())).rev().map(|(_, change)| change)
    }

    /// The changes that precede a problem closely, most likely first. `begins` holds for each service in trouble when its
    /// trouble began; `since` is the begin of the whole.
    pub(super) fn suspects(&self, begins: &BTreeMap<&str, Timestamp>, since: Timestamp) -> Vec<Suspect> {
        let latest = begins.values().copied().max().unwrap_or(since) + SKEW;
        let mut lasts = BTreeSet::new();
        let mut found: Vec<Suspect> = self
            .before(latest)
            .take_while(|change| since - AFTER <= change.at)
            .filter_map(|change| {
                let own = begins.get(change.service.as_str());
                let gap = own.copied().unwrap_or(since).since(change.at);
                if gap < Span::ZERO - SKEW {
                    return None;
                }
                let is_last = own.is_some() && lasts.insert(change.service.as_str());
                let reach = if is_last { AFTER } else { REACH };
                if reach < gap {
                    return None;
                }
                let least = if is_last { LEAST.0 } else { 0.0 };
                let halvings = gap.as_secs_f64().max(0.0) / HALVING.as_secs_f64();
                let weight = if own.is_some() { 1.0 } else { ELSEWHERE };
                let near = CLOSEST * weight * libm::exp2(-halvings);
                let confidence = match self.effects_of(change).verdict() {
                    Verdict::Worse => 1.0 - (1.0 - near) * (1.0 - SHOWN_WORSE),
                    Verdict::Better | Verdict::NoEffect => near * SHOWN_HARMLESS,
                    Verdict::TooLittleData => near.max(least),
                };
                let confidence = libm::round(confidence * 1e3) / 1e3;
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
