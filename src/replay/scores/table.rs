//! The rows of one CSV file that wait for their scores.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;

use super::shelf::{FileIx, Shelf};
use super::text::{HEADER, Pair, judged, path_part, push_row};
use crate::ingest::files::{Column, Input, TextRow};
use crate::signal::Signal;
use crate::time::Timestamp;

/// A CSV file's rows in input order; a row leaves when nothing can change its scores any more.
#[derive(Debug)]
pub(super) struct Table {
    columns: BTreeMap<Signal, usize>,
    files: Vec<FileIx>,
    last: Vec<Pair>,
    rows: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    text: TextRow,
    /// By column; empty until the first arrives.
    scores: Vec<Option<Pair>>,
}

impl Table {
    /// The table of a file: `place.csv` for the signal of its stem, else `place/COLUMN.csv`.
    pub(super) fn new(input: &Input, columns: &[Column], shelf: &mut Shelf) -> Self {
        let place = |column: &Column| match column.signal.name() == input.stem {
            true => with_csv(input.place.clone()),
            false => input.place.join(format!("{}.csv", path_part(&column.name))),
        };
        Table {
            columns: columns.iter().enumerate().map(|(at, column)| (column.signal.clone(), at)).collect(),
            files: columns.iter().map(|column| shelf.add(&place(column), HEADER)).collect(),
            last: vec![Pair::default(); columns.len()],
            rows: VecDeque::new(),
        }
    }

    /// Which column a signal is.
    pub(super) fn column_of(&self, signal: &Signal) -> Option<usize> {
        self.columns.get(signal).copied()
    }

    pub(super) fn push(&mut self, text: TextRow) {
        self.rows.push_back(Waiting { text, scores: Vec::new() });
    }

    pub(super) fn waiting(&self) -> usize {
        self.rows.len()
    }

    /// A row has no scores of its own: it was refused.
    pub(super) fn refuse(&mut self, row: u64) {
        if let Some(waiting) = self.find(row) {
            waiting.text.at = None;
        }
    }

    pub(super) fn score(&mut self, row: u64, column: usize, scores: Pair) {
        let columns = self.files.len();
        if let Some(waiting) = self.find(row) {
            waiting.scores.resize(columns, None);
            waiting.scores[column] = Some(scores);
        }
    }

    /// Rows follow each other without a gap.
    fn find(&mut self, row: u64) -> Option<&mut Waiting> {
        let first = self.rows.front()?.text.row;
        self.rows.get_mut(usize::try_from(row.checked_sub(first)?).ok()?)
    }

    /// Writes the rows before `watermark` (all without one) and those without scores of their own, as far as no other row stands before them.
    pub(super) fn flush(&mut self, watermark: Option<Timestamp>, shelf: &mut Shelf) -> io::Result<()> {
        while self.rows.front().is_some_and(|row| row.text.at.is_none_or(|at| judged(at, watermark))) {
            let Some(row) = self.rows.pop_front() else { break };
            for (column, &file) in self.files.iter().enumerate() {
                let last = &mut self.last[column];
                *last = row.scores.get(column).copied().flatten().unwrap_or(*last);
                shelf.append(file, |out| push_row(out, row.text.stamp(), row.text.value(column), *last))?;
            }
        }
        Ok(())
    }

    /// Takes away the files of columns that proved to be no signal.
    pub(super) fn finish(&self, columns: &[Column], shelf: &mut Shelf) -> io::Result<()> {
        let none = self.files.iter().zip(columns).filter(|(_, column)| !column.is_signal());
        none.map(|(&file, _)| file).collect::<Vec<_>>().into_iter().try_for_each(|file| shelf.remove(file))
    }
}

/// `.csv` added; a stem's own dots stay.
fn with_csv(mut place: PathBuf) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
    place.set_file_name(format!("{name}.csv"));
    place
}
