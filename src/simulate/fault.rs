//! What goes wrong, and what only looks like it.

use crate::time::{Span, Timestamp};

/// One event in the life of the shop.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// The service it happens to.
    pub service: &'static str,
    /// When it begins.
    pub begins: Timestamp,
    /// When people have mended it.
    pub ends: Timestamp,
    /// How fast or strong, about 1.
    pub pace: f64,
}

/// The faults, and the quiet look-alikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// The database's disk fills; full, it refuses to write.
    DiskFills,
    /// Connections are not given back; waiting for one makes requests slow.
    PoolLeak,
    /// The heap grows; collecting garbage makes requests slow, then the process restarts.
    MemoryLeak,
    /// A bad version on one instance first, then on all.
    BadDeploy,
    /// A queue's worker slows down; the backlog grows.
    QueueRunaway,
    /// One instance falls silent; the others carry its load.
    NodeSilent,
    /// Quiet: a nightly batch loads the database's disk and processor.
    NightlyBatch,
    /// Quiet: traffic steps up for good, within what the shop can carry.
    LevelShift,
    /// Quiet: instances restart, their counters begin anew.
    CounterReset,
    /// Quiet: telemetry stops and is sent later with its own times.
    TelemetryGap,
    /// Quiet: a new version that changes nothing.
    HarmlessDeploy,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [FaultKind; 11] = [
        FaultKind::DiskFills,
        FaultKind::PoolLeak,
        FaultKind::MemoryLeak,
        FaultKind::BadDeploy,
        FaultKind::QueueRunaway,
        FaultKind::NodeSilent,
        FaultKind::NightlyBatch,
        FaultKind::LevelShift,
        FaultKind::CounterReset,
        FaultKind::TelemetryGap,
        FaultKind::HarmlessDeploy,
    ];

    /// The name for people and for the demo's last lines.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::DiskFills => "disk fills",
            FaultKind::PoolLeak => "pool leak",
            FaultKind::MemoryLeak => "memory leak",
            FaultKind::BadDeploy => "bad deploy",
            FaultKind::QueueRunaway => "queue runaway",
            FaultKind::NodeSilent => "node silent",
            FaultKind::NightlyBatch => "nightly batch",
            FaultKind::LevelShift => "level shift",
            FaultKind::CounterReset => "counter reset",
            FaultKind::TelemetryGap => "telemetry gap",
            FaultKind::HarmlessDeploy => "harmless deploy",
        }
    }
}

impl Fault {
    /// Whether it acts at this time.
    pub(super) fn acts(&self, at: Timestamp) -> bool {
        self.begins <= at && at < self.ends
    }

    /// How long a bad version runs on one instance before it goes to all.
    pub(super) fn canary(&self) -> Span {
        Span::from_secs_f64(1800.0 / self.pace)
    }
}
