//! What people were told of an incident, and whether it is worth telling them again.
//!
//! Every firing record but `repeated` interrupts a person, so each needs a reason out of a short list, and urgency never
//! falls while an alert is open: a page that receded ends as `withdrawn` or `resolved`, it is not demoted and promoted again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::case::Incident;
use super::changes::Changes;
use super::threat::promised;
use super::trouble::Trouble;
use crate::alert::{AlertRecord, BreachNote, Reason, SignalNote, State, Story, Urgency, summary};
use crate::finding::{Breach, Phase, Target};
use crate::plan::Plan;
use crate::signal::Signal;
use crate::time::{Span, Timestamp};

/// What people know of an open incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    /// When they were last told anything.
    at: Timestamp,
    /// When they were last told something new.
    news_at: Timestamp,
    /// The greatest urgency told.
    urgency: Urgency,
    breach: Option<ToldBreach>,
    /// Services known to be in trouble.
    services: BTreeSet<String>,
    /// Signals shown so far.
    signals: BTreeSet<Arc<Signal>>,
    /// Whether they know of a broken objective.
    objective_broken: bool,
    /// How often something joined.
    joins: u32,
}

impl Told {
    /// Whether a signal of this name and service was shown: another instance of what is known is no news of its own.
    fn shows_like(&self, signal: &Signal) -> bool {
        self.signals.iter().any(|shown| shown.name() == signal.name() && shown.service() == signal.service())
    }

    /// When a page is told again.
    fn repeat_at(&self) -> Timestamp {
        self.at + REPEAT.max(self.at.since(self.news_at))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ToldBreach {
    coming: Coming,
    probability: f64,
    earliest: Timestamp,
}

/// What was to be passed. (Releases before saved whether it was passed, in the same byte.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Coming {
    /// A limit, or what is not known.
    Later,
    /// It was passed.
    Now,
    /// This objective, at its level.
    Promise(Target, f64),
}

impl ToldBreach {
    fn of(breach: &Breach) -> Self {
        let coming = match &breach.target {
            _ if breach.now => Coming::Now,
            Target::Limit => Coming::Later,
            objective @ Target::Objective { .. } => Coming::Promise(objective.clone(), breach.level),
        };
        ToldBreach { coming, probability: breach.outlook.probability, earliest: breach.outlook.earliest }
    }

    /// Whether what is broken now is what was to break, and no sooner than was said.
    fn foretold(&self, broken: &Breach, now: Timestamp) -> bool {
        let Coming::Promise(target, level) = &self.coming else { return false };
        *target == broken.target && *level == broken.level && self.earliest <= now
    }
}

/// A page that nobody acknowledged is told again after this, then each time after as long as it has stood since the last
/// news (4, 8, 16, 32 hours …): often while it is fresh, and bounded however long nobody comes.
const REPEAT: Span = Span::from_hours(4);
/// News that a problem worsens by time or probability comes at most so often.
const WORSE_GAP: Span = Span::from_hours(1);
/// Users who feel it again after so long without feel something new.
const RELIEVED: Span = Span::from_hours(1);
/// A forecast moved much sooner only if at least this was left before.
const SOONER_LEAST: Span = Span::from_mins(30);
/// A breach became much more likely when it crosses from below the first to the second.
const LIKELIER: (f64, f64) = (0.5, 0.9);
/// The least and the greatest time between two records that something joined.
const JOIN_GAP: (Span, Span) = (Span::from_mins(5), Span::from_hours(1));
/// Signals shown in a record.
const SHOWN: usize = 10;
/// Labels that always go through to the message.
const CARRIED: [&str; 3] = ["runbook", "owner", "team"];

/// Whether what failed is a promise to users.
fn is_promise((trouble, _): &(&Trouble, Timestamp)) -> bool {
    trouble.finding.breach.as_ref().is_some_and(|breach| matches!(breach.target, Target::Objective { .. }))
}

impl Incident {
    /// Why it should be told at `now`, if it should. Nothing is told while it is quiet.
    pub(super) fn reason(&mut self, plan: &Plan, now: Timestamp) -> Option<Reason> {
        self.join_waits = false;
        if self.quiet_since().is_some() {
            return None;
        }
        let sleeps = self.wakes_at(plan, now).is_some();
        let Some(told) = &self.told else { return (!sleeps).then_some(Reason::Opened) };
        let urgency = self.urgency(plan, now);
        if !self.acknowledged && !sleeps {
            match (told.urgency, urgency) {
                (Urgency::Hold, Urgency::Page) => return Some(Reason::Promoted),
                (before, after) if before < after => return Some(Reason::Worsened),
                _ => {}
            }
            if self.breach_worsened(told, now) {
                return Some(Reason::Worsened);
            }
        }
        // That users feel it now does not wait for other news, and is none to those who were told that it would come.
        if self.took_over {
            return Some(Reason::Joined);
        }
        if self.has_reached_users(told) {
            return Some(if self.was_foretold(told, now) { Reason::Repeated } else { Reason::Joined });
        }
        if self.join_matters(told) {
            if told.may_join_from() <= now {
                return Some(Reason::Joined);
            }
            self.join_waits = true;
        }
        let repeats = told.urgency == Urgency::Page && !self.acknowledged && told.repeat_at() <= now;
        repeats.then_some(Reason::Repeated)
    }

