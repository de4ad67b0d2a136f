//! One signal, one bound: the parts together.

use serde::{Deserialize, Serialize};

use super::base::Base;
use super::gap::Gap;
use super::ladder::Ladder;
use super::outlook::{Crossing, Outlook, Trend};
use super::policy::Policy;
use super::pool::{Pool, Said};
use super::ramp::{Ramp, Sight};
use super::record::Record;
use super::trust::Trust;
use super::{HORIZONS, Minutes};
use crate::baseline::Bf16;
use crate::calendar::Local;
use crate::plan::Bound;
use crate::time::{Span, Timestamp};

/// The step of the grid onto which values of any cadence are averaged, minutes; slower signals keep their own step.
const STEP: f64 = 5.0;

/// Before a day of history only a ramp says something (minutes).
const YOUNG: f64 = 1440.0;

/// A bound passed for no longer (minutes) was touched: the way to it goes on. What was beyond for longer has happened.
const BRIEF: f64 = 15.0;

/// At this risk the forecast is made anew each minute instead of each step.
const WATCHED: f64 = 0.25;

/// Foresees when one signal passes one bound.
///
/// It recomputes by itself, at each step of its five-minute grid, and each minute while a risk stands; asking is cheap.
/// Decisions are a function of the observations alone: restored from its serialised state, it continues as if nothing had
/// happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecaster {
    pub(super) gap: Gap,
    pub(super) horizon: Span,
    pub(super) last: Option<Timestamp>,
    /// Since when the bound is passed (minutes), while it is.
    pub(super) passed_since: Option<Minutes>,
    pub(super) step: Step,
    /// The risk by the usual errors within each horizon, as of the newest step.
    pub(super) usual: Option<[Bf16; HORIZONS.len()]>,
    pub(super) envelope: Envelope,
    pub(super) base: Base,
    pub(super) record: Record,
    pub(super) ladder: Ladder,
    pub(super) trust: Trust,
    pub(super) pool: Pool,
    pub(super) policy: Policy,
    pub(super) forecast: Option<Forecast>,
}

/// The grid's step that is being filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Step {
    index: i32,
    count: u32,
    sum: f64,
}

/// How far values stand above a short mean: the 80 % quantile of the distance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Envelope {
    mean: f32,
    size: f32,
    point: f32,
    seen: u16,
}

/// The newest forecast.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Forecast {
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
            last: None,
            passed_since: None,
            step: Step::default(),
            usual: None,
            envelope: Envelope::default(),
            base: Base::default(),
            record: Record::default(),
            ladder: Ladder::default(),
            trust: Trust::default(),
            pool: Pool::default(),
            policy: Policy::default(),
            forecast: None,
        }
    }

    /// The same, warning of what comes within `horizon` (at most 7 days count).
    pub fn with_horizon(mut self, horizon: Span) -> Self {
        self.horizon = horizon;
        self
    }

    /// The forecaster of the same bound for another instance of the signal: what this one has learned of its errors and hours, and a
    /// course of its own.
    pub fn heir(&self) -> Self {
        Forecaster {
            last: None,
            passed_since: None,
            step: Step::default(),
            usual: None,
            base: self.base.heir(),
            ladder: self.ladder.heir(),
            policy: Policy::default(),
            forecast: None,
            ..self.clone()
        }
    }

    /// Takes the next observation, later than all before (an earlier one is left out); `value` is finite.
    pub fn observe(&mut self, at: Timestamp, value: f64, local: Local) {
        if self.last.is_some_and(|last| at <= last) || !value.is_finite() {
            return;
        }
        self.last = Some(at);
        let now = at.nanos() as f64 / 60e9;
        let gap = self.gap.of(value);
        let was_passed = self.passed_since.is_some();
        self.passed_since = (0.0 < gap).then(|| self.passed_since.unwrap_or(now));
        self.record.observe(now, self.passed_since.is_some());
        let stepped = self.advance(now, gap, local);
        if self.passed_since.is_none() && self.record.is_aftermath(now) {
            self.ladder.come_back(gap as f32);
        }
        let rest = gap as f32 - self.base.season().share(local);
        let block = self.ladder.observe(now, rest);
        if let Some(mean) = block {
            self.envelope.learn(mean);
            self.trust.verify(now, mean);
        }
        if let Some(since) = self.passed_since {
            self.ladder.pass();
            if now - since <= BRIEF {
                self.policy.pass()
            } else {
                self.policy.reset()
            }
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
            let mean = (self.step.sum / f64::from(self.step.count)) as f32;
            let end = f64::from(self.step.index) * STEP + STEP;
            if mean < 0.0 && self.record.is_aftermath(now) {
                self.base.come_back(mean);
            }
            let (pool, passed) = (&mut self.pool, self.record.last_passed());
            let usual = self.base.learn(end, mean, local, |k, made, said| {
                pool.learn(k, said, passed.is_some_and(|passed| made < passed));
            });
            self.usual = usual.filter(|_| YOUNG <= self.record.age(now)).map(|usual| usual.map(Bf16::of));
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
            arrival: |room, slope| season.arrival(local, room, slope),
            pace: |slope, window, minutes| self.base.hours().pace(local, slope, window, minutes),
        };
        let ramp = sight.ramp(&mut self.trust);
        if ramp.is_none() && age < YOUNG {
            self.policy.reset();
            self.forecast = None;
            return;
        }
        let whole = |base: f64, log_minutes: f64| {
            base + ramp.map_or(0.0, |ramp| ramp.persistence * (ramp.within(log_minutes) - base).max(0.0))
        };
        let arrival = ramp.map(|ramp| (ramp.log_minutes, ramp.spread));
        let mixes: [_; HORIZONS.len()] = std::array::from_fn(|k| self.pool.mix(k));
        let risks = self.usual.map(|usual| usual.map(|risk| f64::from(risk.get())));
        // the knots rise, and with them the horizon that they belong to
        let mut k = 0;
        let crossing = Crossing::new(arrival, |minutes, log_minutes| {
            while f64::from(HORIZONS[k]) < minutes && k + 1 < HORIZONS.len() {
                k += 1;
            }
            let (usual, record) = usual_risk(&risks, &self.record, now, k, minutes);
            mixes[k].correct(whole(mixes[k].pool(usual, record), log_minutes))
        });
        let end = self.base.last();
        if risks.is_some() && now - end < STEP {
            let record = &self.record;
            self.base.note(end, |k| {
                let minutes = f64::from(HORIZONS[k]);
                let (usual, record) = usual_risk(&risks, record, now, k, minutes);
                Said::new(usual, record, whole(mixes[k].pool(usual, record), libm::log(minutes)))
            });
        }
        let trend = ramp.map(|ramp: Ramp| Trend {
            since: Timestamp::from_nanos((ramp.since * 60e9) as i64),
            slope_per_hour: self.gap.in_signal_units(ramp.slope * 60.0),
        });
        let horizon = self.horizon.as_secs_f64() / 60.0;
        self.policy.check(now, crossing.within(horizon), crossing.quantile(0.5));
        self.forecast = Some(Forecast { made: at, crossing, trend });
    }
}

