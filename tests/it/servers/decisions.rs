//! The same records give the same decisions: live and in replay, undisturbed and killed again and again, in one partition or
//! in many.

use std::collections::BTreeSet;
use std::ops::Range;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::broker::Broker;
use super::hook::Hook;
use super::live::{Home, Live};
use super::noise;

const PATIENCE: Duration = Duration::from_secs(60);
pub(super) const PROMISES: &str = r#"
[[objective]]
name    = "checkout is slow"
service = "checkout"
signal  = 'http_latency{service="checkout"}'
above   = 500
for     = "2m"

[[limit]]
signal = "disk_used_ratio"
above  = 0.95
"#;

/// Four hours of a small service, signal by signal: it is slow twice, and its disk fills. Long ago, so that no clock is
/// involved.
pub(super) fn stream() -> [Vec<String>; 2] {
    let start = 1_790_000_000i64;
    let mut signals = [Vec::new(), Vec::new()];
    let mut state = 11u64;
    for n in 0..1440i64 {
        let noise = noise(&mut state);
        let slow = if (600..690).contains(&n) || (1000..1060).contains(&n) { 800.0 } else { 0.0 };
        let nanos = (start + n * 10) * 1_000_000_000;
        let latency = 100.0 + 20.0 * noise + slow;
        signals[0].push(format!("http,service=checkout latency={latency} {nanos}"));
        let used = (0.5 + (n as f64 - 500.0).max(0.0) * 0.0006 + 0.002 * noise).min(1.0);
        signals[1].push(format!("disk,host=db-1 used_ratio={used} {nanos}"));
    }
    signals
}

/// The partition of the n-th record of a signal.
pub(super) type Layout = fn(signal: usize, n: usize) -> i32;

/// Each signal in a partition of its own.
pub(super) const APART: Layout = |signal, _| signal as i32;

/// Writes some of the stream, in step.
pub(super) fn write(broker: &Broker, topic: &str, layout: Layout, part: Range<usize>) {
    let signals = stream();
    for n in part {
        for (signal, lines) in signals.iter().enumerate() {
            broker.send(topic, layout(signal, n), lines[n].as_bytes());
        }
    }
    broker.flush();
}

/// What identifies a decision for people.
fn told(record: &Value) -> (String, u64, String, String) {
    let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
    (text("id"), record["revision"].as_u64().unwrap_or_default(), text("reason"), text("at"))
}

fn replayed(home: &Home, partitions: &[Vec<String>; 2]) -> BTreeSet<(String, u64, String, String)> {
    let folder = home.folder.path().join("files");
    std::fs::create_dir_all(&folder).unwrap();
    for (n, lines) in partitions.iter().enumerate() {
        std::fs::write(folder.join(format!("{n}.lp")), lines.join("\n") + "\n").unwrap();
    }
    let out = home.folder.path().join("replayed.jsonl");
    let ended = Command::new(env!("CARGO_BIN_EXE_forewarn"))
        .arg("replay")
        .arg(&folder)
        .arg("--config")
        .arg(home.folder.path().join("forewarn.toml"))
        .arg("--alerts")
        .arg(&out)
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let text = std::fs::read_to_string(out).unwrap();
    text.lines().map(|line| told(&serde_json::from_str(line).unwrap())).collect()
}

/// Feeds the stream in `parts`, each in step, killing the process after each part but the last; gives what the topic holds.
fn lived(broker: &Broker, name: &str, parts: usize, hook: &Hook) -> (Vec<(String, u64, String, String)>, Home) {
    let (topic, alerts) = (broker.topic(name, 2), broker.topic(&format!("{name}-alerts"), 1));
    let home =
        Home::new(&broker.address, &[&topic], &format!("alerts_topic = {alerts:?}\n{PROMISES}{}", hook.receiver()));
    let length = stream()[0].len();
    let mut seed = 3u64;
    let mut live = home.start();
    for part in 0..parts {
        write(broker, &topic, APART, length * part / parts..length * (part + 1) / parts);
        if part + 1 < parts {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            std::thread::sleep(Duration::from_millis(100 + (seed >> 33) % 1900));
            live.kill();
            live = home.start();
        }
    }
    (judged(broker, live, &topic, &alerts), home)
}

