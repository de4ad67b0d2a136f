//! How surprising: each observation against the past only, on one scale for all signals.
//!
//! ```text
//! value ─► scale ─► baseline ─► views ─► peaks ─► fusion ─► once ─► scores
//!                  (normal)   (sizes)  (return   (novelty,  (news)   └► rate ─► rarity
//!                                       periods)  agreement)
//!                    ├─► stuck, drop, days ─► rarities of their own
//! time  ─► cadence ──┴─► silent_after
//! ```
//!
//! The scale of surprise is the return period of declustered peaks (`tail`, `peaks`): each view says how rare its size is
//! for this signal, in powers of ten of points. Two questions have two fusions: an onset wants novelty in any view, a
//! pointwise score wants agreement.

mod cadence;
mod days;
mod drop;
mod fusion;
mod judge;
mod once;
mod peaks;
mod rate;
mod stuck;
mod tail;
mod views;

#[cfg(test)]
mod tests;

pub use judge::{Judge, JudgeV2, JudgeV3, JudgeV4, JudgeV5, JudgeV6, JudgeV7, surprise};

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// What is said of one observation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// How unusual the signal is here, 0 to 1, strictly rising with surprise; 0 while it warms up.
    pub anomaly: f64,
    /// How strongly an alert would be opened here, 0 to 1; near 0 while the trouble is already announced.
    pub onset: f64,
    /// The 10 % and 90 % points of what was expected; none until it is warm.
    pub expected: Option<(f64, f64)>,
    /// log10 of the return period in weeks of what is seen now, calibrated on the signal's own past; none until it is warm
    /// (a day). Very low for the ordinary.
    pub rarity: Option<f64>,
    /// Whether this is news: not part of a trouble already announced.
    pub fresh: bool,
    /// Whether the deviation is in the direction that hurts and large enough to matter, by the preset. The scores do not
    /// ask; what becomes a finding does.
    pub matters: bool,
    /// The rarity of the present run of equal values; none while it is ordinary, or a run of zeros where more is worse.
    pub stuck: Option<f64>,
    /// The rarity of a fall to less than half of the slow level (a count that drops to zero); none while it is ordinary, or does not
    /// matter by the preset.
    pub drop: Option<f64>,
    /// What stays higher or lower than on any day before; none while nothing does, or it does not matter by the preset.
    pub beyond: Option<Beyond>,
    /// Whether that still holds: it is told now and then, and stands in between.
    pub stays_beyond: bool,
    /// The view that is most surprised.
    pub view: View,
    /// How long the signal's own cycle lasts, where the surprise is against that.
    pub cycle: Option<Span>,
    /// The direction of the surprise: the value is above (or below) what was expected.
    pub upward: bool,
    /// Whether the signal is back within what it knows (or the new level has become normal).
    pub calm: bool,
}

impl Judgement {
    /// The rarity of what is new here: the fused one where it is fresh, a stuck run, a fall, days left behind; none where nothing is.
    pub fn news(&self) -> Option<f64> {
        let beyond = self.beyond.map(|beyond| beyond.rarity);
        [self.rarity.filter(|_| self.fresh), self.stuck, self.drop, beyond].into_iter().flatten().reduce(f64::max)
    }
}

/// A signal that stays beyond all that the days before brought.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beyond {
    /// log10 of the return period in weeks.
    pub rarity: f64,
    /// Whether it stays above.
    pub upward: bool,
    /// Whether for its hour: how it lies to what that brings, and not the value itself.
    pub by_hour: bool,
    /// The depth and the height of a usual day, or around what the hour usually brings.
    pub usual: (f64, f64),
}

/// The ways in which a signal can surprise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// A single value.
    Value,
    /// The level over several points.
    Level,
    /// The change from point to point.
    Slope,
    /// The spread.
    Spread,
    /// The shape of the last points.
    Shape,
    /// The same value for too long.
    Stuck,
    /// Falls silent or to zero.
    Drop,
    /// Higher or lower than on any day before.
    Days,
    /// The same for the time of day.
    Hours,
}
