//! The shards and the incident stage as one state machine: [`Engine::apply`] is the only door into the core.
//!
//! `run`, `replay`, `eval`, `demo` and the simulator of the tests all call this engine. What goes in is an [`Input`], what
//! comes out an [`Output`]; decisions are a function of the inputs and their order within each partition.

mod batch;
mod bounded;
mod capacity;
mod census;
mod cohort;
mod company;
mod directory;
mod intake;
mod kept;
mod kin;
mod logs;
mod picture;
mod section;
mod series;
mod shard;
mod snapshot;
mod sweep;
mod tally;
mod trial;
mod turnover;
mod trail;
mod watch;
mod words;

pub use batch::{Batch, Sample, SeriesIx};
pub use bounded::Foresight;
pub use directory::Directory;
pub use intake::Intake;
pub use tally::Tally;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use self::census::{Census, Count};
use self::cohort::Units;
use self::series::{Moved, Series};
use self::shard::{Shard, TICK};
use self::sweep::Sweeps;
use self::watch::Watch;
use crate::alert::AlertRecord;
use crate::finding::Finding;
use crate::incident::{Dropped, Incidents};
use crate::plan::{Plan, Preset};
use crate::signal::{Change, ChangeKind, Signal, Stat};
use crate::time::{Span, Timestamp};

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
    },
    /// Nobody needed to hear of it.
    Unneeded {
        /// The alert's id.
        alert: String,
    },
}

/// What the engine said.
#[derive(Debug, Default)]
pub struct Output {
    /// Changes of alerts, in order.
    pub alerts: Vec<AlertRecord>,
    /// Scores of each judged sample, where they were asked for.
    pub scores: Vec<Scored>,
    /// What the signals of units with very many peers say together, where scores were asked for.
    pub unlike: Vec<Unlike>,
}

/// How unlike its peers a unit is (a drive, a pod), all its signals taken together; told when it changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unlike {
    /// The signal of the unit that says most.
    pub series: SeriesIx,
    /// The begin of the tick compared.
    pub at: Timestamp,
    /// The sum over its signals of log10 of peers per peer as odd, each less 1.
    pub evidence: f64,
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
    /// The 10 % and 90 % points of what was expected, once there is an expectation.
    pub expected: Option<(f64, f64)>,
    /// How rare it is where it is news: log10 of the return period in weeks.
    pub rarity: Option<f64>,
}

/// The whole core.
#[derive(Debug)]
pub struct Engine {
    plan: Arc<Plan>,
    directory: Directory,
    shards: Vec<Shard>,
    incidents: Incidents,
    /// Changes that lie ahead of the watermark: they take effect in order of time.
    changes: BTreeSet<Change>,
    census: Census,
    units: Units,
    scores: bool,
    watermark: Timestamp,
    /// The tick whose summaries the incident stage knows.
    sealed: Timestamp,
    sweeps: Sweeps,
    /// Services in a confirmed trouble, as of the begin of the tick.
    confirmed: BTreeSet<String>,
}

impl Engine {
    /// An engine that knows nothing yet.
    pub fn new(plan: Arc<Plan>) -> Self {
        Engine::build(plan, false)
    }

    /// The same, which gives the scores of every judged sample in [`Output::scores`].
    pub fn with_scores(plan: Arc<Plan>) -> Self {
        Engine::build(plan, true)
    }

    fn build(plan: Arc<Plan>, scores: bool) -> Self {
        let directory = Directory::new(plan.shards);
        let shards = (0..plan.shards.max(1)).map(|_| Shard::new(scores)).collect();
        Engine {
            plan,
            directory,
            shards,
            incidents: Incidents::new(),
            changes: BTreeSet::new(),
            census: Census::default(),
            units: Units::default(),
            scores,
            watermark: Timestamp::MIN,
            sealed: Timestamp::MIN,
            sweeps: Sweeps::default(),
            confirmed: BTreeSet::new(),
        }
    }

    /// The sink for a decoder that fills `batch`.
    pub fn intake<'a>(&'a mut self, batch: &'a mut Batch) -> Intake<'a> {
        Intake::new(&mut self.directory, &self.plan, batch)
    }

    /// Takes one input. Total: nothing can make it fail.
    pub fn apply(&mut self, input: Input<'_>, out: &mut Output) {
        match input {
            Input::Observe(batch) => {
                self.place_new_series();
                for sample in batch.samples.drain(..) {
                    let place = self.directory.place(sample.series);
                    self.shards[place.shard as usize].wait(place.slot, sample);
                }
                for change in batch.changes.drain(..) {
                    self.take_change(change, out);
                }
                batch.rejects.clear();
            }
            Input::Advance(to) => self.advance(to, out),
            Input::Change(change) => self.take_change(change, out),
            Input::Acknowledge { alert } => {
                self.incidents.acknowledge(&alert, &self.plan);
            }
            Input::Unneeded { alert } => {
                self.incidents.unneeded(&alert, &self.plan);
            }
        }
    }

