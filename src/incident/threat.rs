//! What a harmful change threatens: the objective of its service, before it is broken.
//!
//! A new version runs on one instance before it runs on all, a flag decides a tenth of the requests before it decides every
//! one. What it has already made worse there is a sample of what users will feel, so the objective of the service stands
//! under a forecast of its own from then on.

use serde::{Deserialize, Serialize};

use super::links::Links;
use super::trouble::Trouble;
use crate::finding::{Breach, Finding, Kind, Phase, Target};
use crate::forecast::Outlook;
use crate::plan::{Objective, Plan};
use crate::time::Span;

/// How soon a change that hurts reaches all users: the 10, 50 and 90 % points. Judgement, not measured: roll-outs are stepped
/// by a quarter of an hour to a few hours.
const SOON: [Span; 3] = [Span::from_mins(15), Span::from_hours(1), Span::from_hours(6)];

/// From this probability on an objective is guessed where none is known.
const GUESSED: f64 = 0.5;

/// How often harmful changes broke an objective so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Threats {
    made: u32,
    came: u32,
}

impl Threats {
    /// The probability that the next one does (the rule of succession, from one in two).
    fn probability(self) -> f64 {
        (f64::from(self.came) + 1.0) / (f64::from(self.made) + 2.0)
    }

    /// A problem is over: whether a change that threatened an objective was followed by one that was broken.
    pub(super) fn learn<'a>(&mut self, troubles: impl Iterator<Item = &'a Trouble> + Clone) {
        let promised = |trouble: &&Trouble| {
            let breach = trouble.finding.breach.as_ref();
            breach.is_some_and(|breach| matches!(breach.target, Target::Objective { .. }))
        };
        if troubles.clone().filter(promised).any(|trouble| is_threat(&trouble.finding)) {
            self.made = self.made.saturating_add(1);
            self.came += u32::from(troubles.filter(promised).any(|trouble| trouble.failed.is_some()));
        }
    }

    /// The finding with the objective that it threatens: its service's own, else one of a service that keeps it company in
    /// trouble.
    pub(super) fn carry(self, finding: Finding, links: &Links, plan: &Plan) -> Finding {
        let stands = matches!(finding.phase, Phase::Raised | Phase::Updated);
        if finding.kind != Kind::Change || finding.breach.is_some() || !stands {
            return finding;
        }
        let Some(service) = finding.signal.service() else { return finding };
        let own = || plan.objectives.iter().filter(|objective| service_of(objective).as_deref() == Some(service));
        let same = own().find(|objective| objective.signal.matches(&finding.signal));
        let linked =
            |objective: &&Objective| service_of(objective).is_some_and(|promised| links.are_linked(service, &promised));
        let threatened = same.or_else(|| own().next()).or_else(|| plan.objectives.iter().find(linked));
        let threatened = threatened.or_else(|| self.guess(&finding, service, links, plan));
        let Some(objective) = threatened else { return finding };
        let [earliest, likely, latest] = SOON.map(|span| finding.at + span);
        let outlook = Outlook { probability: self.probability(), earliest, likely, latest };
        let target = Target::Objective { name: objective.name.clone(), service: objective.service.clone() };
        let (level, side) = (objective.bound.level, objective.bound.side);
        Finding { breach: Some(Breach { target, level, side, now: false, outlook }), ..finding }
    }

    /// The objective of a service that nobody is known to wait for: the one it was seen in trouble with most, of its own kind
    /// before others. Nobody writes down who waits for whom, and the first bad release comes before it could be learned; so
    /// it is guessed for as long as harmful changes broke an objective at least every second time. More of a capacity that is used is
    /// no sample of what users will feel: it ends at a limit, which is foretold by itself.
    fn guess<'a>(self, finding: &Finding, service: &str, links: &Links, plan: &'a Plan) -> Option<&'a Objective> {
        let company = |objective: &Objective| {
            let times = service_of(objective).map_or(0, |promised| links.times(service, &promised));
            let kind = objective.signal.to_signal().is_some_and(|signal| signal.name() == finding.signal.name());
            (kind, times)
        };
        let preset = plan.preset_of(&finding.signal).map(|place| &plan.presets[place]);
        let is_capacity = preset.is_some_and(|preset| preset.finite || preset.limit.is_some());
        let likely = (GUESSED <= self.probability() && !is_capacity).then_some(&plan.objectives)?;
        likely.iter().rev().max_by_key(|objective| company(objective))
    }
}

/// Whether a finding stands under the forecast of what its change threatens.
fn is_threat(finding: &Finding) -> bool {
    finding.kind == Kind::Change && is_carried(finding)
}

