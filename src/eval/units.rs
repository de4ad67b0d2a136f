//! Units and their failures: how many of those that failed were flagged in time, at a fixed share of healthy ones flagged.
//!
//! Each unit has a row a day (or another step) with its signals. A unit is flagged from the first time on at which its evidence
//! reaches a threshold; the threshold is the one that flags a given share of the units that never failed, over all the time that
//! the data spans. A failing unit counts as foreseen if it was flagged at least a day before.

mod feed;

use serde::Serialize;

use self::feed::Unit;
pub(super) use self::feed::trace;
use super::EvalError;
use super::figures::Figure;
use super::halves::shuffled;
use super::layout::UnitFiles;
use super::table::Table;
use crate::config::Settings;
use crate::time::{Span, Timestamp};

/// Shares of healthy units flagged at which lead time is given.
const SHARES: [f64; 6] = [0.0025, 0.005, 0.01, 0.02, 0.034, 0.05];
/// Splits of the units into halves.
const SPLITS: u64 = 20;
const DAY: Span = Span::from_days(1);

/// The figures of a set of units.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    units: usize,
    failing: usize,
    days: f64,
    rows: usize,
    /// The evidence of a unit among its peers, all its signals fused.
    evidence: Vec<AtShare>,
    /// For comparison: the greatest `onset_score` of any of its signals, each by itself.
    onset: Vec<AtShare>,
}

/// What is foreseen at one share of healthy units flagged.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct AtShare {
    healthy_flagged: f64,
    threshold: f64,
    /// The share of failing units flagged a day or more ahead, with its error.
    foreseen: Figure,
    /// The same a week or more ahead, of those that were seen for so long.
    foreseen_week: Option<f64>,
    /// The median lead of those foreseen, in days.
    lead_days: Option<f64>,
    /// The threshold chosen on one half of the units: what it flags of the other half's healthy and failing units.
    held_out_healthy: f64,
    held_out_foreseen: f64,
}

/// Judges the units and measures the lead time.
pub(super) fn measure(files: &UnitFiles, settings: &Settings) -> Result<Figures, EvalError> {
    let fed = feed::feed(files, settings)?;
    let failing = fed.units.iter().filter(|unit| unit.failed.is_some()).count();
    if failing == 0 || failing == fed.units.len() {
        let reason = format!("{failing} of {} units of the data fail; both kinds are needed", fed.units.len());
        return Err(EvalError::read(&files.failures.path, reason));
    }
    Ok(Figures {
        units: fed.units.len(),
        failing,
        days: fed.days,
        rows: fed.rows,
        evidence: SHARES.iter().filter_map(|&share| at_share(&fed.units, share, |unit| &unit.evidence)).collect(),
        onset: SHARES.iter().filter_map(|&share| at_share(&fed.units, share, |unit| &unit.onset)).collect(),
    })
}

/// The rises of a unit's evidence: each time at which it was greater than ever before.
pub(super) type Rises = Vec<(Timestamp, f64)>;

/// The greatest evidence of a unit up to a time; without one, ever.
fn height(rises: &Rises, until: Option<Timestamp>) -> f64 {
    let before = |(at, _): &&(Timestamp, f64)| until.is_none_or(|until| *at <= until);
    rises.iter().rfind(before).map_or(0.0, |(_, evidence)| *evidence)
}

/// The greatest evidence that a unit had while it could still help.
fn usable(unit: &Unit, rises: &Rises) -> f64 {
    height(rises, unit.failed.map(|failed| failed - DAY))
}

/// The threshold that at most this share of the given healthy heights exceed; a unit is flagged above it.
fn threshold(mut healthy: Vec<f64>, share: f64) -> Option<f64> {
    healthy.sort_by(|a, b| b.total_cmp(a));
    healthy.get((share * healthy.len() as f64) as usize).copied()
}

