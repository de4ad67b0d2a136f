//! The notifications that would have been sent: when, to whom, about what.
//!
//! The one seam between `replay` and delivery: alert records go in as they are decided, notices come out at the end.

use serde::Serialize;

use crate::alert::{AlertRecord, State, Urgency, rfc3339};
use crate::config::Settings;
use crate::time::Timestamp;

/// One notification that would have been sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notice {
    /// When it would have been sent.
    #[serde(serialize_with = "rfc3339::serialize")]
    pub at: Timestamp,
    /// The receiver's name.
    pub receiver: String,
    /// The alert's id.
    pub alert: String,
    /// Which of its changes.
    pub revision: u32,
    /// How urgent.
    pub urgency: Urgency,
    /// Firing or resolved.
    pub state: State,
    /// Its sentence.
    pub summary: String,
}

/// Collects notices.
#[derive(Debug, Default)]
pub(super) struct Notices {
    all: Vec<Notice>,
}

impl Notices {
    pub(super) fn new(_settings: &Settings) -> Self {
        Notices::default()
    }

    pub(super) fn take(&mut self, _record: &AlertRecord) {}

    pub(super) fn finish(self) -> Vec<Notice> {
        self.all
    }
}
