//! The same value for too long.

use serde::{Deserialize, Serialize};

use super::tail::{Prior, Tail};

/// Runs of equal values: the present one against the completed ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stuck {
    run: u32,
    runs: Tail,
    points: f64,
}

/// Runs vary widely: a wide index (measured: 0.25 lets bursts of equal counts through).
const PRIOR: Prior = Prior { index: 0.5, weight: 10.0 };
/// Ten equal values need no allowance.
const EFFECT: f64 = 10.0;

impl Stuck {
    /// log10 of how rare the present run is; 0 for an ordinary one. `same` says that the value repeats the one before.
    pub(super) fn judge(&mut self, same: bool) -> f64 {
        if same {
            self.run = self.run.saturating_add(1);
            if f64::from(self.run) <= self.runs.least() || self.run < 3 {
                return 0.0;
            }
            let run = f64::from(self.run);
            let floor = libm::log10(run / EFFECT).min(0.0);
            return (self.runs.surprise(run, PRIOR) + floor).max(0.0);
        }
        self.runs.count();
        self.runs.file(f64::from(self.run), PRIOR);
        self.run = 1;
        0.0
    }
}
