//! One signal under watch: its judge, its bounds, and the troubles that are open.

mod breach;
mod change;
mod fading;
mod flat_top;
mod heir;
mod learned;
mod odd;
mod panel;
mod rest;
mod saved;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::flat_top::FlatTop;
pub(super) use self::heir::Legacy;
use self::learned::Learned;
pub(super) use self::odd::Glance;
use self::odd::Odd;
use self::rest::Rest;
use super::bounded::{Bounded, Foresight, Standing};
use super::capacity::Capacity;
use super::kin::{self, Turn};
use super::series::Told;
use super::trail::Trail;
use super::trial::Trial;
use super::words;
use crate::calendar::Local;
use crate::detect::{Judge, Judgement, View};
use crate::finding::{Breach, Finding, Kind, Phase};
use crate::plan::{Plan, Preset};
use crate::signal::{Signal, is_shared_out};
use crate::time::{Span, Timestamp};

/// A watched signal.
#[derive(Debug)]
pub(super) struct Watch {
    signal: Arc<Signal>,
    preset: usize,
    /// The preset with a floor of the signal's own, where people have set bounds that ask for one.
    own: Option<Box<Preset>>,
    unit: Option<String>,
    judge: Judge,
    /// Whether what it is judged on belongs to a confirmed trouble.
    aside: bool,
    /// Until when it only starts: an instance that took over what another has learned.
    starts_until: Option<Timestamp>,
    bounds: Vec<Bounded>,
    /// The capacity that it is a use of, where that is told or shows.
    learned: Option<Box<Learned>>,
    /// Where it shows: of what there is a fixed number that nobody told.
    top: Option<Box<FlatTop>>,
    /// Where it rests, if signals of its kind do.
    rest: Option<Box<Rest>>,
    troubles: Troubles,
    trial: Trial,
    /// How odd it is of late, where it is.
    odd: Option<Box<Odd>>,
    /// What a picture needs of its past.
    trail: Trail,
}

/// The troubles of one signal that are open, at most one of a kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Troubles {
    anomaly: Option<Trouble>,
    forecast: Option<Trouble>,
    absence: Option<Trouble>,
    change: Option<Trouble>,
    /// When the signal last spoke.
    spoke: Option<Timestamp>,
    /// Its silence was given up: nothing is expected of it until it speaks again.
    given_up: bool,
    /// How it stands to the other instances.
    standing: kin::Standing,
}

/// An open trouble as it was last told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Trouble {
    since: Timestamp,
    rarity: f64,
    breach: Option<Breach>,
    told_at: Timestamp,
    /// What was expected when it began, where anything was.
    before: Option<(f64, f64)>,
    /// Observations that deviated in no way that matters, or were what was expected before it began, less those that did.
    harmless: u8,
}

impl Trouble {
    /// Whether a value is what was expected before the trouble: within the band of then and half of it on either side. A long
    /// trouble becomes a normal of its own, and the way back from it a surprise; that way back is its end all the same.
    fn is_as_before(&self, value: f64) -> bool {
        self.before.is_some_and(|(low, high)| {
            let margin = 0.5 * (high - low);
            low - margin <= value && value <= high + margin
        })
    }
}

impl Watch {
    pub(super) fn new(signal: Arc<Signal>, plan: &Plan) -> Self {
        let preset = plan.preset_of(&signal).unwrap_or(plan.presets.len().saturating_sub(1));
        let unit = plan.presets[preset].unit.clone();
        let bounds = Bounded::all(&signal, plan, preset);
        let own = plan.presets[preset].with_bounds(plan.bounds_of(&signal)).map(Box::new);
        Watch {
            signal,
            preset,
            own,
            unit,
            judge: Judge::default(),
            aside: false,
            starts_until: None,
            bounds,
            learned: None,
            top: None,
            rest: None,
            troubles: Troubles::default(),
            trial: Trial::default(),
            odd: None,
            trail: Trail::default(),
        }
    }

