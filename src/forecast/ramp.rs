//! The ramp regime: is the signal on its way, will it stay on it, and when does it arrive?

use serde::{Deserialize, Serialize};

use super::Minutes;
use super::ladder::{BLOCKS, Ladder, SCALES, Window, width};

/// The least spread of ln(actual / forecast time) of ramps that went on: 10 % and 90 % points at -.7 and +.8.
const SPREAD: f64 = 0.55;

/// A ramp with less persistence is not worth a word.
const LEAST: f64 = 0.05;

/// How far a ramp that shows at the finer scales too is trusted beyond one that shows at a single scale, in windows: what
/// fills drop by drop is smooth at every scale, while the ramps of a flow drown in its noise below the scale they are seen at.
const STEADY_REACH: f64 = 3.0;

/// How many promises the prior of a scale's trust is worth.
const PRIOR: f64 = 3.0;

/// The most that kept promises may add to a ramp's persistence.
const MOST_TRUST: f64 = 1.3;

/// How far a ramp is followed whose signal is younger than a day (minutes) and rough at the finest scales, in windows; the
/// coarsest of these (4-minute blocks).
const YOUNG: f64 = 1440.0;
const YOUNG_REACH: f64 = 0.25;
const YOUNG_SPAN: f64 = 128.0;
const FINE: usize = 2;

/// A ramp that may reach the bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ramp {
    /// The probability that it goes on until it reaches the bound.
    pub(super) persistence: f64,
    /// Minutes until it does, if it goes on.
    pub(super) minutes: f64,
    /// The standard deviation of the logarithm of that time.
    pub(super) spread: f64,
    /// Rise per minute.
    pub(super) slope: f64,
    /// When it began, as far as the windows show.
    pub(super) since: Minutes,
}

impl Ramp {
    /// The probability that it arrives within `minutes`, given that it goes on: the time is log-normal.
    pub(super) fn within(&self, minutes: f64) -> f64 {
        let z = libm::log(minutes / self.minutes) / self.spread;
        0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
    }
}

/// What a window says about a ramp, in block widths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    slope: f64,
    /// The line's value at the time asked for.
    line: f64,
    /// The slope in standard errors.
    t: f64,
    /// The logarithm of second half's slope over first half's.
    bend: f64,
    /// How clean, 0 to 1.
    evidence: f64,
    /// How far it has left the range known before, 0 to 1.
    novelty: f64,
}

/// A promise to check the ramps of one scale by, without any real crossing: "the line half a window on is reached within
/// a window".
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Promise {
    target: f32,
    due: i32,
    persistence: f32,
}

/// What each scale's ramps have kept of what they promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Trust {
    scales: [Kept; SCALES],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    open: Option<Promise>,
    promised: f32,
    kept: f32,
}

impl Trust {
    /// Checks the open promises with a value.
    pub(super) fn verify(&mut self, now: Minutes, value: f32) {
        for scale in &mut self.scales {
            let Some(promise) = scale.open else { continue };
            let is_kept = promise.target <= value;
            if is_kept || f64::from(promise.due) < now {
                scale.open = None;
                scale.promised += promise.persistence;
                scale.kept += if is_kept { 1.0 } else { 0.0 };
                if 32.0 < scale.promised {
                    (scale.promised, scale.kept) = (scale.promised / 2.0, scale.kept / 2.0);
                }
            }
        }
    }

    /// Kept over promised, at most 1.3; shrunk towards what the next finer scale has kept, which is known sooner, and at the
    /// finest towards 1.
    fn of(&self, k: usize) -> f64 {
        let fold =
            |finer: f64, scale: &Kept| (PRIOR * finer + f64::from(scale.kept)) / (PRIOR + f64::from(scale.promised));
        self.scales[..=k].iter().fold(1.0, fold).min(MOST_TRUST)
    }
}

/// The context in which ramps are looked for.
pub(super) struct Sight<'a, Lift> {
    pub(super) ladder: &'a Ladder,
    pub(super) now: Minutes,
    /// The first value's time.
    pub(super) born: Minutes,
    /// How far values stand above their line (80 % quantile of the distance).
    pub(super) envelope: f64,
    /// The rhythm's highest share within so many minutes.
    pub(super) lift: Lift,
}

