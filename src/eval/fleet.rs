//! Simulated fleets that fail: few, early and well-aimed alerts, or not (`fleet` or `fleet:0..10`).
//!
//! Each seed is another fleet of services with instances, daily and weekly traffic, causal paths from a resource to an objective, logs,
//! changes, failures, and what only looks like one: 24 days, of which the first are a warm-up. The engine sees what a collector
//! would have sent; what happened is told apart from it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use super::EvalError;
use super::table::Table;
use crate::config::{self, Purpose};
use crate::simulate::fleet::{self, Case, Fleet, Row, Score};
use crate::time::Timestamp;

/// The fleets where none are named.
const SEEDS: Range<u64> = 0..10;

/// The figures of some fleets.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    seeds: Range<u64>,
    rows: Vec<Row>,
    kinds: Vec<Kind>,
    short: Vec<Short>,
}

/// A failure that was not told as it should have been.
#[derive(Debug, Serialize)]
struct Short {
    seed: u64,
    failure: &'static str,
    service: &'static str,
    begins: Timestamp,
    impact_at: Option<Timestamp>,
    first_at: Option<Timestamp>,
    lacks: Vec<&'static str>,
}

impl Short {
    fn of(seed: u64, case: &Case) -> Option<Short> {
        let felt = case.impact_at.is_some();
        let lacks = [
            (felt && !case.foreseen, "not foreseen"),
            (felt && !case.origin, "origin not named"),
            (case.paged == Some(false), "not paged"),
            (case.let_sleep == Some(false), "could have waited"),
        ];
        let lacks: Vec<_> = lacks.into_iter().filter_map(|(is_so, word)| is_so.then_some(word)).collect();
        let Case { fault, impact_at, first_at, .. } = case;
        (!lacks.is_empty()).then(|| Short {
            seed,
            failure: fault.kind.name(),
            service: fault.service,
            begins: fault.begins,
            impact_at: *impact_at,
            first_at: *first_at,
            lacks,
        })
    }
}

/// How one kind of failure was told.
#[derive(Debug, Default, Serialize)]
struct Kind {
    name: &'static str,
    failures: usize,
    foreseen: usize,
    origin: usize,
    /// The median lead before users felt it, in minutes.
    lead_minutes: Option<f64>,
}

/// The seeds that a data set's name means; none where it names no fleets.
pub(super) fn seeds(name: &Path) -> Option<Result<Range<u64>, EvalError>> {
    let rest = name.to_str()?.strip_prefix("fleet")?;
    if rest.is_empty() {
        return Some(Ok(SEEDS));
    }
    let range = rest.strip_prefix(':')?;
    let read = || {
        let (from, to) = range.split_once("..").unwrap_or((range, ""));
        let from: u64 = from.parse().ok()?;
        let to = if to.is_empty() { from + 1 } else { to.parse().ok()? };
        (from < to).then_some(from..to)
    };
    Some(read().ok_or_else(|| EvalError::Layout(format!("`{range}` names no seeds; write fleet:7 or fleet:0..10"))))
}

/// Judges each fleet with its own configuration, which says what its operators would.
pub(super) fn measure(seeds: Range<u64>) -> Result<Figures, EvalError> {
    let scores: Vec<Score> = seeds.clone().into_par_iter().map(judged).collect::<Result<_, _>>()?;
    let rows = fleet::Figures::of(&scores).rows;
    let cases = seeds.clone().zip(&scores).flat_map(|(seed, score)| score.cases.iter().map(move |case| (seed, case)));
    let short = cases.filter_map(|(seed, case)| Short::of(seed, case)).collect();
    Ok(Figures { seeds, rows, kinds: kinds(&scores), short })
}

fn judged(seed: u64) -> Result<Score, EvalError> {
    let fleet = Fleet::of(seed);
    let settings = config::parse(&fleet.config, "fleet", Path::new(""), Purpose::Replay)
        .map_err(|problems| EvalError::Layout(format!("the configuration of fleet {seed}: {problems}")))?
        .settings;
    let told = fleet::judge(&fleet, Arc::clone(&settings.plan));
    Ok(fleet::score(&fleet, &told))
}

fn kinds(scores: &[Score]) -> Vec<Kind> {
    let mut kinds: BTreeMap<&str, (Kind, Vec<f64>)> = BTreeMap::new();
    for case in scores.iter().flat_map(|score| &score.cases) {
        let Some(impact) = case.impact_at else { continue };
        let (kind, leads) = kinds.entry(case.fault.kind.name()).or_default();
        kind.name = case.fault.kind.name();
        kind.failures += 1;
        kind.foreseen += usize::from(case.foreseen);
        kind.origin += usize::from(case.origin);
        leads.extend(case.first_at.map(|first| impact.since(first).as_secs_f64() / 60.0).filter(|lead| 0.0 < *lead));
    }
    let median = |mut leads: Vec<f64>| {
        leads.sort_by(f64::total_cmp);
        leads.get(leads.len() / 2).copied()
    };
    kinds.into_values().map(|(kind, leads)| Kind { lead_minutes: median(leads), ..kind }).collect()
}

impl Figures {
    pub(super) fn table(&self) -> Table {
        let mut table = Table::default();
        table.header(&["", "figure", "of", "goal", "not below"]);
        for Row { what, value, of, goal, bound, less } in &self.rows {
            let sign = if *less { "≤" } else { "≥" };
            let missed = if *less { bound < value } else { value < bound };
            let bound = format!("{sign} {bound:.2}{}", if missed { " missed" } else { "" });
            table.row(vec![
                (*what).to_owned(),
                format!("{value:.3}"),
                of.to_string(),
                format!("{sign} {goal:.2}"),
                bound,
            ]);
        }
        table.header(&["failure", "felt", "foreseen", "origin named", "median lead, min"]);
        for Kind { name, failures, foreseen, origin, lead_minutes } in &self.kinds {
            let lead = lead_minutes.map_or("–".to_owned(), |lead| format!("{lead:.0}"));
            table.row(vec![(*name).to_owned(), failures.to_string(), foreseen.to_string(), origin.to_string(), lead]);
        }
        self.list_short(&mut table);
        table
    }

    fn list_short(&self, table: &mut Table) {
        if self.short.is_empty() {
            return;
        }
        table.header(&["what fell short", "service", "begins", "first told", "felt", "lacks"]);
        let at = |at: Option<Timestamp>| at.map_or("–".to_owned(), |at| at.to_string());
        for Short { seed, failure, service, begins, impact_at, first_at, lacks } in &self.short {
            table.row(vec![
                format!("fleet:{seed} {failure}"),
                (*service).to_owned(),
                at(Some(*begins)),
                at(*first_at),
                at(*impact_at),
                lacks.join(", "),
            ]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fleets_are_named_by_their_seeds() {
        let named = |name: &str| seeds(Path::new(name)).map(|seeds| seeds.map_err(|error| error.to_string()));
        assert_eq!(named("fleet"), Some(Ok(0..10)));
        assert_eq!(named("fleet:7"), Some(Ok(7..8)));
        assert_eq!(named("fleet:3..5"), Some(Ok(3..5)));
        assert_eq!(named("fleets"), None);
        assert_eq!(named("data/nab"), None);
        for wrong in ["fleet:", "fleet:x", "fleet:5..3", "fleet:1..y"] {
            assert!(named(wrong).unwrap().unwrap_err().contains("write fleet:7 or fleet:0..10"), "{wrong}");
        }
    }
}
