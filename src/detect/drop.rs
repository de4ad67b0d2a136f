//! Falls silent, or to zero: what the symmetric views hide behind a heavy upper side.

use serde::{Deserialize, Serialize};

use super::peaks::Peaks;
use super::views::Seen;
use crate::baseline::Mean;

/// The mean shortfall of the last points below the slow level in the asinh domain, against its own peaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Drop {
    /// The shortfall, forgetting over 24 points.
    shortfall: f32,
    usual: Mean,
    peaks: Peaks,
}

const WINDOW: f64 = 24.0;
const FORGET: f64 = 0.0005;

impl Drop {
    /// log10 of how rare the present shortfall is; 0 for an ordinary one.
    pub(super) fn judge(&mut self, seen: &Seen) -> f64 {
        let (value, level) = (seen.value - seen.zero, seen.slow - seen.zero);
        let bend = self.usual.get().max(1e-6 * value.abs().max(level.abs()));
        let below = if 0.0 < bend { libm::asinh(level / bend) - libm::asinh(value / bend) } else { 0.0 };
        self.usual.learn((seen.value - seen.before).abs(), FORGET);
        let before = f64::from(self.shortfall);
        self.shortfall = (before + (below.max(0.0) - before) / WINDOW) as f32;
        self.peaks.judge(f64::from(self.shortfall))
    }
}
