//! From bytes to decisions: decoder, gate and engine, and how far each partition has been judged.
//!
//! Everything here is a function of the records of each partition and of the [`Act`]s of the journal. What the order of
//! arrival among partitions could change is made an act: where records lie behind the watermark, or their partition is
//! new, their place is journalled ([`Pipeline::needs_place`]) before they count.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::alert::AlertRecord;
use crate::config::{self, Given, Lateness, Settings};
use crate::engine::{Batch, Engine, Input, Output};
use crate::ingest::Received;
use crate::ingest::decode::{Answer, Decoder, Format, Schemas};
use crate::ingest::gate::{Admitted, Gate, PartitionId, Standing};
use crate::plan::Plan;
use crate::signal::{Reject, RejectReason};
use crate::state::{Act, Checkpoint, Positions};
use crate::time::{Span, Timestamp};

/// The whole way from bytes to decisions.
#[derive(Debug)]
pub struct Pipeline {
    /// What judges.
    pub engine: Engine,
    /// What is late.
    pub gate: Gate,
    /// The next offset of each partition to judge.
    pub positions: Positions,
    /// What was read.
    pub tally: Tally,
    decoder: Decoder,
    plan: Arc<Plan>,
    lateness: Lateness,
    /// What plan and lateness were read from.
    given: Arc<Given>,
    /// Partitions in which a reading was found.
    known: BTreeSet<PartitionId>,
    /// Partitions with records of which nothing is known yet: they hold the strict watermark.
    held: BTreeSet<PartitionId>,
    /// What was read of one partition and not yet judged.
    batch: Batch,
    scratch: Batch,
}

/// What was read, by topic and reason. Part of the checkpoint, so that counters go on after a restart.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// Records, by topic.
    pub records: BTreeMap<Arc<str>, u64>,
    /// What could not be read, by reason.
    pub rejects: BTreeMap<RejectReason, u64>,
    /// Readings that came too late.
    pub late: u64,
    /// Records gone from the broker before they were read.
    pub lost: u64,
}

/// What one message brought.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What passed the gate, and what did not.
    pub admitted: Admitted,
    /// Why parts of it, or all, could not be read; by row.
    pub rejects: &'a [(u64, Reject)],
}

impl Pipeline {
    /// One that has read nothing.
    pub fn new(settings: &Settings) -> Self {
        Pipeline::with(Engine::new(Arc::clone(&settings.plan)), Gate::new(settings.time.clone()), settings)
    }

    fn with(engine: Engine, gate: Gate, settings: &Settings) -> Self {
        let formats = settings.kafka.iter().flat_map(|kafka| &kafka.formats);
        let told = formats.filter_map(|(topic, name)| Some((topic.as_str().into(), Format::parse(name)?)));
        Pipeline {
            gate,
            positions: Positions::default(),
            tally: Tally::default(),
            decoder: Decoder::told(told),
            plan: Arc::clone(engine.plan()),
            engine,
            lateness: settings.time.clone(),
            given: Arc::clone(&settings.given),
            known: BTreeSet::new(),
            held: BTreeSet::new(),
            batch: Batch::default(),
            scratch: Batch::default(),
        }
    }

    /// What the configuration in force was read from.
    pub fn given(&self) -> &Given {
        &self.given
    }

    /// From here on another configuration holds. What was learned is kept, as over a restart; of what is watched for, that
    /// which the new configuration still has. Nothing read waits to be judged.
    fn reload(&mut self, settings: &Settings) {
        let (engine, anew) = Engine::restore(Arc::clone(&settings.plan), &self.engine.snapshot());
        for part in anew {
            tracing::warn!("with the new configuration {part}");
        }
        self.engine = engine;
        self.gate = Gate::restore(settings.time.clone(), self.gate.snapshot());
        self.plan = Arc::clone(&settings.plan);
        self.lateness = settings.time.clone();
        self.given = Arc::clone(&settings.given);
    }

