//! How surprising: each observation against the past only, on one scale for all signals.

use serde::{Deserialize, Serialize};

use crate::calendar::Local;
use crate::plan::Preset;
use crate::time::Timestamp;

/// Judges the observations of one signal in order of time: first scores, then learns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Judge {}

/// What is said of one observation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// How unusual the signal is here, 0 to 1, strictly rising with surprise; 0 while it warms up.
    pub anomaly: f64,
    /// How strongly an alert would be opened here, 0 to 1; near 0 while the trouble is already announced.
    pub onset: f64,
    /// The 10 % and 90 % points of what was expected; none until it is warm.
    pub expected: Option<(f64, f64)>,
    /// log10 of the return period in weeks of what is seen now, calibrated on the signal's own past; none until it is warm.
    pub rarity: Option<f64>,
    /// The view that is most surprised.
    pub view: View,
    /// The direction of the surprise: the value is above (or below) what was expected.
    pub upward: bool,
    /// Whether the signal is back within what it knows (or the new level has become normal).
    pub calm: bool,
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
}

impl Judge {
    pub const VERSION: u8 = 1;
    pub fn last_seen(&self) -> Option<Timestamp> {
        None
    }
    /// Judges `value`, then learns from it. `at` is later than every observation before; `value` is finite.
    pub fn observe(&mut self, _at: Timestamp, _value: f64, _local: Local, _preset: &Preset) -> Judgement {
        Judgement {
            anomaly: 0.0,
            onset: 0.0,
            expected: None,
            rarity: None,
            view: View::Value,
            upward: true,
            calm: true,
        }
    }

    /// When silence becomes news, by the cadence learned; none while it is not known, or silence is nothing.
    pub fn silent_after(&self) -> Option<Timestamp> {
        None
    }

    /// Why the judge says nothing yet, for people; none once it is warm.
    pub fn warming(&self) -> Option<String> {
        None
    }
}
impl Judgement {
    pub fn words(&self) -> String {
        String::new()
    }
}
