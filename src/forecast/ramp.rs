//! The ramp regime: is the signal on its way, will it stay on it, and when does it arrive?

use super::Minutes;
use super::ladder::{BLOCKS, Ladder, SCALES, Window, width};
use super::shape::{Line, Shape, unusual};
use super::trust::{MOST_TRUST, Trust};

/// The usual spread of ln(actual / forecast time) of ramps that went on: 10 % and 90 % points at -.7 and +.8.
const SPREAD: f64 = 0.55;

/// What is steady at all scales arrives the more surely when the straighter it is: the spread is this over the t value of its
/// slope, for a way as long as the window, and never below [`LEAST_SPREAD`]. Of simulated steady ramps with t of 16 to 32, 32 to
/// 64, 64 to 128 and above, ln(actual / forecast) spread by .63, .48, .14 and .02; at no t did more than a tenth come before
/// the 10 % point so given.
const STRAIGHT: f64 = 16.0;
const LEAST_SPREAD: f64 = 0.1;

/// How much of a bend that is beyond doubt goes on: the time left is shorter by half of it where the ramp steepens, longer where
/// it flattens.
const GAIN: f64 = 0.5;

/// A ramp with less persistence is not worth a word.
const LEAST: f64 = 0.05;

/// How far a ramp that shows at the finer scales too is trusted beyond one that shows at a single scale, in windows: what
/// fills drop by drop is smooth at every scale, while the ramps of a flow drown in its noise below the scale they are seen at.
const STEADY_REACH: f64 = 3.0;

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
    /// The logarithm of the minutes until it does, if it goes on.
    pub(super) log_minutes: f64,
    /// The standard deviation of the logarithm of that time.
    pub(super) spread: f64,
    /// Rise per minute.
    pub(super) slope: f64,
    /// When it began, as far as the windows show.
    pub(super) since: Minutes,
}

impl Ramp {
    /// The probability that it arrives within the time whose logarithm (of minutes) is given, if it goes on: the time is
    /// log-normal.
    pub(super) fn within(&self, log_minutes: f64) -> f64 {
        let z = (log_minutes - self.log_minutes) / self.spread;
        if z < -5.0 { 0.0 } else { 0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2) }
    }
}

/// The context in which ramps are looked for.
pub(super) struct Sight<'a, Arrival, Pace> {
    pub(super) ladder: &'a Ladder,
    pub(super) now: Minutes,
    /// The first value's time.
    pub(super) born: Minutes,
    /// How far values stand above their line (80 % quantile of the distance).
    pub(super) envelope: f64,
    /// When what has so much room left at such a slope (per minute) arrives, with the rhythm on top: minutes.
    pub(super) arrival: Arrival,
    /// How much faster a ramp of this slope goes on for so many minutes than in its window of so many.
    pub(super) pace: Pace,
}

