//! The incident stage: findings and changes in, alert records out, in event time alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::aftermath::Aftermath;
use super::bar::Bar;
use super::case::{Incident, Key, MEMBERS};
use super::changes::{Changes, Effects};
use super::gate::{self, Verdict, WITNESS, Why};
use super::links::Links;
use super::precursors::Precursors;
use super::services::Services;
use super::threat::Threats;
use super::trouble::{Trouble, TroubleKey, group_of, is_failure};
use super::unheard::Unheard;
use crate::alert::AlertRecord;
use crate::finding::{ChangeEffect, Finding, Kind, Phase};
use crate::plan::Plan;
use crate::signal::{Change, ChangeKind, Signal};
use crate::time::{Span, Timestamp};

/// Every open problem, what might become one, and what was told.
///
/// A state machine without a clock: [`take`](Incidents::take) wants findings in order of (`at`, signal), and time moves
/// only through the times it is given. What falls into one moment is told together when time passes that moment, so a
/// cascade within it is one record. Saved and restored at any point it goes on as if nothing had been.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Incidents {
    pub(super) open: BTreeMap<Key, Incident>,
    /// Which incident holds a trouble.
    pub(super) holds: BTreeMap<TroubleKey, Key>,
    /// Troubles that stand without an incident, by service.
    pub(super) notes: BTreeMap<String, BTreeMap<TroubleKey, Trouble>>,
    /// When which incident has something to do.
    due: BTreeSet<(Timestamp, Key)>,
    due_of: BTreeMap<Key, Timestamp>,
    pub(super) services: Services,
    pub(super) changes: Changes,
    pub(super) held: VecDeque<Held>,
    /// Ids of the alerts closed last, so that none ever comes back.
    pub(super) over: VecDeque<u64>,
    /// The latest time that was passed or at which something was taken.
    pub(super) now: Option<Timestamp>,
    /// When the last alert of a service was over, and how often it had come back by then.
    pub(super) lately: BTreeMap<String, (Timestamp, u32)>,
    pub(super) links: Links,
    pub(super) bar: Bar,
    pub(super) threats: Threats,
    /// Saved as a section of its own.
    #[serde(skip)]
    pub(crate) precursors: Precursors,
    /// The same.
    #[serde(skip)]
    pub(crate) aftermath: Aftermath,
    /// The same.
    #[serde(skip)]
    pub(crate) unheard: Unheard,
    pub(super) dropped: u64,
}

/// A finding that opened no alert, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// What was found.
    pub finding: Finding,
    /// Why nobody was told.
    pub why: Why,
}

/// What was given up because too much of it was remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Open alerts, the least urgent and oldest first.
    pub alerts: u64,
    /// Changes, the oldest first.
    pub changes: u64,
    /// Signals that may announce a broken objective, the longest quiet first.
    pub precursors: u64,
}

impl Incidents {
    /// A stage that knows of nothing. The plan is an argument of each step, so that a new one holds from the next step on.
    pub fn new() -> Self {
        Incidents::default()
    }

    /// Tells how many signals are watched of a service ([`Signal::service`](crate::signal::Signal::service), or the
    /// signal's name where it has none), and of how many the silence would be noticed. The budget is shared among all.
    pub fn watched(&mut self, service: &str, signals: u64, heard: u64) {
        self.services.set(service, signals, heard);
    }

    /// Takes a finding. Whatever was due before its time happens first.
    pub fn take(&mut self, finding: Finding, plan: &Plan, out: &mut Vec<AlertRecord>) {
        let at = finding.at;
        self.run_due(at, plan, out);
        self.pass(at);
        self.services.budget.pass(at, plan.false_pages_per_week);
        self.count_silence(&finding, plan);
        if finding.phase == Phase::Raised && (WITNESS <= finding.rarity || finding.breach.is_some()) {
            self.links.began(group_of(&finding.signal), at);
        }
        self.precursors.learn(&finding);
        let finding = self.threats.carry(finding, &self.links, plan);
        let signal = finding.signal.clone();
        let finding = self.precursors.carry(finding, || self.is_borne_out(&signal, at), plan);
        let key = (finding.signal.clone(), finding.kind);
        match (finding.phase, self.holds.get(&key).copied()) {
            (Phase::Raised | Phase::Updated, Some(place)) => self.update(place, finding, plan, out),
            (Phase::Raised | Phase::Updated, None) => self.place(finding, plan, out),
            (_, Some(place)) => {
                let was_silent = finding.kind == Kind::Absence;
                self.with(place, |incident| incident.update(finding, false, plan));
                if was_silent {
                    self.mark_silent(place, at, plan);
                }
                self.schedule(place, at, plan);
            }
            (_, None) => {
                self.take_note(&key);
            }
        }
        self.keep_bounds(plan, at, out);
    }

