//! One series in its shard: the meter that makes values of readings, and a watch for each signal derived from it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Scored;
use super::batch::{Sample, SeriesIx};
use super::capacity::Capacity;
use super::census::Count;
use super::cohort::{Member, Ranked};
use super::logs::{self, Book};
use super::section::{Section, Writer};
use super::shard::{Place, magnitude};
use super::turnover::Turnover;
use super::watch::{Legacy, Watch};
use crate::calendar::LocalClock;
use crate::finding::{ChangeEffect, Finding};
use crate::plan::Plan;
use crate::signal::{Ascent, Climb, Meter, Observation, Reading, Signal, Stat};
use crate::time::{Span, Timestamp};

/// What a shard says.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) findings: Vec<Finding>,
    /// What changes did.
    pub(super) effects: Vec<Moved>,
    /// Scores, where they were asked for.
    pub(super) scores: Option<Vec<Scored>>,
}

/// What a change did to a signal of its service. The order is that in which it became known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moved {
    /// When it became known.
    pub(super) at: Timestamp,
    pub(super) signal: Arc<Signal>,
    /// When the service was changed.
    pub(super) change: Timestamp,
    pub(super) effect: ChangeEffect,
}

impl Told {
    pub(super) fn new(scores: bool) -> Self {
        Told { findings: Vec::new(), effects: Vec::new(), scores: scores.then(Vec::new) }
    }
}

/// One series and what is derived from it.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) signal: Arc<Signal>,
    pub(super) index: SeriesIx,
    /// The deadline that the shard has on its list for this series.
    pub(super) noted: Option<Timestamp>,
    /// How it counts in the census.
    pub(super) counted: Count,
    /// Whether it counts among the instances of its signal.
    pub(super) joined: bool,
    core: SeriesCore,
    /// Whether it is a counter that nobody calls so; none where its name does not ask.
    ascent: Option<Ascent>,
    /// The same of names that nobody lists; none where its name tells a state.
    climb: Option<Climb>,
    watches: Vec<(Stat, Box<Watch>)>,
    /// What its lines say, where it is lines.
    book: Option<Box<Book>>,
    /// Whether the sections being read are of the book.
    reads_book: bool,
    /// It was forgotten: its slot waits for another.
    vacant: bool,
    /// Its service is in a confirmed trouble.
    pub(super) aside: bool,
    /// How it stands among very many peers; none where there are few.
    pub(super) member: Option<Box<Member>>,
}

/// How a series is asked whether it is a running total.
fn asked(signal: &Signal) -> (Option<Ascent>, Option<Climb>) {
    let by_name = Ascent::is_asked(signal.name());
    let by_course = !by_name && Climb::is_asked(signal.name());
    (by_name.then(Ascent::default), by_course.then(Climb::default))
}

/// Who writes lines for so long is missed when it stops.
const SPEAKS: Span = Span::from_days(2);

/// What of a series is kept in a snapshot besides its watches.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct SeriesCore {
    meter: Meter,
    /// Time and magnitude of the newest reading; for log lines the end of the last closed interval.
    last: Option<(Timestamp, f64)>,
    /// When it was first judged.
    first: Option<Timestamp>,
    /// Its newest own value.
    newest: Option<(Timestamp, f64)>,
    /// Whether its service was removed for good, until it speaks again.
    removed: bool,
}

impl Series {
    pub(super) fn new(signal: Arc<Signal>, index: SeriesIx) -> Self {
        let (ascent, climb) = asked(&signal);
        Series {
            signal,
            index,
            noted: None,
            counted: Count::default(),
            joined: false,
            core: SeriesCore::default(),
            ascent,
            climb,
            watches: Vec::new(),
            book: None,
            reads_book: false,
            vacant: false,
            aside: false,
            member: None,
        }
    }

    /// When it last spoke; none where it never did.
    pub(super) fn spoke(&self) -> Option<Timestamp> {
        self.core.last.or(self.core.newest).map(|(at, _)| at)
    }

    /// It begins anew with its next record.
    pub(super) fn forget(&mut self) {
        self.core = SeriesCore::default();
        self.joined = false;
        (self.ascent, self.climb) = asked(&self.signal);
        self.watches = Vec::new();
        self.member = None;
        self.book = None;
    }

    /// Its slot may be given to another.
    pub(super) fn vacate(&mut self) -> SeriesIx {
        self.vacant = true;
        self.index
    }

    /// Whether its slot waits for another series.
    pub(super) fn is_vacant(&self) -> bool {
        self.vacant
    }

