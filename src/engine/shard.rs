//! One shard: the series that a hash placed together, judged alone and in order of event time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::batch::{Sample, SeriesIx};
use super::capacity::Capacities;
use super::census::Census;
use super::cohort::{self, Ranked, Steps};
use super::kin::{Kin, Peers};
use super::series::{Series, Told};
use super::turnover::Turnover;
use crate::calendar::LocalClock;
use crate::finding::Finding;
use crate::plan::Plan;
use crate::signal::{Reading, Signal, Text};
use crate::time::{Span, Timestamp};

/// The step of event time at which what one signal tells another is sealed, and used from the next step on.
pub(super) const TICK: Span = Span::from_mins(1);

/// Who spoke within this lives.
const LIVES: Span = Span::from_hours(1);
/// An instance that has seen so many points more has something to leave.
const EXPERIENCED: u32 = 100;

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
    /// Which series are instances of one signal.
    kin: Kin,
    /// How the instances of each signal come and go.
    pub(super) turnover: Turnover,
    /// Slots of those that were judged for the first time in this tick.
    newborn: Vec<u32>,
    /// Which series tell of one capacity.
    capacities: Capacities,
    /// The end of the tick whose values have not been compared yet.
    compare_at: Option<Timestamp>,
    /// The steps of those groups that have very many members.
    pub(super) cohorts: BTreeMap<u64, Steps>,
    /// Ranks that changed since they were last taken.
    pub(super) ranked: Vec<Ranked>,
    /// Unit and signal of members that were forgotten since they were last taken, and whether people were told because of it.
    pub(super) left: Vec<(u64, u64, bool)>,
    /// Scratch for the values of one group.
    values: Vec<(u32, f64)>,
    /// The time of the newest record taken.
    pub(super) heard: Option<Timestamp>,
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
            heard: None,
            kin: Kin::default(),
            turnover: Turnover::default(),
            newborn: Vec::new(),
            capacities: Capacities::default(),
            compare_at: None,
            cohorts: BTreeMap::new(),
            ranked: Vec::new(),
            left: Vec::new(),
            values: Vec::new(),
            told: Told::new(scores),
            conflicts: 0,
            overtaken: 0,
        }
    }

    /// Adds a series: in the next slot, or in that of one that was forgotten.
    pub(super) fn found(&mut self, signal: Arc<Signal>, slot: u32, index: SeriesIx, aside: bool) {
        let mut series = Series::new(signal, index);
        series.aside = aside;
        match self.series.get_mut(slot as usize) {
            Some(vacant) => *vacant = series,
            None => self.series.push(series),
        }
    }

    /// The series that have spoken, with when they last did and their slot.
    pub(super) fn spoken(&self) -> impl Iterator<Item = (Timestamp, &Arc<Signal>, u32)> {
        let held = self.series.iter().zip(0..).filter(|(series, _)| !series.is_vacant());
        held.filter_map(|(series, slot)| Some((series.spoke()?, &series.signal, slot)))
    }

    /// The slots that have records waiting.
    pub(super) fn awaited(&self) -> BTreeSet<u32> {
        self.waiting.iter().chain(&self.ready).map(|waiting| waiting.slot).collect()
    }

    /// Forgets what a series has learned; its open troubles are gone. Gives back the series where its slot may be given to
    /// another: it is not `awaited`, and scores are not asked for, whose reader knows it by its place.
    pub(super) fn forget(&mut self, slot: u32, at: Timestamp, awaited: bool) -> Option<SeriesIx> {
        let series = &mut self.series[slot as usize];
        series.remove(at, &mut self.told);
        if let Some(member) = &series.member {
            self.left.push((series.signal.unit_hash(), series.signal.stable_hash(), member.told));
        }
        series.forget();
        self.note_deadline(slot);
        let series = &mut self.series[slot as usize];
        self.kin.leave(&series.signal, slot);
        self.capacities.leave(&series.signal, slot);
        if let Some(kin) = series.signal.kin_hash().filter(|kin| !self.kin.is_group(*kin)) {
            self.cohorts.remove(&kin);
            if self.kin.slots(kin).is_empty() {
                self.turnover.end(kin);
            }
        }
        (!awaited && self.told.scores.is_none()).then(|| series.vacate())
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

    /// The earliest deadline: of a series, or the comparison of instances at the end of a tick.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|&(at, _)| at).into_iter().chain(self.compare_at).min()
    }

    /// Judges every ready record before `to` and lets every deadline before `to` pass.
    pub(super) fn step(&mut self, to: Timestamp, plan: &Plan) {
        if let Some(end) = self.compare_at.take_if(|end| *end < to) {
            self.compare(end, plan);
            self.tell_capacities(end, plan);
        }
        while let Some(last) = self.ready.last()
            && last.sample.at < to
        {
            let slot = last.slot;
            let tick = last.sample.at.floor_to(TICK);
            while let Some(next) = self.ready.pop_if(|next| next.slot == slot && next.sample.at.floor_to(TICK) == tick)
            {
                self.heard = self.heard.max(Some(next.sample.at));
                self.take(slot, &next.sample, plan);
            }
            self.note_deadline(slot);
            self.compare_at = Some(tick + TICK);
        }
        while let Some(&(at, slot)) = self.deadlines.first()
            && at < to
        {
            self.series[slot as usize].deadline(at, plan, &mut self.clock, &self.turnover, &mut self.told);
            self.note_deadline(slot);
        }
    }

    fn take(&mut self, slot: u32, sample: &Sample, plan: &Plan) {
        let series = &mut self.series[slot as usize];
        match series.place(sample) {
            Place::Next => series.take(sample, plan, &mut self.clock, &self.turnover, &mut self.told),
            Place::Conflict => self.conflicts += 1,
            Place::Repeat => {}
            Place::Overtaken => self.overtaken += 1,
        }
    }

    /// Compares the instances of each signal by their last values of the tick that ended.
    fn compare(&mut self, end: Timestamp, plan: &Plan) {
        self.count_turnover(end, plan);
        for (kin, slots) in self.kin.groups() {
            self.values.clear();
            for &slot in slots {
                self.values.extend(self.series[slot as usize].value_since(end - TICK).map(|value| (slot, value)));
            }
            if cohort::LEAST <= self.values.len() {
                let steps = self.cohorts.entry(kin).or_default();
                rank(&mut self.series, steps, &self.values, end, &mut self.ranked);
            }
            let age = |slot: u32| self.series[slot as usize].age(end);
            let peers = Peers::new(self.values.iter().map(|&(slot, value)| (age(slot), value)));
            for &(slot, value) in &self.values {
                let series = &mut self.series[slot as usize];
                // Who has left its peers is compared until it is with them again.
                if let Some(median) = peers.median(series.age(end), series.is_apart()) {
                    series.compare(end, value, median, plan, &mut self.told);
                }
            }
        }
    }

    /// Counts who came in the tick that ended, and who was heard.
    fn count_turnover(&mut self, end: Timestamp, plan: &Plan) {
        // Who was forgotten since is none of them.
        self.newborn.retain(|slot| self.series[*slot as usize].joined);
        self.let_inherit(end, plan);
        let newborn = self.newborn.drain(..).filter_map(|slot| self.series[slot as usize].signal.kin_hash());
        let mut anew: BTreeSet<u64> = newborn.inspect(|kin| self.turnover.born(*kin, end)).collect();
        // One alone has no others that could speak.
        for (kin, slots) in self.kin.all().filter(|(_, slots)| 2 <= slots.len()) {
            let newest = slots.iter().filter_map(|slot| self.series[*slot as usize].spoke()).max();
            if let Some(newest) = newest.filter(|newest| end - TICK <= *newest) {
                anew.extend(self.turnover.heard(kin, newest).then_some(kin));
            }
        }
        let kin = anew.into_iter().flat_map(|kin| self.kin.slots(kin).to_vec()).collect::<Vec<u32>>();
        for slot in kin {
            self.series[slot as usize].review(end, &self.turnover, &mut self.told);
            self.note_deadline(slot);
        }
    }

    /// Who came in the tick that ended takes over what the most experienced of its kind has learned, rather of the same node and
    /// container than of another, rather of one that lives.
    fn let_inherit(&mut self, end: Timestamp, plan: &Plan) {
        let series = &self.series;
        self.newborn.sort_by(|a, b| series[*a as usize].signal.cmp(&series[*b as usize].signal));
        for slot in self.newborn.clone() {
            let own = &self.series[slot as usize];
            let Some(kin) = own.signal.kin_hash().filter(|kin| self.turnover.knows(*kin)) else { continue };
            let elders = self.kin.slots(kin).iter();
            let claim = |elder: &u32| {
                let elder = &self.series[*elder as usize];
                let lives = elder.spoke().is_some_and(|spoke| end - LIVES <= spoke);
                (own.signal.shared_labels(&elder.signal), lives, elder.experience(), std::cmp::Reverse(&elder.signal))
            };
            let knows_more = |elder: &&u32| own.experience() + EXPERIENCED < self.series[**elder as usize].experience();
            if let Some(&elder) = elders.filter(knows_more).max_by_key(|elder| claim(elder)) {
                let legacy = self.series[elder as usize].legacy();
                self.series[slot as usize].inherit(legacy, end, plan);
                self.note_deadline(slot);
            }
        }
    }

    /// Tells what is used, or left, of each capacity how much there is, as of the end of a tick.
    fn tell_capacities(&mut self, end: Timestamp, plan: &Plan) {
        for (slot, capacity) in self.capacities.told(|slot| self.series[slot as usize].value()) {
            self.series[slot as usize].learn_capacity(end, capacity, plan);
        }
    }

    fn note_deadline(&mut self, slot: u32) {
        let series = &mut self.series[slot as usize];
        let count = series.count();
        if series.counted != count {
            self.census.change(&series.signal, series.counted, count);
            if !series.joined && 0 < count.watched {
                series.joined = true;
                self.kin.join(&series.signal, slot);
                self.newborn.push(slot);
                self.capacities.join(&series.signal, slot);
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
    pub(super) fn note_all(&mut self, sealed: Timestamp, watermark: Timestamp) {
        for slot in 0..self.series.len() as u32 {
            self.note_deadline(slot);
        }
        (self.kin, self.capacities) = (Kin::default(), Capacities::default());
        self.newborn.clear();
        let by_slot = |series: &[Series], is_sealed: bool| -> Vec<u32> {
            let first = |slot: &u32| series[*slot as usize].first();
            (0..series.len() as u32)
                .filter(|slot| first(slot).is_some_and(|first| (first < sealed) == is_sealed))
                .collect()
        };
        for is_sealed in [true, false] {
            for slot in by_slot(&self.series, is_sealed) {
                let series = &self.series[slot as usize];
                match (is_sealed, series.signal.kin_hash().zip(series.first())) {
                    (true, Some((kin, first))) => self.turnover.found(kin, first),
                    (true, None) => {}
                    (false, _) => self.newborn.push(slot),
                }
                self.series[slot as usize].joined = true;
                self.kin.join(&self.series[slot as usize].signal, slot);
                self.capacities.join(&self.series[slot as usize].signal, slot);
            }
            if is_sealed {
                self.kin.seal();
            }
        }
        // What ended before the watermark was compared before the snapshot.
        let newest = self.series.iter().filter_map(Series::newest).max();
        self.compare_at = newest.map(|at| at.floor_to(TICK) + TICK).filter(|end| watermark <= *end);
    }

    /// A unit is unlike all its peers; the signal of this slot says most.
    pub(super) fn unlike(&mut self, slot: u32, at: Timestamp) {
        let series = &mut self.series[slot as usize];
        series.member.get_or_insert_default().told = true;
        series.unlike(at, &mut self.told);
        self.note_deadline(slot);
    }

    /// The unit that the signal of this slot is of is like its peers again.
    pub(super) fn alike(&mut self, slot: u32) {
        if let Some(member) = &mut self.series[slot as usize].member {
            member.told = false;
        }
    }

    /// Which groups of instances it has.
    pub(super) fn kins(&self) -> impl Iterator<Item = u64> {
        self.kin.groups().map(|(kin, _)| kin)
    }

    /// Takes what was saved of how those instances come and go that it has.
    pub(super) fn load_turnover(&mut self, saved: &Turnover) {
        for (kin, _) in self.kin.all() {
            self.turnover.load(kin, saved);
        }
    }

    /// The ranks of all members, after a restore.
    pub(super) fn all_ranked(&self) -> impl Iterator<Item = Ranked> {
        self.series
            .iter()
            .filter(|series| series.member.as_ref().is_some_and(|member| member.known))
            .map(|series| series.ranked(Timestamp::MIN))
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

    /// A service was changed: its signals are held against what they were.
    pub(super) fn change_service(&mut self, service: &str, at: Timestamp) {
        for series in &mut self.series {
            if series.signal.service() == Some(service) {
                series.change(at);
            }
        }
    }

    /// Whether what the signals of a service do belongs to a confirmed trouble.
    pub(super) fn set_aside(&mut self, service: &str, aside: bool) {
        for series in self.series.iter_mut().filter(|series| series.signal.service() == Some(service)) {
            series.aside = aside;
        }
    }

    /// A tick has ended: who is a peer of whom is sealed until the next one ends.
    pub(super) fn seal(&mut self) {
        self.kin.seal();
    }

    /// The findings since the last call.
    pub(super) fn findings(&mut self) -> impl Iterator<Item = Finding> {
        let kin = &self.kin;
        self.told.findings.drain(..).map(|finding| Finding { peers: kin.of(&finding.signal), ..finding })
    }
}

/// Compares the steps of very many peers in one tick, and ranks what speaks against each of them.
fn rank(series: &mut [Series], steps: &mut Steps, values: &[(u32, f64)], at: Timestamp, ranked: &mut Vec<Ranked>) {
    let taken: Vec<(u32, Option<f64>)> = values
        .iter()
        .map(|&(slot, value)| (slot, series[slot as usize].member.get_or_insert_default().step(value)))
        .collect();
    taken.iter().filter_map(|(_, step)| *step).for_each(|step| steps.count(step));
    steps.settle();
    let mut evidence: Vec<(u32, f64)> = Vec::new();
    for &(slot, step) in &taken {
        let series = &mut series[slot as usize];
        let member = series.member.get_or_insert_default();
        let weight = member.weigh(at, step.map_or(0.0, |step| steps.rarity(step)));
        if 0.0 < weight {
            evidence.push((slot, weight));
        } else if !member.known || member.rank != 0.0 {
            (member.rank, member.known) = (0.0, true);
            ranked.push(series.ranked(at));
        }
    }
    cohort::rank(&mut evidence, taken.len());
    for (slot, rank) in evidence {
        let series = &mut series[slot as usize];
        let member = series.member.get_or_insert_default();
        if !member.known || member.rank != rank {
            (member.rank, member.known) = (rank, true);
            ranked.push(series.ranked(at));
        }
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
        .then_with(|| text(a).cmp(&text(b)))
        .then_with(|| a.sample.row.cmp(&b.sample.row))
}

/// Lines of one time are in the order of what they say, whichever was read first.
fn text(waiting: &Waiting) -> Option<&Text> {
    match &waiting.sample.reading {
        Reading::Text(text) => Some(text),
        _ => None,
    }
}

/// What decides between two readings of one time: the greater is kept.
pub(super) fn magnitude(reading: &Reading) -> f64 {
    match reading {
        Reading::Gauge(value) | Reading::Total { value, .. } | Reading::Delta { value, .. } => *value,
        Reading::Buckets(buckets) => buckets.total(),
        Reading::Lines(count) => f64::from(*count),
        Reading::Share { hits, .. } => f64::from(*hits),
        Reading::Text(_) => 0.0,
    }
}
