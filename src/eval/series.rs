//! Labelled series as the engine judged them: one row per row of the file, as `replay --scores` has it.

use std::ops::ControlFlow;

use super::EvalError;
use crate::alert::AlertRecord;
use crate::config::Settings;
use crate::engine::Scored;
use crate::ingest::files::{Files, Input, parse_moment, read_cells};
use crate::replay::{self, Listener};
use crate::signal::Stat;
use crate::time::Timestamp;

/// One series with its labels and scores; all lists have a place for each row.
#[derive(Debug)]
pub(super) struct Series {
    /// The time of each row; unreadable ones have that of the row before, or of the first that can be read.
    pub(super) times: Vec<Timestamp>,
    /// The label of each row; false where the file has none.
    pub(super) labels: Vec<bool>,
    /// `anomaly_score`.
    pub(super) anomaly: Vec<f64>,
    /// `onset_score`.
    pub(super) onset: Vec<f64>,
    /// What was promised of each row that was judged.
    pub(super) promised: Vec<Promised>,
}

/// What the engine promised of a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Promised {
    /// Whether the value lay in the band that holds 80 %; none where there was no band, or the row was not judged.
    pub(super) in_band: Option<bool>,
    /// log10 of the return period in weeks, where the row is news.
    pub(super) rarity: Option<f64>,
}

impl Series {
    /// How long the rows from `first` on last, in days; never zero.
    pub(super) fn days(&self, first: usize) -> f64 {
        let (Some(&from), Some(&to)) = (self.times.get(first), self.times.last()) else { return 1e-9 };
        (to.since(from).as_secs_f64() / 86_400.0).max(1e-9)
    }
}

/// Judges the files in one engine and one configuration.
pub(super) fn judge(inputs: Vec<Input>, settings: &Settings) -> Result<Vec<Series>, EvalError> {
    let mut series = Vec::new();
    for input in &inputs {
        series.push(read(input).map_err(|error| EvalError::read(&input.path, error))?);
    }
    let mut taken = Taken { series };
    replay::listen(inputs, settings, &mut taken)?;
    taken.series.iter_mut().for_each(fill);
    Ok(taken.series)
}

/// Reads times and labels; the scores are still unknown.
pub(super) fn read(input: &Input) -> std::io::Result<Series> {
    let mut series =
        Series { times: Vec::new(), labels: Vec::new(), anomaly: Vec::new(), onset: Vec::new(), promised: Vec::new() };
    let mut header: Option<(usize, Option<usize>)> = None;
    read_cells(input, |cells| {
        let Some((stamp, label)) = header else {
            let column = |name: &str| cells.iter().position(|cell| cell.eq_ignore_ascii_case(name));
            header = Some((column("timestamp").unwrap_or(0), column("label")));
            return ControlFlow::Continue(());
        };
        let before = series.times.last().copied().unwrap_or(Timestamp::MIN);
        let at = cells.get(stamp).and_then(|cell| parse_moment(cell.as_bytes()));
        series.times.push(at.unwrap_or(before));
        let label = label.and_then(|label| cells.get(label)?.parse::<f64>().ok());
        series.labels.push(label.is_some_and(|label| 0.5 <= label));
        ControlFlow::Continue(())
    })?;
    let rows = series.times.len();
    if let Some(first) = series.times.iter().position(|&at| at != Timestamp::MIN) {
        let begin = series.times[first];
        series.times[..first].fill(begin);
    }
    series.anomaly = vec![f64::NAN; rows];
    series.onset = vec![f64::NAN; rows];
    series.promised = vec![Promised::default(); rows];
    Ok(series)
}

struct Taken {
    series: Vec<Series>,
}

impl Listener for Taken {
    fn scored(&mut self, scored: &Scored) {
        if scored.stat != Stat::Value {
            return;
        }
        let row = Files::row_in_file(scored.row) as usize;
        let Some(series) = self.series.get_mut(Files::file_of(scored.row)) else { return };
        let Some(at) = row.checked_sub(1).filter(|&at| at < series.times.len()) else { return };
        series.anomaly[at] = scored.anomaly;
        series.onset[at] = scored.onset;
        let in_band = scored.expected.map(|(low, high)| (low..=high).contains(&scored.value));
        series.promised[at] = Promised { in_band, rarity: scored.rarity };
    }

    fn alert(&mut self, _: &AlertRecord) {}
}

/// A repeated, late or unreadable row repeats the scores of the row before it.
fn fill(series: &mut Series) {
    for scores in [&mut series.anomaly, &mut series.onset] {
        let mut last = 0.0;
        for score in scores {
            if score.is_nan() {
                *score = last;
            }
            last = *score;
        }
    }
}
