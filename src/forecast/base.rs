//! The base without trend: the maximum over each horizon, forecast directly.

use serde::{Deserialize, Serialize};

use super::hours::{self, Hours, HoursV1};
use super::pool::Said;
use super::season::Season;
use super::tracker::{Errors, Tracker};
use super::{HORIZONS, Minutes};
use crate::baseline::Bf16;
use crate::calendar::Local;

/// The anchors that a forecast may stand on: the present level, the daily and the weekly season. Within a day ahead a season is
/// what its hours reached a day or a week ago, since peaks return; beyond, the mean profile, since one odd day is no rule, but no
/// less than what the first day reaches.
const EXPERTS: usize = 3;

/// At so many horizons, 15 minutes to 2 hours, the anchors are the present level, that level going on as it goes, and the daily
/// season. Further ahead slopes turn.
const NEAR: usize = 3;

/// Forecasts of one horizon that wait for their end; a new one begins every quarter of the horizon.
const PENDING: usize = 4;

/// The horizon of a day, the longest of which the hours tell.
const A_DAY: usize = 6;

/// The shortest mean, minutes: half a value of the five-minute grid is forgotten with the next one.
const SHORTEST_MEAN: f32 = 5.0;

/// Errors that a horizon must have seen before it speaks for itself; the shortest one, before the base speaks at all.
const WARM: u16 = 4;
const WARM_FIRST: u16 = 12;

/// How errors grow from each horizon to the next where that one is cold: (h_k / h_(k-1))^0.3.
const GROWTH: [f32; HORIZONS.len()] = [1.0, 1.516, 1.231, 1.231, 1.231, 1.231, 1.129, 1.231, 1.231, 1.183];

/// P(first crossing within h) = P(max over h > bound), from anchors and the errors really made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Base {
    /// The present level for each horizon: a mean over about a quarter of it, so that far ahead the sub-cycles of a sawtooth which
    /// are shorter than the horizon do not move its anchor.
    levels: Option<[f32; HORIZONS.len()]>,
    season: Season,
    hours: Hours,
    horizons: [Horizon; HORIZONS.len()],
    last: Minutes,
    /// The usual time between values of the grid, minutes.
    usual: f32,
}

/// The same before its hours knew how much higher they stood than the ones before.
#[derive(Debug, Deserialize)]
pub(super) struct BaseV2 {
    levels: Option<[f32; HORIZONS.len()]>,
    season: Season,
    hours: HoursV1,
    horizons: [Horizon; HORIZONS.len()],
    last: Minutes,
    usual: f32,
}

impl From<BaseV2> for Base {
    fn from(BaseV2 { levels, season, hours, horizons, last, usual }: BaseV2) -> Self {
        Base { levels, season, hours: hours.into(), horizons: reordered(horizons), last, usual }
    }
}

/// At the near horizons there was no level that goes on: level, daily and weekly season.
fn reordered(mut horizons: [Horizon; HORIZONS.len()]) -> [Horizon; HORIZONS.len()] {
    for Horizon { trackers, pending } in &mut horizons[..NEAR] {
        *trackers = [trackers[0], Tracker::default(), trackers[1]];
        *pending = Default::default();
    }
    horizons
}

/// The same before it knew the hours.
#[derive(Debug, Deserialize)]
pub(super) struct BaseV1 {
    levels: Option<[f32; HORIZONS.len()]>,
    season: Season,
    horizons: [Horizon; HORIZONS.len()],
    last: Minutes,
    usual: f32,
}

