//! One bound of one signal: an objective or a limit, foreseen or passed.

mod older;

use serde::{Deserialize, Serialize};

use super::kept::Kept;
use super::section::Section;
use super::tally::Tally;
use super::words;
use crate::alert::chart::Line;
use crate::calendar::Local;
use crate::finding::{Breach, Target};
use crate::forecast::{Forecaster, Outlook};
use crate::plan::{Bound, Plan};
use crate::signal::{Signal, is_shared_out};
use crate::time::{Span, Timestamp};

pub(super) use older::{BoundedV3, BoundedV4, BoundedV5};

/// A bound under watch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Bounded {
    target: Target,
    bound: Bound,
    hold: Span,
    forecaster: Box<Forecaster>,
    /// The value that was kept up for as long as it must hold.
    kept: Kept,
    /// Since when the value is on the side that hurts.
    passed_since: Option<Timestamp>,
    /// Observations in a row on the good side; while it stands as it was found, [`FOUND`] less those.
    good: u8,
    /// Whether the bound has been passed for as long as it must hold.
    passed: bool,
    /// What came of the forecasts told.
    tally: Tally,
    /// Whether nobody said that this is a bound: its kind only makes it likely. The plan says so, and no snapshot.
    #[serde(skip)]
    likely: bool,
}

/// How a signal stands against its bounds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Standing {
    /// No bound is passed or credibly ahead.
    Clear,
    /// A bound will be passed.
    Ahead {
        /// Which and when.
        breach: Breach,
        /// Since when it shows.
        since: Timestamp,
        /// In words.
        words: String,
    },
    /// A bound is passed now.
    Passed {
        /// Which.
        breach: Breach,
        /// Since when.
        since: Timestamp,
    },
}

/// A bound of a signal: what is foreseen of it now, and what came of forecasts.
#[derive(Clone, Copy, Debug)]
pub struct Foresight<'a> {
    /// Objective or limit.
    pub target: &'a Target,
    /// The bound.
    pub bound: Bound,
    /// Whether it is passed now.
    pub passed: bool,
    /// When it will be passed; none while that cannot be told, or it is passed already.
    pub outlook: Option<Outlook>,
    /// The record of the forecasts told.
    pub tally: Tally,
}

impl Standing {
    /// The worse of two: passed before ahead, an objective before a limit, the sooner before the later.
    pub(super) fn worse_of(self, other: Standing) -> Standing {
        fn rank(standing: &Standing) -> (u8, bool, Option<Timestamp>) {
            match standing {
                Standing::Passed { breach, since, .. } => (0, breach.target == Target::Limit, Some(*since)),
                Standing::Ahead { breach, .. } => (1, false, Some(breach.outlook.earliest)),
                Standing::Clear => (2, false, None),
            }
        }
        if rank(&other) < rank(&self) { other } else { self }
    }
}

/// A signal is back on the good side after so many observations in a row.
const GOOD_AGAIN: u8 = 2;
/// What stood beyond a likely bound at its first observation lives so (a database that takes all of the memory), until it has been well
/// for as many observations in a row as lie between these.
const FOUND: u8 = u8::MAX;
const LEFT: u8 = FOUND - 200;

impl Bounded {
    /// The version of the saved form.
    pub(super) const VERSION: u8 = 6;

    /// All bounds of a signal; a preset's limit holds only where nobody set one.
    pub(super) fn all(signal: &Signal, plan: &Plan, preset: usize) -> Vec<Bounded> {
        let objectives = plan.objectives.iter().filter(|objective| objective.signal.matches(signal)).map(|objective| {
            let target = Target::Objective { name: objective.name.clone(), service: objective.service.clone() };
            Bounded::new(target, objective.bound, objective.hold, plan.horizon)
        });
        let limits = plan.limits.iter().filter(|limit| limit.signal.matches(signal));
        let limits: Vec<Bound> = limits.map(|limit| limit.bound).collect();
        let fallback = plan.presets[preset].limit.filter(|_| limits.is_empty());
        let limits = limits.into_iter().map(|bound| Bounded::limit(bound, plan.horizon));
        // Nobody means to fill a disk.
        let likely = !is_shared_out(signal.name());
        let fallback = fallback.map(|bound| Bounded { likely, ..Bounded::limit(bound, plan.horizon) });
        let limits = limits.chain(fallback);
        let mut all: Vec<Bounded> = Vec::new();
        for bounded in objectives.chain(limits) {
            // The same limit by several selectors is one.
            if !all.iter().any(|known| known.is_same(&bounded)) {
                all.push(bounded);
            }
        }
        all
    }

    /// A limit.
    pub(super) fn limit(bound: Bound, horizon: Span) -> Self {
        Bounded::new(Target::Limit, bound, Span::ZERO, horizon)
    }

    fn new(target: Target, bound: Bound, hold: Span, horizon: Span) -> Self {
        let forecaster = Box::new(Forecaster::new(bound).with_horizon(horizon));
        let (kept, tally) = (Kept::default(), Tally::default());
        let likely = false;
        Bounded { target, bound, hold, forecaster, kept, passed_since: None, good: 0, passed: false, tally, likely }
    }

    /// The same bound of another instance, begun with what this one has learned.
    pub(super) fn heir(&self) -> Self {
        let forecaster = Box::new(self.forecaster.heir());
        let kept = Kept::default();
        Bounded {
            forecaster,
            kept,
            passed_since: None,
            good: if self.is_as_found() { 0 } else { 1 },
            passed: false,
            tally: Tally::default(),
            ..self.clone()
        }
    }

