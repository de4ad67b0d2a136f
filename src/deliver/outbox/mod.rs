//! The outbox: who is told what, when and once. Pure: wall time is an argument, what waits is a deadline.
//!
//! [`Outbox::take`] brings a record in; [`Outbox::due`] gives what is to be sent, at most one message per receiver at a time;
//! [`Outbox::receipt`] says what became of it. The [`Book`] is the saved state: after a restart the same messages go out
//! under the same keys. `run` drives it by the wall clock; for `replay` and `demo` event time is the wall time.
//!
//! It takes records in the order in which they were decided, and never makes one: releasing a held alert, the digest and
//! retries are delivery.

mod album;
mod case;
mod clock;
mod decide;
mod digest;
mod outgoing;
mod pace;
mod policy;
mod queue;
mod silence;
mod status;
mod subject;
mod verdict;
mod ways;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use album::Album;
pub use case::Ack;
pub use digest::{Digest, DigestEntry, Fate};
pub use outgoing::{Notification, Outcome};
pub use pace::Paces;
pub use policy::{OutboxBounds, Policy, Reach};
pub use queue::{Content, Key, Tally};
pub use silence::Silence;
pub use status::{ReceiverStatus, Waiting};
pub use verdict::{Cause, Decision, Verdict, Why, reason_words};

use super::Wall;
use crate::alert::{AlertRecord, Chart, Reason, State, Urgency};
use crate::signal::SelectorError;
use case::Case;
use decide::{Scene, Step, decide};
use queue::{Item, Queue, Slot};
use silence::Silences;
use verdict::DecisionLog;

/// Decides who is told what and when.
#[derive(Clone, Debug)]
pub struct Outbox {
    policy: Arc<Policy>,
    book: Book,
    silences: Silences,
    album: Album,
    paces: Paces,
    /// What waits for each receiver because of its pace, as of the last look.
    held_back: BTreeMap<String, Vec<String>>,
}

/// The state of the outbox, as a checkpoint saves it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Book {
    cases: BTreeMap<String, Case>,
    queues: BTreeMap<String, Queue>,
    silences: BTreeMap<String, Silence>,
    silences_made: u64,
    /// When the next digest is made; none before the first call.
    digest: Option<Wall>,
    /// The hour of a digest that was not made in time; it is made when the stream is at its head.
    digest_missed: Option<Wall>,
    /// Receipts of messages that are not (again) known yet.
    early: BTreeMap<Key, Outcome>,
    decisions: DecisionLog,
    /// Messages so far, for the order of arrival.
    made: u64,
    /// Alerts forgotten because there were too many.
    forgotten: u64,
}

impl Outbox {
    /// An empty outbox.
    pub fn new(policy: Arc<Policy>) -> Outbox {
        Outbox::resume(policy, Book::default())
    }

    /// Goes on from a saved state. What was on its way goes out again under the same key unless its receipt is still
    /// handed in; messages for receivers that are no longer configured are dropped.
    pub fn resume(policy: Arc<Policy>, mut book: Book) -> Outbox {
        book.queues.retain(|name, _| policy.reach(name).is_some());
        let silences = Silences::load(&book.silences);
        Outbox { policy, book, silences, album: Album::default(), paces: Paces::default(), held_back: BTreeMap::new() }
    }

    /// The same with the pictures that were kept.
    pub fn with_album(self, album: Album) -> Outbox {
        Outbox { album, ..self }
    }

    /// The same with the pace as it was.
    pub fn with_paces(self, paces: Paces) -> Outbox {
        Outbox { paces, ..self }
    }

    /// When messages went out to receivers with a pace, to save.
    pub fn paces(&self) -> &Paces {
        &self.paces
    }

    /// The pictures of alerts, to save.
    pub fn album(&self) -> &Album {
        &self.album
    }

    /// Takes the picture of an alert whose record is taken next.
    pub fn picture(&mut self, alert: &str, chart: Chart) {
        self.album.put(alert, chart);
    }

    /// Goes on under another policy. What waits for a receiver that is gone is dropped.
    pub fn adopt(&mut self, policy: Arc<Policy>) {
        self.book.queues.retain(|name, _| policy.reach(name).is_some());
        self.policy = policy;
    }

    /// The state to save.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Takes a record that the engine has just decided. A revision that is known already changes nothing.
    pub fn take(&mut self, record: &AlertRecord, now: Wall) {
        self.tick(now);
        let case = self.book.cases.entry(record.id.clone()).or_insert_with(|| Case::new(record));
        if record.revision <= case.record.revision && !case.ledgers.is_empty() {
            return;
        }
        case.record = record.clone();
        case.stale = self.policy.stale < now.since(Wall(record.at));
        if record.state == State::Resolved {
            case.ack = None;
        }
        self.replan(&record.id, now, false);
        self.tidy(&record.id);
        self.forget_beyond_bound();
    }

