//! What a signal's values will be: bands at any time ahead, for charts and for evaluation.
//!
//! A small pool of experts forecasts each of a few horizons, counted in steps of the signal's own cadence; each expert's
//! quantiles are those of the errors that it really made there, corrected after each one, and the pool averages quantiles by the
//! experts' past pinball losses. Nobody needs to know which expert suits a signal.

use serde::{Deserialize, Serialize};

use super::analog::Analog;
use super::course::Course;
use super::tracker::Tracker;
use crate::calendar::Local;
use crate::time::{Span, Timestamp};

/// The horizons, in steps.
const STEPS: [u32; 4] = [1, 10, 50, 200];

/// Experts: the last value, a short mean, a damped trend, the day's course, the week's, and what followed like hours before.
const EXPERTS: usize = 6;

/// Forecasts of one horizon that wait for their end; a new one begins at each sixth of it.
const PENDING: usize = 6;

/// Errors that an expert must have made at a horizon before it takes part there.
const WARM: u16 = 8;

/// How errors grow with the time ahead where a horizon is cold: (h / shorter)^0.12.
const GROWTH: f64 = 0.12;

/// How much wider bands become with each miss, and narrower by a quarter of it with each hit: whatever the experts' errors do, bands of
/// 80 % hold 80 % of the time in the long run (Gibbs & Candès, NeurIPS 2021).
const WIDENING: f32 = 0.08;

/// Values are taken as what lies within.
const FARTHEST: f64 = 1e30;

/// A central band and the middle of what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The 10 % point.
    pub low: f64,
    /// The 50 % point.
    pub middle: f64,
    /// The 90 % point.
    pub high: f64,
}

/// Forecasts one signal's values.
///
/// Feed it with [`observe`](Values::observe), then ask for the [`band`](Values::band) at any time ahead. At most 7 kB, so it is for
/// signals that somebody looks at; pure: a function of what it was fed with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Values {
    last: Option<(Timestamp, f32)>,
    local: Option<(u8, u32)>,
    /// The usual time between values, minutes.
    step: f32,
    seen: u32,
    mean: f32,
    level: f32,
    trend: f32,
    day: Course,
    analog: Analog,
    horizons: [Horizon; STEPS.len()],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Horizon {
    trackers: [Tracker; EXPERTS],
    pending: [Pending; PENDING],
    /// The logarithm by which the pool's bands are wider than its experts say.
    width: f32,
}

/// A forecast that waits; free where its time is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Pending {
    /// The step it is for.
    due: u32,
    /// The experts' forecasts.
    middles: [f32; EXPERTS],
    /// The band that was given, if any was.
    band: Option<(f32, f32)>,
}

impl Values {
    /// Takes the next observation, later than all before (an earlier one is left out); `value` is finite.
    pub fn observe(&mut self, at: Timestamp, value: f64, local: Local) {
        if self.last.is_some_and(|(last, _)| at <= last) || !value.is_finite() {
            return;
        }
        let value = value.clamp(-FARTHEST, FARTHEST) as f32;
        let elapsed = self.last.map_or(0.0, |(last, _)| at.since(last).as_secs_f64() as f32 / 60.0);
        // far below the greatest number, so that sums of steps cannot overflow
        self.seen = (self.seen + 1).min(u32::MAX / 2);
        self.pace(elapsed);
        self.verify(value);
        self.learn(value, elapsed, local);
        self.last = Some((at, value));
        self.local = Some((local.weekday, local.second));
        self.promise();
    }

    /// The band `ahead` of the last observation; none while it cannot tell.
    pub fn band(&self, ahead: Span) -> Option<Band> {
        let minutes = ahead.as_secs_f64() / 60.0;
        let steps = minutes / f64::from(self.step.max(1e-3));
        let k = STEPS.iter().rposition(|&horizon| f64::from(horizon) <= steps).unwrap_or(0);
        let middles = self.middles(minutes as f32);
        let near = self.points(k, &middles)?;
        let far = STEPS.get(k + 1).and_then(|&far| Some((f64::from(far), self.points(k + 1, &middles)?)));
        let [low, middle, high] = match far {
            Some((far, points)) => {
                let from = f64::from(STEPS[k]);
                let share = (libm::log(steps / from) / libm::log(far / from)).clamp(0.0, 1.0);
                std::array::from_fn(|i| near[i] + (points[i] - near[i]) * share)
            }
            None => near,
        };
        Some(Band { low, middle, high })
    }

