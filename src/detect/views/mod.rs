//! The ways of looking at a signal, each a size that is 0 for the ordinary and grows with the deviation.
//!
//! A view is one file (or one line here). To add one: give it a place in [`SIZES`], compute its size in [`Views::look`].
//! It is worth its cost only if its removal lowers the accuracy on unlike data sets at once.

mod means;
mod shape;
mod shapes;

use means::Means;
use shapes::{Shapes, Values};

use serde::{Deserialize, Serialize};

use super::View;
use crate::baseline::Mean;

/// What the views see of a point: normalised, and only from the past.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// The value.
    pub value: f64,
    /// The value before.
    pub before: f64,
    /// The quick level (memory 100 points).
    pub quick: f64,
    /// The slow level (memory 2,000 points).
    pub slow: f64,
    /// What was expected: season where proved, else the quick level.
    pub expected: f64,
    /// Where the true zero lies.
    pub zero: f64,
    /// The width of the past range.
    pub range: f64,
}

/// How many views there are.
pub(super) const COUNT: usize = 12;

/// One view's place in the fusion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    /// The word for people.
    pub view: View,
    /// Whether it takes part in the pointwise score; slow ones hurt there.
    pub core: bool,
}

const fn spec(view: View, core: bool) -> Spec {
    Spec { view, core }
}

/// The views in the order of [`Views::look`].
pub(super) const SIZES: [Spec; COUNT] = [
    spec(View::Value, true),  // from the quick level
    spec(View::Level, true),  // from the slow level
    spec(View::Value, false), // from the season or level
    spec(View::Level, true),  // mean of 6 residuals
    spec(View::Level, false), // mean of 24
    spec(View::Level, false), // mean of 96
    spec(View::Slope, true),  // difference
    spec(View::Spread, true), // spread of 24 against its mean
    spec(View::Shape, true),  // last 8 values against those remembered
    spec(View::Shape, false), // last 8 extremes of 5
    spec(View::Value, true),  // a value never seen, between known ones too
    spec(View::Value, false), // from the quick level, in the asinh domain
];

/// A size and the deviation behind it on the value's own scale (for the effect floor).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    /// The size.
    pub size: f64,
    /// The deviation in normalised units.
    pub effect: f64,
}

/// The state of all views.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Views {
    means: Means,
    spread: Mean,
    step: Mean,
    shapes: Shapes,
    blocks: Shapes,
    values: Values,
    block: Block,
}

/// A block under way: its value farthest from the quick level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Block {
    extreme: f32,
    deviation: f32,
    points: u8,
}

/// Points of a block.
const BLOCK: u8 = 5;
const FORGET: f64 = 0.0005;
/// The spread is measured against its mean and this share of the range: on constant data the mean decays to nothing.
const SPREAD_FLOOR: f64 = 0.02;

impl Views {
    /// The sizes of all views at this point, in the order of [`SIZES`]; then learns it. None where a view does not look
    /// at this point.
    pub(super) fn look(&mut self, seen: &Seen) -> [Option<Size>; COUNT] {
        let alike = |size: f64| Some(Size { size, effect: size });
        let residual = seen.value - seen.expected;
        self.means.learn(residual);
        let [short, middle, long] = self.means.get();
        let step = (seen.value - seen.before).abs();
        let quick = (seen.value - seen.quick).abs();
        let sizes = [
            alike(quick),
            alike((seen.value - seen.slow).abs()),
            alike(residual.abs()),
            alike(short.abs()),
            alike(middle.abs()),
            alike(long.abs()),
            alike(step),
            self.spread(seen.range),
            self.shapes.judge(seen.value).map(|distance| Size { size: distance, effect: distance / 8.0 }),
            self.block(seen),
            self.values.judge(seen.value).map(|distance| Size { size: distance, effect: quick }),
            Some(Size { size: self.asinh(seen), effect: quick }),
        ];
        self.step.learn(step, FORGET);
        sizes
    }

    fn spread(&mut self, range: f64) -> Option<Size> {
        let spread = self.means.spread();
        let floor = self.spread.get() + SPREAD_FLOOR * range;
        let size = if 0.0 < floor { spread / floor } else { 0.0 };
        self.spread.learn(spread, FORGET);
        Some(Size { size, effect: spread })
    }

    fn block(&mut self, seen: &Seen) -> Option<Size> {
        let deviation = (seen.value - seen.quick).abs() as f32;
        if self.block.points == 0 || self.block.deviation < deviation {
            (self.block.extreme, self.block.deviation) = (seen.value as f32, deviation);
        }
        self.block.points += 1;
        if self.block.points < BLOCK {
            return None;
        }
        self.block.points = 0;
        let distance = self.blocks.judge(f64::from(self.block.extreme))?;
        Some(Size { size: distance, effect: distance / 8.0 })
    }

    /// The deviation from the quick level where large values count by their ratio; the bend lies at the usual step.
    fn asinh(&self, seen: &Seen) -> f64 {
        let (value, level) = (seen.value - seen.zero, seen.quick - seen.zero);
        let bend = self.step.get().max(1e-6 * value.abs().max(level.abs()));
        if 0.0 < bend { (libm::asinh(value / bend) - libm::asinh(level / bend)).abs() } else { 0.0 }
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
            let seen = Seen { value, before, quick: level, slow: 50.0, expected: level, zero: 0.0, range: 6.0 };
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
        assert!([0, 1, 2, 6, 10, 11].iter().all(|&i| 3.0 < spike[i]), "a spike: {spike:?}");
        let shift: Vec<f64> = (0..60).map(|i| 55.0 + f64::from(i % 7) - 3.0).collect();
        let shift = gains(&shift);
        assert!(shift[0] < shift[4] && shift[6] < 2.0 && 2.0 < shift[4], "a small shift shows in the means: {shift:?}");
        let loud: Vec<f64> = (0..40).map(|i| 50.0 + if i % 2 == 0 { 6.0 } else { -6.0 }).collect();
        let loud = gains(&loud);
        assert!(2.0 < loud[7] && loud[4] < 2.0, "spread without a level: {loud:?}");
        let reversed: Vec<f64> = (0..60).map(|i| 53.0 - f64::from(i % 7)).collect();
        let reversed = gains(&reversed);
        assert!(2.0 < reversed[8] && reversed[0] < 1.5, "a mirrored shape: {reversed:?}");
        let between = gains(&[50.5, 49.5]);
        assert!(5.0 < between[10] && between[0] < 1.0, "a value between the known ones: {between:?}");
        let calm: Vec<f64> = (0..100).map(|i| 50.0 + f64::from((i + 300) % 7) - 3.0).collect();
        let calm = gains(&calm);
        assert!(calm.iter().all(|&g| g < 1.6), "nothing: {calm:?}");
    }
}