impl<Arrival: Fn(f64, f64) -> f64, Pace: Fn(f64, f64, f64) -> f64> Sight<'_, Arrival, Pace> {
    /// The ramp most likely to reach the bound, if any scale shows one; makes new promises on the way.
    pub(super) fn ramp(&self, trust: &mut Trust) -> Option<Ramp> {
        let windows: [_; SCALES] = std::array::from_fn(|k| self.ladder.window(k, self.now));
        let lines: [_; SCALES] = std::array::from_fn(|k| windows[k].as_ref().map(Line::through));
        let shapes: [_; SCALES] = std::array::from_fn(|k| {
            let (window, line) = (windows[k].as_ref()?, lines[k].as_ref()?);
            Shape::of(window, line, k, self.now, self.born)
        });
        let mut best: Option<(usize, Ramp)> = None;
        for (k, shape) in shapes.iter().enumerate() {
            let Some(shape) = shape else { continue };
            let window = BLOCKS as f64 * width(k);
            let kept = trust.of(k).min(if self.is_young() { 1.0 } else { MOST_TRUST });
            let kept = kept * still(&lines, k) * held(shape, &windows, k);
            if persistence(shape, kept, 0.0, 1.0) < LEAST {
                continue;
            }
            let reach = self.reach(&shapes, k);
            let stays = |minutes: f64| persistence(shape, kept, minutes, reach);
            let ramp = self.meet(shape, k, steadiness(&shapes, k), stays);
            let target = shape.line + shape.slope * BLOCKS as f64 / 2.0 + self.envelope;
            trust.promise(k, target, self.now + window, stays(window / 2.0));
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
    fn meet(&self, shape: &Shape, k: usize, steady: f64, stays: impl Fn(f64) -> f64) -> Ramp {
        let slope = shape.slope / width(k);
        let room = (self.arrival)(-shape.line - self.envelope, slope) * slope;
        // what is nearer than the scatter about the line is not known better than that
        let known = libm::hypot(room, shape.scatter);
        let minutes = (known / slope * libm::exp(-GAIN * shape.sure_bend())).clamp(1.0, 1e7);
        let minutes = minutes / (self.pace)(slope, BLOCKS as f64 * width(k), minutes);
        let off = if known == 0.0 { 0.0 } else { shape.scatter / known };
        // a slope that wanders is known the worse the further it is followed, by the root of the way
        let further = (minutes / (BLOCKS as f64 * width(k))).max(1.0).sqrt();
        let straight = (STRAIGHT / shape.t * further).clamp(LEAST_SPREAD, SPREAD);
        let usual = SPREAD * SPREAD * (1.0 - steady) + straight * straight * steady;
        let spread = (usual + 1.0 / (shape.t * shape.t) + 0.0625 * shape.bend * shape.bend + off * off).sqrt();
        Ramp { persistence: stays(minutes), log_minutes: libm::log(minutes), spread, slope, since: self.now }
    }

    /// Where the ramp's line, followed back, meets the lowest level of the longest window in which the same ramp shows: the
    /// knee, or that lowest block itself where the ramp is as old.
    fn since(&self, shapes: &[Option<Shape>; SCALES], best: usize) -> Minutes {
        let slope_of = |k: usize| shapes[k].map(|shape| shape.slope / width(k));
        let own = slope_of(best).unwrap_or(0.0);
        let agrees = |&k: &usize| {
            shapes[k].is_some_and(|shape| 0.1 < shape.evidence)
                && slope_of(k).is_some_and(|slope| 0.75 * own < slope && slope < 1.33 * own)
        };
        let longest = (best..SCALES).take_while(|k| *k == best || agrees(k)).last().unwrap_or(best);
        self.ladder.window(longest, self.now).map_or(self.now, |window| {
            let lowest = (1..BLOCKS).fold(0, |low, i| if window.means[i] < window.means[low] { i } else { low });
            let from = window.start + lowest as f64 * width(longest);
            let back = shapes[best].map_or(f64::MAX, |shape| (shape.line - window.means[lowest]) / own);
            from.max(self.now - back).min(self.now)
        })
    }
}

/// The probability that a ramp lasts `minutes` more, seen at a scale that reaches `reach`. Survival falls slowly with the
/// time to go: no steep Lindy law shows in real ramps.
fn persistence(shape: &Shape, trust: f64, minutes: f64, reach: f64) -> f64 {
    let stays = 1.2 * shape.novelty * (0.15 + 0.6 * shape.evidence.sqrt()) * trust;
    (stays / (1.0 + minutes / (4.0 * reach))).min(0.95)
}

/// Whether the ramp still goes on at the two finer scales, 0 to 1: where their slope is, beyond doubt, far below the ramp's
/// own, it has ended.
fn still(lines: &[Option<Line>; SCALES], k: usize) -> f64 {
    let slope = lines[k].map_or(0.0, |line| line.slope / width(k));
    let goes_on = |finer: usize| {
        let highest = lines[finer].map(|line| (line.slope + 2.0 * line.error) / width(finer));
        highest.map_or(1.0, |highest| ((highest / slope - 0.2) / 0.4).clamp(0.0, 1.0))
    };
    (k.saturating_sub(2)..k).map(goes_on).fold(1.0, f64::min)
}

/// Whether the signal is still near the ramp's line, 0 to 1: one that has given back half of what it won has turned, however
/// straight the window looks.
fn held(shape: &Shape, windows: &[Option<Window>; SCALES], k: usize) -> f64 {
    let newest = |finer: usize| windows[finer].as_ref().map(|window| window.means[BLOCKS - 1]);
    let Some(present) = newest(k.saturating_sub(2)).or_else(|| newest(k)) else { return 1.0 };
    let back = (shape.line - present) / (shape.slope * BLOCKS as f64);
    ((0.6 - back) / 0.3).clamp(0.0, 1.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The ramp seen after `minutes` of a signal that gives a gap each minute.
    fn seen(minutes: u32, gap: impl Fn(f64) -> f64) -> Option<Ramp> {
        let mut ladder = Ladder::default();
        (0..minutes).for_each(|minute| _ = ladder.observe(f64::from(minute), gap(f64::from(minute)) as f32));
        let now = f64::from(minutes);
        let arrival = |room: f64, slope: f64| (room / slope).max(0.0);
        let sight = Sight { ladder: &ladder, now, born: 0.0, envelope: 0.0, arrival, pace: |_, _, _| 1.0 };
        sight.ramp(&mut Trust::default())
    }

    #[test]
    fn a_line_arrives_when_the_line_does() {
        let ramp = seen(180, |minute| minute / 1000.0 - 1.0).unwrap();
        assert!((ramp.log_minutes - libm::log(820.0)).abs() < 0.02, "{ramp:?}");
        assert!(0.5 < ramp.persistence && ramp.since < 60.0, "{ramp:?}");
        assert!(ramp.within(libm::log(400.0)) < 0.15 && 0.85 < ramp.within(libm::log(1600.0)));
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
}
