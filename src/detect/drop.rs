//! Falls silent, or to zero: what the symmetric views hide behind a heavy upper side.

use serde::{Deserialize, Serialize};

use super::peaks::Peaks;
use super::views::Seen;

/// The mean shortfall of the last points below the slow level in the asinh domain, against its own peaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Drop {
    /// The shortfall, forgetting over 24 points.
    shortfall: f32,
    peaks: Peaks,
}

const WINDOW: f64 = 24.0;

impl Drop {
    /// log10 of how rare the present shortfall is; 0 for an ordinary one. Learned where it is not `aside`.
    pub(super) fn judge(&mut self, seen: &Seen, aside: bool) -> f64 {
        let below = seen.bent.slow - seen.bent.value;
        let before = f64::from(self.shortfall);
        self.shortfall = (before + (below.max(0.0) - before) / WINDOW) as f32;
        self.peaks.judge(f64::from(self.shortfall), aside)
    }
}
