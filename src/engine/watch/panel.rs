//! A watched signal as a picture shows it.

use super::Watch;
use crate::alert::chart::{Expected, Panel, Point};
use crate::plan::Plan;
use crate::time::{Span, Timestamp};

/// The expected band is drawn through so many points.
const BAND: i64 = 96;

impl Watch {
    /// The length of the past that a picture of a trouble since `since` needs, as far as the signal remembers it: some
    /// time before the trouble, so that it stands out.
    pub(in super::super) fn past(&self, since: Timestamp, at: Timestamp) -> Span {
        let (step, reach) = (self.trail.step(), self.trail.reach());
        at.since(since).times(3).max(step.times(45)).min(reach)
    }

    /// The signal between two times, `at` being now.
    pub(in super::super) fn panel(&self, from: Timestamp, at: Timestamp, to: Timestamp, plan: &Plan) -> Panel {
        let course = self.trail.course(from).into_iter().map(|(at, value)| Point { at, value }).collect();
        let learned = self.learned.as_ref().and_then(|learned| learned.line());
        Panel {
            signal: self.signal.to_string(),
            unit: self.unit.clone(),
            course,
            expected: self.band(from, at, to, plan),
            bounds: self.bounds.iter().map(super::Bounded::line).chain(learned).collect(),
            ahead: None,
        }
    }

    /// What was expected: by the season where there is one, future included; else what was expected before the trouble,
    /// or is now. A ramp without a season has no usual: what is expected of it follows it.
    fn band(&self, from: Timestamp, at: Timestamp, to: Timestamp, plan: &Plan) -> Vec<Expected> {
        let step = Span::from_nanos((to.since(from).nanos() / BAND).max(1));
        let times = (0..=BAND).map(|i| from + step.times(i));
        let seasonal = |at: Timestamp| {
            let (low, high) = self.judge.by_season(at, plan.calendar.local(at), step)?;
            Some(Expected { at, low, high })
        };
        let by_season: Vec<Expected> = times.filter_map(seasonal).collect();
        if !by_season.is_empty() || self.troubles.forecast.is_some() {
            return by_season;
        }
        let before = self.troubles.anomaly.as_ref().and_then(|trouble| trouble.before);
        let flat = before.or_else(|| self.judge.by_level());
        let ends = flat.map(|(low, high)| [from, at].map(|at| Expected { at, low, high }));
        ends.into_iter().flatten().collect()
    }
}
