//! The scores of every row read, as INTERFACE "Scores" lays them out.
//!
//! A row waits in input order until the engine has judged all times up to its own; then it is written with its scores, or
//! with those of the row before it where it was repeated, late or unreadable.

mod series;
mod shelf;
mod table;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use self::series::{Clock, Series};
use self::shelf::{FileIx, Shelf};
use self::table::Table;
use self::text::{HEADER, Pair, path_part, push_cell};
use crate::engine::{Batch, Engine, Sample, Scored, SeriesIx};
use crate::ingest::files::{Chunk, FileFormat, Files, TextRow};
use crate::signal::{Reading, Reject, RejectReason, Signal, Stat};
use crate::time::Timestamp;

/// Rows that may wait before those that can be written are.
const WAITING_MOST: usize = 1 << 16;

/// Writes score files below a folder.
#[derive(Debug)]
pub(super) struct Scores {
    shelf: Shelf,
    /// By input file; none for other formats.
    tables: Vec<Option<Table>>,
    series: Vec<Series>,
    /// By place in the engine's directory: what a series' own value is written to.
    targets: Vec<Option<Target>>,
    /// What has no row of the input: quantiles and rates of distributions, counts of lines.
    derived: BTreeMap<(u32, Stat), usize>,
    index: Option<FileIx>,
    watermark: Timestamp,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    Column { file: usize, column: usize },
    Series(usize),
    Derived(Clock),
}

