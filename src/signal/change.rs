//! What people changed: deployments, flags, configuration, scaling.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// One change of the running system, as CDEvents or `dev.forewarn.*` told it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    /// When it took effect.
    pub at: Timestamp,
    /// The CloudEvents `id`, unique; a repeated id is the same change.
    pub id: String,
    /// The service that was changed.
    pub service: String,
    /// What kind of change.
    pub kind: ChangeKind,
    /// What was changed in words: the artifact deployed, the flag's name.
    pub what: String,
    /// The version or value after the change, if told.
    pub version: Option<String>,
}

/// The kinds of change that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// A service deployed for the first time (`dev.cdevents.service.deployed`).
    Deployed,
    /// A new version (`dev.cdevents.service.upgraded`).
    Upgraded,
    /// Back to an earlier version (`dev.cdevents.service.rolledback`).
    RolledBack,
    /// Taken away for good (`dev.cdevents.service.removed`).
    Removed,
    /// A feature flag (`dev.forewarn.flag.changed`).
    Flag,
    /// Configuration (`dev.forewarn.config.changed`).
    Config,
    /// More or fewer instances (`dev.forewarn.scale.changed`).
    Scale,
}

impl ChangeKind {
    /// The verb for a message: "upgraded", "flag changed".
    pub fn verb(self) -> &'static str {
        match self {
            ChangeKind::Deployed => "deployed",
            ChangeKind::Upgraded => "upgraded",
            ChangeKind::RolledBack => "rolled back",
            ChangeKind::Removed => "removed",
            ChangeKind::Flag => "flag changed",
            ChangeKind::Config => "configuration changed",
            ChangeKind::Scale => "scaled",
        }
    }
}
