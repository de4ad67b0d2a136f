//! What the shards say of single signals: the input of the incident stage.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::forecast::Outlook;
use crate::plan::Side;
use crate::signal::Signal;
use crate::time::Timestamp;

/// The kind of an alert, and of the finding that began it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A value, level, spread or shape never seen.
    Anomaly,
    /// A bound will be passed.
    Forecast,
    /// A signal that should speak is silent.
    Absence,
    /// Something in the log lines.
    Log,
    /// A change that hurt.
    Change,
}

/// One trouble of one signal has a new state. A trouble is identified by its signal and kind: [`Phase::Raised`] opens it,
/// [`Phase::Updated`] tells that its outlook or size changed, [`Phase::Cleared`] ends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The signal.
    pub signal: Arc<Signal>,
    /// What kind of trouble.
    pub kind: Kind,
    /// What happened to the trouble.
    pub phase: Phase,
    /// The observation or deadline that decided this.
    pub at: Timestamp,
    /// When the trouble began, as far as the data shows.
    pub since: Timestamp,
    /// The value seen; none where silence is the news.
    pub value: Option<f64>,
    /// The 10 % and 90 % points of what was expected, where there is an expectation.
    pub expected: Option<(f64, f64)>,
    /// The onset score, 0 to 1.
    pub score: f64,
    /// How rare this is for the signal: log10 of the return period in weeks (0 is once a week, 2 once in 100 weeks).
    pub rarity: f64,
    /// How many signals of this name its service has, itself included: what tells one odd instance from all of them.
    pub peers: u32,
    /// The unit, if it is known.
    pub unit: Option<String>,
    /// The bound that is or will be passed.
    pub breach: Option<Breach>,
    /// One clause that says what was seen, for people: "jumped to 812 ms, usually 20 to 35 ms".
    pub words: String,
}

/// What happened to a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It began.
    Raised,
    /// It goes on, with another outlook or size.
    Updated,
    /// It is over: the signal is back to normal (or to its new normal).
    Cleared,
    /// A forecast that receded before it came true.
    Withdrawn,
    /// The signal was removed for good (its service was removed by a change, or it was forgotten).
    Gone,
}

/// The bound that a finding is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// Objective (users feel it) or limit (a capacity).
    pub target: Target,
    /// The level.
    pub level: f64,
    /// The side that hurts.
    pub side: Side,
    /// Whether the bound is passed now (for an objective: for as long as its `for`).
    pub now: bool,
    /// The outlook; certain where it is passed now.
    pub outlook: Outlook,
}

/// Which promise a breach concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// An objective, by its name and service.
    Objective {
        /// The name for people.
        name: String,
        /// The service named by the objective, if any.
        service: Option<String>,
    },
    /// A limit.
    Limit,
}

/// What a change did to one signal of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeEffect {
    /// It moved to the side that helps.
    Better,
    /// It moved to the side that hurts, by more than it does without changes.
    Worse,
    /// It did not move more than it does without changes, or by too little to matter.
    None,
    /// Too little is known of the signal.
    Unknown,
}
