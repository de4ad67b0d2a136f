//! A fleet through the real decoders, the gate and the engine.

use std::sync::Arc;

use super::Fleet;
use crate::alert::AlertRecord;
use crate::config::Lateness;
use crate::engine::{Batch, Engine, Input, Output};
use crate::ingest::decode::Decoder;
use crate::ingest::gate::{Gate, PartitionId};
use crate::plan::Plan;
use crate::simulate::{Failure, Fault, Topic, World};
use crate::time::Span;

/// What was said of a fleet, and what is true of it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Every record.
    pub records: Vec<AlertRecord>,
    /// What users felt.
    pub failures: Vec<Failure>,
    /// What happened, with the ends as they came.
    pub faults: Vec<Fault>,
    /// Samples judged.
    pub samples: usize,
}

/// Judges a fleet under this plan.
pub fn judge(fleet: &Fleet, plan: Arc<Plan>) -> Told {
    let mut world = World::new(fleet.scenario.clone());
    let topics = [Topic::Metrics, Topic::Logs, Topic::Changes];
    let partitions = topics.map(|topic| PartitionId::new(topic.name(), 0));
    let (mut gate, mut decoder) = (Gate::new(Lateness::default()), Decoder::new());
    let mut engine = Engine::new(Arc::clone(&plan));
    let (mut batch, mut out, mut samples) = (Batch::default(), Output::default(), 0);
    while let Some(events) = world.step() {
        for event in events {
            let mut intake = engine.intake(&mut batch);
            decoder.decode(event.topic.name(), &event.bytes, None, &plan.bounds, &mut intake);
            let from = topics.iter().position(|topic| *topic == event.topic).unwrap_or(0);
            gate.admit(&partitions[from], None, &mut batch);
            samples += batch.samples.len();
            engine.apply(Input::Observe(&mut batch), &mut out);
        }
        if let Some(to) = gate.watermark() {
            engine.apply(Input::Advance(to), &mut out);
        }
    }
    if let Some(newest) = gate.newest() {
        engine.apply(Input::Advance(newest + Span::from_nanos(1)), &mut out);
    }
    let (failures, faults) = (world.failures().to_vec(), world.faults().to_vec());
    Told { records: out.alerts, failures, faults, samples }
}
