//! CSV: a time and one or more value columns; a signal for each column that holds numbers.
//!
//! `timestamp,value` (the layout of the Numenta Anomaly Benchmark) is the signal of the file's stem, a column of any other
//! layout `stem_column`. A column of text throughout (a serial number, a model) is no signal: the first rows decide, and
//! where they leave it empty its first cell. An empty cell is a gap. A data row is one line.

use std::ops::Range;

use super::lines::Line;
use super::moment;
use crate::engine::Intake;
use crate::signal::{Fingerprint, Reading, Reject, RejectReason, Signal, Sink};
use crate::time::Timestamp;

/// Names of the time column; without one the first column is it if its first cell is a time.
const TIMES: [&str; 5] = ["timestamp", "time", "datetime", "date", "ts"];

/// The rows that decide which columns are signals, and their bound in bytes.
const PROBE_ROWS: usize = 128;
const PROBE_BYTES: usize = 1 << 20;

/// Keeps these fingerprints apart from those of the decoders.
const PRINTS: u64 = 0x6373_7600;

/// A column of values.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its header.
    pub name: String,
    /// Its signal.
    pub signal: Signal,
    print: Fingerprint,
    cell: usize,
    holds: Holds,
}

impl Column {
    /// Whether it is a signal.
    pub fn is_signal(&self) -> bool {
        self.holds == Holds::Numbers
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// Nothing so far.
    Nothing,
    Text,
    Numbers,
}

/// One row as it was written, for the scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRow {
    /// Its number, as given to the engine.
    pub row: u64,
    /// Its time; none if that cannot be read, so that it has no scores of its own.
    pub at: Option<Timestamp>,
    text: Vec<u8>,
    stamp: Range<usize>,
    values: Vec<Range<usize>>,
}

impl TextRow {
    /// The time as it was written.
    pub fn stamp(&self) -> &[u8] {
        &self.text[self.stamp.clone()]
    }

    /// The value of a column as it was written.
    pub fn value(&self, column: usize) -> &[u8] {
        self.values.get(column).map_or(b"", |range| &self.text[range.clone()])
    }
}

/// The reader of one CSV file.
#[derive(Debug)]
pub(super) struct Csv {
    stem: String,
    told_apart: Option<String>,
    layout: Option<Layout>,
    probe: Option<Vec<Probed>>,
    probe_bytes: usize,
    row: u64,
    records: u64,
    cells: Cells,
}

#[derive(Debug)]
struct Layout {
    stamp: usize,
    width: usize,
    columns: Vec<Column>,
}

#[derive(Debug)]
enum Probed {
    Whole(Vec<u8>),
    TooLong(u64),
}

impl Csv {
    /// `row` is the number before that of the first data row.
    pub(super) fn new(stem: &str, told_apart: Option<&str>, row: u64) -> Self {
        let told_apart = told_apart.map(str::to_owned);
        let (probe, cells) = (Some(Vec::new()), Cells::default());
        Csv { stem: stem.to_owned(), told_apart, layout: None, probe, probe_bytes: 0, row, records: 0, cells }
    }

    /// The value columns, known from the first line on.
    pub(super) fn columns(&self) -> &[Column] {
        self.layout.as_ref().map_or(&[], |layout| &layout.columns)
    }

    /// How many data rows were read.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Takes the next line; blank ones are passed over.
    pub(super) fn line(&mut self, line: Line<'_>, intake: &mut Intake<'_>, rows: &mut Option<Vec<TextRow>>) {
        if line.is_blank() {
            return;
        }
        let Some(probe) = &mut self.probe else { return self.row(line, intake, rows) };
        probe.push(match line {
            Line::Whole(bytes) => Probed::Whole(bytes.to_vec()),
            Line::TooLong(bytes) => Probed::TooLong(bytes),
        });
        if let Line::Whole(bytes) = line {
            self.probe_bytes += bytes.len();
        }
        if PROBE_ROWS < probe.len() || PROBE_BYTES < self.probe_bytes {
            self.settle(intake, rows);
        }
    }

    /// The file is at its end.
    pub(super) fn end(&mut self, intake: &mut Intake<'_>, rows: &mut Option<Vec<TextRow>>) {
        self.settle(intake, rows);
    }

