//! Heights in two bytes.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An `f32` without its lower half (bfloat16): two to three digits of a gap, so that what lies near the bound is known as well as
/// what lies far. For what is kept or replaced; what moves by small steps would stand still. Saved as the `f32` that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "f32", into = "f32")]
pub(crate) struct Bf16(u16);

impl Bf16 {
    /// The least finite one: below every height.
    pub(crate) const LEAST: Bf16 = Bf16(0xFF7F);

    /// Below even that: no height at all.
    pub(crate) const NOTHING: Bf16 = Bf16(0xFF80);

    /// The nearest one.
    pub(crate) fn of(value: f32) -> Self {
        let bits = value.to_bits();
        let nearest = Bf16((bits.saturating_add(0x8000) >> 16) as u16);
        // what is finite stays so
        if nearest.get().is_finite() { nearest } else { Bf16((bits >> 16) as u16) }
    }

    /// The least one that is no lower: a height that nothing seen so far has passed.
    pub(crate) fn at_least(value: f32) -> Self {
        let cut = Bf16((value.to_bits() >> 16) as u16);
        match cut.get() < value {
            // cutting digits off lowers what is above zero alone
            true => Bf16(cut.0 + 1),
            false => cut,
        }
    }

    pub(crate) const fn get(self) -> f32 {
        f32::from_bits((self.0 as u32) << 16)
    }
}

impl From<f32> for Bf16 {
    fn from(value: f32) -> Self {
        Bf16::of(value)
    }
}

impl From<Bf16> for f32 {
    fn from(height: Bf16) -> Self {
        height.get()
    }
}

/// A row of them on the heap, saved as a sequence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row<const N: usize>(Box<[Bf16; N]>);

impl<const N: usize> Row<N> {
    /// All the same.
    pub(crate) fn filled(value: f32) -> Self {
        Row(Box::new([Bf16::of(value); N]))
    }

    pub(crate) fn get(&self, place: usize) -> f32 {
        self.0[place].get()
    }

    pub(crate) fn set(&mut self, place: usize, value: f32) {
        self.0[place] = Bf16::of(value);
    }

    /// Takes several in from a place on.
    pub(crate) fn copy_in(&mut self, place: usize, heights: &[Bf16]) {
        self.0[place..place + heights.len()].copy_from_slice(heights);
    }

    pub(crate) fn fill(&mut self, value: f32) {
        self.0.fill(Bf16::of(value));
    }

    /// All in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = f32> + Clone {
        self.0.iter().map(|height| height.get())
    }

    /// All from a place on, and then all once more.
    pub(crate) fn ring(&self, from: usize) -> impl Iterator<Item = f32> + Clone {
        self.0[from.min(N)..].iter().chain(self.0.iter()).map(|height| height.get())
    }
}

impl<const N: usize> Serialize for Row<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_slice().serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Row<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = Vec::<Bf16>::deserialize(deserializer)?;
        let length = row.len();
        let row = row.into_boxed_slice().try_into();
        row.map(Row).map_err(|_| Error::custom(format!("{length} heights where there are {N}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_come_back_to_a_256th_and_as_they_were_saved() {
        let mut state = 1u32;
        for _ in 0..10_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = f32::from_bits(state);
            if !value.is_normal() {
                continue;
            }
            let (near, above) = (Bf16::of(value), Bf16::at_least(value));
            assert!((near.get() - value).abs() <= value.abs() / 128.0, "{value} {near:?}");
            assert!(value <= above.get() && (above.get() - value) / 2.0 <= value.abs() / 256.0, "{value} {above:?}");
            assert_eq!(Bf16::from(f32::from(near)), near);
        }
        for value in [0.0, f32::NEG_INFINITY, 1.0, -0.5] {
            assert_eq!((Bf16::of(value).get(), Bf16::at_least(value).get()), (value, value));
        }
        assert!(Bf16::of(f32::MIN) == Bf16::LEAST && Bf16::of(f32::MAX).get().is_finite());
    }

    #[test]
    fn a_row_is_saved_as_the_numbers_it_holds() {
        let mut row = Row::<3>::filled(0.5);
        row.set(1, -2.0);
        let bytes = postcard::to_allocvec(&row).unwrap();
        assert_eq!(postcard::from_bytes::<Vec<f32>>(&bytes).unwrap(), [0.5, -2.0, 0.5]);
        assert_eq!(postcard::from_bytes::<Row<3>>(&bytes).unwrap(), row);
        assert!(postcard::from_bytes::<Row<2>>(&bytes).is_err());
        assert_eq!(row.ring(1).collect::<Vec<_>>(), [-2.0, 0.5, 0.5, -2.0, 0.5]);
    }
}
