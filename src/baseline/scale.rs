//! The scale on which a signal is judged: its own.

use serde::{Deserialize, Serialize};

/// Shifts by the first value and divides by a power of two near the first magnitude that is not zero.
///
/// Both are exact in binary floating point, so every power-of-two multiple of a signal has the same normalised values and
/// the same decisions. The shift keeps small changes of large values (a clock, a disk in bytes) within `f32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    anchor: f64,
    /// Exponent of two; none until a magnitude was seen.
    exponent: Option<i16>,
    anchored: bool,
}

/// Normalised values stay within this, so that `f32` and the squares in `f64` hold them: 2^90.
const BOUND: f64 = 1.237_940_039_285_380_3e27;

impl Scale {
    /// The normalised value; finite, at most 2^90 in magnitude. `value` must be finite.
    pub fn read(&mut self, value: f64) -> f64 {
        if !self.anchored {
            self.anchored = true;
            self.anchor = value;
        }
        let offset = (value - self.anchor).clamp(f64::MIN, f64::MAX);
        let magnitude = if self.anchor == 0.0 { offset } else { self.anchor };
        let exponent = match self.exponent {
            Some(exponent) => exponent,
            None if magnitude == 0.0 => return 0.0,
            None => *self.exponent.insert(libm::ilogb(magnitude) as i16),
        };
        libm::scalbn(offset, -i32::from(exponent)).clamp(-BOUND, BOUND)
    }

    /// The value that a normalised one stands for, within what `f64` holds.
    pub fn value(&self, normal: f64) -> f64 {
        let value = self.anchor + libm::scalbn(normal, i32::from(self.exponent.unwrap_or(0)));
        value.clamp(f64::MIN, f64::MAX)
    }

    /// Where the true zero lies on the normalised scale.
    pub fn zero(&self) -> f64 {
        libm::scalbn(-self.anchor, -i32::from(self.exponent.unwrap_or(0))).clamp(-BOUND, BOUND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_the_same_signal() {
        for factor in [2.0, 0.125, 2f64.powi(990), 2f64.powi(-900)] {
            let (mut a, mut b) = (Scale::default(), Scale::default());
            for value in [3.0, 3.0, 3.7, -12.0, 0.0, 1e9] {
                let (x, y) = (a.read(value), b.read(value * factor));
                assert_eq!(x.to_bits(), y.to_bits(), "{value} times {factor}");
                assert_eq!(a.value(x), value);
                assert_eq!(a.zero(), b.zero());
            }
        }
    }

    #[test]
    fn any_magnitude_stays_finite() {
        let mut scale = Scale::default();
        for value in [1e-300, f64::MAX, f64::MIN, 0.0, f64::MIN_POSITIVE, 5e-324] {
            assert!(scale.read(value).abs() <= BOUND);
            assert!(scale.value(BOUND).is_finite());
            assert!(scale.zero().is_finite());
        }
    }
}
