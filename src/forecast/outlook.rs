//! What a forecaster says.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// When a bound will be passed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// The probability that it is passed within the horizon.
    pub probability: f64,
    /// The 10 % point of the time of crossing, given that it comes.
    pub earliest: Timestamp,
    /// The 50 % point.
    pub likely: Timestamp,
    /// The 90 % point.
    pub latest: Timestamp,
}

impl Outlook {
    pub fn certain(at: Timestamp) -> Self {
        Outlook { probability: 1.0, earliest: at, likely: at, latest: at }
    }
    /// The time from `now` to the earliest credible crossing.
    pub fn lead(&self, now: Timestamp) -> Span {
        self.earliest.since(now)
    }
}
