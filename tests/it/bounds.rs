//! Law 7 for signals: memory is bounded however many come and go, and who makes room does not depend on shards or restarts.

use std::sync::Arc;

use forewarn::alert::{AlertRecord, Reason};
use forewarn::engine::{Batch, Counts, Engine, Input, Output};
use forewarn::plan::{Bounds, Plan};
use forewarn::signal::{Fingerprint, Reading, Signal, Sink};
use forewarn::time::{Span, Timestamp};

const START: Timestamp = Timestamp::from_secs(1_790_000_000);

struct Drive {
    engine: Engine,
    plan: Arc<Plan>,
    out: Output,
    batch: Batch,
    /// Readings refused.
    refused: usize,
}

impl Drive {
    fn new(shards: usize, bounds: Bounds) -> Drive {
        let plan = Arc::new(Plan { shards, bounds, ..Plan::default() });
        let engine = Engine::new(Arc::clone(&plan));
        Drive { engine, plan, out: Output::default(), batch: Batch::default(), refused: 0 }
    }

    /// One reading of each named instance at this minute, and the watermark behind it.
    fn minute(&mut self, minute: i64, instances: &[String]) {
        let at = START + Span::from_mins(minute);
        let mut intake = self.engine.intake(&mut self.batch);
        for instance in instances {
            let print = Fingerprint::new(1, instance.as_bytes());
            let identity = || Signal::new("load", [("service", "shop"), ("instance", instance.as_str())]);
            let value = 50.0 + (minute as f64 * 0.7).sin() + (minute % 7) as f64 * 0.1;
            intake.sample(print, identity, at, Reading::Gauge(value));
        }
        self.refused += self.batch.rejects.len();
        self.engine.apply(Input::Observe(&mut self.batch), &mut self.out);
        self.engine.apply(Input::Advance(at + Span::from_nanos(1)), &mut self.out);
    }

    fn restart(&mut self) {
        let (engine, lost) = Engine::restore(Arc::clone(&self.plan), &self.engine.snapshot());
        assert_eq!(lost, Vec::<String>::new());
        self.engine = engine;
    }
}

fn instances(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(|n| format!("pod-{n}")).collect()
}

/// Pods that come and go for ten days, eight at a time and each for an hour or so, within a bound that a day of them fills.
fn churn(shards: usize, restarts: bool) -> (usize, usize, Counts, Vec<AlertRecord>) {
    let mut drive = Drive::new(shards, Bounds { signals: 300, ..Bounds::default() });
    for minute in (0..10 * 1440).step_by(5) {
        drive.minute(minute, &instances(minute as usize / 60, 8));
        if restarts && minute % 415 == 0 {
            drive.restart();
        }
    }
    (drive.engine.directory().len(), drive.refused, drive.engine.counts(), drive.out.alerts)
}

#[test]
fn what_fell_silent_makes_room_for_what_speaks() {
    let (signals, refused, counts, _) = churn(8, false);
    assert!(signals <= 300, "{signals} signals are held");
    assert_eq!((refused, counts.signals_refused), (0, 0), "a day of pods fits: none is refused");

    let mut drive = Drive::new(8, Bounds { signals: 20, ..Bounds::default() });
    for minute in (0..4 * 1440).step_by(5) {
        drive.minute(minute, &instances(minute as usize / 60, 8));
    }
    let counts = drive.engine.counts();
    assert!(drive.engine.directory().len() <= 20, "{} signals are held", drive.engine.directory().len());
    assert_eq!(drive.refused as u64, counts.signals_refused);
    assert!(0 < drive.refused && 20 < counts.signals_forgotten, "{} {counts:?}", drive.refused);
}

#[test]
fn who_makes_room_does_not_depend_on_shards_or_restarts() {
    let one = churn(1, false);
    for (shards, restarts) in [(64, false), (1, true), (64, true)] {
        assert_eq!(one, churn(shards, restarts), "{shards} shards, restarts: {restarts}");
    }
}

#[test]
fn a_signal_silent_for_a_month_is_forgotten_and_its_absence_ends_as_gone() {
    let mut drive = Drive::new(4, Bounds::default());
    let (kept, lost) = (instances(0, 1), instances(0, 2));
    for minute in (0..43 * 1440).step_by(30) {
        drive.minute(minute, if minute < 10 * 1440 { &lost } else { &kept });
    }
    assert_eq!((drive.engine.directory().len(), drive.engine.counts().signals_forgotten), (1, 1));
    let about_it = |alert: &&AlertRecord| alert.signals.iter().any(|note| note.signal.contains("pod-1"));
    let last = drive.out.alerts.iter().rev().find(about_it).expect("its silence was told");
    assert_eq!(last.reason, Reason::Gone, "{last:#?}");
    // It begins anew when it speaks again.
    drive.minute(43 * 1440, &lost);
    assert_eq!(drive.engine.directory().len(), 2);
}