    /// Where a record stands against what was seen. Log lines are never duplicates.
    pub(super) fn place(&self, sample: &Sample) -> Place {
        let Some((last, value)) = self.core.last else { return Place::Next };
        let lines = matches!(sample.reading, Reading::Lines(_) | Reading::Share { .. } | Reading::Text(_));
        if sample.at < last {
            Place::Overtaken
        } else if last < sample.at || lines {
            Place::Next
        } else if value.total_cmp(&magnitude(&sample.reading)).is_eq() {
            Place::Repeat
        } else {
            Place::Conflict
        }
    }

    /// Takes the next record: first the deadlines before it, then the values it gives.
    pub(super) fn take(
        &mut self,
        sample: &Sample,
        plan: &Plan,
        clock: &mut LocalClock,
        turnover: &Turnover,
        told: &mut Told,
    ) {
        while let Some(due) = self.next_deadline()
            && due < sample.at
        {
            self.deadline(due, plan, clock, turnover, told);
        }
        self.core.removed = false;
        if let Reading::Text(text) = &sample.reading {
            self.core.last = Some((sample.at, 0.0));
            let book = self.book.get_or_insert_with(|| Box::new(Book::new(&self.signal, plan)));
            book.aside = self.aside;
            return book.take(sample.at, text, plan, clock, told);
        }
        let total = self.as_total(sample, plan, told);
        let mut values = Values::default();
        self.core.meter.advance(sample.at, &mut |value| values.push(value));
        self.core.meter.read(sample.at, total.as_ref().unwrap_or(&sample.reading), &mut |value| values.push(value));
        // Lines of one interval come in any order; only what lies before a closed interval is overtaken.
        self.core.last = match sample.reading {
            Reading::Lines(_) | Reading::Share { .. } => values.last().map(|value| (value.at, 0.0)).or(self.core.last),
            _ => Some((sample.at, magnitude(&sample.reading))),
        };
        self.judge(&values, Some(sample.row), plan, clock, told);
    }

    /// The reading as one of a running total, where the series has proved to be one and nobody bounds the total itself. What was
    /// known of it as the other ends when that shows.
    fn as_total(&mut self, sample: &Sample, plan: &Plan, told: &mut Told) -> Option<Reading> {
        let &Reading::Gauge(value) = &sample.reading else { return None };
        // What has a bound is a quantity that fills, however steadily.
        let was_total = self.core.meter.is_of_total();
        let fills = || !was_total && self.watches.iter().any(|(_, watch)| watch.is_bounded());
        let rises = match (&mut self.ascent, &mut self.climb) {
            (Some(ascent), _) => ascent.take(value),
            (None, Some(climb)) => climb.take(sample.at, value) && !fills(),
            (None, None) => return None,
        };
        let is_total = rises && plan.bounds_of(&self.signal).next().is_none();
        if is_total != was_total {
            self.watches.iter_mut().for_each(|(_, watch)| watch.remove(sample.at, told));
            self.watches.clear();
        }
        is_total.then_some(Reading::Total { value, start: None })
    }

    /// The deadline `at` passes: an interval closes, or silence becomes news.
    pub(super) fn deadline(
        &mut self,
        at: Timestamp,
        plan: &Plan,
        clock: &mut LocalClock,
        turnover: &Turnover,
        told: &mut Told,
    ) {
        if self.core.meter.next_deadline().is_some_and(|due| due <= at) {
            let mut values = Values::default();
            self.core.meter.advance(at, &mut |value| values.push(value));
            self.core.last = self.core.last.max_time(at);
            self.judge(&values, None, plan, clock, told);
        }
        if self.is_missed() {
            let leaves = |spoke| self.signal.kin_hash().is_some_and(|kin| turnover.is_usual(kin, spoke, at));
            for (_, watch) in &mut self.watches {
                watch.deadline(at, leaves, told);
            }
        }
        if let Some(book) = &mut self.book {
            book.aside = self.aside;
            book.deadline(at, plan, clock, told);
        }
    }

    /// What others of its kind may take over: that it is a counter, and what was learned of each value.
    pub(super) fn legacy(&self) -> (Option<Ascent>, Option<Climb>, Vec<(Stat, Legacy)>) {
        (self.ascent, self.climb, self.watches.iter().map(|(stat, watch)| (*stat, watch.legacy())).collect())
    }

    /// Takes over what another has learned.
    pub(super) fn inherit(
        &mut self,
        (ascent, climb, legacies): (Option<Ascent>, Option<Climb>, Vec<(Stat, Legacy)>),
        at: Timestamp,
        plan: &Plan,
    ) {
        self.ascent = ascent.zip(self.ascent).map(|(elder, own)| own.heir(elder));
        self.climb = climb.zip(self.climb).map(|(elder, own)| own.heir(elder));
        for (stat, legacy) in legacies {
            watch_of(&mut self.watches, &self.signal, stat, plan).inherit(legacy, at);
        }
    }

    /// How much it knows, in points.
    pub(super) fn experience(&self) -> u32 {
        self.watches().map(Watch::experience).max().unwrap_or(0)
    }

