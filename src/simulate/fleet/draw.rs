//! What a seed makes of a fleet.

use std::fmt::Write;

use crate::calendar::Calendar;
use crate::simulate::fault::{Fault, FaultKind};
use crate::simulate::noise::Noise;
use crate::simulate::shape::{Felt, Promise, Shape};
use crate::simulate::world::Scenario;
use crate::time::{Span, Timestamp};

/// A fleet and its configuration.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// What happens.
    pub scenario: Scenario,
    /// From when on it is judged.
    pub judged_from: Timestamp,
    /// The configuration that its people would write, as TOML.
    pub config: String,
}

/// How long a fleet lives, and how much of it is for learning.
const LIFE: Span = Span::from_days(24);
const WARM_UP: Span = Span::from_days(10);
/// People have mended a fault so long after users felt it.
const MENDED_AFTER: Span = Span::from_mins(75);

const STORES: [&str; 6] = ["ledger", "vault", "index", "archive", "registry", "docs"];
const BACKS: [&str; 10] =
    ["pricing", "stock", "accounts", "routing", "quotes", "ratings", "identity", "search", "media", "offers"];
const FRONTS: [&str; 6] = ["portal", "mobile", "partners", "desk", "kiosk", "store"];
const WORKERS: [&str; 4] = ["notifier", "invoicer", "exporter", "indexer"];

impl Fleet {
    /// The fleet of a seed.
    pub fn of(seed: u64) -> Fleet {
        let mut noise = Noise::new(seed, "fleet");
        let shapes = shapes(&mut noise);
        let promises = promises(&shapes, &mut noise);
        // Monday at midnight in Berlin, in weeks over two years: some fleets live through a change of the clocks.
        let week = noise.uniform(0.0, 104.0).floor();
        let start = Timestamp::from_secs(1_767_567_600) + Span::from_days(7 * week as i64);
        let faults = faults(&shapes, &promises, start, &mut noise);
        let mut calendar = Calendar::default();
        if let Ok(zone) = jiff::tz::TimeZone::get("Europe/Berlin") {
            calendar.zone = zone;
        }
        let config = config(&promises);
        let base = Scenario::shop(seed, start, LIFE, faults);
        let step = Span::from_mins(1);
        let scenario = Scenario { step, calendar, shapes, promises, mended_after: Some(MENDED_AFTER), ..base };
        Fleet { scenario, judged_from: start + WARM_UP, config }
    }
}

