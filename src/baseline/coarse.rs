//! Sizes in two bytes.

use serde::{Deserialize, Serialize};

/// A size to three digits: the upper half of an `f32`. It orders as the size does, and an error of 0.4 % moves a surprise by
/// less than 0.01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Coarse(u16);

impl Coarse {
    pub(crate) fn of(size: f64) -> Self {
        Coarse(((size as f32).to_bits() >> 16) as u16)
    }

    pub(crate) fn get(self) -> f64 {
        f64::from(f32::from_bits(u32::from(self.0) << 16))
    }

    pub(crate) fn to_bits(self) -> u16 {
        self.0
    }

    pub(crate) fn from_bits(bits: u16) -> Self {
        Coarse(bits)
    }
}
