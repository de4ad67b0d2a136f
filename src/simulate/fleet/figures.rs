//! The figures of many fleets together, beside what is asked for.

use std::fmt;

use serde::Serialize;

use super::Score;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What is measured.
    pub what: &'static str,
    /// The figure; not a number where there was nothing to measure.
    pub value: f64,
    /// What it was measured on.
    pub of: usize,
    /// The goal.
    pub goal: f64,
    /// What it must reach at least, or at most where less is better.
    pub bound: f64,
    /// Whether less is better.
    pub less: bool,
}

/// The whole table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The rows, in the order in which people ask.
    pub rows: Vec<Row>,
}

impl Figures {
    /// Sums up fleets.
    pub fn of(scores: &[Score]) -> Figures {
        let cases = || scores.iter().flat_map(|score| &score.cases);
        let felt = || cases().filter(|case| case.impact_at.is_some());
        let count = felt().count();
        let share = |hits: usize, of: usize| hits as f64 / of as f64;
        let foreseen = share(felt().filter(|case| case.foreseen).count(), count);
        let chance = scores.iter().map(|s| s.chance * felt_in(s)).sum::<f64>() / count as f64;
        let weeks: f64 = scores.iter().map(|score| score.weeks).sum();
        let unneeded = || scores.iter().flat_map(|score| &score.unneeded);
        let pages = unneeded().filter(|(_, page)| *page).count();
        let paged: Vec<bool> = cases().filter_map(|case| case.paged).collect();
        let slept: Vec<bool> = cases().filter_map(|case| case.let_sleep).collect();
        let yes = |all: &[bool]| share(all.iter().filter(|yes| **yes).count(), all.len());
        let row = |what, value, of, goal, bound, less| Row { what, value, of, goal, bound, less };
        let words = cases().map(|case| case.interruptions).sum::<usize>();
        let origin = felt().filter(|case| case.origin).count();
        Figures {
            rows: vec![
                row("foreseen 15 minutes or more before users feel it", foreseen, count, 0.97, 0.93, false),
                row("the origin is named before the impact", share(origin, count), count, 0.95, 0.85, false),
                row("foreseen beyond chance", (foreseen - chance) / (1.0 - chance), count, 0.93, 0.86, false),
                row("unneeded pages a week", pages as f64 / weeks, pages, 0.5, 1.0, true),
                row(
                    "unneeded interruptions a week",
                    unneeded().count() as f64 / weeks,
                    unneeded().count(),
                    5.0,
                    10.0,
                    true,
                ),
                row("interruptions per fault", words as f64 / cases().count() as f64, cases().count(), 3.0, 5.0, true),
                row("off hours: must page is paged", yes(&paged), paged.len(), 1.0, 0.95, false),
                row("off hours: can wait is left until morning", yes(&slept), slept.len(), 0.95, 0.85, false),
            ],
        }
    }
}

fn felt_in(score: &Score) -> f64 {
    score.cases.iter().filter(|case| case.impact_at.is_some()).count() as f64
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<50} {:>7} {:>5} {:>7} {:>7}", "", "figure", "of", "goal", "bound")?;
        for Row { what, value, of, goal, bound, less } in &self.rows {
            let sign = if *less { "≤" } else { "≥" };
            writeln!(f, "{what:<50} {value:>7.3} {of:>5} {sign}{goal:>6.2} {sign}{bound:>6.2}")?;
        }
        Ok(())
    }
}