    /// Others have come, or speak again: who is missed may have left.
    pub(super) fn review(&mut self, at: Timestamp, turnover: &Turnover, told: &mut Told) {
        let leaves = |spoke| self.signal.kin_hash().is_some_and(|kin| turnover.is_usual(kin, spoke, at));
        for (_, watch) in &mut self.watches {
            watch.review(at, leaves, told);
        }
    }

    fn judge(&mut self, values: &Values, row: Option<u64>, plan: &Plan, clock: &mut LocalClock, told: &mut Told) {
        for value in values {
            self.core.first = self.core.first.or(Some(value.at));
            if value.stat == Stat::Value {
                self.core.newest = Some((value.at, value.value));
            }
            let watch = watch_of(&mut self.watches, &self.signal, value.stat, plan);
            watch.set_aside(self.aside);
            let judgement = watch.observe(value.at, value.value, clock.local(&plan.calendar, value.at), plan, told);
            if let Some(scores) = &mut told.scores {
                scores.push(Scored {
                    series: self.index,
                    stat: value.stat,
                    row: row.unwrap_or(u64::MAX),
                    at: value.at,
                    value: value.value,
                    anomaly: judgement.anomaly,
                    onset: judgement.onset,
                    expected: judgement.expected,
                    rarity: judgement.rarity.filter(|_| judgement.fresh),
                });
            }
        }
    }

    /// The earliest time at which something happens without a record.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        let meter = self.core.meter.next_deadline();
        let is_missed = !self.core.removed && self.is_missed();
        let silence = self.watches.iter().filter(|_| is_missed).filter_map(|(_, watch)| watch.next_deadline());
        let book = self.book.as_ref().and_then(|book| book.next_deadline());
        meter.into_iter().chain(silence).chain(book).min()
    }

    /// Whether it has spoken for long enough to be missed. A metric is sampled, lines come when there is something to say: a
    /// burst of them ends, and what speaks for an hour each night shows that only with the second night.
    fn is_missed(&self) -> bool {
        let lived = || self.spoke().zip(self.core.first).is_some_and(|(spoke, first)| SPEAKS <= spoke.since(first));
        !self.signal.name().starts_with("log_") || lived()
    }

    /// Its service was removed for good.
    pub(super) fn remove(&mut self, at: Timestamp, told: &mut Told) {
        self.core.removed = true;
        for (_, watch) in &mut self.watches {
            watch.remove(at, told);
        }
        if let Some(book) = &mut self.book {
            book.remove(at, told);
        }
    }

    /// Its service was changed.
    pub(super) fn change(&mut self, at: Timestamp) {
        for (_, watch) in &mut self.watches {
            watch.change(at);
        }
    }

    /// When it was first judged.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.core.first
    }

    /// How long ago that was.
    pub(super) fn age(&self, now: Timestamp) -> Span {
        self.core.first.map_or(Span::ZERO, |first| now.since(first))
    }

    /// Whether its own value has left its peers.
    pub(super) fn is_apart(&self) -> bool {
        self.watches.iter().any(|(stat, watch)| *stat == Stat::Value && watch.is_apart())
    }

    /// Its own value, where it has one not older than `since`; what is derived (quantiles) is not compared.
    pub(super) fn value_since(&self, since: Timestamp) -> Option<f64> {
        let (at, value) = self.core.newest?;
        (since <= at).then_some(value)
    }

    /// Its newest own value.
    pub(super) fn value(&self) -> Option<f64> {
        self.core.newest.map(|(_, value)| value)
    }

    /// How much there is of what its values are a use of, or what is left of.
    pub(super) fn learn_capacity(&mut self, at: Timestamp, capacity: Capacity, plan: &Plan) {
        if let Some((_, watch)) = self.watches.iter_mut().find(|(stat, _)| *stat == Stat::Value) {
            watch.learn_capacity(at, capacity, plan);
        }
    }

    /// When its newest own value was seen.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.core.newest.map(|(at, _)| at)
    }

    /// Compares its value with the median of all instances of the signal, at the end of a tick.
    pub(super) fn compare(&mut self, end: Timestamp, value: f64, median: f64, plan: &Plan, told: &mut Told) {
        if let Some((_, watch)) = self.watches.iter_mut().find(|(stat, _)| *stat == Stat::Value) {
            watch.compare(end, value, median, plan, told);
        }
    }

    /// Its rank among its peers, for its unit.
    pub(super) fn ranked(&self, at: Timestamp) -> Ranked {
        let (rank, told) = self.member.as_ref().map_or((0.0, false), |member| (member.rank, member.told));
        let (unit, signal) = (self.signal.unit_hash(), self.signal.stable_hash());
        Ranked { unit, series: self.index.0, signal, rank, told, at }
    }

    /// Its unit is unlike all others, as its signals together show, this one most.
    pub(super) fn unlike(&mut self, at: Timestamp, told: &mut Told) {
        if let Some((_, watch)) = self.watches.iter_mut().find(|(stat, _)| *stat == Stat::Value) {
            watch.unlike(at, told);
        }
    }

    /// How it counts now.
    pub(super) fn count(&self) -> Count {
        let heard = if self.core.removed || !self.is_missed() {
            0
        } else {
            self.watches().filter(|watch| watch.is_heard()).count()
        };
        let watched = self.all_watches().filter(|watch| !watch.has_left()).count();
        Count { watched: watched as i64, heard: heard as i64 }
    }

    /// Templates of its lines that were forgotten at the bound.
    pub(super) fn templates_forgotten(&self) -> u64 {
        self.book.as_ref().map_or(0, |book| book.dropped)
    }

    /// Flows of its lines that were not followed for want of room.
    pub(super) fn flows_refused(&self) -> u64 {
        self.book.as_ref().map_or(0, |book| book.flows_refused())
    }

    /// The watches and those of what its lines say, for status and explanations.
    pub(super) fn all_watches(&self) -> impl Iterator<Item = &Watch> {
        self.watches().chain(self.book.iter().flat_map(|book| book.watches()))
    }

    /// The watches.
    pub(super) fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.watches.iter().map(|(_, watch)| &**watch)
    }
}

