//! The courier: carries what is due, one message per receiver at a time, and hands every receipt on before the next.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};

use super::outbox::{Cause, Content, Key, Notification, Outbox, Outcome};
use super::{Channel, SendError, Wall};
use crate::time::{Span, Timestamp};

/// The outbox as the courier and the rest of the shell share it.
pub type SharedOutbox = Arc<Mutex<Outbox>>;

/// Where the courier reads wall time: the clock in `run`, event time in `demo`.
pub type Clock = Arc<dyn Fn() -> Wall + Send + Sync>;

/// The longest sleep: deadlines are asked for again after it, in case the clock was set.
const SLEEP_MOST: Duration = Duration::from_secs(60);
/// How long messages on their way are waited for at the end.
const GRACE: Duration = Duration::from_secs(5);

/// Keeps receipts where a restart finds them. Called right after a sending, off the async threads; returns when it is durable.
pub trait Receipts: Send + Sync {
    /// Appends and syncs one receipt.
    fn keep(&self, key: &Key, outcome: &Outcome, at: Wall) -> std::io::Result<()>;
}

/// Keeps no receipts, for `demo`.
#[derive(Clone, Copy, Debug)]
pub struct NoReceipts;

impl Receipts for NoReceipts {
    fn keep(&self, _key: &Key, _outcome: &Outcome, _at: Wall) -> std::io::Result<()> {
        Ok(())
    }
}

/// Carries an outbox's messages.
pub struct Courier {
    outbox: SharedOutbox,
    channels: BTreeMap<String, Arc<Channel>>,
    receipts: Arc<dyn Receipts>,
    clock: Clock,
    wake: Arc<Notify>,
    /// The last failure logged, by receiver: the same cause is logged once.
    logged: BTreeMap<String, String>,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier").field("channels", &self.channels).finish_non_exhaustive()
    }
}

/// A message on its way: to whom, and under which key.
type Flight = (String, Key);

impl Courier {
    /// A courier for these channels, by receiver.
    pub fn new(
        outbox: SharedOutbox,
        channels: BTreeMap<String, Arc<Channel>>,
        receipts: Arc<dyn Receipts>,
        clock: Clock,
    ) -> Courier {
        Courier { outbox, channels, receipts, clock, wake: Arc::new(Notify::new()), logged: BTreeMap::new() }
    }

    /// To be notified whenever the outbox took something new.
    pub fn wake(&self) -> Arc<Notify> {
        self.wake.clone()
    }

    /// Carries messages until `stop` ends; then waits a little for those on their way.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut flying: JoinSet<Outcome> = JoinSet::new();
        let mut flights: HashMap<Id, Flight> = HashMap::new();
        tokio::pin!(stop);
        loop {
            let now = (self.clock)();
            let (due, deadline) = {
                let mut outbox = lock(&self.outbox);
                (outbox.due(now), outbox.next_deadline())
            };
            for notification in due {
                let flight = (notification.receiver.clone(), notification.key.clone());
                let handle = flying.spawn(self.carry(notification));
                flights.insert(handle.id(), flight);
            }
            tokio::select! {
                () = &mut stop => break,
                Some(landed) = flying.join_next_with_id(), if !flying.is_empty() => self.land(landed, &mut flights),
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause(deadline, now)) => {}
            }
        }
        let finish = async {
            while let Some(landed) = flying.join_next_with_id().await {
                self.land(landed, &mut flights);
            }
        };
        if tokio::time::timeout(GRACE, finish).await.is_err() {
            tracing::warn!("messages were still on their way at the end; they go out again under the same key");
            flying.abort_all();
            // What was received just now, or was broken off and is tried again: no message stays on its way for ever.
            while let Some(landed) = flying.join_next_with_id().await {
                self.land(landed, &mut flights);
            }
        }
    }

    /// Sends one message and keeps its receipt.
    fn carry(&self, notification: Notification) -> impl Future<Output = Outcome> + Send + 'static {
        let channel = self.channels.get(&notification.receiver).cloned();
        let (receipts, clock) = (self.receipts.clone(), self.clock.clone());
        async move {
            let outcome = match channel {
                Some(channel) => Outcome::from(channel.send(&notification).await),
                None => Outcome::Refused { error: "no channel of that name is set up".to_owned() },
            };
            let (key, kept) = (notification.key, outcome.clone());
            let written = tokio::task::spawn_blocking(move || match kept {
                Outcome::Retry { .. } => Ok(()),
                kept => receipts.keep(&key, &kept, clock()),
            });
            match written.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(%error, "a receipt could not be kept; a crash now would repeat the message")
                }
                Err(error) => tracing::error!(%error, "keeping a receipt failed"),
            }
            outcome
        }
    }

    fn land(&mut self, landed: Result<(Id, Outcome), JoinError>, flights: &mut HashMap<Id, Flight>) {
        let (id, outcome) = match landed {
            Ok((id, outcome)) => (id, outcome),
            Err(error) if error.is_cancelled() => (
                error.id(),
                Outcome::Retry { after: None, error: "the receiver was too slow to be waited for".to_owned() },
            ),
            Err(error) => (error.id(), Outcome::Retry { after: None, error: format!("sending broke off: {error}") }),
        };
        let Some((receiver, key)) = flights.remove(&id) else { return };
        self.log(&receiver, &outcome);
        lock(&self.outbox).receipt(&key, outcome, (self.clock)());
    }

    fn log(&mut self, receiver: &str, outcome: &Outcome) {
        match outcome {
            Outcome::Delivered => {
                if self.logged.remove(receiver).is_some() {
                    tracing::info!(receiver, "delivery works again");
                }
            }
            Outcome::Retry { error, .. } => {
                if self.logged.insert(receiver.to_owned(), error.clone()).as_ref() != Some(error) {
                    tracing::warn!(receiver, error, "delivery failed, will be tried again");
                }
            }
            Outcome::Refused { error } => {
                if self.logged.insert(receiver.to_owned(), error.clone()).as_ref() != Some(error) {
                    tracing::error!(receiver, error, "delivery was refused");
                }
            }
        }
    }
}

/// Sends a marked test message through the real path.
pub async fn send_test(channel: &Channel, receiver: &str, now: Wall) -> Result<(), SendError> {
    let notification = Notification {
        key: Key::of(&format!("test/{receiver}/{now}")),
        receiver: receiver.to_owned(),
        content: Content::Test,
        cause: Cause::Test,
        thread: None,
        chart: None,
        held_back: Vec::new(),
        attempt: 1,
        at: now,
    };
    channel.send(&notification).await
}

/// The wall clock, for `run`.
pub fn wall_clock() -> Clock {
    #[expect(clippy::disallowed_methods, reason = "delivery runs on wall time; this is where it is read")]
    let now = || Wall(Timestamp::from(jiff::Timestamp::now()));
    Arc::new(now)
}

/// Locks the outbox; a panic elsewhere leaves it as whole as its last complete step.
pub fn lock(outbox: &Mutex<Outbox>) -> MutexGuard<'_, Outbox> {
    outbox.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pause(deadline: Option<Wall>, now: Wall) -> Duration {
    let span = deadline.map_or(Span::MAX, |at| at.since(now));
    Duration::from_nanos(span.nanos().max(1_000_000).unsigned_abs()).min(SLEEP_MOST)
}

#[cfg(test)]
mod tests;