    /// Decides the layout by the first rows, then reads them.
    fn settle(&mut self, intake: &mut Intake<'_>, rows: &mut Option<Vec<TextRow>>) {
        let Some(probe) = self.probe.take() else { return };
        let mut lines = probe.iter().map(|line| match line {
            Probed::Whole(bytes) => Line::Whole(bytes),
            Probed::TooLong(bytes) => Line::TooLong(*bytes),
        });
        let has_header = match lines.clone().next() {
            None => return,
            Some(Line::Whole(first)) => {
                self.cells.split(first);
                self.lay_out()
            }
            Some(Line::TooLong(_)) => {
                self.layout = Some(Layout { stamp: 0, width: 0, columns: Vec::new() });
                true
            }
        };
        if has_header {
            lines.next();
        }
        for line in lines.clone() {
            if let Line::Whole(bytes) = line {
                self.cells.split(bytes);
                let layout = self.layout.as_mut().expect("laid out above");
                layout.columns.iter_mut().for_each(|column| look(column, self.cells.get(column.cell)));
            }
        }
        for line in lines {
            self.row(line, intake, rows);
        }
    }

    /// Lays out the columns by the first line, which is in `cells`; whether that line is a header.
    fn lay_out(&mut self) -> bool {
        let names: Vec<String> =
            (0..self.cells.len()).map(|cell| String::from_utf8_lossy(self.cells.get(cell)).trim().to_owned()).collect();
        let named = |name: &&str| names.iter().position(|have| have.eq_ignore_ascii_case(name));
        let is_header = moment::parse(self.cells.get(0)).is_none();
        let stamp = TIMES.iter().find_map(named).unwrap_or(0);
        let names = match is_header {
            true => names,
            // Without a header: the columns are numbered, a single one is the value.
            false if names.len() == 2 => vec!["timestamp".to_owned(), "value".to_owned()],
            false => (0..names.len()).map(|cell| cell.to_string()).collect(),
        };
        let narrow = names.len() == 2 && names[1 - stamp].eq_ignore_ascii_case("value");
        let mut columns: Vec<Column> = Vec::new();
        for (cell, header) in names.iter().enumerate().filter(|(cell, _)| *cell != stamp) {
            let mut name = header.clone();
            let mut number = 1;
            while name.is_empty() || columns.iter().any(|column| column.name == name) {
                number += 1;
                name = format!("{header}_{number}");
            }
            let signal_name = if narrow { self.stem.clone() } else { format!("{}_{name}", self.stem) };
            let signal = Signal::new(&signal_name, self.told_apart.iter().map(|place| ("file", place)));
            let print = Fingerprint::new(PRINTS, signal.to_string().as_bytes());
            columns.push(Column { name, signal, print, cell, holds: Holds::Nothing });
        }
        self.layout = Some(Layout { stamp, width: names.len(), columns });
        is_header
    }

    fn row(&mut self, line: Line<'_>, intake: &mut Intake<'_>, rows: &mut Option<Vec<TextRow>>) {
        self.row += 1;
        self.records += 1;
        intake.row = self.row;
        let layout = self.layout.as_mut().expect("laid out before the first row is read");
        let at = match line {
            Line::Whole(bytes) => {
                self.cells.split(bytes);
                read_row(layout, &self.cells, intake)
            }
            Line::TooLong(bytes) => {
                self.cells.split(b"");
                intake.reject(Reject::new(RejectReason::TooLarge, format!("a row of {bytes} bytes")));
                None
            }
        };
        if let Some(rows) = rows {
            rows.push(TextRow {
                row: self.row,
                at,
                text: self.cells.text.clone(),
                stamp: self.cells.range(layout.stamp),
                values: layout.columns.iter().map(|column| self.cells.range(column.cell)).collect(),
            });
        }
    }
}

/// Reads one row; its time, if it has one that can be read.
fn read_row(layout: &mut Layout, cells: &Cells, intake: &mut Intake<'_>) -> Option<Timestamp> {
    if cells.len() != layout.width {
        let reason = if cells.len() < layout.width { RejectReason::Truncated } else { RejectReason::Malformed };
        intake.reject(Reject::new(reason, format!("{} cells where the header has {}", cells.len(), layout.width)));
        return None;
    }
    let Some(at) = moment::parse(cells.get(layout.stamp)) else {
        let detail = format!("{} is not a time", shown(cells.get(layout.stamp)));
        intake.reject(Reject::new(RejectReason::NoTime, detail));
        return None;
    };
    for column in &mut layout.columns {
        let cell = cells.get(column.cell);
        if column.holds == Holds::Nothing {
            look(column, cell);
        }
        if cell.is_empty() || column.holds != Holds::Numbers {
            continue;
        }
        match number(cell) {
            Some(value) => intake.sample(column.print, || column.signal.clone(), at, Reading::Gauge(value)),
            None if cell.trim_ascii().is_empty() => {}
            None => {
                let reason = match std::str::from_utf8(cell) {
                    Ok(_) => RejectReason::Malformed,
                    Err(_) => RejectReason::InvalidUtf8,
                };
                let detail = format!("column {}: {} is not a number", shown(column.name.as_bytes()), shown(cell));
                intake.reject(Reject::new(reason, detail));
            }
        }
    }
    Some(at)
}

