//! The laws of the core over generated signals: whatever the order, the chunks, the shards or a restart, the decisions are the same.

use std::sync::Arc;

use forewarn::alert::{AlertRecord, Reason, State};
use forewarn::engine::{Batch, Engine, Input, Output};
use forewarn::plan::{Bound, Limit, Objective, Plan, Side};
use forewarn::signal::{Fingerprint, Reading, Selector, Signal, Sink};
use forewarn::time::{Span, Timestamp};
use proptest::prelude::*;

const LATENESS: Span = Span::from_secs(30);
const START: Timestamp = Timestamp::from_secs(1_790_000_000);

/// One record of the generated stream.
#[derive(Clone, Debug, PartialEq)]
struct Record {
    name: &'static str,
    instance: usize,
    at: Timestamp,
    value: f64,
}

/// Two days of a small service at one point a minute: a disk that fills, a latency that jumps beyond its objective for a
/// while, an instance that falls silent, traffic by the hour of the day.
fn stream(seed: u64) -> Vec<Record> {
    let mut state = seed;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1u32 << 31) - 0.5
    };
    let mut records = Vec::new();
    for minute in 0..2 * 1440 {
        let at = START + Span::from_mins(minute);
        let day = 1.0 + 0.5 * (minute as f64 / 1440.0 * std::f64::consts::TAU).sin();
        let filled = 0.40 + (minute as f64 - 1440.0).max(0.0) * 0.0006;
        let slow = if (2000..2060).contains(&minute) { 700.0 } else { 0.0 };
        let mut push = |name, instance, value: f64| {
            // Values on a grid of powers of two, so that scaling by one is exact.
            records.push(Record { name, instance, at, value: (value * 1024.0).round() / 1024.0 });
        };
        push("disk_used_ratio", 0, filled.min(1.0) + 0.002 * noise());
        for instance in 0..3 {
            push("latency_ms", instance, 80.0 * day + 10.0 * noise() + slow);
            if instance < 2 || minute < 1800 {
                push("requests_rate", instance, 50.0 * day + 5.0 * noise());
            }
        }
    }
    records
}

fn plan(shards: usize, scale: f64) -> Arc<Plan> {
    let selector = |text: &str| Selector::parse(text).unwrap();
    let objective = Objective {
        name: "slow".to_owned(),
        service: None,
        signal: selector("latency_ms"),
        bound: Bound { level: 500.0 * scale, side: Side::Above },
        hold: Span::from_mins(5),
    };
    let limit =
        Limit { signal: selector("disk_used_ratio"), bound: Bound { level: 0.9375 * scale, side: Side::Above } };
    Arc::new(Plan { objectives: vec![objective], limits: vec![limit], shards, ..Plan::default() })
}

/// How a stream is driven through the engine.
#[derive(Clone, Copy)]
struct Drive {
    shards: usize,
    scale: f64,
    /// Records to a batch, and so between two moves of the watermark.
    chunk: usize,
    /// Snapshot and restore after every so many batches.
    restart_every: usize,
    /// Moves of the watermark that say nothing new.
    extra_advances: bool,
}

const PLAIN: Drive = Drive { shards: 64, scale: 1.0, chunk: 500, restart_every: usize::MAX, extra_advances: false };

fn drive(records: &[Record], how: Drive) -> Vec<AlertRecord> {
    drive_scored(records, how, false).alerts
}

fn drive_scored(records: &[Record], how: Drive, scores: bool) -> Output {
    let plan = plan(how.shards, how.scale);
    let mut engine = if scores { Engine::with_scores(Arc::clone(&plan)) } else { Engine::new(Arc::clone(&plan)) };
    let (mut out, mut batch, mut high) = (Output::default(), Batch::default(), Timestamp::MIN);
    for (n, chunk) in records.chunks(how.chunk).enumerate() {
        let mut intake = engine.intake(&mut batch);
        for (row, record) in chunk.iter().enumerate() {
            high = high.max(record.at);
            intake.row = (n * how.chunk + row) as u64;
            let instance = record.instance.to_string();
            let print = Fingerprint::new(1, record.name.as_bytes()).and(instance.as_bytes());
            let identity = || Signal::new(record.name, [("service", "shop"), ("instance", &instance)]);
            intake.sample(print, identity, record.at, Reading::Gauge(record.value * how.scale));
        }
        engine.apply(Input::Observe(&mut batch), &mut out);
        engine.apply(Input::Advance(high - LATENESS), &mut out);
        if how.extra_advances {
            for back in [0, 1, 60] {
                engine.apply(Input::Advance(high - LATENESS - Span::from_secs(back)), &mut out);
            }
        }
        if n % how.restart_every == how.restart_every - 1 {
            let (restored, lost) = Engine::restore(Arc::clone(&plan), &engine.snapshot());
            assert_eq!(lost, Vec::<String>::new());
            engine = restored;
        }
    }
    engine.apply(Input::Advance(high + Span::from_nanos(1)), &mut out);
    out
}

/// What a decision is, without the numbers that scaling changes.
fn decisions(alerts: &[AlertRecord]) -> Vec<String> {
    let line = |a: &AlertRecord| {
        let signals: Vec<&str> = a.signals.iter().map(|note| note.signal.as_str()).collect();
        let (id, n) = (&a.id, a.revision);
        format!("{} {id}/{n} {:?} {:?} {:?} {:?} {signals:?}", a.at, a.state, a.kind, a.urgency, a.reason)
    };
    alerts.iter().map(line).collect()
}

