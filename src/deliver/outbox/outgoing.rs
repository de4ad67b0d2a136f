//! The way out: what is due, what became of it, and the making of digests.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::digest::{Digest, DigestEntry, fate};
use super::queue::{Content, Item, Key, Slot, backoff};
use super::verdict::{Cause, Verdict, Why};
use super::{Outbox, Reach};
use crate::alert::{AlertRecord, Chart, State, Urgency};
use crate::deliver::Wall;
use crate::time::Span;

/// One message to one receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// Its idempotency key.
    pub key: Key,
    /// To whom.
    pub receiver: String,
    /// What it says.
    pub content: Content,
    /// Why it goes out.
    pub cause: Cause,
    /// The first message about the same alert that this receiver got, if there was one.
    pub thread: Option<Key>,
    /// What waits because of this receiver's limit, in words.
    pub held_back: Vec<String>,
    /// The picture of the alert, where there is one.
    pub chart: Option<Arc<Chart>>,
    /// The attempt, from 1.
    pub attempt: u32,
    /// When it was handed out.
    pub at: Wall,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The receiver took it.
    Delivered,
    /// It failed in a way that may pass.
    Retry {
        /// The rest that the receiver asked for.
        after: Option<Span>,
        /// What failed, for people.
        error: String,
    },
    /// The receiver refused it for good.
    Refused {
        /// What failed, for people.
        error: String,
    },
}

impl Outbox {
    /// What is to be sent now: at most one message per receiver, none while an earlier one has no receipt.
    pub fn due(&mut self, now: Wall) -> Vec<Notification> {
        self.tick(now);
        let names: Vec<String> = self.book.queues.keys().cloned().collect();
        let due = names.iter().filter_map(|name| self.next_for(name, now)).collect();
        self.hold_back(now);
        due
    }

    /// When to ask again: the next release, digest, retry or end of a silence; none where all depends on new input.
    pub fn next_deadline(&self) -> Option<Wall> {
        let queues = self.book.queues.iter().filter_map(|(name, queue)| self.deadline_of(name, queue));
        let silences = self.book.silences.values().map(|silence| silence.until);
        let digest = self.book.digest.filter(|_| self.has_digest_news());
        queues.chain(silences).chain(digest).min()
    }

    /// Says what became of a message. One that is not known (yet), as after a restart, is remembered until it is.
    pub fn receipt(&mut self, key: &Key, outcome: Outcome, now: Wall) {
        let name = self.book.queues.iter().find_map(|(name, queue)| {
            let flying = queue.flying.as_ref().is_some_and(|(_, item)| item.key == *key);
            (flying || queue.waiting.values().any(|item| item.key == *key)).then(|| name.clone())
        });
        let Some(name) = name else {
            return self.remember(key, outcome);
        };
        let Some(queue) = self.book.queues.get_mut(&name) else { return };
        let taken = match queue.flying.take_if(|(_, item)| item.key == *key) {
            Some(flown) => {
                queue.aloft = false;
                Some(flown)
            }
            None => {
                let slot = queue.waiting.iter().find(|(_, item)| item.key == *key).map(|(slot, _)| slot.clone());
                slot.and_then(|slot| queue.waiting.remove_entry(&slot))
            }
        };
        if let Some((slot, item)) = taken {
            self.settle(&name, slot, item, outcome, now);
        }
    }

    fn remember(&mut self, key: &Key, outcome: Outcome) {
        if !matches!(outcome, Outcome::Retry { .. }) {
            self.book.early.insert(key.clone(), outcome);
        }
        while self.policy.bounds.receipts < self.book.early.len() {
            self.book.early.pop_first();
        }
    }

    /// Queues a message, unless its receipt is already known.
    pub(super) fn enqueue(&mut self, name: &str, slot: Slot, item: Item, now: Wall) {
        if let Some(outcome) = self.book.early.remove(&item.key) {
            return self.settle(name, slot, item, outcome, now);
        }
        let queue = self.book.queues.entry(name.to_owned()).or_default();
        if let Some(victim) = queue.put(slot, item, self.policy.bounds.waiting) {
            self.give_up(name, &victim, Why::QueueFull, now);
        }
    }

