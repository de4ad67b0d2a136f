//! A unit among a thousand like it: what nearly none of its peers do is told, once, and whatever the shards or a restart.

use std::sync::Arc;

use forewarn::alert::{AlertRecord, State};
use forewarn::engine::{Batch, Engine, Input, Output};
use forewarn::plan::Plan;
use forewarn::signal::{Fingerprint, Reading, Signal, Sink};
use forewarn::time::{Span, Timestamp};

const UNITS: u64 = 1000;
const DAYS: i64 = 20;
const START: Timestamp = Timestamp::from_secs(1_600_000_000);

/// One day of the fleet: hours that count, two error counters that are zero. From day 12 on both counters of unit 7 rise and its
/// hours stand still; those of unit 8 rise a little, once.
fn day(engine: &mut Engine, day: i64, out: &mut Output) {
    let mut batch = Batch::default();
    let at = START + Span::from_days(day);
    let mut intake = engine.intake(&mut batch);
    for unit in 0..UNITS {
        let fails = unit == 7 && 12 <= day;
        let hours = 24.0 * if fails { 11.0 } else { day as f64 } + unit as f64;
        let errors = if fails { 5.0 * (day - 11) as f64 } else { f64::from(u8::from(unit == 8 && 9 <= day)) };
        for (name, value) in [("drive_hours", hours), ("drive_reallocated", errors), ("drive_pending", 2.0 * errors)] {
            let print = Fingerprint::new(9, format!("{name}{unit}").as_bytes());
            let serial = format!("s{unit}");
            intake.sample(print, || Signal::new(name, [("serial", serial.as_str())]), at, Reading::Gauge(value));
        }
    }
    engine.apply(Input::Observe(&mut batch), out);
    engine.apply(Input::Advance(at + Span::from_nanos(1)), out);
}

fn plan(shards: usize) -> Arc<Plan> {
    Arc::new(Plan { shards, ..Plan::default() })
}

/// The alerts of the whole run, restarted after the given day.
fn run(shards: usize, restart: Option<i64>) -> Vec<AlertRecord> {
    let mut engine = Engine::new(plan(shards));
    let mut out = Output::default();
    for number in 0..DAYS {
        day(&mut engine, number, &mut out);
        if restart == Some(number) {
            let (restored, lost) = Engine::restore(plan(shards), &engine.snapshot());
            assert!(lost.is_empty(), "{lost:?}");
            engine = restored;
        }
    }
    engine.apply(Input::Advance(START + Span::from_days(DAYS)), &mut out);
    out.alerts
}

#[test]
fn one_drive_of_a_thousand_is_told() {
    let alerts = run(4, None);
    let of = |alert: &AlertRecord, serial: &str| alert.signals.iter().any(|s| s.signal.contains(serial));
    let first = alerts.iter().find(|alert| of(alert, "\"s7\"")).expect("nothing was said of the failing drive");
    assert_eq!(first.state, State::Firing);
    // It is compared when the minute of its report is over; one day later at the latest.
    let known = first.at.since(START + Span::from_days(12));
    assert!(Span::ZERO <= known && known <= Span::from_days(1), "{known}");
    assert!(!alerts.iter().any(|alert| of(alert, "\"s8\"")), "one small rise is no alert");
}

#[test]
fn shards_and_restarts_change_nothing() {
    let whole = run(4, None);
    assert_eq!(run(1, None), whole);
    for restart in [5, 11, 12, 13, 15] {
        assert_eq!(run(4, Some(restart)), whole, "restarted after day {restart}");
    }
}
