//! Records on their way from a decoder to the shards.

use crate::signal::{Change, Reading, Reject};
use crate::time::Timestamp;

/// The place of a series in the engine's directory; dense, valid for the engine that gave it and until the series is
/// forgotten, never persisted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesIx(pub u32);

/// One reading of a known series.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The series.
    pub series: SeriesIx,
    /// Event time.
    pub at: Timestamp,
    /// What was read.
    pub reading: Reading,
    /// The place in its file or message, given back with the scores; ties in time are broken by it.
    pub row: u64,
}

/// What was decoded of one or more messages of one partition, in the order of the wire.
#[derive(Debug, Default)]
pub struct Batch {
    /// Readings.
    pub samples: Vec<Sample>,
    /// Changes; never late.
    pub changes: Vec<Change>,
    /// What could not be read, and the row at which.
    pub rejects: Vec<(u64, Reject)>,
}

impl Batch {
    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.samples.clear();
        self.changes.clear();
        self.rejects.clear();
    }
}
