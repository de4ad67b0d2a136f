//! Values in three bytes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::flat;

/// An `f32` without its last byte: an error of at most 16 millionths of the value, which is counted from the signal's first one. As
/// bytes, so that they lie side by side without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Short([u8; 3]);

impl Short {
    /// The nearest one.
    pub(crate) fn of(value: f32) -> Self {
        let [_, bytes @ ..] = value.to_bits().saturating_add(0x80).to_le_bytes();
        Short(bytes)
    }

    pub(crate) fn get(self) -> f32 {
        let Short([low, middle, high]) = self;
        f32::from_le_bytes([0, low, middle, high])
    }
}

/// A row of them, upper and lower bytes apart, so that the processor reads many at once. Saved as `f32`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shorts<const N: usize> {
    upper: [u16; N],
    lower: [u8; N],
}

impl<const N: usize> Shorts<N> {
    /// All 0.
    pub(crate) fn new() -> Self {
        Shorts { upper: [0; N], lower: [0; N] }
    }

    pub(crate) fn get(&self, place: usize) -> f32 {
        f32::from_bits(u32::from(self.upper[place]) << 16 | u32::from(self.lower[place]) << 8)
    }

    pub(crate) fn set(&mut self, place: usize, value: f32) {
        let Short([lower, upper @ ..]) = Short::of(value);
        (self.lower[place], self.upper[place]) = (lower, u16::from_le_bytes(upper));
    }

    /// The first `held` in order; eight are read at once, and what lies beyond is not touched.
    pub(crate) fn values(&self, held: usize) -> [f32; N] {
        let mut values = [0.0; N];
        let eights = values.chunks_mut(8).zip(self.upper.chunks(8).zip(self.lower.chunks(8)));
        for (values, (upper, lower)) in eights.take(held.div_ceil(8)) {
            for (value, (&upper, &lower)) in values.iter_mut().zip(upper.iter().zip(lower)) {
                *value = f32::from_bits(u32::from(upper) << 16 | u32::from(lower) << 8);
            }
        }
        values
    }
}

impl<const N: usize> Serialize for Shorts<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        flat::serialize(&self.values(N), serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Shorts<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values: [f32; N] = flat::deserialize(deserializer)?;
        let mut row = Shorts::new();
        values.into_iter().enumerate().for_each(|(place, value)| row.set(place, value));
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearly_five_digits_come_back() {
        for value in [0.0, -0.0, 1.0, -2.718_3e3, 1e-30, 1.237_94e27, -1_000_000.1] {
            let back = Short::of(value).get();
            assert!((back - value).abs() <= 1.6e-5 * value.abs(), "{value} gives {back}");
            assert_eq!(Short::of(back), Short::of(value), "to the last bit once it is one");
            let mut row = Shorts::<3>::new();
            row.set(1, value);
            assert_eq!(row.values(3), [0.0, back, 0.0]);
        }
    }
}
