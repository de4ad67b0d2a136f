//! The shards and the incident stage as one state machine: [`Engine::apply`] is the only door into the core.
//!
//! `run`, `replay`, `eval`, `demo` and the simulator of the tests all call this engine. What goes in is an [`Input`], what
//! comes out an [`Output`]; decisions are a function of the inputs and their order within each partition.

mod batch;
mod directory;
mod intake;

pub use batch::{Batch, Sample, SeriesIx};
pub use directory::Directory;
pub use intake::Intake;

use std::sync::Arc;

use crate::alert::AlertRecord;
use crate::plan::Plan;
use crate::signal::{Change, Stat};
use crate::time::Timestamp;

/// Everything that can happen to the engine.
#[derive(Debug)]
pub enum Input<'a> {
    /// Records of one partition, none of them late (the gate has seen to it). The batch is drained.
    Observe(&'a mut Batch),
    /// Nothing older than this will come: deadlines before it are due, records before it are judged.
    Advance(Timestamp),
    /// A change, told outside a partition (an HTTP request).
    Change(Change),
    /// Someone is on it: no repeats, no escalation of this alert.
    Acknowledge {
        /// The alert's id.
        alert: String,
        /// When, event time.
        at: Timestamp,
    },
}

/// What the engine said.
#[derive(Debug, Default)]
pub struct Output {
    /// Changes of alerts, in order.
    pub alerts: Vec<AlertRecord>,
    /// Scores of each judged sample, where they were asked for.
    pub scores: Vec<Scored>,
}

/// The scores of one observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The series of the sample.
    pub series: SeriesIx,
    /// Which derived signal of it.
    pub stat: Stat,
    /// The sample's row.
    pub row: u64,
    /// The time judged.
    pub at: Timestamp,
    /// The value judged.
    pub value: f64,
    /// `anomaly_score`.
    pub anomaly: f64,
    /// `onset_score`.
    pub onset: f64,
}

/// The whole core.
#[derive(Debug)]
pub struct Engine {
    plan: Arc<Plan>,
    directory: Directory,
    watermark: Timestamp,
}

impl Engine {
    /// An engine that knows nothing yet.
    pub fn new(plan: Arc<Plan>) -> Self {
        let directory = Directory::new(plan.shards);
        Engine { plan, directory, watermark: Timestamp::MIN }
    }

    /// Asks for the scores of every judged sample in [`Output::scores`] from now on.
    pub fn with_scores(self) -> Self {
        self
    }

    /// The sink for a decoder that fills `batch`.
    pub fn intake<'a>(&'a mut self, batch: &'a mut Batch) -> Intake<'a> {
        Intake::new(&mut self.directory, &self.plan.bounds, batch)
    }

    /// Takes one input. Total: nothing can make it fail.
    pub fn apply(&mut self, input: Input<'_>, _out: &mut Output) {
        match input {
            Input::Observe(batch) => batch.clear(),
            Input::Advance(to) => self.watermark = self.watermark.max(to),
            Input::Change(_) | Input::Acknowledge { .. } => {}
        }
    }

    /// The series known.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Records read but not yet judged (their time is not before the watermark).
    pub fn waiting(&self) -> usize {
        0
    }

    /// The earliest time at which something happens without data: an absence, a `for`, damping.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        None
    }

    /// The whole state as tagged, versioned sections.
    pub fn snapshot(&self) -> Vec<u8> {
        Vec::new()
    }

    /// The engine as it was, with what could not be read of it, by name; such a section starts anew alone.
    pub fn restore(plan: Arc<Plan>, _bytes: &[u8]) -> (Self, Vec<String>) {
        (Engine::new(plan), Vec::new())
    }
}
