//! The ways of looking at a signal, each a size that is 0 for the ordinary and grows with the deviation.
//!
//! A view is one file (or one line here). To add one: give it a place in [`SIZES`], compute its size in [`Views::look`].
//! It is worth its cost only if its removal lowers the accuracy on unlike data sets. What each is worth and costs (without it: the
//! standard score of NAB by `onset`; VUS-PR and event F1 of 60 service metrics by `anomaly`; VUS-PR by `anomaly` and event F1 by
//! `onset` of 129 series with odd cycles, `benches/cycles.py`; standard errors 1.5, .03, .03, .03 and .04; nanoseconds on one core
//! out of 510, its peaks included; of what the hour brings without its learning; measured before the agreement counted time, which
//! brings the .645 to .655):
//!
//! | without | NAB | VUS-PR | F1 | cycles | F1 | ns |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | nothing | 74.4 | .617 | .645 | .56 | .80 | |
//! | guarded level | 74.4 | .607 | .618 | .57 | .80 | 10 |
//! | slow level | 73.2 | .592 | .622 | .59 | .80 | 10 |
//! | what the hour brings | 72.3 | .603 | .621 | .46 | .75 | 30 |
//! | a cycle of its own for hour | 74.5 | .617 | .645 | .43 | .61 | 10 |
//! | mean of 24 | 71.7 | .617 | .645 | .56 | .80 | 15 |
//! | mean of 96 | 72.7 | .617 | .645 | .56 | .78 | 15 |
//! | difference | 73.7 | .617 | .645 | .56 | .79 | 10 |
//! | spread | 72.4 | .617 | .645 | .56 | .78 | 20 |
//! | shape | 73.2 | .600 | .619 | .55 | .79 | 140 |
//! | shape of blocks | 74.4 | .619 | .649 | .46 | .80 | 55 |
//! | value never seen | 71.9 | .617 | .645 | .56 | .80 | 60 |
//! | asinh of the level | 72.6 | .617 | .645 | .56 | .83 | 50 |
//!
//! A random cut forest (4.4, as OpenSearch sets it) reaches .54 and .34 on the service metrics, .38 and .48 on the cycles. Hours that
//! do not fit the signal are kept out of the pointwise score: with them the event F1 by `anomaly` of the cycles was .45 instead of .51.
//!
//! On drives that fail (`forewarn eval DRIVES`) and on simulated fleets (`fleet:0..5`, 54 failures) no single view is missed: the
//! former are told by counters that leave zero, the latter by forecasts and by several views at once. Whichever is taken away, as
//! many are foreseen; interruptions a fault move between 2.47 and 2.56.
//!
//! Tried and dropped, for their removal cost nothing: the mean of 6 points, a second memory of the extremes of 5 points, the plain
//! level beside the season, the season's own residual beside what the hour brings, values never seen in the pointwise score, a linear
//! prediction of the next value (NLMS of 12 lags: +.03 on the cycles, and nothing since a signal may have a cycle of its own).
//! Learning the hours begins with the first point: begun some hours later it lost 1 to 2 points of NAB (within its standard error)
//! and up to .009 of VUS-PR.

mod blocks;
mod means;
mod shape;
mod shapes;

use blocks::Blocks;
use means::Means;
use shapes::{Shapes, Values};

use serde::{Deserialize, Serialize};

use super::View;
use crate::baseline::{Mean, Stray};

/// What the views see of a point: normalised, and only from the past.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// The value.
    pub value: f64,
    /// The value before.
    pub before: f64,
    /// The quick level (memory 100 points).
    pub quick: f64,
    /// The same, which an anomaly teaches little.
    pub guarded: f64,
    /// The slow level (memory 2,000 points).
    pub slow: f64,
    /// What was expected: season where proved, else the quick level.
    pub expected: f64,
    /// Against what this time of day usually brings, once that is known.
    pub stray: Option<Stray>,
    /// Value and levels where large values count by their ratio.
    pub bent: Bent,
    /// The width of the past range.
    pub range: f64,
}

/// Value and levels in the asinh domain around the true zero, which bends at the usual step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bent {
    pub value: f64,
    pub quick: f64,
    pub slow: f64,
    /// What the hour brings; the quick level where that is not known.
    hour: f64,
    /// The value above the true zero, and where the domain bends.
    above: f64,
    bend: f64,
}

/// How a value lies to what its hour brings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ratio {
    /// The log of the ratio, by the asinh domain.
    pub log: f64,
    /// The value above the true zero, and where the domain bends.
    above: f64,
    bend: f64,
}