    /// Whether a bound is known of it: set by people, by its kind, or told by a capacity.
    pub(super) fn is_bounded(&self) -> bool {
        !self.bounds.is_empty() || self.learned.is_some()
    }

    /// The same with the unit that its values were read in, where its preset knows none.
    pub(super) fn with_unit(self, unit: Option<String>) -> Self {
        Watch { unit: self.unit.or(unit), ..self }
    }

    /// The signal.
    pub(super) fn signal(&self) -> &Arc<Signal> {
        &self.signal
    }

    /// The unit of its values, where it is known.
    pub(super) fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// What was odd about it when this tick began.
    pub(super) fn glance(&self, tick: Timestamp) -> Option<&Glance> {
        self.odd.as_ref()?.at(tick)
    }

    /// How it is judged.
    fn manner<'a>(&'a self, plan: &'a Plan) -> &'a Preset {
        self.own.as_deref().unwrap_or(&plan.presets[self.preset])
    }

    /// The index of its preset in the plan.
    pub(super) fn preset(&self) -> usize {
        self.preset
    }

    /// Why nothing is said of it yet; none once it is warm.
    pub(super) fn warming(&self) -> Option<String> {
        self.judge.warming()
    }

    /// Whether what comes belongs to a confirmed trouble.
    pub(super) fn set_aside(&mut self, aside: bool) {
        self.aside = aside;
    }

    /// Judges one value, learns from it, and tells what became of its troubles.
    pub(super) fn observe(
        &mut self,
        at: Timestamp,
        value: f64,
        local: Local,
        plan: &Plan,
        told: &mut Told,
    ) -> Judgement {
        let preset = self.own.as_deref().unwrap_or(&plan.presets[self.preset]);
        let judge = if self.aside || self.is_starting(at) { Judge::observe_aside } else { Judge::observe };
        let judgement = judge(&mut self.judge, at, value, local, preset);
        self.trail.observe(at, value);
        Odd::note(&mut self.odd, at, value, &judgement);
        let mut standing = Standing::Clear;
        for bounded in &mut self.bounds {
            standing = standing.worse_of(bounded.observe(at, value, local, plan, self.unit.as_deref()));
        }
        self.look_for_top(at, value, plan);
        if let Some(learned) = &mut self.learned {
            standing = standing.worse_of(learned.observe(at, value, local, plan, self.unit.as_deref()));
        }
        let away = self.leaves_rest(at, value, plan);
        let seen = Seen { at, value, judgement: &judgement, away };
        self.troubles.spoke = Some(at);
        self.troubles.given_up = false;
        self.end_absence(&seen, told);
        self.bound_troubles(standing, &seen, told);
        self.anomaly_trouble(&seen, told);
        let preset = self.own.as_deref().unwrap_or(&plan.presets[self.preset]);
        let is_felt = |before: f64, after: f64| preset.is_felt((after - before).abs(), before);
        let by_hour = || self.judge.by_hour(local);
        if let Some(turn) = self.trial.observe(at, value, is_felt, by_hour) {
            self.change_trouble(turn, &seen, plan, told);
        }
        judgement
    }

    /// What there is a fixed number of, and nobody told of how many, shows it by standing at it.
    fn look_for_top(&mut self, at: Timestamp, value: f64, plan: &Plan) {
        let is_told = self.learned.is_some() && self.top.is_none();
        if is_told {
            return;
        }
        if !plan.presets[self.preset].finite || !self.bounds.is_empty() {
            // a plan that knows better than the one it was learned under
            if self.top.take().is_some() {
                self.learned = None;
            }
            return;
        }
        let top = self.top.get_or_insert_with(|| Box::new(FlatTop::new(at, value)));
        match top.observe(at, value).map(Capacity::of_use) {
            Some(capacity) => match &mut self.learned {
                Some(learned) => learned.learn(at, capacity, false, plan),
                None => {
                    let learned = Learned::new(at, capacity).with_passes(top.stays_of_late());
                    self.learned = Some(Box::new(learned));
                }
            },
            None => self.learned = None,
        }
    }