    /// Reads one message of a partition into the batch, and tells what of it counts. A tombstone holds nothing.
    pub fn read(&mut self, from: &PartitionId, message: Received<'_>) -> Seen<'_> {
        *self.tally.records.entry(Arc::clone(&from.topic)).or_default() += 1;
        self.scratch.clear();
        let mut intake = self.engine.intake(&mut self.scratch);
        intake.row = message.offset.unsigned_abs();
        if !message.payload.is_empty() {
            let (bounds, payload) = (&self.plan.bounds, message.payload);
            self.decoder.decode_of(&from.topic, from.partition, payload, message.time, bounds, &mut intake);
        }
        let admitted = self.gate.admit(from, message.time, &mut self.scratch);
        self.tally.late += admitted.late;
        for (_, reject) in &self.scratch.rejects {
            *self.tally.rejects.entry(reject.reason).or_default() += 1;
        }
        self.batch.samples.append(&mut self.scratch.samples);
        self.batch.changes.append(&mut self.scratch.changes);
        Seen { admitted, rejects: &self.scratch.rejects }
    }

    /// The schema that a message needs, and what is known of it.
    pub fn schema_of(&self, message: Received<'_>) -> Option<(u32, Option<&Answer>)> {
        self.decoder.schemas().needed(message.payload)
    }

    /// Whether the place of the batch among the records of other partitions is not given by time.
    pub fn needs_place(&self, from: &PartitionId) -> bool {
        let mark = self.engine.watermark();
        let behind = self.batch.samples.iter().any(|sample| sample.at < mark)
            || self.batch.changes.iter().any(|change| change.at < mark);
        behind || (!self.known.contains(from) && !self.batch.samples.is_empty())
    }

    /// Judges the batch: the records of a partition before the offset `next`.
    pub fn judge(&mut self, from: &PartitionId, next: i64, out: &mut Output) {
        if !self.batch.samples.is_empty() {
            self.held.remove(from);
            if !self.known.contains(from) {
                self.known.insert(from.clone());
            }
        }
        self.engine.apply(Input::Observe(&mut self.batch), out);
        self.batch.clear();
        self.positions.set(from, next);
        if let Some(to) = self.strict_watermark()
            && self.engine.watermark() < to
        {
            self.engine.apply(Input::Advance(to), out);
        }
    }

    /// Applies an act of the journal; what is the outbox's is left to it.
    pub fn act(&mut self, act: &Act, out: &mut Output) {
        match act {
            Act::Advance(to) => {
                self.gate.advance(*to);
                self.engine.apply(Input::Advance(*to), out);
            }
            Act::Hold(partitions) => self.held.extend(partitions.iter().cloned()),
            Act::LetGo(partition) => drop(self.held.remove(partition)),
            Act::Forget(partition) => {
                self.held.remove(partition);
                self.known.remove(partition);
                self.gate.forget(partition);
            }
            Act::Change(change) => self.engine.apply(Input::Change(change.clone()), out),
            Act::Acknowledge { alert, .. } => self.engine.apply(Input::Acknowledge { alert: alert.clone() }, out),
            // The text decides, here and in every replay: what stood beside it may have changed since.
            Act::Reload(given) => match config::again(given) {
                Ok(settings) => self.reload(&settings),
                Err(problems) => {
                    tracing::error!("a journalled configuration is not understood and left out:\n{problems}")
                }
            },
            Act::Unneeded { alert, .. } => self.engine.apply(Input::Unneeded { alert: alert.clone() }, out),
            Act::Schema { id, answer } => self.decoder.schemas_mut().learn(*id, answer.clone()),
            Act::Take { .. } | Act::Silence { .. } | Act::Unsilence(_) => {}
        }
    }

    /// The watermark that the records alone give: the least over all partitions with readings, read to their end or not.
    /// What goes beyond it is an act.
    fn strict_watermark(&self) -> Option<Timestamp> {
        if !self.held.is_empty() {
            return None;
        }
        let bound = |(id, newest, _): (&PartitionId, Option<Timestamp>, Standing)| Some(newest? - self.lateness(id));
        self.gate.heads().filter_map(bound).min()
    }

    fn lateness(&self, id: &PartitionId) -> Span {
        self.lateness.by_topic.get(&*id.topic).copied().unwrap_or(self.lateness.lateness).max(Span::ZERO)
    }

    /// Whether nothing is known of a partition, so that one with records must be held for.
    pub fn is_unknown(&self, id: &PartitionId) -> bool {
        !self.known.contains(id)
    }

    /// Whether the batch holds the very first readings of all.
    pub fn is_first(&self) -> bool {
        self.known.is_empty() && !self.batch.samples.is_empty()
    }

    /// Whether nothing was ever read of a partition, not even a change.
    pub fn is_empty(&self, id: &PartitionId) -> bool {
        self.is_unknown(id) && self.gate.is_unknown(id)
    }

    /// Whether the strict watermark waits for this partition.
    pub fn is_held(&self, id: &PartitionId) -> bool {
        self.held.contains(id)
    }

    /// Whether moving the clock to `to` could change anything.
    pub fn has_effect(&self, to: Timestamp) -> bool {
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at < to);
        self.engine.watermark() < to && (due(self.engine.next_deadline()) || due(self.engine.next_waiting()))
    }

