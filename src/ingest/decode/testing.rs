//! What the decoders' tests share: a sink that writes down what it was given.

use crate::signal::{Change, Fingerprint, Line, Reading, Reject, Signal, Sink};
use crate::time::Timestamp;

/// Everything in the order of the wire, as text; readings and lines under their identity.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) said: Vec<String>,
    pub(super) samples: Vec<(Fingerprint, Signal, Timestamp, Reading)>,
    pub(super) changes: Vec<Change>,
    pub(super) rejects: Vec<Reject>,
}

impl Log {
    /// All of it, one a line.
    pub(super) fn text(&self) -> String {
        self.said.iter().map(|line| format!("{line}\n")).collect()
    }
}

impl Sink for Log {
    fn sample(&mut self, print: Fingerprint, identity: impl FnOnce() -> Signal, at: Timestamp, reading: Reading) {
        let signal = identity();
        self.said.push(format!("{signal} @{} {reading:?}", at.nanos()));
        self.samples.push((print, signal, at, reading));
    }

    fn line(&mut self, line: Line<'_>) {
        let service = line.service.as_deref().unwrap_or("-");
        let fields: String = line.fields.iter().map(|(key, value)| format!(" {key}={value}")).collect();
        let fields = if fields.is_empty() { fields } else { format!(" ({})", &fields[1..]) };
        self.said.push(format!("line @{} {service} {}: {}{fields}", line.at, line.level.as_str(), line.body));
    }

    fn change(&mut self, change: Change) {
        self.said.push(format!("{change:?}"));
        self.changes.push(change);
    }

    fn reject(&mut self, reject: Reject) {
        self.said.push(format!("reject {}: {}", reject.reason, reject.detail));
        self.rejects.push(reject);
    }
}
