//! One template of a service: what was seen of it, and the troubles it is in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::series::Told;
use super::super::watch::Watch;
use super::apart::{Apart, apart};
use super::beat::Beat;
use super::deadline::{Deadline, Said, speaks_of_end};
use super::news::{self, News};
use super::recent::{Kept, Sampling};
use super::spread::{median, spread};
use super::{Context, finding, is_fall, is_told, tell_as_log};
use crate::alert::words::length;
use crate::calendar::Local;
use crate::finding::{Finding, Kind, Phase};
use crate::plan::Plan;
use crate::signal::template::{Number, TemplateId, measure, numbers};
use crate::signal::{Level, Signal, Text, redact};
use crate::time::{Span, Timestamp};

/// A template and what is derived from it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) core: Core,
    pub(super) rate: Option<Box<Watch>>,
    pub(super) values: Vec<(Value, Option<Box<Watch>>)>,
}

/// What of it is saved besides its watches.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Core {
    /// The id it was first known by: its name as a signal.
    pub(super) name: TemplateId,
    pub(super) last: Timestamp,
    pub(super) lines: u64,
    level: Level,
    pub(super) in_minute: u32,
    pub(super) sampling: Sampling,
    /// Empty minutes since the last line, and minutes with lines.
    idle: u32,
    minutes: u32,
    /// Its text, and the number of lines from which on it is asked for anew.
    pub(super) shown: String,
    next_text: u64,
    /// A line from before, and the last one.
    before: String,
    sample: String,
    beat: Beat,
    /// Its share of the lines of its service, of late and usually.
    pub(super) share: (f64, f64),
    /// Whether it is a kind of error never seen before, or not for long, that is not told yet.
    is_news: bool,
    /// When it came first, or first again, its lines since then, and how long it had been away.
    pub(super) run: (Timestamp, u64, Option<Span>),
    /// Since when it is told as new, or as staying away.
    new_since: Option<Timestamp>,
    silent_since: Option<Timestamp>,
}

/// A number in its lines.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Value {
    name: String,
    unit: Option<String>,
    seen: u32,
    rising: u32,
    /// Up to four different values.
    different: Vec<f64>,
    last: f64,
    largest: f64,
    minute: Vec<f64>,
    deadline: Deadline,
    /// Since when its deadline is told.
    told_since: Option<Timestamp>,
}

/// Empty minutes that are still judged as a rate of nothing.
const IDLE: u32 = 60;
/// A template is judged from so many minutes with lines on: what comes once in a while is no rate.
const WATCHED_MINUTES: u32 = 5;
/// Numbers looked for in a line, lines in which they are looked for first, values kept of a minute.
const NUMBERS: usize = 4;
const LOOKED_AT: u64 = 200;
const MINUTE_VALUES: usize = 63;
/// What stays away is told with this rarity: a clock does not stop by chance.
const STOPPED: f64 = 4.0;
/// A new kind of error is over when no line of it came for so long.
const OVER: Span = Span::from_mins(30);
/// Bytes of a sample line.
const SAMPLE: usize = 160;

impl Known {
    pub(super) fn new(id: TemplateId, at: Timestamp, text: &Text, shown: String, is_news: bool) -> Self {
        let core = Core {
            name: id,
            last: at,
            lines: 0,
            level: text.level,
            in_minute: 0,
            sampling: Sampling::default(),
            idle: 0,
            minutes: 0,
            shown,
            next_text: 16,
            before: sample(text),
            sample: String::new(),
            beat: Beat::default(),
            share: (0.0, 0.0),
            is_news,
            run: (at, 0, None),
            new_since: None,
            silent_since: None,
        };
        Known { core, rate: None, values: Vec::new() }
    }

    /// Takes one line of the template.
    pub(super) fn take(&mut self, at: Timestamp, text: &Text, context: &Context<'_>, news: &mut News, told: &mut Told) {
        let core = &mut self.core;
        let away = at.since(core.last);
        if news::AWAY <= away && news::is_error(text) {
            (core.is_news, core.run) = (true, (at, 0, Some(away)));
        }
        core.lines += 1;
        core.run.1 += 1;
        core.last = at;
        core.in_minute = core.in_minute.saturating_add(1);
        core.beat.take(at);
        if core.in_minute == 1 {
            core.sample = sample(text);
        }
        if core.silent_since.take().is_some() {
            told.findings.push(self.say(Kind::Log, Phase::Cleared, at, at, context, "comes again"));
        }
        self.tell_news(at, context, news, told);
        if self.core.lines <= LOOKED_AT || !self.values.is_empty() {
            let fields = text.fields.iter().filter_map(|(key, value)| measure(key, value));
            for number in numbers(text.body.as_bytes(), NUMBERS).into_iter().chain(fields) {
                self.take_number(at, &number, text, context, told);
            }
        }
    }

