//! How a process begins: what the state directory holds is read, the broker is looked up, the group joined.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::desk::{Desk, Receipt};
use super::live::{Live, Way};
use super::member::Membership;
use super::script::Script;
use super::tick::Pulse;
use super::trouble::Troubles;
use super::{Options, RunError};
use crate::config::{Kafka, Settings};
use crate::deliver::Policy;
use crate::engine::Output;
use crate::ingest::kafka::{DeadLetters, Outlet, Registry, Report, Source, Survey, Topics};
use crate::pipeline::{Pipeline, get};
use crate::serve::Shared;
use crate::state::{Checkpoint, Opened, StateDirectory};

impl Live {
    /// Reads the state and joins the group.
    pub(super) fn open(
        settings: Settings,
        options: &Options,
        shared: Arc<Shared>,
        stop: Arc<AtomicBool>,
    ) -> Result<(Live, Way), RunError> {
        let kafka = settings.kafka.clone().ok_or(RunError::NoKafka)?;
        let topics = Topics::new(&kafka)?;
        let opened = StateDirectory::open::<Receipt>(&settings.state.directory)?;
        let client_id = client_id(&kafka, &settings.state.directory);
        let mut troubles = Troubles::default();
        for damage in &opened.damage {
            troubles.happened("state", damage.to_string());
        }
        let Opened { directory, checkpoint, entries, receipts, journal, receipts_log, .. } = opened;
        let pipeline = recall(&settings, checkpoint.as_ref(), &mut troubles);
        let outlet = |pending| match &kafka.alerts_topic {
            Some(topic) => Ok(Some(Outlet::open(&kafka, topic, &client_id, pending)?)),
            None => Ok(None),
        };
        let policy = Policy::new(&settings);
        let receipts = (receipts, receipts_log);
        let now = options.present.now();
        let mut desk = Desk::open(directory.path(), policy, checkpoint.as_ref(), receipts, outlet, now)?;
        desk.watcher.clone_from(&options.watcher);
        let recorder = super::record::open(options, &settings)?;
        let letters = open_letters(&kafka, directory.path(), &client_id)?;
        let registry = kafka.schema_registry.as_ref().map(Registry::start).transpose().map_err(RunError::Registry)?;
        let source = Source::open(&kafka, &topics, &client_id)?;
        let survey = Survey::start(&source, topics, kafka.group.clone(), client_id)
            .map_err(RunError::system("start the survey of the broker"))?;
        let first = (checkpoint.is_none() && entries.is_empty()).then_some(kafka.from);
        let way = Way { counter: Arc::clone(&desk.counter), open: Arc::default(), closed: Arc::default() };
        let mut live = Live {
            inbox: shared.take_inbox().expect("one judging thread takes it"),
            learning: options.backfill,
            present: options.present.clone(),
            recorder,
            script: Script::new(entries),
            why_not: Some("starting".to_owned()),
            membership: Membership::default(),
            report: Report::default(),
            fault: None,
            lanes: BTreeMap::new(),
            out: Output::default(),
            way: way.clone(),
            checkpoint: None,
            dead_letters: 0,
            own: checkpoint.as_ref().and_then(|checkpoint| get(checkpoint, "own")).unwrap_or_default(),
            idle: true,
            pulse: Pulse::new(now),
            settings,
            shared,
            pipeline,
            desk,
            source,
            troubles,
            survey,
            directory,
            journal,
            letters,
            registry,
            first,
            stop,
        };
        live.recall_itself()?;
        live.shared.metrics.reload_successful.set(1);
        live.shared.metrics.reload_time.set(options.present.now().0.as_secs_f64());
        Ok((live, way))
    }
}

/// The state as the checkpoint has it, or a beginning.
fn recall(settings: &Settings, checkpoint: Option<&Checkpoint>, troubles: &mut Troubles) -> Pipeline {
    let Some(checkpoint) = checkpoint else { return Pipeline::new(settings) };
    let (pipeline, anew) = Pipeline::restore(settings, checkpoint);
    for section in anew {
        troubles.happened("state", format!("section {section} could not be read and begins anew"));
    }
    pipeline
}

fn open_letters(kafka: &Kafka, directory: &Path, client_id: &str) -> Result<DeadLetters, RunError> {
    Ok(match &kafka.dead_letters {
        Some(topic) => DeadLetters::to_topic(kafka, topic, client_id)?,
        None => DeadLetters::to_file(directory).map_err(RunError::system("open the file of dead letters"))?,
    })
}

/// Tells this process apart from other members of the group, and is the same after a restart: the host and the state
/// directory, which only one process holds.
fn client_id(kafka: &Kafka, state: &Path) -> String {
    if let Some(set) = kafka.properties.get("client.id") {
        return set.clone();
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { "host" } else { host };
    let place = state.canonicalize().unwrap_or_else(|_| state.to_owned());
    let hash = xxhash_rust::xxh3::xxh3_64(place.as_os_str().as_encoded_bytes()) as u32;
    format!("forewarn-{host}-{hash:08x}")
}