    /// How much there is of what it is a use of; a limit that people wrote down goes before.
    pub(super) fn learn_capacity(&mut self, at: Timestamp, capacity: Capacity, plan: &Plan) {
        self.top = None;
        let is_written = plan.limits.iter().any(|limit| limit.signal.matches(&self.signal));
        match &mut self.learned {
            learned if is_written => *learned = None,
            Some(learned) => learned.learn(at, capacity, is_shared_out(self.signal.name()), plan),
            None => self.learned = Some(Box::new(Learned::new(at, capacity))),
        }
    }

    /// How rare it is that it is away from where it rests for so long, if its kind rests and that hurts.
    fn leaves_rest(&mut self, at: Timestamp, value: f64, plan: &Plan) -> Option<f64> {
        let preset = self.own.as_deref().unwrap_or(&plan.presets[self.preset]);
        if !preset.rests {
            return None;
        }
        let rest = self.rest.get_or_insert_with(|| Box::new(Rest::new(at, value)));
        let hurts = |rest: f64| preset.hurts(rest < value) && preset.is_felt((value - rest).abs(), rest);
        rest.observe(at, value, self.aside, hurts)
    }

    fn end_absence(&mut self, seen: &Seen<'_>, told: &mut Told) {
        if let Some(trouble) = self.troubles.absence.take() {
            let words = words::speaks_again(trouble.since, seen.at);
            told.findings.push(self.finding(Kind::Absence, Phase::Cleared, &trouble, Some(seen), seen.at, words));
        }
    }

    /// Whether it has left the other instances.
    pub(super) fn is_apart(&self) -> bool {
        self.troubles.standing.is_apart()
    }

    /// Compares the signal with the other instances at the end of a tick: leaving them is a trouble, or makes one graver.
    pub(super) fn compare(&mut self, at: Timestamp, value: f64, median: f64, plan: &Plan, told: &mut Told) {
        let Some(turn) = self.troubles.standing.compare(value, median) else { return };
        let Turn::Apart(sizes) = turn else { return };
        let preset = self.manner(plan);
        if !preset.hurts(median < value) || !preset.is_felt((value - median).abs(), median) {
            return;
        }
        let words = words::unlike(value, median, self.unit.as_deref());
        let phase = if self.troubles.anomaly.is_some() { Phase::Updated } else { Phase::Raised };
        let fresh = Trouble { since: at, rarity: APART, breach: None, told_at: at, before: None, harmless: 0 };
        let trouble = self.troubles.anomaly.get_or_insert(fresh);
        trouble.rarity = trouble.rarity.max(APART);
        let trouble = trouble.clone();
        let score = sizes / (sizes + FAR_SCORE);
        let finding = self.finding(Kind::Anomaly, phase, &trouble, None, at, words);
        told.findings.push(Finding { value: Some(value), score, ..finding });
    }

    /// The unit that this signal is of stands out among all its peers.
    pub(super) fn unlike(&mut self, at: Timestamp, told: &mut Told) {
        let phase = if self.troubles.anomaly.is_some() { Phase::Updated } else { Phase::Raised };
        let fresh = Trouble { since: at, rarity: APART, breach: None, told_at: at, before: None, harmless: 0 };
        let trouble = self.troubles.anomaly.get_or_insert(fresh);
        trouble.rarity = trouble.rarity.max(APART);
        let trouble = trouble.clone();
        let words = "does what nearly none of its peers do".to_owned();
        told.findings.push(self.finding(Kind::Anomaly, phase, &trouble, None, at, words));
    }

