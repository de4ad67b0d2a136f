//! Where the evidence lies: a state directory, or a file of alert records.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Delivery;
use crate::alert::AlertRecord;
use crate::config::Settings;
use crate::deliver::outbox::Book;
use crate::engine::Engine;
use crate::ingest::files::{self, FileFormat};
use crate::plan::Plan;
use crate::replay::{self, ReplayError};
use crate::state::{self, Checkpoint, StateError};

/// What was found.
#[derive(Debug)]
pub struct Evidence {
    /// Where it was found.
    place: PathBuf,
    /// Every record, in the order in which they were written.
    records: Vec<AlertRecord>,
    /// None for what was not read from a state directory.
    checkpoint: Option<Option<Checkpoint>>,
    /// The engine at the end of a recording.
    engine: Option<Engine>,
}

/// Why nothing can be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// There is no state.
    #[error(
        "there is no state in {}: run writes it; name its configuration with --config, or alerts with --from",
        .0.display()
    )]
    NoState(PathBuf),
    /// The state cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A recording that cannot be replayed.
    #[error("{0}")]
    Recording(#[from] ReplayError),
    /// A line is no alert record.
    #[error("{}:{line}: not an alert record: {why}; `forewarn replay … --alerts FILE` writes them", path.display())]
    NotAlerts {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// No alert of this id.
    #[error("there is no alert `{id}` in {}; {latest}", place.display())]
    Unknown {
        /// The id.
        id: String,
        /// Where it was looked for.
        place: PathBuf,
        /// The latest alerts there.
        latest: String,
    },
    /// Held findings are kept in the state alone.
    #[error("{} holds only what was said; what was held back is in [state]: leave out --from", .0.display())]
    OnlySaid(PathBuf),
    /// No checkpoint yet.
    #[error("{} has no checkpoint yet; run writes the first within [state] interval", .0.display())]
    NoCheckpoint(PathBuf),
}

/// So many alerts are named where the one asked for is unknown.
const NAMED: usize = 5;

impl Evidence {
    /// Of a state directory, which another process may hold.
    pub fn of_state(directory: &Path) -> Result<Evidence, ExplainError> {
        if !directory.is_dir() {
            return Err(ExplainError::NoState(directory.to_owned()));
        }
        let checkpoint = state::last_checkpoint(directory)?;
        let records = state::told(directory)?;
        if checkpoint.is_none() && records.is_empty() {
            return Err(ExplainError::NoState(directory.to_owned()));
        }
        Ok(Evidence { place: directory.to_owned(), records, checkpoint: Some(checkpoint), engine: None })
    }

    /// Of a recording, a file or a folder of them: it is replayed. None where it is no recording.
    pub fn of_recording(path: &Path, settings: &Settings) -> Result<Option<Evidence>, ExplainError> {
        let mut inputs = files::find(&[path.to_owned()], None).inputs;
        if !path.is_dir() && inputs.iter().all(|input| input.format != FileFormat::Recording) {
            return Ok(None);
        }
        inputs.retain(|input| input.format == FileFormat::Recording);
        let mut records = Vec::new();
        let (pipeline, _) = replay::play(&inputs, settings, |record| {
            records.push(record.clone());
            Ok(())
        })?;
        Ok(Some(Evidence { place: path.to_owned(), records, checkpoint: None, engine: Some(pipeline.engine) }))
    }

    /// Of a file of alert records, one a line; structured CloudEvents as on the alerts topic are read too.
    pub fn of_alerts(path: &Path) -> Result<Evidence, ExplainError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ExplainError::Unreadable { path: path.to_owned(), source })?;
        let mut records = Vec::new();
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let record = record(line).map_err(|error| ExplainError::NotAlerts {
                path: path.to_owned(),
                line: n + 1,
                why: error.to_string(),
            })?;
            records.push(record);
        }
        Ok(Evidence { place: path.to_owned(), records, checkpoint: None, engine: None })
    }

    /// The records of one alert, by revision, and how it was told. The id may be cut short where it is still one alert's.
    pub fn alert(&self, id: &str) -> Result<(Vec<AlertRecord>, Delivery), ExplainError> {
        let mut ids: Vec<&str> =
            self.records.iter().map(|r| r.id.as_str()).filter(|have| have.starts_with(id)).collect();
        ids.sort_unstable();
        ids.dedup();
        let meant = match ids.iter().find(|have| **have == id).or(ids.first()) {
            Some(meant) if !id.is_empty() && (*meant == id || ids.len() == 1) => (*meant).to_owned(),
            _ => return Err(self.unknown(id)),
        };
        let mut records: Vec<AlertRecord> = self.records.iter().filter(|r| r.id == meant).cloned().collect();
        records.sort_by_key(|record| record.revision);
        records.dedup_by_key(|record| record.revision);
        let delivery = match &self.checkpoint {
            None => Delivery::Unknown,
            Some(None) => Delivery::Unsaved,
            Some(Some(checkpoint)) => match checkpoint.decode::<Book>("outbox") {
                None => Delivery::Unsaved,
                Some(book) => Delivery::Saved {
                    decisions: book.decisions().filter(|decision| decision.alert == meant).cloned().collect(),
                    ack: book.acknowledged(&meant).cloned(),
                },
            },
        };
        Ok((records, delivery))
    }

    /// The engine as the last checkpoint has it, or as the recording left it; to be asked once.
    pub fn engine(&mut self, plan: Arc<Plan>) -> Result<Engine, ExplainError> {
        if let Some(engine) = self.engine.take() {
            return Ok(engine);
        }
        let Some(checkpoint) = &self.checkpoint else { return Err(ExplainError::OnlySaid(self.place.clone())) };
        let bytes = checkpoint.as_ref().and_then(|checkpoint| checkpoint.get("engine", state::SECTION));
        let bytes = bytes.ok_or_else(|| ExplainError::NoCheckpoint(self.place.clone()))?;
        Ok(Engine::restore(plan, bytes).0)
    }

    /// The latest record of each alert, in the order in which the alerts were first told.
    pub fn latest(&self) -> Vec<AlertRecord> {
        let mut latest: Vec<AlertRecord> = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        for record in &self.records {
            match places.get(&record.id).copied() {
                None => {
                    places.insert(record.id.clone(), latest.len());
                    latest.push(record.clone());
                }
                Some(place) if latest[place].revision < record.revision => latest[place] = record.clone(),
                Some(_) => {}
            }
        }
        latest
    }

    fn unknown(&self, id: &str) -> ExplainError {
        let all = self.latest();
        let named: Vec<String> =
            all.iter().rev().take(NAMED).map(|record| format!("\n  {}  {}", record.id, record.summary)).collect();
        let latest = match named.is_empty() {
            true => "there is none at all".to_owned(),
            false => format!("the latest are{}", named.concat()),
        };
        ExplainError::Unknown { id: id.to_owned(), place: self.place.clone(), latest }
    }
}

/// A record by itself, or as the data of a CloudEvent.
fn record(line: &str) -> Result<AlertRecord, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct Event {
        data: AlertRecord,
    }
    serde_json::from_str(line)
        .or_else(|error| serde_json::from_str::<Event>(line).map(|event| event.data).map_err(|_| error))
}
