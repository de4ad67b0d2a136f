//! One signal, one bound: the parts together.

use serde::{Deserialize, Serialize};

use super::base::Base;
use super::gap::Gap;
use super::ladder::Ladder;
use super::outlook::{Crossing, Outlook, Trend};
use super::policy::Policy;
use super::ramp::{Ramp, Sight, Trust};
use super::record::Record;
use super::{HORIZONS, Minutes};
use crate::calendar::Local;
use crate::plan::Bound;
use crate::time::{Span, Timestamp};

/// The step of the grid onto which values of any cadence are averaged, minutes; slower signals keep their own step.
const STEP: f64 = 5.0;

/// Before a day of history only a ramp says something (minutes).
const YOUNG: f64 = 1440.0;

/// At this risk the forecast is made anew each minute instead of each step.
const WATCHED: f64 = 0.25;

/// Foresees when one signal passes one bound.
///
/// It recomputes by itself, at each step of its five-minute grid, and each minute while a risk stands; asking is cheap.
/// Decisions are a function of the observations alone: restored from its serialised state, it continues as if nothing had
/// happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecaster {
    gap: Gap,
    horizon: Span,
    is_possible: bool,
    last: Option<Timestamp>,
    is_passed: bool,
    step: Step,
    newest: f32,
    envelope: Envelope,
    base: Base,
    record: Record,
    ladder: Ladder,
    trust: Trust,
    policy: Policy,
    forecast: Option<Forecast>,
}

/// The grid's step that is being filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Step {
    index: i32,
    count: u32,
    sum: f64,
}

/// How far values stand above a short mean: the 80 % quantile of the distance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Envelope {
    mean: f32,
    size: f32,
    point: f32,
    seen: u16,
}

/// The newest forecast.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Forecast {
    made: Timestamp,
    crossing: Crossing,
    trend: Option<Trend>,
}

impl Forecaster {
    /// A forecaster for this bound, knowing nothing yet; it warns of what comes within 24 hours.
    pub fn new(bound: Bound) -> Self {
        Forecaster {
            gap: Gap::new(bound),
            horizon: Span::from_hours(24),
            is_possible: true,
            last: None,
            is_passed: false,
            step: Step::default(),
            newest: 0.0,
            envelope: Envelope::default(),
            base: Base::default(),
            record: Record::default(),
            ladder: Ladder::default(),
            trust: Trust::default(),
            policy: Policy::default(),
            forecast: None,
        }
    }

    /// The same, warning of what comes within `horizon` (at most 7 days count).
    pub fn with_horizon(mut self, horizon: Span) -> Self {
        self.horizon = horizon;
        self
    }

    /// The same for a signal that can never be beyond `ceiling` (1 for a ratio of a capacity): a bound that is not within
    /// it cannot be passed, and nothing is foreseen.
    pub fn with_ceiling(mut self, ceiling: f64) -> Self {
        self.is_possible = self.gap.is_within(ceiling);
        self
    }

    /// Takes the next observation, later than all before (an earlier one is left out); `value` is finite.
    pub fn observe(&mut self, at: Timestamp, value: f64, local: Local) {
        if self.last.is_some_and(|last| at <= last) || !value.is_finite() {
            return;
        }
        self.last = Some(at);
        let now = at.nanos() as f64 / 60e9;
        let gap = self.gap.of(value);
        let was_passed = std::mem::replace(&mut self.is_passed, 0.0 < gap);
        self.record.observe(now, self.is_passed);
        let stepped = self.advance(now, gap, local);
        let rest = gap as f32 - self.base.season().share(local);
        let block = self.ladder.observe(now, rest);
        if let Some(mean) = block {
            self.envelope.learn(mean);
            self.trust.verify(now, mean);
        }
        if self.is_passed {
            self.policy.reset();
            self.forecast = None;
        } else if stepped || was_passed || (block.is_some() && self.is_watched()) {
            self.forecast(at, now, local);
        }
    }

    /// The outlook over `horizon` as of the last observation; none while it cannot tell, or the bound is passed already.
    pub fn outlook(&self, horizon: Span) -> Option<Outlook> {
        let (forecast, last) = (self.forecast?, self.last?);
        let next = last + Span::from_secs(1);
        let point =
            |share: f64| (forecast.made + Span::from_secs_f64(forecast.crossing.quantile(share) * 60.0)).max(next);
        Some(Outlook {
            probability: forecast.crossing.within(horizon.as_secs_f64() / 60.0),
            earliest: point(0.1),
            likely: point(0.5),
            latest: point(0.9),
        })
    }

