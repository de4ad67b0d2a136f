//! One incident: its troubles, and what follows from them at a moment.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::gate::TOGETHER;
use super::links::Links;
use super::telling::Told;
use super::trouble::{Claim, Role, Trouble, TroubleKey, is_failure, service_of};
use crate::alert::{Concern, Reason, Urgency, page_from, urgency};
use crate::finding::{Breach, Finding, Kind, Target};
use crate::plan::Plan;
use crate::signal::Signal;
use crate::time::{Span, Timestamp};

/// An incident's place in the order of all: when it began to be told, then its id.
pub(super) type Key = (Timestamp, u64);

/// Findings that are one problem, and what was told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Incident {
    /// The time of its opening and its id; neither ever changes.
    pub(super) key: Key,
    /// The kind of the first finding.
    pub(super) kind: Kind,
    /// The service of the first finding.
    pub(super) home: String,
    pub(super) troubles: BTreeMap<TroubleKey, Trouble>,
    /// Services that are silent as a whole.
    pub(super) silent: BTreeSet<String>,
    /// Records told so far.
    pub(super) revision: u32,
    /// What people know of it; none until it is told.
    pub(super) told: Option<Told>,
    /// Someone is on it.
    pub(super) acknowledged: bool,
    /// Whether people said that nobody needed to hear of it.
    pub(super) unneeded: bool,
    /// Whether it was opened on rarity alone, and nothing has shown yet that it was needed.
    pub(super) spends: bool,
    /// How often it came back: before its resolve was due, or within a day as the next problem of its service.
    pub(super) flaps: u32,
    /// An alert that was told has been merged into it since it was last told.
    pub(super) took_over: bool,
    /// Something was learned at this moment that is not settled yet.
    pub(super) unsettled: Option<Timestamp>,
    /// Something that matters joined and waits until it may be told.
    pub(super) join_waits: bool,
    /// Troubles that belong to it but are only counted, because it holds as many as it may.
    pub(super) beyond: usize,
    /// When it passed the bar as a mere oddity, until something confirms it.
    pub(super) offered: Option<Timestamp>,
    /// Until when its silence is not told, because nothing at all is heard. Saved beside it.
    #[serde(skip)]
    pub(super) unheard: Option<Timestamp>,
}

/// The least and the greatest time for which a resolve is held back. What was only foretold, and receded, may come back with the
/// next hour (a sawtooth, a rhythm): it is held back for the greatest.
const DAMPING: (Span, Span) = (Span::from_mins(5), Span::from_hours(1));
/// Troubles that an incident holds; what comes beyond is counted and kept as a note, so that the cost of a total outage
/// grows with the number of its signals and not with its square.
pub(super) const MEMBERS: usize = 1_000;
/// What has become less likely than not wakes nobody who sleeps.
const LIKELY: f64 = 0.5;
/// Troubles that ended are forgotten beyond this many.
const ENDED_KEPT: usize = 50;

/// The stable id: a hash of the first finding's signal, kind and time.
pub(super) fn id_of(signal_hash: u64, kind: Kind, at: Timestamp) -> u64 {
    let mut bytes = [0u8; 17];
    bytes[..8].copy_from_slice(&signal_hash.to_le_bytes());
    bytes[8] = match kind {
        Kind::Anomaly => 0,
        Kind::Forecast => 1,
        Kind::Absence => 2,
        Kind::Log => 3,
        Kind::Change => 4,
    };
    bytes[9..].copy_from_slice(&at.nanos().to_le_bytes());
    xxh3_64(&bytes)
}

impl Incident {
    /// Opens with the finding that came first; `at` is the moment in which it proves worth an alert.
    pub(super) fn new(first: &Finding, at: Timestamp) -> Self {
        Incident {
            key: (at, id_of(first.signal.stable_hash(), first.kind, first.at)),
            kind: first.kind,
            home: service_of(first).to_owned(),
            troubles: BTreeMap::new(),
            silent: BTreeSet::new(),
            revision: 0,
            told: None,
            acknowledged: false,
            unneeded: false,
            spends: false,
            flaps: 0,
            took_over: false,
            unsettled: Some(at),
            join_waits: false,
            beyond: 0,
            offered: None,
            unheard: None,
        }
    }

    pub(super) fn id(&self) -> String {
        format!("{:016x}", self.key.1)
    }

    /// Takes word of a trouble that it holds.
    pub(super) fn update(&mut self, finding: Finding, carrier: bool, plan: &Plan) {
        let quiet = self.quiet_since();
        let at = finding.at;
        if let Some(trouble) = self.troubles.get_mut(&(finding.signal.clone(), finding.kind)) {
            trouble.carrier |= carrier;
            trouble.update(finding, plan);
        }
        self.learned(quiet, at);
    }

    /// Takes a trouble that it did not hold.
    pub(super) fn add(&mut self, trouble: Trouble, at: Timestamp) {
        let quiet = self.quiet_since();
        self.troubles.insert(trouble.key(), trouble);
        self.learned(quiet, at);
    }

