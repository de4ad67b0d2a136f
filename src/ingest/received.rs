//! What a source hands on.

use crate::time::Timestamp;

/// One record as it lies in its partition.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Its offset.
    pub offset: i64,
    /// The time the broker (or the producer) gave it.
    pub time: Option<Timestamp>,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its content; empty for a tombstone.
    pub payload: &'a [u8],
}
