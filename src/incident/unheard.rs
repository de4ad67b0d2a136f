//! When nothing at all is heard: the way here is broken, hardly ever everything at once.
//!
//! A silence counts as long as somebody else is heard meanwhile. Where all services fall silent together, a collector or a broker
//! between them and this program has stopped; nobody is told that one of them is silent until others speak again and it does not.
//! After half an hour it no longer matters which of the two it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::case::{Incident, Key};
use super::stage::Incidents;
use super::trouble::Trouble;
use crate::finding::Kind;
use crate::plan::Plan;
use crate::time::{Span, Timestamp};

/// When anything was heard last, and the last time in which nothing was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Unheard {
    newest: Option<Timestamp>,
    gap: Option<(Timestamp, Timestamp)>,
}

/// Fewer services that speak are not "all".
const ALL: usize = 3;
/// So long without anything is a gap.
const GAP: Span = Span::from_mins(2);
/// After so long nobody waits to learn whether it is the telemetry or everything.
const TOO_LONG: Span = Span::from_mins(30);

impl Unheard {
    /// Something was heard at `newest`; whether that ends a gap.
    fn hear(&mut self, newest: Timestamp) -> bool {
        let before = self.newest.filter(|before| *before + GAP <= newest);
        self.newest = self.newest.max(Some(newest));
        self.gap = before.map(|before| (before, newest)).or(self.gap);
        before.is_some()
    }

    /// Until when a silence is not told though it is known; none once it is the silence of its signal. Half of the time after which
    /// it is noticed must have passed with others heard.
    fn waits_until(&self, trouble: &Trouble, now: Timestamp) -> Option<Timestamp> {
        let newest = self.newest?;
        let goes_on = newest + GAP <= now;
        let (begin, end) = if goes_on { (newest, now) } else { self.gap? };
        let since = trouble.finding.since;
        if end <= since {
            return None;
        }
        let own = Span::from_nanos(trouble.raised.since(since).nanos() / 2);
        // While the gap goes on it is not known when others will be heard.
        let unheard = if goes_on { TOO_LONG } else { end.since(begin.max(since)) };
        let until = (since + own + unheard).min(begin + TOO_LONG).max(since + own);
        (now < until).then_some(until)
    }
}

impl Incident {
    /// Until when all that is silent in it is not told; none if anything of it is told now.
    fn unheard_until(&self, unheard: &Unheard, now: Timestamp) -> Option<Timestamp> {
        let silent = self.troubles.values().filter(|t| t.finding.kind == Kind::Absence && t.stands());
        let waits: Option<Vec<Timestamp>> = silent.map(|trouble| unheard.waits_until(trouble, now)).collect();
        waits?.into_iter().min()
    }

    /// Whether nothing but silence stands in it.
    pub(super) fn is_mere_silence(&self) -> bool {
        self.carriers().filter(|trouble| trouble.stands()).all(|trouble| trouble.finding.kind == Kind::Absence)
    }
}

impl Incidents {
    /// What is saved of it: when anything was heard, and which alerts wait until when.
    pub(crate) fn save_unheard(&self) -> (Unheard, BTreeMap<Key, Timestamp>) {
        let waits = self.open.values().filter_map(|incident| Some((incident.key, incident.unheard?)));
        (self.unheard, waits.collect())
    }

    /// Takes what was saved, once the alerts are there.
    pub(crate) fn load_unheard(&mut self, (unheard, waits): (Unheard, BTreeMap<Key, Timestamp>)) {
        self.unheard = unheard;
        for (place, until) in waits {
            self.with(place, |incident| incident.unheard = Some(until));
        }
    }

    /// Something was heard of anybody at `newest`: where that ends a gap, it may show who is silent alone.
    pub fn heard(&mut self, newest: Timestamp, plan: &Plan) {
        if !self.unheard.hear(newest) {
            return;
        }
        let waiting: Vec<Key> = self.open.values().filter(|i| i.unheard.is_some()).map(|i| i.key).collect();
        for place in waiting {
            self.mark_unheard(place, newest);
            // Who waits no longer is told at this moment, not when something else happens.
            self.with(place, |incident| {
                if incident.unheard.is_none() {
                    incident.unsettled = Some(incident.unsettled.map_or(newest, |at| at.min(newest)));
                }
            });
            self.schedule(place, newest, plan);
        }
    }

    /// Finds out whether an incident waits because nothing at all is heard.
    pub(super) fn mark_unheard(&mut self, place: Key, now: Timestamp) {
        let unheard = self.unheard;
        let is_told_apart = ALL <= self.services.speaking();
        if let Some(incident) = self.open.get_mut(&place) {
            incident.unheard = if is_told_apart { incident.unheard_until(&unheard, now) } else { None };
        }
    }
}