    fn next_for(&mut self, name: &str, now: Wall) -> Option<Notification> {
        let queue = self.book.queues.get_mut(name)?;
        if queue.aloft || now < queue.rest {
            return None;
        }
        if let Some((_, item)) = queue.flying.take_if(|(_, item)| self.policy.stale < now.since(item.next_try)) {
            self.pass_over(name, &item, true, now);
        }
        loop {
            self.take_off(name, now)?;
            let turn = self.turn_of(name).unwrap_or_default();
            let queue = self.book.queues.get_mut(name)?;
            let (_, item) = queue.flying.as_ref()?;
            let turn = item.next_try.max(queue.rest).max(turn);
            let (alerts, expires, overdue) = (told_by(item), item.expires, now.since(turn));
            if let Content::Alert { record, .. } = &item.content
                && record.state == State::Resolved
                && self.book.cases.get(&record.id).and_then(|c| c.ledgers.get(name)).and_then(|l| l.told)
                    != Some(State::Firing)
            {
                let (_, item) = queue.flying.take()?;
                self.give_up(name, &item, Why::NeverTold, now);
            } else if self.policy.stale < overdue {
                let (_, item) = queue.flying.take()?;
                self.pass_over(name, &item, false, now);
            } else if expires < now {
                let (_, item) = queue.flying.take()?;
                queue.tally.expired += 1;
                self.give_up(name, &item, Why::Expired, now);
            } else {
                queue.aloft = true;
                let item = item.clone();
                for told in alerts {
                    self.note(now, &told.id, name, Verdict::Send(item.cause.clone()));
                }
                self.count_pace(name, &item, now);
                return Some(self.notification(name, item, now));
            }
        }
    }

    /// Chooses the message to send next, unless one is chosen already; none where nothing may go.
    fn take_off(&mut self, name: &str, now: Wall) -> Option<()> {
        let queue = self.book.queues.get(name)?;
        if queue.flying.is_none() {
            let slot = queue.next(now)?;
            if self.waits_its_turn(name, &slot, now) {
                return None;
            }
            let queue = self.book.queues.get_mut(name)?;
            queue.flying = queue.waiting.remove_entry(&slot);
        }
        Some(())
    }

    fn notification(&self, name: &str, item: Item, now: Wall) -> Notification {
        let thread = match &item.content {
            Content::Alert { record, .. } => {
                let ledger = self.book.cases.get(&record.id).and_then(|case| case.ledgers.get(name));
                ledger.and_then(|ledger| ledger.thread.clone())
            }
            Content::Digest(_) | Content::Test | Content::Acknowledged { .. } => None,
        };
        let chart = match &item.content {
            Content::Alert { record, .. } => self.album.get(&record.id).cloned(),
            Content::Digest(_) | Content::Test | Content::Acknowledged { .. } => None,
        };
        Notification {
            key: item.key,
            receiver: name.to_owned(),
            content: item.content,
            cause: item.cause,
            thread,
            held_back: self.would_wait(name, now),
            chart,
            attempt: item.attempts + 1,
            at: now,
        }
    }

    /// Nobody was there to send it in time: it is old news now. `perhaps_sent`: it may have gone out before a restart.
    fn pass_over(&mut self, name: &str, item: &Item, perhaps_sent: bool, now: Wall) {
        if let Content::Digest(digest) = &item.content {
            for entry in &digest.entries {
                if let Some(ledger) = self.book.cases.get_mut(&entry.record.id).and_then(|c| c.ledgers.get_mut(name)) {
                    ledger.listed = ledger.settled;
                }
            }
            self.book.queues.entry(name.to_owned()).or_default().digest_missed = Some(digest.at);
            return;
        }
        for Told { id, state, .. } in told_by(item) {
            if let Some(case) = self.book.cases.get_mut(&id) {
                case.stale = true;
                let ledger = case.ledgers.entry(name.to_owned()).or_default();
                if perhaps_sent && ledger.told.is_none() {
                    ledger.told = Some(state);
                }
            }
            self.note(now, &id, name, Verdict::Hold(Why::Stale));
        }
    }

    fn settle(&mut self, name: &str, slot: Slot, mut item: Item, outcome: Outcome, now: Wall) {
        let Some(queue) = self.book.queues.get_mut(name) else { return };
        match outcome {
            Outcome::Delivered => {
                queue.tally.delivered += 1;
                queue.tally.last_error = None;
                queue.tally.failing_since = None;
                self.told(name, &item);
            }
            Outcome::Refused { error } => {
                queue.tally.refused += 1;
                queue.tally.last_error = Some(error.clone());
                queue.tally.failing_since.get_or_insert(now);
                self.give_up(name, &item, Why::Refused(error), now);
            }
            Outcome::Retry { after, error } => {
                queue.tally.retried += 1;
                queue.tally.last_error = Some(error);
                queue.tally.failing_since.get_or_insert(now);
                if let Some(after) = after {
                    queue.rest = now + after.min(self.policy.expiry);
                }
                item.attempts += 1;
                item.next_try = now + backoff(&item.key, item.attempts).max(after.unwrap_or(Span::ZERO));
                if item.expires < item.next_try {
                    queue.tally.expired += 1;
                    self.give_up(name, &item, Why::Expired, now);
                } else {
                    queue.waiting.entry(slot).or_insert(item);
                }
            }
        }
    }

    /// Writes down that a receiver has been told.
    fn told(&mut self, name: &str, item: &Item) {
        let in_digest = matches!(item.content, Content::Digest(_));
        for record in told_by(item) {
            if let Some(case) = self.book.cases.get_mut(&record.id) {
                let is_page = case.record.urgency == Urgency::Page;
                let ledger = case.ledgers.entry(name.to_owned()).or_default();
                if record.revision < ledger.settled {
                    // A digest that was late: the receiver knows better by now.
                    continue;
                }
                ledger.settled = record.revision;
                ledger.told = Some(record.state);
                ledger.waited = ledger.waited.filter(|_| is_page && !in_digest);
                ledger.by_digest = in_digest;
                if !in_digest {
                    ledger.thread.get_or_insert_with(|| item.key.clone());
                }
            }
            self.tidy(&record.id);
        }
    }

