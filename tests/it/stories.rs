//! The stories of `fixtures/`: each is told by its seed, judged through the real decoders and `replay`, and its decisions are
//! compared with the golden ones beside it (`UPDATE_EXPECT=1 tests/run fast` writes them anew).
//!
//! Whatever the golden file says: a failure that users felt was alerted before, and a quiet story disturbs nobody.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use forewarn::alert::{AlertRecord, Reason, State, Urgency};
use forewarn::config::{self, Purpose};
use forewarn::replay::{ReplayArgs, replay};
use forewarn::simulate::{Failure, LineStory, Scenario, tell};
use forewarn::time::Timestamp;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// What was said of a story, and what users felt.
struct Told {
    alerts: Vec<AlertRecord>,
    failures: Vec<Failure>,
    start: Timestamp,
}

fn judge(name: &str) -> Told {
    let text = fs::read_to_string(fixtures().join(name).join("story.toml")).unwrap();
    let scenario = Scenario::parse(&text).unwrap();
    let start = scenario.start;
    let dir = tempfile::tempdir().unwrap();
    let extension = |topic: &str| if topic == "metrics" { "lp" } else { "jsonl" };
    let failures = tell(scenario, |topic| {
        let path = dir.path().join(format!("{}.{}", topic.name(), extension(topic.name())));
        Box::new(BufWriter::new(File::create(path).unwrap()))
    });
    let settings = config::load_for(&fixtures().join("forewarn.toml"), Purpose::Replay).unwrap().settings;
    let out = dir.path().join("alerts.out");
    let args = ReplayArgs {
        inputs: ["metrics.lp", "logs.jsonl", "changes.jsonl"].map(|file| dir.path().join(file)).to_vec(),
        alerts: Some(out.clone()),
        ..ReplayArgs::default()
    };
    replay(&args, &settings).unwrap();
    let lines = fs::read_to_string(out).unwrap();
    let alerts = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Told { alerts, failures: failures.unwrap(), start }
}

/// `2d 09:12` after the start.
fn after(at: Timestamp, told: &Told) -> String {
    let minutes = at.since(told.start).nanos() / 60_000_000_000;
    format!("{}d {:02}:{:02}", minutes / 1440, minutes / 60 % 24, minutes % 60)
}

/// One line a decision, short enough to be read.
fn log(told: &Told) -> String {
    let mut out = String::new();
    for alert in &told.alerts {
        let AlertRecord { id, revision, urgency, kind, reason, summary, .. } = alert;
        let after = after(alert.at, told);
        out += &format!("{after} {id}/{revision} {kind:?} {urgency:?} {reason:?}: {summary}\n").to_string();
    }
    for failure in &told.failures {
        out += &format!("{} users feel it: {}\n", after(failure.impact_at, told), failure.fault.name());
    }
    out
}

/// Interruptions of people: every firing record that does not merely repeat.
fn interruptions(told: &Told, least: Urgency) -> usize {
    let disturbs = |a: &&AlertRecord| a.state == State::Firing && a.reason != Reason::Repeated && least <= a.urgency;
    told.alerts.iter().filter(disturbs).count()
}

fn loud(name: &str) {
    let told = judge(name);
    expect_file![fixtures().join(name).join("golden.txt")].assert_eq(&log(&told));
    assert!(!told.failures.is_empty() || name == "node-silent", "{name}: nobody felt anything");
    for failure in &told.failures {
        let before = |a: &&AlertRecord| {
            a.state == State::Firing && failure.begins <= a.at && a.at < failure.impact_at && Urgency::Hold <= a.urgency
        };
        assert!(told.alerts.iter().any(|a| before(&a)), "{name}: nothing was said before\n{}", log(&told));
    }
    if told.failures.is_empty() {
        assert!(1 <= interruptions(&told, Urgency::Digest), "{name}: nothing was said at all");
    }
}

fn quiet(name: &str) {
    let told = judge(name);
    expect_file![fixtures().join(name).join("golden.txt")].assert_eq(&log(&told));
    assert!(told.failures.is_empty(), "{name}: users felt {:?}", told.failures);
    assert_eq!(interruptions(&told, Urgency::Hold), 0, "{name}: somebody was disturbed\n{}", log(&told));
}

macro_rules! stories {
    ($($judge:ident: $($test:ident $name:literal),*;)*) => {
        $($(#[test] fn $test() { $judge($name); })*)*

        #[test]
        fn every_story_is_told() {
            let told = [$($($name),*),*];
            for entry in fs::read_dir(fixtures()).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let in_lines = LineStory::ALL.iter().any(|story| story.name() == name);
                // Recorded, and not told by a seed: `accident.rs`; and no stories: `proofs`, `upgrade.rs`.
                let apart = ["presets", "real-accident", "upgrade"].contains(&name.as_str());
                assert!(!path.is_dir() || in_lines || apart || told.contains(&name.as_str()), "fixtures/{name} is in no test");
            }
        }
    };
}

stories! {
    loud: disk_fills "disk-fills", memory_leak "memory-leak", pool_leak "pool-leak", canary_deploy "canary-deploy",
        node_silent "node-silent", queue_runaway "queue-runaway", latency_creep "latency-creep",
        traffic_peak "traffic-peak";
    quiet: nightly_batch "quiet-nightly-batch", dst "quiet-dst", level_shift "quiet-level-shift",
        counter_reset "quiet-counter-reset", harmless_deploy "quiet-harmless-deploy", telemetry_gap "quiet-telemetry-gap",
        log_rotation "quiet-log-rotation", holiday "quiet-holiday", spikes "quiet-spikes";
}