    /// A series founded by the intake gets its slot in its shard.
    fn place_new_series(&mut self) {
        for (signal, place, index) in self.directory.unplaced() {
            let aside = signal.service().is_some_and(|service| self.confirmed.contains(service));
            self.shards[place.shard as usize].found(signal, place.slot, index, aside);
        }
    }

    /// A change ahead of the watermark waits for it, so that the order of reading does not matter; an older one acts now.
    fn take_change(&mut self, change: Change, out: &mut Output) {
        if self.watermark <= change.at {
            self.changes.insert(change);
            if self.plan.bounds.changes < self.changes.len() {
                self.changes.pop_first();
            }
        } else {
            self.change_now(change, out);
        }
    }

    fn change_now(&mut self, change: Change, out: &mut Output) {
        if change.kind == ChangeKind::Removed {
            for shard in &mut self.shards {
                shard.remove_service(&change.service, change.at);
            }
            self.tell(change.at, out);
        } else {
            for shard in &mut self.shards {
                shard.change_service(&change.service, change.at);
            }
        }
        self.incidents.change(change, &self.plan);
    }

    /// Moves the watermark: judges what lies before it, tick by tick, so that what one signal tells another is the same
    /// however the watermark came there.
    fn advance(&mut self, to: Timestamp, out: &mut Output) {
        if to <= self.watermark {
            return;
        }
        self.watermark = to;
        for shard in &mut self.shards {
            shard.prepare(to);
        }
        while let Some(next) = self.next_event().filter(|&next| next < to) {
            let (end, from) = ((next.floor_to(TICK) + TICK).min(to), out.alerts.len());
            while let Some(change) = self.changes.first().filter(|change| change.at < end).cloned() {
                self.changes.remove(&change);
                self.incidents.advance(change.at, &self.plan, &mut out.alerts);
                self.change_now(change, out);
            }
            self.seal(end);
            self.step(end);
            self.fuse(out);
            self.tell(end, out);
            self.accompany(self.sealed, &mut out.alerts[from..]);
        }
        self.incidents.advance(to, &self.plan, &mut out.alerts);
        for shard in &mut self.shards {
            if let (Some(scores), out) = (&mut shard.told.scores, &mut out.scores) {
                out.append(scores);
            }
        }
    }

    fn next_event(&self) -> Option<Timestamp> {
        let shards = self.shards.iter().filter_map(Shard::next).min();
        let change = self.changes.first().map(|change| change.at);
        shards.into_iter().chain(change).chain(self.incidents.next_deadline()).chain(self.sweep_due()).min()
    }

    /// Tells the incident stage, at the first step of a tick, what was true at the end of the one before.
    fn seal(&mut self, end: Timestamp) {
        let tick = (end - Span::from_nanos(1)).floor_to(TICK);
        if self.sealed < tick {
            self.sealed = tick;
            self.sweep_at(tick);
            self.set_aside(self.incidents.confirmed(tick));
            if let Some(heard) = self.shards.iter().filter_map(|shard| shard.heard).max() {
                self.incidents.heard(heard, &self.plan);
            }
            let mut changed = Census::default();
            for shard in &mut self.shards {
                shard.seal();
                changed.take(&mut shard.census);
            }
            let services: Vec<String> = changed.services().cloned().collect();
            self.census.take(&mut changed);
            for service in services {
                let Count { watched, heard } = self.census.of(&service);
                self.incidents.watched(&service, watched.max(0) as u64, heard.max(0) as u64);
            }
        }
    }

    /// What the signals of these services do from now on teaches nothing about what is usual.
    fn set_aside(&mut self, confirmed: BTreeSet<String>) {
        for service in self.confirmed.symmetric_difference(&confirmed) {
            for shard in &mut self.shards {
                shard.set_aside(service, confirmed.contains(service));
            }
        }
        self.confirmed = confirmed;
    }

    fn step(&mut self, to: Timestamp) {
        let plan = &*self.plan;
        let ready: usize = self.shards.iter().map(Shard::ready).sum();
        if PARALLEL_FROM <= ready {
            self.shards.par_iter_mut().for_each(|shard| shard.step(to, plan));
        } else {
            for shard in &mut self.shards {
                shard.step(to, plan);
            }
        }
    }

    /// Adds up what the signals of each unit say, whatever shard they are in.
    fn fuse(&mut self, out: &mut Output) {
        for (unit, signal, told) in self.shards.iter_mut().flat_map(|shard| shard.left.drain(..)) {
            self.units.leave(unit, signal, told);
        }
        let ranked: Vec<_> = self.shards.iter_mut().flat_map(|shard| shard.ranked.drain(..)).collect();
        let Some(at) = ranked.iter().map(|ranked| ranked.at).max() else { return };
        for verdict in self.units.take(&ranked) {
            let series = SeriesIx(verdict.series);
            if self.scores {
                out.unlike.push(Unlike { series, at: at - TICK, evidence: verdict.evidence });
            }
            match verdict.turn {
                Some(true) => {
                    let place = self.directory.place(series);
                    self.shards[place.shard as usize].unlike(place.slot, at);
                }
                Some(false) => {
                    for series in self.units.signals(verdict.unit) {
                        let place = self.directory.place(SeriesIx(series));
                        self.shards[place.shard as usize].alike(place.slot);
                    }
                }
                None => {}
            }
        }
    }