impl From<BaseV1> for Base {
    fn from(BaseV1 { levels, season, horizons, last, usual }: BaseV1) -> Self {
        Base { levels, season, hours: Hours::default(), horizons: reordered(horizons), last, usual }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Horizon {
    trackers: [Tracker; EXPERTS],
    pending: [Pending; PENDING],
}

/// A forecast of the maximum that waits for its end; free while no expert takes part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Pending {
    due: i32,
    /// How many experts made it: the first so many.
    experts: u8,
    /// What was said of it, for the pool.
    said: Said,
    peak: Bf16,
    anchors: [Bf16; EXPERTS],
}

impl Base {
    /// Learns the mean of a step of the grid that ended at `now`, then forecasts from there: the probability that the bound
    /// (gap 0) is passed within each horizon; none while cold. `came` is told of each forecast that ends: its horizon, when it was
    /// made, and what was said of it.
    pub(super) fn learn(
        &mut self,
        now: Minutes,
        value: f32,
        local: Local,
        mut came: impl FnMut(usize, Minutes, Said),
    ) -> Option<[f32; HORIZONS.len()]> {
        let elapsed = if self.levels.is_none() { 5.0 } else { (now - self.last).clamp(1.0, 1e6) as f32 };
        let is_gap = self.usual != 0.0 && 3.0 * self.usual + 10.0 < elapsed;
        self.usual += if self.usual == 0.0 { elapsed } else { (elapsed.min(4.0 * self.usual) - self.usual) * 0.1 };
        self.last = now;
        self.verify(now, value, if is_gap { elapsed } else { 0.0 }, &mut came);
        self.season.learn(value, local, elapsed.min(if is_gap { self.usual } else { elapsed }));
        self.hours.learn(value, local);
        let levels = self.levels.get_or_insert([value; HORIZONS.len()]);
        for (level, horizon) in levels.iter_mut().zip(HORIZONS) {
            *level += (value - *level) * elapsed / (elapsed + (horizon / 4.0).max(SHORTEST_MEAN));
        }
        let anchors = self.anchors(value, local);
        self.promise(now, &anchors);
        self.within(&anchors)
    }

    /// Notes with the forecasts that begin at `now`, the end of the newest step, what is said of them; asks only for those.
    pub(super) fn note(&mut self, now: Minutes, said: impl Fn(usize) -> Said) {
        for (k, horizon) in self.horizons.iter_mut().enumerate() {
            let due = (now as i32).saturating_add(HORIZONS[k] as i32);
            for pending in horizon.pending.iter_mut().filter(|pending| pending.experts != 0 && pending.due == due) {
                pending.said = said(k);
            }
        }
    }

    /// The end of the newest step.
    pub(super) fn last(&self) -> Minutes {
        self.last
    }

    /// The rhythm that it learned.
    pub(super) fn season(&self) -> &Season {
        &self.season
    }

    /// What the hours of the last week reached.
    pub(super) fn hours(&self) -> &Hours {
        &self.hours
    }

    /// The signal is back from beyond the bound at `value`: what it is again is its level, not the way there.
    /// The same of another instance of the signal, which promised nothing yet.
    pub(super) fn heir(&self) -> Base {
        let mut heir = Base { levels: None, ..self.clone() };
        heir.horizons.iter_mut().for_each(|horizon| horizon.pending = Default::default());
        heir
    }

    pub(super) fn come_back(&mut self, value: f32) {
        for level in self.levels.iter_mut().flatten() {
            *level = level.min(value);
        }
        self.season.come_back(value);
        self.hours.come_back(value);
    }

    fn within(&self, anchors: &[[f32; EXPERTS]; HORIZONS.len()]) -> Option<[f32; HORIZONS.len()]> {
        if self.horizons[0].trackers[0].seen() < WARM_FIRST {
            return None;
        }
        let mut known = [None; EXPERTS];
        let mut within = [0.0; HORIZONS.len()];
        for (k, horizon) in self.horizons.iter().enumerate() {
            horizon.borrow(k, &mut known);
            within[k] = pool(&known[..self.experts(k)], &anchors[k]);
        }
        Some(monotone(within))
    }

    /// How many of the anchors of a horizon hold.
    fn experts(&self, k: usize) -> usize {
        let seasons = self.season.experts(HORIZONS[k]);
        if k < NEAR { 2 + seasons.min(1) } else { 1 + seasons }
    }

