//! CSV: a time and one or more value columns; a signal for each column that holds numbers.
//!
//! `timestamp,value` (the layout of the Numenta Anomaly Benchmark) is the signal of the file's stem, a column of any other
//! layout `stem_column`. `timestamp,value,label` is labelled data: the same signal, and the label is not looked at. A
//! column that holds more text than numbers (a serial number, a model) is no signal: the first rows decide, and where they
//! leave it empty its first cell; a column that stands alone always is one, so that its cells are rejects and not silence.
//! An empty cell is a gap. A data row is one line.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;

use super::lines::Line;
use super::moment;
use crate::engine::Intake;
use crate::signal::{Fingerprint, Reading, Reject, RejectReason, Signal, Sink};
use crate::time::Timestamp;

/// Names of the time column; without one the first column is it if its first cell is clearly a time.
const TIMES: [&str; 5] = ["timestamp", "time", "datetime", "date", "ts"];

/// A number below this many seconds since the epoch (March 1973) is no time under a header that does not say so.
const CLEARLY_A_TIME: Timestamp = Timestamp::from_secs(100_000_000);

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
    /// The cell of the time; none where nothing tells it.
    stamp: Option<usize>,
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
                self.lay_out(lines.clone().nth(1))
            }
            Some(Line::TooLong(_)) => {
                self.layout = Some(Layout { stamp: None, width: 0, columns: Vec::new() });
                true
            }
        };
        if has_header {
            lines.next();
        }
        self.look(lines.clone());
        for line in lines {
            self.row(line, intake, rows);
        }
    }

    /// Learns from the first rows what each column holds.
    fn look<'a>(&mut self, lines: impl Iterator<Item = Line<'a>>) {
        let Some(Layout { columns, .. }) = &mut self.layout else { return };
        let mut seen = vec![(0u32, 0u32); columns.len()];
        for line in lines {
            let Line::Whole(bytes) = line else { continue };
            self.cells.split(bytes);
            for ((numbers, texts), column) in seen.iter_mut().zip(&*columns) {
                match kind(self.cells.get(column.cell)) {
                    Holds::Nothing => {}
                    Holds::Text => *texts += 1,
                    Holds::Numbers => *numbers += 1,
                }
            }
        }
        let alone = columns.len() == 1;
        for ((numbers, texts), column) in seen.into_iter().zip(columns) {
            column.holds = match numbers.cmp(&texts) {
                _ if alone => Holds::Numbers,
                _ if numbers + texts == 0 => Holds::Nothing,
                Ordering::Less => Holds::Text,
                Ordering::Equal | Ordering::Greater => Holds::Numbers,
            };
        }
    }

    /// Lays out the columns by the first line, which is in `cells`, and the line after it; whether the first is a header.
    fn lay_out(&mut self, second: Option<Line<'_>>) -> bool {
        let names: Vec<String> =
            (0..self.cells.len()).map(|cell| String::from_utf8_lossy(self.cells.get(cell)).trim().to_owned()).collect();
        let width = names.len();
        let is_header = moment::parse(self.cells.get(0)).is_none();
        let (names, stamp) = match is_header {
            true => {
                let named = |name: &&str| names.iter().position(|have| have.eq_ignore_ascii_case(name));
                let stamp = TIMES.iter().find_map(named).or_else(|| self.starts_with_time(second).then_some(0));
                (names, stamp)
            }
            // Without a header: the columns are numbered, a single one is the value.
            false if width == 2 => (vec!["timestamp".to_owned(), "value".to_owned()], Some(0)),
            false => ((0..width).map(|cell| cell.to_string()).collect(), Some(0)),
        };
        let is = |cell: usize, name: &str| names.get(cell).is_some_and(|have| have.eq_ignore_ascii_case(name));
        let labelled = width == 3 && stamp == Some(0) && is(1, "value") && is(2, "label");
        let narrow = labelled || (width == 2 && stamp.is_some_and(|stamp| is(1 - stamp, "value")));
        let mut columns: Vec<Column> = Vec::new();
        let mut taken = BTreeSet::new();
        for (cell, header) in names.iter().enumerate() {
            if stamp.is_none_or(|stamp| stamp == cell) || (labelled && cell == 2) {
                continue;
            }
            let mut name = header.clone();
            let mut number = 1;
            while name.is_empty() || !taken.insert(name.clone()) {
                number += 1;
                name = format!("{header}_{number}");
            }
            let signal_name = if narrow { self.stem.clone() } else { format!("{}_{name}", self.stem) };
            let signal = Signal::new(&signal_name, self.told_apart.iter().map(|place| ("file", place)));
            let print = Fingerprint::new(PRINTS, signal.to_string().as_bytes());
            columns.push(Column { name, signal, print, cell, holds: Holds::Nothing });
        }
        self.layout = Some(Layout { stamp, width, columns });
        is_header
    }

    /// Whether a row begins with what can only be a time, whatever the header calls it.
    fn starts_with_time(&mut self, row: Option<Line<'_>>) -> bool {
        let Some(Line::Whole(bytes)) = row else { return false };
        self.cells.split(bytes);
        moment::parse(self.cells.get(0)).is_some_and(|at| CLEARLY_A_TIME <= at)
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
                stamp: layout.stamp.map_or(0..0, |stamp| self.cells.range(stamp)),
                values: layout.columns.iter().map(|column| self.cells.range(column.cell)).collect(),
            });
        }
    }
}

