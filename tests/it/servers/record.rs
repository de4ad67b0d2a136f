//! What `run --record` writes replays to the alerts that `run` told, bit for bit.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::broker::Broker;
use super::decisions::{APART, PROMISES, stream, write};
use super::live::{Home, Live};

const PATIENCE: Duration = Duration::from_secs(60);

/// The records of the alerts topic, each once, as they were told.
fn told(broker: &Broker, alerts: &str) -> BTreeMap<String, Value> {
    let rows = broker.read(alerts, Duration::from_secs(3), |_| false);
    let record = |payload: &[u8]| serde_json::from_slice::<Value>(payload).unwrap()["data"].clone();
    rows.iter().map(|row| record(&row.payload)).map(|record| (key(&record), record)).collect()
}

fn key(record: &Value) -> String {
    format!("{}/{}", record["id"].as_str().unwrap(), record["revision"])
}

/// What a replay of the recording tells.
fn replayed(home: &Home) -> (BTreeMap<String, Value>, String) {
    let out = home.folder.path().join("replayed.jsonl");
    let mut command = Command::new(env!("CARGO_BIN_EXE_forewarn"));
    command.arg("replay").arg(home.folder.path().join("rec"));
    let ended = command.arg("--alerts").arg(&out).output().unwrap();
    let log = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{log}");
    let text = std::fs::read_to_string(out).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = lines.len();
    let by_key: BTreeMap<String, Value> = lines.into_iter().map(|record| (key(&record), record)).collect();
    assert_eq!(by_key.len(), count, "each once");
    (by_key, log)
}

fn start(home: &Home) -> Live {
    let folder = home.folder.path().join("rec");
    home.start_with(&["--record", folder.to_str().unwrap()])
}

#[test]
fn a_recording_says_what_run_said_through_kills_and_reloads() {
    let broker = Broker::connect();
    let (topic, alerts) = (broker.topic("taped", 2), broker.topic("taped-alerts", 1));
    let more = format!("alerts_topic = {alerts:?}\n{PROMISES}\n[record]\nsize = \"100MiB\"\nfile_size = \"32KiB\"\n");
    let home = Home::new(&broker.address, &[&topic], &more);
    let length = stream()[0].len();
    let mut live = start(&home);
    for part in 0..4 {
        write(&broker, &topic, APART, length * part / 4..length * (part + 1) / 4);
        let read = (2 * length * (part + 1) / 4) as u64;
        live.until("a part is read", PATIENCE, |status| status["records"][&topic] == read && status["lag"] == 0);
        match part {
            // Killed a moment after: some of the tail may be written, some not.
            0 | 2 => {
                live.kill();
                live = start(&home);
            }
            1 => {
                // Another threshold from here on, for what was learned before.
                let path = home.folder.path().join("forewarn.toml");
                let text = std::fs::read_to_string(&path).unwrap().replace("above  = 0.95", "above  = 0.9");
                std::fs::write(&path, text).unwrap();
                live.signal("HUP");
                let end = std::time::Instant::now() + PATIENCE;
                while !live.log().contains("the new configuration holds") {
                    assert!(std::time::Instant::now() < end, "{}", live.log());
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
            _ => {}
        }
    }
    std::thread::sleep(Duration::from_secs(2));
    live.until("all is written", PATIENCE, |status| status["topic_pending"] == 0 && status["lag"] == 0);
    assert!(live.get("/metrics").to_string().contains("forewarn_recorded_records_total"));
    assert!(live.stop().1);

    let told = told(&broker, &alerts);
    assert!(3 <= told.len(), "the stream gives decisions: {told:#?}");
    let (replayed, log) = replayed(&home);
    assert_eq!(replayed, told, "{log}");
    assert!(log.contains(&format!("{} records", 2 * length)), "{log}");
    assert!(log.contains("is torn") || log.contains("records of"), "{log}");
}