    /// Hands the findings of all shards to the incident stage in order of time and signal, whatever shard they came from.
    fn tell(&mut self, to: Timestamp, out: &mut Output) {
        let mut findings: Vec<Finding> = self.shards.iter_mut().flat_map(|shard| shard.findings()).collect();
        findings.sort_by(|a, b| (a.at, &a.signal, a.kind).cmp(&(b.at, &b.signal, b.kind)));
        let mut effects: Vec<Moved> = self.shards.iter_mut().flat_map(|shard| shard.told.effects.drain(..)).collect();
        effects.sort();
        let mut effects = effects.into_iter().peekable();
        for finding in findings {
            while let Some(moved) = effects.next_if(|moved| moved.at <= finding.at) {
                self.learn_effect(moved, out);
            }
            self.incidents.advance(finding.at, &self.plan, &mut out.alerts);
            self.incidents.take(finding, &self.plan, &mut out.alerts);
        }
        for moved in effects {
            self.learn_effect(moved, out);
        }
        self.incidents.advance(to, &self.plan, &mut out.alerts);
    }

    fn learn_effect(&mut self, moved: Moved, out: &mut Output) {
        self.incidents.advance(moved.at, &self.plan, &mut out.alerts);
        self.incidents.changed(&moved.signal, moved.change, moved.effect);
    }

    /// The series known.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The watermark: nothing older will come.
    pub fn watermark(&self) -> Timestamp {
        self.watermark
    }

    /// The incident stage, for status and explanations.
    pub fn incidents(&self) -> &Incidents {
        &self.incidents
    }

    /// The signals under watch, in the order of shards and slots, for status and explanations.
    pub fn watches(&self) -> impl Iterator<Item = Watched<'_>> {
        self.shards.iter().flat_map(|shard| &shard.series).flat_map(Series::all_watches).map(|watch| Watched {
            signal: watch.signal(),
            preset: &self.plan.presets[watch.preset()],
            warming: watch.warming(),
            watch,
            horizon: self.plan.horizon,
        })
    }

    /// Records read but not yet judged (their time is not before the watermark).
    pub fn waiting(&self) -> usize {
        self.shards.iter().map(Shard::waiting).sum()
    }

    /// The earliest record that waits.
    pub fn next_waiting(&self) -> Option<Timestamp> {
        self.shards.iter().flat_map(Shard::waiting_samples).map(|(_, sample)| sample.at).min()
    }

    /// The earliest time at which something happens without data: an absence, a `for`, damping.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let shards = self.shards.iter().filter_map(Shard::next_deadline).min();
        shards.into_iter().chain(self.incidents.next_deadline()).chain(self.sweep_due()).min()
    }

    /// What was dropped or decided among records, by name: the counters of law 7.
    pub fn counts(&self) -> Counts {
        let series = || self.shards.iter().flat_map(|shard| &shard.series);
        Counts {
            conflicts: self.shards.iter().map(|shard| shard.conflicts).sum(),
            overtaken: self.shards.iter().map(|shard| shard.overtaken).sum(),
            signals_refused: self.directory.refused(),
            signals_forgotten: self.sweeps.forgotten(),
            templates_forgotten: series().map(Series::templates_forgotten).sum(),
            flows_refused: series().map(Series::flows_refused).sum(),
            dropped: self.incidents.dropped(),
        }
    }
}

/// Below so many records a step is faster on one thread.
const PARALLEL_FROM: usize = 2_000;

/// A signal under watch.
#[derive(Clone, Debug)]
pub struct Watched<'a> {
    /// The signal.
    pub signal: &'a Signal,
    /// What it is taken for.
    pub preset: &'a Preset,
    /// Why nothing is said of it yet.
    pub warming: Option<String>,
    watch: &'a Watch,
    horizon: Span,
}

impl<'a> Watched<'a> {
    /// Its bounds: what is foreseen of each, and what came of forecasts. Worked out when asked for: a list passes by most signals.
    pub fn foresights(&self) -> Vec<Foresight<'a>> {
        self.watch.foresights(self.horizon)
    }
}

/// Counters of records that did not decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Equal signal and time with another value; the greater was kept.
    pub conflicts: u64,
    /// Records behind what their signal was judged on already.
    pub overtaken: u64,
    /// New signals refused at the bound.
    pub signals_refused: u64,
    /// Signals forgotten because they had been silent for long.
    pub signals_forgotten: u64,
    /// Log templates forgotten at the bound of their service.
    pub templates_forgotten: u64,
    /// Flows in log lines that were not followed for want of room in their service.
    pub flows_refused: u64,
    /// What the incident stage gave up at its bounds.
    pub dropped: Dropped,
}