impl<Lift: Fn(f64) -> f64> Sight<'_, Lift> {
    /// The ramp most likely to reach the bound, if any scale shows one; makes new promises on the way.
    pub(super) fn ramp(&self, trust: &mut Trust) -> Option<Ramp> {
        let shapes: [Option<Shape>; SCALES] = std::array::from_fn(|k| {
            self.ladder.window(k, self.now).and_then(|window| Shape::of(&window, k, self.now, self.born))
        });
        let mut best: Option<(usize, Ramp)> = None;
        for (k, shape) in shapes.iter().enumerate() {
            let Some(shape) = shape else { continue };
            let window = BLOCKS as f64 * width(k);
            let reach = self.reach(&shapes, k);
            let kept = trust.of(k).min(if self.is_young() { 1.0 } else { MOST_TRUST });
            let stays = |minutes: f64| persistence(shape, kept, minutes, reach);
            let ramp = self.meet(shape, k, stays);
            self.promise(&mut trust.scales[k], shape, window, stays(window / 2.0));
            if best.is_none_or(|(_, best)| best.persistence < ramp.persistence) {
                best = Some((k, ramp));
            }
        }
        let (k, ramp) = best.filter(|(_, ramp)| LEAST <= ramp.persistence)?;
        Some(Ramp { since: self.since(&shapes, k), ..ramp })
    }

    /// How far ahead the ramp of scale `k` is followed, in minutes.
    ///
    /// What hardly ever falls at the finest scale fills drop by drop, like a stock, and is followed far. Any other clean rise
    /// of a signal younger than a day may be its first morning, and is followed little.
    fn reach(&self, shapes: &[Option<Shape>; SCALES], k: usize) -> f64 {
        let span = BLOCKS as f64 * width(k);
        let slope = shapes[k].map_or(0.0, |shape| shape.slope / width(k));
        let rough = if self.is_young() { span.min(YOUNG_SPAN) * YOUNG_REACH } else { span };
        let Some((finest, window)) = (0..=FINE.min(k)).find_map(|k| Some((k, self.ladder.window(k, self.now)?))) else {
            return rough;
        };
        let fine = shapes[finest..=FINE].iter().flatten();
        let clean = fine.map(|shape| shape.evidence.sqrt()).fold(0.0, f64::max);
        let smooth = clean * unusual(slope * width(finest), window.fall);
        let steady = span * STEADY_REACH * steadiness(shapes, k) * smooth;
        rough + (span - rough) * smooth + steady
    }

    /// Whether the signal has not yet shown a whole day.
    fn is_young(&self) -> bool {
        self.now - self.born < YOUNG
    }

    /// Where the upper edge of the line, with the rhythm on top, meets the bound (gap 0).
    fn meet(&self, shape: &Shape, k: usize, stays: impl Fn(f64) -> f64) -> Ramp {
        let slope = shape.slope / width(k);
        let room = -shape.line - self.envelope;
        let plain = (room / slope).clamp(1.0, 1e7);
        let minutes = ((room - (self.lift)(plain)) / slope).clamp(1.0, 1e7);
        let spread = (SPREAD * SPREAD + 1.0 / (shape.t * shape.t) + 0.0625 * shape.bend * shape.bend).sqrt();
        Ramp { persistence: stays(minutes), minutes, spread, slope, since: self.now }
    }

    fn promise(&self, kept: &mut Kept, shape: &Shape, window: f64, persistence: f64) {
        if kept.open.is_none() && 0.2 <= persistence {
            let target = (shape.line + shape.slope * BLOCKS as f64 / 2.0 + self.envelope) as f32;
            kept.open = Some(Promise { target, due: (self.now + window) as i32, persistence: persistence as f32 });
        }
    }

    /// The start of the longest window in which the same ramp shows.
    fn since(&self, shapes: &[Option<Shape>; SCALES], best: usize) -> Minutes {
        let slope_of = |k: usize| shapes[k].map(|shape| shape.slope / width(k));
        let own = slope_of(best).unwrap_or(0.0);
        let agrees = |&k: &usize| {
            shapes[k].is_some_and(|shape| 0.1 < shape.evidence)
                && slope_of(k).is_some_and(|slope| own / 2.0 < slope && slope < own * 2.0)
        };
        let longest = (best..SCALES).take_while(|k| *k == best || agrees(k)).last().unwrap_or(best);
        self.ladder.window(longest, self.now).map_or(self.now, |window| window.start)
    }
}

/// The probability that a ramp lasts `minutes` more, seen at a scale that reaches `reach`. Survival falls slowly with the
/// time to go: no steep Lindy law shows in real ramps.
fn persistence(shape: &Shape, trust: f64, minutes: f64, reach: f64) -> f64 {
    let stays = 1.2 * shape.novelty * (0.15 + 0.6 * shape.evidence.sqrt()) * trust;
    (stays / (1.0 + minutes / (4.0 * reach))).min(0.95)
}

/// Whether the ramp shows at the two finer scales as well, 0 to 1.
fn steadiness(shapes: &[Option<Shape>; SCALES], k: usize) -> f64 {
    if k < 2 {
        return 0.0;
    }
    let slope = shapes[k].map_or(0.0, |shape| shape.slope / width(k));
    let agreement = |finer: usize| {
        shapes[finer].map_or(0.0, |shape| {
            let ratio = shape.slope / width(finer) / slope;
            if 0.6 < ratio && ratio < 1.6 { shape.evidence.sqrt() } else { 0.0 }
        })
    };
    agreement(k - 1) * agreement(k - 2)
}