    /// The anchors of each horizon.
    fn anchors(&self, value: f32, local: Local) -> [[f32; EXPERTS]; HORIZONS.len()] {
        let levels = self.levels.unwrap_or([value; HORIZONS.len()]);
        let is_seasonal = 2 < self.experts(0);
        let [daily, weekly] = if is_seasonal { self.season.anchors(value, local) } else { [[0.0; HORIZONS.len()]; 2] };
        let [day, week] = self.hours.anchors(local);
        let of = |peaks: &[f32; HORIZONS.len()], usual: f32, k: usize| {
            if hours::UNKNOWN < peaks[k] { peaks[k] } else { usual.max(peaks[A_DAY]) }
        };
        std::array::from_fn(|k| {
            let day = of(&day, daily[k], k);
            if k < NEAR { [levels[k], going_on(&levels, k), day] } else { [levels[k], day, of(&week, weekly[k], k)] }
        })
    }

    /// Compares the forecasts that end now with what came; one whose horizon lies half in a gap of the data is dropped.
    fn verify(&mut self, now: Minutes, value: f32, gap: f32, came: &mut impl FnMut(usize, Minutes, Said)) {
        for k in 0..HORIZONS.len() {
            let (shorter, longer) = self.horizons.split_at_mut(k);
            let Some(horizon) = longer.first_mut() else { continue };
            for pending in horizon.pending.iter_mut().filter(|pending| pending.experts != 0) {
                if HORIZONS[k] < 2.0 * gap {
                    pending.experts = 0;
                    continue;
                }
                if pending.peak.get() < value {
                    pending.peak = Bf16::of(value);
                }
                if f64::from(pending.due) <= now {
                    if pending.said != Said::default() {
                        came(k, f64::from(pending.due) - f64::from(HORIZONS[k]), pending.said);
                    }
                    for (expert, tracker) in horizon.trackers[..usize::from(pending.experts)].iter_mut().enumerate() {
                        let borrowed = || borrowed(shorter, expert).map(|usual| usual.stretched(GROWTH[k]).tracker());
                        tracker.learn(pending.peak.get() - pending.anchors[expert].get(), borrowed);
                    }
                    pending.experts = 0;
                }
            }
        }
    }

    /// Begins new forecasts where a quarter of the horizon has passed.
    fn promise(&mut self, now: Minutes, anchors: &[[f32; EXPERTS]; HORIZONS.len()]) {
        let now = now as i32;
        let experts: [u8; HORIZONS.len()] = std::array::from_fn(|k| self.experts(k) as u8);
        for (k, horizon) in self.horizons.iter_mut().enumerate() {
            let waiting = horizon.pending.iter().filter(|pending| pending.experts != 0);
            let made = waiting.map(|pending| pending.due.saturating_sub(HORIZONS[k] as i32)).max();
            if made.is_some_and(|made| (now.saturating_sub(made) as f32) < HORIZONS[k] / PENDING as f32) {
                continue;
            }
            if let Some(slot) = horizon.pending.iter_mut().find(|pending| pending.experts == 0) {
                let due = now.saturating_add(HORIZONS[k] as i32);
                let (experts, said) = (experts[k], Said::default());
                *slot = Pending { due, experts, said, peak: Bf16::LEAST, anchors: anchors[k].map(Bf16::of) };
            }
        }
    }
}

/// What the present level comes to at the end of horizon `k` if it goes on as it goes. The mean for the next horizon forgets within
/// half of this one, so that it lies behind by what the present slope makes in half of it.
fn going_on(levels: &[f32; HORIZONS.len()], k: usize) -> f32 {
    levels[0] + 2.0 * (levels[0] - levels[k + 1])
}

/// What is lent to horizon `k` by the one before, in its own order of anchors; the weekly one begins with the errors of the daily one.
fn lent<T: Copy>(known: [T; EXPERTS], k: usize) -> [T; EXPERTS] {
    if k == NEAR { [known[0], known[2], known[2]] } else { known }
}

/// What the longest of these horizons knows of an expert's errors: its own, or borrowed in turn.
fn borrowed(horizons: &[Horizon], expert: usize) -> Option<Errors<'_>> {
    let mut known = [None; EXPERTS];
    for (k, horizon) in horizons.iter().enumerate() {
        horizon.borrow(k, &mut known);
    }
    lent(known, horizons.len())[expert]
}