impl Scores {
    pub(super) fn new(folder: &Path, files: usize) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Scores {
            shelf: Shelf::new(folder),
            tables: (0..files).map(|_| None).collect(),
            series: Vec::new(),
            targets: Vec::new(),
            derived: BTreeMap::new(),
            index: None,
            watermark: Timestamp::MIN,
        })
    }

    /// Notes the rows just read, as they stand in the file; `batch` tells which of them were refused.
    pub(super) fn read(&mut self, engine: &Engine, files: &Files, chunk: &mut Chunk, batch: &Batch) -> io::Result<()> {
        let input = files.input(chunk.file);
        let table = (input.format == FileFormat::Csv).then_some(chunk.file);
        if let Some(file) = table {
            self.read_table(file, files, &mut chunk.written.rows);
        }
        let clock = match input.format {
            FileFormat::Influx | FileFormat::Otlp => Clock::Nanos,
            _ => Clock::Text,
        };
        for sample in &chunk.written.samples {
            if let Target::Series(at) = self.target(engine, sample, table, clock)?
                && let Reading::Gauge(value) | Reading::Total { value, .. } | Reading::Delta { value, .. } =
                    sample.reading
            {
                self.series[at].push(sample.row, sample.at, value);
            }
        }
        let absurd = |(row, reject): &(u64, Reject)| (reject.reason == RejectReason::AbsurdTime).then_some(*row);
        let refused: BTreeSet<u64> = batch.rejects.iter().filter_map(absurd).collect();
        if !refused.is_empty() {
            match table.and_then(|file| self.tables[file].as_mut()) {
                Some(table) => refused.iter().for_each(|row| table.refuse(*row)),
                None => self.series.iter_mut().for_each(|series| series.refuse(&refused)),
            }
        }
        Ok(())
    }

    fn read_table(&mut self, file: usize, files: &Files, rows: &mut Vec<TextRow>) {
        let columns = files.columns(file);
        if self.tables[file].is_none() && !columns.is_empty() {
            self.tables[file] = Some(Table::new(files.input(file), columns, &mut self.shelf));
        }
        if let Some(table) = &mut self.tables[file] {
            rows.drain(..).for_each(|row| table.push(row));
        }
    }

    fn target(&mut self, engine: &Engine, sample: &Sample, table: Option<usize>, clock: Clock) -> io::Result<Target> {
        let place = sample.series.0 as usize;
        if self.targets.len() <= place {
            self.targets.resize(place + 1, None);
        }
        if let Some(target) = self.targets[place] {
            return Ok(target);
        }
        let signal = engine.directory().signal(sample.series);
        let column = table.and_then(|file| Some((file, self.tables[file].as_ref()?.column_of(signal)?)));
        let target = match column {
            Some((file, column)) => Target::Column { file, column },
            None if is_derived(&sample.reading) => Target::Derived(clock),
            None => Target::Series(self.found(signal, clock)?),
        };
        self.targets[place] = Some(target);
        Ok(target)
    }

    /// Begins the file of a signal and notes it in the index.
    fn found(&mut self, signal: &Signal, clock: Clock) -> io::Result<usize> {
        let hash = signal.stable_hash() >> 32;
        let name = format!("{}-{hash:08x}.csv", path_part(signal.name()));
        let file = self.shelf.add(Path::new(&name), HEADER);
        let index = match self.index {
            Some(index) => index,
            None => *self.index.insert(self.shelf.add(Path::new("index.csv"), "file,signal\n")),
        };
        self.shelf.append(index, |out| {
            push_cell(out, name.as_bytes());
            out.push(b',');
            push_cell(out, signal.to_string().as_bytes());
            out.push(b'\n');
        })?;
        self.series.push(Series::new(file, clock));
        Ok(self.series.len() - 1)
    }

    /// Takes the scores of what was judged.
    pub(super) fn take(&mut self, engine: &Engine, scored: &[Scored]) -> io::Result<()> {
        for scored in scored {
            let scores = Pair { anomaly: scored.anomaly, onset: scored.onset };
            match self.targets.get(scored.series.0 as usize).copied().flatten() {
                Some(Target::Column { file, column }) => {
                    if let Some(table) = &mut self.tables[file] {
                        table.score(scored.row, column, scores);
                    }
                }
                Some(Target::Series(at)) => self.series[at].score(scored, scores),
                Some(Target::Derived(clock)) => {
                    let at = self.derived_of(engine, scored.series, scored.stat, clock)?;
                    self.series[at].derived(scored, scores, &mut self.shelf)?;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// The file of a derived signal: `name{stat="p99"}` has its own.
    fn derived_of(&mut self, engine: &Engine, series: SeriesIx, stat: Stat, clock: Clock) -> io::Result<usize> {
        if let Some(&at) = self.derived.get(&(series.0, stat)) {
            return Ok(at);
        }
        let signal = engine.directory().signal(series);
        let at = match stat.label() {
            Some(label) => self.found(&signal.with("stat", label), clock)?,
            None => self.found(signal, clock)?,
        };
        self.derived.insert((series.0, stat), at);
        Ok(at)
    }

    /// Everything before `watermark` was judged and taken.
    pub(super) fn advance(&mut self, watermark: Timestamp) -> io::Result<()> {
        self.watermark = self.watermark.max(watermark);
        let tables = self.tables.iter().flatten().map(Table::waiting).sum::<usize>();
        let series = self.series.iter().map(Series::waiting).sum::<usize>();
        if WAITING_MOST < tables + series { self.flush(Some(self.watermark)) } else { Ok(()) }
    }

    fn flush(&mut self, watermark: Option<Timestamp>) -> io::Result<()> {
        self.tables.iter_mut().flatten().try_for_each(|table| table.flush(watermark, &mut self.shelf))?;
        self.series.iter_mut().try_for_each(|series| series.flush(watermark, &mut self.shelf))
    }

    /// Nothing more comes: writes what waits.
    pub(super) fn finish(mut self, files: &Files) -> io::Result<()> {
        self.flush(None)?;
        for (file, table) in self.tables.iter().enumerate() {
            if let Some(table) = table {
                table.finish(files.columns(file), &mut self.shelf)?;
            }
        }
        self.shelf.finish()
    }
}

/// Readings whose values are other rows than theirs.
fn is_derived(reading: &Reading) -> bool {
    matches!(reading, Reading::Lines(_) | Reading::Share { .. } | Reading::Buckets(_) | Reading::Text(_))
}

#[cfg(test)]
mod tests;