    /// Takes a change: it may be named as a suspect in what is told from now on. The removal of a service ends its troubles.
    pub fn change(&mut self, change: Change, plan: &Plan) {
        let (at, removed) = (change.at, change.kind == ChangeKind::Removed);
        let service = change.service.clone();
        if !self.changes.remember(change, plan.bounds.changes) || !removed {
            return;
        }
        let ends = |trouble: &Trouble| {
            (trouble.service() == service && trouble.stands() && trouble.finding.at <= at).then(|| Finding {
                phase: Phase::Gone,
                at,
                ..trouble.finding.clone()
            })
        };
        let gone: Vec<(Key, Finding)> = self
            .open
            .iter()
            .flat_map(|(key, incident)| incident.troubles.values().filter_map(ends).map(|finding| (*key, finding)))
            .collect();
        for (place, finding) in gone {
            self.count_silence(&finding, plan);
            self.with(place, |incident| incident.update(finding, false, plan));
            self.schedule(place, at, plan);
        }
        for note in self.notes.get(&service).map_or_else(Vec::new, |notes| notes.values().cloned().collect()) {
            self.count_silence(&Finding { phase: Phase::Gone, at, ..note.finding.clone() }, plan);
            self.take_note(&note.key());
        }
    }

    /// Takes what a change of a signal's service did to it.
    pub fn changed(&mut self, signal: &Signal, change: Timestamp, effect: ChangeEffect) {
        self.changes.changed(group_of(signal), change, effect);
    }

    /// The changes remembered and what each of them did, the oldest first.
    pub fn changes(&self) -> impl Iterator<Item = (&Change, Effects)> {
        self.changes.judged()
    }

    /// No finding before `to` will come: what is due before it happens. Calling it again, or with less, changes nothing.
    pub fn advance(&mut self, to: Timestamp, plan: &Plan, out: &mut Vec<AlertRecord>) {
        self.run_due(to, plan, out);
    }