#[test]
fn the_stream_has_decisions_to_compare() {
    let alerts = drive(&stream(1), PLAIN);
    assert!(2 <= alerts.len(), "{:#?}", decisions(&alerts));
    let foreseen = alerts.iter().any(|alert| alert.breach.as_ref().is_some_and(|breach| breach.limit.is_some()));
    assert!(foreseen, "the disk was not foreseen: {:#?}", decisions(&alerts));
}

/// Law 3, and law 1 for a restart: snapshot, restore, continue is continue.
#[test]
fn a_restart_changes_nothing() {
    let records = stream(2);
    let whole = drive(&records, PLAIN);
    for restart_every in [1, 7] {
        assert_eq!(whole, drive(&records, Drive { restart_every, ..PLAIN }), "restart every {restart_every} batches");
    }
}

/// Law 4: the chunks in which the watermark moves, and calls that say nothing new, decide nothing.
#[test]
fn the_steps_of_the_watermark_change_nothing() {
    let records = stream(3);
    let whole = drive(&records, PLAIN);
    for chunk in [7, 61, 10_000] {
        assert_eq!(whole, drive(&records, Drive { chunk, ..PLAIN }), "chunks of {chunk}");
    }
    assert_eq!(whole, drive(&records, Drive { extra_advances: true, ..PLAIN }));
}

/// Law 4: order within the lateness bound decides nothing.
#[test]
fn order_within_the_lateness_changes_nothing() {
    let records = stream(4);
    let mut disordered = records.clone();
    // Each minute's records backwards, and neighbours of a minute apart never swapped: within 30 s.
    for minute in disordered.chunk_by_mut(|a, b| a.at == b.at) {
        minute.reverse();
    }
    assert_ne!(records, disordered);
    assert_eq!(drive(&records, PLAIN), drive(&disordered, PLAIN));
}

/// Law 5: one shard is n shards.
#[test]
fn the_number_of_shards_changes_nothing() {
    let records = stream(5);
    let one = drive(&records, Drive { shards: 1, ..PLAIN });
    for shards in [2, 64] {
        assert_eq!(one, drive(&records, Drive { shards, ..PLAIN }), "{shards} shards");
    }
}

/// Law 6: every opened alert is resolved or still open, revisions count up from one, nothing is said after the end.
#[test]
fn alerts_have_a_life_and_an_end() {
    for seed in 6..10 {
        let mut last: std::collections::BTreeMap<String, AlertRecord> = std::collections::BTreeMap::new();
        for alert in drive(&stream(seed), PLAIN) {
            match last.get(&alert.id) {
                None => assert_eq!((alert.revision, alert.reason), (1, Reason::Opened), "{alert:?}"),
                Some(before) => {
                    assert_eq!(alert.revision, before.revision + 1, "{alert:?}");
                    assert_eq!(before.state, State::Firing, "said after its end: {alert:?}");
                    assert_eq!(alert.kind, before.kind);
                    assert!(before.at <= alert.at);
                }
            }
            last.insert(alert.id.clone(), alert);
        }
    }
}

/// Law 8: multiplying every signal and bound by a power of two changes no decision.
#[test]
fn a_power_of_two_changes_no_decision() {
    let records = stream(11);
    let whole = decisions(&drive(&records, PLAIN));
    for scale in [0.25, 1024.0] {
        assert_eq!(whole, decisions(&drive(&records, Drive { scale, ..PLAIN })), "scale {scale}");
    }
}

/// Law 9: a score used the past only: the scores of a prefix are the same without what follows.
#[test]
fn a_score_is_never_rewritten() {
    let records = stream(12);
    let whole = drive_scored(&records, PLAIN, true).scores;
    assert_eq!(whole.len(), records.len());
    for length in [100, 5_000] {
        let prefix = drive_scored(&records[..length], PLAIN, true).scores;
        for score in prefix {
            let same = whole.iter().find(|other| other.row == score.row).unwrap();
            assert_eq!((score.anomaly, score.onset), (same.anomaly, same.onset), "row {}", score.row);
        }
    }
}

/// Law 7: beyond the bound a new signal is refused, counted and named; those known go on.
#[test]
fn signals_are_bounded() {
    let mut plan = Plan { shards: 4, ..Plan::default() };
    plan.bounds.signals = 3;
    let mut engine = Engine::new(Arc::new(plan));
    let mut batch = Batch::default();
    let mut intake = engine.intake(&mut batch);
    for n in 0..5u8 {
        let identity = || Signal::new("cpu", [("host", n.to_string())]);
        intake.sample(Fingerprint::new(1, &[n]), identity, START, Reading::Gauge(1.0));
    }
    assert_eq!(batch.samples.len(), 3);
    assert_eq!(batch.rejects.len(), 2);
    assert!(batch.rejects[0].1.detail.contains("limits.signals is 3"), "{:?}", batch.rejects);
    assert_eq!(engine.counts().signals_refused, 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Law 2: any values in any order, and the engine goes on; a restart in the middle changes nothing even then.
    #[test]
    fn the_engine_is_total(
        records in prop::collection::vec((0..4usize, any::<i64>(), prop::num::f64::ANY), 1..200),
    ) {
        let make = |&(instance, nanos, value): &(usize, i64, f64)| Record {
            name: if instance == 0 { "disk_used_ratio" } else { "latency_ms" },
            instance,
            at: Timestamp::from_nanos(nanos),
            value,
        };
        let records: Vec<Record> = records.iter().map(make).collect();
        let whole = drive(&records, Drive { chunk: 10, ..PLAIN });
        let restarted = drive(&records, Drive { chunk: 10, restart_every: 1, ..PLAIN });
        prop_assert_eq!(whole, restarted);
    }
}