/// Waits until all is judged, ends the process, and gives what the alerts topic holds.
fn judged(broker: &Broker, mut live: Live, topic: &str, alerts: &str) -> Vec<(String, u64, String, String)> {
    let all: usize = stream().iter().map(Vec::len).sum();
    live.until("all is judged", PATIENCE, |status| {
        status["records"][topic] == all && status["lag"] == 0 && status["topic_pending"] == 0
    });
    // The last step of the watermark follows the last record.
    std::thread::sleep(Duration::from_secs(2));
    live.until("all is written", PATIENCE, |status| status["topic_pending"] == 0);
    let (_, well) = live.stop();
    assert!(well);
    let rows = broker.read(alerts, Duration::from_secs(3), |_| false);
    let events = rows.iter().map(|row| {
        let event: Value = serde_json::from_slice(&row.payload).unwrap();
        assert_eq!(row.header("content-type"), "application/cloudevents+json; charset=UTF-8");
        let record = &event["data"];
        let id = format!("{}/{}", record["id"].as_str().unwrap(), record["revision"]);
        assert_eq!((&event["id"], &event["type"]), (&Value::from(id), &Value::from("dev.forewarn.alert.v1")));
        assert_eq!(row.key, record["id"].as_str().unwrap());
        told(record)
    });
    events.collect()
}

#[test]
fn run_and_replay_and_twenty_kills_say_the_same() {
    let broker = Broker::connect();
    let (calm_hook, hook) = (Hook::open(), Hook::open());
    let (calm, home) = lived(&broker, "calm", 1, &calm_hook);
    let (killed, _) = lived(&broker, "restless", 21, &hook);
    let replayed = replayed(&home, &stream());
    let as_set = |told: &[(String, u64, String, String)]| told.iter().cloned().collect::<BTreeSet<_>>();
    assert!(3 <= replayed.len(), "the stream gives decisions: {replayed:#?}");
    assert_eq!(as_set(&calm), replayed, "run and replay differ");
    assert_eq!(as_set(&killed), replayed, "killed and undisturbed differ");
    assert_eq!(calm.len(), replayed.len(), "undisturbed nothing is written twice");
    // Of the messages at most one a kill is repeated, under the same key; what people heard last is how it ended.
    let (messages, keys) = (hook.messages(), hook.keys());
    assert!(messages.len() <= keys.len() + 20, "{} messages, {} keys", messages.len(), keys.len());
    assert!(!keys.is_empty());
    for (alert, (revision, state)) in hook.last_by_alert() {
        let revisions = killed.iter().filter(|(id, ..)| *id == alert).map(|(_, revision, ..)| *revision);
        assert_eq!(Some(revision), revisions.max(), "{alert}: people last heard that it is {state}");
    }
    assert!(killed.len() <= replayed.len() + 20, "{} records on the topic, {} decisions", killed.len(), replayed.len());
}

#[test]
fn however_the_records_lie_in_partitions_the_decisions_are_the_same() {
    let broker = Broker::connect();
    // In one partition; each signal in its own; both mixed over three, records of one signal in different ones.
    let layouts: [(i32, Layout); 3] =
        [(1, |_, _| 0), (2, APART), (3, |signal, n| i32::try_from((signal + n) % 3).unwrap())];
    let told = layouts.map(|(partitions, layout)| {
        let name = format!("layout-{partitions}");
        let (topic, alerts) = (broker.topic(&name, partitions), broker.topic(&format!("{name}-alerts"), 1));
        write(&broker, &topic, layout, 0..stream()[0].len());
        let home = Home::new(&broker.address, &[&topic], &format!("alerts_topic = {alerts:?}\n{PROMISES}"));
        let told = judged(&broker, home.start(), &topic, &alerts);
        let set: BTreeSet<_> = told.iter().cloned().collect();
        assert_eq!(set.len(), told.len(), "nothing is written twice");
        set
    });
    assert!(3 <= told[0].len(), "the stream gives decisions: {told:#?}");
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
}
