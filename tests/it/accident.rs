//! A real accident, recorded once through the collector and Kafka (`tests/servers/accident.sh`): after a release a service leaks
//! memory and writes too much to a small disk, under load, until a user's probe fails.

use std::path::Path;

use expect_test::expect_file;
use forewarn::alert::{AlertRecord, State};
use forewarn::config::{self, Purpose};
use forewarn::replay::{ReplayArgs, replay};
use forewarn::time::Timestamp;

/// When the release came, and the first order of the probe that failed.
const DEPLOYED: &str = "2026-11-26T17:23:14Z";
const FAILED: &str = "2026-11-26T17:45:29Z";

#[test]
fn a_real_leak_and_a_disk_that_really_fills_are_told_before_a_users_probe_fails() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/real-accident");
    let out = tempfile::tempdir().unwrap();
    let alerts = out.path().join("alerts.jsonl");
    let settings = config::parse("", "f", Path::new(""), Purpose::Replay).unwrap().settings;
    let args =
        ReplayArgs { inputs: vec![fixture.join("recording")], alerts: Some(alerts.clone()), ..ReplayArgs::default() };
    replay(&args, &settings).unwrap();
    let text = std::fs::read_to_string(alerts).unwrap();
    let records: Vec<AlertRecord> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
    let (deployed, failed) = (at(DEPLOYED), at(FAILED));
    let mut shown = String::new();
    for AlertRecord { at, id, revision, urgency, reason, summary, suspects, .. } in &records {
        let suspects: Vec<&str> = suspects.iter().map(|suspect| suspect.what.as_str()).collect();
        let before = failed.since(*at).nanos() / 60_000_000_000;
        shown += &format!("{before} min before: {id}/{revision} {urgency:?} {reason:?} {suspects:?}: {summary}\n");
    }
    expect_file![fixture.join("golden.txt")].assert_eq(&shown);

    for signal in ["system.filesystem.utilization", "process.memory.virtual"] {
        let told = records.iter().find(|record| {
            record.state == State::Firing && record.signals.iter().any(|note| note.signal.contains(signal))
        });
        let told = told.unwrap_or_else(|| panic!("nothing was said of {signal}:\n{shown}"));
        assert!(deployed < told.at && told.at < failed, "{signal}: {} is not in time", told.at);
        assert!(told.suspects.iter().any(|suspect| suspect.what.contains("shop@2")), "{signal}: {:?}", told.suspects);
    }
    assert!(records.iter().all(|record| deployed < record.at), "nobody was disturbed before:\n{shown}");
}