    /// Delivery is given up: the revision is settled, but the receiver was not told.
    fn give_up(&mut self, name: &str, item: &Item, why: Why, now: Wall) {
        for record in told_by(item) {
            if let Some(case) = self.book.cases.get_mut(&record.id) {
                let ledger = case.ledgers.entry(name.to_owned()).or_default();
                ledger.settled = ledger.settled.max(record.revision);
            }
            self.note(now, &record.id, name, Verdict::Hold(why.clone()));
            self.tidy(&record.id);
        }
    }

    fn has_digest_news(&self) -> bool {
        let mut ledgers = self.book.cases.values().flat_map(|case| case.ledgers.iter().map(move |entry| (case, entry)));
        ledgers.any(|(case, (name, ledger))| {
            let urgency = self.policy.urgency_to(&case.record, name);
            self.policy.reach(name) == Some(Reach::Mail)
                && fate(case, ledger, urgency).is_some_and(|fate| fate.is_news())
        })
    }

    /// Makes the digest that was due at `due` for everyone who reads mail and has news in it.
    pub(super) fn make_digests(&mut self, due: Wall, now: Wall) {
        for name in self.readers() {
            self.make_digest(&name, due, now);
        }
        self.tidy_all();
    }

    /// Makes up for the digests whose hour passed while nobody was there.
    pub(super) fn make_missed_digests(&mut self, now: Wall) {
        let all = self.book.digest_missed.take();
        for name in self.readers() {
            let own = self.book.queues.get_mut(&name).and_then(|queue| queue.digest_missed.take());
            if let Some(due) = own.max(all) {
                self.make_digest(&name, due, now);
            }
        }
        self.tidy_all();
    }

    fn readers(&self) -> Vec<String> {
        let readers = self.policy.receivers.iter().filter(|(_, reach)| *reach == Reach::Mail);
        readers.map(|(name, _)| name.clone()).collect()
    }

    fn make_digest(&mut self, name: &str, due: Wall, now: Wall) {
        let mut entries = self.digest_entries(name);
        let is_news = entries.iter().any(|entry| entry.fate.is_news());
        entries.sort_by_key(|entry| (entry.fate, std::cmp::Reverse(entry.record.urgency)));
        let unlisted = entries.len().saturating_sub(self.policy.bounds.listed);
        entries.truncate(self.policy.bounds.listed);
        self.mark_listed(name, &entries, is_news);
        if !is_news {
            return;
        }
        self.book.made += 1;
        let key = Key::of_digest(due, name);
        let item = Item {
            key: key.clone(),
            content: Content::Digest(Digest { at: due, entries, unlisted }),
            cause: Cause::Digest,
            attempts: 0,
            next_try: now,
            expires: now + self.policy.expiry,
            order: self.book.made,
        };
        self.enqueue(name, Slot::Digest(key), item, now);
    }

    fn tidy_all(&mut self) {
        let over = self.book.cases.iter().filter(|(_, case)| case.record.state == State::Resolved);
        let ids: Vec<String> = over.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.tidy(&id);
        }
    }

    fn digest_entries(&self, name: &str) -> Vec<DigestEntry> {
        let entry = |case: &Case| {
            let fate = fate(case, case.ledgers.get(name)?, self.policy.urgency_to(&case.record, name))?;
            Some(DigestEntry { record: case.record.clone(), fate })
        };
        self.book.cases.values().filter_map(entry).collect()
    }

    /// Marks what a digest lists. A wait whose end the reader was told otherwise is only mentioned, once.
    fn mark_listed(&mut self, name: &str, entries: &[DigestEntry], is_news: bool) {
        for entry in entries {
            if let Some(ledger) = self.book.cases.get_mut(&entry.record.id).and_then(|c| c.ledgers.get_mut(name)) {
                if is_news {
                    ledger.listed = entry.record.revision;
                }
                if !entry.fate.is_news() && entry.record.urgency == Urgency::Page {
                    ledger.waited = None;
                }
            }
        }
    }
}

/// One alert that a message tells of.
struct Told {
    id: String,
    revision: u32,
    state: State,
}

/// The alerts that a message tells of; a digest only mentions those that were told by themselves.
fn told_by(item: &Item) -> Vec<Told> {
    let told = |record: &AlertRecord| Told { id: record.id.clone(), revision: record.revision, state: record.state };
    match &item.content {
        Content::Alert { record, .. } => vec![told(record)],
        Content::Digest(digest) => {
            digest.entries.iter().filter(|e| e.fate.is_news()).map(|entry| told(&entry.record)).collect()
        }
        Content::Test | Content::Acknowledged { .. } => Vec::new(),
    }
}
