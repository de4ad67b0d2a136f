//! Distributions as they come on the wire, and the quantiles read from them.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A distribution at one time: explicit bounds (an exponential histogram is converted to them by its decoder), or a
/// summary's own quantiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Buckets {
    /// `counts[i]` values lie in `(bounds[i-1], bounds[i]]`; one count more than bounds.
    Histogram {
        /// Upper bounds, strictly rising.
        bounds: Vec<f64>,
        /// Counts, one more than bounds.
        counts: Vec<f64>,
        /// Whether counts run since `start` (cumulative) or since the reading before (delta).
        cumulative: bool,
        /// The begin of counting, or of the interval.
        start: Option<Timestamp>,
    },
    /// Ready-made quantiles (`0.5`, `0.9`, `0.99`, …) and a running count.
    Summary {
        /// Pairs of quantile and value.
        quantiles: Vec<(f64, f64)>,
        /// The running count.
        count: f64,
        /// The begin of counting.
        start: Option<Timestamp>,
    },
}
impl Buckets {
    pub fn total(&self) -> f64 {
        0.0
    }
}