    /// The stream is at its head: what was passed over as old news and still stands is told once, as it stands now. To be
    /// called whenever the stream is at its head, after its records were taken; further calls change nothing.
    pub fn at_head(&mut self, now: Wall) {
        self.tick(now);
        let passed_over: Vec<String> =
            self.book.cases.iter().filter(|(_, case)| case.stale).map(|(id, _)| id.clone()).collect();
        for id in passed_over {
            if let Some(case) = self.book.cases.get_mut(&id) {
                case.stale = false;
            }
            self.replan(&id, now, true);
            self.tidy(&id);
        }
        self.make_missed_digests(now);
    }

    /// Silences a selector until a time; what waits and is covered is kept back.
    pub fn silence(
        &mut self,
        selector: &str,
        until: Wall,
        by: &str,
        comment: &str,
        now: Wall,
    ) -> Result<Silence, SelectorError> {
        let silence = Silence {
            id: format!("s{}", self.book.silences_made + 1),
            selector: selector.to_owned(),
            until,
            by: by.to_owned(),
            comment: comment.to_owned(),
        };
        self.silences.add(&silence)?;
        self.book.silences_made += 1;
        self.book.silences.insert(silence.id.clone(), silence.clone());
        self.replan_all(now, |case| case.record.state == State::Firing);
        Ok(silence)
    }

    /// Ends a silence before its time; false if there is none of that name. What it kept back and still stands is told.
    pub fn end_silence(&mut self, id: &str, now: Wall) -> bool {
        let known = self.book.silences.remove(id).is_some();
        self.silences.end(id);
        self.replan_all(now, |case| case.silenced.as_deref() == Some(id));
        known
    }

    /// The silences in force or not yet cleared away.
    pub fn silences(&self) -> impl Iterator<Item = &Silence> {
        self.book.silences.values()
    }

    /// The silence that was begun last, unless it is over.
    pub fn newest_silence(&self) -> Option<&Silence> {
        self.book.silences.get(&format!("s{}", self.book.silences_made))
    }

    /// Someone is on it: no repeats, no escalation, until it resolves. False if the alert is not open.
    pub fn ack(&mut self, alert: &str, by: &str, now: Wall) -> bool {
        let Some(case) = self.book.cases.get_mut(alert).filter(|case| case.record.state == State::Firing) else {
            return false;
        };
        case.ack = Some(Ack { by: by.to_owned(), at: now, urgency: case.record.urgency });
        let (record, told) = (case.record.clone(), case.told_firing());
        if case.record.reason == Reason::Repeated {
            self.replan(alert, now, false);
        }
        self.pass_on_ack(&record, by, &told, now);
        true
    }

    /// Tells those that keep incidents of their own, as far as they were told of this one.
    fn pass_on_ack(&mut self, record: &AlertRecord, by: &str, told: &[String], now: Wall) {
        for name in told {
            if self.policy.reach(name) != Some(Reach::Pager) {
                continue;
            }
            self.book.made += 1;
            let item = Item {
                key: Key::of_ack(&record.id, record.revision, name),
                content: Content::Acknowledged { record: record.clone(), by: by.to_owned() },
                cause: Cause::Acknowledged,
                attempts: 0,
                next_try: now,
                expires: now + self.policy.expiry,
                order: self.book.made,
            };
            self.enqueue(name, Slot::Acknowledged(record.id.clone()), item, now);
        }
    }

    /// Who is on an alert, if anyone.
    pub fn acknowledged(&self, alert: &str) -> Option<&Ack> {
        self.book.cases.get(alert)?.ack.as_ref()
    }

    /// Moves what depends on time alone: ended silences, the digest.
    fn tick(&mut self, now: Wall) {
        let ended: Vec<String> =
            self.book.silences.values().filter(|s| s.until <= now).map(|silence| silence.id.clone()).collect();
        for id in ended {
            self.end_silence(&id, now);
        }
        let due = *self.book.digest.get_or_insert_with(|| self.policy.next_start(now));
        if now < due {
            return;
        }
        self.book.digest = Some(self.policy.next_start(now));
        if now.since(due) <= self.policy.stale {
            self.make_digests(due, now);
        } else {
            self.book.digest_missed = Some(due);
        }
    }

