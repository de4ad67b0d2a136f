//! Feeds a wide CSV by unit to the engine, in order of time: a signal for each unit and number, the label left out.
//!
//! Such files are mostly sorted by unit, which no reader of a stream could take; so the rows are sorted here, and the engine moves
//! from step to step as if all units had reported at once.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use super::Rises;
use crate::config::Settings;
use crate::engine::{Batch, Engine, Input, Output};
use crate::eval::EvalError;
use crate::eval::layout::UnitFiles;
use crate::eval::plot::{Trace, no_series};
use crate::ingest::files::{self, parse_moment, read_cells};
use crate::signal::{Fingerprint, Reading, Signal, Sink};
use crate::time::{Span, Timestamp};

/// Columns that say when or whether a unit fails, and are never fed.
const LABELS: [&str; 3] = ["failure", "failed", "label"];
/// Keeps these fingerprints apart from those of other readers.
const PRINTS: u64 = 0x756e_6974;

/// A unit, and what was said of it.
#[derive(Debug)]
pub(in crate::eval) struct Unit {
    /// When it was first seen.
    pub(super) first: Timestamp,
    /// When it failed.
    pub(super) failed: Option<Timestamp>,
    /// Its evidence among peers.
    pub(super) evidence: Rises,
    /// The greatest onset score of its signals.
    pub(super) onset: Rises,
}

/// All units, and how much of them there was.
pub(super) struct Fed {
    pub(super) units: Vec<Unit>,
    pub(super) days: f64,
    pub(super) rows: usize,
}

/// The rows of one file.
struct Wide {
    stem: String,
    /// The names of the columns that hold numbers.
    numbers: Vec<String>,
    /// Time, unit, and the place of the first number.
    rows: Vec<(Timestamp, u32, usize)>,
    /// One number for each row and column; not a number where the cell is empty.
    values: Vec<f64>,
}

/// Serial numbers in order of appearance.
#[derive(Default)]
struct Serials {
    names: Vec<String>,
    places: HashMap<String, u32>,
}

impl Serials {
    fn place(&mut self, serial: &str) -> u32 {
        if let Some(&place) = self.places.get(serial) {
            return place;
        }
        let place = self.names.len() as u32;
        self.names.push(serial.to_owned());
        self.places.insert(serial.to_owned(), place);
        place
    }
}

/// Feeds all rows and gathers what is said of each unit.
pub(super) fn feed(files: &UnitFiles, settings: &Settings) -> Result<Fed, EvalError> {
    let mut serials = Serials::default();
    let mut wides = Vec::new();
    for input in &files.units {
        wides.push(read(input, &mut serials).map_err(|error| EvalError::read(&input.path, error))?);
    }
    let failures = failures(&files.failures)?;
    let mut units: Vec<Unit> = serials
        .names
        .iter()
        .map(|serial| Unit {
            first: Timestamp::MAX,
            failed: failures.get(serial).copied(),
            evidence: Rises::new(),
            onset: Rises::new(),
        })
        .collect();
    let mut order: Vec<(Timestamp, usize, usize)> = Vec::new();
    for (file, wide) in wides.iter().enumerate() {
        order.extend(wide.rows.iter().enumerate().map(|(row, &(at, ..))| (at, file, row)));
        for &(at, unit, _) in &wide.rows {
            let first = &mut units[unit as usize].first;
            *first = at.min(*first);
        }
    }
    order.sort_unstable();
    let (Some(&(from, ..)), Some(&(to, ..))) = (order.first(), order.last()) else {
        return Err(EvalError::read(&files.failures.path, "there is no row with a serial and a date beside it"));
    };
    Feeder::new(&wides, &serials, settings).all(&order, &mut units);
    Ok(Fed { units, days: to.since(from).as_secs_f64() / 86_400.0 + 1.0, rows: order.len() })
}

