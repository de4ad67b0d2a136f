//! Another configuration while the process runs: at SIGHUP, or when its file changes.
//!
//! The new one is read as a whole and taken as a whole; where it is wrong the old one holds, and it is said why. For what is
//! judged it holds from a moment that the journal keeps, so that a restart and a replay go over at the same place.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::live::Live;
use super::outside::Channels;
use super::{Options, RunError};
use crate::config::{Kafka, Settings};
use crate::deliver::Policy;
use crate::serve::{Command, Fault, Shared};
use crate::state::Act;

/// How often it is looked whether the file changed; it counts once it stood still for as long.
const LOOK: Duration = Duration::from_secs(1);

/// How to read the configuration again.
#[derive(Clone)]
pub struct Reload {
    /// The file to watch, if there is one.
    pub path: Option<PathBuf>,
    /// Reads it; the problems in words where it is wrong.
    pub load: Arc<dyn Fn() -> Result<Settings, String> + Send + Sync>,
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reload").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Waits for reasons to read the configuration again, and does.
pub(super) async fn watch(options: Options, shared: Arc<Shared>, channels: Arc<Channels>) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    let Some(reload) = options.reload.clone() else {
        while hangup.recv().await.is_some() {
            tracing::info!("SIGHUP: there is no configuration to read again");
        }
        return;
    };
    let stamp = || reload.path.as_deref().and_then(stamp);
    let (mut held, mut before) = (stamp(), stamp());
    loop {
        let hung_up = tokio::select! {
            told = hangup.recv() => told.is_some(),
            () = tokio::time::sleep(LOOK) => false,
        };
        let now = stamp();
        let (still, changed) = (before == now, held != now);
        before = now;
        if !hung_up && (!changed || !still) {
            continue;
        }
        held = now;
        tracing::info!(why = if hung_up { "SIGHUP" } else { "the file changed" }, "reading the configuration again");
        take(&reload, &options, &shared, &channels).await;
    }
}

/// When a file was written, and its size: a change of either is a change.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

async fn take(reload: &Reload, options: &Options, shared: &Shared, channels: &Channels) {
    let read = (reload.load)().and_then(|settings| Ok((Channels::make(&settings, options)?, settings)));
    let (made, settings) = match read {
        Ok((made, settings)) => (Some(made), Ok(Box::new(settings))),
        Err(words) => (None, Err(words)),
    };
    loop {
        let (reply, answer) = oneshot::channel();
        let asked = shared.ask(Command::Reload(settings.clone(), reply));
        match answer.await {
            // It stands by, plays its journal, or has much to do: it is asked again.
            Ok(Err(Fault::Unable(_))) => {}
            Ok(Ok(_)) => {
                if let Some(made) = made {
                    channels.change(made);
                }
                return;
            }
            Ok(Err(_)) => return,
            Err(_) if asked => return,
            Err(_) => {}
        }
        tokio::time::sleep(LOOK).await;
    }
}

type Answer = Result<serde_json::Value, Fault>;

impl Live {
    /// Takes a new configuration, or says why the old one holds.
    pub(super) fn reload(&mut self, read: Result<Box<Settings>, String>) -> Result<Answer, RunError> {
        let metrics = &self.shared.metrics;
        let new = match read {
            Ok(new) => new,
            Err(words) => {
                tracing::error!("the new configuration is wrong, the old one holds:\n{words}");
                let words = format!("the new one is wrong, the old one holds: {words}");
                self.troubles.is("configuration", words.clone());
                metrics.reload_successful.set(0);
                return Ok(Err(Fault::Wrong(words)));
            }
        };
        if let Some(fault) = self.unable() {
            return Ok(Err(fault));
        }
        metrics.reload_successful.set(1);
        metrics.reload_time.set(self.present.now().0.as_secs_f64());
        let later = at_the_next_start(&self.settings, &new);
        let Settings { kafka, state, http, record, .. } = self.settings.clone();
        self.settings = Settings { kafka, state, http, record, ..*new };
        self.desk.counter.outbox().adopt(Policy::new(&self.settings));
        self.adopt()?;
        self.troubles.over("configuration");
        let at = self.pipeline.engine.watermark().to_string();
        tracing::info!(at, "the new configuration holds");
        if !later.is_empty() {
            let later = later.join(", ");
            tracing::warn!("only the next start takes over what changed of {later}");
            self.troubles.is("configuration", format!("only the next start takes over what changed of {later}"));
        }
        Ok(Ok(json!({ "at": at, "at_the_next_start": later })))
    }

    /// Where the state was judged under another configuration than the one that holds now, this is the moment of the change.
    pub(super) fn adopt(&mut self) -> Result<(), RunError> {
        if *self.pipeline.given() == *self.settings.given {
            return Ok(());
        }
        let given = Box::new((*self.settings.given).clone());
        self.act(Act::Reload(given))?.ok();
        tracing::info!(at = %self.pipeline.engine.watermark(), "judging under another configuration from here on");
        Ok(())
    }
}

/// The parts that differ and cannot be changed while it runs.
fn at_the_next_start(old: &Settings, new: &Settings) -> Vec<&'static str> {
    let kafka = |kafka: &Option<Kafka>| {
        kafka.as_ref().map(|k| {
            let topics = (k.topics.clone(), k.alerts_topic.clone(), k.dead_letters.clone());
            (
                k.brokers.clone(),
                k.group.clone(),
                topics,
                k.formats.clone(),
                (k.schema_registry.clone(), k.properties.clone()),
            )
        })
    };
    let http = |settings: &Settings| settings.http.as_ref().map(|http| (http.listen, http.token.clone()));
    let state = |settings: &Settings| (settings.state.directory.clone(), settings.state.interval);
    let mut parts = Vec::new();
    let mut note = |differs: bool, part| {
        if differs {
            parts.push(part)
        }
    };
    note(kafka(&old.kafka) != kafka(&new.kafka), "[kafka]");
    note(state(old) != state(new), "[state]");
    note(http(old) != http(new), "[http]");
    note(old.record != new.record, "[record]");
    note(old.deliver.heartbeat != new.deliver.heartbeat, "[heartbeat]");
    parts
}