impl Bent {
    /// Of a value, and of quick level, slow level and what the hour brings. `step` is the usual step; it bends no earlier than at a
    /// millionth of the sizes, so that squares stay finite.
    pub(super) fn of(value: f64, [quick, slow, hour]: [f64; 3], zero: f64, step: f64) -> Self {
        let [above, quick, slow, hour] = [value, quick, slow, hour].map(|x| x - zero);
        let bend = [above, quick, slow, hour].iter().fold(step, |bend, x| bend.max(1e-6 * x.abs()));
        if bend <= 0.0 {
            return Bent::default();
        }
        let [value, quick, slow, hour] = [above, quick, slow, hour].map(|x| asinh(x / bend));
        Bent { value, quick, slow, hour, above, bend }
    }

    pub(super) fn ratio(&self) -> Ratio {
        Ratio { log: self.value - self.hour, above: self.above, bend: self.bend }
    }
}

impl Ratio {
    /// One whose value knows no steps.
    #[cfg(test)]
    pub(super) fn of(log: f64) -> Ratio {
        Ratio { log, above: 0.0, bend: 0.0 }
    }

    /// By how much its log changes for a step of the value towards what its hour brings.
    pub(super) fn change(&self, step: f64) -> f64 {
        if self.bend <= 0.0 {
            return 0.0;
        }
        let towards = self.above - libm::copysign(step, self.log);
        (asinh(self.above / self.bend) - asinh(towards / self.bend)).abs()
    }
}

fn asinh(x: f64) -> f64 {
    libm::copysign(libm::log(x.abs() + (x * x + 1.0).sqrt()), x)
}

/// How many views there are.
pub(super) const COUNT: usize = 11;
/// The place of the view that asks the hour, and of the one that looks at blocks.
pub(super) const HOUR: usize = 2;
pub(super) const BLOCKS: usize = 10;

/// Shapes of single values kept (24 or 32 gain less than the standard error, and cost their memory).
const SHAPES: usize = 16;

/// One view's place in the fusion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    /// The word for people.
    pub view: View,
    /// Whether it takes part in the onset.
    pub onset: bool,
    /// Whether it takes part in the pointwise score; slow ones hurt there, and what only one point or its neighbour sees.
    pub core: bool,
}

const fn spec(view: View, onset: bool, core: bool) -> Spec {
    Spec { view, onset, core }
}

/// The views in the order of [`Views::look`].
///
/// The guarded level holds on to a whole excursion, which a pointwise score wants; for an onset the slow level is enough.
pub(super) const SIZES: [Spec; COUNT] = [
    spec(View::Value, false, true),  // from the guarded level
    spec(View::Level, true, true),   // from the slow level
    spec(View::Value, true, true),   // from what this time of day or week brings, in its usual distances
    spec(View::Level, true, false),  // mean of 24 residuals
    spec(View::Level, true, false),  // mean of 96
    spec(View::Slope, true, false),  // difference
    spec(View::Spread, true, false), // spread of 24 against its mean
    spec(View::Shape, true, true),   // last 8 values against those remembered
    spec(View::Value, true, false),  // a value never seen, between known ones too
    spec(View::Value, true, false),  // from the quick level, in the asinh domain
    spec(View::Shape, false, true),  // last 32 values in blocks of four against those remembered
];

/// A size and the deviation behind it on the value's own scale (for the effect floor).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    /// The size.
    pub size: f64,
    /// The deviation in normalised units.
    pub effect: f64,
    /// Learned, but no surprise yet.
    pub early: bool,
}

/// The state of all views.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Views {
    means: Means,
    spread: Mean,
    step: Mean,
    shapes: Shapes<SHAPES>,
    values: Values,
    blocks: Blocks,
}

/// The state before there were blocks.
#[derive(Debug, Deserialize)]
pub(super) struct ViewsV1 {
    means: Means,
    spread: Mean,
    step: Mean,
    shapes: Shapes<SHAPES>,
    values: Values,
}

impl From<ViewsV1> for Views {
    fn from(ViewsV1 { means, spread, step, shapes, values }: ViewsV1) -> Self {
        Views { means, spread, step, shapes, values, blocks: Blocks::default() }
    }
}

const FORGET: f64 = 0.0005;
/// The spread is measured against its mean and this share of the range: on constant data the mean decays to nothing.
const SPREAD_FLOOR: f64 = 0.02;

impl Views {
    /// A little of each line of memory.
    pub(super) fn touch(&self) -> f32 {
        self.step.get() as f32 + self.shapes.touch() + self.values.touch() + self.blocks.touch()
    }

