//! Line protocol as InfluxDB's own client writes it, brought by a Kafka client that is not ours.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use forewarn::ingest::decode::Decoder;
use forewarn::plan::Bounds;
use forewarn::signal::{Change, Fingerprint, Line, Reading, Reject, Signal, Sink};
use forewarn::time::Timestamp;
use serde_json::{Value, json};

use super::broker::Broker;
use super::live::Home;
use super::setting;

const PATIENCE: Duration = Duration::from_secs(40);

/// A point, and the signals and values that it must give.
struct Case {
    measurement: &'static str,
    tags: &'static [(&'static str, &'static str)],
    fields: Value,
    gives: &'static [(&'static str, f64)],
}

/// What a person may write into names: the characters that the protocol separates by, quotes, and other alphabets.
fn cases() -> Vec<Case> {
    vec![
        Case {
            measurement: "cpu",
            tags: &[("host", "web-1")],
            fields: json!({ "load": 0.5, "cores": 8, "ok": true, "note": "said \"hi, there\" = \\ fine" }),
            gives: &[
                ("cpu_cores{host=\"web-1\"}", 8.0),
                ("cpu_load{host=\"web-1\"}", 0.5),
                ("cpu_ok{host=\"web-1\"}", 1.0),
            ],
        },
        Case {
            measurement: "my disk,all",
            tags: &[("data center", "eu west,1=a"), ("path", "/var/lib")],
            fields: json!({ "used ratio": 0.25 }),
            gives: &[("{\"my disk,all_used ratio\", \"data center\"=\"eu west,1=a\", path=\"/var/lib\"}", 0.25)],
        },
        Case {
            measurement: "größe",
            tags: &[("service", "büro \"nord\"")],
            fields: json!({ "a=b,c": -1.5e-7 }),
            gives: &[("{\"größe_a=b,c\", service=\"büro \\\"nord\\\"\"}", -1.5e-7)],
        },
    ]
}

/// What was read of the messages.
#[derive(Default)]
struct Seen {
    values: Vec<(String, f64, Timestamp)>,
    rejects: Vec<Reject>,
}

impl Sink for Seen {
    fn sample(&mut self, _: Fingerprint, identity: impl FnOnce() -> Signal, at: Timestamp, reading: Reading) {
        let Reading::Gauge(value) = reading else { panic!("{reading:?}") };
        self.values.push((identity().to_string(), value, at));
    }
    fn line(&mut self, line: Line<'_>) {
        panic!("{line:?}");
    }
    fn change(&mut self, change: Change) {
        panic!("{change:?}");
    }
    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

fn write_points(broker: &Broker, topic: &str, points: &Value) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/influx.py");
    let mut writer = Command::new(setting("FOREWARN_TEST_PYTHON"))
        .arg(script)
        .args([&broker.address, topic])
        .stdin(Stdio::piped())
        .spawn()
        .expect("python starts");
    writer.stdin.take().unwrap().write_all(points.to_string().as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success(), "the points were not written");
}

#[test]
fn what_an_independent_client_writes_arrives_with_its_names_and_values() {
    let broker = Broker::connect();
    let topic = broker.topic("influx", 1);
    let start = (jiff::Timestamp::now().as_second() - 120) * 1_000_000_000 + 123_456_789;
    let mut points = Vec::new();
    for second in 0..60i64 {
        points.extend(cases().iter().map(|case| {
            let tags: Value = case.tags.iter().map(|&(key, value)| (key.to_owned(), json!(value))).collect();
            let time = start + second * 1_000_000_000;
            json!({ "measurement": case.measurement, "tags": tags, "fields": case.fields, "time": time })
        }));
    }
    write_points(&broker, &topic, &json!(points));

    let mut seen = Seen::default();
    let mut decoder = Decoder::new();
    let rows = broker.read(&topic, PATIENCE, |rows| rows.len() == points.len());
    for row in &rows[..cases().len()] {
        decoder.decode(&topic, &row.payload, None, &Bounds::default(), &mut seen);
    }
    assert!(seen.rejects.is_empty(), "{:?}", seen.rejects);
    let mut wanted: Vec<(String, f64, Timestamp)> = Vec::new();
    for case in cases() {
        wanted.extend(
            case.gives.iter().map(|&(name, value)| (name.replace(", ", ","), value, Timestamp::from_nanos(start))),
        );
    }
    seen.values.sort_by(|a, b| a.0.cmp(&b.0));
    wanted.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(seen.values, wanted);

    let home = Home::new(&broker.address, &[&topic], "[time]\nlateness = \"1s\"");
    let mut live = home.start();
    let all = points.len() as u64;
    let status = live.until("all is judged", PATIENCE, |status| {
        status["records"][&topic] == all && status["signals"] == wanted.len() && status["waiting"] == 0
    });
    assert_eq!((&status["rejects"], &status["late"]), (&json!({}), &json!(0)), "{status:#}");
    let listed = live.get("/api/v1/signals");
    let mut names: Vec<&str> =
        listed["signals"].as_array().unwrap().iter().filter_map(|listed| listed["signal"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, wanted.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>());
}
