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
use crate::signal::Signal;
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
    /// Observations in a row on the good side, while the bound counts as passed.
    good: u8,
    /// Whether the bound has been passed for as long as it must hold.
    passed: bool,
    /// What came of the forecasts told.
    tally: Tally,
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
        let limits = limits.into_iter().chain(fallback).map(|bound| Bounded::limit(bound, plan.horizon));
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
        Bounded { target, bound, hold, forecaster, kept, passed_since: None, good: 0, passed: false, tally }
    }

    /// The same bound of another instance, begun with what this one has learned.
    pub(super) fn heir(&self) -> Self {
        let forecaster = Box::new(self.forecaster.heir());
        let kept = Kept::default();
        Bounded {
            forecaster,
            kept,
            passed_since: None,
            good: 0,
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
        if self.bound.is_passed(value) {
            let since = *self.passed_since.get_or_insert(at);
            self.good = 0;
            self.passed |= self.hold <= at.since(since);
        } else {
            self.good = self.good.saturating_add(1);
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