/// One signal of one unit, named `SERIAL/COLUMN`, by itself; its label is the day of the failure.
pub(in crate::eval) fn trace(files: &UnitFiles, name: &str, settings: &Settings) -> Result<Trace, EvalError> {
    let mut serials = Serials::default();
    let failures = failures(&files.failures)?;
    let mut known = Vec::new();
    for input in &files.units {
        let mut wide = read(input, &mut serials).map_err(|error| EvalError::read(&input.path, error))?;
        let asked = name.split_once('/').and_then(|(serial, column)| {
            let unit = *serials.places.get(serial)?;
            let column = wide.numbers.iter().position(|have| have == column)?;
            Some((unit, column, serial))
        });
        let Some((unit, column, serial)) = asked else {
            known.extend(
                serials
                    .names
                    .iter()
                    .take(1)
                    .flat_map(|serial| wide.numbers.iter().map(move |c| format!("{serial}/{c}"))),
            );
            continue;
        };
        wide.rows.retain(|&(_, of, _)| of == unit);
        wide.rows.sort_by_key(|&(at, ..)| at);
        let width = wide.numbers.len();
        (0..wide.values.len())
            .filter(|at| at % width != column)
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|at| wide.values[at] = f64::NAN);
        let order: Vec<(Timestamp, usize, usize)> =
            wide.rows.iter().enumerate().map(|(row, &(at, ..))| (at, 0, row)).collect();
        let mut trace = Trace { name: name.to_owned(), ..Trace::default() };
        let wides = [wide];
        let mut feeder = Feeder::new(&wides, &serials, settings);
        feeder.each(&order, |out| out.scores.drain(..).for_each(|scored| trace.push(&scored)));
        trace.labels = failures.get(serial).map(|&at| (at, at)).into_iter().collect();
        return Ok(trace);
    }
    Err(no_series(name, known.into_iter()))
}

struct Feeder<'a> {
    wides: &'a [Wide],
    serials: &'a Serials,
    engine: Engine,
    batch: Batch,
    out: Output,
    /// By place in the engine's directory: its unit.
    unit_of: Vec<Option<u32>>,
}

impl<'a> Feeder<'a> {
    fn new(wides: &'a [Wide], serials: &'a Serials, settings: &Settings) -> Self {
        let engine = Engine::with_scores(Arc::clone(&settings.plan));
        Feeder { wides, serials, engine, batch: Batch::default(), out: Output::default(), unit_of: Vec::new() }
    }

    fn all(&mut self, order: &[(Timestamp, usize, usize)], units: &mut [Unit]) {
        let bar = ProgressBar::new(order.len() as u64);
        let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} rows, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        for step in order.chunk_by(|(a, ..), (b, ..)| a == b) {
            self.step(step);
            self.gather(units);
            bar.inc(step.len() as u64);
        }
        // Peers are compared when their tick is over.
        if let Some(&(last, ..)) = order.last() {
            self.engine.apply(Input::Advance(last + Span::from_mins(2)), &mut self.out);
            self.gather(units);
        }
        bar.finish_and_clear();
    }

    fn each(&mut self, order: &[(Timestamp, usize, usize)], mut take: impl FnMut(&mut Output)) {
        for step in order.chunk_by(|(a, ..), (b, ..)| a == b) {
            self.step(step);
            take(&mut self.out);
        }
    }

    /// All rows of one time.
    fn step(&mut self, rows: &[(Timestamp, usize, usize)]) {
        let mut intake = self.engine.intake(&mut self.batch);
        for &(at, file, row) in rows {
            self.wides[file].push(row, at, self.serials, &mut intake);
        }
        self.engine.apply(Input::Observe(&mut self.batch), &mut self.out);
        self.engine.apply(Input::Advance(rows[0].0 + Span::from_nanos(1)), &mut self.out);
    }

    fn gather(&mut self, units: &mut [Unit]) {
        for scored in self.out.scores.drain(..) {
            let Some(unit) = unit_of(&mut self.unit_of, &self.engine, self.serials, scored.series.0) else { continue };
            rise(&mut units[unit as usize].onset, scored.at, scored.onset);
        }
        for unlike in self.out.unlike.drain(..) {
            let Some(unit) = unit_of(&mut self.unit_of, &self.engine, self.serials, unlike.series.0) else { continue };
            rise(&mut units[unit as usize].evidence, unlike.at, unlike.evidence);
        }
        self.out.alerts.clear();
    }
}

/// The unit of a series, remembered.
fn unit_of(known: &mut Vec<Option<u32>>, engine: &Engine, serials: &Serials, series: u32) -> Option<u32> {
    let place = series as usize;
    if known.len() <= place {
        known.resize(place + 1, None);
    }
    if known[place].is_none() {
        let signal = engine.directory().signal(crate::engine::SeriesIx(series));
        known[place] = signal.label("serial").and_then(|serial| serials.places.get(serial)).copied();
    }
    known[place]
}

