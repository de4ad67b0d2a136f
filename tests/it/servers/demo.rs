//! The demo as a newcomer starts it, on three stories: it needs no server but brings its own broker.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A moment of a line, in seconds since the epoch.
fn moment(line: &Value, key: &str) -> f64 {
    let text = line[key].as_str().unwrap_or_else(|| panic!("{key} of {line}"));
    forewarn::time::Timestamp::parse_rfc3339(text).unwrap_or_else(|| panic!("{key} of {line}")).as_secs_f64()
}

/// Gives the demo, and checks the shape of all that comes out; the leads in seconds, by failure.
fn told(seed: u32) -> Vec<(String, i64)> {
    let began = Instant::now();
    let ended = Command::new(env!("CARGO_BIN_EXE_forewarn"))
        .args(["demo", "--headless", "--for", "2m", "--seed", &seed.to_string()])
        .output()
        .expect("the program starts");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    let said = format!("seed {seed}:\n{out}{err}");
    assert!(began.elapsed() < Duration::from_secs(125), "{said}");
    assert_eq!(ended.status.code(), Some(0), "{said}");
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect(&said)).collect();
    let mut failures: Vec<&str> = lines.iter().filter_map(|line| line["failure"].as_str()).collect();
    failures.sort_unstable();
    assert_eq!(failures, ["bad deploy", "disk fills", "pool leak"], "{said}");
    let lead = |line: &Value| {
        let lead = line["lead_seconds"].as_i64().expect(&said);
        let between = moment(line, "impact_at") - moment(line, "alert_at");
        assert!(0 < lead && (between - lead as f64).abs() < 1.0, "{said}");
        assert!(line["alert"].as_str().is_some_and(|id| id.len() == 16), "{said}");
        (line["failure"].as_str().expect(&said).to_owned(), lead)
    };
    lines.iter().map(lead).collect()
}

#[test]
fn alerts_come_before_failures_in_three_different_stories() {
    let stories = [1, 2, 3].map(told);
    assert!(stories[0] != stories[1] && stories[1] != stories[2], "another seed is another story: {stories:?}");
    assert_eq!(told(1), stories[0], "the same seed is the same story");
}

#[test]
fn too_little_time_is_said() {
    let ended = Command::new(env!("CARGO_BIN_EXE_forewarn")).args(["demo", "--headless", "--for", "1s"]).output();
    let ended = ended.expect("the program starts");
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stdout.is_empty());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("give it more time"));
}
