//! One shape in twelve bytes.

use serde::{Deserialize, Serialize};

use crate::baseline::Short;

/// Points of a shape.
pub(super) const LENGTH: usize = 8;

/// Eight values in block floating point: a middle, a power of two, and eight steps of it. The error is at most 0.8 % of the
/// shape's own half width, whatever the range of the signal; where that is no more than 16 millionths of the middle it is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(super) struct Shape {
    /// The middle, an `f32` without its last byte, and there the exponent with the bias of an `f32`.
    middle: u32,
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
        let middle = Short::of(low / 2.0 + high / 2.0).get();
        let half = f64::from((high - middle).max(middle - low));
        let exponent = if half <= 0.0 { LEAST } else { (libm::ilogb(half) - BITS).clamp(LEAST, 127) };
        let steps = values.map(|v| ((v - middle) / power(biased(exponent))).round().clamp(-127.0, 127.0) as i8);
        Shape { middle: middle.to_bits() | biased(exponent), steps }
    }

    pub(super) fn middle(&self) -> f32 {
        f32::from_bits(self.middle & !EXPONENT)
    }

    fn exponent(&self) -> u32 {
        self.middle & EXPONENT
    }

    pub(super) fn values(&self) -> [f32; LENGTH] {
        let (middle, step) = (self.middle(), power(self.exponent()));
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

const EXPONENT: u32 = 0xFF;

/// The exponent with the bias of an `f32`, of one from `LEAST` to 127.
fn biased(exponent: i32) -> u32 {
    (exponent + 127) as u32
}

/// Two to the power of an exponent with its bias, exact.
fn power(biased: u32) -> f32 {
    f32::from_bits(biased << 23)
}

/// As it is saved: the middle as the bytes of an `f32`.
type Saved = ([u8; 4], i8, [i8; LENGTH]);

impl From<Saved> for Shape {
    fn from((bytes, exponent, steps): Saved) -> Self {
        let middle = f32::from_le_bytes(bytes);
        let exponent = biased(i32::from(exponent)) & EXPONENT;
        if middle.to_bits() & EXPONENT == 0 {
            return Shape { middle: middle.to_bits() | exponent, steps };
        }
        // an older release knew the middle to four bytes: its steps are counted from there
        Shape::of(&steps.map(|s| middle + f32::from(s) * power(exponent)))
    }
}

impl From<Shape> for Saved {
    fn from(shape: Shape) -> Self {
        (shape.middle().to_le_bytes(), (shape.exponent() as i32 - 127) as i8, shape.steps)
    }
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
            let least = values.iter().fold(f32::MIN_POSITIVE, |most, v| most.max(2e-7 * v.abs()));
            for (back, value) in shape.values().iter().zip(&values) {
                assert!((back - value).abs() <= 0.01 * width + least, "{values:?} gives {:?}", shape.values());
            }
            assert!(shape.apart(&values) <= 8.0 * (0.01 * width + least));
            assert_eq!(Shape::from(Saved::from(shape)), shape);
            let older = ((1.234_567_9f32).to_le_bytes(), 0, [1; LENGTH]);
            assert!(Shape::from(older).values().iter().all(|v| (v - 2.234_567_9).abs() < 1e-4));
        }
    }
}