/// Reads one row; its time, if it has one that can be read.
fn read_row(layout: &mut Layout, cells: &Cells, intake: &mut Intake<'_>) -> Option<Timestamp> {
    let Some(stamp) = layout.stamp else {
        let detail = format!("the header names no time column; expected one of {}", TIMES.join(", "));
        intake.reject(Reject::new(RejectReason::NoTime, detail));
        return None;
    };
    if cells.len() != layout.width {
        let reason = if cells.len() < layout.width { RejectReason::Truncated } else { RejectReason::Malformed };
        intake.reject(Reject::new(reason, format!("{} cells where the header has {}", cells.len(), layout.width)));
        return None;
    }
    let Some(at) = moment::parse(cells.get(stamp)) else {
        let detail = format!("{} is not a time", shown(cells.get(stamp)));
        intake.reject(Reject::new(RejectReason::NoTime, detail));
        return None;
    };
    for column in &mut layout.columns {
        let cell = cells.get(column.cell);
        if column.holds == Holds::Nothing {
            column.holds = kind(cell);
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

/// What a cell holds.
fn kind(cell: &[u8]) -> Holds {
    if cell.trim_ascii().is_empty() {
        return Holds::Nothing;
    }
    if number(cell).is_some() { Holds::Numbers } else { Holds::Text }
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
pub(super) struct Cells {
    text: Vec<u8>,
    ends: Vec<(usize, usize)>,
}

impl Cells {
    pub(super) fn split(&mut self, line: &[u8]) {
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

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn range(&self, cell: usize) -> Range<usize> {
        self.ends.get(cell).map_or(0..0, |&(start, end)| start..end)
    }

    pub(super) fn get(&self, cell: usize) -> &[u8] {
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
    fn labelled_data_is_the_signal_of_the_stem_without_its_label() {
        check(
            "timestamp,value,label\n1396310400,7.0,1\n",
            expect![[r#"
            1 2014-04-01T00:00:00Z f Gauge(7.0)
        "#]],
        );
    }

    #[test]
    fn what_is_no_number_is_told_where_there_is_no_other_column() {
        check(
            "timestamp,load\n60,NaN\n120,abc\n",
            expect![[r#"
            1 not_finite NaN is not a finite number
            2 malformed column "load": "abc" is not a number
        "#]],
        );
    }

    #[test]
    fn a_header_without_a_time_takes_only_what_is_clearly_one() {
        check(
            "when,load,mem\n1396310400,1,2\n",
            expect![[r#"
            1 2014-04-01T00:00:00Z f_load Gauge(1.0)
            1 2014-04-01T00:00:00Z f_mem Gauge(2.0)
        "#]],
        );
        check(
            "load,mem\n1,2\n",
            expect![[r#"
            1 no_time the header names no time column; expected one of timestamp, time, datetime, date, ts
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