impl Shape {
    /// Reads a window; none unless it rises.
    fn of(window: &Window, k: usize, now: Minutes, born: Minutes) -> Option<Shape> {
        let count = BLOCKS as f64;
        let mean_time = window.times.iter().sum::<f64>() / count;
        let mean = window.means.iter().sum::<f64>() / count;
        let pairs = || window.times.iter().zip(&window.means).map(|(time, value)| (time - mean_time, value - mean));
        let sxx: f64 = pairs().map(|(x, _)| x * x).sum();
        let slope = pairs().map(|(x, y)| x * y).sum::<f64>() / sxx;
        if slope.is_nan() || slope <= 0.0 {
            return None;
        }
        let rest: f64 = pairs().map(|(x, y)| (y - slope * x) * (y - slope * x)).sum();
        let error = (rest / (count - 2.0) / sxx).sqrt();
        let t = if error * 1e3 < slope { 1e3 } else { slope / error };
        let evidence = cleanness(&window.means, t) * unusual(slope, window.fall);
        let line = mean + slope * ((now - window.start) / width(k) - mean_time);
        let prior = (window.start - born) / (count * width(k));
        let novelty = novelty(window, slope) * (0.5 + prior).clamp(0.5, 1.0);
        Some(Shape { slope, line, t, bend: bend(&window.means), evidence, novelty })
    }
}

/// How clean the rise is: in every third, in nearly every step, far beyond its error.
fn cleanness(means: &[f64; BLOCKS], t: f64) -> f64 {
    let rising = means.windows(2).filter(|pair| pair[0] < pair[1]).count() as f64 / (BLOCKS - 1) as f64;
    let early = (means[0] + means[1] + means[2]) / 3.0;
    let middle = (means[3] + means[4]) / 2.0;
    let late = (means[5] + means[6] + means[7]) / 3.0;
    let mean_rise = (late - early) / 2.0;
    if mean_rise <= 0.0 {
        return 0.0;
    }
    let least_rise = (middle - early).min(late - middle) / mean_rise;
    clip((least_rise + 0.2) / 0.6) * clip((rising - 0.55) / 0.4) * clip((t - 4.0) / 8.0)
}

/// How far the slope exceeds this signal's usual downward travel at the scale: what falls as it rises only swings.
fn unusual(slope: f64, fall: f64) -> f64 {
    if fall <= 0.0 {
        return 1.0;
    }
    clip((slope / (2.0 * fall) - 0.5) / 1.5)
}

/// How far the newest block stands above all before the window, in rises of the window: false ramps are nearly all
/// sub-cycles of a sawtooth, which stay in the range they know.
fn novelty(window: &Window, slope: f64) -> f64 {
    window.top.map_or(1.0, |top| clip(((window.means[BLOCKS - 1] - top) / (slope * BLOCKS as f64) + 0.2) / 0.7))
}

/// ln of the second half's slope over the first half's; 2 where a half does not rise.
fn bend(means: &[f64; BLOCKS]) -> f64 {
    let slope = |y: &[f64]| 3.0 * (y[3] - y[0]) + (y[2] - y[1]);
    let (first, second) = (slope(&means[..4]), slope(&means[4..]));
    if first <= 0.0 || second <= 0.0 { 2.0 } else { libm::log(second / first).clamp(-2.0, 2.0) }
}

fn clip(share: f64) -> f64 {
    share.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ramp seen after `minutes` of a signal that gives a gap each minute.
    fn seen(minutes: u32, gap: impl Fn(f64) -> f64) -> Option<Ramp> {
        let mut ladder = Ladder::default();
        (0..minutes).for_each(|minute| _ = ladder.observe(f64::from(minute), gap(f64::from(minute)) as f32));
        let now = f64::from(minutes);
        let sight = Sight { ladder: &ladder, now, born: 0.0, envelope: 0.0, lift: |_| 0.0 };
        sight.ramp(&mut Trust::default())
    }

    #[test]
    fn a_line_arrives_when_the_line_does() {
        let ramp = seen(180, |minute| minute / 1000.0 - 1.0).unwrap();
        assert!((ramp.minutes / 820.0 - 1.0).abs() < 0.02, "{ramp:?}");
        assert!(0.5 < ramp.persistence && ramp.since < 60.0, "{ramp:?}");
        assert!(ramp.within(400.0) < 0.15 && 0.85 < ramp.within(1600.0));
    }

    #[test]
    fn what_does_not_rise_or_only_swings_is_no_ramp() {
        assert_eq!(seen(300, |_| -1.0), None);
        assert_eq!(seen(300, |minute| -minute), None);
        let sawtooth = seen(300, |minute| minute % 45.0 / 60.0 - 2.0);
        assert!(sawtooth.is_none_or(|ramp| ramp.persistence < 0.2), "{sawtooth:?}");
        let step = seen(300, |minute| if minute < 290.0 { -2.0 } else { -1.0 });
        assert!(step.is_none_or(|ramp| ramp.persistence < 0.3), "{step:?}");
    }

    #[test]
    fn promises_broken_cost_trust() {
        let mut trust = Trust::default();
        for _ in 0..10 {
            trust.scales[0].open = Some(Promise { target: 0.0, due: 10, persistence: 0.6 });
            trust.verify(11.0, -1.0);
        }
        assert!((trust.of(0) - 1.0 / 3.0).abs() < 1e-6);
        for _ in 0..10 {
            trust.scales[1].open = Some(Promise { target: 0.0, due: 10, persistence: 0.6 });
            trust.verify(5.0, 0.5);
        }
        assert!(1.0 < trust.of(1) && trust.of(1) <= MOST_TRUST);
    }
}
