//! Labelled series: events found, false alarms, delay, at one threshold for all of them.
//!
//! An event is a run of labels. It is found if an alarm lies within it. Alarms outside every event and the five points after each
//! are false; those at most five points apart are one false alarm, and one more for every thirty points that it goes on, so that
//! an alarm that never ends cannot pay. The delay-adjusted F1 counts points: those of an event found within seven points of its
//! start are right, those of any other event are missed (the rule of the AIOps 2018 challenge).

use serde::Serialize;

use super::EvalError;
use super::figures::Figure;
use super::halves::held_out;
use super::peers;
use super::points::{average_precision, events, vus_pr};
use super::promises::{self, Promises};
use super::series::{self, Series};
use super::table::Table;
use crate::config::Settings;
use crate::ingest::files::Input;

/// The share of each series that teaches before anything counts.
const PROBATION: f64 = 0.15;
/// Points after an event in which an alarm is neither right nor false.
const GRACE: usize = 5;
/// Points at which one false alarm counts again.
const FALSE_LASTS: usize = 30;
/// Points within which an event must be found for the delay-adjusted F1.
const DELAY: usize = 7;
/// Thresholds tried, where there are more scores.
const THRESHOLDS: usize = 150;

/// The figures of a set of labelled series.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    series: usize,
    rows: usize,
    events: usize,
    /// By `anomaly_score` and by `onset_score`.
    anomaly: Scored,
    onset: Scored,
    promises: Promises,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    peers: Vec<peers::EventPeer>,
}

/// What one of the two scores is worth.
#[derive(Debug, Serialize)]
struct Scored {
    /// The volume under the surface of precision and recall, mean over the series with events.
    vus_pr: Option<Figure>,
    /// Average precision of points, all series in one.
    average_precision: Option<f64>,
    /// At the threshold with the best event F1.
    at_best: Option<AtBest>,
    /// The best delay-adjusted F1, and its threshold.
    delay_adjusted_f1: Option<Figure>,
    delay_threshold: Option<f64>,
    /// Event F1 on one half of the series with the threshold best on the other: mean and deviation over splits.
    held_out_f1: Option<Figure>,
}

/// What an operator would see with the threshold at its best.
#[derive(Debug, Serialize)]
struct AtBest {
    threshold: f64,
    event_f1: Figure,
    precision: f64,
    recall: f64,
    /// The median number of points from the start of an event to the first alarm in it.
    delay_points: Option<f64>,
    false_alarms_per_series_day: Figure,
}

/// What one series gives at one threshold.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counts {
    events: usize,
    found: usize,
    false_alarms: usize,
    points_right: usize,
    points_false: usize,
    points_missed: usize,
    delays: Vec<usize>,
}

/// One series after its probation.
struct Judged<'a> {
    labels: &'a [bool],
    events: Vec<(usize, usize)>,
    days: f64,
    scores: &'a [f64],
}

/// Judges the files and measures both scores.
pub(super) fn measure(inputs: Vec<Input>, settings: &Settings) -> Result<Figures, EvalError> {
    let series = series::judge(inputs, settings)?;
    Ok(figures(&series))
}

fn first_that_counts(series: &Series) -> usize {
    (PROBATION * series.times.len() as f64) as usize
}

fn figures(series: &[Series]) -> Figures {
    let by = |scores: fn(&Series) -> &[f64]| {
        let judged: Vec<Judged<'_>> = series.iter().map(|one| Judged::new(one, scores(one))).collect();
        score(&judged)
    };
    let is_normal = |at: usize, row: usize| !series[at].labels[row];
    let events = series.iter().map(|one| events(&one.labels[first_that_counts(one)..]).len()).sum();
    let rows = series.iter().map(|one| one.times.len()).sum();
    Figures {
        series: series.len(),
        rows,
        events,
        anomaly: by(|one| &one.anomaly),
        onset: by(|one| &one.onset),
        promises: promises::count(series, first_that_counts, is_normal),
        peers: peers::of_events(series.len(), rows, events),
    }
}

impl<'a> Judged<'a> {
    fn new(series: &'a Series, scores: &'a [f64]) -> Self {
        let first = first_that_counts(series);
        let labels = &series.labels[first..];
        Judged { labels, events: events(labels), days: series.days(first), scores: &scores[first..] }
    }

