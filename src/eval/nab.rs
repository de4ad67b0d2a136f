//! The Numenta Anomaly Benchmark: its windows, its three profiles, its way of choosing the threshold.
//!
//! Each detection in a window counts by how early it is, only the best one; each one outside costs by how far it lies behind the
//! last window; a missed window costs too. The scores are scaled so that silence is 0 and perfection 100, and the threshold is
//! the best one for the whole corpus (Lavin and Ahmad, 2015, "Evaluating Real-time Anomaly Detection Algorithms"; the whole set of
//! thresholds is tried here, of which the benchmark's search finds the best).

mod corpus;
mod sweep;

use std::path::Path;

use serde::Serialize;

use self::corpus::File;
pub(super) use self::corpus::read as corpus;
use self::sweep::{Best, PROFILES, Profile};
use super::EvalError;
use super::events::median;
use super::figures::Figure;
use super::halves::held_out;
use super::peers;
use super::promises::{self, Promises};
use super::series::{self, Series};
use super::table::Table;
use crate::config::Settings;

/// The figures of NAB.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    series: usize,
    rows: usize,
    windows: usize,
    /// By `onset_score`.
    onset: Scored,
    /// By `anomaly_score`.
    anomaly: Scored,
    promises: Promises,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    peers: Vec<peers::NabPeer>,
}

/// What one of the two scores is worth.
#[derive(Debug, Serialize)]
struct Scored {
    standard: Profiled,
    reward_low_fp_rate: Profiled,
    reward_low_fn_rate: Profiled,
    /// At the threshold of the standard profile.
    at_standard: AtStandard,
    /// The standard score of one half of the files with the threshold best on the other: mean and deviation over splits.
    held_out_standard: Option<Figure>,
}

/// A score of one profile.
#[derive(Debug, Serialize)]
struct Profiled {
    score: Figure,
    threshold: f64,
}

/// What an operator would see.
#[derive(Debug, Serialize)]
struct AtStandard {
    windows_found: usize,
    windows_scored: usize,
    false_alarms: usize,
    false_alarms_per_series_day: f64,
    /// The median number of rows from the start of a window to the first detection in it.
    delay_rows: Option<f64>,
}

/// Judges the corpus and measures both scores.
pub(super) fn measure(path: &Path, settings: &Settings) -> Result<Figures, EvalError> {
    let (inputs, windows) = corpus::read(path)?;
    let series = series::judge(inputs, settings)?;
    let files: Vec<File> =
        series.iter().zip(&windows).map(|(series, windows)| File::new(&series.times, windows)).collect();
    Ok(figures(&series, &files))
}

fn figures(series: &[Series], files: &[File]) -> Figures {
    let windows = files.iter().map(|file| file.windows.len()).sum();
    let rows = files.iter().map(|file| file.gains.len()).sum();
    let is_normal = |at: usize, row: usize| files[at].window_of[row].is_none();
    let first = |series: &Series| corpus::probation(series.times.len());
    Figures {
        series: series.len(),
        rows,
        windows,
        onset: score(files, series, |one| &one.onset),
        anomaly: score(files, series, |one| &one.anomaly),
        promises: promises::count(series, first, is_normal),
        peers: peers::of_nab(series.len(), rows, windows),
    }
}

fn score(files: &[File], series: &[Series], scores: fn(&Series) -> &[f64]) -> Scored {
    let scores: Vec<&[f64]> = series.iter().map(scores).collect();
    let all: Vec<usize> = (0..files.len()).collect();
    let bests: Vec<Best> = PROFILES.iter().map(|profile| sweep::best(files, &scores, &all, profile)).collect();
    let at = |of: usize| {
        let (profile, best) = (&PROFILES[of], &bests[of]);
        Profiled { score: over_files(files, &scores, profile, best.threshold), threshold: best.threshold }
    };
    let [standard, reward_low_fp_rate, reward_low_fn_rate] = [0, 1, 2].map(at);
    let at_standard = AtStandard::new(files, series, &scores, standard.threshold);
    let held_out_standard = held_out(files.len(), |chosen, measured| {
        let threshold = sweep::best(files, &scores, chosen, &PROFILES[0]).threshold;
        sweep::at(files, &scores, measured, &PROFILES[0], threshold)
    });
    Scored { standard, reward_low_fp_rate, reward_low_fn_rate, at_standard, held_out_standard }
}