/// The observations of one reading: mostly one, at most a few.
type Values = smallvec::SmallVec<[Observation; 4]>;

trait LastTime {
    fn max_time(self, at: Timestamp) -> Self;
}

impl LastTime for Option<(Timestamp, f64)> {
    fn max_time(self, at: Timestamp) -> Self {
        match self {
            Some((last, value)) if at <= last => Some((last, value)),
            _ => Some((at, 0.0)),
        }
    }
}

fn watch_of<'a>(
    watches: &'a mut Vec<(Stat, Box<Watch>)>,
    signal: &Arc<Signal>,
    stat: Stat,
    plan: &Plan,
) -> &'a mut Watch {
    let at = watches.iter().position(|(have, _)| *have == stat).unwrap_or_else(|| {
        let signal = match stat.label() {
            Some(label) => Arc::new(signal.with("stat", label)),
            None => Arc::clone(signal),
        };
        watches.push((stat, Box::new(Watch::new(signal, plan))));
        watches.len() - 1
    });
    &mut watches[at].1
}

const SERIES: u8 = 1;
const CORE: u8 = 2;
const WATCH: u8 = 3;
const MEMBER: u8 = 4;
const ASCENT: u8 = 5;
const CLIMB: u8 = 6;
const VERSION: u8 = 1;

impl Series {
    /// Writes the series as sections: identity, core, then each watch with its own.
    pub(super) fn save(&self, to: &mut Writer) {
        to.put(SERIES, VERSION, &*self.signal);
        to.put(CORE, VERSION, &self.core);
        if let Some(ascent) = &self.ascent {
            to.put(ASCENT, VERSION, ascent);
        }
        if let Some(climb) = &self.climb {
            to.put(CLIMB, VERSION, climb);
        }
        if let Some(member) = &self.member {
            to.put(MEMBER, VERSION, member);
        }
        for (stat, watch) in &self.watches {
            to.put(WATCH, VERSION, stat);
            watch.save(to);
        }
        if let Some(book) = &self.book {
            book.save(to);
        }
    }

    /// Whether a section begins a series, and which.
    pub(super) fn begins(section: &Section<'_>) -> Option<Signal> {
        if section.tag == SERIES { section.read(VERSION) } else { None }
    }

    /// Reads one section that follows the identity; false where it cannot be read.
    pub(super) fn load(&mut self, section: &Section<'_>, plan: &Plan) -> bool {
        if section.tag == WATCH {
            self.reads_book = false;
        }
        if self.reads_book || logs::is_of_book(section) {
            self.reads_book = true;
            let book = self.book.get_or_insert_with(|| Box::new(Book::new(&self.signal, plan)));
            return book.load(section, plan);
        }
        match section.tag {
            CORE => section.read(VERSION).map(|core| self.core = core).is_some(),
            ASCENT => section.read(VERSION).map(|ascent| self.ascent = Some(ascent)).is_some(),
            CLIMB => section.read(VERSION).map(|climb| self.climb = Some(climb)).is_some(),
            MEMBER => section.read(VERSION).map(|member| self.member = Some(member)).is_some(),
            WATCH => match section.read::<Stat>(VERSION) {
                Some(stat) => {
                    watch_of(&mut self.watches, &self.signal, stat, plan);
                    true
                }
                None => false,
            },
            _ => self.watches.last_mut().is_some_and(|(_, watch)| watch.load(section)),
        }
    }
}
