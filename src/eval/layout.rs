//! How labelled data is laid out (INTERFACE "Labelled data"), told by what lies in the folder.

use std::fs;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};

use super::{EvalError, fleet};
use crate::ingest::files::{self, FileFormat, Input, read_cells};

/// A layout, with the files that it means.
#[derive(Debug)]
pub(super) enum Layout {
    /// The Numenta Anomaly Benchmark: `data/`, `labels/combined_windows.json`.
    Nab,
    /// CSV files with the columns `timestamp,value,label`.
    Labelled(Vec<Input>),
    /// `failures.csv` beside a wide CSV by unit.
    Units(UnitFiles),
    /// loghub's `*_structured*.csv`: messages with their true templates.
    Templates(Vec<Input>),
    /// Simulated fleets of these seeds.
    Fleet(Range<u64>),
}

/// The files of a set of units.
#[derive(Debug)]
pub(super) struct UnitFiles {
    /// `failures.csv`.
    pub(super) failures: Input,
    /// The wide CSV files with a `serial` and a `date`.
    pub(super) units: Vec<Input>,
}

impl Layout {
    /// The layout for people.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Layout::Nab => "Numenta Anomaly Benchmark",
            Layout::Labelled(_) => "labelled series",
            Layout::Units(_) => "units and their failures",
            Layout::Templates(_) => "log templates",
            Layout::Fleet(_) => "simulated fleets that fail",
        }
    }
}

const EXPECTED: &str = "expected data/ and labels/combined_windows.json (NAB), CSV files with timestamp,value,label, \
    failures.csv beside a wide CSV with serial and date, loghub's *_structured*.csv, or a folder of such";

/// The sets of data in `path`: it is one itself, or folders in it are. Labelled series may lie in folders of their own and are one
/// set, unless one of those folders says that it is a set.
pub(super) fn find(path: &Path) -> Result<Vec<(PathBuf, Layout)>, EvalError> {
    if let Some(seeds) = fleet::seeds(path).filter(|_| !path.exists()) {
        return Ok(vec![(path.to_owned(), Layout::Fleet(seeds?))]);
    }
    let meta = fs::metadata(path).map_err(|error| EvalError::read(path, error))?;
    if let Some(layout) = declared(path)? {
        return Ok(vec![(path.to_owned(), layout)]);
    }
    let mut found = Vec::new();
    if meta.is_dir() {
        let folders = folders(path)?;
        for folder in &folders {
            found.extend(declared(folder)?.map(|layout| (folder.clone(), layout)));
        }
        if !found.is_empty() {
            for folder in
                folders.into_iter().filter(|folder| found.iter().all(|(set, _)| set != folder)).collect::<Vec<_>>()
            {
                found.extend(labelled(&folder)?.map(|layout| (folder, layout)));
            }
            found.sort_by(|a, b| a.0.cmp(&b.0));
            return Ok(found);
        }
    }
    found.extend(labelled(path)?.map(|layout| (path.to_owned(), layout)));
    match found.is_empty() {
        true => Err(EvalError::Layout(format!("cannot tell how {} is labelled: {EXPECTED}", path.display()))),
        false => Ok(found),
    }
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, EvalError> {
    let entries = fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut entries: Vec<PathBuf> = entries.map_err(|error| EvalError::read(path, error))?;
    entries.retain(|entry| entry.is_dir());
    entries.sort();
    Ok(entries)
}

/// A layout that a file of its own declares.
fn declared(path: &Path) -> Result<Option<Layout>, EvalError> {
    if path.join("labels/combined_windows.json").is_file() && path.join("data").is_dir() {
        return Ok(Some(Layout::Nab));
    }
    if !path.is_dir() {
        return Ok(None);
    }
    let mut inputs = tables(path);
    let at = inputs.iter().position(|input| input.stem == "failures" && folder_of(&input.place) == Path::new(""));
    if let Some(failures) = at.map(|at| inputs.remove(at)) {
        return units(path, failures, inputs).map(Some);
    }
    inputs.retain(|input| input.stem.contains("_structured"));
    Ok((!inputs.is_empty()).then_some(Layout::Templates(inputs)))
}

fn labelled(path: &Path) -> Result<Option<Layout>, EvalError> {
    let mut labelled = Vec::new();
    for input in tables(path) {
        if is_labelled(&header(&input)?) {
            labelled.push(input);
        }
    }
    Ok((!labelled.is_empty()).then_some(Layout::Labelled(labelled)))
}

fn tables(path: &Path) -> Vec<Input> {
    let mut inputs = files::find(&[path.to_owned()], None).inputs;
    inputs.retain(|input| input.format == FileFormat::Csv);
    inputs
}

fn units(path: &Path, failures: Input, inputs: Vec<Input>) -> Result<Layout, EvalError> {
    let mut units = Vec::new();
    for input in inputs {
        let header = header(&input)?;
        if has(&header, "serial") && (has(&header, "date") || has(&header, "timestamp")) {
            units.push(input);
        }
    }
    if units.is_empty() {
        let reason = "there is a failures.csv, but no CSV with the columns serial and date beside it";
        return Err(EvalError::read(path, reason));
    }
    Ok(Layout::Units(UnitFiles { failures, units }))
}

/// The first line's cells, in lower case.
pub(super) fn header(input: &Input) -> Result<Vec<String>, EvalError> {
    let mut header = Vec::new();
    let read = read_cells(input, |cells| {
        header = cells.iter().map(|cell| cell.to_ascii_lowercase()).collect();
        ControlFlow::Break(())
    });
    read.map_err(|error| EvalError::read(&input.path, error))?;
    Ok(header)
}

fn is_labelled(header: &[String]) -> bool {
    header.len() == 3 && ["value", "label"] == header[1..]
}

fn has(header: &[String], name: &str) -> bool {
    header.iter().any(|have| have == name)
}

fn folder_of(place: &Path) -> &Path {
    place.parent().unwrap_or(Path::new(""))
}
