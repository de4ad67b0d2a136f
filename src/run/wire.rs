//! Where a posted body meets the decoders.

use crate::ingest::decode::Decoder;
use crate::plan::Bounds;
use crate::signal::{Change, Fingerprint, Line, Reading, Reject, Signal, Sink};
use crate::time::Timestamp;

/// Reads the changes of a posted body; nothing else is accepted there.
pub(super) fn changes(body: &[u8], now: Timestamp, bounds: &Bounds) -> Result<Vec<Change>, String> {
    let mut posted = Posted::default();
    Decoder::new().decode("", body, Some(now), bounds, &mut posted);
    if let Some(reject) = posted.reject {
        return Err(reject.detail);
    }
    if posted.others || posted.changes.is_empty() {
        return Err("a CloudEvent of a change is expected: CDEvents service events or dev.forewarn.*.changed".into());
    }
    Ok(posted.changes)
}

/// Collects changes, and notes what else there was.
#[derive(Default)]
struct Posted {
    changes: Vec<Change>,
    reject: Option<Reject>,
    others: bool,
}

impl Sink for Posted {
    fn sample(&mut self, _: Fingerprint, _: impl FnOnce() -> Signal, _: Timestamp, _: Reading) {
        self.others = true;
    }

    fn line(&mut self, _: Line<'_>) {
        self.others = true;
    }

    fn change(&mut self, change: Change) {
        self.changes.push(change);
    }

    fn reject(&mut self, reject: Reject) {
        self.reject.get_or_insert(reject);
    }
}
