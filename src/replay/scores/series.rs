//! The readings of one signal that came by another format than CSV, and wait for their scores.

use std::collections::{BTreeSet, VecDeque};
use std::io;

use super::shelf::{FileIx, Shelf};
use super::text::{Pair, judged, push_row, value_text};
use crate::engine::Scored;
use crate::time::Timestamp;

/// How a format writes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// Nanoseconds since the epoch: line protocol and OTLP.
    Nanos,
    /// RFC 3339: logs and JSON.
    Text,
}

/// The rows of one signal in input order.
#[derive(Debug)]
pub(super) struct Series {
    file: FileIx,
    clock: Clock,
    last: Pair,
    rows: VecDeque<Waiting>,
    /// Where the last score found its row: the next one is mostly right after it.
    cursor: usize,
}

#[derive(Debug)]
struct Waiting {
    row: u64,
    at: Timestamp,
    value: f64,
    scores: Option<Pair>,
    refused: bool,
}

impl Series {
    pub(super) fn new(file: FileIx, clock: Clock) -> Self {
        Series { file, clock, last: Pair::default(), rows: VecDeque::new(), cursor: 0 }
    }

    /// A reading that is a row of its own: a gauge, a counter.
    pub(super) fn push(&mut self, row: u64, at: Timestamp, value: f64) {
        self.rows.push_back(Waiting { row, at, value, scores: None, refused: false });
    }

    pub(super) fn waiting(&self) -> usize {
        self.rows.len()
    }

    /// These rows have no scores of their own.
    pub(super) fn refuse(&mut self, rows: &BTreeSet<u64>) {
        self.rows.iter_mut().for_each(|waiting| waiting.refused |= rows.contains(&waiting.row));
    }

    pub(super) fn score(&mut self, scored: &Scored, scores: Pair) {
        let fits = |waiting: &Waiting| waiting.row == scored.row && waiting.at == scored.at && waiting.scores.is_none();
        let after = (self.cursor..self.rows.len()).find(|&at| fits(&self.rows[at]));
        if let Some(at) = after.or_else(|| self.rows.iter().position(fits)) {
            self.rows[at].scores = Some(scores);
            self.cursor = at + 1;
        }
    }

    /// Writes a value that has no row of the input: a quantile, a count of lines.
    pub(super) fn derived(&mut self, scored: &Scored, scores: Pair, shelf: &mut Shelf) -> io::Result<()> {
        self.last = scores;
        self.write(scored.at, scored.value, shelf)
    }

    /// Writes the rows before `watermark` (all without one), as far as no other row stands before them.
    pub(super) fn flush(&mut self, watermark: Option<Timestamp>, shelf: &mut Shelf) -> io::Result<()> {
        while let Some(row) = self.rows.pop_front_if(|row| row.refused || judged(row.at, watermark)) {
            self.last = row.scores.unwrap_or(self.last);
            self.cursor = self.cursor.saturating_sub(1);
            self.write(row.at, row.value, shelf)?;
        }
        Ok(())
    }

    fn write(&self, at: Timestamp, value: f64, shelf: &mut Shelf) -> io::Result<()> {
        let stamp = match self.clock {
            Clock::Nanos => at.nanos().to_string(),
            Clock::Text => at.to_string(),
        };
        shelf.append(self.file, |out| push_row(out, stamp.as_bytes(), value_text(value).as_bytes(), self.last))
    }
}
