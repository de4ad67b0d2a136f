//! The stage: the shop writes, forewarn reads, and what is decided and sent is noted as it comes.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::DemoError;
use super::foresight::Foresight;
use super::pace::Pace;
use super::tale::Tale;
use crate::alert::AlertRecord;
use crate::deliver::Shown;
use crate::ingest::kafka::Embedded;
use crate::run::{Process, StreamTime};
use crate::simulate::{Failure, Topic, World};
use crate::time::{Span, Timestamp};

/// The shop is never further ahead of what was judged: the embedded broker drops old data, read or not. In messages this is
/// a few hundred, in bytes less than a tenth of what a partition keeps.
const AHEAD: Span = Span::from_mins(10);
/// The end of a story is judged once no more than this of it is not: the lateness, and moments without a log line.
const TAIL: Span = Span::from_mins(5);
/// How long the stage waits before it looks again.
const REST: Duration = Duration::from_millis(1);
/// How often the progress is shown.
const SHOW: Duration = Duration::from_millis(100);
/// What is learned before anything breaks.
pub(super) const HISTORY: Span = Span::from_days(2);

/// A running story.
pub(super) struct Stage<'a> {
    pub(super) world: World,
    pub(super) broker: &'a Embedded,
    pub(super) process: &'a Process,
    pub(super) time: StreamTime,
    pub(super) pace: Pace,
    pub(super) decided: mpsc::Receiver<AlertRecord>,
    pub(super) sent: mpsc::Receiver<Shown>,
    pub(super) start: Timestamp,
    pub(super) told: Told,
    pub(super) progressed: Option<Instant>,
    /// When the first records were judged; none before.
    pub(super) opened: Option<Instant>,
    pub(super) learned: bool,
    /// How many changes were written.
    pub(super) changes: i64,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) records: Vec<AlertRecord>,
    pub(super) shown: Vec<Shown>,
    /// What users felt so far.
    pub(super) felt: Vec<Failure>,
}

impl Told {
    /// What was foreseen of what users felt.
    pub(super) fn foresights(&self) -> Vec<Foresight> {
        self.felt.iter().map(|failure| Foresight::of(failure, &self.records)).collect()
    }
}

impl Stage<'_> {
    /// Plays the story; false where it had to end before its end.
    pub(super) fn play(&mut self, tale: &mut Tale<'_>) -> Result<bool, DemoError> {
        let mut at = self.start;
        while let Some(events) = self.world.step() {
            let changes_before = self.changes;
            for event in events {
                at = at.max(event.at);
                self.changes += i64::from(event.topic == Topic::Changes);
                self.broker.send(event.topic.name(), &event.key, event.at, &event.bytes)?;
            }
            if changes_before < self.changes && !self.until(tale, |stage| stage.has_read_changes())? {
                return Ok(false);
            }
            let due = self.pace.due(at);
            let on = |time: Timestamp| at.since(time) <= AHEAD && due.is_none_or(|due| due <= Instant::now());
            if !self.until(tale, |stage| on(stage.time.now()))? {
                return Ok(false);
            }
        }
        let whole = self.until(tale, |stage| at.since(stage.time.now()) <= TAIL)?;
        self.listen(tale)?;
        Ok(whole)
    }

    /// Changes hold no watermark, so a reader held up for a moment of ours would know of them hours of the shop too late.
    fn has_read_changes(&self) -> bool {
        let status = self.process.status();
        let mut read = status.partitions.iter().filter(|partition| partition.topic == Topic::Changes.name());
        read.any(|partition| self.changes <= partition.next)
    }

    /// Listens until what was read and judged satisfies; false where time is over or the process ended.
    fn until(&mut self, tale: &mut Tale<'_>, satisfies: impl Fn(&Stage<'_>) -> bool) -> Result<bool, DemoError> {
        loop {
            self.listen(tale)?;
            if satisfies(self) {
                return Ok(true);
            }
            if self.pace.is_over() || self.process.is_over() {
                return Ok(false);
            }
            std::thread::sleep(REST);
        }
    }

    fn listen(&mut self, tale: &mut Tale<'_>) -> Result<(), DemoError> {
        let now = self.time.now();
        if self.opened.is_none() && self.start < now {
            self.opened = Some(Instant::now());
            tale.open(self.start)?;
        }
        if !self.learned && self.start + HISTORY <= now {
            self.learned = true;
            let took = self.opened.map(|opened| opened.elapsed()).unwrap_or_default();
            tale.learned(now, self.process.status().signals, HISTORY, took)?;
        }
        // Decided before `now` was told: what users felt by then comes after.
        while let Ok(record) = self.decided.try_recv() {
            self.feel(tale, record.at)?;
            tale.record(&record)?;
            self.told.records.push(record);
        }
        self.feel(tale, now)?;
        self.told.shown.extend(self.sent.try_iter());
        if self.progressed.is_none_or(|last| SHOW <= last.elapsed()) {
            self.progressed = Some(Instant::now());
            tale.progress(now, now.since(self.start));
        }
        Ok(())
    }

    /// Tells what users felt until a moment that was judged.
    fn feel(&mut self, tale: &mut Tale<'_>, until: Timestamp) -> Result<(), DemoError> {
        while let Some(failure) = self.world.failures().get(self.told.felt.len())
            && failure.impact_at <= until
        {
            tale.felt(&Foresight::of(failure, &self.told.records))?;
            self.told.felt.push(failure.clone());
        }
        Ok(())
    }
}