/// Notes evidence greater than ever.
fn rise(rises: &mut Rises, at: Timestamp, evidence: f64) {
    if rises.last().map_or(0.0, |&(_, last)| last) < evidence {
        rises.push((at, evidence));
    }
}

impl Wide {
    fn push(&self, row: usize, at: Timestamp, serials: &Serials, intake: &mut impl Sink) {
        let (_, unit, first) = self.rows[row];
        for (column, name) in self.numbers.iter().enumerate() {
            let value = self.values[first + column];
            if !value.is_finite() {
                continue;
            }
            let serial = &serials.names[unit as usize];
            let print = Fingerprint::new(PRINTS, format!("{}\0{name}\0{serial}", self.stem).as_bytes());
            let signal = || Signal::new(&format!("{}_{name}", self.stem), [("serial", serial.as_str())]);
            intake.sample(print, signal, at, Reading::Gauge(value));
        }
    }
}

fn read(input: &files::Input, serials: &mut Serials) -> std::io::Result<Wide> {
    let mut header: Vec<String> = Vec::new();
    let mut rows: Vec<(Timestamp, u32, usize)> = Vec::new();
    let mut values: Vec<f64> = Vec::new();
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    let (mut serial_at, mut date_at) = (0, 0);
    read_cells(input, |cells| {
        if header.is_empty() {
            header = cells.iter().map(|cell| cell.to_ascii_lowercase()).collect();
            let column = |name: &str| header.iter().position(|have| have == name);
            serial_at = column("serial").unwrap_or(0);
            date_at = column("date").or_else(|| column("timestamp")).unwrap_or(0);
            (numbers, texts) = (vec![0usize; header.len()], vec![0usize; header.len()]);
            return ControlFlow::Continue(());
        }
        let at = cells.get(date_at).and_then(|cell| parse_moment(cell.as_bytes()));
        let (Some(at), Some(serial), true) = (at, cells.get(serial_at), cells.len() == header.len()) else {
            return ControlFlow::Continue(());
        };
        rows.push((at, serials.place(serial), values.len()));
        for (column, cell) in cells.iter().enumerate() {
            let value = cell.parse::<f64>().ok();
            numbers[column] += usize::from(value.is_some());
            texts[column] += usize::from(value.is_none() && !cell.is_empty());
            values.push(value.unwrap_or(f64::NAN));
        }
        ControlFlow::Continue(())
    })?;
    let is_fed = |column: &usize| {
        let is_named = *column == serial_at || *column == date_at || LABELS.contains(&header[*column].as_str());
        !is_named && texts[*column] < numbers[*column]
    };
    let fed: Vec<usize> = (0..header.len()).filter(is_fed).collect();
    let width = header.len();
    let values =
        (0..rows.len()).flat_map(|row| fed.iter().map(move |column| row * width + column)).map(|at| values[at]);
    let values: Vec<f64> = values.collect();
    rows.iter_mut().enumerate().for_each(|(row, (.., first))| *first = row * fed.len());
    let numbers = fed.iter().map(|&column| header[column].clone()).collect();
    Ok(Wide { stem: input.stem.clone(), numbers, rows, values })
}

/// When each unit failed, by serial number.
fn failures(input: &files::Input) -> Result<BTreeMap<String, Timestamp>, EvalError> {
    let mut columns: Option<(usize, usize)> = None;
    let mut failed = BTreeMap::new();
    let mut wrong = None;
    let read = read_cells(input, |cells| {
        let Some((serial, date)) = columns else {
            let column = |names: &[&str]| {
                names.iter().find_map(|name| cells.iter().position(|cell| cell.eq_ignore_ascii_case(name)))
            };
            let found = column(&["serial"]).zip(column(&["failure_date", "failed", "date", "timestamp"]));
            columns = found;
            if found.is_none() {
                wrong = Some("its header names no serial and failure_date".to_owned());
            }
            return if found.is_some() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        };
        let at = cells.get(date).and_then(|cell| parse_moment(cell.as_bytes()));
        match (cells.get(serial), at) {
            (Some(serial), Some(at)) => drop(failed.insert((*serial).to_owned(), at)),
            _ => {
                wrong = Some(format!("{} has no serial or no date", cells.join(",")));
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    read.map_err(|error| EvalError::read(&input.path, error))?;
    match wrong {
        Some(reason) => Err(EvalError::read(&input.path, reason)),
        None => Ok(failed),
    }
}