    fn tell_news(&mut self, at: Timestamp, context: &Context<'_>, news: &mut News, told: &mut Told) {
        let core = &mut self.core;
        let (since, lines, away) = core.run;
        if !core.is_news || lines < news::TOLD_AT {
            return;
        }
        core.is_news = false;
        if news::WITHIN < at.since(since) {
            return;
        }
        core.new_since = Some(since);
        let seen = match away {
            Some(away) => format!("was not seen for {}", length(away)),
            None => "was never seen before".to_owned(),
        };
        let words = format!("{seen} and came {lines} times in {}", length(at.since(since)));
        let rarity = news.tell(at);
        let finding = self.say(Kind::Log, Phase::Raised, at, since, context, &words);
        told.findings.push(Finding { rarity, score: 1.0, value: Some(lines as f64 / 60.0), ..finding });
    }

    fn take_number(&mut self, at: Timestamp, number: &Number, text: &Text, context: &Context<'_>, told: &mut Told) {
        let place = self.values.iter().position(|(value, _)| value.name == number.name);
        let place = match place {
            Some(place) => place,
            None if self.values.len() < NUMBERS => {
                let unit = number.unit.map(str::to_owned);
                let value = Value { name: number.name.clone(), unit, ..Value::default() };
                self.values.push((value, None));
                self.values.len() - 1
            }
            None => return,
        };
        let value = &mut self.values[place].0;
        value.take(number.value);
        if !speaks_of_end(&text.body) {
            return;
        }
        let since = value.told_since.unwrap_or(at);
        let (phase, breach, words) = match value.deadline.take(at, number) {
            Said::Nothing => return,
            Said::PutOff if value.told_since.take().is_some() => (Phase::Withdrawn, None, "was put off"),
            Said::PutOff => return,
            Said::Stands(breach) => {
                let phase = if value.told_since.is_some() { Phase::Updated } else { Phase::Raised };
                value.told_since = Some(since);
                (phase, Some(breach), "announces when it ends")
            }
        };
        let signal = Arc::new(self.value_signal(place, context.service));
        let words = self.with_text(words, at, context);
        let finding = finding(signal, Kind::Forecast, phase, at, since, words);
        told.findings.push(Finding {
            breach,
            value: Some(number.value),
            unit: number.unit.map(str::to_owned),
            ..finding
        });
    }

    /// The minute before `end` is over.
    pub(super) fn close(
        &mut self,
        end: Timestamp,
        local: Local,
        context: &Context<'_>,
        room: &mut usize,
        told: &mut Told,
    ) {
        if !self.is_counted() {
            return;
        }
        let count = std::mem::take(&mut self.core.in_minute);
        self.core.sampling.close(count);
        self.core.minutes = self.core.minutes.saturating_add(u32::from(count != 0));
        self.core.idle = if count == 0 { self.core.idle + 1 } else { 0 };
        if self.core.new_since.is_some() && self.core.last + OVER <= end {
            self.core.new_since = None;
            let words = "has not come again";
            told.findings.push(self.say(Kind::Log, Phase::Cleared, end, self.core.run.0, context, words));
        }
        if self.rate.is_none() && WATCHED_MINUTES <= self.core.minutes && 0 < *room {
            *room -= 1;
            self.rate = Some(Box::new(Watch::new(Arc::new(self.rate_signal(context.service)), context.plan)));
        }
        let from = told.findings.len();
        let is_explained = self.core.take_share(count, context.lines);
        if let Some(watch) = &mut self.rate {
            watch.set_aside(context.aside);
            watch.observe(end, f64::from(count) / 60.0, local, context.plan, told);
        }
        // Where the whole service says more than usual, this line says nothing by it; nor does one that comes less often, since
        // what stops altogether has a beat of its own. A usual rate ends neither that silence nor what is told as new.
        let is_open = self.is_open();
        let is_nothing = |finding: &Finding| match is_told(finding) {
            true => finding.breach.is_none() && (is_explained || is_fall(finding)),
            false => is_open,
        };
        let rest = told.findings.split_off(from);
        told.findings.extend(rest.into_iter().filter(|finding| !is_nothing(finding)));
        self.close_values(end, local, context, room, told);
        for finding in told.findings[from..].iter_mut().filter(|finding| is_told(finding)) {
            finding.words = self.with_text(&finding.words, finding.since, context);
        }
        tell_as_log(&mut told.findings[from..]);
    }

