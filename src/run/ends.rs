//! Which ends are ends: a partition read to its end may be dead, sparse, or only a moment ahead of who writes it.
//!
//! Old records that are written while they are read (a backfill, a mirror that catches up, a pipeline that comes back) reach
//! several partitions in turns, and each is read to its end many times before all is written. Left behind at each such end,
//! its signals would look silent for hours. So while the stream is not at its head, an end counts only once the others have
//! been ahead of it for [`GRACE`].

use std::time::{Duration, Instant};

use super::RunError;
use super::live::Live;
use crate::ingest::gate::{HEAD_AGE, PartitionId};
use crate::state::Act;
use crate::time::{Span, Timestamp};

/// An answer of the broker older than this says nothing of the present.
const FRESH: Span = Span::from_secs(5);
/// So long a partition of an old stream is waited for at its end. Whoever writes a stream to several partitions is rarely
/// held up for longer; a stream with a dead partition is held up by this once.
const GRACE: Duration = Duration::from_secs(3);

/// How reading of a partition goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    /// When something was last read, or there was nothing to read.
    pub(super) progress: Instant,
    /// When its end was reached; none while it has records unread.
    pub(super) ended: Option<Instant>,
    /// The end that the broker told first when asked after that: what grows beyond it is unread.
    pub(super) settled: Option<i64>,
    /// Since when others are ahead of it although it is read to its end.
    behind: Option<Instant>,
    /// The newest time of its records, and when that was read.
    newest: Option<(Timestamp, Instant)>,
    /// When it last brought old records faster than they came about.
    hurried: Option<Instant>,
}

impl Lane {
    /// Something is read from here on.
    pub(super) fn reading() -> Lane {
        let (newest, hurried) = (None, None);
        Lane { progress: Instant::now(), ended: None, settled: None, behind: None, newest, hurried }
    }

    /// Something was read at this moment of the wall clock, and more may be there.
    pub(super) fn has_read(&mut self, newest: Option<Timestamp>, wall: Timestamp) {
        let (now, mut hurried) = (Instant::now(), self.hurried);
        if let Some(newest) = newest {
            let gained = |(before, read): (Timestamp, Instant)| {
                2.0 * now.duration_since(read).as_secs_f64() < newest.since(before).as_secs_f64()
            };
            if HEAD_AGE < wall.since(newest) && self.newest.is_none_or(gained) {
                hurried = Some(now);
            }
        }
        *self = Lane { newest: newest.map(|newest| (newest, now)), hurried, ..Lane::reading() };
    }

    /// Whether others have been ahead of it for so long that no more of it is to be expected.
    fn is_left(&self) -> bool {
        self.behind.is_some_and(|since| GRACE <= since.elapsed())
    }
}

impl Live {
    /// How far all was read: past partitions at their end, but in an old stream only past those that are left behind.
    pub(super) fn reached(&mut self) -> Option<Timestamp> {
        let behind: Vec<PartitionId> = self.pipeline.gate.behind().cloned().collect();
        for partition in &behind {
            if let Some(lane) = self.lanes.get_mut(partition) {
                lane.behind.get_or_insert_with(Instant::now);
            }
        }
        let at_head = self.pipeline.gate.at_head();
        let Live { pipeline, lanes, .. } = self;
        let held: Vec<PartitionId> = lanes.keys().filter(|id| pipeline.is_held(id)).cloned().collect();
        let awaited = |id: &PartitionId| {
            let left = lanes.get(id).is_none_or(|lane| at_head || lane.is_left());
            held.contains(id) || (behind.contains(id) && !left)
        };
        pipeline.gate.watermark_unless(awaited)
    }

    /// The very first reading of all is about to be judged: partitions without any may be about to get theirs.
    pub(super) fn hold_the_empty(&mut self, first: &PartitionId) -> Result<(), RunError> {
        if !self.pipeline.is_first() || !self.present.goes_on_alone() {
            return Ok(());
        }
        let empty = |id: &&PartitionId| *id != first && self.source.is_ended(id) && self.pipeline.is_empty(id);
        let empty: Vec<PartitionId> = self.source.partitions().filter(empty).cloned().collect();
        for partition in &empty {
            if let Some(lane) = self.lanes.get_mut(partition) {
                lane.behind = Some(Instant::now());
            }
        }
        if !empty.is_empty() {
            self.act(Act::Hold(empty))?.ok();
        }
        Ok(())
    }

    /// Partitions that are still empty when the grace is over are not waited for.
    pub(super) fn let_go_of_the_empty(&mut self) -> Result<(), RunError> {
        let left =
            |(id, lane): (&PartitionId, &Lane)| (lane.is_left() && self.pipeline.is_held(id)).then(|| id.clone());
        let left: Vec<PartitionId> = self.lanes.iter().filter_map(left).collect();
        for partition in left {
            self.act(Act::LetGo(partition))?.ok();
        }
        Ok(())
    }

    /// Whether a backlog was being written a moment ago: the wall clock moves nothing then. Telemetry that is always late
    /// is no backlog: it comes as fast as it came about.
    fn is_catching_up(&self) -> bool {
        self.lanes.values().any(|lane| lane.hurried.is_some_and(|at| at.elapsed() < GRACE))
    }

    /// The moment for which the broker confirmed that every partition was read to its end: so far the clock may go. Where it
    /// does not answer nobody knows what it holds, and the clock stands.
    pub(super) fn confirmed(&self) -> Option<Timestamp> {
        let ends = self.report.ends.as_ref()?;
        let fresh = self.present.now().0.since(ends.asked) < FRESH;
        let read = |partition: &PartitionId| {
            let end = ends.ends.get(partition)?;
            let settled = self.lanes.get(partition).and_then(|lane| lane.settled);
            (*end <= self.source.next(partition)? || settled == Some(*end)).then_some(())
        };
        let all =
            fresh && !self.is_catching_up() && self.source.partitions().all(|partition| read(partition).is_some());
        all.then_some(ends.asked)
    }

    /// A partition read to its end whose end has grown is unread, even where its records do not arrive.
    pub(super) fn doubt_ends(&mut self) {
        let Some(ends) = &self.report.ends else { return };
        for (partition, lane) in &mut self.lanes {
            let (Some(&end), true) = (ends.ends.get(partition), self.source.is_ended(partition)) else { continue };
            // An answer to a question from before the end was reached says nothing of it: the end is told once, and
            // a doubt without cause would never be lifted.
            if lane.ended.is_none_or(|ended| ends.began < ended) {
                continue;
            }
            // Markers of transactions are never read: the first end told after the last record stands for it.
            let settled = *lane.settled.get_or_insert(end);
            if settled < end {
                self.source.doubt(partition);
                self.pipeline.gate.unread(partition);
                (lane.ended, lane.settled) = (None, None);
            }
        }
    }
}
