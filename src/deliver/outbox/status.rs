//! What the outbox shows: what waits and why, what was delivered, what failed.

use serde::Serialize;

use super::case::Ack;
use super::queue::{Content, Tally};
use super::verdict::Decision;
use super::{Book, Outbox};
use crate::deliver::Wall;

/// One receiver, as status shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReceiverStatus {
    /// Its name.
    pub receiver: String,
    /// Messages that wait or are on their way.
    pub waiting: usize,
    /// What waits because of this receiver's limit (`at_most`), in words.
    pub held_back: Vec<String>,
    /// What became of the others.
    pub tally: Tally,
}

/// One message that waits, as status shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// To whom.
    pub receiver: String,
    /// The alert; none for a digest.
    pub alert: Option<String>,
    /// When it may go out.
    pub until: Wall,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Why it goes out then, in words.
    pub why: String,
}

impl Outbox {
    /// Every receiver with what waits for it and what became of the rest, by name in the order of the configuration.
    pub fn status(&self) -> Vec<ReceiverStatus> {
        let status = |name: &String| {
            let queue = self.book.queues.get(name);
            ReceiverStatus {
                receiver: name.clone(),
                waiting: queue.map_or(0, |queue| queue.waiting.len() + usize::from(queue.flying.is_some())),
                held_back: self.held_back.get(name).cloned().unwrap_or_default(),
                tally: queue.map(|queue| queue.tally.clone()).unwrap_or_default(),
            }
        };
        self.policy.receivers.iter().map(|(name, _)| status(name)).collect()
    }

    /// What waits, receiver by receiver.
    pub fn waiting(&self) -> Vec<Waiting> {
        let queues = self.book.queues.iter();
        let items = queues.flat_map(|(name, queue)| queue.waiting.values().map(move |item| (name, item)));
        let waiting = items.map(|(name, item)| Waiting {
            receiver: name.clone(),
            alert: match &item.content {
                Content::Alert { record, .. } | Content::Acknowledged { record, .. } => Some(record.id.clone()),
                Content::Digest(_) | Content::Test => None,
            },
            until: item.next_try,
            attempts: item.attempts,
            why: item.cause.to_string(),
        });
        waiting.collect()
    }

    /// The remembered decisions, oldest first.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        self.book.decisions.iter()
    }

    /// The remembered decisions about one alert, oldest first.
    pub fn explain(&self, alert: &str) -> impl Iterator<Item = &Decision> {
        self.decisions().filter(move |decision| decision.alert == alert)
    }

    /// Alerts forgotten because more were open than the outbox may hold.
    pub fn forgotten(&self) -> u64 {
        self.book.forgotten
    }
}

impl Book {
    /// Who is on an alert, if anyone; for `explain` on a saved state.
    pub fn acknowledged(&self, alert: &str) -> Option<&Ack> {
        self.cases.get(alert)?.ack.as_ref()
    }

    /// The remembered decisions, oldest first; for `explain` on a saved state.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter()
    }
}
