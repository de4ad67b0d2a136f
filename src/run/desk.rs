//! The way out: history, alerts topic, outbox, receipts.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::RunError;
use crate::alert::AlertRecord;
use crate::deliver::courier::{self, SharedOutbox, lock};
use crate::deliver::outbox::{Album, Book, Key, Paces};
use crate::deliver::{Outbox, Outcome, Policy, Wall};
use crate::engine::Engine;
use crate::ingest::kafka::Outlet;
use crate::pipeline::{get, put};
use crate::state::{Act, Checkpoint, History, Receipts, Saved, StateError};
use crate::telemetry::{ByAlert, Metrics};

/// A sending that succeeded, or was refused for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Receipt {
    /// The broker has this revision of this alert.
    Topic(String, u32),
    /// A receiver has (or refused) the message of this key.
    Message(Key, Outcome),
}

/// What the thread that judges and the courier share.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) shared: SharedOutbox,
    receipts: Mutex<Receipts<Receipt>>,
    /// The courier at work, to be woken by news.
    pub(super) wake: Mutex<Option<Arc<Notify>>>,
}

impl Counter {
    pub(super) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        lock(&self.shared)
    }

    fn append(&self, receipt: &Receipt) -> Result<(), StateError> {
        self.receipts.lock().expect("no holder panics").append(receipt)
    }

    fn confirmed(&self, record: &AlertRecord) {
        if let Err(error) = self.append(&Receipt::Topic(record.id.clone(), record.revision)) {
            // The record is out: after a crash it would be written once more, under the same id and revision.
            tracing::error!(%error, "a receipt was not written");
        }
    }

    pub(super) fn wake(&self) {
        if let Some(wake) = &*self.wake.lock().expect("no holder panics") {
            wake.notify_one();
        }
    }
}

impl courier::Receipts for Counter {
    fn keep(&self, key: &Key, outcome: &Outcome, _at: Wall) -> std::io::Result<()> {
        self.append(&Receipt::Message(key.clone(), outcome.clone())).map_err(std::io::Error::other)
    }
}

/// Takes what was decided and sees to it that it is told.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) counter: Arc<Counter>,
    pub(super) history: History,
    pub(super) outlet: Option<Outlet>,
    /// Someone in this process who sees every record as it is decided.
    pub(super) watcher: Option<mpsc::Sender<AlertRecord>>,
    /// What the topic has since the checkpoint, as an earlier process wrote down.
    on_topic: BTreeSet<(String, u32)>,
}

impl Desk {
    /// The desk as a checkpoint and the receipts since then leave it. `outlet` opens the alerts topic with what it still
    /// has to write.
    pub(super) fn open(
        directory: &Path,
        policy: Arc<Policy>,
        checkpoint: Option<&Checkpoint>,
        (receipts, log): (Vec<Receipt>, Receipts<Receipt>),
        outlet: impl FnOnce(Vec<AlertRecord>) -> Result<Option<Outlet>, RunError>,
        now: Wall,
    ) -> Result<Desk, RunError> {
        let book: Book = checkpoint.and_then(|checkpoint| get(checkpoint, "outbox")).unwrap_or_default();
        let album: Album = checkpoint.and_then(|checkpoint| get(checkpoint, "charts")).unwrap_or_default();
        let paces: Paces = checkpoint.and_then(|checkpoint| get(checkpoint, "paces")).unwrap_or_default();
        let mut outbox = Outbox::resume(policy, book).with_album(album).with_paces(paces);
        let mut on_topic = BTreeSet::new();
        for receipt in receipts {
            match receipt {
                Receipt::Topic(alert, revision) => drop(on_topic.insert((alert, revision))),
                Receipt::Message(key, outcome) => outbox.receipt(&key, outcome, now),
            }
        }
        let pending: Vec<String> = checkpoint.and_then(|checkpoint| get(checkpoint, "topic")).unwrap_or_default();
        let pending = pending.iter().filter_map(|json| serde_json::from_str::<AlertRecord>(json).ok());
        let pending = pending.filter(|record| !on_topic.contains(&(record.id.clone(), record.revision))).collect();
        Ok(Desk {
            counter: Arc::new(Counter {
                shared: Arc::new(Mutex::new(outbox)),
                receipts: Mutex::new(log),
                wake: Mutex::new(None),
            }),
            history: History::open(directory)?,
            outlet: outlet(pending)?,
            watcher: None,
            on_topic,
        })
    }

