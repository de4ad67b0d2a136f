//! Capacities that nobody configured: limits that telemetry tells in signals of their own are foreseen, and nothing about them
//! depends on shards, steps or restarts.

use std::path::Path;
use std::sync::Arc;

use forewarn::alert::{AlertRecord, State};
use forewarn::config::{self, Purpose};
use forewarn::engine::{Batch, Engine, Input, Output};
use forewarn::plan::Plan;
use forewarn::signal::{Fingerprint, Reading, Signal, Sink};
use forewarn::time::{Span, Timestamp};

const MINUTES: i64 = 5 * 1440;
/// From here on the disk of one host fills and the descriptors of one process leak, 30 hours from the limit.
const TROUBLE: i64 = 3 * 1440;

fn noise(n: i64) -> f64 {
    f64::from((n as u32).wrapping_mul(2_654_435_761) >> 8) / f64::from(1u32 << 24)
}

/// What is told in one minute: file systems by state (OpenTelemetry), descriptors and their limit (Prometheus), a generation of
/// a heap that is there to be filled, and the greatest value of a window, which is no limit.
fn told(minute: i64) -> Vec<(Signal, f64)> {
    let grown = (minute - TROUBLE).max(0) as f64 / (30.0 * 60.0);
    let mut all = Vec::new();
    let mut say = |name: &str, of: &str, value: f64| {
        let signal = Signal::new(name.split(':').next().unwrap(), [("service", "orders"), ("of", of)]);
        let signal = name.split(':').nth(1).map_or_else(|| signal.clone(), |state| signal.with("state", state));
        all.push((signal, value));
    };
    for (disk, share) in [("sda", 0.5 + 0.45 * grown), ("sdb", 0.6)] {
        let used = (share.min(1.0) + 0.002 * noise(minute)) * 100e9;
        say("system.filesystem.usage:used", disk, used);
        say("system.filesystem.usage:free", disk, 100e9 - used);
    }
    for (process, share) in [("1", 0.4), ("2", 0.4 + 0.55 * grown)] {
        say("process_open_fds", process, ((share.min(1.0) + 0.03 * noise(7 * minute)) * 1024.0).round());
        say("process_max_fds", process, 1024.0);
    }
    say("jvm_memory_used_bytes", "eden", (0.1 + 0.9 * (minute % 40) as f64 / 39.0) * 2e9);
    say("jvm_memory_max_bytes", "eden", 2e9);
    let queue = 20.0 + (10.0 * noise(3 * minute)).round();
    say("queue_length_current", "mail", queue);
    say("queue_length_max", "mail", queue + (5.0 * noise(5 * minute)).round());
    all
}

fn drive(shards: usize, chunk: i64, restart_every: i64) -> Vec<AlertRecord> {
    let settings = config::parse("", "test", Path::new(""), Purpose::Replay).unwrap().settings;
    let plan = Arc::new(Plan { shards, ..Plan::clone(&settings.plan) });
    let mut engine = Engine::new(Arc::clone(&plan));
    let (mut out, mut batch) = (Output::default(), Batch::default());
    for minute in 0..MINUTES {
        let at = Timestamp::from_secs(1_772_000_000 + 60 * minute);
        let mut intake = engine.intake(&mut batch);
        for (signal, value) in told(minute) {
            let print = Fingerprint::new(1, &signal.stable_hash().to_le_bytes());
            intake.sample(print, || signal, at, Reading::Gauge(value));
        }
        engine.apply(Input::Observe(&mut batch), &mut out);
        if minute % chunk == chunk - 1 {
            engine.apply(Input::Advance(at), &mut out);
        }
        if minute % restart_every == restart_every - 1 {
            let (restored, lost) = Engine::restore(Arc::clone(&plan), &engine.snapshot());
            assert_eq!(lost, Vec::<String>::new());
            engine = restored;
        }
    }
    engine.apply(Input::Advance(Timestamp::from_secs(1_772_000_000 + 60 * MINUTES)), &mut out);
    out.alerts
}

#[test]
fn limits_told_by_signals_of_their_own_are_foreseen() {
    let whole = drive(64, 1, i64::MAX);
    let full = Timestamp::from_secs(1_772_000_000 + 60 * (TROUBLE + 30 * 60));
    for limit in ["system.filesystem.usage", "process_open_fds"] {
        let is_of = |alert: &&AlertRecord| {
            alert.breach.as_ref().and_then(|breach| breach.limit.as_ref()).is_some_and(|signal| signal.contains(limit))
        };
        let first = whole.iter().find(is_of).unwrap_or_else(|| panic!("{limit} is not foreseen: {whole:#?}"));
        assert!(first.at + Span::from_hours(6) < full, "{limit} is told at {}: {}", first.at, first.summary);
        assert!(first.summary.contains("its capacity is"), "{}", first.summary);
    }
    let quiet =
        |alert: &AlertRecord| ["eden", "mail", "sdb"].iter().all(|of| !format!("{:?}", alert.breach).contains(of));
    assert!(whole.iter().filter(|alert| alert.state == State::Firing).all(quiet), "{whole:#?}");
    for (shards, chunk, restart_every) in [(1, 1, i64::MAX), (64, 7, i64::MAX), (64, 1, 977)] {
        let told = drive(shards, chunk, restart_every);
        assert_eq!(whole, told, "{shards} shards, steps of {chunk} minutes, a restart every {restart_every}");
    }
}
