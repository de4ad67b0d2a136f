//! How an incident begins, grows, becomes one with another or two, and ends.

use std::collections::BTreeSet;

use super::case::{Incident, Key};
use super::gate::{TOGETHER, WITNESS, Why};
use super::stage::Incidents;
use super::trouble::{Trouble, TroubleKey, group_of};
use crate::alert::{AlertRecord, Reason};
use crate::finding::{Finding, Kind, Phase};
use crate::plan::Plan;
use crate::time::{Span, Timestamp};

/// Ids of closed alerts remembered.
const OVER_KEPT: usize = 4_096;
/// A problem of a service within this time after its last one counts as its coming back: its end is held back longer.
const LATELY: Span = Span::from_days(1);
/// An incident over several services is two when its first service has been well for so long and another is not.
const SPLIT_AFTER: Span = Span::from_hours(2);

impl Incidents {
    /// Opens an incident; `first` gives it its id. Notes of the same service that began with it bear witness.
    pub(super) fn found(&mut self, mut first: Trouble, more: Vec<Trouble>, at: Timestamp, plan: &Plan) {
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
    pub(super) fn is_taken(&self, incident: &Incident) -> bool {
        self.over.contains(&incident.key.1) || self.open.keys().any(|key| key.1 == incident.key.1)
    }

    /// Remembers that the alert of this id is over.
    pub(super) fn remember_over(&mut self, id: u64) {
        self.over.push_back(id);
        if OVER_KEPT < self.over.len() {
            self.over.pop_front();
        }
    }

    /// Gives a trouble to an incident.
    pub(super) fn give(&mut self, place: Key, trouble: Trouble, at: Timestamp, plan: &Plan) {
        self.holds.insert(trouble.key(), place);
        self.with(place, |incident| incident.add(trouble, at));
        self.mark_silent(place, at, plan);
        let forgotten = self.open.get_mut(&place).map(Incident::forget_ended).unwrap_or_default();
        for key in &forgotten {
            self.holds.remove(key);
        }
        self.schedule(place, at, plan);
    }

    /// Merges every other incident that this finding belongs to as well; gives back the one that lives on.
    pub(super) fn join_others(
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

    /// Ends an incident. One that was never told leaves no record; what still stands in it becomes a note again.
    pub(super) fn close(&mut self, place: Key, reason: Reason, at: Timestamp, plan: &Plan, out: &mut Vec<AlertRecord>) {
        let Some(mut incident) = self.remove(place) else { return };
        self.threats.learn(incident.troubles.values());
        self.leave(&incident, at);
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
    pub(super) fn split(&mut self, place: Key, at: Timestamp, plan: &Plan, out: &mut Vec<AlertRecord>) {
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
    pub(super) fn keep_bounds(&mut self, plan: &Plan, at: Timestamp, out: &mut Vec<AlertRecord>) {
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
}

impl Incident {
    /// When it proves to be two: its first service has been well for long while another one is not.
    pub(super) fn split_at(&self) -> Option<Timestamp> {
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
