//! What the judging thread and the HTTP server share.

use std::sync::mpsc;
use std::sync::{Arc, Mutex, RwLock};

use super::{Command, Status};
use crate::config::Secret;
use crate::telemetry::Metrics;

/// The status page, the metrics, and the way to the judging thread.
#[derive(Debug)]
pub struct Shared {
    /// Required for everything but health, where it is set.
    pub(super) token: Option<Secret>,
    /// The metrics.
    pub metrics: Metrics,
    status: RwLock<Arc<Status>>,
    commands: mpsc::SyncSender<Command>,
    inbox: Mutex<Option<mpsc::Receiver<Command>>>,
}

/// So many commands wait; beyond it the asker is told to come again.
const COMMANDS: usize = 256;

impl Shared {
    /// Nothing known yet.
    pub fn new(token: Option<Secret>) -> Self {
        let (commands, inbox) = mpsc::sync_channel(COMMANDS);
        let why = Some("starting".to_owned());
        let status = RwLock::new(Arc::new(Status { why, ..Status::default() }));
        Shared { token, metrics: Metrics::new(), status, commands, inbox: Mutex::new(Some(inbox)) }
    }

    /// Where commands arrive; given once, to the judging thread.
    pub fn take_inbox(&self) -> Option<mpsc::Receiver<Command>> {
        self.inbox.lock().expect("no holder panics").take()
    }

    /// Puts up a new status page.
    pub fn publish(&self, status: Status) {
        *self.status.write().expect("no holder panics") = Arc::new(status);
    }

    /// The status page.
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status.read().expect("no holder panics"))
    }

    /// Hands on a command; false where too many wait or nobody judges.
    pub fn ask(&self, command: Command) -> bool {
        self.commands.try_send(command).is_ok()
    }
}
