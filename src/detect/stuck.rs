//! The same value for too long.

use serde::{Deserialize, Serialize};

use super::tail::{Prior, Tail};

/// Runs of equal values: the present one against the completed ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stuck {
    run: u32,
    runs: Tail,
}

/// Runs vary widely: a wide index (measured: 0.25 lets bursts of equal counts through).
const PRIOR: Prior = Prior { index: 0.5, weight: 10.0 };
/// Fewer equal values are never news: caches and slow exporters repeat themselves.
const LEAST: u32 = 10;

impl Stuck {
    /// log10 of how rare the present run is; 0 for an ordinary one. `same` says that the value repeats the one before.
    pub(super) fn judge(&mut self, same: bool) -> f64 {
        if same {
            self.run = self.run.saturating_add(1);
            let run = f64::from(self.run);
            let ordinary = self.run < LEAST || run <= self.runs.least();
            return if ordinary { 0.0 } else { self.runs.surprise(run, PRIOR).max(0.0) };
        }
        self.runs.count();
        self.runs.file(f64::from(self.run), PRIOR);
        self.run = 1;
        0.0
    }
}