/// The score at a threshold with its error over files.
fn over_files(files: &[File], scores: &[&[f64]], profile: &Profile, threshold: f64) -> Figure {
    let parts: Vec<sweep::Part> =
        files.iter().zip(scores).map(|(file, scores)| sweep::part(file, scores, profile, threshold)).collect();
    Figure::of_sums(files.len(), |out| {
        let left = parts.iter().enumerate().filter(|(at, _)| Some(*at) != out);
        sweep::scaled(left.map(|(_, part)| *part), profile).unwrap_or(0.0)
    })
}

impl AtStandard {
    fn new(files: &[File], series: &[Series], scores: &[&[f64]], threshold: f64) -> Self {
        let (mut found, mut scored, mut false_alarms, mut days, mut delays) = (0, 0, 0, 0.0, Vec::new());
        for ((file, series), scores) in files.iter().zip(series).zip(scores) {
            days += series.days(file.probation);
            let mut before = false;
            for (row, score) in scores.iter().enumerate().skip(file.probation) {
                let is_alarm = threshold <= *score;
                false_alarms += usize::from(is_alarm && !before && file.window_of[row].is_none());
                before = is_alarm;
            }
            for &(first, last) in file.windows.iter().filter(|(_, last)| file.probation <= *last) {
                scored += 1;
                let from = first.max(file.probation);
                let hit = scores[from..=last].iter().position(|&score| threshold <= score);
                found += usize::from(hit.is_some());
                delays.extend(hit.map(|at| from + at - first));
            }
        }
        AtStandard {
            windows_found: found,
            windows_scored: scored,
            false_alarms,
            false_alarms_per_series_day: false_alarms as f64 / days.max(1e-9),
            delay_rows: median(delays),
        }
    }
}

impl Figures {
    /// The figures for people, the peers' below ours.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::default();
        table.remark(format!(
            "{} series, {} rows, {} windows; one setting for all, thresholds as the benchmark chooses them",
            self.series, self.rows, self.windows
        ));
        table.header(&["", "standard", "reward low FP", "reward low FN", "held-out standard"]);
        for (name, scored) in [("onset_score", &self.onset), ("anomaly_score", &self.anomaly)] {
            let held_out = scored.held_out_standard.map_or("-".to_owned(), |figure| figure.text(2));
            let profiles = [&scored.standard, &scored.reward_low_fp_rate, &scored.reward_low_fn_rate];
            let mut row = vec![name.to_owned()];
            row.extend(profiles.map(|profile| profile.score.text(2)));
            row.push(held_out);
            table.row(row);
        }
        self.peers.iter().for_each(|peer| table.row(peer.row()));
        if !self.peers.is_empty() {
            table.remark(
                "* was given the smallest and largest value of each whole file beforehand; forewarn sees the past only",
            );
        }
        table.remark("± is the standard error over files; for held-out halves the deviation from half to half");
        let AtStandard {
            windows_found,
            windows_scored,
            false_alarms,
            false_alarms_per_series_day: per_day,
            delay_rows,
        } = &self.onset.at_standard;
        let delay = delay_rows.map_or(String::new(), |rows| format!(", {rows:.0} rows after its start in the median"));
        table.remark(format!(
            "onset_score, standard: {windows_found} of {windows_scored} windows found{delay}; {false_alarms} false alarms, \
             {per_day:.3} per signal and day"
        ));
        table.remark(self.promises.remark());
        table
    }
}