    fn close_values(&mut self, end: Timestamp, local: Local, context: &Context<'_>, room: &mut usize, told: &mut Told) {
        for place in 0..self.values.len() {
            let Some(median) = self.values[place].0.close() else { continue };
            if self.values[place].1.is_none() && self.values[place].0.is_quantity() && 0 < *room {
                *room -= 1;
                let signal = Arc::new(self.value_signal(place, context.service));
                let unit = self.values[place].0.unit.clone();
                self.values[place].1 = Some(Box::new(Watch::new(signal, context.plan).with_unit(unit)));
            }
            if let Some(watch) = &mut self.values[place].1 {
                watch.set_aside(context.aside);
                watch.observe(end, median, local, context.plan, told);
            }
        }
    }

    /// When its staying away is news, or what it announced has had its time.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        let told = self.values.iter().filter(|(value, _)| value.told_since.is_some());
        let over = told.filter_map(|(value, _)| value.deadline.over_at()).min();
        self.silent_after().into_iter().chain(over).min()
    }

    fn silent_after(&self) -> Option<Timestamp> {
        if self.core.silent_since.is_some() { None } else { self.core.beat.silent_after() }
    }

    /// What was announced by `at` has had its time.
    fn end_announced(&mut self, at: Timestamp, context: &Context<'_>, told: &mut Told) {
        for place in 0..self.values.len() {
            let value = &mut self.values[place].0;
            if value.deadline.over_at().is_none_or(|over| at < over) {
                continue;
            }
            value.deadline = Deadline::default();
            let Some(since) = value.told_since.take() else { continue };
            let signal = Arc::new(self.value_signal(place, context.service));
            let words = "has had its time".to_owned();
            told.findings.push(finding(signal, Kind::Forecast, Phase::Cleared, at, since, words));
        }
    }

    /// The deadline `at` passes: a regular line has stayed away, while its service went on to speak until `newest`.
    pub(super) fn deadline(
        &mut self,
        at: Timestamp,
        newest: Option<Timestamp>,
        context: &Context<'_>,
        told: &mut Told,
    ) {
        self.end_announced(at, context, told);
        if self.silent_after().is_none_or(|due| at < due) {
            return;
        }
        let last = self.core.beat.last().unwrap_or(at);
        self.core.silent_since = Some(last);
        if newest.is_none_or(|newest| newest <= last + self.core.beat.step()) {
            return;
        }
        let words = format!("came every {} and has stopped", length(self.core.beat.step()));
        let finding = self.say(Kind::Log, Phase::Raised, at, last, context, &words);
        told.findings.push(Finding { rarity: STOPPED, score: 1.0, ..finding });
    }

    /// The template is gone: its troubles end.
    pub(super) fn remove(&mut self, at: Timestamp, told: &mut Told) {
        let name = self.core.name;
        let from = told.findings.len();
        let service =
            self.rate.as_ref().and_then(|watch| watch.signal().service().map(str::to_owned)).unwrap_or_default();
        if self.core.new_since.take().or(self.core.silent_since.take()).is_some() && !service.is_empty() {
            let signal = Arc::new(rate_signal(&service, name));
            told.findings.push(finding(signal, Kind::Log, Phase::Gone, at, at, "is no longer watched".to_owned()));
        }
        let watches = self.rate.iter_mut().chain(self.values.iter_mut().filter_map(|(_, watch)| watch.as_mut()));
        watches.for_each(|watch| watch.remove(at, told));
        tell_as_log(&mut told.findings[from..]);
        self.core.idle = IDLE;
        self.core.beat = Beat::default();
    }

    /// Whether minutes without lines still count.
    pub(super) fn is_counted(&self) -> bool {
        0 < self.core.in_minute || self.core.idle < IDLE
    }

    pub(super) fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.rate.iter().chain(self.values.iter().filter_map(|(_, watch)| watch.as_ref())).map(|watch| &**watch)
    }

    pub(super) fn is_open(&self) -> bool {
        self.core.new_since.is_some() || self.core.silent_since.is_some()
    }

    /// Its text as it is told.
    pub(super) fn quote(&self) -> String {
        format!("`{}`", redact(&self.core.shown, SAMPLE))
    }

    /// How its share of the lines has changed.
    pub(super) fn share_words(&self) -> String {
        let (late, usual) = self.core.share;
        format!(", above all {}: {:.0} % of the lines now, {:.0} % usually", self.quote(), late * 100.0, usual * 100.0)
    }

    /// Whether its text is to be asked for anew; it is now.
    pub(super) fn is_due_for_text(&mut self) -> bool {
        let is_due = self.core.next_text <= self.core.lines;
        self.core.next_text = if is_due { self.core.lines.saturating_mul(4) } else { self.core.next_text };
        is_due
    }

    fn rate_signal(&self, service: &str) -> Signal {
        rate_signal(service, self.core.name)
    }

    fn value_signal(&self, place: usize, service: &str) -> Signal {
        let template = self.core.name.to_string();
        let labels = [("service", service), ("template", &template), ("slot", &self.values[place].0.name)];
        Signal::new("log_value", labels)
    }

    /// Makes the watch whose sections follow: of the rate, or of a value.
    pub(super) fn readmit(&mut self, place: Option<usize>, service: &str, plan: &Plan) -> bool {
        match place {
            None => self.rate = Some(Box::new(Watch::new(Arc::new(self.rate_signal(service)), plan))),
            Some(place) if place < self.values.len() => {
                let unit = self.values[place].0.unit.clone();
                let signal = Arc::new(self.value_signal(place, service));
                self.values[place].1 = Some(Box::new(Watch::new(signal, plan).with_unit(unit)));
            }
            Some(_) => return false,
        }
        true
    }

    fn say(
        &self,
        kind: Kind,
        phase: Phase,
        at: Timestamp,
        since: Timestamp,
        context: &Context<'_>,
        words: &str,
    ) -> Finding {
        finding(
            Arc::new(self.rate_signal(context.service)),
            kind,
            phase,
            at,
            since,
            self.with_text(words, since, context),
        )
    }

    /// The words with the template, a line of now and one of before, and what sets the lines since then apart.
    fn with_text(&self, words: &str, since: Timestamp, context: &Context<'_>) -> String {
        let Core { name, shown, sample, before, .. } = &self.core;
        let (these, others): (Vec<&Kept>, Vec<&Kept>) =
            context.recent.lines().partition(|line| line.template == *name && since <= line.at);
        let own: Vec<&Kept> = others.iter().copied().filter(|line| line.template == *name).collect();
        let measures = |name: &str| self.values.iter().any(|(value, _)| value.name == name && value.is_quantity());
        let spread = spread(&these, &own, context.miner, measures);
        let apart = apart(these.into_iter(), others.into_iter());
        let told: String = apart.iter().map(Apart::words).chain(spread).map(|told| format!("; {told}")).collect();
        let shown = redact(shown, SAMPLE);
        let now = if sample.is_empty() { before } else { sample };
        let before = if before == now { String::new() } else { format!(", before “{before}”") };
        let words = if words.is_empty() { "stands in a line" } else { words };
        format!("{words}: `{shown}` (now “{now}”{before}{told})")
    }
}

