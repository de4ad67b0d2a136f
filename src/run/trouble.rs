//! What is wrong right now, in words: shown in status, logged once and then at most once a minute.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const AGAIN: Duration = Duration::from_secs(60);

/// Troubles by what they concern.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    now: BTreeMap<String, String>,
    logged: BTreeMap<String, Instant>,
}

impl Troubles {
    /// Something is wrong with `what`.
    pub(super) fn is(&mut self, what: &str, words: impl Into<String>) {
        let words = words.into();
        if self.may_log(what) {
            tracing::warn!(what, "{words}");
        }
        self.now.insert(what.to_owned(), words);
    }

    /// It is well again.
    pub(super) fn over(&mut self, what: &str) {
        if self.now.remove(what).is_some() {
            self.logged.remove(what);
            tracing::info!(what, "well again");
        }
    }

    /// Something happened once, such as a loss: it stays in status.
    pub(super) fn happened(&mut self, what: &str, words: String) {
        tracing::error!(what, "{words}");
        self.now.insert(what.to_owned(), words);
    }

    /// Whether a line about `what` may be logged now: one a minute.
    pub(super) fn may_log(&mut self, what: &str) -> bool {
        let due = self.logged.get(what).is_none_or(|at| AGAIN <= at.elapsed());
        if due {
            self.logged.insert(what.to_owned(), Instant::now());
        }
        due
    }

    /// What is wrong with `what` now, if anything.
    pub(super) fn of(&self, what: &str) -> Option<&String> {
        self.now.get(what)
    }

    pub(super) fn words(&self) -> Vec<String> {
        self.now.iter().map(|(what, words)| format!("{what}: {words}")).collect()
    }
}