    /// Counts at one threshold: a score that reaches it is an alarm.
    fn count(&self, threshold: f64) -> Counts {
        let mut counts = Counts { events: self.events.len(), ..Counts::default() };
        // The last row of the grace after the event before.
        let mut grace_ends = 0;
        let mut ahead = self.events.iter().copied().peekable();
        let mut episode: Option<(usize, usize)> = None;
        let mut first_found = None;
        for (row, &score) in self.scores.iter().enumerate() {
            while let Some((_, last)) = ahead.next_if(|&(_, last)| last < row) {
                grace_ends = last + GRACE + 1;
            }
            if score < threshold {
                continue;
            }
            counts.points_false += usize::from(!self.labels[row]);
            if let Some(&(first, _)) = ahead.peek().filter(|&&(first, _)| first <= row) {
                if first_found != Some(first) {
                    first_found = Some(first);
                    counts.found += 1;
                    counts.delays.push(row - first);
                }
            } else if grace_ends <= row {
                match &mut episode {
                    Some((_, last)) if row - *last <= GRACE => *last = row,
                    _ => {
                        counts.false_alarms += episode.map_or(0, times);
                        episode = Some((row, row));
                    }
                }
            }
        }
        counts.false_alarms += episode.map_or(0, times);
        self.count_points(threshold, &mut counts);
        counts
    }

    fn count_points(&self, threshold: f64, counts: &mut Counts) {
        for &(first, last) in &self.events {
            let in_time = self.scores[first..=last.min(first + DELAY)].iter().any(|&score| threshold <= score);
            let points = if in_time { &mut counts.points_right } else { &mut counts.points_missed };
            *points += last - first + 1;
        }
    }
}

/// How often an episode of false alarms counts.
fn times((first, last): (usize, usize)) -> usize {
    1 + (last - first) / FALSE_LASTS
}

fn score(judged: &[Judged<'_>]) -> Scored {
    let vus: Vec<f64> = judged.iter().filter_map(|one| vus_pr(one.labels, one.scores)).collect();
    let soft: Vec<f64> = judged.iter().flat_map(|one| one.labels).map(|&label| f64::from(u8::from(label))).collect();
    let scores: Vec<f64> = judged.iter().flat_map(|one| one.scores).copied().collect();
    let thresholds = thresholds(&scores);
    let counts: Vec<Vec<Counts>> =
        thresholds.iter().map(|&threshold| judged.iter().map(|one| one.count(threshold)).collect()).collect();
    let all: Vec<usize> = (0..judged.len()).collect();
    let best = best(&counts, &all, event_f1);
    let best_delayed = self::best(&counts, &all, point_f1);
    let over = |of: fn(&Counts) -> f64, at: usize| {
        Figure::of_sums(judged.len(), |out| of(&sum(&counts[at], all.iter().filter(|&&series| Some(series) != out))))
    };
    Scored {
        vus_pr: (!vus.is_empty()).then(|| Figure::mean(&vus)),
        average_precision: average_precision(&soft, &scores),
        at_best: best.map(|at| AtBest::new(thresholds[at], &counts[at], over(event_f1, at), judged)),
        delay_adjusted_f1: best_delayed.map(|at| over(point_f1, at)),
        delay_threshold: best_delayed.map(|at| thresholds[at]),
        held_out_f1: held_out(judged.len(), |chosen, measured| {
            let at = self::best(&counts, chosen, event_f1)?;
            Some(event_f1(&sum(&counts[at], measured.iter())))
        }),
    }
}

impl AtBest {
    fn new(threshold: f64, counts: &[Counts], event_f1: Figure, judged: &[Judged<'_>]) -> Self {
        let total = sum(counts, (0..counts.len()).collect::<Vec<_>>().iter());
        let days: f64 = judged.iter().map(|one| one.days).sum();
        let false_alarms = Figure::of_sums(judged.len(), |out| {
            let left = |at: &usize| Some(*at) != out;
            let alarms: usize = (0..judged.len()).filter(left).map(|at| counts[at].false_alarms).sum();
            alarms as f64 / (0..judged.len()).filter(left).map(|at| judged[at].days).sum::<f64>().max(1e-9)
        });
        debug_assert!((false_alarms.value - total.false_alarms as f64 / days).abs() < 1e-9);
        AtBest {
            threshold,
            event_f1,
            precision: ratio(total.found, total.found + total.false_alarms),
            recall: ratio(total.found, total.events),
            delay_points: median(total.delays),
            false_alarms_per_series_day: false_alarms,
        }
    }
}

/// The thresholds to try, highest first: every score that alarms less than always, or quantiles of them from one alarm in fifty
/// thousand rows to three in ten.
fn thresholds(scores: &[f64]) -> Vec<f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(&least) = sorted.first() else { return Vec::new() };
    let mut distinct = sorted.clone();
    distinct.dedup();
    if THRESHOLDS < distinct.len() {
        let (rare, often) = (libm::log(2e-5), libm::log(0.3));
        let share = |at: usize| libm::exp(rare + (often - rare) * at as f64 / (THRESHOLDS - 1) as f64);
        let place = |at: usize| (((1.0 - share(at)) * sorted.len() as f64) as usize).min(sorted.len() - 1);
        distinct = (0..THRESHOLDS).map(|at| sorted[place(at)]).collect();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
    }
    distinct.retain(|&threshold| least < threshold);
    distinct.reverse();
    distinct
}

fn sum<'a>(counts: &[Counts], of: impl Iterator<Item = &'a usize>) -> Counts {
    let mut total = Counts::default();
    for one in of.map(|&series| &counts[series]) {
        total.events += one.events;
        total.found += one.found;
        total.false_alarms += one.false_alarms;
        total.points_right += one.points_right;
        total.points_false += one.points_false;
        total.points_missed += one.points_missed;
        total.delays.extend(&one.delays);
    }
    total
}

