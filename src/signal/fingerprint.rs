//! A wire identity in 16 bytes, so that a series seen before costs one look-up and no parsing.

use xxhash_rust::xxh3::xxh3_128_with_seed;

/// A hash of the bytes that name a series on the wire.
///
/// Two spellings of one identity (labels in another order) have two fingerprints and meet at the same
/// [`Signal`](super::Signal); two identities never share one but by a collision of 128 bits. It lives only in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// Starts from the bytes that many series share (a resource, a measurement with its tags); `format` keeps decoders apart.
    pub fn new(format: u64, bytes: &[u8]) -> Self {
        Fingerprint(xxh3_128_with_seed(bytes, format))
    }

    /// Goes on with the next part (the metric, the field, the point's attributes).
    pub fn and(self, bytes: &[u8]) -> Self {
        let low = xxh3_128_with_seed(bytes, self.0 as u64);
        Fingerprint(low ^ self.0.rotate_left(37).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
    }
}