impl Core {
    /// Takes its count among all `lines` of a minute; whether it still has about its usual share of them.
    fn take_share(&mut self, count: u32, lines: u32) -> bool {
        if 0 < lines {
            let share = f64::from(count) / f64::from(lines);
            let (late, usual) = &mut self.share;
            *late += QUICK * (share - *late);
            *usual += SLOW.max(1.0 / f64::from(self.minutes.max(1))) * (share - *usual);
        }
        let (late, usual) = self.share;
        usual / UNLIKE <= late && late <= usual * UNLIKE
    }
}

/// The share of late is of about five minutes, the usual one of half a day; unlike are two that differ by this factor.
const QUICK: f64 = 0.2;
const SLOW: f64 = 0.002;
const UNLIKE: f64 = 1.6;

fn rate_signal(service: &str, template: TemplateId) -> Signal {
    Signal::new("log_template_rate", [("service", service), ("template", &template.to_string())])
}

/// A line as people may see it.
fn sample(text: &Text) -> String {
    redact(&text.body, SAMPLE)
}

impl Value {
    fn take(&mut self, value: f64) {
        self.seen = self.seen.saturating_add(1);
        self.rising = self.rising.saturating_add(u32::from(self.last < value && 1 < self.seen));
        self.last = value;
        self.largest = self.largest.max(value.abs());
        if self.different.len() < 4 && !self.different.contains(&value) {
            self.different.push(value);
        }
        if self.minute.len() < MINUTE_VALUES {
            self.minute.push(value);
        }
    }

    /// Whether it measures something: it has a unit, or moves up and down over few digits. What only rises counts lines.
    fn is_quantity(&self) -> bool {
        let moves = 20 <= self.seen && 3 <= self.different.len();
        moves && (self.unit.is_some() || (self.largest < 1e6 && self.rising < self.seen / 10 * 8))
    }

    /// The median of the minute that ends, if it had values.
    fn close(&mut self) -> Option<f64> {
        median(&std::mem::take(&mut self.minute))
    }
}