    fn breach_worsened(&self, told: &Told, now: Timestamp) -> bool {
        let Some((_, breach)) = self.primary(false) else { return false };
        let Some(before) = &told.breach else { return true };
        if before.coming == Coming::Now {
            return false;
        }
        let left_before = before.earliest.since(now);
        let left = if breach.now { Span::ZERO } else { breach.outlook.earliest.since(now) };
        let sooner = SOONER_LEAST <= left_before && left.times(2) <= left_before;
        let likelier = before.probability < LIKELIER.0 && LIKELIER.1 <= breach.outlook.probability;
        (sooner || likelier) && (breach.now || told.news_at + WORSE_GAP <= now)
    }

    /// Whether what joined since matters to a person: another service in trouble, or an origin that was not shown.
    fn join_matters(&self, told: &Told) -> bool {
        let grave = |trouble: &&Trouble| trouble.carrier && (trouble.breach().is_some() || trouble.failed.is_some());
        let standing = || self.carriers().filter(|trouble| trouble.stands());
        standing().filter(grave).any(|trouble| !told.services.contains(trouble.service()))
            || self
                .origin()
                .filter(|origin| grave(origin) && origin.breach().is_some())
                .is_some_and(|origin| !told.shows_like(&origin.finding.signal))
    }

    /// Whether users feel it now, and people do not know: they were never told, or it was over for an hour.
    fn has_reached_users(&self, told: &Told) -> bool {
        !self.acknowledged && self.breaks_objective() && (!told.objective_broken || self.breaks_anew(told))
    }

    /// Whether all that is broken broke after the last news, and nothing was within the hour before.
    fn breaks_anew(&self, told: &Told) -> bool {
        let failures = || self.carriers().filter_map(|trouble| Some((trouble, trouble.failed?))).filter(is_promise);
        let standing = || failures().filter(|(trouble, _)| trouble.stands()).map(|(_, failed)| failed);
        let Some(first) = standing().min() else { return false };
        let ended = failures().filter_map(|(trouble, _)| trouble.ended).map(|(at, _)| at).max();
        told.at < first && ended.is_some_and(|ended| ended + RELIEVED <= first)
    }

    pub(super) fn breaks_objective(&self) -> bool {
        self.broken().next().is_some()
    }

    /// Objectives broken now.
    fn broken(&self) -> impl Iterator<Item = &Breach> {
        let is_broken = |breach: &&Breach| breach.now && matches!(breach.target, Target::Objective { .. });
        self.carriers().filter_map(Trouble::breach).filter(is_broken)
    }

    /// Whether a page said of all that is broken now that it would be, and when.
    fn was_foretold(&self, told: &Told, now: Timestamp) -> bool {
        let foretold = |broken| told.breach.as_ref().is_some_and(|breach| breach.foretold(broken, now));
        told.urgency == Urgency::Page && self.broken().all(foretold)
    }

    /// When time alone makes it due: a promotion, a join that waits, a repeat. None while it is quiet.
    pub(super) fn told_due(&self, plan: &Plan, now: Timestamp) -> Option<Timestamp> {
        if self.quiet_since().is_some() {
            return None;
        }
        let wakes = self.wakes_at(plan, now);
        let Some(told) = self.told.as_ref() else { return wakes.or(self.unheard) };
        let join = self.join_waits.then(|| told.may_join_from());
        let active = !self.acknowledged;
        let page = if active && told.urgency < Urgency::Page { self.page_from(plan, now) } else { None };
        let repeat = (active && told.urgency == Urgency::Page).then(|| told.repeat_at());
        [join, wakes, page, repeat, self.unheard].into_iter().flatten().filter(|at| now < *at).min()
    }