/// `count` of the names, in an order of their own.
fn pick(names: &[&'static str], count: usize, noise: &mut Noise) -> Vec<&'static str> {
    let mut left = names.to_vec();
    (0..count.min(names.len())).map(|_| left.remove(below(left.len(), noise))).collect()
}

fn below(count: usize, noise: &mut Noise) -> usize {
    (noise.uniform(0.0, count as f64) as usize).min(count.saturating_sub(1))
}

fn between(low: usize, high: usize, noise: &mut Noise) -> usize {
    low + below(high + 1 - low, noise)
}

/// Stores, then what stands before them, then what users meet; and a worker aside.
fn shapes(noise: &mut Noise) -> Vec<Shape> {
    let mut all = Vec::new();
    let tier = |name, low, high, rate: (f64, f64), ms: (f64, f64), noise: &mut Noise| {
        let shape =
            Shape::new(name, between(low, high, noise), noise.uniform(rate.0, rate.1), noise.uniform(ms.0, ms.1));
        Shape { inherits: 0.6, tells_more: true, ..shape }
    };
    let stores = pick(&STORES, 2, noise);
    for &name in &stores {
        all.push(Shape { disk: true, ..tier(name, 1, 2, (100.0, 400.0), (6.0, 25.0), noise) });
    }
    let count = between(3, 4, noise);
    let backs = pick(&BACKS, count, noise);
    for &name in &backs {
        let behind = vec![stores[below(stores.len(), noise)]];
        all.push(Shape { behind, ..tier(name, 2, 4, (40.0, 250.0), (20.0, 90.0), noise) });
    }
    let worker = pick(&WORKERS, 1, noise)[0];
    all.push(Shape { queue: true, ..tier(worker, 1, 2, (15.0, 60.0), (30.0, 90.0), noise) });
    for (n, name) in pick(&FRONTS, 2, noise).into_iter().enumerate() {
        let behind = backs.iter().copied().enumerate().filter(|(k, _)| k % 2 == n || noise.uniform(0.0, 1.0) < 0.3);
        let behind = behind.map(|(_, name)| name).collect();
        all.push(Shape { behind, sells: n == 0, ..tier(name, 3, 4, (60.0, 400.0), (40.0, 120.0), noise) });
    }
    all
}

/// What users of the fronts and of the worker feel.
fn promises(shapes: &[Shape], noise: &mut Noise) -> Vec<Promise> {
    let mut all = Vec::new();
    for shape in shapes {
        let promise = |felt, level| Promise { service: shape.name, felt, level };
        if !shape.behind.is_empty() && shapes.iter().all(|other| !other.behind.contains(&shape.name)) {
            let usual = usual_ms(shape, shapes);
            all.push(promise(Felt::Latency, (usual * noise.uniform(2.4, 4.0) / 10.0).ceil() * 10.0));
            all.push(promise(Felt::Errors, 0.05));
        }
        if shape.queue {
            all.push(promise(Felt::Queue, (shape.rate * noise.uniform(900.0, 3_600.0) / 1_000.0).ceil() * 1_000.0));
        }
        if shape.sells {
            all.push(promise(Felt::Conversion, 0.6));
        }
    }
    all
}

fn usual_ms(shape: &Shape, shapes: &[Shape]) -> f64 {
    let behind = shapes.iter().filter(|other| shape.behind.contains(&other.name));
    1.2 * shape.base_ms + behind.map(|other| 0.6 * usual_ms(other, shapes)).fold(0.0, f64::max)
}

const LOUD: [FaultKind; 11] = [
    FaultKind::DiskFills,
    FaultKind::PoolLeak,
    FaultKind::MemoryLeak,
    FaultKind::BadDeploy,
    FaultKind::QueueRunaway,
    FaultKind::NodeSilent,
    FaultKind::CredentialExpiry,
    FaultKind::SlowFlag,
    FaultKind::KpiFalls,
    FaultKind::LatencyCreep,
    FaultKind::TrafficPeak,
];

/// One fault after the other in an order of its own, with rests between, and the quiet ones all along.
fn faults(shapes: &[Shape], promises: &[Promise], start: Timestamp, noise: &mut Noise) -> Vec<Fault> {
    let end = start + LIFE;
    let mut all = quiet(shapes, start, noise);
    let mut at = start + WARM_UP + hours(noise.uniform(2.0, 14.0));
    let mut kinds = Vec::new();
    while at + Span::from_hours(4) < end {
        if kinds.is_empty() {
            let mut left = LOUD.to_vec();
            kinds = (0..LOUD.len()).map(|_| left.remove(below(left.len(), noise))).collect();
        }
        let Some(kind) = kinds.pop() else { break };
        let pace = libm::exp(noise.uniform(-0.7, 0.5));
        let Some(service) = place(kind, shapes, promises, noise) else { continue };
        let pace = if kind == FaultKind::TrafficPeak { 0.7 + pace } else { pace };
        let longest = hours(match kind {
            FaultKind::DiskFills => 10.5 / pace + 2.0,
            FaultKind::PoolLeak => 6.5 / pace + 2.0,
            FaultKind::MemoryLeak => 11.0 / pace + 2.0,
            FaultKind::BadDeploy => 2.0 / pace + 1.0,
            FaultKind::QueueRunaway => 12.0,
            FaultKind::NodeSilent => 3.0,
            FaultKind::CredentialExpiry => 27.0,
            FaultKind::SlowFlag => 2.5 / pace + 1.0,
            FaultKind::KpiFalls => 3.0 / pace + 1.5,
            FaultKind::LatencyCreep => 20.0 / pace,
            _ => 30.0,
        });
        let ends = (at + longest).min(end);
        all.push(Fault { kind, service, begins: at, ends, pace });
        at = ends + hours(noise.uniform(4.0, 18.0));
    }
    all.sort_by_key(|fault| fault.begins);
    all
}

fn hours(hours: f64) -> Span {
    Span::from_secs_f64(hours * 3600.0)
}

/// A service to which this can happen so that it matters.
fn place(kind: FaultKind, shapes: &[Shape], promises: &[Promise], noise: &mut Noise) -> Option<&'static str> {
    let is_promised = |shape: &Shape| promises.iter().any(|promise| promise.service == shape.name);
    let fits = |shape: &&Shape| match kind {
        FaultKind::DiskFills => shape.disk,
        FaultKind::QueueRunaway => shape.queue,
        FaultKind::KpiFalls => shape.sells,
        FaultKind::BadDeploy | FaultKind::NodeSilent => 3 <= shape.instances && !shape.queue,
        FaultKind::TrafficPeak | FaultKind::LatencyCreep => !shape.behind.is_empty() && is_promised(shape),
        _ => !shape.queue && !shape.disk,
    };
    let all: Vec<&'static str> = shapes.iter().filter(fits).map(|shape| shape.name).collect();
    (!all.is_empty()).then(|| all[below(all.len(), noise)])
}

/// What only looks like a fault.
fn quiet(shapes: &[Shape], start: Timestamp, noise: &mut Noise) -> Vec<Fault> {
    let mut all = Vec::new();
    let days = LIFE.nanos() / Span::from_days(1).nanos();
    let stores: Vec<&'static str> = shapes.iter().filter(|shape| shape.disk).map(|shape| shape.name).collect();
    let others: Vec<&'static str> = shapes.iter().filter(|shape| !shape.disk).map(|shape| shape.name).collect();
    let mut add = |kind, service, from: f64, lasts: f64, pace| {
        let begins = start + hours(from);
        all.push(Fault { kind, service, begins, ends: begins + hours(lasts), pace });
    };
    let (nightly, lasts, weight) = (noise.uniform(0.5, 4.0), noise.uniform(0.7, 2.0), noise.uniform(0.7, 1.4));
    for day in 0..days {
        add(FaultKind::NightlyBatch, stores[0], 24.0 * day as f64 + nightly, lasts, weight);
    }
    add(FaultKind::LogRotation, stores[1], 0.0, 24.0 * days as f64, 1.0);
    add(FaultKind::Spikes, others[below(others.len(), noise)], 0.0, 24.0 * days as f64, 1.0);
    let judged = |noise: &mut Noise| noise.uniform(240.0, 24.0 * days as f64 - 4.0);
    for _ in 0..5 {
        add(FaultKind::HarmlessDeploy, others[below(others.len(), noise)], judged(noise), 1.0, 1.0);
        add(FaultKind::CounterReset, others[below(others.len(), noise)], judged(noise), 0.02, 1.0);
    }
    let from = judged(noise);
    add(FaultKind::LevelShift, others[below(others.len(), noise)], from, 24.0 * days as f64 - from, 0.6);
    add(FaultKind::TelemetryGap, stores[0], judged(noise), noise.uniform(0.3, 1.2), 1.0);
    let holiday = 24.0 * (10.0 + noise.uniform(0.0, 12.0).floor());
    add(FaultKind::Holiday, stores[0], holiday, 24.0, 1.0);
    all
}

/// The objectives and limits as people would write them.
fn config(promises: &[Promise]) -> String {
    let mut text = String::from(
        "[calendar]\ntime_zone = \"Europe/Berlin\"\nwork_hours = [\"Mon-Fri 09:00-17:30\"]\nreaction = \"1h\"\n\n",
    );
    for Promise { service, felt, level } in promises {
        let (name, signal, bound) = match felt {
            Felt::Latency => ("is slow", "http_latency_p99_ms", format!("above = {level}")),
            Felt::Errors => ("fails", "http_error_ratio", format!("above = {level}")),
            Felt::Queue => ("is late", "queue_depth", format!("above = {level}")),
            Felt::Conversion => ("sells little", "shop_conversion_ratio", format!("below = {}", 0.3 * level)),
        };
        let objective = format!(
            "[[objective]]\nname = \"{service} {name}\"\nsignal = '{signal}{{service=\"{service}\"}}'\n{bound}\nfor = \"5m\"\n\n"
        );
        text += &objective;
    }
    for (signal, bound) in [
        ("disk_used_ratio", "above = 0.95"),
        ("pool_used_ratio", "above = 0.95"),
        ("process_memory_used_ratio", "above = 0.95"),
        ("credential_left_seconds", "below = 600"),
    ] {
        write!(text, "[[limit]]\nsignal = '{signal}'\n{bound}\n\n").expect("writing to a string cannot fail");
    }
    text
}
