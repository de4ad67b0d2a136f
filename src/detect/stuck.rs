//! The same value for too long.

use serde::{Deserialize, Serialize};

use super::tail::{Prior, Tail};
use crate::baseline::Mean;

/// Runs of equal values: the present one against the completed ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stuck {
    run: u32,
    runs: Tail,
    usual: Mean,
    /// The length of the run that a point of the past lies in, on average: each run counts by its length.
    home: f32,
}

/// The same before it knew the run that most points lie in.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct StuckV1 {
    run: u32,
    runs: Tail,
    usual: Mean,
}

impl From<StuckV1> for Stuck {
    fn from(StuckV1 { run, runs, usual }: StuckV1) -> Self {
        Stuck { run, runs, usual, home: usual.get() as f32 }
    }
}

/// Runs vary widely: a wide index (measured: 0.25 lets bursts of equal counts through).
const PRIOR: Prior = Prior { index: 0.5, weight: 10.0 };
const FORGET: f64 = 1.0 / 20_000.0;
/// Fewer equal values are never news: caches and slow exporters repeat themselves.
const LEAST: u32 = 10;
/// A run is news from this many times the length that the average point lies in: what rests for half of its life does so a little
/// longer now and then.
const HOMES: f64 = 3.0;

impl Stuck {
    /// log10 of how rare the present run is; 0 for an ordinary one. `same` says that the value repeats the one before, `points` how
    /// many there were. A run as long as all that was before it, or like the one in which the average point lies, is how the signal
    /// is: what never moves is not stuck, nor is what moved for an hour and rests again.
    ///
    /// What counts as a trial is not a run but the place for one as long as the tail's: runs of two equal values come so often
    /// that long ones do too.
    pub(super) fn judge(&mut self, same: bool, points: u32) -> f64 {
        if same {
            self.run = self.run.saturating_add(1);
            let run = f64::from(self.run);
            let is_nature = points <= self.run.saturating_mul(2) || run <= HOMES * f64::from(self.home);
            if self.run < LEAST || is_nature || run <= self.runs.least() {
                return 0.0;
            }
            let places = libm::log10(self.usual.get().max(1.0) / self.runs.begins().max(1.0)).min(0.0);
            return (self.runs.surprise(run, PRIOR) + places).max(0.0);
        }
        self.runs.try_once(PRIOR);
        self.runs.file(f64::from(self.run), PRIOR);
        self.usual.learn(f64::from(self.run), FORGET);
        self.home += share(self.run, points) * (self.run as f32 - self.home);
        self.run = 1;
        0.0
    }
}

/// The share of a run in the points that are remembered.
fn share(run: u32, points: u32) -> f32 {
    let all = f64::from(points).clamp(1.0, 1.0 / FORGET);
    (f64::from(run) / all).min(1.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a run of 30 equal values is worth after 1,000 points with runs as long as `usual`.
    fn surprise(usual: u32) -> f64 {
        let mut stuck = Stuck::default();
        (0..1000).for_each(|i| {
            stuck.judge(i % usual != 0, i);
        });
        (1000..1030).map(|i| stuck.judge(true, i)).fold(0.0, f64::max)
    }

    #[test]
    fn a_run_is_judged_by_the_runs_before() {
        assert!(6.0 < surprise(1), "a continuous signal never repeats: {}", surprise(1));
        assert!((3.0..6.0).contains(&surprise(4)), "a small count sometimes does: {}", surprise(4));
        assert!(surprise(40) < 2.0, "a sparse count is mostly zero: {}", surprise(40));
        let mut stuck = Stuck::default();
        (0..1000).for_each(|i| {
            stuck.judge(false, i);
        });
        assert!((0..9).all(|i| i == 8 || stuck.judge(true, 1000 + i) == 0.0), "nine equal values are no news");
    }

    #[test]
    fn what_hardly_ever_moved_is_not_stuck() {
        let mut stuck = Stuck::default();
        stuck.judge(false, 0);
        stuck.judge(false, 1);
        assert!((2..10_000).all(|i| stuck.judge(true, i) == 0.0));
    }

    #[test]
    fn what_moved_for_an_hour_and_rests_again_is_not_stuck() {
        let mut stuck = Stuck::default();
        (0..3_000).for_each(|i| {
            stuck.judge(0 < i, i);
        });
        (3_000..3_060).for_each(|i| {
            stuck.judge(false, i);
        });
        assert!((3_060..14_000).all(|i| stuck.judge(true, i) == 0.0));
    }
}
