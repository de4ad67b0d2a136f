//! The incident stage: findings and changes in, alert records out, in event time alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::bar::Bar;
use super::case::{Incident, Key, MEMBERS};
use super::changes::{Changes, Effects};
use super::gate::{self, TOGETHER, Verdict, WITNESS, Why};
use super::links::Links;
use super::precursors::Precursors;
use super::services::Services;
use super::threat::Threats;
use super::trouble::{Trouble, TroubleKey, group_of, is_failure};
use crate::alert::{AlertRecord, Reason};
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
    changes: Changes,
    held: VecDeque<Held>,
    /// Ids of the alerts closed last, so that none ever comes back.
    over: VecDeque<u64>,
    /// The latest time that was passed or at which something was taken.
    pub(super) now: Option<Timestamp>,
    /// When the last alert of a service was over, and how often it had come back by then.
    lately: BTreeMap<String, (Timestamp, u32)>,
    links: Links,
    bar: Bar,
    threats: Threats,
    /// Saved as a section of its own.
    #[serde(skip)]
    pub(crate) precursors: Precursors,
    dropped: u64,
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

/// Held findings remembered; beyond it the oldest is forgotten.
const HELD_KEPT: usize = 1_000;
/// Ids of closed alerts remembered.
const OVER_KEPT: usize = 4_096;
/// A problem of a service within this time after its last one counts as its coming back: its end is held back longer.
const LATELY: Span = Span::from_days(1);
/// An incident over several services is two when its first service has been well for so long and another is not.
const SPLIT_AFTER: Span = Span::from_hours(2);

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
                self.with(place, |incident| incident.update(finding, false, plan));
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

    /// How many incidents are open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// What was given up at a bound: alerts, changes, and signals remembered for what broke after them.
    pub fn dropped(&self) -> Dropped {
        let (changes, precursors) = (self.changes.forgotten(), self.precursors.forgotten());
        Dropped { alerts: self.dropped, changes, precursors }
    }

    /// Whether another signal of the same service is in trouble too, of late or in an open alert.
    fn is_borne_out(&self, signal: &Signal, at: Timestamp) -> bool {
        let service = group_of(signal);
        let other = |trouble: &Trouble| trouble.stands() && trouble.finding.signal.name() != signal.name();
        let noted = self.notes.get(service).into_iter().flat_map(BTreeMap::values);
        let mut late = noted.filter(|note| WITNESS <= note.rarity && at - TOGETHER <= note.raised);
        let mut held = self.open.values().flat_map(|incident| incident.troubles.values());
        late.any(other) || held.any(|trouble| group_of(&trouble.finding.signal) == service && other(trouble))
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
        self.mark_silent(place, plan);
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

    /// Whether a lone finding passes the bar for mere oddities, and when it was offered if it is one; bounds, silence and what
    /// a change did always pass.
    fn passes_bar(&mut self, finding: &Finding, plan: &Plan) -> Option<Option<Timestamp>> {
        if finding.breach.is_some() || finding.kind == Kind::Absence || finding.kind == Kind::Change {
            return Some(None);
        }
        let excess = gate::lone_excess(finding, &self.services, plan);
        // Borne out by a change: not rare enough alone, and not to be counted among those that are.
        if excess < 0.0 {
            return Some(None);
        }
        self.bar.offer(finding.at, excess, plan.false_pages_per_week).then_some(Some(finding.at))
    }

    /// Remembers at the incident that holds this finding that it passed as an oddity.
    fn offered(&mut self, at: Option<Timestamp>, finding: &Finding) {
        if let Some(&place) = self.holds.get(&(finding.signal.clone(), finding.kind)) {
            self.with(place, |incident| incident.offered = at);
        }
    }

    /// Counts a trouble of an incident that is full.
    fn cover(&mut self, home: Key, trouble: Trouble) {
        if trouble.finding.phase == Phase::Raised {
            self.with(home, |incident| incident.beyond += 1);
            self.hold(trouble.finding.clone(), Why::Covered);
        }
        self.put_note(trouble);
    }

    /// Keeps a trouble as a note; together with another note of its service it may be worth an alert.
    fn note(&mut self, mut trouble: Trouble, why: Why, at: Timestamp, plan: &Plan) {
        let signal = trouble.finding.signal.clone();
        let needs = gate::joint_rarity(group_of(&signal), &self.services, plan);
        let fits = |t: &Trouble| {
            // A kind of line is no second witness beside the rate of all lines, which counts it too.
            let bears_out = !matches!(t.finding.kind, Kind::Absence | Kind::Log);
            needs <= t.rarity && at - TOGETHER <= t.raised && bears_out && t.stands()
        };
        let partner = match (&why, self.notes.get(group_of(&signal))) {
            (Why::NotRare { .. }, Some(notes)) if fits(&trouble) => {
                notes.values().find(|note| fits(note) && note.finding.signal != signal).map(Trouble::key)
            }
            _ => None,
        };
        let excess = |partner: &TroubleKey| {
            let other = self.notes.get(group_of(&signal)).and_then(|notes| notes.get(partner));
            other.map_or(0.0, |other| 2.0 * (other.rarity.min(trouble.rarity) - needs))
        };
        let (partner, why) = match partner.map(|key| (excess(&key), key)) {
            Some((excess, key)) if self.bar.offer(at, excess, plan.false_pages_per_week) => (Some(key), why),
            Some(_) => (None, Why::Frequent),
            None => (None, why),
        };
        if let Some(mut partner) = partner.and_then(|key| self.take_note(&key)) {
            trouble.carrier = true;
            partner.carrier = true;
            let finding = trouble.finding.clone();
            self.found(partner, vec![trouble], at, plan);
            return self.offered(Some(at), &finding);
        }
        if trouble.finding.phase == Phase::Raised {
            self.hold(trouble.finding.clone(), why);
        }
        self.put_note(trouble);
    }

    /// Opens an incident; `first` gives it its id. Notes of the same service that began with it bear witness.
    fn found(&mut self, mut first: Trouble, more: Vec<Trouble>, at: Timestamp, plan: &Plan) {
        let mut incident = Incident::new(&Finding { at: first.raised, ..first.finding.clone() }, at);
        let has_room = self.open.len() < plan.bounds.incidents.max(1);
        if has_room && self.is_taken(&incident) && first.finding.phase == Phase::Updated {
            // It was told and ended with another problem; that it goes on is the first that is said of this one.
            first.raised = first.finding.at;
            incident = Incident::new(&first.finding, at);
        }
        if self.is_taken(&incident) {
            if first.finding.phase == Phase::Raised {
                self.hold(first.finding.clone(), Why::Over);
            }
            return [first].into_iter().chain(more).for_each(|trouble| self.put_note(trouble));
        }
        let place = incident.key;
        if let Some(&(_, flaps)) = self.lately.get(&incident.home).filter(|(over, _)| at - LATELY <= *over) {
            incident.flaps = flaps.saturating_add(1);
        }
        if first.finding.breach.is_none() && first.finding.kind != Kind::Absence {
            incident.spends = true;
            self.services.budget.told();
        }
        self.open.insert(place, incident);
        let near: Vec<TroubleKey> = self.notes.get(group_of(&first.finding.signal)).map_or_else(Vec::new, |notes| {
            let with_it =
                |note: &&Trouble| at - TOGETHER <= note.raised && WITNESS <= note.rarity || note.failed.is_some();
            notes.values().filter(with_it).map(Trouble::key).collect()
        });
        let witnesses: Vec<Trouble> = near.iter().filter_map(|key| self.take_note(key)).collect();
        for trouble in [first].into_iter().chain(more).chain(witnesses) {
            self.give(place, trouble, at, plan);
        }
    }

    /// Whether an alert of this id is or was told.
    fn is_taken(&self, incident: &Incident) -> bool {
        self.over.contains(&incident.key.1) || self.open.keys().any(|key| key.1 == incident.key.1)
    }

    /// Remembers that the alert of this id is over.
    fn remember_over(&mut self, id: u64) {
        self.over.push_back(id);
        if OVER_KEPT < self.over.len() {
            self.over.pop_front();
        }
    }

    /// Gives a trouble to an incident.
    fn give(&mut self, place: Key, trouble: Trouble, at: Timestamp, plan: &Plan) {
        self.holds.insert(trouble.key(), place);
        self.with(place, |incident| incident.add(trouble, at));
        self.mark_silent(place, plan);
        let forgotten = self.open.get_mut(&place).map(Incident::forget_ended).unwrap_or_default();
        for key in &forgotten {
            self.holds.remove(key);
        }
        self.schedule(place, at, plan);
    }

    /// Merges every other incident that this finding belongs to as well; gives back the one that lives on.
    fn join_others(
        &mut self,
        place: Key,
        finding: &Finding,
        at: Timestamp,
        plan: &Plan,
        out: &mut Vec<AlertRecord>,
    ) -> Key {
        let all: Vec<Key> = self
            .open
            .values()
            .filter(|i| i.key == place || i.takes(finding, true, &self.links))
            .map(|i| i.key)
            .collect();
        let Some((&keep, lose)) = all.split_first() else { return place };
        for &key in lose {
            let Some(mut other) = self.remove(key) else { continue };
            if other.told.is_some() {
                let into = self.open.get(&keep).map(Incident::id);
                out.push(other.tell(Reason::Merged, at, into, &self.changes, plan));
                self.remember_over(key.1);
            }
            for held in other.troubles.keys() {
                self.holds.insert(held.clone(), keep);
            }
            self.with(keep, |incident| incident.merge(other, at));
        }
        self.schedule(keep, at, plan);
        keep
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

    /// Ends an incident. One that was never told leaves no record; what still stands in it becomes a note again.
    fn close(&mut self, place: Key, reason: Reason, at: Timestamp, plan: &Plan, out: &mut Vec<AlertRecord>) {
        let Some(mut incident) = self.remove(place) else { return };
        self.threats.learn(incident.troubles.values());
        if incident.told.is_some() {
            out.push(incident.tell(reason, at, None, &self.changes, plan));
            self.remember_over(place.1);
            self.lately.retain(|_, (over, _)| at - LATELY <= *over);
            self.lately.insert(incident.home.clone(), (at, incident.flaps));
        } else if let Some(first) = incident.carriers().next() {
            if incident.spends {
                self.services.budget.needed();
            }
            let why = if first.stands() { Why::Crowded } else { Why::Momentary };
            self.hold(first.finding.clone(), why);
        }
        for (key, trouble) in incident.troubles {
            self.holds.remove(&key);
            if trouble.stands() {
                self.put_note(trouble);
            }
        }
    }

    /// The first service is well, another is not: what stands lives on as an alert of its own.
    fn split(&mut self, place: Key, at: Timestamp, plan: &Plan, out: &mut Vec<AlertRecord>) {
        let Some(mut incident) = self.remove(place) else { return };
        if incident.told.is_some() {
            out.push(incident.tell(Reason::Split, at, None, &self.changes, plan));
            self.remember_over(place.1);
        }
        let acknowledged = incident.acknowledged;
        for key in incident.troubles.keys() {
            self.holds.remove(key);
        }
        let mut rest: Vec<Trouble> = incident.by_claim().into_iter().filter(|t| t.stands()).cloned().collect();
        if rest.is_empty() {
            return;
        }
        let mut first = rest.remove(0);
        first.raised = at;
        let before: BTreeSet<Key> = self.open.keys().copied().collect();
        self.found(first, rest, at, plan);
        if let Some(fresh) = self.open.keys().copied().find(|key| !before.contains(key)) {
            self.with(fresh, |incident| incident.acknowledged = acknowledged);
        }
    }

    /// Beyond the bound the least urgent, oldest incident is closed as no longer watched.
    fn keep_bounds(&mut self, plan: &Plan, at: Timestamp, out: &mut Vec<AlertRecord>) {
        while plan.bounds.incidents.max(1) < self.open.len() {
            let least = self.open.values().min_by_key(|incident| {
                let told = incident.told.as_ref().map(|told| told.urgency());
                (told.unwrap_or_else(|| incident.urgency(plan, at)), incident.key)
            });
            let Some(place) = least.map(|incident| incident.key) else { return };
            self.dropped += 1;
            self.close(place, Reason::Gone, at, plan, out);
        }
    }

    fn take_note(&mut self, key: &TroubleKey) -> Option<Trouble> {
        let notes = self.notes.get_mut(group_of(&key.0))?;
        let note = notes.remove(key);
        if notes.is_empty() {
            self.notes.remove(group_of(&key.0));
        }
        note
    }

    fn put_note(&mut self, trouble: Trouble) {
        let service = group_of(&trouble.finding.signal).to_owned();
        self.notes.entry(service).or_default().insert(trouble.key(), trouble);
    }

    fn hold(&mut self, finding: Finding, why: Why) {
        self.held.push_back(Held { finding, why });
        if HELD_KEPT < self.held.len() {
            self.held.pop_front();
        }
    }

    fn pass(&mut self, at: Timestamp) {
        self.now = self.now.max(Some(at));
    }

    pub(super) fn with(&mut self, place: Key, act: impl FnOnce(&mut Incident)) {
        if let Some(incident) = self.open.get_mut(&place) {
            act(incident);
        }
    }

    fn remove(&mut self, place: Key) -> Option<Incident> {
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

impl Incident {
    /// When it proves to be two: its first service has been well for long while another one is not.
    fn split_at(&self) -> Option<Timestamp> {
        let mut well_since = None;
        let mut others = false;
        for trouble in self.carriers() {
            if trouble.service() == self.home {
                well_since = well_since.max(Some(trouble.ended?.0));
            } else {
                others |= trouble.stands();
            }
        }
        well_since.filter(|_| others).map(|since| since + SPLIT_AFTER)
    }
}