    /// Reads one from a section of this release or of an older one.
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        match section.version {
            3 => section.read::<BoundedV3>(3).map(Bounded::from),
            4 => section.read::<BoundedV4>(4).map(Bounded::from),
            5 => section.read::<BoundedV5>(5).map(Bounded::from),
            _ => section.read(Bounded::VERSION),
        }
    }

    /// Whether a saved bound is this one.
    pub(super) fn is_same(&self, saved: &Bounded) -> bool {
        (&self.target, self.bound, self.hold) == (&saved.target, saved.bound, saved.hold)
    }

    /// The same as a snapshot had it.
    pub(super) fn take(&mut self, saved: Bounded) {
        *self = Bounded { likely: self.likely, ..saved };
    }

    /// Whether it stands beyond a likely bound as it did when that was found, or has been well for a while only.
    fn is_as_found(&self) -> bool {
        self.likely && self.passed_since.is_some() && LEFT < self.good
    }

    /// Takes the next look at a bound that is only likely; whether it stands as it was found.
    fn looks_as_found(&mut self, at: Timestamp, beyond: bool) -> bool {
        let is_first = self.good == 0 && self.passed_since.is_none();
        if self.likely && beyond && (is_first || self.is_as_found()) {
            (self.good, self.passed_since) = (FOUND, self.passed_since.or(Some(at)));
        } else if self.is_as_found() {
            self.good -= 1;
            if self.good == LEFT {
                (self.good, self.passed_since) = (GOOD_AGAIN, None);
            }
        }
        self.is_as_found()
    }

    /// The bound as a picture shows it.
    pub(super) fn line(&self) -> Line {
        let name = match &self.target {
            Target::Objective { name, .. } => name.clone(),
            Target::Limit => "limit".to_owned(),
        };
        Line { name, level: self.bound.level, side: self.bound.side }
    }

    /// Takes the next value and says how the signal stands.
    pub(super) fn observe(
        &mut self,
        at: Timestamp,
        value: f64,
        local: Local,
        plan: &Plan,
        unit: Option<&str>,
    ) -> Standing {
        self.forecaster.observe(at, self.kept.observe(at, value, self.hold, self.bound.side), local);
        if self.looks_as_found(at, self.bound.is_passed(value)) {
            return Standing::Clear;
        }
        if self.bound.is_passed(value) {
            let since = *self.passed_since.get_or_insert(at);
            self.good = 0;
            self.passed |= self.hold <= at.since(since);
        } else {
            self.good = self.good.saturating_add(1).min(GOOD_AGAIN);
            if !self.passed || GOOD_AGAIN <= self.good {
                self.passed = false;
                self.passed_since = None;
            }
        }
        if self.passed {
            self.tally.pass(at, plan.horizon);
            let since = self.passed_since.unwrap_or(at);
            let outlook = Outlook::certain(since);
            return Standing::Passed { breach: self.breach(true, outlook), since };
        }
        self.tally.wait(at, plan.horizon);
        let credible = self.forecaster.is_credible().then(|| self.forecaster.outlook(plan.horizon)).flatten();
        match credible {
            Some(outlook) => {
                let record = self.tally.words();
                self.tally.tell(at, outlook);
                let trend = self.forecaster.trend();
                let since = trend.map_or(at, |trend| trend.since);
                let mut words = words::trend(trend, unit);
                if let Some(record) = record {
                    words = format!("{words}; {record}");
                }
                Standing::Ahead { breach: self.breach(false, outlook), since, words }
            }
            None => Standing::Clear,
        }
    }

    /// What it foresees, and its record.
    pub(super) fn foresight(&self, horizon: Span) -> Foresight<'_> {
        let outlook = self.forecaster.outlook(horizon).filter(|_| !self.passed);
        Foresight { target: &self.target, bound: self.bound, passed: self.passed, outlook, tally: self.tally }
    }

    fn breach(&self, now: bool, outlook: Outlook) -> Breach {
        Breach { target: self.target.clone(), level: self.bound.level, side: self.bound.side, now, outlook }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Side;

    /// The minutes at which a signal stands beyond the likely bound of its kind.
    fn told(name: &str, minutes: i64, value: impl Fn(i64) -> f64) -> Vec<i64> {
        let mut plan = Plan::default();
        plan.presets[0].limit = Some(Bound { level: 0.95, side: Side::Above });
        let signal = Signal::new(name, [("service", "db")]);
        let mut bounded = Bounded::all(&signal, &plan, 0).pop().unwrap();
        let mut passed = |minute: &i64| {
            let at = Timestamp::from_secs(60 * minute);
            let local = Local { weekday: 1, second: (minute % 1440 * 60) as u32, holiday: false };
            matches!(bounded.observe(at, value(*minute), local, &plan, None), Standing::Passed { .. })
        };
        (0..minutes).filter(|minute| passed(minute)).collect()
    }

    #[test]
    fn what_stands_beyond_a_likely_bound_when_it_is_found_lives_so() {
        let database = |minute: i64| if minute % 90 < 60 { 0.97 } else { 0.94 };
        assert_eq!(told("memory_used_ratio", 3000, database), Vec::<i64>::new());
        assert_eq!(told("disk_used_ratio", 3, database), [0, 1, 2], "a full disk is news");
    }

    #[test]
    fn what_was_well_is_told_when_it_passes() {
        let leak = |minute: i64| if minute < 5 { 0.5 } else { 0.97 };
        assert_eq!(told("memory_used_ratio", 7, leak), [5, 6]);
        let given_back = |minute: i64| if (10..240).contains(&minute) { 0.5 } else { 0.97 };
        assert_eq!(told("memory_used_ratio", 242, given_back), [240, 241], "after hours of being well");
    }
}
