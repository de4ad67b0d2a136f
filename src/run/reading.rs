//! Reading: one partition after the other, each message to its place or to the dead letters.

use std::time::Instant;

use super::RunError;
use super::live::Live;
use crate::ingest::gate::PartitionId;
use crate::ingest::kafka::DeadLetter;
use crate::state::Act;

/// So many records of one partition are judged at once.
const MOST: usize = 500;

impl Live {
    pub(super) fn read(&mut self) -> Result<usize, RunError> {
        let overfull = self.is_overfull();
        let reading: Vec<PartitionId> = self.source.partitions().cloned().collect();
        let hindmost = if overfull { self.hindmost() } else { None };
        let mut all = 0;
        for partition in reading {
            if hindmost.as_ref().is_none_or(|hindmost| *hindmost == partition) {
                all += self.read_one(&partition)?;
            } else if let Some(lane) = self.lanes.get_mut(&partition) {
                lane.progress = Instant::now();
            }
        }
        Ok(all)
    }

    fn read_one(&mut self, partition: &PartitionId) -> Result<usize, RunError> {
        let until = self.script.until(partition, &self.source);
        self.begin_recording();
        let Live { pipeline, letters, troubles, dead_letters, shared, recorder, registry, .. } = self;
        let read = self.source.read(partition, until, MOST, |message| {
            if let Some((id, known)) = pipeline.schema_of(message)
                && registry.as_mut().is_some_and(|registry| registry.awaits(id, known))
            {
                return false;
            }
            if let Some(recorder) = recorder {
                recorder.record(partition, message);
            }
            let Some((_, reject)) = pipeline.read(partition, message).rejects.first() else { return true };
            if troubles.may_log(reject.reason.as_str()) {
                let (reason, detail) = (reject.reason.as_str(), &reject.detail);
                tracing::warn!(%partition, offset = message.offset, reason, "rejected: {detail}");
            }
            match letters.put(DeadLetter { partition, message, reject }) {
                Ok(()) => *dead_letters += 1,
                Err(words) => {
                    shared.metrics.dead_letters_failed.inc();
                    troubles.is("dead letters", words);
                }
            }
            true
        });
        if let Some(loss) = &read.loss {
            self.lose(loss);
        }
        if 0 < read.records {
            self.judge(partition)?;
        }
        if read.ended {
            self.ended(partition)?;
        }
        Ok(read.records)
    }

    fn judge(&mut self, partition: &PartitionId) -> Result<(), RunError> {
        let next = self.source.next(partition).unwrap_or(0);
        if self.script.is_over() {
            self.hold_the_empty(partition)?;
        }
        if self.script.is_over() && self.pipeline.needs_place(partition) {
            let take = Act::Take { partition: partition.clone(), until: next };
            self.journal_at_last(&take)?;
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.judged(partition, next);
        }
        self.pipeline.judge(partition, next, &mut self.out);
        self.pipeline.gate.arrived(self.present.now().0);
        if let Some(lane) = self.lanes.get_mut(partition) {
            lane.has_read(self.pipeline.gate.newest_of(partition), self.present.now().0);
        }
        self.tell()
    }

    pub(super) fn ended(&mut self, partition: &PartitionId) -> Result<(), RunError> {
        self.pipeline.gate.ended(partition);
        if let Some(lane) = self.lanes.get_mut(partition) {
            lane.progress = Instant::now();
            lane.ended.get_or_insert(lane.progress);
        }
        if self.script.is_over() && self.pipeline.is_held(partition) {
            self.act(Act::LetGo(partition.clone()))?.ok();
        }
        Ok(())
    }

    /// More waits than is to be held: only the hindmost partition is read on, so that the watermark moves.
    pub(super) fn is_overfull(&self) -> bool {
        self.settings.plan.bounds.waiting <= self.pipeline.engine.waiting()
    }
}
