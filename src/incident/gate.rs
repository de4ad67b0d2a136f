//! Which findings are worth an alert by themselves, and what becomes of the others.
//!
//! The budget comes first. A bound that is or will be passed always opens an alert, and so does silence that no change
//! explains. A lone oddity must be as rare as the budget asks over everything watched: with J signals and B false alerts a
//! week each signal may speak B/J times a week, which is a rarity of log10(J/B), moved by what the weeks before needed
//! (`budget`). Two oddities of one service within
//! [`TOGETHER`] bear each other out at a lower rarity. All else is a note: held with its reason, and called as a witness.

use serde::{Deserialize, Serialize};

use super::changes::{AFTER, Changes};
use super::services::Services;
use super::trouble::group_of;
use crate::finding::{Finding, Kind, Phase};
use crate::plan::Plan;
use crate::time::Span;

/// How close in time findings must be to be taken for one problem.
pub(super) const TOGETHER: Span = Span::from_mins(10);

/// The rarity below which a finding is no witness either: once a week.
pub(super) const WITNESS: f64 = 0.0;

/// Why a finding opened no alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Not rare enough for the budget, and nothing bore it out.
    NotRare {
        /// Its rarity: log10 of the return period in weeks.
        has: f64,
        /// The rarity that the budget asks of a lone finding; not finite where the budget is nothing.
        needs: f64,
    },
    /// Silence of some instances right after their service was deployed or scaled.
    Rollout {
        /// The change's id.
        change: String,
    },
    /// Silence of a service that was removed.
    Removed {
        /// The change's id.
        change: String,
    },
    /// It would have opened under the id of an alert that is over.
    Over,
    /// It was over before its moment had passed.
    Momentary,
    /// Others as strong came too often of late.
    Frequent,
    /// Its incident holds as many troubles as it may; this one is only counted.
    Covered,
    /// Too many problems were open, and it was the least urgent.
    Crowded,
    /// Its service was on its way back from a trouble that people felt.
    WayBack,
}

/// What the gate says of a finding that belongs to no incident yet.
pub(super) enum Verdict {
    Opens,
    Held(Why),
}

/// Silence this long after a roll-out is taken for instances that were replaced.
const ROLLOUT: Span = Span::from_mins(30);

pub(super) fn judge(finding: &Finding, services: &Services, changes: &Changes, plan: &Plan) -> Verdict {
    let service = group_of(&finding.signal);
    if finding.breach.is_some() || finding.kind == Kind::Change {
        return Verdict::Opens;
    }
    if finding.kind == Kind::Absence {
        if let Some(change) = changes.removal(service, finding.at) {
            return Verdict::Held(Why::Removed { change: change.id.clone() });
        }
        if services.is_silent(service, plan) {
            return Verdict::Opens;
        }
        return match changes.rollout(service, finding.at, ROLLOUT) {
            Some(change) => Verdict::Held(Why::Rollout { change: change.id.clone() }),
            None => Verdict::Opens,
        };
    }
    // A line that stays away may have gone with the release before.
    if finding.kind == Kind::Log
        && finding.value.is_none()
        && let Some(change) = changes.rollout(service, finding.at, ROLLOUT)
    {
        return Verdict::Held(Why::Rollout { change: change.id.clone() });
    }
    if is_borne_out_by_change(finding, services, changes, plan) {
        return Verdict::Opens;
    }
    let needs = lone_rarity(services, plan);
    // Not a number is not rare.
    if finding.rarity >= needs { Verdict::Opens } else { Verdict::Held(Why::NotRare { has: finding.rarity, needs }) }
}

/// Whether an oddity began so soon after a change of its service that the change bears it out.
///
/// With C changes in a week, each of a service of n signals, oddities of a rarity of c fall by chance into the h hours after one
/// C·n·h·10^(−c)/168 times a week; setting that to the budget gives c, the higher the longer ago the change was. Never under 0.5:
/// after a change signals move more. What moves in the first minutes of a new instance is how the service starts; what stays of it
/// is held against the hour before (`Kind::Change`).
fn is_borne_out_by_change(finding: &Finding, services: &Services, changes: &Changes, plan: &Plan) -> bool {
    let service = group_of(&finding.signal);
    if finding.phase != Phase::Raised || plan.false_pages_per_week <= 0.0 {
        return false;
    }
    let Some(change) = changes.latest(service, finding.at, AFTER) else { return false };
    if changes.rollout(service, finding.at, STARTS).is_some() {
        return false;
    }
    let week = Span::from_days(7);
    let share = finding.at.since(change.at).max(SHORTLY).as_secs_f64() / week.as_secs_f64();
    let chances = changes.within(finding.at, week) as f64 * services.signals_of(service) as f64 * share;
    libm::log10(chances / plan.false_pages_per_week).max(0.5) <= finding.rarity
}

/// How long an instance starts.
const STARTS: Span = Span::from_mins(5);
/// How long a change bears out fully what is odd in its service, before it does less and less.
const SHORTLY: Span = Span::from_hours(1);

/// By how much a lone finding is rarer than asked.
pub(super) fn lone_excess(finding: &Finding, services: &Services, plan: &Plan) -> f64 {
    finding.rarity - lone_rarity(services, plan)
}

/// The rarity asked of a finding that stands alone; infinite where the budget is nothing.
fn lone_rarity(services: &Services, plan: &Plan) -> f64 {
    if plan.false_pages_per_week > 0.0 {
        (libm::log10(services.watched() as f64 / plan.false_pages_per_week) + services.budget.lift()).max(0.0)
    } else {
        f64::INFINITY
    }
}

/// The rarity asked of each of two findings of one service within [`TOGETHER`].
///
/// Over J signals in services of n, pairs that coincide by chance come J·n·10^(−2c)/1008 times a week (1008 windows of ten
/// minutes); setting that to the budget gives c. Never under 1, since neighbours are less independent than that.
pub(super) fn joint_rarity(service: &str, services: &Services, plan: &Plan) -> f64 {
    if plan.false_pages_per_week > 0.0 {
        let windows = Span::from_days(7).nanos() as f64 / TOGETHER.nanos() as f64;
        let pairs = services.watched() as f64 * services.signals_of(service) as f64;
        (0.5 * (libm::log10(pairs / (windows * plan.false_pages_per_week)) + services.budget.lift())).max(1.0)
    } else {
        f64::INFINITY
    }
}