    fn learned(&mut self, quiet_before: Option<Timestamp>, at: Timestamp) {
        if quiet_before.is_some_and(|since| since < at) && self.quiet_since().is_none() {
            self.flaps = self.flaps.saturating_add(1);
        }
        self.unsettled = Some(self.unsettled.map_or(at, |before| before.min(at)));
    }

    /// Takes over all troubles of another incident that proved to be the same problem.
    pub(super) fn merge(&mut self, other: Incident, at: Timestamp) {
        let quiet = self.quiet_since();
        self.took_over |= other.told.is_some();
        self.spends |= other.spends;
        self.flaps = self.flaps.max(other.flaps);
        self.troubles.extend(other.troubles);
        self.silent.extend(other.silent);
        self.learned(quiet, at);
    }

    /// Forgets the oldest ended troubles beyond a bound and returns the keys forgotten.
    pub(super) fn forget_ended(&mut self) -> Vec<TroubleKey> {
        if self.troubles.len() <= ENDED_KEPT {
            return Vec::new();
        }
        let mut ended: Vec<(Timestamp, TroubleKey)> =
            self.troubles.iter().filter_map(|(key, trouble)| Some((trouble.ended?.0, key.clone()))).collect();
        ended.sort();
        ended.truncate(ended.len().saturating_sub(ENDED_KEPT));
        let keys: Vec<TroubleKey> = ended.into_iter().map(|(_, key)| key).collect();
        for key in &keys {
            self.troubles.remove(key);
        }
        keys
    }

    pub(super) fn carriers(&self) -> impl Iterator<Item = &Trouble> {
        self.troubles.values().filter(|trouble| trouble.carrier)
    }

    /// Since when nothing stands that is worth an alert; none while something does.
    ///
    /// Where bounds were passed or ahead, the end of the last of them is the end for people: what was merely odd along with it
    /// keeps nothing open.
    pub(super) fn quiet_since(&self) -> Option<Timestamp> {
        let breaches = self.troubles.values().filter(|trouble| trouble.finding.breach.is_some());
        let relief = breaches.filter_map(|trouble| trouble.ended).map(|(at, _)| at).max();
        let mut last = None;
        for trouble in self.carriers() {
            let mere = trouble.finding.breach.is_none() && trouble.finding.kind != Kind::Absence;
            let end = trouble.ended.map(|(at, _)| at).or(relief.filter(|relief| mere && trouble.raised <= *relief));
            last = last.max(Some(end?));
        }
        last
    }

    /// When a quiet incident is over for people: flapping holds it back longer each time, removal for good not at all.
    pub(super) fn over_at(&self) -> Option<Timestamp> {
        let quiet = self.quiet_since()?;
        let damping = match self.end_reason() {
            Reason::Gone => Span::ZERO,
            Reason::Withdrawn => DAMPING.1,
            _ => DAMPING.0.times(1 << self.flaps.min(4)).min(DAMPING.1),
        };
        Some(quiet + damping)
    }

    /// When the trouble began, as far as the data shows.
    pub(super) fn since(&self) -> Timestamp {
        self.carriers().map(|trouble| trouble.finding.since).min().unwrap_or(self.key.0)
    }

    /// The troubles, likeliest origin first.
    pub(super) fn by_claim(&self) -> Vec<&Trouble> {
        let first = self.since();
        let mut all: Vec<(Claim, &Trouble)> = self.troubles.values().map(|t| (t.claim(first), t)).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.into_iter().map(|(_, trouble)| trouble).collect()
    }

    /// The likeliest origin.
    pub(super) fn origin(&self) -> Option<&Trouble> {
        let first = self.since();
        self.troubles.values().min_by_key(|trouble| trouble.claim(first))
    }

    /// The trouble whose breach matters most: an objective broken now, a limit passed now, else the earliest to come.
    /// With `ended` those that are over count too.
    pub(super) fn primary(&self, ended: bool) -> Option<(&Trouble, &Breach)> {
        let all = self.troubles.values().filter(|trouble| ended || trouble.stands());
        let breaches = all.filter_map(|trouble| Some((trouble, trouble.finding.breach.as_ref()?)));
        breaches.min_by_key(|(trouble, breach)| {
            let objective = matches!(breach.target, Target::Objective { .. });
            (!breach.now, !(breach.now && objective), breach.outlook.earliest, trouble.finding.since)
        })
    }

