//! The lines of one service: templates, and what is told of them.
//!
//! A [`Book`] takes lines in order of event time, whatever order they were read in, and gives each to its template. At the
//! end of each minute the templates that come often enough are judged by their rate, and the numbers in their lines by
//! their median, with the same judges as any metric. Besides that a line says something by its coming or staying away: a
//! kind of error never seen before (`news`), a regular line that stops (`beat`), a deadline that it announces
//! (`deadline`). These are told as findings of kind `log` and `forecast`.

mod apart;
mod beat;
mod deadline;
mod flows;
mod known;
mod news;
mod recent;
mod saved;
mod spread;
mod whole;

use std::collections::BTreeMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use self::flows::Flows;
use self::known::Known;
use self::news::News;
use self::recent::Recent;
use self::whole::{Aspect, Whole};
use super::section::{Section, Writer};
use super::series::Told;
use super::watch::Watch;
use crate::calendar::{Local, LocalClock};
use crate::finding::{Finding, Kind, Phase};
use crate::plan::Plan;
use crate::signal::template::{Miner, MinerBounds, TemplateId};
use crate::signal::{Signal, Text};
use crate::time::{Span, Timestamp};

pub(super) use self::saved::is_of_book;

/// The width of the intervals in which lines are counted.
const MINUTE: Span = Span::from_mins(1);

/// What is known of the lines of one service.
#[derive(Debug, Default)]
pub(super) struct Book {
    service: String,
    miner: Miner,
    known: BTreeMap<TemplateId, Known>,
    /// The minute that is being counted.
    minute: Option<Timestamp>,
    /// When the first line came, and the newest.
    first: Option<Timestamp>,
    newest: Option<Timestamp>,
    lines: u64,
    in_minute: u32,
    /// Kinds of error never seen before, of late.
    news: News,
    /// Some lines of late.
    recent: Recent,
    flows: Flows,
    whole: Whole,
    /// Templates forgotten at the bound.
    pub(super) dropped: u64,
    /// Its service is in a confirmed trouble.
    pub(super) aside: bool,
    /// Whose sections are being read.
    loading: Option<Loading>,
}

/// Whose sections are being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loading {
    /// Those of a template: of its rate, or of a value.
    Template(TemplateId, Option<usize>),
    /// Those of an aspect of the whole.
    Whole(u8),
}

/// What the parts of a book need beside their own state.
struct Context<'a> {
    service: &'a str,
    plan: &'a Plan,
    /// Lines of the service in the minute that is closed.
    lines: u32,
    miner: &'a Miner,
    recent: &'a Recent,
    /// What is seen belongs to a confirmed trouble.
    aside: bool,
}

impl<'a> Context<'a> {
    /// What concerns no minute in particular.
    fn new(service: &'a str, plan: &'a Plan, miner: &'a Miner, recent: &'a Recent, aside: bool) -> Self {
        Context { service, plan, lines: 0, miner, recent, aside }
    }
}

impl Book {
    pub(super) fn new(signal: &Signal, plan: &Plan) -> Self {
        let bounds = MinerBounds { templates: plan.bounds.log_templates, line_bytes: plan.bounds.log_line_bytes };
        let service = signal.service().unwrap_or("unknown").to_owned();
        Book { service, miner: Miner::new(bounds), ..Book::default() }
    }

    /// Takes the next line. What was due before it has happened.
    pub(super) fn take(&mut self, at: Timestamp, text: &Text, plan: &Plan, clock: &mut LocalClock, told: &mut Told) {
        let minute = at.floor_to(MINUTE);
        if self.minute.is_some_and(|open| open < minute) {
            self.close(plan, clock, told);
        }
        self.minute = Some(minute);
        let lived = at.since(*self.first.get_or_insert(at));
        self.newest = Some(at);
        self.lines += 1;
        self.in_minute = self.in_minute.saturating_add(1);
        let mined = self.miner.learn(text.body.as_bytes());
        let id = if mined.is_new { mined.id } else { self.home_of(mined.id, told) };
        if !self.known.contains_key(&id) {
            self.admit(id, at, text, lived, plan, told);
        }
        let Some(known) = self.known.get_mut(&id) else { return };
        if let Some(weight) = known.core.sampling.weight(known.core.in_minute) {
            self.recent.keep(known.core.name, at, weight, text, plan.bounds.log_kept);
        }
        let field = text.fields.first_of(&flows::FIELDS).map(|id| xxh3_64(id.as_bytes()));
        if let Some(flow) = field.or_else(|| self.miner.flow_of(text.body.as_bytes())) {
            self.flows.step(flow, known.core.name, at, plan.bounds.log_flows);
        }
        let context = Context::new(&self.service, plan, &self.miner, &self.recent, self.aside);
        known.take(at, text, &context, &mut self.news, told);
    }