    /// The ramp behind the outlook, for words; none where the outlook rests on the signal's usual errors alone.
    pub fn trend(&self) -> Option<Trend> {
        self.forecast?.trend
    }

    /// Whether the risk has held long enough to be told (and, once told, has not receded).
    pub fn is_credible(&self) -> bool {
        self.policy.is_open()
    }

    /// Moves the grid on; true when a step was completed and learned.
    fn advance(&mut self, now: Minutes, gap: f64, local: Local) -> bool {
        let index = (now / STEP).floor() as i32;
        let is_complete = self.step.count != 0 && self.step.index != index;
        if is_complete {
            self.newest = (self.step.sum / f64::from(self.step.count)) as f32;
            let end = f64::from(self.step.index) * STEP + STEP;
            self.base.learn(end, self.newest, local);
            self.step = Step::default();
        }
        self.step.index = index;
        self.step.count = self.step.count.saturating_add(1);
        self.step.sum += gap;
        is_complete
    }

    fn is_watched(&self) -> bool {
        let horizon = self.horizon.as_secs_f64() / 60.0;
        self.policy.is_alert() || self.forecast.is_some_and(|forecast| WATCHED <= forecast.crossing.within(horizon))
    }

    /// Makes the forecast anew and lets the policy see it.
    fn forecast(&mut self, at: Timestamp, now: Minutes, local: Local) {
        let age = self.record.age(now);
        let season = self.base.season();
        let sight = Sight {
            ladder: &self.ladder,
            now,
            born: now - age,
            envelope: f64::from(self.envelope.point),
            lift: |minutes: f64| f64::from(season.lift(local, minutes)),
        };
        let ramp = sight.ramp(&mut self.trust);
        if !self.is_possible || (ramp.is_none() && age < YOUNG) {
            self.policy.reset();
            self.forecast = None;
            return;
        }
        let usual = if age < YOUNG { None } else { self.base.within(self.newest, local) };
        let crossing = Crossing::new(|minutes| {
            let base = self.usual_risk(usual.as_ref(), now, minutes);
            let rising = ramp.map_or(0.0, |ramp| ramp.persistence * (ramp.within(minutes) - base).max(0.0));
            base + rising
        });
        let trend = ramp.map(|ramp: Ramp| Trend {
            since: Timestamp::from_nanos((ramp.since * 60e9) as i64),
            slope_per_hour: self.gap.in_signal_units(ramp.slope * 60.0),
        });
        let horizon = self.horizon.as_secs_f64() / 60.0;
        self.policy.check(now, crossing.within(horizon), crossing.quantile(0.5));
        self.forecast = Some(Forecast { made: at, crossing, trend });
    }

    /// The risk without a ramp: the mean of the usual errors' and the record's (a linear pool: each alone is over-confident).
    /// Below the shortest horizon it is proportional to time.
    fn usual_risk(&self, usual: Option<&[f64; HORIZONS.len()]>, now: Minutes, minutes: f64) -> f64 {
        let record = self.record.within(now, minutes);
        let Some(usual) = usual else { return record / 2.0 };
        let k = HORIZONS.iter().position(|&horizon| minutes <= f64::from(horizon)).unwrap_or(HORIZONS.len() - 1);
        (usual[k] * (minutes / f64::from(HORIZONS[k])).min(1.0) + record) / 2.0
    }
}

impl Envelope {
    fn learn(&mut self, value: f32) {
        if self.seen == 0 {
            self.mean = value;
        }
        let away = (value - self.mean).abs();
        self.mean += 0.5 * (value - self.mean);
        let tame = if self.size == 0.0 { away } else { away.min(5.0 * self.size) };
        self.seen = self.seen.saturating_add(1);
        self.size += (tame - self.size) * (1.0 / f32::from(self.seen)).max(0.01);
        let gain = (2.5 / (f32::from(self.seen) + 20.0)).max(0.01) * self.size;
        self.point = (self.point + gain * if away < self.point { -0.2 } else { 0.8 }).max(0.0);
    }
}