    /// Learns the usual time between values: a gap teaches little.
    fn pace(&mut self, elapsed: f32) {
        if self.step == 0.0 {
            self.step = elapsed;
        } else {
            self.step += (elapsed.min(2.0 * self.step) - self.step) / (self.seen.min(200) as f32);
        }
    }

    fn learn(&mut self, value: f32, elapsed: f32, local: Local) {
        if self.seen == 1 {
            (self.mean, self.level) = (value, value);
        }
        self.mean += 0.3 * (value - self.mean);
        let before = self.level;
        self.level = before + DAMPED * self.trend + 0.3 * (value - before - DAMPED * self.trend);
        self.trend = DAMPED * self.trend + 0.05 * (self.level - before - DAMPED * self.trend);
        self.day.learn(value, elapsed.min(4.0 * self.step), local.weekday, local.second);
        self.analog.learn(value, elapsed);
    }

    /// What each expert expects so many minutes ahead.
    fn middles(&self, minutes: f32) -> [f32; EXPERTS] {
        let Some((_, last)) = self.last else { return [0.0; EXPERTS] };
        let steps = f64::from(minutes / self.step.max(1e-3));
        let damped = f64::from(DAMPED);
        let reach = (damped * (1.0 - libm::pow(damped, steps)) / (1.0 - damped)) as f32;
        let (weekday, second) = self.local.unwrap_or((0, 0));
        let [day, week] = self.day.expect(last, weekday, second, minutes);
        let analog = self.analog.expect(last, minutes).unwrap_or(day);
        [last, self.mean, self.level + self.trend * reach, day, week, analog]
    }

    /// The pool's 10, 50 and 90 % points at horizon `k`, around these middles.
    fn points(&self, k: usize, middles: &[f32; EXPERTS]) -> Option<[f64; 3]> {
        let trackers = &self.horizons[k].trackers;
        let known = || trackers.iter().zip(middles).filter(|(tracker, _)| WARM <= tracker.seen());
        let least = known().map(|(tracker, _)| tracker.errors().loss()).fold(f32::MAX, f32::min);
        let (mut points, mut total) = ([0.0; 3], 0.0);
        for (tracker, middle) in known() {
            let weight = tracker.errors().weight(least);
            total += weight;
            for (point, error) in points.iter_mut().zip(tracker.central()) {
                *point += weight * f64::from(middle + error);
            }
        }
        let [low, middle, high] = points.map(|point| point / total);
        let width = libm::exp(f64::from(self.horizons[k].width));
        (total != 0.0).then_some([middle - (middle - low) * width, middle, middle + (high - middle) * width])
    }

    fn verify(&mut self, value: f32) {
        for k in 0..STEPS.len() {
            let (shorter, longer) = self.horizons.split_at_mut(k);
            let Some(horizon) = longer.first_mut() else { continue };
            for pending in horizon.pending.iter_mut().filter(|pending| pending.due != 0 && pending.due <= self.seen) {
                for (expert, tracker) in horizon.trackers.iter_mut().enumerate() {
                    let start = || {
                        let shorter = shorter.last()?.trackers[expert];
                        let growth = libm::pow(f64::from(STEPS[k]) / f64::from(STEPS[k - 1]), GROWTH);
                        (WARM <= shorter.seen()).then(|| shorter.errors().stretched(growth as f32).tracker())
                    };
                    tracker.learn(value - pending.middles[expert], start);
                }
                if let Some((low, high)) = pending.band {
                    let missed = if low <= value && value <= high { 0.0 } else { 1.0 };
                    horizon.width = (horizon.width + WIDENING * (missed - 0.2)).clamp(-1.0, 1.5);
                }
                pending.due = 0;
            }
        }
    }

    fn promise(&mut self) {
        for (k, steps) in STEPS.into_iter().enumerate() {
            let newest = self.horizons[k].pending.iter().map(|pending| pending.due).max().unwrap_or(0);
            if newest != 0 && self.seen + steps < newest + (steps / PENDING as u32).max(1) {
                continue;
            }
            let middles = self.middles(steps as f32 * self.step);
            let band = self.points(k, &middles).map(|[low, _, high]| (low as f32, high as f32));
            if let Some(free) = self.horizons[k].pending.iter_mut().find(|pending| pending.due == 0) {
                *free = Pending { due: self.seen + steps, middles, band };
            }
        }
    }
}

