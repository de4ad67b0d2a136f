//! NAB's files and windows.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::eval::EvalError;
use crate::ingest::files::{self, FileFormat, Input, parse_moment};
use crate::time::Timestamp;

/// A window as it is written: its first and last time.
pub(in crate::eval) type Span = (Timestamp, Timestamp);

/// The files that have an entry among the windows, and their windows.
pub(in crate::eval) fn read(path: &Path) -> Result<(Vec<Input>, Vec<Vec<Span>>), EvalError> {
    let labels = path.join("labels/combined_windows.json");
    let written = windows(&labels)?;
    let data = path.join("data");
    let mut found = files::find(std::slice::from_ref(&data), None).inputs;
    found.retain(|input| input.format == FileFormat::Csv);
    let mut by_place: BTreeMap<String, Input> =
        found.into_iter().map(|input| (format!("{}.csv", input.place.display()), input)).collect();
    let (mut inputs, mut windows) = (Vec::new(), Vec::new());
    for (name, spans) in written {
        let input = by_place
            .remove(&name)
            .ok_or_else(|| EvalError::read(&labels, format!("it labels {name}, which is not in {}", data.display())))?;
        inputs.push(input);
        windows.push(spans);
    }
    if inputs.is_empty() {
        return Err(EvalError::read(&labels, "it names no file"));
    }
    for name in by_place.keys() {
        tracing::info!("{name} has no entry in {} and is left out", labels.display());
    }
    Ok((inputs, windows))
}

#[expect(clippy::disallowed_methods, reason = "the labels are a file")]
fn windows(path: &Path) -> Result<BTreeMap<String, Vec<Span>>, EvalError> {
    let text = fs::read_to_string(path).map_err(|error| EvalError::read(path, error))?;
    let raw: BTreeMap<String, Vec<[String; 2]>> =
        serde_json::from_str(&text).map_err(|error| EvalError::read(path, error))?;
    let time = |text: &String| {
        parse_moment(text.as_bytes()).ok_or_else(|| EvalError::read(path, format!("{text:?} is not a time")))
    };
    let spans = |spans: &Vec<[String; 2]>| -> Result<Vec<Span>, EvalError> {
        spans.iter().map(|[from, to]| Ok((time(from)?, time(to)?))).collect()
    };
    raw.iter().map(|(name, of)| Ok((name.clone(), spans(of)?))).collect()
}

/// One file, made ready for scoring.
#[derive(Debug)]
pub(in crate::eval) struct File {
    /// First and last row of each window.
    pub(super) windows: Vec<(usize, usize)>,
    /// The window of each row.
    pub(super) window_of: Vec<Option<usize>>,
    /// What a detection at each row is worth before the profile weighs it: up to 1 in a window, down to -1 outside.
    pub(super) gains: Vec<f64>,
    /// Rows before this one do not count.
    pub(super) probation: usize,
}

/// The first row that counts: after 15 % of the file, at most of 5,000 rows.
pub(super) fn probation(rows: usize) -> usize {
    let share = |rows: usize| 0.15 * rows as f64;
    libm::ceil(libm::floor(share(rows)).min(share(5000))) as usize
}

/// The scaled sigmoid of the benchmark; `place` is -1 at the start of a window, 0 at its end, 1 a width behind it.
fn sigmoid(place: f64) -> f64 {
    if 3.0 < place { -1.0 } else { 2.0 / (1.0 + libm::exp(5.0 * place)) - 1.0 }
}

impl File {
    pub(super) fn new(times: &[Timestamp], windows: &[Span]) -> Self {
        let rows = times.len();
        let found: Vec<(usize, usize)> = windows
            .iter()
            .filter_map(|&(from, to)| {
                let first = times.iter().position(|&at| from <= at)?;
                // The benchmark leaves a window at the first row of its last time.
                let last = times.iter().position(|&at| to <= at).unwrap_or(rows - 1);
                (first <= last).then_some((first, last))
            })
            .collect();
        let mut gains = vec![-1.0; rows];
        let mut window_of = vec![None; rows];
        for (at, &(first, last)) in found.iter().enumerate() {
            let width = (last - first + 1) as f64;
            for row in first..=last {
                gains[row] = sigmoid(-((last - row + 1) as f64) / width) / sigmoid(-1.0);
                window_of[row] = Some(at);
            }
            let next = found.get(at + 1).map_or(rows, |&(first, _)| first);
            for (behind, gain) in gains[last + 1..next.max(last + 1)].iter_mut().enumerate() {
                *gain = sigmoid((behind + 1) as f64 / (width - 1.0));
            }
        }
        File { windows: found, window_of, gains, probation: probation(rows) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rows_do_not_count() {
        assert_eq!([0, 10, 100, 4032, 22_695].map(probation), [0, 1, 15, 604, 750]);
    }

    #[test]
    fn early_is_worth_most_and_far_behind_costs_most() {
        let times: Vec<Timestamp> = (0..100).map(|row| Timestamp::from_secs(60 * row)).collect();
        let file = File::new(&times, &[(times[40], times[49])]);
        assert_eq!(file.windows, [(40, 49)]);
        assert_eq!((file.gains[39], file.gains[40]), (-1.0, 1.0));
        // The last row of the window: a tenth of it is left, sigmoid(-0.1) of the greatest, sigmoid(-1) = tanh(2.5).
        assert!((file.gains[49] - libm::tanh(0.25) / libm::tanh(2.5)).abs() < 1e-12);
        // The row behind it: one ninth of a width.
        assert!((file.gains[50] + libm::tanh(2.5 / 9.0)).abs() < 1e-12);
        assert_eq!(file.gains[49 + 28], -1.0);
        assert!(file.window_of[39].is_none() && file.window_of[49] == Some(0));
    }
}
