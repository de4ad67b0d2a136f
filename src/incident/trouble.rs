//! One trouble of one signal, as the incident that holds it sees it, and its claim to be the origin.

use std::cmp::Reverse;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::threat::is_carried;
use crate::finding::{Breach, Finding, Kind, Phase, Target};
use crate::plan::Plan;
use crate::signal::Signal;
use crate::time::{Span, Timestamp};

/// What identifies a trouble.
pub(super) type TroubleKey = (Arc<Signal>, Kind);

/// A trouble with the last word of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Trouble {
    /// The latest finding that was not an end; what it says of breach and words is the newest known.
    pub(super) finding: Finding,
    /// When it was first raised.
    pub(super) raised: Timestamp,
    /// The greatest surprise so far.
    pub(super) rarity: f64,
    /// Since when it is a failure (a bound passed now, silence) and not only a risk or an oddity.
    pub(super) failed: Option<Timestamp>,
    /// Where in the chain of causes its signal stands.
    pub(super) role: Role,
    /// Whether it is worth an alert by itself; others only bear witness and keep nothing open.
    pub(super) carrier: bool,
    /// When and how it ended, if it did.
    pub(super) ended: Option<(Timestamp, Phase)>,
}

impl Trouble {
    pub(super) fn new(finding: Finding, carrier: bool, plan: &Plan) -> Self {
        let failed = is_failure(&finding).then_some(finding.at);
        let role = role(&finding, plan);
        Trouble { raised: finding.at, rarity: finding.rarity, failed, role, carrier, ended: None, finding }
    }

    /// Takes the next word. An end keeps what was known before it.
    pub(super) fn update(&mut self, finding: Finding, plan: &Plan) {
        match finding.phase {
            Phase::Raised | Phase::Updated => {
                self.role = role(&finding, plan);
                let failed_before = self.failed.filter(|_| self.ended.is_none());
                self.failed = is_failure(&finding).then(|| failed_before.unwrap_or(finding.at));
                self.rarity = self.rarity.max(finding.rarity);
                self.ended = None;
                self.finding = finding;
            }
            // What is over cannot end again: a signal that goes on to report itself well holds back no resolve.
            phase => self.ended = self.ended.or(Some((finding.at, phase))),
        }
    }

    pub(super) fn key(&self) -> TroubleKey {
        (Arc::clone(&self.finding.signal), self.finding.kind)
    }

    pub(super) fn stands(&self) -> bool {
        self.ended.is_none()
    }

    /// The breach while the trouble stands.
    pub(super) fn breach(&self) -> Option<&Breach> {
        self.finding.breach.as_ref().filter(|_| self.stands())
    }

    pub(super) fn service(&self) -> &str {
        service_of(&self.finding)
    }

    /// The claim to be where the problem starts; the least is the likeliest.
    ///
    /// Witnesses come after all that is worth an alert. Among the rest the earliest begin decides, in steps of
    /// [`SAME_BEGIN`] because begins are estimates; then a resource comes before its symptoms, then the greater surprise.
    pub(super) fn claim(&self, first: Timestamp) -> Claim {
        let step = self.finding.since.since(first).nanos() / SAME_BEGIN.nanos();
        let surprise = (self.rarity.clamp(-1e6, 1e6) * 1e3) as i64;
        Claim {
            witness: !self.carrier,
            step,
            role: self.role,
            surprise: Reverse(surprise),
            since: self.finding.since,
            key: self.key(),
        }
    }
}

/// Begins closer than this are taken as one.
const SAME_BEGIN: Span = Span::from_mins(5);

/// See [`Trouble::claim`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    witness: bool,
    step: i64,
    role: Role,
    surprise: Reverse<i64>,
    since: Timestamp,
    key: TroubleKey,
}

/// Where in the chain of causes a signal stands: what is exhausted or silent comes before what users feel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Role {
    Resource,
    Other,
    Symptom,
}

fn role(finding: &Finding, plan: &Plan) -> Role {
    // What broke after it before is not its own.
    let foretells = finding.kind != Kind::Change && is_carried(finding);
    match finding.breach.as_ref().filter(|_| !foretells).map(|breach| &breach.target) {
        Some(Target::Limit) => Role::Resource,
        Some(Target::Objective { .. }) => Role::Symptom,
        None if finding.kind == Kind::Absence => Role::Resource,
        None => {
            let preset = plan.preset_of(&finding.signal).and_then(|place| plan.presets.get(place));
            if preset.is_some_and(|preset| preset.limit.is_some()) { Role::Resource } else { Role::Other }
        }
    }
}

/// Whether something fails now, rather than may fail or looks odd.
pub(super) fn is_failure(finding: &Finding) -> bool {
    finding.kind == Kind::Absence || finding.breach.as_ref().is_some_and(|breach| breach.now)
}

/// The service that a finding concerns: the one its objective names, else its signal's; a signal without service
/// stands for itself by its name.
pub(super) fn service_of(finding: &Finding) -> &str {
    match finding.breach.as_ref().map(|breach| &breach.target) {
        Some(Target::Objective { service: Some(service), .. }) => service,
        _ => group_of(&finding.signal),
    }
}

/// The service that a signal belongs to, its name where it has none: notes and silence are kept by it.
pub(super) fn group_of(signal: &Signal) -> &str {
    signal.service().unwrap_or(signal.name())
}