    /// What urgency needs to know of it.
    fn concern(&self) -> Concern<'_> {
        let breach = self.primary(false).map(|(_, breach)| breach);
        Concern {
            breach,
            silent_service: !self.silent.is_empty() && self.unheard.is_none(),
            unlike_peers: self.is_unlike_peers(),
        }
    }

    /// Whether few of many like signals are in trouble: at most one in three. What all instances do has another cause.
    fn is_unlike_peers(&self) -> bool {
        let standing = || self.troubles.values().filter(|trouble| trouble.stands());
        standing().filter(|trouble| trouble.carrier && trouble.finding.breach.is_none()).any(|odd| {
            let (signal, service) = (&odd.finding.signal, odd.service());
            let like = |other: &&Trouble| other.finding.signal.name() == signal.name() && other.service() == service;
            let mut troubled: Vec<_> = standing().filter(like).map(|trouble| &trouble.finding.signal).collect();
            troubled.dedup();
            troubled.len() as u64 * 3 <= u64::from(odd.finding.peers)
        })
    }

    /// Whether all that it foretells has become less likely than not.
    fn is_unlikely(&self) -> bool {
        let mut breaches = self.troubles.values().filter_map(|trouble| Some((trouble.finding.kind, trouble.breach()?)));
        let is_likely = |(kind, breach): (Kind, &Breach)| {
            breach.now || kind != Kind::Forecast || LIKELY <= breach.outlook.probability
        };
        self.silent.is_empty() && self.primary(false).is_some() && !breaches.any(is_likely)
    }

    /// The services in trouble now.
    pub(super) fn services(&self) -> BTreeSet<&str> {
        self.carriers().filter(|trouble| trouble.stands()).map(Trouble::service).collect()
    }

    /// The urgency as of `now`.
    pub(super) fn urgency(&self, plan: &Plan, now: Timestamp) -> Urgency {
        let urgency = urgency(self.concern(), &plan.calendar, plan.horizon, now);
        if self.is_unlikely() { urgency.min(Urgency::Hold) } else { urgency }
    }

    /// When time alone makes it a page.
    pub(super) fn page_from(&self, plan: &Plan, now: Timestamp) -> Option<Timestamp> {
        page_from(self.concern(), &plan.calendar, now).filter(|_| !self.is_unlikely())
    }

    /// Whether a trouble that stands outside belongs to this problem. `opens` says that it would be an alert by itself.
    ///
    /// - The same service: always, while the incident is open.
    /// - Another service: only what is worth an alert by itself, and only within ten minutes of this incident's opening or
    ///   of one of its failures. Of a mere forecast also the begins must lie that close, for forecasts are told when they
    ///   become credible and not when something happens.
    /// - What runs on the same machine or in the same instance, and what has kept company with this service in the past
    ///   (`linked`): while something of the incident stands that is about to fail, or has for less than a day. A bound's passing
    ///   at any time of that, a mere oddity within two hours.
    /// - What fails within hours of a resource's being exhausted: an empty pool hurts those who wait for it, and nobody
    ///   wrote down who that is.
    ///
    /// So nothing is drawn in by the length of an incident, only by happening with it; a chain of failures is one problem.
    pub(super) fn takes(&self, finding: &Finding, opens: bool, links: &Links) -> bool {
        let service = service_of(finding);
        if self.troubles.values().any(|trouble| trouble.service() == service) {
            return true;
        }
        if !opens {
            return false;
        }
        let near = |a: Timestamp, b: Timestamp| a.since(b).max(b.since(a)) <= TOGETHER;
        let with_it = near(finding.at, self.key.0)
            || self.carriers().any(|trouble| trouble.failed.is_some_and(|failed| near(finding.at, failed)));
        let foreseen = finding.breach.is_some() && !is_failure(finding);
        if with_it && (!foreseen || near(finding.since, self.since())) {
            return true;
        }
        let lately = |failed: Timestamp| finding.at.since(failed) < CHRONIC;
        let grave = || {
            let standing = self.carriers().filter(|trouble| trouble.stands() && trouble.finding.breach.is_some());
            standing.filter(|trouble| trouble.failed.is_none_or(lately))
        };
        let kept_company = |trouble: &Trouble| {
            shares_place(&trouble.finding.signal, &finding.signal) || links.are_linked(trouble.service(), service)
        };
        let exhausted = |trouble: &Trouble| {
            let fresh = |failed: Timestamp| failed <= finding.at && finding.at.since(failed) <= CONSEQUENCE;
            trouble.role == Role::Resource && trouble.failed.is_some_and(fresh)
        };
        grave().any(|trouble| {
            let fresh =
                finding.breach.is_some() || finding.at.since(trouble.failed.unwrap_or(trouble.raised)) <= CONSEQUENCE;
            (!foreseen && exhausted(trouble)) || (fresh && self.since() <= finding.since && kept_company(trouble))
        })
    }
}

/// What fails so long after a resource was exhausted elsewhere is taken for its consequence.
const CONSEQUENCE: Span = Span::from_hours(2);
/// What has failed for so long draws nothing else in: whoever could not bear it has failed by then.
const CHRONIC: Span = Span::from_days(1);

/// Labels that say where something runs.
const PLACES: [&str; 8] =
    ["host", "host.name", "host_name", "node", "k8s.node.name", "instance", "pod", "k8s.pod.name"];

/// Whether two signals come from the same machine or instance.
fn shares_place(a: &Signal, b: &Signal) -> bool {
    PLACES.iter().any(|key| a.label(key).is_some_and(|place| !place.is_empty() && b.label(key) == Some(place)))
}
