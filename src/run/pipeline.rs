//! From bytes to decisions: decoder, gate and engine, and how far each partition has been judged.
//!
//! Everything here is a function of the records of each partition and of the [`Act`]s of the journal. What the order of
//! arrival among partitions could change is made an act: where records lie behind the watermark, or their partition is
//! new, their place is journalled ([`Pipeline::needs_place`]) before they count.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::wire;
use crate::alert::AlertRecord;
use crate::config::{Kafka, Lateness};
use crate::engine::{Batch, Engine, Input, Output};
use crate::ingest::decode::{Decoder, Format};
use crate::ingest::gate::{Gate, PartitionId, Standing};
use crate::ingest::kafka::Received;
use crate::plan::Plan;
use crate::signal::{Reject, RejectReason};
use crate::state::{Act, Checkpoint, Positions};
use crate::time::{Span, Timestamp};

/// The whole way from bytes to decisions.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) engine: Engine,
    pub(super) gate: Gate,
    pub(super) positions: Positions,
    pub(super) tally: Tally,
    decoder: Decoder,
    plan: Arc<Plan>,
    lateness: Lateness,
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
pub(super) struct Tally {
    pub(super) records: BTreeMap<Arc<str>, u64>,
    pub(super) rejects: BTreeMap<RejectReason, u64>,
    pub(super) late: u64,
    pub(super) lost: u64,
}

impl Pipeline {
    pub(super) fn new(plan: Arc<Plan>, lateness: Lateness, kafka: &Kafka) -> Self {
        Pipeline::with(Engine::new(plan), Gate::new(lateness.clone()), lateness, kafka)
    }

    fn with(engine: Engine, gate: Gate, lateness: Lateness, kafka: &Kafka) -> Self {
        let told = kafka.formats.iter().filter_map(|(topic, name)| Some((topic.as_str().into(), Format::parse(name)?)));
        Pipeline {
            gate,
            positions: Positions::default(),
            tally: Tally::default(),
            decoder: Decoder::told(told),
            plan: Arc::clone(engine.plan()),
            engine,
            lateness,
            known: BTreeSet::new(),
            held: BTreeSet::new(),
            batch: Batch::default(),
            scratch: Batch::default(),
        }
    }

    /// Reads one message of a partition into the batch. Gives back why it could not be read, wholly or in part.
    pub(super) fn read(&mut self, from: &PartitionId, message: Received<'_>) -> Option<Reject> {
        *self.tally.records.entry(Arc::clone(&from.topic)).or_default() += 1;
        self.scratch.clear();
        let mut intake = self.engine.intake(&mut self.scratch);
        wire::decode(&mut self.decoder, from, message, &self.plan.bounds, &mut intake);
        let admitted = self.gate.admit(from, message.time, &mut self.scratch);
        self.tally.late += admitted.late;
        for (_, reject) in &self.scratch.rejects {
            *self.tally.rejects.entry(reject.reason).or_default() += 1;
        }
        self.batch.samples.append(&mut self.scratch.samples);
        self.batch.changes.append(&mut self.scratch.changes);
        self.scratch.rejects.drain(..).map(|(_, reject)| reject).next()
    }

    /// Whether the place of the batch among the records of other partitions is not given by time.
    pub(super) fn needs_place(&self, from: &PartitionId) -> bool {
        let mark = self.engine.watermark();
        let behind = self.batch.samples.iter().any(|sample| sample.at < mark)
            || self.batch.changes.iter().any(|change| change.at < mark);
        behind || (!self.known.contains(from) && !self.batch.samples.is_empty())
    }

    /// Judges the batch: the records of a partition before the offset `next`.
    pub(super) fn judge(&mut self, from: &PartitionId, next: i64, out: &mut Output) {
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
    pub(super) fn act(&mut self, act: &Act, out: &mut Output) {
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
    pub(super) fn is_unknown(&self, id: &PartitionId) -> bool {
        !self.known.contains(id)
    }

    /// Whether the strict watermark waits for this partition.
    pub(super) fn is_held(&self, id: &PartitionId) -> bool {
        self.held.contains(id)
    }

    /// Whether moving the clock to `to` could change anything.
    pub(super) fn has_effect(&self, to: Timestamp) -> bool {
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at < to);
        self.engine.watermark() < to && (due(self.engine.next_deadline()) || due(self.engine.next_waiting()))
    }

    /// Writes its sections.
    pub(super) fn save(&self, to: &mut Checkpoint) {
        put(to, "positions", &self.positions);
        put(to, "gate", &self.gate.snapshot());
        put(to, "known", &(&self.known, &self.held));
        put(to, "tally", &self.tally);
        put(to, "formats", self.decoder.memories());
        to.put("engine", VERSION, self.engine.snapshot());
    }

    /// As it was. What could not be read begins anew and is named.
    pub(super) fn restore(
        plan: Arc<Plan>,
        lateness: Lateness,
        kafka: &Kafka,
        from: &Checkpoint,
    ) -> (Self, Vec<String>) {
        let (engine, mut anew) = match from.get("engine", VERSION) {
            Some(bytes) => Engine::restore(plan, bytes),
            None => (Engine::new(plan), vec!["engine".to_owned()]),
        };
        let gate = match get(from, "gate") {
            Some(state) => Gate::restore(lateness.clone(), state),
            None => {
                anew.push("gate".to_owned());
                Gate::new(lateness.clone())
            }
        };
        let mut pipeline = Pipeline::with(engine, gate, lateness, kafka);
        match get(from, "positions") {
            Some(positions) => pipeline.positions = positions,
            None => anew.push("positions".to_owned()),
        }
        (pipeline.known, pipeline.held) = get(from, "known").unwrap_or_default();
        pipeline.tally = get(from, "tally").unwrap_or_default();
        pipeline.decoder.recall(get(from, "formats").unwrap_or_default());
        (pipeline, anew)
    }
}

/// The version of the sections written here.
pub(super) const VERSION: u32 = crate::state::SECTION;

pub(super) fn put<T: serde::Serialize>(to: &mut Checkpoint, tag: &str, value: &T) {
    let bytes = postcard::to_allocvec(value).expect("the state holds nothing that postcard cannot write");
    to.put(tag, VERSION, bytes);
}

pub(super) fn get<T: serde::de::DeserializeOwned>(from: &Checkpoint, tag: &str) -> Option<T> {
    from.decode(tag)
}

/// What the engine said, told on.
pub(super) fn drain(out: &mut Output) -> Vec<AlertRecord> {
    out.scores.clear();
    std::mem::take(&mut out.alerts)
}