/// Learns from a cell what its column holds: one number makes it a signal.
fn look(column: &mut Column, cell: &[u8]) {
    if column.holds == Holds::Numbers || cell.trim_ascii().is_empty() {
        return;
    }
    let finite = number(cell).is_some_and(f64::is_finite);
    column.holds = if finite { Holds::Numbers } else { Holds::Text };
}

fn number(cell: &[u8]) -> Option<f64> {
    std::str::from_utf8(cell.trim_ascii()).ok()?.parse().ok()
}

/// A piece of input for a message, quoted and cut.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let cut: String = text.chars().take(40).collect();
    format!("{cut:?}")
}

/// The cells of the present line; its memory is kept from line to line.
#[derive(Debug, Default)]
struct Cells {
    text: Vec<u8>,
    ends: Vec<(usize, usize)>,
}

impl Cells {
    fn split(&mut self, line: &[u8]) {
        self.text.clear();
        self.ends.clear();
        if memchr::memchr(b'"', line).is_some() {
            return self.split_quoted(line);
        }
        self.text.extend_from_slice(line);
        let mut start = 0;
        for comma in memchr::memchr_iter(b',', line) {
            self.ends.push((start, comma));
            start = comma + 1;
        }
        self.ends.push((start, line.len()));
    }

    fn split_quoted(&mut self, line: &[u8]) {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .terminator(csv::Terminator::Any(b'\n'))
            .buffer_capacity(line.len().clamp(64, 8 << 10))
            .from_reader(line);
        let mut record = csv::ByteRecord::new();
        // Reading from memory does not fail; an open quote runs to the end of the line.
        if matches!(reader.read_byte_record(&mut record), Ok(true)) {
            for cell in &record {
                let start = self.text.len();
                self.text.extend_from_slice(cell);
                self.ends.push((start, self.text.len()));
            }
        }
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn range(&self, cell: usize) -> Range<usize> {
        self.ends.get(cell).map_or(0..0, |&(start, end)| start..end)
    }

    fn get(&self, cell: usize) -> &[u8] {
        &self.text[self.range(cell)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read_text;
    use expect_test::{Expect, expect};

    fn check(text: &str, expect: Expect) {
        expect.assert_eq(&read_text("f.csv", text.as_bytes()));
    }

    #[test]
    fn one_value_column_is_the_signal_of_the_stem() {
        check(
            "timestamp,value\n2014-04-01 00:00:00,1.5\n2014-04-01 00:05:00,\n1396311000,2e3\n\n2014-04-01 00:15:00.5,\"7\"\n",
            expect![[r#"
                1 2014-04-01T00:00:00Z f Gauge(1.5)
                3 2014-04-01T00:10:00Z f Gauge(2000.0)
                4 2014-04-01T00:15:00.5Z f Gauge(7.0)
            "#]],
        );
    }

    #[test]
    fn each_column_of_numbers_is_a_signal_and_text_is_none() {
        check(
            "date,serial,load,label,empty,late\n2014-04-01,A1,1,0,,\n2014-04-02,\"B,\"\"2\",2,1,,5\n",
            expect![[r#"
                1 2014-04-01T00:00:00Z f_load Gauge(1.0)
                1 2014-04-01T00:00:00Z f_label Gauge(0.0)
                2 2014-04-02T00:00:00Z f_load Gauge(2.0)
                2 2014-04-02T00:00:00Z f_label Gauge(1.0)
                2 2014-04-02T00:00:00Z f_late Gauge(5.0)
            "#]],
        );
    }

    #[test]
    fn what_cannot_be_read_is_a_reject_of_its_row() {
        check(
            "timestamp,value\n0,1\nsoon,2\n60,abc\n120,NaN\n180\n240,1,2\n300,3\n",
            expect![[r#"
                1 1970-01-01T00:00:00Z f Gauge(1.0)
                7 1970-01-01T00:05:00Z f Gauge(3.0)
                2 no_time "soon" is not a time
                3 malformed column "value": "abc" is not a number
                4 not_finite NaN is not a finite number
                5 truncated 1 cells where the header has 2
                6 malformed 3 cells where the header has 2
            "#]],
        );
    }

    #[test]
    fn a_header_may_be_missing_and_the_time_stand_anywhere() {
        check(
            "0,1\n60,2\n",
            expect![[r#"
            1 1970-01-01T00:00:00Z f Gauge(1.0)
            2 1970-01-01T00:01:00Z f Gauge(2.0)
        "#]],
        );
        check(
            "value,Timestamp\n1,0\n",
            expect![[r#"
            1 1970-01-01T00:00:00Z f Gauge(1.0)
        "#]],
        );
    }
}