    fn replan_all(&mut self, now: Wall, touched: impl Fn(&Case) -> bool) {
        let ids: Vec<String> =
            self.book.cases.iter().filter(|(_, case)| touched(case)).map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.replan(&id, now, false);
        }
    }

    /// Decides anew what one alert's latest record means for each receiver.
    fn replan(&mut self, id: &str, now: Wall, at_head: bool) {
        let Some(case) = self.book.cases.get_mut(id) else { return };
        case.silenced = self.silences.covering(&case.record, now).map(|silence| silence.id.clone());
        let receivers: BTreeSet<String> = match case.record.state {
            State::Firing => self.policy.receivers_of(&case.record).into_iter().collect(),
            State::Resolved => case.ledgers.keys().cloned().collect(),
        };
        for name in case.ledgers.keys().filter(|name| !receivers.contains(*name)) {
            if let Some(queue) = self.book.queues.get_mut(name) {
                queue.waiting.remove(&Slot::Alert(id.to_owned()));
            }
        }
        if receivers.is_empty() && case.record.state == State::Firing {
            let why = if self.policy.receivers.is_empty() { Why::Shadow } else { Why::NoRoute };
            self.note(now, id, "", Verdict::Hold(why));
        }
        for name in receivers {
            self.replan_for(id, &name, now, at_head);
        }
    }

    fn replan_for(&mut self, id: &str, name: &str, now: Wall, at_head: bool) {
        let digest = if self.book.digest_missed.is_some() { now } else { self.book.digest.unwrap_or(now) };
        let (Some(reach), Some(case)) = (self.policy.reach(name), self.book.cases.get_mut(id)) else { return };
        let queue = self.book.queues.entry(name.to_owned()).or_default();
        let slot = Slot::Alert(id.to_owned());
        let before = queue.waiting.remove(&slot);
        let ledger = case.ledgers.entry(name.to_owned()).or_default().clone();
        let pressing = self.policy.pressing(&case.record, name, now);
        let scene = Scene { now, policy: &self.policy, digest, flying: queue.is_flying(id), at_head, pressing };
        let step = decide(case, reach, &ledger, &scene);
        let since = ledger.waited.unwrap_or(now);
        if case.record.state == State::Firing && matches!(step, Step::Wait(..) | Step::List(_)) {
            case.ledgers.entry(name.to_owned()).or_default().waited = Some(since);
        }
        let due = match &step {
            Step::Send(cause) => Some((now, cause.clone())),
            Step::Wait(until, Why::UntilDigest(_)) => Some((*until, Cause::Digest)),
            Step::Wait(until, Why::UntilLate(_)) => Some((*until, Cause::News(Reason::Promoted))),
            Step::Wait(until, _) => Some((*until, Cause::Released)),
            Step::List(_) | Step::Keep(_) => None,
        };
        let urgency = if matches!(step, Step::Wait(_, Why::UntilLate(_))) { Urgency::Page } else { pressing.urgency };
        let content = Content::Alert { record: AlertRecord { urgency, ..case.record.clone() }, held: None };
        let key = Key::of_alert(id, case.record.revision, name);
        self.note(now, id, name, step.verdict());
        let Some((next_try, cause)) = due else { return };
        self.book.made += 1;
        let mut item = Item {
            key,
            content,
            attempts: 0,
            next_try,
            expires: next_try + self.policy.expiry,
            cause,
            order: self.book.made,
        };
        if let Content::Alert { held, .. } = &mut item.content {
            *held = (item.cause == Cause::Released).then_some(since);
        }
        match before.filter(|before| before.key == item.key && 0 < before.attempts) {
            Some(tried) => self.enqueue(name, slot, tried, now),
            None => self.enqueue(name, slot, item, now),
        }
    }

    /// Adds a line to the record of decisions where it says something new.
    fn note(&mut self, now: Wall, alert: &str, receiver: &str, verdict: Verdict) {
        let Some(case) = self.book.cases.get_mut(alert) else { return };
        let revision = case.record.revision;
        let ledger = case.ledgers.entry(receiver.to_owned()).or_default();
        if ledger.verdict.as_ref() == Some(&(revision, verdict.clone())) || verdict == Verdict::Hold(Why::Settled) {
            return;
        }
        ledger.verdict = Some((revision, verdict.clone()));
        let decision = Decision { at: now, alert: alert.to_owned(), revision, receiver: receiver.to_owned(), verdict };
        self.book.decisions.push(decision, self.policy.bounds.decisions);
    }

    /// Forgets an alert that is over once nobody is to hear of it any more.
    fn tidy(&mut self, id: &str) {
        let Some(case) = self.book.cases.get(id).filter(|case| case.record.state == State::Resolved) else { return };
        let slot = Slot::Alert(id.to_owned());
        let pending = |queue: &Queue| queue.waiting.contains_key(&slot) || queue.is_flying(id) || queue.lists(id);
        let listed = |(name, ledger): (&String, &case::Ledger)| {
            let urgency = self.policy.urgency_to(&case.record, name);
            self.policy.reach(name) == Some(Reach::Mail) && digest::fate(case, ledger, urgency).is_some()
        };
        let parked = case.stale && case.is_owed_a_resolve();
        if !parked && !self.book.queues.values().any(pending) && !case.ledgers.iter().any(listed) {
            self.book.cases.remove(id);
        }
    }

    fn forget_beyond_bound(&mut self) {
        while self.policy.bounds.cases < self.book.cases.len() {
            let rank = |case: &Case| (case.record.state == State::Firing, case.record.urgency, case.record.at);
            let Some(id) = self.book.cases.iter().min_by_key(|(_, case)| rank(case)).map(|(id, _)| id.clone()) else {
                return;
            };
            self.book.cases.remove(&id);
            self.book.forgotten += 1;
        }
    }
}
