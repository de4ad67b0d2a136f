//! The pace of each receiver: so many messages in so long a time, and what waits for its turn.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::Outbox;
use super::queue::{Content, Item, Queue, Slot};
use super::verdict::{Verdict, Why};
use crate::alert::{State, Urgency};
use crate::config::Pace;
use crate::deliver::Wall;

/// When each receiver's last messages went out. Beside the book: what is lost of it is a little patience.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Paces(BTreeMap<String, VecDeque<Wall>>);

impl Paces {
    /// When the next message may go out to a receiver of this pace; none where it may now.
    pub(super) fn rest_until(&self, receiver: &str, pace: Pace, now: Wall) -> Option<Wall> {
        self.free_from(receiver, pace).filter(|free| now < *free)
    }

    /// From when on there is room for one more; none where there always was.
    fn free_from(&self, receiver: &str, pace: Pace) -> Option<Wall> {
        let sent = self.0.get(receiver)?;
        let counted = sent.len().checked_sub(pace.most as usize)?;
        Some(*sent.get(counted)? + pace.per)
    }

    /// The clock was set back to this moment: nothing went out after it.
    pub(super) fn set_back(&mut self, to: Wall) {
        self.0.values_mut().flatten().for_each(|sent| *sent = (*sent).min(to));
    }

    /// A message goes out.
    pub(super) fn note(&mut self, receiver: &str, pace: Pace, now: Wall) {
        let sent = self.0.entry(receiver.to_owned()).or_default();
        sent.push_back(now);
        while (pace.most as usize) < sent.len() {
            sent.pop_front();
        }
    }
}

/// So many of those that wait are named.
const NAMED: usize = 10;

impl Outbox {
    /// Whether a message has to wait for its turn. A page does not, unless the operator said so; nor does what was tried
    /// before, since it was counted then.
    pub(super) fn waits_its_turn(&mut self, name: &str, slot: &Slot, now: Wall) -> bool {
        let Some(pace) = self.policy.paces.get(name).copied() else { return false };
        let Some(until) = self.paces.rest_until(name, pace, now) else { return false };
        let Some(item) = self.book.queues.get(name).and_then(|queue| queue.waiting.get(slot)) else { return false };
        if !is_paced(item, pace) {
            return false;
        }
        if let Content::Alert { record, .. } = &item.content {
            let id = record.id.clone();
            self.note(now, &id, name, Verdict::Hold(Why::Paced(until)));
        }
        true
    }

    /// Since when there is room for the message that is to go out; none where it did not have to wait.
    pub(super) fn turn_of(&self, name: &str) -> Option<Wall> {
        let pace = self.policy.paces.get(name).copied()?;
        let (_, item) = self.book.queues.get(name)?.flying.as_ref()?;
        self.paces.free_from(name, pace).filter(|_| is_paced(item, pace))
    }

    /// Counts a message that goes out for the first time.
    pub(super) fn count_pace(&mut self, name: &str, item: &Item, now: Wall) {
        if let Some(pace) = self.policy.paces.get(name).copied()
            && item.attempts == 0
        {
            self.paces.note(name, pace, now);
        }
    }

    /// What has to wait for its turn at this receiver, in words.
    pub(super) fn would_wait(&self, name: &str, now: Wall) -> Vec<String> {
        let Some(pace) = self.policy.paces.get(name).copied() else { return Vec::new() };
        let (Some(_), Some(queue)) = (self.paces.rest_until(name, pace, now), self.book.queues.get(name)) else {
            return Vec::new();
        };
        let mut items: Vec<&Item> = queue.waiting.values().collect();
        items.retain(|item| item.next_try <= now && is_paced(item, pace));
        items.sort_by_key(|item| (std::cmp::Reverse(item.urgency()), item.order));
        let mut words: Vec<String> = items.iter().take(NAMED).map(|item| words(item)).collect();
        if NAMED < items.len() {
            words.push(format!("and {} more", items.len() - NAMED));
        }
        words
    }

    /// Writes down what waits for its turn, for status.
    pub(super) fn hold_back(&mut self, now: Wall) {
        let held = self.policy.paces.keys().map(|name| (name.clone(), self.would_wait(name, now)));
        self.held_back = held.filter(|(_, words)| !words.is_empty()).collect();
    }

    /// When something may go out to a receiver, by its queue and its pace.
    pub(super) fn deadline_of(&self, name: &str, queue: &Queue) -> Option<Wall> {
        let at = queue.next_deadline()?;
        let pace = self.policy.paces.get(name).copied();
        let Some((pace, free)) = pace.and_then(|pace| Some((pace, self.paces.free_from(name, pace)?))) else {
            return Some(at);
        };
        if queue.flying.is_some() {
            return Some(at);
        }
        let turn = |item: &Item| if is_paced(item, pace) { item.next_try.max(free) } else { item.next_try };
        queue.waiting.values().map(turn).min().map(|at| at.max(queue.rest))
    }
}

/// Whether a message counts among those that wait for their turn.
fn is_paced(item: &Item, pace: Pace) -> bool {
    let is_page = match &item.content {
        Content::Alert { record, .. } => record.state == State::Firing && record.urgency == Urgency::Page,
        Content::Digest(_) | Content::Test | Content::Acknowledged { .. } => false,
    };
    item.attempts == 0 && (pace.pages || !is_page)
}

/// A message in a line.
fn words(item: &Item) -> String {
    match &item.content {
        Content::Alert { record, .. } => {
            let over = if record.state == State::Resolved { "over: " } else { "" };
            format!("{over}{} (alert {})", record.summary, record.id)
        }
        Content::Acknowledged { record, by } => format!("{by} is on alert {}", record.id),
        Content::Digest(_) => "the daily digest".to_owned(),
        Content::Test => "a test message".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Span, Timestamp};

    #[test]
    fn a_window_slides() {
        let pace = Pace { most: 2, per: Span::from_mins(1), pages: false };
        let at = |secs: i64| Wall(Timestamp::from_secs(secs));
        let mut paces = Paces::default();
        for (now, wait) in
            [(0, None), (10, None), (20, Some(60)), (59, Some(60)), (60, None), (61, Some(70)), (70, None)]
        {
            assert_eq!(paces.rest_until("r", pace, at(now)), wait.map(at), "{now}");
            if wait.is_none() {
                paces.note("r", pace, at(now));
            }
        }
        assert_eq!(paces.rest_until("other", pace, at(70)), None);
    }
}