/// What is kept of a trend from step to step (Gardner & McKenzie, Management Science 1985).
const DAMPED: f32 = 0.9;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn local(minute: i64) -> Local {
        Local { weekday: (minute / 1440 % 7) as u8, second: (minute % 1440 * 60) as u32, holiday: false }
    }

    /// A day's rhythm of 20 about 50, with a scatter of 2 either way.
    fn flow(minute: i64) -> f64 {
        let scatter = (minute.wrapping_mul(2_654_435_761).rem_euclid(1009)) as f64 / 1009.0 - 0.5;
        50.0 + 20.0 * (minute as f64 / 1440.0 * std::f64::consts::TAU).sin() + 4.0 * scatter
    }

    fn fed(days: i64, factor: f64) -> Values {
        let mut values = Values::default();
        for minute in (0..days * 1440).step_by(5) {
            values.observe(Timestamp::from_secs(minute * 60), factor * flow(minute), local(minute));
        }
        values
    }

    #[test]
    fn bands_hold_eight_of_ten_and_follow_the_day() {
        for steps in [10, 50, 200] {
            let mut values = fed(21, 1.0);
            let (mut inside, mut wide, mut all) = (0, 0.0, 0);
            for minute in (21 * 1440..26 * 1440).step_by(5) {
                let band = values.band(Span::from_mins(5 * steps)).unwrap();
                assert!(band.low <= band.middle && band.middle <= band.high);
                let then = flow(minute - 5 + 5 * steps);
                inside += i32::from(band.low <= then && then <= band.high);
                wide += band.high - band.low;
                all += 1;
                values.observe(Timestamp::from_secs(minute * 60), flow(minute), local(minute));
            }
            let (share, wide) = (f64::from(inside) / f64::from(all), wide / f64::from(all));
            // Far ahead three weeks give few errors to learn from: there the band may be too wide, not too narrow.
            let (most, widest) = if steps < 200 { (0.95, 8.0) } else { (1.0, 10.0) };
            assert!((0.72..=most).contains(&share) && wide < widest, "{steps}: {share} {wide}");
        }
    }

    #[test]
    fn it_says_nothing_before_it_was_tested_and_a_power_of_two_changes_nothing() {
        let mut values = Values::default();
        assert_eq!(values.band(Span::from_hours(1)), None);
        values.observe(Timestamp::from_secs(0), 1.0, local(0));
        assert_eq!(values.band(Span::from_hours(1)), None);
        let (plain, scaled) = (fed(5, 1.0), fed(5, 1024.0));
        let (plain, scaled) = (plain.band(Span::from_hours(3)).unwrap(), scaled.band(Span::from_hours(3)).unwrap());
        assert_eq!((plain.low * 1024.0, plain.high * 1024.0), (scaled.low, scaled.high));
    }

    #[test]
    fn restored_it_continues() {
        let (mut values, minute) = (fed(5, 1.0), 5 * 1440);
        let mut restored: Values = postcard::from_bytes(&postcard::to_allocvec(&values).unwrap()).unwrap();
        for minute in (minute..minute + 600).step_by(5) {
            values.observe(Timestamp::from_secs(minute * 60), flow(minute), local(minute));
            restored.observe(Timestamp::from_secs(minute * 60), flow(minute), local(minute));
        }
        assert_eq!(values, restored);
        assert!(postcard::to_allocvec(&fed(40, 1.0)).unwrap().len() < 7_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_values_at_any_times_are_taken(steps in prop::collection::vec((0i64..1 << 50, any::<f64>(), 0i64..20_000), 1..80)) {
            let (mut values, mut at) = (Values::default(), Timestamp::from_secs(-1_000_000));
            for (gap, value, minute) in steps {
                at = at + Span::from_nanos(gap);
                values.observe(at, value, local(minute));
                if let Some(band) = values.band(Span::from_hours(4)) {
                    prop_assert!(band.low.is_finite() && band.low <= band.high && band.high.is_finite());
                }
            }
        }
    }
}
