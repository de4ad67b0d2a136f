//! Which services are silent as a whole.

use std::collections::BTreeSet;

use super::case::Key;
use super::stage::Incidents;
use super::trouble::{Trouble, group_of};
use crate::finding::{Finding, Kind, Phase};
use crate::plan::Plan;
use crate::time::Timestamp;

impl Incidents {
    /// Keeps count of what is silent, before the finding is taken.
    pub(super) fn count_silence(&mut self, finding: &Finding, plan: &Plan) {
        if finding.kind != Kind::Absence {
            return;
        }
        let (service, key) = (group_of(&finding.signal), (finding.signal.clone(), finding.kind));
        let held = self.holds.get(&key).and_then(|place| self.open.get(place)?.troubles.get(&key));
        let noted = || self.notes.get(service).and_then(|notes| notes.get(&key));
        let silent = held.or_else(noted).is_some_and(Trouble::stands);
        match finding.phase {
            Phase::Raised | Phase::Updated if !silent => self.services.fell_silent(service, &finding.signal, plan),
            Phase::Cleared | Phase::Withdrawn | Phase::Gone if silent => {
                self.services.spoke(service, &finding.signal, plan);
            }
            _ => {}
        }
    }

    /// Marks the services of an incident that are silent as a whole.
    pub(super) fn mark_silent(&mut self, place: Key, now: Timestamp, plan: &Plan) {
        let Some(incident) = self.open.get_mut(&place) else { return };
        let silent = incident.troubles.values().filter(|t| t.finding.kind == Kind::Absence && t.stands());
        let names: BTreeSet<&str> = silent.map(|trouble| group_of(&trouble.finding.signal)).collect();
        let whole = names.into_iter().filter(|service| self.services.is_silent(service, plan));
        incident.silent = whole.map(str::to_owned).collect();
        self.mark_unheard(place, now);
    }
}
