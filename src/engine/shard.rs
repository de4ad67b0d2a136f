//! One shard: the series that a hash placed together, judged alone and in order of event time.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::batch::{Sample, SeriesIx};
use super::census::{Census, Peers};
use super::series::{Series, Told};
use crate::calendar::LocalClock;
use crate::finding::Finding;
use crate::plan::Plan;
use crate::signal::{Reading, Signal};
use crate::time::{Span, Timestamp};

/// The step of event time at which what one signal tells another is sealed, and used from the next step on.
pub(super) const TICK: Span = Span::from_mins(1);

/// A record that waits for the watermark.
#[derive(Clone, Debug)]
struct Waiting {
    slot: u32,
    sample: Sample,
}

/// Series of one shard and what waits for them.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) series: Vec<Series>,
    waiting: Vec<Waiting>,
    /// Waiting records that the watermark has passed, last in order first.
    ready: Vec<Waiting>,
    deadlines: BTreeSet<(Timestamp, u32)>,
    clock: LocalClock,
    /// How the census changed since it was last taken.
    pub(super) census: Census,
    /// Signals of one service and name, as of the end of the last tick.
    peers: Peers,
    /// What the last steps said; drained by the engine.
    pub(super) told: Told,
    /// Equal signal and time with another value.
    pub(super) conflicts: u64,
    /// Records behind what their signal was judged on already.
    pub(super) overtaken: u64,
}

impl Shard {
    pub(super) fn new(scores: bool) -> Self {
        Shard {
            series: Vec::new(),
            waiting: Vec::new(),
            ready: Vec::new(),
            deadlines: BTreeSet::new(),
            clock: LocalClock::default(),
            census: Census::default(),
            peers: Peers::default(),
            told: Told::new(scores),
            conflicts: 0,
            overtaken: 0,
        }
    }

    /// Adds the series of the next slot.
    pub(super) fn found(&mut self, signal: Arc<Signal>, index: SeriesIx) {
        self.series.push(Series::new(signal, index));
    }

    /// Keeps a record until the watermark has passed it.
    pub(super) fn wait(&mut self, slot: u32, sample: Sample) {
        self.waiting.push(Waiting { slot, sample });
    }

    /// Records that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len() + self.ready.len()
    }

    /// Records that the watermark has passed and that are not judged yet.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Every waiting record, for a snapshot.
    pub(super) fn waiting_samples(&self) -> impl Iterator<Item = (u32, &Sample)> {
        self.waiting.iter().chain(&self.ready).map(|waiting| (waiting.slot, &waiting.sample))
    }

    /// Sorts out what lies before the watermark: by tick, then series, then time; at one time the greatest first.
    pub(super) fn prepare(&mut self, watermark: Timestamp) {
        self.ready.extend(self.waiting.extract_if(.., |waiting| waiting.sample.at < watermark));
        self.ready.sort_unstable_by(|a, b| order(b, a));
    }

    /// The earliest thing to do: a ready record or a deadline.
    pub(super) fn next(&self) -> Option<Timestamp> {
        // The last ready record is the first of the earliest tick, not always the earliest time: its tick is what counts.
        let ready = self.ready.last().map(|waiting| waiting.sample.at.floor_to(TICK));
        let deadline = self.next_deadline();
        ready.into_iter().chain(deadline).min()
    }

    /// The earliest deadline of a series.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|&(at, _)| at)
    }

    /// Judges every ready record before `to` and lets every deadline before `to` pass.
    pub(super) fn step(&mut self, to: Timestamp, plan: &Plan) {
        while let Some(last) = self.ready.last()
            && last.sample.at < to
        {
            let slot = last.slot;
            let tick = last.sample.at.floor_to(TICK);
            while let Some(next) = self.ready.pop_if(|next| next.slot == slot && next.sample.at.floor_to(TICK) == tick)
            {
                self.take(slot, &next.sample, plan);
            }
            self.note_deadline(slot);
        }
        while let Some(&(at, slot)) = self.deadlines.first()
            && at < to
        {
            self.series[slot as usize].deadline(at, plan, &mut self.clock, &mut self.told);
            self.note_deadline(slot);
        }
    }

    fn take(&mut self, slot: u32, sample: &Sample, plan: &Plan) {
        let series = &mut self.series[slot as usize];
        match series.place(sample) {
            Place::Next => series.take(sample, plan, &mut self.clock, &mut self.told),
            Place::Conflict => self.conflicts += 1,
            Place::Repeat => {}
            Place::Overtaken => self.overtaken += 1,
        }
    }

    fn note_deadline(&mut self, slot: u32) {
        let series = &mut self.series[slot as usize];
        let count = series.count();
        if series.counted != count {
            self.census.change(&series.signal, series.counted, count);
            if series.counted.watched == 0 {
                self.peers.join(&series.signal);
            }
            series.counted = count;
        }
        let next = series.next_deadline();
        if series.noted == next {
            return;
        }
        if let Some(noted) = series.noted {
            self.deadlines.remove(&(noted, slot));
        }
        if let Some(next) = next {
            self.deadlines.insert((next, slot));
        }
        series.noted = next;
    }

    /// Notes the deadline of every series anew, after a restore; those first judged before the `sealed` tick are peers already.
    pub(super) fn note_all(&mut self, sealed: Timestamp) {
        for slot in 0..self.series.len() as u32 {
            self.note_deadline(slot);
        }
        let is_sealed = |series: &&Series| series.first().is_some_and(|first| first < sealed);
        self.peers = Peers::default();
        self.series.iter().filter(is_sealed).for_each(|series| self.peers.join(&series.signal));
        self.peers.seal();
        self.series
            .iter()
            .filter(|series| !is_sealed(series) && series.first().is_some())
            .for_each(|series| self.peers.join(&series.signal));
    }

    /// A service was removed for good: its open troubles end, its silence is no news.
    pub(super) fn remove_service(&mut self, service: &str, at: Timestamp) {
        for slot in 0..self.series.len() as u32 {
            let series = &mut self.series[slot as usize];
            if series.signal.service() == Some(service) {
                series.remove(at, &mut self.told);
                self.note_deadline(slot);
            }
        }
    }

    /// A tick has ended: who is a peer of whom is sealed until the next one ends.
    pub(super) fn seal(&mut self) {
        self.peers.seal();
    }

    /// The findings since the last call.
    pub(super) fn findings(&mut self) -> impl Iterator<Item = Finding> {
        let peers = &self.peers;
        self.told.findings.drain(..).map(|finding| Finding { peers: peers.of(&finding.signal), ..finding })
    }
}

/// Where a record stands against what its series has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Later than all before.
    Next,
    /// The same time and another value.
    Conflict,
    /// The same time and value.
    Repeat,
    /// Older than what was judged already.
    Overtaken,
}

fn order(a: &Waiting, b: &Waiting) -> std::cmp::Ordering {
    let tick = |w: &Waiting| w.sample.at.floor_to(TICK);
    (tick(a), a.slot, a.sample.at)
        .cmp(&(tick(b), b.slot, b.sample.at))
        .then_with(|| magnitude(&b.sample.reading).total_cmp(&magnitude(&a.sample.reading)))
        .then_with(|| a.sample.row.cmp(&b.sample.row))
}

/// What decides between two readings of one time: the greater is kept.
pub(super) fn magnitude(reading: &Reading) -> f64 {
    match reading {
        Reading::Gauge(value) | Reading::Total { value, .. } | Reading::Delta { value, .. } => *value,
        Reading::Buckets(buckets) => buckets.total(),
        Reading::Lines(count) => f64::from(*count),
        Reading::Share { hits, .. } => f64::from(*hits),
    }
}