/// Whether the objective that a finding puts at risk is another signal's: of its service by what a change did, or of what broke
/// after it before.
pub(super) fn is_carried(finding: &Finding) -> bool {
    finding.kind != Kind::Forecast && finding.breach.as_ref().is_some_and(|breach| !breach.now)
}

/// The service whose promise an objective is.
fn service_of(objective: &Objective) -> Option<String> {
    let pinned = || objective.signal.to_signal()?.service().map(str::to_owned);
    objective.service.clone().or_else(pinned)
}

/// The objective that a finding puts at risk: its own signal is not the finding's.
pub(super) fn promised<'a>(finding: &Finding, plan: &'a Plan) -> Option<&'a Objective> {
    let breach = finding.breach.as_ref().filter(|_| is_carried(finding))?;
    let Target::Objective { name, service } = &breach.target else { return None };
    plan.objectives.iter().find(|o| o.name == *name && o.service == *service && o.bound.level == breach.level)
}

#[cfg(test)]
mod tests {
    use super::super::tests::finding;
    use super::*;
    use crate::plan::{Bound, Preset, Side};
    use crate::signal::Selector;
    use crate::time::Timestamp;

    fn objective(name: &str, service: &str, signal: &str) -> Objective {
        Objective {
            name: name.to_owned(),
            service: Some(service.to_owned()),
            signal: Selector::parse(&format!("{signal}{{service=\"{service}\"}}")).unwrap(),
            bound: Bound { level: 1.0, side: Side::Above },
            hold: Span::ZERO,
        }
    }

    /// A change made `error_ratio` of the store worse.
    fn harm() -> Finding {
        let at = Timestamp::from_secs(1_790_000_000);
        Finding { kind: Kind::Change, ..finding(at, "+", &["error_ratio@store"]) }
    }

    /// The name of the objective that the change of the store is said to threaten.
    fn threatened(threats: Threats, links: &Links, plan: &Plan) -> Option<String> {
        match threats.carry(harm(), links, plan).breach?.target {
            Target::Objective { name, .. } => Some(name),
            Target::Limit => None,
        }
    }

    #[test]
    fn its_own_objective_comes_before_a_guessed_one() {
        let shop = objective("shop fails", "shop", "error_ratio");
        let store = objective("store is slow", "store", "latency");
        let plan = Plan { objectives: vec![shop, store], ..Plan::default() };
        assert_eq!(threatened(Threats::default(), &Links::default(), &plan).as_deref(), Some("store is slow"));
    }

    #[test]
    fn of_unknown_company_an_objective_of_its_own_kind_is_guessed_and_then_the_one_met_most() {
        let slow = objective("shop is slow", "shop", "latency");
        let fails = objective("mail fails", "mail", "error_ratio");
        let mut plan = Plan { objectives: vec![slow, fails], ..Plan::default() };
        assert_eq!(threatened(Threats::default(), &Links::default(), &plan).as_deref(), Some("mail fails"));
        plan.objectives[1].signal = Selector::parse("lost{service=\"mail\"}").unwrap();
        let mut links = Links::default();
        for service in ["store", "mail"] {
            links.began(service, harm().at);
        }
        assert_eq!(threatened(Threats::default(), &links, &plan).as_deref(), Some("mail fails"));
    }

    #[test]
    fn nothing_is_guessed_once_harm_came_to_users_less_than_every_second_time() {
        let plan = Plan { objectives: vec![objective("shop fails", "shop", "error_ratio")], ..Plan::default() };
        let threatened = |made, came| threatened(Threats { made, came }, &Links::default(), &plan);
        assert_eq!(threatened(0, 0).as_deref(), Some("shop fails"));
        assert_eq!(threatened(1, 0), None);
        assert_eq!(threatened(2, 1).as_deref(), Some("shop fails"));
    }

    #[test]
    fn what_is_used_of_a_capacity_is_no_sample_of_what_users_feel() {
        let pool =
            Preset { names: vec![regex::Regex::new("^error_ratio$").unwrap()], finite: true, ..Preset::default() };
        let mut plan = Plan { objectives: vec![objective("shop fails", "shop", "error_ratio")], ..Plan::default() };
        plan.presets.insert(0, pool);
        assert_eq!(threatened(Threats::default(), &Links::default(), &plan), None);
        plan.objectives.push(objective("store is slow", "store", "latency"));
        assert_eq!(
            threatened(Threats::default(), &Links::default(), &plan).as_deref(),
            Some("store is slow"),
            "its own"
        );
    }
}
