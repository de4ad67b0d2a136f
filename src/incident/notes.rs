//! Troubles that nobody is told of until something bears them out.

use std::collections::BTreeMap;

use super::case::Key;
use super::gate::{self, TOGETHER, WITNESS, Why};
use super::stage::{Held, Incidents};
use super::trouble::{Trouble, TroubleKey, group_of};
use crate::finding::{Finding, Kind, Phase};
use crate::plan::Plan;
use crate::signal::Signal;
use crate::time::Timestamp;

/// Held findings remembered; beyond it the oldest is forgotten.
const HELD_KEPT: usize = 1_000;

impl Incidents {
    /// Whether another signal of the same service is in trouble too, of late or in an open alert.
    pub(super) fn is_borne_out(&self, signal: &Signal, at: Timestamp) -> bool {
        let service = group_of(signal);
        let other = |trouble: &Trouble| trouble.stands() && trouble.finding.signal.name() != signal.name();
        let noted = self.notes.get(service).into_iter().flat_map(BTreeMap::values);
        let mut late = noted.filter(|note| WITNESS <= note.rarity && at - TOGETHER <= note.raised);
        let mut held = self.open.values().flat_map(|incident| incident.troubles.values());
        late.any(other) || held.any(|trouble| group_of(&trouble.finding.signal) == service && other(trouble))
    }

    /// Whether a lone finding passes the bar for mere oddities, and when it was offered if it is one; bounds, silence and what
    /// a change did always pass.
    pub(super) fn passes_bar(&mut self, finding: &Finding, plan: &Plan) -> Option<Option<Timestamp>> {
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
    pub(super) fn offered(&mut self, at: Option<Timestamp>, finding: &Finding) {
        if let Some(&place) = self.holds.get(&(finding.signal.clone(), finding.kind)) {
            self.with(place, |incident| incident.offered = at);
        }
    }

    /// Counts a trouble of an incident that is full.
    pub(super) fn cover(&mut self, home: Key, trouble: Trouble) {
        if trouble.finding.phase == Phase::Raised {
            self.with(home, |incident| incident.beyond += 1);
            self.hold(trouble.finding.clone(), Why::Covered);
        }
        self.put_note(trouble);
    }

    /// Keeps a trouble as a note; together with another note of its service it may be worth an alert.
    pub(super) fn note(&mut self, mut trouble: Trouble, why: Why, at: Timestamp, plan: &Plan) {
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

    pub(super) fn take_note(&mut self, key: &TroubleKey) -> Option<Trouble> {
        let notes = self.notes.get_mut(group_of(&key.0))?;
        let note = notes.remove(key);
        if notes.is_empty() {
            self.notes.remove(group_of(&key.0));
        }
        note
    }

    pub(super) fn put_note(&mut self, trouble: Trouble) {
        let service = group_of(&trouble.finding.signal).to_owned();
        self.notes.entry(service).or_default().insert(trouble.key(), trouble);
    }

    pub(super) fn hold(&mut self, finding: Finding, why: Why) {
        self.held.push_back(Held { finding, why });
        if HELD_KEPT < self.held.len() {
            self.held.pop_front();
        }
    }
}
