//! What others reach on data that is publicly known, to stand beside our figures.
//!
//! NAB: the benchmark's own scoreboard and results (Numenta, v1.1). The published leaders were given the smallest and largest value
//! of each whole file beforehand. All other figures were measured with the thresholds best for each detector.

use serde::Serialize;

/// A peer's three NAB scores.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct NabPeer {
    name: &'static str,
    standard: f64,
    low_fp: f64,
    low_fn: f64,
    held_out: Option<f64>,
}

/// A peer's figures on labelled series.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct EventPeer {
    name: &'static str,
    vus_pr: f64,
    event_f1: f64,
    delay_adjusted_f1: f64,
    false_alarms_per_series_day: f64,
}

const fn nab(name: &'static str, standard: f64, low_fp: f64, low_fn: f64, held_out: Option<f64>) -> NabPeer {
    NabPeer { name, standard, low_fp, low_fn, held_out }
}

const NAB: [NabPeer; 7] = [
    nab("ARTime (published) *", 74.9, 65.2, 80.4, Some(73.0)),
    nab("Numenta HTM (published) *", 70.1, 63.2, 74.3, Some(69.3)),
    nab("CAD-OSE (published) *", 69.9, 67.0, 73.2, Some(68.9)),
    nab("random cut forest 4.4", 60.0, 44.8, 67.1, Some(57.7)),
    nab("River, Gaussian", 46.7, 32.8, 53.0, None),
    nab("rolling z", 46.0, 30.8, 53.5, None),
    nab("k-means as in Netdata", 43.0, 37.6, 47.9, None),
];

const fn peer(name: &'static str, vus_pr: f64, event_f1: f64, delayed: f64, alarms: f64) -> EventPeer {
    EventPeer { name, vus_pr, event_f1, delay_adjusted_f1: delayed, false_alarms_per_series_day: alarms }
}

/// On Microsoft's 60 labelled metrics of services.
const SERVICES: [EventPeer; 5] = [
    peer("random cut forest 4.4", 0.544, 0.344, 0.391, 0.086),
    peer("exponential mean (0.01)", 0.343, 0.516, 0.638, 0.093),
    peer("rolling z (1000)", 0.373, 0.480, 0.513, 0.052),
    peer("rolling MAD (300)", 0.411, 0.443, 0.596, 0.175),
    peer("k-means as in Netdata", 0.378, 0.325, 0.295, 0.037),
];

/// A peer's four template scores, means over systems.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct TemplatePeer {
    name: &'static str,
    ga: f64,
    fga: f64,
    pa: f64,
    fta: f64,
}

/// Drain3 as it comes, on loghub's samples of 2,000 lines.
const DRAIN: [TemplatePeer; 2] = [
    TemplatePeer { name: "Drain3 (16 systems, first truth)", ga: 0.732, fga: 0.734, pa: 0.270, fta: 0.259 },
    TemplatePeer { name: "Drain3 (14 systems, corrected truth)", ga: 0.752, fga: 0.732, pa: 0.377, fta: 0.306 },
];

/// The peers on loghub's samples, known by their size.
pub(super) fn of_templates(systems: usize, lines: usize) -> Vec<TemplatePeer> {
    if 14 <= systems && lines == 2000 * systems { DRAIN.to_vec() } else { Vec::new() }
}

impl TemplatePeer {
    /// The row of the table.
    pub(super) fn row(&self) -> Vec<String> {
        let mut row = vec![self.name.to_owned(), String::new()];
        row.extend([self.ga, self.fga, self.pa, self.fta].map(|score| format!("{score:.3}")));
        row
    }
}

/// The peers on the whole of NAB, known by its size.
pub(super) fn of_nab(series: usize, rows: usize, windows: usize) -> Vec<NabPeer> {
    if (series, rows, windows) == (58, 365_558, 116) { NAB.to_vec() } else { Vec::new() }
}

/// The peers on the labelled metrics of services, known by their size.
pub(super) fn of_events(series: usize, rows: usize, events: usize) -> Vec<EventPeer> {
    if (series, rows, events) == (60, 225_445, 234) { SERVICES.to_vec() } else { Vec::new() }
}

impl NabPeer {
    /// The row of the table.
    pub(super) fn row(&self) -> Vec<String> {
        let one = |figure: f64| format!("{figure:.1}");
        let held_out = self.held_out.map_or("-".to_owned(), one);
        vec![self.name.to_owned(), one(self.standard), one(self.low_fp), one(self.low_fn), held_out]
    }
}

impl EventPeer {
    /// The row of the table.
    pub(super) fn row(&self) -> Vec<String> {
        let three = |figure: f64| format!("{figure:.3}");
        let none = "-".to_owned();
        vec![
            self.name.to_owned(),
            three(self.vus_pr),
            three(self.event_f1),
            none.clone(),
            none.clone(),
            three(self.delay_adjusted_f1),
            none.clone(),
            three(self.false_alarms_per_series_day),
            none,
        ]
    }
}
