//! What the group gives and takes: partitions to read, and why this member does not judge.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::RunError;
use super::ends::Lane;
use super::live::Live;
use crate::ingest::gate::PartitionId;
use crate::ingest::kafka::{Event, Loss, Start};
use crate::state::Act;

/// How long a turn waits where nothing came.
const REST: Duration = Duration::from_millis(10);

impl Live {
    pub(super) fn serve_group(&mut self) -> Result<(), RunError> {
        let rest = if self.idle { REST } else { Duration::ZERO };
        let positions = &self.pipeline.positions;
        let events = self.source.events(rest, |partition| positions.get(partition), self.first.as_ref());
        for event in events {
            match event {
                Event::Assigned(starts) => self.assigned(starts)?,
                Event::Revoked(partitions) => {
                    tracing::info!(?partitions, "partitions were handed over");
                    self.membership.taken(&partitions);
                    self.lanes.retain(|partition, _| !partitions.contains(partition));
                    self.survey.reading(self.source.partitions().cloned().collect());
                }
                Event::Fault(words) => self.fault(&words),
            }
        }
        let why_not = self.with_fault(self.membership.why_not(self.source.partitions(), &self.report));
        if why_not != self.why_not {
            match &why_not {
                Some(why) => tracing::warn!("not ready: {why}"),
                None => tracing::info!("ready: every partition is read here"),
            }
            // Standing by is no stall.
            let now = Instant::now();
            self.lanes.values_mut().for_each(|lane| lane.progress = now);
            self.why_not = why_not;
        }
        let open = self.why_not.is_none() && self.script.is_over() && !self.learning;
        self.way.open.store(open, Ordering::SeqCst);
        Ok(())
    }

    fn assigned(&mut self, starts: Vec<Start>) -> Result<(), RunError> {
        self.membership.given(starts.iter().map(|start| &start.partition));
        for start in &starts {
            tracing::info!(partition = %start.partition, from = start.from, end = start.high, "reading");
            self.pipeline.positions.set(&start.partition, start.from);
            self.lanes.insert(start.partition.clone(), Lane::reading());
            if let Some(loss) = &start.loss {
                self.lose(loss);
            }
        }
        self.survey.reading(self.source.partitions().cloned().collect());
        if self.script.is_over() {
            self.settle()?;
            self.adopt()?;
        }
        if self.first.take().is_some() {
            self.save()?;
        }
        Ok(())
    }

    pub(super) fn lose(&mut self, loss: &Loss) {
        self.pipeline.tally.lost += loss.missing().unwrap_or(0);
        self.troubles.happened(&format!("data loss in {}", loss.partition), loss.to_string());
    }

    /// Tells the gate how each partition stands where live reading begins. One with records of which nothing is known
    /// holds the watermark, so that its first record finds its place whatever is read first.
    pub(super) fn settle(&mut self) -> Result<(), RunError> {
        let reading: Vec<PartitionId> = self.source.partitions().cloned().collect();
        let mut unknown = Vec::new();
        for partition in reading {
            if self.source.is_ended(&partition) {
                self.pipeline.gate.ended(&partition);
                continue;
            }
            self.pipeline.gate.unread(&partition);
            if self.pipeline.is_unknown(&partition) && !self.pipeline.is_held(&partition) {
                unknown.push(partition);
            }
        }
        if !unknown.is_empty() {
            self.act(Act::Hold(unknown))?.ok();
        }
        Ok(())
    }

    /// Gives the survey's report, refreshed.
    pub(super) fn look_around(&mut self) -> Result<(), RunError> {
        self.report = self.survey.report();
        self.look_at_broker();
        if self.script.is_over() {
            for partition in self.membership.gone(&self.report) {
                tracing::warn!(%partition, "the topic is gone from the broker");
                self.act(Act::Forget(partition))?.ok();
            }
        }
        Ok(())
    }
}
