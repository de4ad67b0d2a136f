//! From readings to observations: the state that one series needs to become values.

use serde::{Deserialize, Serialize};

use super::Reading;
use crate::time::{Span, Timestamp};

/// Which derived signal of a series an observation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stat {
    /// The series itself: a gauge, a rate, a ratio.
    Value,
    /// The median of a distribution (label `stat="p50"`).
    P50,
    /// The 90 % point (`stat="p90"`).
    P90,
    /// The 99 % point (`stat="p99"`).
    P99,
    /// How many per second (`stat="rate"`).
    Rate,
}

impl Stat {
    /// The value of the label `stat`; none for the series itself.
    pub fn label(self) -> Option<&'static str> {
        match self {
            Stat::Value => None,
            Stat::P50 => Some("p50"),
            Stat::P90 => Some("p90"),
            Stat::P99 => Some("p99"),
            Stat::Rate => Some("rate"),
        }
    }
}

/// One value of one signal at one time, finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Which derived signal.
    pub stat: Stat,
    /// When.
    pub at: Timestamp,
    /// The value.
    pub value: f64,
}

/// The state that turns the readings of one series, in order of time, into observations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meter {}

impl Meter {
    /// The width of the buckets in which log lines are counted.
    pub const LINES_WIDTH: Span = Span::from_secs(60);

    /// Takes the next reading. `at` is never earlier than the reading before.
    pub fn read(&mut self, at: Timestamp, reading: &Reading, out: &mut impl FnMut(Observation)) {
        if let Reading::Gauge(value) = *reading
            && value.is_finite()
        {
            out(Observation { stat: Stat::Value, at, value });
        }
    }

    /// When an interval closes by itself (log lines), so that the watermark passing it yields an observation.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        None
    }

    /// The watermark passed `to`: intervals that end before or at it are closed.
    pub fn advance(&mut self, _to: Timestamp, _out: &mut impl FnMut(Observation)) {}
}
