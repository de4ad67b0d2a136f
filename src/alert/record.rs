//! The alert record, version 1: what every exit carries. Its shape is a promise (INTERFACE "Alert record").

use serde::{Deserialize, Serialize};

use crate::finding::Kind;
use crate::time::Timestamp;

/// One change of one alert. Field for field the JSON object of version 1; times are RFC 3339 UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// Stable: a hash of the first finding's signal, kind and time.
    pub id: String,
    /// Counts the changes of this alert, from 1.
    pub revision: u32,
    /// Firing or resolved.
    pub state: State,
    /// The kind; never changes.
    pub kind: Kind,
    /// Whom it may disturb.
    pub urgency: Urgency,
    /// Event time of what decided this.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
    /// When the trouble began.
    #[serde(with = "rfc3339")]
    pub since: Timestamp,
    /// The service most concerned.
    pub service: String,
    /// One sentence that a person can act on.
    pub summary: String,
    /// The signals, likeliest origin first, at most 10.
    pub signals: Vec<SignalNote>,
    /// The breach, if one is foreseen or there.
    pub breach: Option<BreachNote>,
    /// Changes that fit, most likely first.
    pub suspects: Vec<Suspect>,
    /// Why it is said now.
    pub reason: Reason,
    /// With reason `merged`: the alert that lives on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// Labels that go through to the message: `runbook`, `owner`, `team` and those of `[alert] carry`.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub labels: std::collections::BTreeMap<String, String>,
}

/// Firing or resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It stands.
    Firing,
    /// It is over.
    Resolved,
}

/// Whom an alert may disturb, and when; the greater is the more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Once a day at the start of work.
    Digest,
    /// Until work hours.
    Hold,
    /// Wake someone.
    Page,
}

/// Why a record is said now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// First told.
    Opened,
    /// More urgent, more likely or much sooner.
    Worsened,
    /// A signal or another alert joined.
    Joined,
    /// A hold became a page.
    Promoted,
    /// Still open, told again.
    Repeated,
    /// Over.
    Resolved,
    /// The forecast receded.
    Withdrawn,
    /// Proved one with another alert.
    Merged,
    /// Proved to be two.
    Split,
    /// The signal was removed for good.
    Gone,
}

/// One signal of an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalNote {
    /// Selector form, all labels.
    pub signal: String,
    /// The value seen; null where silence is the news.
    pub value: Option<f64>,
    /// The low end of what was expected.
    pub expected_low: Option<f64>,
    /// The high end of what was expected.
    pub expected_high: Option<f64>,
    /// 0 to 1.
    pub score: f64,
    /// The unit, if it is known.
    pub unit: Option<String>,
    /// One clause that says what was seen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
}

/// The breach of an alert: `objective` or `limit` holds the selector form of the signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreachNote {
    /// The signal of the objective.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// The signal of the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// The objective's name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The level that is passed.
    pub level: f64,
    /// The probability that it is passed within the horizon.
    pub probability: f64,
    /// The 10 % point.
    #[serde(with = "rfc3339")]
    pub earliest: Timestamp,
    /// The 50 % point.
    #[serde(with = "rfc3339")]
    pub likely: Timestamp,
    /// The 90 % point.
    #[serde(with = "rfc3339")]
    pub latest: Timestamp,
}

/// A change that may have caused it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// The change's id.
    pub change: String,
    /// What was changed, in words.
    pub what: String,
    /// When.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
    /// 0 to 1.
    pub confidence: f64,
}

/// Timestamps as RFC 3339 text.
pub mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::time::Timestamp;

    /// Writes RFC 3339 UTC.
    pub fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    /// Reads RFC 3339.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        Timestamp::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom(format!("not an RFC 3339 time: {text}")))
    }
}