    /// The template under which an id is known; where two met, the one with more lines lives on under its own name.
    fn home_of(&mut self, id: TemplateId, told: &mut Told) -> TemplateId {
        if self.known.contains_key(&id) || self.known.is_empty() {
            return id;
        }
        let moved = self.known.keys().filter(|known| self.miner.resolve(**known) == id).copied().collect::<Vec<_>>();
        for old in moved {
            let Some(known) = self.known.remove(&old) else { continue };
            match self.known.remove(&id) {
                None => self.known.insert(id, known),
                Some(other) => {
                    let (mut most, mut least) =
                        if other.core.lines < known.core.lines { (known, other) } else { (other, known) };
                    let at = self.newest.unwrap_or(Timestamp::MIN);
                    self.flows.forget(least.core.name);
                    least.remove(at, told);
                    most.core.lines += least.core.lines;
                    self.known.insert(id, most)
                }
            };
        }
        id
    }

    /// A template not known: it is news where the service is, and it tells of an error.
    fn admit(&mut self, id: TemplateId, at: Timestamp, text: &Text, lived: Span, plan: &Plan, told: &mut Told) {
        if plan.bounds.log_templates <= self.known.len() {
            self.forget(at, told);
        }
        let is_news = self.news.is_news(text, lived, self.lines);
        let shown = self.miner.describe(text.body.as_bytes()).1;
        self.known.insert(id, Known::new(id, at, text, shown, is_news));
    }

    /// Forgets the eighth of the templates that was not seen for longest; what is told last.
    fn forget(&mut self, at: Timestamp, told: &mut Told) {
        let mut order: Vec<_> = self.known.iter().map(|(id, known)| (known.is_open(), known.core.last, *id)).collect();
        order.sort_unstable();
        for (_, _, id) in order.into_iter().take(self.known.len() / 8 + 1) {
            if let Some(mut known) = self.known.remove(&id) {
                self.flows.forget(known.core.name);
                known.remove(at, told);
                self.dropped += 1;
            }
        }
    }

    /// The minute ends: rates and values are judged.
    fn close(&mut self, plan: &Plan, clock: &mut LocalClock, told: &mut Told) {
        let Some(minute) = self.minute else { return };
        let end = minute + MINUTE;
        let local = clock.local(&plan.calendar, end);
        let mut room = plan.bounds.log_signals.saturating_sub(self.watches().count());
        self.close_whole(end, local, plan, told);
        let lines = std::mem::take(&mut self.in_minute);
        let context = Context { lines, ..Context::new(&self.service, plan, &self.miner, &self.recent, self.aside) };
        for (id, known) in &mut self.known {
            if known.is_counted()
                && known.is_due_for_text()
                && let Some(text) = self.miner.text_of(*id)
            {
                known.core.shown = text;
            }
            known.close(end, local, &context, &mut room, told);
        }
        let goes_on = self.known.values().any(Known::is_counted);
        self.minute = goes_on.then_some(end);
    }

