//! Between a decoder and the sink: holds rejects back until the message is read, and bounds them.

use crate::signal::{Change, Fingerprint, Line, Reading, Reject, Signal, Sink};
use crate::time::Timestamp;

/// Rejects given in full for one message.
pub const REJECTS_MAX: usize = 1000;

/// A sink that counts what came through, so that a wrong guess of the format can be taken back.
pub(super) struct Tally<'a, S> {
    sink: &'a mut S,
    any_good: bool,
    rejects: Vec<Reject>,
    beyond: u64,
}

impl<'a, S: Sink> Tally<'a, S> {
    pub(super) fn new(sink: &'a mut S) -> Self {
        Tally { sink, any_good: false, rejects: Vec::new(), beyond: 0 }
    }

    /// Nothing was read and something was rejected.
    pub(super) fn has_failed(&self) -> bool {
        !self.any_good && !self.rejects.is_empty()
    }

    /// Hands the rejects on.
    pub(super) fn finish(self) {
        let last = self.rejects.len().wrapping_sub(1);
        for (at, mut reject) in self.rejects.into_iter().enumerate() {
            if at == last && self.beyond != 0 {
                reject.detail.push_str(&format!("; and {} more in this message", self.beyond));
            }
            self.sink.reject(reject);
        }
    }
}

impl<S: Sink> Sink for Tally<'_, S> {
    #[inline]
    fn sample(&mut self, print: Fingerprint, identity: impl FnOnce() -> Signal, at: Timestamp, reading: Reading) {
        self.any_good = true;
        self.sink.sample(print, identity, at, reading);
    }

    fn line(&mut self, line: Line<'_>) {
        self.any_good = true;
        self.sink.line(line);
    }

    fn change(&mut self, change: Change) {
        self.any_good = true;
        self.sink.change(change);
    }

    fn reject(&mut self, reject: Reject) {
        if self.rejects.len() < REJECTS_MAX {
            self.rejects.push(reject);
        } else {
            self.beyond += 1;
        }
    }
}
