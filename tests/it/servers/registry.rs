//! Messages that need a schema, from Confluent's own serializers by a real Schema Registry.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::broker::Broker;
use super::live::{Home, Live, free_port};
use super::setting;

const PATIENCE: Duration = Duration::from_secs(60);
const KINDS: [&str; 4] = ["avro", "proto", "json", "log"];

/// Topics, and the stream of each kind in its own.
struct Registered {
    broker: Broker,
    prefix: String,
}

impl Registered {
    fn new(name: &str) -> Registered {
        let broker = Broker::connect();
        let prefix = broker.topic(name, 1);
        KINDS.iter().for_each(|kind| broker.make(&format!("{prefix}.{kind}"), 1));
        Registered { broker, prefix }
    }

    fn send(&self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/registered.py");
        let mut python = Command::new(setting("FOREWARN_TEST_PYTHON"));
        python.arg(script).args([&setting("FOREWARN_TEST_REGISTRY"), &self.broker.address, &self.prefix]);
        let sent = python.output().expect("python starts");
        assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    }

    fn home(&self, registry: &str) -> Home {
        let more = format!("[time]\nlateness = \"1s\"\n[kafka.schema_registry]\nurl = {registry:?}");
        Home::new(&self.broker.address, &[&format!("^{}[.].*", self.prefix)], &more)
    }

    /// Whether so many records of each kind were read.
    fn has_read(&self, status: &Value, records: u64) -> bool {
        KINDS.iter().all(|kind| status["records"][&format!("{}.{kind}", self.prefix)] == records)
    }
}

/// Waits until these signals are watched.
fn signals(live: &Live, wanted: &[&str]) {
    let deadline = Instant::now() + 2 * PATIENCE;
    loop {
        let listed = live.get("/api/v1/signals");
        let listed: Vec<&str> =
            listed["signals"].as_array().into_iter().flatten().filter_map(|one| one["signal"].as_str()).collect();
        if wanted.iter().all(|wanted| listed.contains(wanted)) {
            return;
        }
        assert!(Instant::now() < deadline, "{wanted:?} are not all among {listed:#?}");
        std::thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn avro_protobuf_and_json_schema_are_read_and_what_was_learned_outlives_the_registry() {
    let stream = Registered::new("schemas");
    stream.send();
    let home = stream.home(&setting("FOREWARN_TEST_REGISTRY"));
    let recording = home.folder.path().join("rec");
    let mut live = home.start_with(&["--record", recording.to_str().unwrap()]);
    let status = live.until("all is read", PATIENCE, |status| stream.has_read(status, 40));
    assert_eq!(status["rejects"], json!({}), "{status:#}");
    let wanted = ["avro_depth{queue=\"mail\"}", "proto_depth{queue=\"mail\"}", "json_depth{queue=\"mail\"}"];
    signals(&live, &[&wanted[..], &["log_lines_rate{level=\"error\",service=\"payments\"}"]].concat());

    // A schema that the registry does not have: a dead letter that says so, and the stream goes on.
    let topic = format!("{}.avro", stream.prefix);
    stream.broker.send(&topic, 0, b"\0\0\x0F\x42\x3F\x02a");
    stream.broker.flush();
    live.until("it is a reject", PATIENCE, |status| status["rejects"]["schema_registry"] == 1);
    assert!(live.stop().1);
    let letters = std::fs::read_to_string(home.state().join("dead-letters.jsonl")).expect("dead letters");
    assert!(letters.contains("schema 999999: the registry has none"), "{letters}");

    // The registry goes; what it said is kept.
    let path = home.folder.path().join("forewarn.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let nowhere = format!("http://127.0.0.1:{}", free_port());
    std::fs::write(&path, text.replace(&setting("FOREWARN_TEST_REGISTRY"), &nowhere)).unwrap();
    stream.send();
    let mut live = home.start();
    let status =
        live.until("more is read", PATIENCE, |status| stream.has_read(&status_without_reject(status, &topic), 80));
    assert_eq!(status["rejects"], json!({"schema_registry": 1}), "{status:#}");
    drop(live);

    // A replay of the recording needs no registry at all.
    let report = home.folder.path().join("report.json");
    let mut replay = Command::new(env!("CARGO_BIN_EXE_forewarn"));
    let ended = replay.arg("replay").arg(&recording).arg("--report").arg(&report).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!((&report["records"], &report["rejected"]), (&json!(161), &json!({"schema_registry": 1})), "{report:#}");
}

/// The status with the one rejected record of a topic taken out of its count.
fn status_without_reject(status: &Value, topic: &str) -> Value {
    let mut status = status.clone();
    let records = status["records"][topic].as_u64().unwrap_or(0);
    status["records"][topic] = json!(records.saturating_sub(1));
    status
}

#[test]
fn a_registry_that_is_away_is_named_and_waited_for_and_holds_up_nothing_else() {
    let stream = Registered::new("schemas-late");
    stream.send();
    let port = free_port();
    let real = setting("FOREWARN_TEST_REGISTRY");
    let address = real.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    let home = stream.home(&real.replace(&address, &format!("127.0.0.1:{port}")));
    let mut live = home.start();
    let of = |kind: &str| format!("{}.{kind}", stream.prefix);
    let status = live.until("it is missed", PATIENCE, |status| {
        status["records"][of("json")] == 40 && status["troubles"].to_string().contains("schema registry")
    });
    assert!(status["records"][of("avro")].is_null() && status["records"][of("proto")].is_null(), "{status:#}");
    let troubles = status["troubles"].to_string();
    assert!(troubles.contains("127.0.0.1") && troubles.contains("`url` of [kafka.schema_registry]"), "{troubles}");
    assert_eq!(status["rejects"], json!({}), "{status:#}");

    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    std::thread::spawn(move || listener.incoming().flatten().for_each(|from| forward(from, &address)));
    let status = live.until("all is read", PATIENCE, |status| stream.has_read(status, 40));
    assert_eq!(status["rejects"], json!({}), "{status:#}");
    assert!(!status["troubles"].to_string().contains("schema registry"), "{status:#}");
}

/// Carries a connection on to another address.
fn forward(from: TcpStream, address: &str) {
    let Ok(to) = TcpStream::connect(address) else { return };
    let (Ok(mut back), Ok(mut there)) = (from.try_clone(), to.try_clone()) else { return };
    let (mut from, mut to) = (from, to);
    std::thread::spawn(move || std::io::copy(&mut from, &mut there));
    std::thread::spawn(move || std::io::copy(&mut to, &mut back));
}
