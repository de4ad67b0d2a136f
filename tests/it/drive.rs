//! An engine is driven by values in the order of their time.

use forewarn::engine::{Batch, Engine, Input, Output};
use forewarn::signal::{Fingerprint, Reading, Signal, Sink};
use forewarn::time::Timestamp;

/// The engine takes one moment's values, by name and labels, and its watermark moves to `to`.
pub(super) fn observe<'a, const N: usize>(
    engine: &mut Engine,
    at: Timestamp,
    to: Timestamp,
    values: impl IntoIterator<Item = (&'a str, [(&'a str, &'a str); N], f64)>,
    out: &mut Output,
) {
    let mut batch = Batch::default();
    let mut intake = engine.intake(&mut batch);
    for (name, labels, value) in values {
        let identity = || Signal::new(name, labels);
        let print = Fingerprint::new(1, format!("{name}{labels:?}").as_bytes());
        intake.sample(print, identity, at, Reading::Gauge(value));
    }
    engine.apply(Input::Observe(&mut batch), out);
    engine.apply(Input::Advance(to), out);
}
