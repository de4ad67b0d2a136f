//! `forewarn eval`: accuracy, lead time and calibration against labels.
//!
//! The same engine as `run` and `replay` judges the data with one configuration; the labels are read apart from it and meet its
//! scores only here. What is printed stands beside the figures that others published, where the data is known.

mod events;
mod figures;
mod fleet;
mod halves;
mod layout;
mod nab;
mod peers;
mod plot;
mod points;
mod promises;
mod series;
mod table;
mod templates;
mod units;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::Settings;
use crate::replay::ReplayError;

use layout::Layout;

/// What to measure, and where the figures go.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct EvalArgs {
    /// The labelled data, or a folder of such; the engine never sees the labels. `fleet` and `fleet:0..10` are simulated fleets
    /// that fail, by seed
    #[arg(value_name = "DATASET")]
    pub dataset: PathBuf,
    /// Write the figures here too; - is the standard output, and replaces the tables
    #[arg(long, value_name = "OUT.json")]
    pub json: Option<PathBuf>,
    /// Measure nothing, draw this series: values, band, scores and labels; for units SERIAL/COLUMN
    #[arg(long, value_name = "SERIES", requires = "out")]
    pub plot: Option<String>,
    /// Where the picture goes, as SVG; - is the standard output
    #[arg(long, value_name = "FILE.svg", requires = "plot")]
    pub out: Option<PathBuf>,
}

/// Why data could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The layout cannot be told.
    #[error("{0}")]
    Layout(String),
    /// Something cannot be read, or is not what its layout says.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// Nothing could be judged.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The figures could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The tables could not be written.
    #[error(transparent)]
    Output(io::Error),
}

impl EvalError {
    fn read(path: &Path, reason: impl std::fmt::Display) -> Self {
        EvalError::Read { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// The figures of `--json`.
#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    datasets: Vec<Dataset>,
}

/// The figures of one set of data.
#[derive(Debug, Serialize)]
struct Dataset {
    path: PathBuf,
    #[serde(flatten)]
    figures: Figures,
}

/// What was measured, by layout.
#[derive(Debug, Serialize)]
#[serde(tag = "layout", rename_all = "lowercase")]
enum Figures {
    Nab(nab::Figures),
    Labelled(events::Figures),
    Units(units::Figures),
    Templates(templates::Figures),
    Fleet(fleet::Figures),
}

/// Judges labelled data and says how well; tables go to `out`.
///
/// # Errors
/// Where the layout cannot be told, nothing can be read, or the figures cannot be written.
pub fn eval(args: &EvalArgs, settings: &Settings, out: &mut dyn Write) -> Result<(), EvalError> {
    let sets = layout::find(&args.dataset)?;
    if let (Some(series), Some(to)) = (&args.plot, &args.out) {
        return draw(&sets, series, settings, to, out);
    }
    let to_stdout = args.json.as_deref() == Some(Path::new("-"));
    let mut report = Report { version: 1, datasets: Vec::new() };
    for (path, layout) in sets {
        let figures = measure(&path, &layout, settings)?;
        if !to_stdout {
            figures
                .table()
                .write(&format!("{}: {}", path.display(), layout.words()), out)
                .map_err(EvalError::Output)?;
        }
        report.datasets.push(Dataset { path, figures });
    }
    match &args.json {
        Some(_) if to_stdout => {
            write_json(&report, out).map_err(EvalError::Output)?;
        }
        Some(path) => {
            let cannot = |source| EvalError::Write { path: path.clone(), source };
            let mut file = BufWriter::new(create(path).map_err(cannot)?);
            write_json(&report, &mut file).and_then(|()| file.flush()).map_err(cannot)?;
        }
        None => {}
    }
    Ok(())
}

/// Draws a series of the first set that has it.
fn draw(
    sets: &[(PathBuf, Layout)],
    series: &str,
    settings: &Settings,
    to: &Path,
    out: &mut dyn Write,
) -> Result<(), EvalError> {
    let mut drawn = Err(EvalError::Layout(format!("there is no series {series}")));
    for (path, layout) in sets {
        drawn = plot::draw(path, layout, series, settings);
        if !matches!(drawn, Err(EvalError::Layout(_))) {
            break;
        }
    }
    let svg = drawn?;
    if to == Path::new("-") {
        return out.write_all(svg.as_bytes()).map_err(EvalError::Output);
    }
    let cannot = |source| EvalError::Write { path: to.to_owned(), source };
    create(to).and_then(|mut file| file.write_all(svg.as_bytes())).map_err(cannot)
}

fn measure(path: &Path, layout: &Layout, settings: &Settings) -> Result<Figures, EvalError> {
    Ok(match layout {
        Layout::Nab => Figures::Nab(nab::measure(path, settings)?),
        Layout::Labelled(inputs) => Figures::Labelled(events::measure(inputs.clone(), settings)?),
        Layout::Units(units) => Figures::Units(units::measure(units, settings)?),
        Layout::Templates(inputs) => Figures::Templates(templates::measure(inputs)?),
        Layout::Fleet(seeds) => Figures::Fleet(fleet::measure(seeds.clone())?),
    })
}

impl Figures {
    fn table(&self) -> table::Table {
        match self {
            Figures::Nab(figures) => figures.table(),
            Figures::Labelled(figures) => figures.table(),
            Figures::Units(figures) => figures.table(),
            Figures::Templates(figures) => figures.table(),
            Figures::Fleet(figures) => figures.table(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the command writes its results")]
fn create(path: &Path) -> io::Result<File> {
    File::create(path)
}

fn write_json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}

#[cfg(test)]
mod tests;
