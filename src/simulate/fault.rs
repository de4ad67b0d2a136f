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
    /// A credential is not renewed; once it has run out, requests fail.
    CredentialExpiry,
    /// A flag is rolled out in steps and makes a service slow, and those who wait for it.
    SlowFlag,
    /// Fewer visits end in an order, though nothing fails.
    KpiFalls,
    /// Each request takes a little longer, hour by hour.
    LatencyCreep,
    /// Demand grows until the next peak is more than the service can carry.
    TrafficPeak,
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
    /// Quiet: a volume of logs fills all day and is emptied at midnight.
    LogRotation,
    /// Quiet: a working day on which people stay at home.
    Holiday,
    /// Quiet: now and then a single sample of latency is far out.
    Spikes,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [FaultKind; 19] = [
        FaultKind::DiskFills,
        FaultKind::PoolLeak,
        FaultKind::MemoryLeak,
        FaultKind::BadDeploy,
        FaultKind::QueueRunaway,
        FaultKind::NodeSilent,
        FaultKind::CredentialExpiry,
        FaultKind::SlowFlag,
        FaultKind::KpiFalls,
        FaultKind::LatencyCreep,
        FaultKind::TrafficPeak,
        FaultKind::NightlyBatch,
        FaultKind::LevelShift,
        FaultKind::CounterReset,
        FaultKind::TelemetryGap,
        FaultKind::HarmlessDeploy,
        FaultKind::LogRotation,
        FaultKind::Holiday,
        FaultKind::Spikes,
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
            FaultKind::CredentialExpiry => "credential expiry",
            FaultKind::SlowFlag => "slow flag",
            FaultKind::KpiFalls => "kpi falls",
            FaultKind::LatencyCreep => "latency creep",
            FaultKind::TrafficPeak => "traffic beyond capacity",
            FaultKind::NightlyBatch => "nightly batch",
            FaultKind::LevelShift => "level shift",
            FaultKind::CounterReset => "counter reset",
            FaultKind::TelemetryGap => "telemetry gap",
            FaultKind::HarmlessDeploy => "harmless deploy",
            FaultKind::LogRotation => "log rotation",
            FaultKind::Holiday => "holiday",
            FaultKind::Spikes => "single spikes",
        }
    }

    /// Whether it only looks like a fault.
    pub fn is_quiet(self) -> bool {
        matches!(
            self,
            FaultKind::NightlyBatch
                | FaultKind::LevelShift
                | FaultKind::CounterReset
                | FaultKind::TelemetryGap
                | FaultKind::HarmlessDeploy
                | FaultKind::LogRotation
                | FaultKind::Holiday
                | FaultKind::Spikes
        )
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

    /// The share of requests that a flag decides: a tenth, four tenths, all, each for this long.
    pub(super) fn rolled_out(&self, at: Timestamp) -> f64 {
        let step = 1800.0 / self.pace;
        match at.since(self.begins).as_secs_f64() {
            gone if gone < step => 0.1,
            gone if gone < 2.0 * step => 0.4,
            _ => 1.0,
        }
    }
}