impl Horizon {
    /// What is known of errors at this horizon: its own, or while it is cold those of the next shorter one, stretched.
    fn borrow<'a>(&'a self, k: usize, known: &mut [Option<Errors<'a>>; EXPERTS]) {
        *known = lent(*known, k);
        for (known, own) in known.iter_mut().zip(&self.trackers) {
            let is_warm = if k == 0 { WARM_FIRST } else { WARM } <= own.seen();
            *known = if is_warm { Some(own.errors()) } else { known.map(|shorter| shorter.stretched(GROWTH[k])) };
        }
    }
}

/// The experts' probabilities that gap 0 is passed, pooled linearly by their past losses.
fn pool(known: &[Option<Errors>], anchors: &[f32; EXPERTS]) -> f64 {
    let least = known.iter().flatten().map(Errors::loss).fold(f32::MAX, f32::min);
    let (mut sum, mut total) = (0.0, 0.0);
    for (errors, anchor) in known.iter().zip(anchors) {
        let weight = errors.map_or(0.0, |errors| errors.weight(least));
        if let Some(errors) = errors.filter(|_| weight != 0.0) {
            sum += weight * errors.exceeds(-anchor);
            total += weight;
        }
    }
    if total == 0.0 { 0.0 } else { sum / total }
}

/// A longer horizon cannot be safer than a shorter one. Where the estimates say so, the truth is taken half way between
/// raising the longer and lowering the shorter.
fn monotone(within: [f64; HORIZONS.len()]) -> [f32; HORIZONS.len()] {
    let (mut raised, mut lowered) = (within, within);
    for k in 1..HORIZONS.len() {
        raised[k] = raised[k].max(raised[k - 1]);
    }
    for k in (1..HORIZONS.len()).rev() {
        lowered[k - 1] = lowered[k - 1].min(lowered[k]);
    }
    std::array::from_fn(|k| ((raised[k] + lowered[k]) / 2.0) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Local = Local { weekday: 0, second: 43_200, holiday: false };

    fn uniform(state: &mut u32) -> f32 {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*state >> 8) as f32 / 16_777_216.0
    }

    #[test]
    fn the_risk_is_that_of_the_errors_made() {
        // independent normal values, mean -2 and spread 1: each step passes the bound with probability .0228
        let (mut base, mut state, mut within) = (Base::default(), 7, None);
        for i in 0..4000 {
            let normal = (0..12).map(|_| uniform(&mut state)).sum::<f32>() - 6.0;
            let minute = i as u32 * 5;
            let local = Local { weekday: (minute / 1440 % 7) as u8, second: minute % 1440 * 60, holiday: false };
            within = base.learn(f64::from(i) * 5.0, normal - 2.0, local, |_, _, _| ());
        }
        let within = within.unwrap();
        for (k, steps) in [(0, 3), (1, 12), (3, 48)] {
            let expected = 1.0 - (1.0 - 0.0228f32).powi(steps);
            assert!((within[k] - expected).abs() < 0.16, "{steps} steps: {} {expected}", within[k]);
        }
    }

    #[test]
    fn it_says_nothing_until_it_has_been_tested() {
        let mut base = Base::default();
        for i in 0..10 {
            assert_eq!(base.learn(f64::from(i) * 5.0, -1.0, NOON, |_, _, _| ()), None);
        }
    }

    #[test]
    fn forecasts_over_a_gap_are_dropped() {
        let mut base = Base::default();
        (0..100).for_each(|i| _ = base.learn(f64::from(i) * 5.0, -1.0, NOON, |_, _, _| ()));
        let seen = base.horizons[3].trackers[0].seen();
        base.learn(500.0 + 600.0, -1.0, NOON, |_, _, _| ());
        assert_eq!(base.horizons[3].trackers[0].seen(), seen);
    }
}
