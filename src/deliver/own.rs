//! Alerts about forewarn itself: it lags, cannot read, cannot deliver, loses data. Pure: how it stands and the wall time go
//! in, records come out, and go the way of all alerts.
//!
//! An id is a hash of the cause and its begin, so that a restart goes on with the same alert.

mod symptoms;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::Wall;
use super::outbox::ReceiverStatus;
use crate::alert::{AlertRecord, Reason, SignalNote, State, Urgency};
use crate::finding::Kind;
use crate::time::Span;
use symptoms::Symptom;

/// The service of these alerts.
pub const SERVICE: &str = "forewarn";
/// The label that names the cause.
pub const TROUBLE: &str = "trouble";
/// The label that names the receiver which fails: the alert goes to the others.
pub const RECEIVER: &str = "receiver";

/// How the process stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// How far judging is behind the present while there is something to judge; none at the head of the stream.
    pub behind: Option<Span>,
    /// Why nothing at all can be read.
    pub unreadable: Option<String>,
    /// Partitions that have records and cannot be read.
    pub blind: Vec<String>,
    /// The receivers.
    pub receivers: Vec<ReceiverStatus>,
    /// Why the alerts topic takes nothing.
    pub topic: Option<String>,
    /// Why dead letters cannot be kept.
    pub dead_letters: Option<String>,
    /// Why the state cannot be kept.
    pub disk: Option<String>,
    /// What was read and lost so far.
    pub counts: Counts,
}

/// What was read and lost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records read.
    pub records: u64,
    /// What of them could not be understood.
    pub rejects: u64,
    /// Records gone from the broker before they were read.
    pub lost: u64,
    /// New signals refused at the bound.
    pub refused: u64,
}

/// What is wrong with forewarn itself, and what was said of it. Part of the checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Own {
    ills: BTreeMap<String, Ill>,
    /// Losses up to here are known.
    before: Counts,
    /// Where the present window of rejects began.
    window: Option<(Wall, Counts)>,
    /// The share of rejects in the last full window, where it was too much.
    rejecting: Option<f64>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Ill {
    since: Wall,
    /// When it was last seen.
    seen: Wall,
    /// Its size when it began: what shrinks passes by itself.
    amount: f64,
    /// The revision that was told last; none while it may still pass.
    told: Option<u32>,
    urgency: Urgency,
    words: String,
    receiver: Option<String>,
    lasts: Span,
}

/// What passes within this time was never there.
const FLICKER: Span = Span::from_mins(1);

impl Own {
    /// Takes a look; gives what is new.
    pub fn look(&mut self, health: &Health, now: Wall) -> Vec<AlertRecord> {
        let mut records = Vec::new();
        let symptoms = self.symptoms(health, now);
        for symptom in &symptoms {
            records.extend(self.see(symptom, now));
        }
        let gone = |cause: &String, ill: &Ill| {
            symptoms.iter().all(|symptom| symptom.cause != *cause) && ill.lasts <= now.since(ill.seen)
        };
        let over: Vec<String> =
            self.ills.iter().filter(|(cause, ill)| gone(cause, ill)).map(|(cause, _)| cause.clone()).collect();
        for cause in over {
            if let Some(ill) = self.ills.remove(&cause)
                && let Some(told) = ill.told
            {
                records.push(ill.record(&cause, told + 1, Reason::Resolved, Vec::new(), now));
            }
        }
        records
    }

    fn see(&mut self, symptom: &Symptom, now: Wall) -> Option<AlertRecord> {
        let Symptom { cause, amount, .. } = symptom;
        let ill = self.ills.entry(cause.clone()).or_insert_with(|| Ill {
            since: symptom.since.unwrap_or(now),
            seen: now,
            amount: *amount,
            told: None,
            urgency: symptom.urgency,
            words: String::new(),
            receiver: symptom.receiver.clone(),
            lasts: symptom.lasts,
        });
        (ill.seen, ill.lasts) = (now, symptom.lasts);
        let reason = match ill.told {
            None if now.since(ill.since) < symptom.patience => return None,
            None if symptom.may_shrink && *amount < 0.9 * ill.amount => {
                // It gets better by itself: it is looked at anew.
                (ill.since, ill.amount) = (now, *amount);
                return None;
            }
            None => Reason::Opened,
            Some(_) if ill.urgency < symptom.urgency => Reason::Promoted,
            Some(_) => return None,
        };
        let revision = ill.told.unwrap_or(0) + 1;
        ill.told = Some(revision);
        ill.urgency = symptom.urgency;
        ill.words = symptom.words.clone();
        Some(ill.record(cause, revision, reason, symptom.notes(), now))
    }

    /// After a restart: what was told since the checkpoint is known again from the latest records of the history. Gives
    /// those that the outbox is to take once more.
    pub fn recall<'a>(&mut self, latest: impl Iterator<Item = &'a AlertRecord>, now: Wall) -> Vec<AlertRecord> {
        let mut again = Vec::new();
        for record in latest.filter(|record| record.service == SERVICE) {
            let Some(cause) = record.labels.get(TROUBLE) else { continue };
            let since = Wall(record.since);
            if record.id != id_of(cause, since) {
                continue;
            }
            let known = self.ills.get(cause).is_some_and(|ill| ill.since == since);
            match record.state {
                State::Firing => {
                    let ill = Ill {
                        since,
                        seen: now,
                        amount: f64::INFINITY,
                        told: Some(record.revision),
                        urgency: record.urgency,
                        words: record.summary.clone(),
                        receiver: record.labels.get(RECEIVER).cloned(),
                        lasts: self.ills.get(cause).map_or(FLICKER, |ill| ill.lasts),
                    };
                    self.ills.insert(cause.clone(), ill);
                    again.push(record.clone());
                }
                State::Resolved if known => {
                    self.ills.remove(cause);
                    again.push(record.clone());
                }
                State::Resolved => {}
            }
        }
        again
    }
}

impl Ill {
    fn record(&self, cause: &str, revision: u32, reason: Reason, signals: Vec<SignalNote>, now: Wall) -> AlertRecord {
        let over = reason == Reason::Resolved;
        let mut labels = BTreeMap::from([(TROUBLE.to_owned(), cause.to_owned())]);
        labels.extend(self.receiver.clone().map(|name| (RECEIVER.to_owned(), name)));
        AlertRecord {
            id: id_of(cause, self.since),
            revision,
            state: if over { State::Resolved } else { State::Firing },
            kind: Kind::Anomaly,
            urgency: self.urgency,
            at: now.0,
            since: self.since.0,
            service: SERVICE.to_owned(),
            summary: if over { format!("over: {}", self.words) } else { self.words.clone() },
            signals,
            breach: None,
            suspects: Vec::new(),
            reason,
            merged_into: None,
            labels,
        }
    }
}

fn id_of(cause: &str, since: Wall) -> String {
    format!("{:016x}", xxh3_64(format!("{SERVICE}/{cause}/{since}").as_bytes()))
}