    /// What no bound explains: surprise that is rare enough to be noted, in a direction and of a size that matters.
    fn anomaly_trouble(&mut self, seen: &Seen<'_>, told: &mut Told) {
        let Judgement { rarity, stuck, drop, beyond, stays_beyond, fresh, matters, calm, view, cycle, upward, .. } =
            *seen.judgement;
        let by_hour = beyond.is_some_and(|beyond| beyond.by_hour);
        let days = (beyond.map(|beyond| beyond.rarity), if by_hour { View::Hours } else { View::Days });
        let fresh = (rarity.filter(|_| matters && fresh), view);
        let voices = [fresh, (stuck, View::Stuck), (drop, View::Drop), days, (seen.away, View::Level)];
        let heard = voices.into_iter().filter_map(|(rarity, view)| Some((rarity?, view)));
        let (rarity, view) = heard.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::NEG_INFINITY, view));
        let beyond = beyond.filter(|_| matches!(view, View::Days | View::Hours));
        let upward = beyond.map_or(upward, |beyond| beyond.upward);
        let is_news = 0.0 <= rarity && !self.is_starting(seen.at);
        let apart = self.troubles.standing.is_apart();
        if let Some(trouble) = &mut self.troubles.anomaly {
            let harmless = trouble.is_as_before(seen.value) || !(matters || is_news);
            trouble.harmless = trouble.harmless.saturating_add_signed(if harmless { 1 } else { -HARM });
        }
        match &mut self.troubles.anomaly {
            None if is_news => {
                let before = beyond.map(|beyond| beyond.usual).or(seen.judgement.expected);
                let trouble = Trouble { since: seen.at, rarity, breach: None, told_at: seen.at, before, harmless: 0 };
                self.troubles.anomaly = Some(trouble.clone());
                let words = words::surprise(view, upward, cycle);
                told.findings.push(self.finding(Kind::Anomaly, Phase::Raised, &trouble, Some(seen), seen.at, words));
            }
            // Calm is a word of the single point: what stands still or stays down looks calm at every one. And what no day before
            // reached is not over while it stays there, though levels have followed it.
            Some(trouble)
                if trouble.breach.is_none()
                    && !apart
                    && !is_news
                    && !stays_beyond
                    && (calm || HARMLESS <= trouble.harmless) =>
            {
                let trouble = trouble.clone();
                self.troubles.anomaly = None;
                let words = "is back within what is usual".to_owned();
                told.findings.push(self.finding(Kind::Anomaly, Phase::Cleared, &trouble, Some(seen), seen.at, words));
            }
            // Half a decade rarer is worth telling the incident, no less.
            Some(trouble) if trouble.rarity + 0.5 <= rarity => {
                trouble.rarity = rarity;
                trouble.told_at = seen.at;
                let trouble = trouble.clone();
                let words = words::surprise(view, upward, cycle);
                told.findings.push(self.finding(Kind::Anomaly, Phase::Updated, &trouble, Some(seen), seen.at, words));
            }
            _ => {}
        }
    }

    /// Whether its silence would be noticed: its cadence is known, and silence of such a signal is news.
    pub(super) fn is_heard(&self) -> bool {
        !self.troubles.given_up && (self.troubles.absence.is_some() || self.judge.silent_after().is_some())
    }

    /// Whether nothing is expected of it any more until it speaks again.
    pub(super) fn has_left(&self) -> bool {
        self.troubles.given_up
    }

    /// The earliest time at which silence is news, or is given up.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        match &self.troubles.absence {
            _ if self.troubles.given_up => None,
            Some(absence) => Some(absence.told_at + GIVEN_UP),
            None => self.judge.silent_after(),
        }
    }

    /// A deadline passed: if it is this signal's, it is absent, or gone for good. `leaves` tells whether nobody misses an instance
    /// that spoke then for the last time.
    pub(super) fn deadline(&mut self, at: Timestamp, leaves: impl Fn(Timestamp) -> bool, told: &mut Told) {
        if self.next_deadline().is_none_or(|due| at < due) {
            return;
        }
        if let Some(trouble) = self.troubles.absence.take() {
            self.troubles.given_up = true;
            let words = "has been silent for so long that it is taken for gone".to_owned();
            told.findings.push(self.finding(Kind::Absence, Phase::Gone, &trouble, None, at, words));
            return;
        }
        let since = self.troubles.spoke.unwrap_or(at);
        if leaves(since) {
            return self.leave(at, told);
        }
        let trouble = Trouble { since, rarity: 0.0, breach: None, told_at: at, before: None, harmless: 0 };
        self.troubles.absence = Some(trouble.clone());
        told.findings.push(self.finding(Kind::Absence, Phase::Raised, &trouble, None, at, String::new()));
    }

    /// Others have come, or speak again: if it is missed as instances that leave are not, it is not missed any more.
    pub(super) fn review(&mut self, at: Timestamp, leaves: impl Fn(Timestamp) -> bool, told: &mut Told) {
        if self.troubles.absence.as_ref().is_some_and(|absence| leaves(absence.since)) {
            self.leave(at, told);
        }
    }

    /// Nothing is expected of it any more, and nothing that stood of it stands.
    fn leave(&mut self, at: Timestamp, told: &mut Told) {
        let Troubles { spoke, standing, .. } = self.troubles;
        self.end_all(at, "has left, as instances of it do", told);
        self.troubles = Troubles { spoke, given_up: true, standing, ..Troubles::default() };
    }

    /// What is foreseen of each bound.
    pub(super) fn foresights(&self, horizon: Span) -> Vec<Foresight<'_>> {
        let learned = self.learned.iter().filter_map(|learned| learned.bounded());
        self.bounds.iter().chain(learned).map(|bounded| bounded.foresight(horizon)).collect()
    }

    /// The signal was removed for good.
    pub(super) fn remove(&mut self, at: Timestamp, told: &mut Told) {
        self.end_all(at, "was removed", told);
    }

    fn end_all(&mut self, at: Timestamp, words: &str, told: &mut Told) {
        let troubles = std::mem::take(&mut self.troubles);
        for (kind, trouble) in [
            (Kind::Anomaly, troubles.anomaly),
            (Kind::Forecast, troubles.forecast),
            (Kind::Absence, troubles.absence),
            (Kind::Change, troubles.change),
        ] {
            if let Some(trouble) = trouble {
                told.findings.push(self.finding(kind, Phase::Gone, &trouble, None, at, words.to_owned()));
            }
        }
    }

    fn finding(
        &self,
        kind: Kind,
        phase: Phase,
        trouble: &Trouble,
        seen: Option<&Seen<'_>>,
        at: Timestamp,
        words: String,
    ) -> Finding {
        Finding {
            signal: Arc::clone(&self.signal),
            kind,
            phase,
            at,
            since: trouble.since,
            value: seen.map(|seen| seen.value),
            expected: seen.and_then(|seen| seen.judgement.expected),
            score: seen.map_or(0.0, |seen| seen.judgement.anomaly.max(seen.judgement.onset)),
            rarity: trouble.rarity,
            peers: 1,
            unit: self.unit.clone(),
            breach: trouble.breach.clone(),
            words,
        }
    }
}