/// The first threshold at which a figure of these series is greatest.
fn best(counts: &[Vec<Counts>], of: &[usize], figure: fn(&Counts) -> f64) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for (at, counts) in counts.iter().enumerate() {
        let value = figure(&sum(counts, of.iter()));
        if best.is_none_or(|(before, _)| before < value) {
            best = Some((value, at));
        }
    }
    best.map(|(_, at)| at)
}

fn event_f1(counts: &Counts) -> f64 {
    ratio(2 * counts.found, 2 * counts.found + counts.false_alarms + (counts.events - counts.found))
}

fn point_f1(counts: &Counts) -> f64 {
    ratio(2 * counts.points_right, 2 * counts.points_right + counts.points_false + counts.points_missed)
}

fn ratio(part: usize, of: usize) -> f64 {
    part as f64 / of.max(1) as f64
}

/// The middle; of an even number the mean of the two.
pub(super) fn median(mut numbers: Vec<usize>) -> Option<f64> {
    numbers.sort_unstable();
    let middle = numbers.len().checked_sub(1)? / 2;
    Some((numbers[middle] + numbers[numbers.len() / 2]) as f64 / 2.0)
}

impl Figures {
    /// The figures for people, the peers' below ours.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::default();
        table.remark(format!(
            "{} series, {} rows, {} events; one setting and one threshold for all series, the best for each line",
            self.series, self.rows, self.events
        ));
        table.header(&[
            "",
            "VUS-PR",
            "event F1",
            "precision",
            "recall",
            "delay-adjusted F1",
            "delay",
            "false alarms",
            "held-out F1",
        ]);
        for (name, scored) in [("anomaly_score", &self.anomaly), ("onset_score", &self.onset)] {
            table.row(scored.row(name));
        }
        self.peers.iter().for_each(|peer| table.row(peer.row()));
        table.remark("delay in points, false alarms per series and day, both at the threshold of the event F1");
        table.remark("± is the standard error over series; for held-out halves the deviation from half to half");
        table.remark(self.promises.remark());
        table
    }
}

impl Scored {
    fn row(&self, name: &str) -> Vec<String> {
        let text = |figure: &Option<Figure>| figure.map_or("-".to_owned(), |figure| figure.text(3));
        let at = |of: &dyn Fn(&AtBest) -> String| self.at_best.as_ref().map_or("-".to_owned(), of);
        vec![
            name.to_owned(),
            text(&self.vus_pr),
            at(&|best| best.event_f1.text(3)),
            at(&|best| format!("{:.2}", best.precision)),
            at(&|best| format!("{:.2}", best.recall)),
            text(&self.delay_adjusted_f1),
            at(&|best| best.delay_points.map_or("-".to_owned(), |delay| format!("{delay:.1}"))),
            at(&|best| best.false_alarms_per_series_day.text(3)),
            text(&self.held_out_f1),
        ]
    }
}

#[cfg(test)]
mod tests;