    /// The sizes of all views at this point, in the order of [`SIZES`]; then learns it. None where a view does not look
    /// at this point.
    pub(super) fn look(&mut self, seen: &Seen) -> [Option<Size>; COUNT] {
        let sized = |size: f64, effect: f64| Some(Size { size, effect, early: false });
        let alike = |size: f64| sized(size, size);
        let residual = seen.value - seen.expected;
        self.means.learn(residual);
        let [short, long] = self.means.get();
        let step = (seen.value - seen.before).abs();
        let quick = (seen.value - seen.quick).abs();
        let sizes = [
            alike((seen.value - seen.guarded).abs()),
            alike((seen.value - seen.slow).abs()),
            seen.stray.map(|stray| Size { size: stray.ratio(), effect: stray.distance, early: stray.early }),
            alike(short.abs()),
            alike(long.abs()),
            alike(step),
            self.spread(seen.range),
            self.shapes.judge(seen.value).and_then(|distance| sized(distance, distance / 8.0)),
            self.values.judge(seen.value).and_then(|distance| sized(distance, quick)),
            sized((seen.bent.value - seen.bent.quick).abs(), quick),
            self.blocks.judge(seen.value).map(|distance| Size {
                size: distance,
                effect: distance / 8.0,
                early: self.blocks.is_early(),
            }),
        ];
        self.step.learn(step, FORGET);
        sizes
    }

    /// The side to which the view at this place of [`SIZES`] saw the point deviate, after [`Views::look`]: a level that has moved
    /// for good lies on its side still when the single value is what is expected by now.
    pub(super) fn is_upward(&self, view: usize, seen: &Seen) -> bool {
        let [short, long] = self.means.get();
        match view {
            0 => seen.guarded <= seen.value,
            1 => seen.slow <= seen.value,
            2 => seen.stray.map_or(seen.expected, |stray| stray.center) <= seen.value,
            3 => 0.0 <= short,
            4 => 0.0 <= long,
            5 => seen.before <= seen.value,
            9 => seen.bent.quick <= seen.bent.value,
            _ => seen.expected <= seen.value,
        }
    }

    fn spread(&mut self, range: f64) -> Option<Size> {
        let spread = self.means.spread();
        let floor = self.spread.get() + SPREAD_FLOOR * range;
        let size = if 0.0 < floor { spread / floor } else { 0.0 };
        self.spread.learn(spread, FORGET);
        Some(Size { size, effect: spread, early: false })
    }

    /// The usual step from point to point.
    pub(super) fn step(&self) -> f64 {
        self.step.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a calm sawtooth of 300 points, then `story`, and gives each view's largest size there against its largest before.
    fn gains(story: &[f64]) -> [f64; COUNT] {
        let mut views = Views::default();
        let (mut level, mut before) = (50.0, 50.0);
        let mut largest = [[0.0f64; COUNT]; 2];
        let calm = (0..300).map(|i| 50.0 + f64::from(i % 7) - 3.0);
        for (i, value) in calm.chain(story.iter().copied()).enumerate() {
            let seen = Seen {
                value,
                before,
                quick: level,
                guarded: level,
                slow: 50.0,
                expected: level,
                stray: None,
                bent: Bent::of(value, [level, 50.0, level], 0.0, views.step()),
                range: 6.0,
            };
            for (size, most) in views.look(&seen).iter().zip(&mut largest[usize::from(i >= 300)]) {
                // The first points are warm-up.
                *most = most.max(size.map_or(0.0, |s| if i < 60 { 0.0 } else { s.size }));
            }
            level += 0.01 * (value - level);
            before = value;
        }
        std::array::from_fn(|i| largest[1][i] / largest[0][i].max(1e-3))
    }

    #[test]
    fn each_view_sees_its_own_story() {
        let spike = gains(&[80.0]);
        assert!([0, 1, 5, 8, 9].iter().all(|&i| 3.0 < spike[i]), "a spike: {spike:?}");
        let shift: Vec<f64> = (0..60).map(|i| 55.0 + f64::from(i % 7) - 3.0).collect();
        let shift = gains(&shift);
        assert!(shift[0] < shift[3] && shift[5] < 2.0 && 2.0 < shift[3], "a small shift shows in the means: {shift:?}");
        let loud: Vec<f64> = (0..40).map(|i| 50.0 + if i % 2 == 0 { 6.0 } else { -6.0 }).collect();
        let loud = gains(&loud);
        assert!(2.0 < loud[6] && loud[3] < 2.0, "spread without a level: {loud:?}");
        let reversed: Vec<f64> = (0..60).map(|i| 53.0 - f64::from(i % 7)).collect();
        let reversed = gains(&reversed);
        assert!(2.0 < reversed[7] && reversed[0] < 1.5, "a mirrored shape: {reversed:?}");
        let between = gains(&[50.5, 49.5]);
        assert!(5.0 < between[8] && between[0] < 1.0, "a value between the known ones: {between:?}");
        let calm: Vec<f64> = (0..100).map(|i| 50.0 + f64::from((i + 300) % 7) - 3.0).collect();
        let calm = gains(&calm);
        assert!(calm.iter().all(|&g| g < 1.6), "nothing: {calm:?}");
    }
}