    /// Writes its sections.
    pub fn save(&self, to: &mut Checkpoint) {
        put(to, "positions", &self.positions);
        put(to, "gate", &self.gate.snapshot());
        put(to, "known", &(&self.known, &self.held));
        put(to, "tally", &self.tally);
        put(to, "formats", self.decoder.memories());
        put(to, "schemas", self.decoder.schemas().answers());
        put(to, "given", &*self.given);
        to.put("engine", VERSION, self.engine.snapshot());
    }

    /// As it was, under the configuration that held then; under `settings` where that one is not known. What could not be
    /// read begins anew and is named.
    pub fn restore(settings: &Settings, from: &Checkpoint) -> (Self, Vec<String>) {
        match get::<Given>(from, "given").filter(|given| *given != *settings.given).map(|given| config::again(&given)) {
            Some(Ok(then)) => Pipeline::restore_under(&then, from),
            Some(Err(problems)) => {
                tracing::warn!(
                    "the configuration of the checkpoint is not understood, the present one holds:\n{problems}"
                );
                Pipeline::restore_under(settings, from)
            }
            None => Pipeline::restore_under(settings, from),
        }
    }

    /// As it was, but under this configuration.
    pub fn restore_under(settings: &Settings, from: &Checkpoint) -> (Self, Vec<String>) {
        let plan = Arc::clone(&settings.plan);
        let (engine, mut anew) = match from.get("engine", VERSION) {
            Some(bytes) => Engine::restore(plan, bytes),
            None => (Engine::new(plan), vec!["engine".to_owned()]),
        };
        let gate = match get(from, "gate") {
            Some(state) => Gate::restore(settings.time.clone(), state),
            None => {
                anew.push("gate".to_owned());
                Gate::new(settings.time.clone())
            }
        };
        let mut pipeline = Pipeline::with(engine, gate, settings);
        match get(from, "positions") {
            Some(positions) => pipeline.positions = positions,
            None => anew.push("positions".to_owned()),
        }
        (pipeline.known, pipeline.held) = get(from, "known").unwrap_or_default();
        pipeline.tally = get(from, "tally").unwrap_or_default();
        pipeline.decoder.recall(get(from, "formats").unwrap_or_default());
        *pipeline.decoder.schemas_mut() = Schemas::recall(get(from, "schemas").unwrap_or_default());
        (pipeline, anew)
    }
}

/// The version of the sections written here.
const VERSION: u32 = crate::state::SECTION;

/// Writes a section of the version of this release.
pub fn put<T: serde::Serialize>(to: &mut Checkpoint, tag: &str, value: &T) {
    let bytes = postcard::to_allocvec(value).expect("the state holds nothing that postcard cannot write");
    to.put(tag, VERSION, bytes);
}

/// Reads a section of the version of this release.
pub fn get<T: serde::de::DeserializeOwned>(from: &Checkpoint, tag: &str) -> Option<T> {
    from.decode(tag)
}

/// What the engine said, told on: changes of alerts, in order.
pub fn drain(out: &mut Output) -> Vec<AlertRecord> {
    out.scores.clear();
    std::mem::take(&mut out.alerts)
}