fn at_share(units: &[Unit], share: f64, rises: fn(&Unit) -> &Rises) -> Option<AtShare> {
    let heights: Vec<f64> = units.iter().map(|unit| usable(unit, rises(unit))).collect();
    let all: Vec<usize> = (0..units.len()).collect();
    let of = |which: &[usize], failing: bool| -> Vec<f64> {
        which.iter().filter(|&&at| units[at].failed.is_some() == failing).map(|&at| heights[at]).collect()
    };
    let above = |heights: &[f64], threshold: f64| {
        let flagged = heights.iter().filter(|&&height| threshold < height).count();
        flagged as f64 / heights.len().max(1) as f64
    };
    let threshold_all = threshold(of(&all, false), share)?;
    let foreseen: Vec<f64> = of(&all, true).iter().map(|&height| f64::from(u8::from(threshold_all < height))).collect();
    let (mut held_out_healthy, mut held_out_foreseen) = (0.0, 0.0);
    for split in 0..SPLITS {
        let order = shuffled(units.len(), split);
        let (chosen, measured) = order.split_at(units.len() / 2);
        let threshold = threshold(of(chosen, false), share)?;
        held_out_healthy += above(&of(measured, false), threshold) / SPLITS as f64;
        held_out_foreseen += above(&of(measured, true), threshold) / SPLITS as f64;
    }
    let leads = leads(units, rises, threshold_all);
    let week = Span::from_days(7);
    let long: Vec<bool> = units
        .iter()
        .filter_map(|unit| Some((unit, unit.failed?)))
        .filter(|(unit, failed)| week <= failed.since(unit.first))
        .map(|(unit, failed)| threshold_all < height(rises(unit), Some(failed - week)))
        .collect();
    Some(AtShare {
        healthy_flagged: above(&of(&all, false), threshold_all),
        threshold: threshold_all,
        foreseen: Figure::mean(&foreseen),
        foreseen_week: (!long.is_empty()).then(|| long.iter().filter(|&&is| is).count() as f64 / long.len() as f64),
        lead_days: super::events::median(leads),
        held_out_healthy,
        held_out_foreseen,
    })
}

/// How many whole days ahead each failing unit was flagged first, of those flagged a day or more ahead.
fn leads(units: &[Unit], rises: fn(&Unit) -> &Rises, threshold: f64) -> Vec<usize> {
    let lead = |unit: &Unit| {
        let first = rises(unit).iter().find(|(_, evidence)| threshold < *evidence)?.0;
        let lead = unit.failed?.since(first);
        (DAY <= lead).then(|| (lead.as_secs_f64() / DAY.as_secs_f64()) as usize)
    };
    units.iter().filter_map(lead).collect()
}

impl Figures {
    /// The figures for people.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::default();
        table.remark(format!(
            "{} units over {:.0} days, {} of them fail, {} rows; one setting for all signals",
            self.units, self.days, self.failing, self.rows
        ));
        for (name, figures) in [("evidence among peers", &self.evidence), ("onset_score of any signal", &self.onset)] {
            table.header(&[
                name,
                "a day ahead",
                "a week ahead",
                "median lead",
                "held out: healthy",
                "held out: a day ahead",
            ]);
            figures.iter().for_each(|figure| table.row(figure.row()));
        }
        table.remark(
            "first column: share of healthy units flagged in all that time; held out: threshold of the other half",
        );
        table.remark("for comparison, drives of 2013: the rule that a bad-sector counter rises foresees 58 % at 3.4 %");
        table
    }
}

impl AtShare {
    fn row(&self) -> Vec<String> {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let error = self.foreseen.error.map_or(String::new(), |error| format!(" ± {:.1}", 100.0 * error));
        vec![
            format!("{:.2} % of healthy flagged", 100.0 * self.healthy_flagged),
            format!("{:.1}{error} %", 100.0 * self.foreseen.value),
            self.foreseen_week.map_or("-".to_owned(), percent),
            self.lead_days.map_or("-".to_owned(), |days| format!("{days:.0} days")),
            format!("{:.2} %", 100.0 * self.held_out_healthy),
            percent(self.held_out_foreseen),
        ]
    }
}

#[cfg(test)]
mod tests;
