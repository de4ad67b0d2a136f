//! Capacities that nobody configured: limits that telemetry tells in signals of their own are foreseen, and nothing about them
//! depends on shards, steps or restarts.

use std::path::Path;
use std::sync::Arc;

use forewarn::alert::{AlertRecord, State};
use forewarn::config::{self, Purpose};
use forewarn::engine::{Batch, Engine, Input, Output};
use forewarn::finding::Kind;
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
/// a heap that is there to be filled, a cache that is full, and the greatest value of a window, which is no limit.
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
    say("redis_memory_used_bytes", "cache", 4e9 * (1.0 - 0.002 * noise(11 * minute)));
    say("redis_memory_max_bytes", "cache", 4e9);
    let queue = 20.0 + (10.0 * noise(3 * minute)).round();
    say("queue_length_current", "mail", queue);
    say("queue_length_max", "mail", queue + (5.0 * noise(5 * minute)).round());
    all
}

/// What is told in one minute of a cluster: connections of a pool of 40 that nobody told the size of, which ran out for two hours
/// in each of three weeks and leaks in the fourth; and the memory of a container, whose limit another program tells.
fn told_in_weeks(minute: i64) -> Vec<(Signal, f64)> {
    let grown = |days: i64, hours: f64| (minute - days * 1440).max(0) as f64 / (hours * 60.0);
    let day = 1.0 - 0.5 * libm::cos(minute as f64 / 1440.0 * std::f64::consts::TAU);
    let rush = if minute < LEAK * 1440 && (minute % (7 * 1440) - 2 * 1440) / 120 == 5 { 4.0 } else { 1.0 };
    let busy = 12.0 * day * (0.8 + 0.4 * noise(minute)) * rush + 34.0 * grown(LEAK, 12.0);
    let pool = Signal::new("hikaricp_connections_active", [("service", "orders"), ("pool", "main")]);
    let place = [("namespace", "shop"), ("pod", "web-1"), ("container", "web")];
    let used = Signal::new("container_memory_working_set_bytes", place.into_iter().chain([("job", "kubelet")]));
    let of = [("job", "kube-state-metrics"), ("resource", "memory")];
    let limit = Signal::new("kube_pod_container_resource_limits", place.into_iter().chain(of));
    let memory = (0.4 + 0.55 * grown(LEAK, 30.0) + 0.01 * noise(3 * minute)).min(1.0) * 2e9;
    vec![(pool, busy.round().min(40.0)), (used, memory), (limit, 2e9)]
}

/// The day on which pool and memory begin to leak.
const LEAK: i64 = 22;

fn moment(minute: i64) -> Timestamp {
    Timestamp::from_secs(1_772_000_000 + 60 * minute)
}

fn plan(text: &str, shards: usize) -> Arc<Plan> {
    let settings = config::parse(text, "test", Path::new(""), Purpose::Replay).unwrap().settings;
    Arc::new(Plan { shards, ..Plan::clone(&settings.plan) })
}

/// Gives the engine what is told at one moment.
fn tell(engine: &mut Engine, batch: &mut Batch, out: &mut Output, at: Timestamp, told: Vec<(Signal, f64)>) {
    let mut intake = engine.intake(batch);
    for (signal, value) in told {
        let print = Fingerprint::new(1, &signal.stable_hash().to_le_bytes());
        intake.sample(print, || signal, at, Reading::Gauge(value));
    }
    engine.apply(Input::Observe(batch), out);
}

type Story = fn(i64) -> Vec<(Signal, f64)>;

fn drive(
    (told, minutes, step): (Story, i64, usize),
    shards: usize,
    chunk: i64,
    restart_every: i64,
) -> Vec<AlertRecord> {
    let plan = plan("", shards);
    let mut engine = Engine::new(Arc::clone(&plan));
    let (mut out, mut batch) = (Output::default(), Batch::default());
    for (tick, minute) in (0..minutes).step_by(step).enumerate() {
        let (tick, at) = (tick as i64, moment(minute));
        tell(&mut engine, &mut batch, &mut out, at, told(minute));
        if tick % chunk == chunk - 1 {
            engine.apply(Input::Advance(at), &mut out);
        }
        if tick % restart_every == restart_every - 1 {
            let (restored, lost) = Engine::restore(Arc::clone(&plan), &engine.snapshot());
            assert_eq!(lost, Vec::<String>::new());
            engine = restored;
        }
    }
    engine.apply(Input::Advance(moment(minutes)), &mut out);
    out.alerts
}

