//! What people answer: someone is on it, or nobody needed to hear of it.

use super::case::Incident;
use super::stage::Incidents;
use crate::plan::Plan;

impl Incidents {
    /// Someone is on it: no repeats and no escalation of this alert. False where no such alert is open.
    pub fn acknowledge(&mut self, id: &str, plan: &Plan) -> bool {
        self.services.budget.answered();
        self.answer(id, plan, |incident| incident.acknowledged = true)
    }

    /// Nobody needed to hear of it: no repeats, and where it was told on rarity alone it counts against the budget whatever
    /// comes of it. False where no such alert is open; the answer counts all the same, for people look in the morning.
    pub fn unneeded(&mut self, id: &str, plan: &Plan) -> bool {
        self.services.budget.answered();
        self.answer(id, plan, |incident| (incident.acknowledged, incident.unneeded) = (true, true))
    }

    fn answer(&mut self, id: &str, plan: &Plan, act: impl FnOnce(&mut Incident)) -> bool {
        let Some(place) = self.open.values().find(|incident| incident.id() == id).map(|incident| incident.key) else {
            return false;
        };
        // An answer has a place in the order of inputs; the time that people write on it decides nothing.
        let now = self.now.unwrap_or(place.0);
        self.with(place, |incident| {
            act(incident);
            incident.unsettled = Some(incident.unsettled.unwrap_or(now));
        });
        self.schedule(place, now, plan);
        true
    }
}

impl Incident {
    /// Whether it proved needed: someone took it up, or a bound was passed in it; but not where people say that it was not.
    pub(super) fn is_needed(&self) -> bool {
        !self.unneeded && (self.acknowledged || self.primary(true).is_some())
    }
}
