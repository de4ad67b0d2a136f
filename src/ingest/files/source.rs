//! One file as a partition: its lines in order, its leaps held back, its place kept while it is closed.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::csv::{Column, Csv, TextRow};
use super::find::Input;
use super::format::FileFormat;
use super::leap::Leap;
use super::lines::Lines;
use super::log::Log;
use super::unpack::{self, Bytes};
use super::wire::Wire;
use crate::engine::{Batch, Engine, Intake, Sample};
use crate::ingest::gate::PartitionId;
use crate::time::Timestamp;

/// Rows of different files never share a number: the file's index stands above these bits.
pub(super) const ROW_BITS: u32 = 40;

/// A chunk ends after so many bytes at the latest.
const CHUNK_BYTES: u64 = 4 << 20;

/// What one read brought, as it stands in the file: before leaps are held back and late readings go.
#[derive(Debug, Default)]
pub struct Written {
    /// The rows of a CSV file.
    pub rows: Vec<TextRow>,
    /// All readings.
    pub samples: Vec<Sample>,
}

#[derive(Debug)]
enum Body {
    Wire(Wire),
    Csv(Csv),
    Log(Log),
}

/// The reader of one file.
pub(super) struct Source {
    pub(super) input: Input,
    pub(super) partition: PartitionId,
    lines: Option<Lines<Bytes>>,
    offset: u64,
    body: Body,
    leap: Leap,
    changed: Option<Timestamp>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("input", &self.input).field("offset", &self.offset).finish_non_exhaustive()
    }
}

impl Source {
    /// The `index`th file, not yet opened.
    pub(super) fn new(input: Input, index: usize) -> Self {
        let row = (index as u64) << ROW_BITS;
        let body = match input.format {
            FileFormat::Csv => Body::Csv(Csv::new(&input.stem, input.told_apart.as_deref(), row)),
            FileFormat::Log => Body::Log(Log::new(&input.stem, input.modified, row)),
            format => Body::Wire(Wire::new(format, row)),
        };
        let partition = PartitionId::new(&input.path.to_string_lossy(), 0);
        Source { input, partition, lines: None, offset: 0, body, leap: Leap::default(), changed: None }
    }

    /// The highest time read so far: how far the file runs ahead of others. None before its first record.
    pub(super) fn pace(&self) -> Option<Timestamp> {
        self.leap.highest().or(self.changed)
    }

    /// How many lines or data rows were read, blank ones apart.
    pub(super) fn records(&self) -> u64 {
        match &self.body {
            Body::Wire(wire) => wire.records(),
            Body::Csv(csv) => csv.records(),
            Body::Log(log) => log.records(),
        }
    }

    /// The value columns of a CSV file, once its first rows were read.
    pub(super) fn columns(&self) -> &[Column] {
        match &self.body {
            Body::Csv(csv) => csv.columns(),
            Body::Wire(_) | Body::Log(_) => &[],
        }
    }

    /// Lets go of the file; the next read opens it at the same place.
    pub(super) fn close(&mut self) {
        self.lines = None;
    }

    /// Reads up to `lines` lines into `batch`; whether the file is at its end. `written` takes the rows as they were, if it
    /// is there.
    ///
    /// # Errors
    /// Where the file cannot be opened, read or unpacked; what was read before that is in the batch.
    pub(super) fn read(
        &mut self,
        lines: usize,
        longest: usize,
        counted: &Arc<AtomicU64>,
        (engine, batch): (&mut Engine, &mut Batch),
        written: &mut Option<Written>,
    ) -> io::Result<bool> {
        let mut rows = written.as_mut().map(|written| std::mem::take(&mut written.rows));
        let outcome = self.read_lines(lines, longest, counted, &mut engine.intake(batch), &mut rows);
        if let Some(written) = written {
            written.rows = rows.unwrap_or_default();
            written.samples = batch.samples.clone();
        }
        self.leap.pass(batch);
        if !matches!(outcome, Ok(false)) {
            self.close();
            self.leap.end(batch);
        }
        self.changed = batch.changes.iter().map(|change| change.at).max().max(self.changed);
        outcome
    }

    fn read_lines(
        &mut self,
        most: usize,
        longest: usize,
        counted: &Arc<AtomicU64>,
        intake: &mut Intake<'_>,
        rows: &mut Option<Vec<TextRow>>,
    ) -> io::Result<bool> {
        let lines = match &mut self.lines {
            Some(lines) => lines,
            None => {
                let bytes = unpack::open(&self.input, self.offset, counted)?;
                self.lines.insert(Lines::new(bytes, longest, self.offset))
            }
        };
        let stop = lines.offset() + CHUNK_BYTES;
        let mut outcome = Ok(false);
        for _ in 0..most {
            if stop < lines.offset() {
                break;
            }
            match lines.next() {
                Ok(Some(line)) => match &mut self.body {
                    Body::Wire(wire) => wire.line(line, intake),
                    Body::Csv(csv) => csv.line(line, intake, rows),
                    Body::Log(log) => log.line(line, intake),
                },
                Ok(None) => outcome = Ok(true),
                Err(error) => outcome = Err(error),
            }
            if !matches!(outcome, Ok(false)) {
                break;
            }
        }
        self.offset = lines.offset();
        if let (Body::Csv(csv), false) = (&mut self.body, matches!(outcome, Ok(false))) {
            csv.end(intake, rows);
        }
        if let (Body::Log(log), false) = (&mut self.body, matches!(outcome, Ok(false))) {
            log.end(intake);
        }
        outcome
    }
}