    /// Until when people are let sleep though it is a page: more likely than not it can wait until they are at work, so it is
    /// told when they would need to act on the earliest time, and until then the forecast grows sharper; what even at the
    /// earliest comes when they are there waits for them. An objective can wait where they will have had time to react, a limit,
    /// which is passed before users feel anything, where they will be there. None where nothing is gained by that, and where they
    /// know of a page already.
    fn wakes_at(&self, plan: &Plan, now: Timestamp) -> Option<Timestamp> {
        if let Some(heard) = self.unheard.filter(|until| now < *until && self.is_mere_silence()) {
            return Some(heard);
        }
        let calendar = &plan.calendar;
        let knows = self.told.as_ref().is_some_and(|told| told.urgency == Urgency::Page);
        // Who is at work, or has just gone home, is told at once.
        let is_there = calendar.is_work(now) || calendar.is_work(now - calendar.reaction);
        if knows || is_there || !self.silent.is_empty() {
            return None;
        }
        let (_, breach) = self.primary(false).filter(|(_, breach)| !breach.now)?;
        let (work, outlook) = (calendar.next_work(now), breach.outlook);
        let is_page = outlook.earliest < work + calendar.reaction;
        let ready = if breach.target == Target::Limit { work } else { work + calendar.reaction };
        let wakes = if work <= outlook.earliest { work } else { outlook.earliest - calendar.reaction };
        (is_page && ready <= outlook.likely && now < wakes).then_some(wakes)
    }

    /// Why it ends, once everything in it has.
    pub(super) fn end_reason(&self) -> Reason {
        let mut reason = Reason::Gone;
        for trouble in self.carriers() {
            match trouble.ended {
                Some((_, Phase::Gone)) => {}
                Some((_, Phase::Withdrawn)) => reason = Reason::Withdrawn,
                _ => return Reason::Resolved,
            }
        }
        reason
    }

    /// Writes the next record and remembers what it told.
    pub(super) fn tell(
        &mut self,
        reason: Reason,
        at: Timestamp,
        merged_into: Option<String>,
        changes: &Changes,
        plan: &Plan,
    ) -> AlertRecord {
        let record = self.record(reason, at, merged_into, changes, plan);
        self.revision = record.revision;
        let before = self.told.take();
        let breach = self.primary(false).map(|(_, breach)| ToldBreach::of(breach));
        let standing = self.carriers().filter(|trouble| trouble.stands());
        let mut services: BTreeSet<String> = standing.map(|trouble| trouble.service().to_owned()).collect();
        let mut signals: BTreeSet<Arc<Signal>> =
            self.by_claim().iter().take(SHOWN).map(|trouble| trouble.finding.signal.clone()).collect();
        let (mut joins, mut news_at, mut objective_broken) = (0, record.at, self.breaks_objective());
        if let Some(before) = before {
            joins = before.joins;
            objective_broken |= before.objective_broken;
            services.extend(before.services);
            signals.extend(before.signals);
            if reason == Reason::Repeated {
                news_at = before.news_at;
            }
        }
        joins += u32::from(reason == Reason::Joined);
        self.took_over = false;
        self.join_waits = false;
        self.told = Some(Told {
            at: record.at,
            news_at,
            urgency: record.urgency,
            breach,
            services,
            signals,
            objective_broken,
            joins,
        });
        record
    }

