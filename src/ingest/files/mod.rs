//! Files as partitions: found, unpacked, cut into lines, decoded, and read in step.
//!
//! Nothing is sorted: the file whose highest time is least is read next, a chunk at a time, so that none runs ahead of the
//! slowest by more than a chunk and what waits in the engine stays small. Which chunk comes when is a function of the
//! files alone.

mod cells;
mod csv;
mod find;
mod format;
mod leap;
mod lines;
mod log;
mod source;
mod unpack;
mod wire;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::decode::civil as moment;
use crate::engine::{Batch, Engine};
use crate::ingest::gate::PartitionId;
use crate::time::Timestamp;

pub use cells::{open, read_cells};
pub use csv::{Column, TextRow};
pub use find::{FileError, Found, Input, find};
pub use format::{FileFormat, Packing};
pub use leap::{LEAP, Leap};
/// Reads a time as files write them: RFC 3339, `YYYY-MM-DD HH:MM:SS` in UTC, a date, or a number since the epoch by its magnitude.
pub use moment::parse as parse_moment;
pub use source::Written;
use source::{ROW_BITS, Source};
pub use unpack::unpack;

/// Files kept open at the same time; more are closed and opened again where they were.
const OPEN_MOST: usize = 128;

/// Lines of a chunk: so many where there are few files, fewer where there are many, so that the sum is bounded.
const CHUNK_LINES: (usize, usize) = (32, 4096);
const CHUNKS_LINES: usize = 1 << 20;

/// Several files, read in step.
#[derive(Debug)]
pub struct Files {
    sources: Vec<Source>,
    /// Files not yet at their end, by how far they were read.
    order: BTreeSet<(Option<Timestamp>, usize)>,
    open: VecDeque<usize>,
    longest: usize,
    keep_written: bool,
    counted: Arc<AtomicU64>,
}

/// What one read brought besides the batch.
#[derive(Debug)]
pub struct Chunk {
    /// The index of the file.
    pub file: usize,
    /// Whether it is at its end, for good.
    pub ended: bool,
    /// Why it ended before its time.
    pub error: Option<FileError>,
    /// What was read as it stands in the file, if that was asked for.
    pub written: Written,
}

impl Files {
    /// The files, none opened yet. A line may have `longest` bytes; `keep_written` asks for what was
    /// read as it stands in the file.
    pub fn new(inputs: Vec<Input>, longest: usize, keep_written: bool) -> Self {
        let sources: Vec<Source> =
            inputs.into_iter().enumerate().map(|(index, input)| Source::new(input, index)).collect();
        let order = (0..sources.len()).map(|index| (None, index)).collect();
        Files { sources, order, open: VecDeque::new(), longest, keep_written, counted: Arc::default() }
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// A file.
    pub fn input(&self, file: usize) -> &Input {
        &self.sources[file].input
    }

    /// A file as a partition.
    pub fn partition(&self, file: usize) -> &PartitionId {
        &self.sources[file].partition
    }

    /// The value columns of a CSV file, once its first chunk was read; empty for any other file.
    pub fn columns(&self, file: usize) -> &[Column] {
        self.sources[file].columns()
    }

    /// How many lines or data rows were read of a file, blank ones apart.
    pub fn records(&self, file: usize) -> u64 {
        self.sources[file].records()
    }

    /// The file that a row is of.
    pub fn file_of(row: u64) -> usize {
        (row >> ROW_BITS) as usize
    }

    /// The number of a row within its file, from 1.
    pub fn row_in_file(row: u64) -> u64 {
        row & ((1 << ROW_BITS) - 1)
    }

    /// The bytes of files read so far, as packed; shared with a progress bar.
    pub fn counted(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.counted)
    }

    /// Reads the next chunk of the file that is furthest behind into the empty `batch`; none when all are at their end.
    pub fn read(&mut self, engine: &mut Engine, batch: &mut Batch) -> Option<Chunk> {
        let (_, file) = self.order.pop_first()?;
        self.make_room(file);
        let (least, most) = CHUNK_LINES;
        let lines = (CHUNKS_LINES / self.sources.len()).clamp(least, most);
        let source = &mut self.sources[file];
        let mut written = self.keep_written.then(Written::default);
        let outcome = source.read(lines, self.longest, &self.counted, (engine, batch), &mut written);
        let (ended, error) = match outcome {
            Ok(ended) => (ended, None),
            Err(error) => (true, Some(FileError::Unreadable { path: source.input.path.clone(), source: error })),
        };
        if !ended {
            self.order.insert((source.pace(), file));
        }
        Some(Chunk { file, ended, error, written: written.unwrap_or_default() })
    }

    /// Notes that `file` is open, and closes the one that was read longest ago where there are too many.
    fn make_room(&mut self, file: usize) {
        if self.open.back() != Some(&file) {
            self.open.retain(|&open| open != file);
            self.open.push_back(file);
        }
        if OPEN_MOST < self.open.len()
            && let Some(oldest) = self.open.pop_front()
        {
            self.sources[oldest].close();
        }
    }
}

#[cfg(test)]
mod tests;