#[test]
fn limits_told_by_signals_of_their_own_are_foreseen() {
    let story: (Story, i64, usize) = (told, MINUTES, 1);
    let whole = drive(story, 64, 1, i64::MAX);
    let full = moment(TROUBLE + 30 * 60);
    for limit in ["system.filesystem.usage", "process_open_fds"] {
        // The one that comes first names the alert; the other one joins it.
        let tells = |alert: &&AlertRecord| {
            let foretells = |words: &str| words.contains("rises by") && words.contains("its capacity is");
            let is_of = alert.signals.iter().any(|note| note.signal.contains(limit) && foretells(&note.words));
            alert.kind == Kind::Forecast && alert.breach.is_some() && is_of
        };
        let first = whole.iter().find(tells).unwrap_or_else(|| panic!("{limit} is not foreseen: {whole:#?}"));
        assert!(first.at + Span::from_hours(6) < full, "{limit} is told at {}: {}", first.at, first.summary);
        assert!(first.summary.contains("its capacity is"), "{}", first.summary);
    }
    let quiet = |alert: &AlertRecord| {
        ["eden", "cache", "mail", "sdb"].iter().all(|of| !format!("{:?}", alert.breach).contains(of))
    };
    assert!(whole.iter().filter(|alert| alert.state == State::Firing).all(quiet), "{whole:#?}");
    for (shards, chunk, restart_every) in [(1, 1, i64::MAX), (64, 7, i64::MAX), (64, 1, 977)] {
        let told = drive(story, shards, chunk, restart_every);
        assert_eq!(whole, told, "{shards} shards, steps of {chunk} minutes, a restart every {restart_every}");
    }
}

#[test]
fn a_flat_top_and_a_limit_under_other_labels_are_foreseen() {
    let story: (Story, i64, usize) = (told_in_weeks, (LEAK + 2) * 1440, 5);
    let whole = drive(story, 64, 1, i64::MAX);
    for (limit, hours) in [("hikaricp_connections_active", 8), ("container_memory_working_set_bytes", 24)] {
        let is_of = |alert: &&AlertRecord| {
            alert.breach.as_ref().and_then(|breach| breach.limit.as_ref()).is_some_and(|signal| signal.contains(limit))
        };
        let of: Vec<_> = whole.iter().filter(is_of).collect();
        let first = of.first().unwrap_or_else(|| panic!("{limit} is not foreseen: {whole:#?}"));
        let leaks = moment(LEAK * 1440);
        assert!(
            leaks < first.at && first.at < leaks + Span::from_hours(hours),
            "{limit}: {} {}",
            first.at,
            first.summary
        );
        assert!(first.summary.contains("its capacity is"), "{}", first.summary);
    }
    assert_eq!(whole, drive(story, 1, 7, 977), "one shard, other steps, restarts");
}

/// Before the leak somebody writes down that the pool holds 60 now: that it once stood at 40 is nothing any more.
#[test]
fn a_flat_top_gives_way_to_a_limit_that_is_written_down() {
    let told_of_capacity = |text: &str| {
        let mut engine = Engine::new(plan("", 8));
        let (mut out, mut batch) = (Output::default(), Batch::default());
        for minute in (0..(LEAK + 1) * 1440).step_by(5) {
            if minute == LEAK * 1440 {
                let (restored, lost) = Engine::restore(plan(text, 8), &engine.snapshot());
                assert_eq!(lost, Vec::<String>::new());
                engine = restored;
            }
            let told = told_in_weeks(minute).into_iter().take(1).collect();
            tell(&mut engine, &mut batch, &mut out, moment(minute), told);
            engine.apply(Input::Advance(moment(minute)), &mut out);
        }
        out.alerts.iter().filter(|alert| alert.summary.contains("its capacity is")).count()
    };
    assert!(0 < told_of_capacity(""));
    assert_eq!(told_of_capacity("[[limit]]\nsignal = \"hikaricp_connections_active\"\nabove = 60\n"), 0);
}
