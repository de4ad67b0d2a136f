//! The shape of the last 32 values: a cycle that changes its form, its pace or stands still half way.

use serde::{Deserialize, Serialize};

use super::shapes::Shapes;

/// Means of so many values make a shape. (Of 3 to 6 all see as much; of 8 and more they come too late.)
const WIDTH: u8 = 4;
/// Shapes kept: with 16 a cycle of a hundred points is not covered, with 32 little is gained.
const KEPT: usize = 24;
/// Blocks before it is heard, 2,000 values: it sees one shape where [`Shapes`] of single values see four, and what a signal's
/// cycles are like is known that much later.
const KNOWN: u16 = 500;

/// The memory of shapes once more, over means of four values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::detect) struct Blocks {
    shapes: Shapes<KEPT>,
    sum: f32,
    count: u8,
    /// Blocks so far.
    seen: u16,
}

impl Blocks {
    /// A little of each line of memory.
    pub(in crate::detect) fn touch(&self) -> f32 {
        self.sum
    }

    /// The distance of the last eight blocks from the nearest shape known; none while a block is filled, and until a shape is
    /// known. Then learns.
    pub(in crate::detect) fn judge(&mut self, value: f64) -> Option<f64> {
        self.sum += value as f32 / f32::from(WIDTH);
        self.count += 1;
        if self.count < WIDTH {
            return None;
        }
        let mean = std::mem::take(&mut self.sum);
        self.count = 0;
        self.seen = self.seen.saturating_add(1);
        self.shapes.judge(f64::from(mean))
    }

    /// Whether it has seen too little yet to be heard.
    pub(in crate::detect) fn is_early(&self) -> bool {
        self.seen < KNOWN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The greatest distance within these values.
    fn farthest(blocks: &mut Blocks, values: impl Iterator<Item = f64>) -> f64 {
        values.filter_map(|value| blocks.judge(value)).fold(0.0, f64::max)
    }

    #[test]
    fn a_cycle_that_changes_its_pace_is_far_from_all_it_knows() {
        let wave = |i: i32, period: f64| libm::sin(f64::from(i) / period * std::f64::consts::TAU);
        let mut blocks = Blocks::default();
        (0..4_000).for_each(|i| _ = blocks.judge(wave(i, 100.0)));
        assert!(!blocks.is_early());
        let usual = farthest(&mut blocks, (4_000..6_000).map(|i| wave(i, 100.0)));
        let faster = farthest(&mut blocks, (0..100).map(|i| wave(i, 40.0)));
        assert!(2.0 * usual < faster, "{usual} {faster}");
    }
}