/// The risk without a ramp, by the usual errors and by the record, so many minutes ahead, which belong to horizon `k`. Below the
/// shortest horizon risk is proportional to time.
fn usual_risk(
    risks: &Option<[f64; HORIZONS.len()]>,
    record: &Record,
    now: Minutes,
    k: usize,
    minutes: f64,
) -> (f64, f64) {
    let usual = risks.as_ref().map_or(0.0, |usual| usual[k] * (minutes / f64::from(HORIZONS[k])).min(1.0));
    (usual, record.within(now, minutes))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::Side;

    const UPPER: Bound = Bound { level: 1.0, side: Side::Above };

    fn local(minute: i64) -> Local {
        Local { weekday: (minute / 1440 % 7) as u8, second: (minute % 1440 * 60) as u32, holiday: false }
    }

    fn feed(forecaster: &mut Forecaster, minutes: std::ops::Range<i64>, value: impl Fn(i64) -> f64) {
        for minute in minutes {
            forecaster.observe(Timestamp::from_secs(minute * 60), value(minute), local(minute));
        }
    }

    /// A disk that has been quiet for two days, with a rhythm and a scatter, then fills.
    fn disk(minute: i64) -> f64 {
        let rhythm = 0.05 * (minute as f64 / 1440.0 * std::f64::consts::TAU).sin();
        let scatter = 0.004 * ((minute * 7919 % 101) as f64 / 101.0 - 0.5);
        0.3 + rhythm + scatter + 0.04 * (minute - 2880).max(0) as f64 / 60.0
    }

    fn state(forecaster: &Forecaster) -> Vec<u8> {
        postcard::to_allocvec(forecaster).unwrap()
    }

    #[test]
    fn a_ramp_has_a_start_a_slope_and_a_time() {
        let mut forecaster = Forecaster::new(UPPER);
        feed(&mut forecaster, 0..2880 + 480, disk);
        let outlook = forecaster.outlook(Span::from_hours(24)).unwrap();
        let trend = forecaster.trend().unwrap();
        assert!(forecaster.is_credible() && 0.5 < outlook.probability, "{outlook:?}");
        assert!((0.03..0.06).contains(&trend.slope_per_hour), "{trend:?}");
        let since = (trend.since.as_secs_f64() / 60.0) as i64;
        assert!((2700..3120).contains(&since), "{since}");
        let crossing = Timestamp::from_secs((2880 + 1050) * 60);
        assert!(outlook.earliest < crossing && crossing < outlook.latest, "{outlook:?}");
    }

    #[test]
    fn a_lower_bound_is_the_mirror_of_an_upper_one() {
        let (mut upper, mut lower) =
            (Forecaster::new(UPPER), Forecaster::new(Bound { level: -1.0, side: Side::Below }));
        feed(&mut upper, 0..3360, disk);
        feed(&mut lower, 0..3360, |minute| -disk(minute));
        assert_eq!(upper.outlook(Span::from_hours(24)), lower.outlook(Span::from_hours(24)));
        assert_eq!(upper.trend().unwrap().slope_per_hour, -lower.trend().unwrap().slope_per_hour);
    }

    #[test]
    fn it_says_nothing_while_it_cannot_tell_or_the_bound_is_passed() {
        let mut forecaster = Forecaster::new(UPPER);
        feed(&mut forecaster, 0..600, |minute| 0.3 + 0.01 * (minute % 3) as f64);
        assert_eq!((forecaster.outlook(Span::from_hours(24)), forecaster.is_credible()), (None, false));
        feed(&mut forecaster, 600..2000, |minute| 0.3 + 0.01 * (minute % 3) as f64);
        assert!(forecaster.outlook(Span::from_hours(24)).unwrap().probability < 0.1);
        feed(&mut forecaster, 2000..2001, |_| 1.5);
        assert_eq!((forecaster.outlook(Span::from_hours(24)), forecaster.is_credible()), (None, false));
        feed(&mut forecaster, 2001..2002, |_| 0.3);
        assert!(forecaster.outlook(Span::from_hours(24)).is_some());
    }

    #[test]
    fn a_power_of_two_changes_nothing() {
        for factor in [0.125, 1024.0, 1_073_741_824.0] {
            let mut plain = Forecaster::new(UPPER);
            let mut scaled = Forecaster::new(Bound { level: factor, side: Side::Above });
            for minute in 0..3600 {
                let at = Timestamp::from_secs(minute * 60);
                plain.observe(at, disk(minute), local(minute));
                scaled.observe(at, disk(minute) * factor, local(minute));
                assert_eq!(plain.outlook(Span::from_hours(24)), scaled.outlook(Span::from_hours(24)));
                assert_eq!(plain.is_credible(), scaled.is_credible());
            }
        }
    }

    #[test]
    fn restored_it_continues_and_its_state_is_small() {
        let mut forecaster = Forecaster::new(UPPER);
        feed(&mut forecaster, 0..2500, disk);
        let mut restored: Forecaster = postcard::from_bytes(&state(&forecaster)).unwrap();
        feed(&mut forecaster, 2500..3600, disk);
        feed(&mut restored, 2500..3600, disk);
        assert_eq!(state(&forecaster), state(&restored));
        assert!(forecaster == restored && forecaster.is_credible());
        feed(&mut forecaster, 3600..40_000, |minute| 0.5 + 0.2 * ((minute * 7919 % 101) as f64 / 101.0));
        let memory = size_of::<Forecaster>() + size_of::<Bf16>() * (48 + 56 + 168);
        println!("{memory} bytes in memory, {} serialised", state(&forecaster).len());
        assert!(state(&forecaster).len() <= 4800 && memory <= 4096);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_values_at_any_gaps_are_taken(
            level in any::<f64>().prop_filter("finite", |level| level.is_finite()),
            steps in prop::collection::vec((0i64..1 << 50, any::<f64>(), 0i64..20_000), 1..60),
        ) {
            let mut forecaster = Forecaster::new(Bound { level, side: Side::Above });
            let mut at = Timestamp::from_secs(-1_000_000);
            for (gap, value, minute) in steps {
                at = at + Span::from_nanos(gap);
                forecaster.observe(at, value, local(minute));
                if let Some(outlook) = forecaster.outlook(Span::from_hours(4)) {
                    prop_assert!((0.0..=1.0).contains(&outlook.probability));
                    prop_assert!(at < outlook.earliest && outlook.earliest <= outlook.likely);
                    prop_assert!(outlook.likely <= outlook.latest);
                }
            }
        }

        #[test]
        fn extremes_leave_no_nan_behind(values in prop::collection::vec(prop_oneof![
            Just(f64::MAX), Just(-f64::MAX), Just(0.0), Just(5e-324), -1e3..1e3f64], 200..400)) {
            let mut forecaster = Forecaster::new(UPPER);
            for (i, value) in values.iter().enumerate() {
                let minute = i as i64 * 7;
                forecaster.observe(Timestamp::from_secs(minute * 60), *value, local(minute));
            }
            let restored: Forecaster = postcard::from_bytes(&state(&forecaster)).unwrap();
            prop_assert_eq!(restored, forecaster); // NaN would not equal itself
        }
    }
}
