//! A small memory of shapes: leader clustering (Hartigan, 1975, Clustering Algorithms).
//!
//! It gives what forests and adaptive resonance give (Guha et al., 2016, ICML; da Silva et al., 2019, Neural Networks), at a
//! five-hundredth of the memory: how far is this from anything seen?

use serde::{Deserialize, Serialize};

use super::shape::{LENGTH, Shape};
use crate::baseline::{Mean, Shorts, flat};

/// Single values kept.
const VALUES: usize = 64;
/// The nearest prototype moves by this share towards what it took in.
const MOVE: f32 = 0.05;
const FORGET: f64 = 0.0005;
/// The weight of one use, and how many uses there are between two agings: a use of long ago counts half after 1,000.
const USE: u8 = 8;
const AGES: u8 = 200;

/// Which prototypes are used, with forgetting: later uses weigh more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Uses<const N: usize> {
    #[serde(with = "flat")]
    uses: [u8; N],
    /// Uses since all were last aged.
    since: u8,
    held: u8,
    distance: Mean,
}

impl<const N: usize> Uses<N> {
    fn new() -> Self {
        Uses { uses: [0; N], since: 0, held: 0, distance: Mean::default() }
    }

    /// The place for something this far from its nearest: a free or the least used one if it is farther than usual, none
    /// if the nearest takes it.
    fn place(&mut self, nearest: usize, distance: f64) -> Option<usize> {
        let far = self.distance.get() < distance;
        self.distance.learn(distance, FORGET);
        self.age();
        if !far {
            self.uses[nearest] = self.uses[nearest].saturating_add(USE);
            return None;
        }
        let place = if usize::from(self.held) < N {
            self.held += 1;
            usize::from(self.held) - 1
        } else {
            let mut least = 0;
            for i in 1..N {
                if self.uses[i] < self.uses[least] {
                    least = i;
                }
            }
            least
        };
        self.uses[place] = USE;
        Some(place)
    }

    /// Every [`AGES`] uses, all count an eighth less.
    fn age(&mut self) {
        self.since += 1;
        if self.since == AGES {
            self.since = 0;
            self.uses.iter_mut().for_each(|u| *u -= *u / 8);
        }
    }
}

/// The last eight values against `N` prototypes of such.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::detect) struct Shapes<const N: usize> {
    #[serde(with = "flat")]
    kept: [Shape; N],
    uses: Uses<N>,
    last: [f32; LENGTH],
    filled: u8,
}

impl<const N: usize> Default for Shapes<N> {
    fn default() -> Self {
        Shapes { kept: [Shape::default(); N], uses: Uses::new(), last: [0.0; LENGTH], filled: 0 }
    }
}

impl<const N: usize> Shapes<N> {
    /// A little of each line of memory.
    pub(super) fn touch(&self) -> f32 {
        let kept = self.kept.iter().step_by(5).fold(0.0, |sum, shape| sum + shape.middle());
        kept + self.last[0] + f32::from(self.uses.held)
    }

    /// The distance (sum of absolute differences) of the last eight values, this one included, from the nearest shape
    /// known; none until one is known. Then learns.
    pub(in crate::detect) fn judge(&mut self, value: f64) -> Option<f64> {
        self.last.copy_within(1.., 0);
        self.last[LENGTH - 1] = value as f32;
        if usize::from(self.filled) < LENGTH {
            self.filled += 1;
            if usize::from(self.filled) < LENGTH {
                return None;
            }
        }
        let held = usize::from(self.uses.held);
        if held == 0 {
            self.kept[0] = Shape::of(&self.last);
            self.uses.held = 1;
            self.uses.uses[0] = USE;
            return None;
        }
        let (mut nearest, mut distance) = (0, f32::MAX);
        for (i, shape) in self.kept[..held].iter().enumerate() {
            let sum = shape.apart(&self.last);
            if sum < distance {
                (nearest, distance) = (i, sum);
            }
        }
        match self.uses.place(nearest, f64::from(distance)) {
            Some(place) => self.kept[place] = Shape::of(&self.last),
            None => {
                let mut moved = self.kept[nearest].values();
                for (kept, last) in moved.iter_mut().zip(&self.last) {
                    *kept += MOVE * (last - *kept);
                }
                self.kept[nearest] = Shape::of(&moved);
            }
        }
        Some(f64::from(distance))
    }
}

/// A value against 64 values known: new even between known levels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::detect) struct Values {
    kept: Shorts<VALUES>,
    uses: Uses<VALUES>,
}

impl Default for Values {
    fn default() -> Self {
        Values { kept: Shorts::new(), uses: Uses::new() }
    }
}

impl Values {
    /// A little of each line of memory.
    pub(super) fn touch(&self) -> f32 {
        self.kept.get(0) + self.kept.get(32) + f32::from(self.uses.uses[0]) + f32::from(self.uses.held)
    }

    /// The distance from the nearest value known; none until one is known. Then learns.
    pub(in crate::detect) fn judge(&mut self, value: f64) -> Option<f64> {
        let value = value as f32;
        let held = usize::from(self.uses.held);
        if held == 0 {
            self.kept.set(0, value);
            self.uses.held = 1;
            self.uses.uses[0] = USE;
            return None;
        }
        let far = self.kept.values(held).map(|kept| (kept - value).abs());
        let distance = least(&far[..held]);
        let nearest = far.iter().position(|&far| far == distance).unwrap_or(0);
        match self.uses.place(nearest, f64::from(distance)) {
            Some(place) => self.kept.set(place, value),
            None => {
                let kept = self.kept.get(nearest);
                self.kept.set(nearest, kept + MOVE * (value - kept));
            }
        }
        Some(f64::from(distance))
    }
}

/// The least of these, in eight lanes, so that the processor compares eight at once.
fn least(far: &[f32]) -> f32 {
    let (rows, rest) = far.as_chunks::<8>();
    let mut lanes = [f32::MAX; 8];
    for row in rows {
        lanes = std::array::from_fn(|i| if row[i] < lanes[i] { row[i] } else { lanes[i] });
    }
    lanes.iter().chain(rest).copied().fold(f32::MAX, f32::min)
}
