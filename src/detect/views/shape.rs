//! One shape in thirteen bytes.

use serde::{Deserialize, Serialize};

/// Points of a shape.
pub(super) const LENGTH: usize = 8;

/// Eight values in block floating point: a middle, a power of two, and eight steps of it. The error is at most 0.8 % of the
/// shape's own half width, whatever the range of the signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Shape {
    /// An `f32` as bytes, so that shapes lie side by side without gaps.
    middle: [u8; 4],
    exponent: i8,
    steps: [i8; LENGTH],
}

/// The least exponent of a normal `f32`.
const LEAST: i32 = -126;
/// Steps stay within an `i8`: the half width is 64 to 128 of them.
const BITS: i32 = 6;

impl Shape {
    pub(super) fn of(values: &[f32; LENGTH]) -> Self {
        let low = values.iter().copied().fold(f32::MAX, f32::min);
        let high = values.iter().copied().fold(f32::MIN, f32::max);
        let middle = low / 2.0 + high / 2.0;
        let half = f64::from((high - middle).max(middle - low));
        let exponent = if half <= 0.0 { LEAST } else { (libm::ilogb(half) - BITS).clamp(LEAST, 127) };
        let steps = values.map(|v| ((v - middle) / power(exponent)).round().clamp(-127.0, 127.0) as i8);
        Shape { middle: middle.to_le_bytes(), exponent: exponent as i8, steps }
    }

    pub(super) fn values(&self) -> [f32; LENGTH] {
        let step = power(i32::from(self.exponent));
        let middle = f32::from_le_bytes(self.middle);
        self.steps.map(|s| middle + f32::from(s) * step)
    }

    /// The sum of absolute differences, in four lanes and a fixed order, so that the processor adds four at once.
    pub(super) fn apart(&self, other: &[f32; LENGTH]) -> f32 {
        let values = self.values();
        let lane = |i: usize| (values[i] - other[i]).abs() + (values[i + 4] - other[i + 4]).abs();
        let lanes = [lane(0), lane(1), lane(2), lane(3)];
        (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
    }
}

/// `2^exponent` from `LEAST` to 127, exact.
fn power(exponent: i32) -> f32 {
    f32::from_bits(((exponent + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_to_a_hundredth_of_the_width() {
        let cases = [[0.0; 8], [5.0; 8], [1e6, 1e6 + 1.0, 1e6 + 2.0, 1e6, 1e6, 1e6 + 3.0, 1e6, 1e6], [1e-40; 8]];
        let ramp: [f32; 8] = std::array::from_fn(|i| (i as f32 - 3.0) * 1e20);
        for values in cases.into_iter().chain([ramp]) {
            let shape = Shape::of(&values);
            let width =
                values.iter().copied().fold(f32::MIN, f32::max) - values.iter().copied().fold(f32::MAX, f32::min);
            for (back, value) in shape.values().iter().zip(&values) {
                assert!((back - value).abs() <= 0.01 * width, "{values:?} gives {:?}", shape.values());
            }
            assert!(shape.apart(&values) <= 0.08 * width);
        }
    }
}