    /// The minute before `end` is over: what its lines and flows say as a whole is judged.
    fn close_whole(&mut self, end: Timestamp, local: Local, plan: &Plan, told: &mut Told) {
        let Book { service, miner, recent, known, whole, flows, .. } = self;
        let context = Context { lines: self.in_minute, ..Context::new(service, plan, miner, recent, self.aside) };
        let now = (end, local);
        // Where all is new nothing is unseen.
        let is_settled = self.first.is_some_and(|first| first + whole::NEW + whole::NEW <= end);
        if is_settled && whole::LEAST <= self.in_minute {
            let counts = || known.values().map(|known| (known.core.in_minute, known)).filter(|(count, _)| 0 < *count);
            let unseen = || counts().filter(|(_, known)| end < known.core.run.0 + whole::NEW);
            let share = f64::from(unseen().map(|(count, _)| count).sum::<u32>()) / f64::from(self.in_minute);
            let most = || unseen().max_by_key(|(count, _)| *count).map(|(_, known)| known.quote());
            let most = || most().map(|text| format!(", most of them {text}")).unwrap_or_default();
            whole.observe(Aspect::Unseen, now, share, &context, told, most);
            let diversity = whole::diversity(counts().map(|(count, _)| count));
            // As a test of goodness of fit sees it (Pearson 1900).
            let moved = |known: &Known| {
                let (late, usual) = known.core.share;
                (late - usual) * (late - usual) / usual.max(1e-3)
            };
            let most = || known.values().max_by(|a, b| moved(a).total_cmp(&moved(b))).map(Known::share_words);
            whole.observe(Aspect::Diversity, now, diversity, &context, told, || most().unwrap_or_default());
        }
        let Some(minute) = flows.close(end, plan.bounds.log_flows) else { return };
        let quote = |name: TemplateId| {
            let known = known.values().find(|known| known.core.name == name);
            known.map_or_else(|| name.to_string(), Known::quote)
        };
        let way = || match minute.at {
            Some((from, Some(to))) => format!(": from {} to {}", quote(from), quote(to)),
            Some((from, None)) => format!(": after {}", quote(from)),
            None => String::new(),
        };
        for (aspect, count) in [(Aspect::Broken, minute.broken), (Aspect::Strange, minute.strange)] {
            whole.observe(aspect, now, f64::from(count) / 60.0, &context, told, way);
        }
    }

    /// The earliest time at which something happens without a line.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        let minute = self.minute.map(|minute| minute + MINUTE);
        minute.into_iter().chain(self.known.values().filter_map(Known::next_deadline)).min()
    }

    /// The deadline `at` passes.
    pub(super) fn deadline(&mut self, at: Timestamp, plan: &Plan, clock: &mut LocalClock, told: &mut Told) {
        if self.minute.is_some_and(|minute| minute + MINUTE <= at) {
            self.close(plan, clock, told);
        }
        let newest = self.newest;
        let context = Context::new(&self.service, plan, &self.miner, &self.recent, self.aside);
        for known in self.known.values_mut() {
            known.deadline(at, newest, &context, told);
        }
    }

    /// The signals watched, for status and explanations.
    pub(super) fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.known.values().flat_map(Known::watches).chain(self.whole.watches().map(|(_, watch)| watch))
    }

    /// The service was removed for good.
    pub(super) fn remove(&mut self, at: Timestamp, told: &mut Told) {
        self.minute = None;
        self.whole.remove(at, told);
        for known in self.known.values_mut() {
            known.remove(at, told);
        }
    }

    /// Flows that were not followed for want of room.
    pub(super) fn flows_refused(&self) -> u64 {
        self.flows.refused
    }

    /// Writes the book and each template with its watches.
    pub(super) fn save(&self, to: &mut Writer) {
        saved::save(self, to);
    }

    /// Reads one section of a book; false where it cannot be read.
    pub(super) fn load(&mut self, section: &Section<'_>, plan: &Plan) -> bool {
        saved::load(self, section, plan)
    }
}

/// Whether a finding says something new of what is observed: that it is odd, or odder.
fn is_told(finding: &Finding) -> bool {
    matches!(finding.phase, Phase::Raised | Phase::Updated)
}

/// Whether what was observed lies below the middle of what was expected, where nothing lies below zero.
fn is_fall(finding: &Finding) -> bool {
    let middle = finding.expected.map(|(low, high)| 0.5 * (low.max(0.0) + high.max(0.0)));
    finding.value.zip(middle).is_none_or(|(value, middle)| value <= middle)
}

/// Whatever is odd about lines is told as of kind `log`.
fn tell_as_log(findings: &mut [Finding]) {
    findings.iter_mut().filter(|finding| finding.kind == Kind::Anomaly).for_each(|finding| finding.kind = Kind::Log);
}

/// A finding about a line.
fn finding(signal: Arc<Signal>, kind: Kind, phase: Phase, at: Timestamp, since: Timestamp, words: String) -> Finding {
    Finding {
        signal,
        kind,
        phase,
        at,
        since,
        value: None,
        expected: None,
        score: 0.0,
        rarity: 0.0,
        peers: 1,
        unit: None,
        breach: None,
        words,
    }
}
