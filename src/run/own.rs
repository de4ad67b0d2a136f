//! Alerts about the process itself go the way of all alerts.

use std::time::{Duration, Instant};

use super::RunError;
use super::disk::{CHECKPOINT, DISK};
use super::live::Live;
use crate::deliver::own::{Counts, Health};

/// How often it looks at itself.
const EVERY: Duration = Duration::from_secs(1);

impl Live {
    /// Says what is wrong with the process itself, and when that is over. One that stands by, or plays its journal, has
    /// nothing to say.
    pub(super) fn look_at_itself(&mut self) -> Result<(), RunError> {
        let stands_by = self.why_not.is_some() && self.report.silent.is_none();
        if stands_by || !self.script.is_over() || self.pulse.looked.elapsed() < EVERY {
            return Ok(());
        }
        self.pulse.looked = Instant::now();
        let (health, now) = (self.health(), self.present.now());
        let records = self.own.look(&health, now);
        if !records.is_empty() {
            self.begin_recording();
        }
        if let Some(recorder) = &mut self.recorder {
            records.iter().for_each(|record| recorder.own(record));
        }
        records.into_iter().try_for_each(|record| self.desk.take(record, now, &self.shared.metrics))
    }

    /// What an earlier process said of itself since the checkpoint is known again.
    pub(super) fn recall_itself(&mut self) -> Result<(), RunError> {
        let now = self.present.now();
        let again = self.own.recall(self.desk.history.latest().values(), now);
        again.into_iter().try_for_each(|record| self.desk.take(record, now, &self.shared.metrics))
    }

    fn health(&self) -> Health {
        let tally = &self.pipeline.tally;
        Health {
            behind: self.behind().filter(|_| !self.learning),
            unreadable: self.report.silent.clone().map(|silent| format!("the broker does not answer: {silent}")),
            blind: self.pipeline.gate.blind_spots().map(ToString::to_string).collect(),
            receivers: self.desk.counter.outbox().status(),
            topic: self.troubles.of("alerts topic").cloned(),
            dead_letters: self.troubles.of("dead letters").cloned(),
            disk: self.troubles.of(DISK).or_else(|| self.troubles.of(CHECKPOINT)).cloned(),
            counts: Counts {
                records: tally.records.values().sum(),
                rejects: tally.rejects.values().sum(),
                lost: tally.lost,
                refused: self.pipeline.engine.counts().signals_refused,
            },
        }
    }
}