    /// Keeps the picture of an alert whose record is taken next. One of an alert that is over long ago helps nobody.
    pub(super) fn picture(&mut self, record: &AlertRecord, engine: &Engine) {
        if let Some(chart) = engine.chart(record) {
            self.counter.outbox().picture(&record.id, chart);
        }
    }

    /// Takes what was decided. After a restart the same is decided again: what was told is not told twice.
    pub(super) fn take(&mut self, record: AlertRecord, now: Wall, metrics: &Metrics) -> Result<(), RunError> {
        if self.history.append(&record)? {
            let (kind, urgency) = (word(&record.kind), word(&record.urgency));
            metrics.alerts.get_or_create(&ByAlert { kind, urgency }).inc();
            tracing::info!(
                id = record.id, revision = record.revision, kind = ?record.kind, urgency = ?record.urgency,
                reason = ?record.reason, service = record.service, "{}", record.summary
            );
            if let Some(watcher) = &self.watcher {
                // A watcher who went away wants no more.
                let _ = watcher.send(record.clone());
            }
        }
        self.counter.outbox().take(&record, now);
        if let Some(outlet) = &mut self.outlet
            && !self.on_topic.contains(&(record.id.clone(), record.revision))
        {
            outlet.put(record);
        }
        self.counter.wake();
        Ok(())
    }

    /// Applies what of the journal concerns delivery.
    pub(super) fn act(&mut self, act: &Act, now: Wall) -> Result<(), String> {
        let mut outbox = self.counter.outbox();
        let told = match act {
            Act::Silence { selector, until, by, comment } => {
                outbox.silence(selector, Wall(*until), by, comment, now).map(drop).map_err(|error| error.to_string())
            }
            Act::Unsilence(id) => match outbox.end_silence(id, now) {
                true => Ok(()),
                false => Err(format!("there is no silence `{id}`")),
            },
            Act::Acknowledge { alert, by, .. } => match outbox.ack(alert, by, now) {
                true => Ok(()),
                false => Err(format!("there is no open alert `{alert}`")),
            },
            // It may be over already: the answer counts all the same.
            Act::Unneeded { alert, by, .. } => {
                outbox.ack(alert, by, now);
                Ok(())
            }
            _ => Ok(()),
        };
        drop(outbox);
        self.counter.wake();
        told
    }

    /// Goes on writing to the alerts topic; gives the trouble there is.
    pub(super) fn drive(&mut self) -> Option<String> {
        let counter = &self.counter;
        self.outlet.as_mut()?.drive(|record| counter.confirmed(record))
    }

    /// Waits for the alerts topic, at most so long.
    pub(super) fn flush(&mut self, patience: Duration) {
        let counter = &self.counter;
        if let Some(outlet) = &mut self.outlet {
            outlet.flush(patience, |record| counter.confirmed(record));
        }
    }

    /// Writes its sections. The history is durable first: the checkpoint forgets how to say it again.
    pub(super) fn save(&mut self, to: &mut Checkpoint) -> Result<(), RunError> {
        self.history.sync()?;
        let outbox = self.counter.outbox();
        put(to, "outbox", outbox.book());
        put(to, "charts", outbox.album());
        put(to, "paces", outbox.paces());
        drop(outbox);
        if let Some(outlet) = &self.outlet {
            let pending = outlet.pending().map(|record| serde_json::to_string(record).expect("a record is JSON"));
            put(to, "topic", &pending.collect::<Vec<_>>());
        }
        Ok(())
    }

    /// The checkpoint is written: receipts from before it are no longer needed.
    pub(super) fn saved(&mut self, saved: &Saved) -> Result<(), RunError> {
        self.counter.receipts.lock().expect("no holder panics").rotate(saved.number, saved.keep)?;
        Ok(())
    }
}

/// The word of a kind or an urgency as the alert record has it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