/// After so many observations that matter to nobody an anomaly is over, however odd the way back is; one that does takes
/// [`HARM`] of them back, so that an ordinary stray value delays the end and a trouble that goes on prevents it.
const HARMLESS: u8 = 10;
const HARM: i8 = 3;
/// The rarity of an instance that has left its peers, in powers of ten of weeks. Judgement, not measured: three ticks in a row
/// six usual sizes out did not come by chance in any quiet story.
const APART: f64 = 4.0;
/// So many usual sizes are half of a score of 1.
const FAR_SCORE: f64 = 6.0;

/// A silence is given up after so long: instances are replaced under other names, and nobody says goodbye for them.
const GIVEN_UP: Span = Span::from_days(3);

/// One value and what was said of it.
#[derive(Clone, Copy, Debug)]
struct Seen<'a> {
    at: Timestamp,
    value: f64,
    judgement: &'a Judgement,
    /// How rare it is that it is away from where it rests.
    away: Option<f64>,
}

impl Troubles {
    fn of(&mut self, kind: Kind) -> &mut Option<Trouble> {
        match kind {
            Kind::Forecast => &mut self.forecast,
            Kind::Absence => &mut self.absence,
            Kind::Change => &mut self.change,
            Kind::Anomaly | Kind::Log => &mut self.anomaly,
        }
    }
}
