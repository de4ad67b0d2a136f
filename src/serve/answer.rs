//! What is asked of the judging thread, and its answers.

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::alert::Chart;
use crate::config::Settings;
use crate::signal::Selector;
use crate::time::Timestamp;

/// Where an answer goes.
pub type Reply = oneshot::Sender<Result<Value, Fault>>;

/// A chart and the zone of the people who read it.
#[derive(Clone, Debug)]
pub struct Drawable {
    /// What to draw.
    pub chart: Arc<Chart>,
    /// Whose times are written on it.
    pub zone: TimeZone,
}

/// Something asked of the judging thread.
#[derive(Debug)]
pub enum Command {
    /// A change, as a CloudEvent; answered once it is durable.
    Change(Vec<u8>, Reply),
    /// No notifications for a selector until a time.
    Silence {
        /// What is silenced.
        selector: String,
        /// Its end, wall time.
        until: Timestamp,
        /// Who asks.
        by: String,
        /// Why.
        comment: String,
        /// Answered with the silence.
        reply: Reply,
    },
    /// The changes remembered, the newest first, and what each did.
    Changes(Reply),
    /// The silences in force.
    Silences(Reply),
    /// Ends a silence by its id.
    Unsilence(String, Reply),
    /// Someone is on an alert.
    Acknowledge {
        /// The alert.
        alert: String,
        /// Who.
        by: String,
        /// Nobody needed to hear of it.
        unneeded: bool,
        /// Answered once it is durable.
        reply: Reply,
    },
    /// The latest record of every alert in this state, or of all.
    Alerts(Option<String>, Reply),
    /// Every record of one alert, and what was decided about telling it.
    Alert(String, Reply),
    /// What the picture of an alert shows.
    Chart(String, oneshot::Sender<Result<Drawable, Fault>>),
    /// A configuration read anew, or why it is wrong; answered once it holds, or not.
    Reload(Result<Box<Settings>, String>, Reply),
    /// The signals that a selector means, at most so many.
    Signals(Option<Selector>, usize, Reply),
}

/// Why something asked was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// What was asked is wrong; the words name it.
    #[error("{0}")]
    Wrong(String),
    /// There is no such thing.
    #[error("{0}")]
    Unknown(String),
    /// It cannot be done now.
    #[error("{0}")]
    Unable(String),
}
