//! When it will hurt: the first passage over a bound, with an interval and its own record of skill.

mod outlook;

pub use outlook::Outlook;

use serde::{Deserialize, Serialize};

use crate::calendar::Local;
use crate::plan::Bound;
use crate::time::{Span, Timestamp};

/// Foresees when one signal passes one bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecaster {
    bound_level: f64,
}

impl Forecaster {
    pub fn since(&self) -> Option<Timestamp> {
        None
    }
    pub fn words(&self) -> String {
        String::new()
    }
    /// A forecaster for this bound, knowing nothing yet.
    pub fn new(bound: Bound) -> Self {
        Forecaster { bound_level: bound.level }
    }

    /// Takes the next observation, later than all before.
    pub fn observe(&mut self, _at: Timestamp, _value: f64, _local: Local) {}

    /// The outlook over `horizon` as of the last observation; none while it cannot tell, or the bound is passed already.
    pub fn outlook(&self, _horizon: Span) -> Option<Outlook> {
        None
    }

    /// Whether the risk has held long enough to be told (and, once told, has not receded).
    pub fn is_credible(&self) -> bool {
        self.bound_level.is_nan()
    }
}