    fn record(
        &self,
        reason: Reason,
        at: Timestamp,
        merged_into: Option<String>,
        changes: &Changes,
        plan: &Plan,
    ) -> AlertRecord {
        let ends =
            matches!(reason, Reason::Resolved | Reason::Withdrawn | Reason::Merged | Reason::Split | Reason::Gone);
        let ranked = self.by_claim();
        let primary = self.primary(ends);
        let lead = primary.map(|(trouble, _)| trouble).or(ranked.first().copied());
        let since = self.since();
        let suspects = changes.suspects(&self.begins(), since);
        let told = self.told.as_ref().map_or(Urgency::Digest, |told| told.urgency);
        let urgency = if ends { told } else { told.max(self.urgency(plan, at)) };
        // Later records are never dated before earlier ones, even where a change is read that took effect before.
        let at = self.told.as_ref().map_or(at, |told| told.at.max(at));
        let service = self.silent.first().map(String::as_str).or(lead.map(Trouble::service)).unwrap_or(&self.home);
        let origin =
            ranked.first().filter(|first| lead.is_some_and(|lead| first.finding.signal != lead.finding.signal));
        let summary = lead.map(|lead| {
            let story = Story {
                reason,
                at,
                since,
                ended: self.quiet_since(),
                lead: &lead.finding,
                origin: origin.filter(|first| first.carrier).map(|first| &first.finding),
                service,
                signals: self.signal_count(),
                silent_service: !self.silent.is_empty() && lead.finding.breach.is_none(),
                suspect: suspects.first(),
                merged_into: merged_into.as_deref(),
                came_true: self.told.as_ref().is_some_and(|told| self.has_reached_users(told)),
            };
            summary(story, &plan.calendar)
        });
        AlertRecord {
            id: self.id(),
            revision: self.revision.saturating_add(1),
            state: if ends { State::Resolved } else { State::Firing },
            kind: self.kind,
            urgency,
            at,
            since,
            service: service.to_owned(),
            summary: summary.unwrap_or_default(),
            signals: notes(&ranked),
            breach: primary.map(|(trouble, breach)| breach_note(trouble, breach, plan)),
            suspects,
            reason,
            merged_into,
            labels: carried(&ranked, plan),
        }
    }

    /// When the trouble of each service began.
    fn begins(&self) -> BTreeMap<&str, Timestamp> {
        let mut begins = BTreeMap::new();
        for trouble in self.carriers() {
            let begin = begins.entry(trouble.service()).or_insert(trouble.finding.since);
            *begin = trouble.finding.since.min(*begin);
        }
        begins
    }

    fn signal_count(&self) -> usize {
        self.troubles.keys().map(|(signal, _)| signal).collect::<BTreeSet<_>>().len() + self.beyond
    }
}

impl Told {
    /// The greatest urgency told.
    pub(super) fn urgency(&self) -> Urgency {
        self.urgency
    }

    fn may_join_from(&self) -> Timestamp {
        self.news_at + JOIN_GAP.0.times(1 << self.joins.min(4)).min(JOIN_GAP.1)
    }
}

/// The signals shown: each once, likeliest origin first.
fn notes(ranked: &[&Trouble]) -> Vec<SignalNote> {
    let mut seen = BTreeSet::new();
    let each = ranked.iter().filter(|trouble| seen.insert(&trouble.finding.signal));
    each.take(SHOWN)
        .map(|trouble| {
            let finding = &trouble.finding;
            SignalNote {
                signal: finding.signal.to_string(),
                value: finding.value,
                expected_low: finding.expected.map(|(low, _)| low),
                expected_high: finding.expected.map(|(_, high)| high),
                score: finding.score.clamp(0.0, 1.0),
                unit: finding.unit.clone(),
                words: finding.words.clone(),
            }
        })
        .collect()
}

fn breach_note(trouble: &Trouble, breach: &Breach, plan: &Plan) -> BreachNote {
    let carried = promised(&trouble.finding, plan);
    let own = || trouble.finding.signal.to_string();
    let signal = Some(carried.map_or_else(own, |objective| objective.signal.to_string()));
    let (objective, limit, name) = match &breach.target {
        Target::Objective { name, .. } => (signal, None, (!name.is_empty()).then(|| name.clone())),
        Target::Limit => (None, signal, None),
    };
    let outlook = breach.outlook;
    BreachNote {
        objective,
        limit,
        name,
        level: breach.level,
        probability: outlook.probability.clamp(0.0, 1.0),
        earliest: outlook.earliest,
        likely: outlook.likely,
        latest: outlook.latest,
    }
}

/// The labels that go through to the message, each from the likeliest origin that has it.
fn carried(ranked: &[&Trouble], plan: &Plan) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for key in CARRIED.into_iter().chain(plan.carry.iter().map(String::as_str)) {
        if let Some(value) = ranked.iter().find_map(|trouble| trouble.finding.signal.label(key)) {
            labels.insert(key.to_owned(), value.to_owned());
        }
    }
    labels
}
