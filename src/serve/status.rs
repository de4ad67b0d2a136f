//! The status page: how far, how blind, how well told.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::deliver::outbox::ReceiverStatus;

/// How the process stands, as `/api/v1/status` shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Status {
    /// Whether it judges.
    pub ready: bool,
    /// Why it does not.
    pub why: Option<String>,
    /// Whether nothing is sent because no receiver is configured.
    pub shadow: bool,
    /// Entries of the journal that are still to be played after a restart.
    pub replaying: usize,
    /// Event time up to which everything is judged.
    pub watermark: Option<String>,
    /// Wall time less the watermark, in seconds.
    pub watermark_lag_seconds: Option<f64>,
    /// Whether the newest record was at most two minutes old on arrival.
    pub at_head: bool,
    /// Records between what was read and the ends of the partitions.
    pub lag: i64,
    /// Each partition.
    pub partitions: Vec<PartitionStatus>,
    /// Partitions that have records and cannot be read.
    pub blind_spots: Vec<String>,
    /// Named topics that do not exist.
    pub missing_topics: Vec<String>,
    /// Signals watched.
    pub signals: usize,
    /// Records read and not yet judged.
    pub waiting: usize,
    /// Records read, by topic.
    pub records: BTreeMap<String, u64>,
    /// What could not be read, by reason.
    pub rejects: BTreeMap<String, u64>,
    /// Messages kept as dead letters since the start of the process.
    pub dead_letters: u64,
    /// Records later than the lateness allows.
    pub late: u64,
    /// Records that were gone from the broker before they were read.
    pub lost: u64,
    /// Alerts that are firing.
    pub firing: usize,
    /// Alert records that the alerts topic has not confirmed.
    pub topic_pending: usize,
    /// Every receiver.
    pub receivers: Vec<ReceiverStatus>,
    /// The receivers whose every attempt fails, and why.
    pub failing: BTreeMap<String, String>,
    /// The last checkpoint.
    pub checkpoint: Option<CheckpointStatus>,
    /// What is wrong, in words.
    pub troubles: Vec<String>,
}

/// One partition.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionStatus {
    /// The topic.
    pub topic: String,
    /// The number.
    pub partition: i32,
    /// The offset of the next record to judge.
    pub next: i64,
    /// The offset behind its last record.
    pub end: Option<i64>,
    /// The newest event time in it.
    pub newest: Option<String>,
    /// `unread`, `ended` or `stalled`.
    pub standing: &'static str,
}

/// The last checkpoint.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointStatus {
    /// When it was written, wall time.
    pub at: String,
    /// How long it took.
    pub seconds: f64,
    /// Its size.
    pub bytes: u64,
}
