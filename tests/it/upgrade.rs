//! What an older release saved is taken up by this one: nothing starts anew, and a disk that it knew is foretold at once.
//!
//! `fixtures/upgrade` holds a snapshot of each state that was ever written, the same two days of a small service each time.
//! Who changes what is saved writes one more (`UPDATE_EXPECT=1`), under the next number.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use forewarn::alert::State;
use forewarn::engine::{Engine, Output};
use forewarn::plan::{Bound, Limit, Plan, Preset, Side};
use forewarn::signal::Selector;
use forewarn::time::{Span, Timestamp};

use super::drive::observe;

const START: Timestamp = Timestamp::from_secs(1_790_000_000);
/// When the snapshot is taken, in minutes: a day after the judge has begun to speak.
const SAVED: i64 = 3 * 1440;
/// The newest state has this number.
const NEWEST: u32 = 13;

fn plan() -> Arc<Plan> {
    let bound = Bound { level: 0.95, side: Side::Above };
    let limit = Limit { signal: Selector::parse("disk_used_ratio").unwrap(), bound };
    let pool = Preset { names: vec![regex::Regex::new("^pool_.*$").unwrap()], finite: true, ..Preset::default() };
    let up = Preset { names: vec![regex::Regex::new("^up$").unwrap()], rests: true, ..Preset::default() };
    Arc::new(Plan { limits: vec![limit], presets: vec![pool, up, Preset::default()], shards: 2, ..Plan::default() })
}

/// A disk that begins to fill an hour after the snapshot, a latency with the hour of the day, a queue that stays empty, a pool
/// that ran out three times before (known from state 5 on), and what is up and a counter that nobody calls so (from state 11 on), and another that has no name for it (from state 13 on).
fn values(minute: i64) -> [(&'static str, f64); 7] {
    let mixed = (minute as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let noise = (mixed >> 40) as f64 / (1u64 << 24) as f64;
    let day = libm::sin(minute as f64 / 1440.0 * std::f64::consts::TAU);
    let filled = 0.40 + 0.001 * (minute - SAVED - 60).max(0) as f64;
    let rush = if [600, 1_900, 3_200].iter().any(|at| (*at..at + 120).contains(&minute)) { 4.0 } else { 1.0 };
    let queue = if minute % 700 < 3 { 2.0 } else { 0.0 };
    [
        ("disk_used_ratio", filled + 0.004 * noise),
        ("latency_ms", 80.0 + 20.0 * day + 9.0 * noise),
        ("queue_length", queue),
        ("pool_in_use", ((12.0 + 6.0 * day) * (0.8 + 0.4 * noise) * rush).round().min(40.0)),
        ("up", 1.0),
        ("sent_total", 7.0 * minute as f64),
        ("views", (4 * minute + minute * minute % 3) as f64),
    ]
}

fn drive(engine: &mut Engine, minutes: std::ops::Range<i64>) -> Output {
    let mut out = Output::default();
    for minute in minutes {
        let at = START + Span::from_mins(minute);
        let values = values(minute).map(|(name, value)| (name, [("service", "shop"), ("instance", "a")], value));
        observe(engine, at, at, values, &mut out);
    }
    out
}

fn path(number: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/upgrade/state-{number}.snapshot"))
}

/// A saved state; the newest is written first where it is missing and asked for.
fn saved(number: u32) -> Vec<u8> {
    static WRITTEN: Once = Once::new();
    WRITTEN.call_once(|| {
        if std::env::var_os("UPDATE_EXPECT").is_some() && !path(NEWEST).exists() {
            let mut engine = Engine::new(plan());
            drive(&mut engine, 0..SAVED);
            std::fs::write(path(NEWEST), engine.snapshot()).unwrap();
        }
    });
    std::fs::read(path(number)).unwrap()
}

#[test]
fn what_an_older_release_saved_goes_on() {
    for number in 1..=NEWEST {
        let (mut engine, lost) = Engine::restore(plan(), &saved(number));
        assert_eq!(lost, Vec::<String>::new(), "state {number}");
        let told = drive(&mut engine, SAVED..SAVED + 420).alerts;
        let first = told.iter().find(|alert| alert.state == State::Firing).expect("an alert");
        let minutes = first.at.since(START).as_secs_f64() as i64 / 60 - SAVED;
        assert!((60..360).contains(&minutes), "state {number}: told after {minutes} minutes: {}", first.summary);
        assert!(first.summary.contains("disk_used_ratio"), "state {number}: {}", first.summary);
        let disk = engine.watches().find(|watched| watched.signal.name() == "disk_used_ratio").expect("a disk");
        let foresights = disk.foresights();
        let [foresight] = foresights.as_slice() else { panic!("{foresights:?}") };
        assert!(foresight.outlook.is_some_and(|outlook| 0.5 < outlook.probability), "{foresight:?}");
    }
}

#[test]
fn what_this_release_saves_has_its_snapshot_among_the_fixtures() {
    let mut engine = Engine::new(plan());
    drive(&mut engine, 0..SAVED);
    assert_eq!(shape(&engine.snapshot()), shape(&saved(NEWEST)), "write state-{}", NEWEST + 1);
}

/// The tags and versions of the sections, each once.
fn shape(snapshot: &[u8]) -> std::collections::BTreeSet<(u8, u8)> {
    let (mut shape, mut rest) = (std::collections::BTreeSet::new(), snapshot);
    while let Some((head, body)) = rest.split_at_checked(6) {
        shape.insert((head[0], head[1]));
        let length = u32::from_le_bytes([head[2], head[3], head[4], head[5]]) as usize;
        rest = &body[length..];
    }
    shape
}
