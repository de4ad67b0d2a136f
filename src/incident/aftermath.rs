//! Troubles that are real beyond doubt, and the hour after them.
//!
//! What people felt, or somebody answered, is no habit of the signals in it: they learn nothing from it of what is usual, so that the
//! next one is as rare as the first ([`Judge::observe_aside`](crate::detect::Judge::observe_aside); on `benches/video.py` .963 of 215 faults are
//! foreseen instead of .949). And the way back is as odd as the way there: a lone oddity within an hour of it is news to nobody.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::case::Incident;
use super::stage::Incidents;
use super::trouble::{Trouble, group_of};
use crate::finding::{Breach, Finding, Kind, Target};
use crate::time::{Span, Timestamp};

/// What has been so for this long is how it is now, confirmed or not.
const NORMAL: Span = Span::from_days(1);
/// How long the way back takes: levels follow in a hundred points.
const BACK: Span = Span::from_hours(1);

/// Until when each service is on its way back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Aftermath {
    until: BTreeMap<String, Timestamp>,
}

impl Incidents {
    /// The services in a confirmed trouble, or on their way back from one. While people feel something, what else is told may be
    /// where it comes from, though nothing links the two yet: it is no habit either.
    pub fn confirmed(&self, now: Timestamp) -> BTreeSet<String> {
        let after = self.aftermath.until.iter().filter(|(_, until)| now < **until).map(|(service, _)| service.as_str());
        let is_felt = self.open.values().any(|incident| incident.is_felt(now));
        let beside = self.open.values().filter(|_| is_felt).flat_map(Incident::services);
        let within = self.open.values().flat_map(|incident| incident.confirmed(now));
        within.chain(beside).chain(after).map(str::to_owned).collect()
    }

    /// Whether an oddity is no more than the way back from a trouble that was confirmed.
    pub(super) fn is_way_back(&self, finding: &Finding) -> bool {
        let is_oddity = finding.breach.is_none() && matches!(finding.kind, Kind::Anomaly | Kind::Log);
        is_oddity && self.aftermath.until.get(group_of(&finding.signal)).is_some_and(|until| finding.at < *until)
    }

    /// An incident is over: the way back from it begins where it was a confirmed one.
    pub(super) fn leave(&mut self, incident: &Incident, at: Timestamp) {
        self.aftermath.until.retain(|_, until| at < *until);
        let services = incident.confirmed(at).map(|service| (service.to_owned(), at + BACK));
        self.aftermath.until.extend(services);
    }
}

impl Incident {
    /// Since when people have felt it, or somebody has said that it is real; none while neither is so.
    fn confirmed_since(&self) -> Option<Timestamp> {
        let is_promise = |breach: &Breach| matches!(breach.target, Target::Objective { .. });
        let broke =
            |trouble: &Trouble| trouble.failed.filter(|_| trouble.finding.breach.as_ref().is_some_and(is_promise));
        let answered = (self.acknowledged && !self.unneeded).then_some(self.key.0);
        self.carriers().filter_map(broke).chain(answered).min()
    }

    /// Whether people feel it now, and not for so long that it is how it is.
    fn is_felt(&self, now: Timestamp) -> bool {
        self.confirmed_since().is_some_and(|since| now < since + NORMAL) && self.breaks_objective()
    }

    /// The services in trouble, where it is a confirmed one and no longer than it takes to become the new normal.
    fn confirmed(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let is_confirmed = self.confirmed_since().is_some_and(|since| now < since + NORMAL);
        self.carriers().filter(move |_| is_confirmed).map(Trouble::service)
    }
}
