//! What goes on by the wall clock, four times a second: the watermark beyond the records, stalls, the head of the stream.

use std::time::{Duration, Instant};

use super::RunError;
use super::live::Live;
use crate::alert::words::length;
use crate::deliver::Wall;
use crate::ingest::gate::PartitionId;
use crate::state::Act;
use crate::time::{Span, Timestamp};

/// A watermark no further behind is at the head of the stream, beyond the lateness.
const HEAD: Span = Span::from_mins(5);
/// A clock that is set back by less is being corrected, as every clock is.
const SET_BACK: Span = Span::from_secs(5);

/// When what was done last.
#[derive(Debug)]
pub(super) struct Pulse {
    pub(super) ticked: Instant,
    /// A look at the process itself, and a checkpoint.
    pub(super) looked: Instant,
    pub(super) saved: Instant,
    /// What the wall clock said at the last tick.
    clock: Wall,
}

impl Pulse {
    pub(super) fn new(clock: Wall) -> Pulse {
        let now = Instant::now();
        Pulse { ticked: now, looked: now, saved: now, clock }
    }
}

impl Live {
    pub(super) fn tick(&mut self) -> Result<(), RunError> {
        self.look_at_clock();
        self.look_around()?;
        self.look_at_itself()?;
        if self.why_not.is_some() || !self.script.is_over() {
            return Ok(());
        }
        self.doubt_ends();
        self.let_go_of_the_stalled()?;
        self.let_go_of_the_empty()?;
        if self.present.goes_on_alone() {
            self.go_on()?;
        }
        self.watch_itself();
        if self.is_at_head() {
            self.learning = false;
            self.desk.counter.outbox().at_head(self.present.now());
        }
        Ok(())
    }

    /// A clock that was set back moves nothing by itself: event time never goes back. What waits to be sent must not wait for the
    /// time it was set to before.
    fn look_at_clock(&mut self) {
        let (before, now) = (self.pulse.clock, self.present.now());
        self.pulse.clock = now;
        let back = before.since(now);
        if SET_BACK < back {
            let words = format!(
                "the clock of this machine was set back by {}; the time of events goes on where it was, and what waits to be sent is \
                 sent now or after as long a wait as it had",
                length(back)
            );
            self.troubles.happened("clock", words);
            self.desk.counter.outbox().set_back(before, now);
            self.desk.counter.wake();
        }
    }

    /// Moves the watermark beyond what all the records give: past partitions read to their end, and past the data.
    fn go_on(&mut self) -> Result<(), RunError> {
        let reached = self.reached();
        let step = self.confirmed().and_then(|asked| self.pipeline.gate.wall_step(asked));
        if let Some(to) = reached.max(step)
            && self.pipeline.has_effect(to)
        {
            self.act(Act::Advance(to))?.ok();
        }
        Ok(())
    }

    /// Says where it lags although there is something to judge, and where it is blind.
    fn watch_itself(&mut self) {
        let mark = self.pipeline.engine.watermark();
        match self.behind() {
            Some(behind) => self.troubles.is(
                "lag",
                format!("judging is {behind} behind the present, at {mark}; it catches up or needs more processor"),
            ),
            None => self.troubles.over("lag"),
        }
        let blind: Vec<String> = self.pipeline.gate.blind_spots().map(ToString::to_string).collect();
        match blind.is_empty() {
            true => self.troubles.over("blind spots"),
            false => self.troubles.is("blind spots", format!("{} cannot be read and are let go", blind.join(", "))),
        }
    }

    /// How far judging lags although there is something to judge; none where it does not.
    pub(super) fn behind(&self) -> Option<Span> {
        let mark = self.pipeline.engine.watermark();
        let behind = self.present.now().0.since(mark);
        let lags = Timestamp::MIN < mark && HEAD + self.settings.time.lateness < behind;
        (lags && !self.pipeline.gate.all_ended()).then_some(behind)
    }

    fn let_go_of_the_stalled(&mut self) -> Result<(), RunError> {
        let stall = Duration::from_nanos(self.settings.time.stall.nanos().max(0).unsigned_abs());
        let mut stalled = Vec::new();
        for (partition, lane) in &mut self.lanes {
            if self.source.is_ended(partition) {
                lane.progress = Instant::now();
            } else if stall <= lane.progress.elapsed() {
                stalled.push(partition.clone());
            }
        }
        let known: Vec<PartitionId> = self.pipeline.gate.blind_spots().cloned().collect();
        for partition in stalled.into_iter().filter(|partition| !known.contains(partition)) {
            tracing::error!(%partition, "it has records and cannot be read: let go, a blind spot until it can be read again");
            self.pipeline.gate.stalled(&partition);
            if self.pipeline.is_held(&partition) {
                self.act(Act::LetGo(partition))?.ok();
            }
        }
        Ok(())
    }

    /// Whether what is judged is the present.
    pub(super) fn is_at_head(&self) -> bool {
        let behind = self.present.now().0.since(self.pipeline.engine.watermark());
        self.pipeline.gate.at_head() && (self.pipeline.gate.all_ended() || behind < HEAD + self.settings.time.lateness)
    }

    /// The partition that is read least far, of those that have records.
    pub(super) fn hindmost(&self) -> Option<PartitionId> {
        let heads = self.pipeline.gate.heads().filter(|(id, ..)| self.source.reads(id) && !self.source.is_ended(id));
        heads.min_by_key(|(_, newest, _)| *newest).map(|(id, ..)| id.clone())
    }
}
