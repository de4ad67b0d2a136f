//! What the outbox remembers of one alert: its latest record and, by receiver, what was told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::queue::Key;
use super::verdict::Verdict;
use crate::alert::{AlertRecord, State, Urgency};
use crate::deliver::Wall;

/// One alert as the outbox knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Case {
    /// The latest record.
    #[serde(with = "as_json")]
    pub(super) record: AlertRecord,
    /// The latest record was old news when it came: nothing is told before the stream is at its head.
    pub(super) stale: bool,
    /// The silence that keeps it back, if any.
    pub(super) silenced: Option<String>,
    /// Who is on it, if anyone.
    pub(super) ack: Option<Ack>,
    /// What each receiver was told.
    pub(super) ledgers: BTreeMap<String, Ledger>,
}

/// Someone is on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Who.
    pub by: String,
    /// Since when.
    pub at: Wall,
    /// How urgent the alert was then; more is an escalation.
    pub urgency: Urgency,
}

/// What one receiver was told of one alert.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Ledger {
    /// The last revision that was delivered or given up.
    pub(super) settled: u32,
    /// The state that was last delivered, if any was.
    pub(super) told: Option<State>,
    /// It was told in a digest only.
    pub(super) by_digest: bool,
    /// The last revision that a digest listed.
    pub(super) listed: u32,
    /// Since when it has been waiting for work hours or the digest; cleared once a digest told its fate.
    pub(super) waited: Option<Wall>,
    /// The first message about it, which begins the thread.
    pub(super) thread: Option<Key>,
    /// What was decided last, so that the log tells changes only.
    pub(super) verdict: Option<(u32, Verdict)>,
}

impl Case {
    pub(super) fn new(record: &AlertRecord) -> Case {
        Case { record: record.clone(), stale: false, silenced: None, ack: None, ledgers: BTreeMap::new() }
    }

    /// The receivers that were told that it fires.
    pub(super) fn told_firing(&self) -> Vec<String> {
        let told = self.ledgers.iter().filter(|(_, ledger)| ledger.told == Some(State::Firing));
        told.map(|(name, _)| name.clone()).collect()
    }

    /// Whether a receiver was told that it fires and not yet that it is over.
    pub(super) fn is_owed_a_resolve(&self) -> bool {
        self.record.state == State::Resolved
            && self.ledgers.values().any(|l| l.told == Some(State::Firing) && l.settled < self.record.revision)
    }
}

/// Alert records as JSON text: their shape leaves fields out, which formats without field names could not read back.
pub(super) mod as_json {
    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    use crate::alert::AlertRecord;

    pub(in crate::deliver::outbox) fn serialize<S: Serializer>(record: &AlertRecord, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&serde_json::to_string(record).map_err(ser::Error::custom)?)
    }

    pub(in crate::deliver::outbox) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<AlertRecord, D::Error> {
        serde_json::from_str(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}