    /// The least time to which [`advance`](Incidents::advance) would do something.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.due.first().map(|&(at, _)| at + Span::from_nanos(1))
    }

    /// Findings that opened no alert, the oldest first; the last thousand.
    pub fn held(&self) -> impl Iterator<Item = &Held> {
        self.held.iter()
    }

    /// The services in trouble by an open alert.
    pub fn services_of(&self, alert: &AlertRecord) -> impl Iterator<Item = &str> {
        let id = u64::from_str_radix(&alert.id, 16).ok();
        self.open.values().filter(move |incident| Some(incident.key.1) == id).flat_map(Incident::services)
    }

    /// The services that people were told of by an open alert.
    pub fn services_told(&self) -> BTreeSet<&str> {
        self.open.values().filter(|incident| incident.told.is_some()).flat_map(Incident::services).collect()
    }

    /// How many incidents are open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// What was given up at a bound: alerts, changes, and signals remembered for what broke after them.
    pub fn dropped(&self) -> Dropped {
        let (changes, precursors) = (self.changes.forgotten(), self.precursors.forgotten());
        Dropped { alerts: self.dropped, changes, precursors }
    }

    /// A finding of a trouble that an incident holds.
    fn update(&mut self, place: Key, finding: Finding, plan: &Plan, out: &mut Vec<AlertRecord>) {
        let carries = matches!(gate::judge(&finding, &self.services, &self.changes, plan), Verdict::Opens);
        let at = finding.at;
        // Another incident can prove to be the same problem when this trouble turns into a failure, not by its going on.
        let place = if carries && self.turns_failure(place, &finding) {
            self.join_others(place, &finding, at, plan, out)
        } else {
            place
        };
        self.with(place, |incident| incident.update(finding, carries, plan));
        self.mark_silent(place, at, plan);
        self.schedule(place, at, plan);
    }

    /// Whether a trouble was a risk or over, and fails now.
    fn turns_failure(&self, place: Key, finding: &Finding) -> bool {
        let key = (finding.signal.clone(), finding.kind);
        let before = self.open.get(&place).and_then(|incident| incident.troubles.get(&key));
        is_failure(finding) && before.is_none_or(|trouble| trouble.failed.is_none() || !trouble.stands())
    }

    /// A finding of a trouble that no incident holds.
    fn place(&mut self, finding: Finding, plan: &Plan, out: &mut Vec<AlertRecord>) {
        let at = finding.at;
        let key = (finding.signal.clone(), finding.kind);
        let mut trouble = self.take_note(&key).unwrap_or_else(|| Trouble::new(finding.clone(), false, plan));
        trouble.update(finding.clone(), plan);
        let verdict = gate::judge(&finding, &self.services, &self.changes, plan);
        trouble.carrier = matches!(verdict, Verdict::Opens);
        // An oddity bears witness when it begins; its going on is no news to anyone.
        let witness = finding.phase == Phase::Raised && WITNESS <= finding.rarity;
        if (trouble.carrier || witness)
            && let Some(home) =
                self.open.values().find(|i| i.takes(&finding, trouble.carrier, &self.links)).map(|i| i.key)
        {
            if self.open.get(&home).is_some_and(|incident| MEMBERS <= incident.troubles.len()) {
                return self.cover(home, trouble);
            }
            let home = if trouble.carrier { self.join_others(home, &finding, at, plan, out) } else { home };
            self.give(home, trouble, at, plan);
            return;
        }
        match verdict {
            Verdict::Opens if self.is_way_back(&finding) => {
                trouble.carrier = false;
                self.note(trouble, Why::WayBack, at, plan);
            }
            Verdict::Opens => match self.passes_bar(&finding, plan) {
                Some(offered) => {
                    self.found(trouble, Vec::new(), at, plan);
                    self.offered(offered, &finding);
                }
                None => {
                    trouble.carrier = false;
                    self.note(trouble, Why::Frequent, at, plan);
                }
            },
            Verdict::Held(why) => self.note(trouble, why, at, plan),
        }
    }

    /// Does what is due before `to`, in order of time and then of incidents.
    fn run_due(&mut self, to: Timestamp, plan: &Plan, out: &mut Vec<AlertRecord>) {
        while let Some(&(at, place)) = self.due.first()
            && at < to
        {
            self.pass(at);
            self.settle(place, at, plan, out);
        }
    }

    /// Decides what is said of an incident at this moment, and when to look again.
    fn settle(&mut self, place: Key, at: Timestamp, plan: &Plan, out: &mut Vec<AlertRecord>) {
        if self.open.get(&place).is_some_and(|incident| incident.unheard.is_some()) {
            self.mark_unheard(place, at);
        }
        let Some(incident) = self.open.get_mut(&place) else { return self.unschedule(place) };
        incident.unsettled = None;
        if incident.spends && incident.is_needed() {
            incident.spends = false;
            self.services.budget.needed();
        }
        if let Some(offered) = incident.offered.filter(|_| incident.primary(true).is_some()) {
            incident.offered = None;
            self.bar.confirm(offered);
        }
        if incident.over_at().is_some_and(|over| over <= at)
            || (incident.told.is_none() && incident.over_at().is_some())
        {
            let reason = incident.end_reason();
            return self.close(place, reason, at, plan, out);
        }
        if incident.split_at().is_some_and(|split| split <= at) {
            return self.split(place, at, plan, out);
        }
        if let Some(reason) = incident.reason(plan, at) {
            out.push(incident.tell(reason, at, None, &self.changes, plan));
        }
        self.schedule(place, at, plan);
    }

    fn pass(&mut self, at: Timestamp) {
        self.now = self.now.max(Some(at));
    }

    pub(super) fn with(&mut self, place: Key, act: impl FnOnce(&mut Incident)) {
        if let Some(incident) = self.open.get_mut(&place) {
            act(incident);
        }
    }

    pub(super) fn remove(&mut self, place: Key) -> Option<Incident> {
        self.unschedule(place);
        self.open.remove(&place)
    }

    fn unschedule(&mut self, place: Key) {
        if let Some(due) = self.due_of.remove(&place) {
            self.due.remove(&(due, place));
        }
    }

    /// Notes when the incident has something to do next, as seen from `now`.
    pub(super) fn schedule(&mut self, place: Key, now: Timestamp, plan: &Plan) {
        self.unschedule(place);
        let Some(incident) = self.open.get(&place) else { return };
        let later = [incident.over_at(), incident.split_at(), incident.told_due(plan, now)];
        // What is not settled is settled at its own moment; all else lies ahead, or it would go round in circles.
        let due = incident.unsettled.or_else(|| later.into_iter().flatten().filter(|&at| now < at).min());
        if let Some(due) = due {
            self.due.insert((due, place));
            self.due_of.insert(place, due);
        }
    }
}
