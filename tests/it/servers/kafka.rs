//! Records in through a real broker.

use std::time::Duration;

use serde_json::Value;

use super::broker::Broker;
use super::live::Home;

const PATIENCE: Duration = Duration::from_secs(40);

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// An Influx line of one gauge.
fn line(host: usize, secs: i64, value: f64) -> String {
    format!("cpu,host=h{host} load={value} {}", secs * 1_000_000_000)
}

fn count(status: &Value, topic: &str) -> u64 {
    status["records"][topic].as_u64().unwrap_or(0)
}

fn all_read<'a>(topic: &'a str, records: u64) -> impl Fn(&Value) -> bool + 'a {
    move |status| count(status, topic) == records && status["lag"] == 0
}

fn watermark(status: &Value) -> i64 {
    let text = status["watermark"].as_str().unwrap_or("1970-01-01T00:00:00Z");
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}

#[test]
fn reads_shows_and_ends_cleanly_and_goes_on_where_it_was() {
    let broker = Broker::connect();
    let topic = broker.topic("plain", 3);
    let home = Home::new(&broker.address, &[&topic], "");
    let start = now() - 60;
    for n in 0..300 {
        broker.send(&topic, n % 3, line(n as usize % 3, start + i64::from(n) / 5, 1.0).as_bytes());
    }
    broker.flush();
    let mut live = home.start();
    let status = live.until("300 records", PATIENCE, all_read(&topic, 300));
    assert_eq!((status["ready"].as_bool(), status["shadow"].as_bool()), (Some(true), Some(true)), "{status:#}");
    assert_eq!(status["signals"], 3);
    assert_eq!(live.ask("GET", "/readyz", "").unwrap().0, 200);
    let metrics = live.get("/metrics").to_string();
    assert!(metrics.contains(&format!("forewarn_records_total{{topic=\\\"{topic}\\\"}} 300")), "{metrics}");
    let signals = live.get("/api/v1/signals?match=cpu_load%7Bhost%3D%22h1%22%7D");
    assert_eq!(signals["signals"][0]["signal"], "cpu_load{host=\"h1\"}", "{signals}");
    assert_eq!(signals["signals"][0]["bounds"], serde_json::json!([]), "no bound is set");
    // The clock goes on without data: the stream is at its head.
    let before = watermark(&live.get("/api/v1/status"));
    live.until("the clock goes on", PATIENCE, |status| before < watermark(status) || now() - 31 < watermark(status));

    let (took, well) = live.stop();
    assert!(well && took < Duration::from_secs(10), "{took:?}");
    for n in 0..30 {
        broker.send(&topic, n % 3, line(n as usize % 3, now(), 1.0).as_bytes());
    }
    broker.flush();
    damage_newest_checkpoint(&home);
    let mut live = home.start();
    let status = live.until("330 records", PATIENCE, all_read(&topic, 330));
    let said = status["troubles"][0].as_str().unwrap_or_default();
    assert!(said.contains("checkpoint-") && said.contains("is used instead"), "{status:#}");
}

fn damage_newest_checkpoint(home: &Home) {
    let files = std::fs::read_dir(home.state()).unwrap().map(|file| file.unwrap().path());
    let newest = files.filter(|path| path.to_string_lossy().contains("checkpoint-")).max().unwrap();
    let mut bytes = std::fs::read(&newest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(newest, bytes).unwrap();
}

#[test]
fn a_broker_that_is_away_is_waited_for() {
    let home = Home::new("127.0.0.1:1", &["metrics"], "");
    let mut live = home.start();
    let status = live.until("waits", PATIENCE, |status| {
        status["why"].as_str().is_some_and(|said| said.contains("nobody listens there: check host and port"))
    });
    assert_eq!(status["ready"], false);
    assert_eq!(live.ask("GET", "/healthz", "").unwrap().0, 200);
    let (took, well) = live.stop();
    assert!(well && took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn killed_at_any_moment_it_counts_every_record_once() {
    let broker = Broker::connect();
    let topic = broker.topic("killed", 2);
    let home = Home::new(&broker.address, &[&topic], "");
    let start = now() - 7200;
    let mut seed = 7u64;
    let mut sent = 0;
    let mut live = home.start();
    for _ in 0..20 {
        for _ in 0..200 {
            broker.send(&topic, (sent % 2) as i32, line(sent as usize % 8, start + sent / 2, sent as f64).as_bytes());
            sent += 1;
        }
        broker.flush();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis(200 + (seed >> 33) % 1500));
        live.kill();
        live = home.start();
    }
    let status = live.until("all", PATIENCE, all_read(&topic, sent as u64));
    assert_eq!(status["late"], 0, "{status:#}");
    assert_eq!(status["lost"], 0);
    assert_eq!(status["troubles"], serde_json::json!([]));
}

#[test]
fn poison_goes_to_the_dead_letters_with_place_and_reason() {
    let broker = Broker::connect();
    let (topic, dead) = (broker.topic("poison", 1), broker.topic("dead", 1));
    let home = Home::new(&broker.address, &[&topic], &format!("dead_letters = {dead:?}"));
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let poison: [(&[u8], &str); 5] = [
        (b"\xff\xfe\xfd not text", ""),
        (b"\0\0\0\0\x07schema", "schema_registry"),
        (deep.as_bytes(), ""),
        (b"cpu,host=a load=NaN 1790000000000000000", ""),
        (b"{\"never\": \"ended\"", ""),
    ];
    broker.send(&topic, 0, line(0, now(), 1.0).as_bytes());
    for (payload, _) in &poison {
        broker.send(&topic, 0, payload);
    }
    broker.send(&topic, 0, line(0, now() + 1, 2.0).as_bytes());
    broker.flush();
    let mut live = home.start();
    let status = live.until("all", PATIENCE, all_read(&topic, 7));
    assert_eq!(status["signals"], 1, "{status:#}");
    let rows = broker.read(&dead, PATIENCE, |rows| rows.len() == 5);
    assert_eq!(rows.len(), 5, "{rows:?}");
    for (n, (row, (payload, reason))) in rows.iter().zip(poison).enumerate() {
        assert_eq!(row.payload, payload);
        let place = (row.header("topic"), row.header("partition"), row.header("offset"));
        assert_eq!(place, (topic.as_str(), "0", (n + 1).to_string().as_str()));
        assert!(row.header("reason").starts_with(reason) && !row.header("reason").is_empty(), "{row:?}");
    }
}

#[test]
fn an_empty_partition_and_a_sparse_topic_hold_nothing_up() {
    let broker = Broker::connect();
    let (busy, sparse) = (broker.topic("busy", 4), broker.topic("sparse", 1));
    let home = Home::new(&broker.address, &[&busy, &sparse], "");
    let start = now() - 100;
    broker.send(&sparse, 0, line(9, start - 80_000, 1.0).as_bytes());
    for n in 0..100 {
        broker.send(&busy, 0, line(0, start + n, 1.0).as_bytes());
    }
    broker.flush();
    let mut live = home.start();
    let status = live.until("the clock is at the head", PATIENCE, |status| now() - 40 < watermark(status));
    assert_eq!(status["blind_spots"], serde_json::json!([]), "{status:#}");
    // A record older than the watermark but not late in its own partition is taken, and again after a kill.
    broker.send(&sparse, 0, line(9, start - 70_000, 2.0).as_bytes());
    broker.flush();
    live.until("it is read", PATIENCE, all_read(&sparse, 2));
    live.kill();
    let mut live = home.start();
    let status = live.until("again", PATIENCE, |status| count(status, &sparse) == 2 && count(status, &busy) == 100);
    assert_eq!(status["late"], 0, "{status:#}");
}

#[test]
fn a_second_member_is_named_and_neither_judges_what_is_not_whole() {
    let broker = Broker::connect();
    let topic = broker.topic("shared", 4);
    let first = Home::new(&broker.address, &[&topic], "");
    let mut one = first.start();
    one.until("ready", PATIENCE, |status| status["ready"] == true);
    let text = std::fs::read_to_string(first.folder.path().join("forewarn.toml")).unwrap();
    let group = text.lines().find(|line| line.starts_with("group")).unwrap().to_owned();
    let second = Home::new(&broker.address, &[&topic], "");
    let path = second.folder.path().join("forewarn.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let old = text.lines().find(|line| line.starts_with("group")).unwrap().to_owned();
    std::fs::write(&path, text.replace(&old, &group)).unwrap();
    let mut two = second.start();
    for live in [&mut one, &mut two] {
        let status = live.until("not ready", PATIENCE, |status| {
            status["why"].as_str().is_some_and(|why| why.contains("another member of the group: forewarn-"))
        });
        assert_eq!(status["ready"], false);
        assert_eq!(live.ask("GET", "/readyz", "").unwrap().0, 503);
    }
    let (took, well) = two.stop();
    assert!(well && took < Duration::from_secs(10), "{took:?}");
    one.until("ready again", PATIENCE, |status| status["ready"] == true);
}

#[test]
fn a_missing_topic_and_a_pattern_are_waited_for() {
    let broker = Broker::connect();
    let name = format!("later-{}", std::process::id());
    let home =
        Home::new(&broker.address, &[&name, &format!("^{name}\\..*")], &format!("alerts_topic = \"{name}.alerts\""));
    let mut live = home.start();
    live.until("waits", PATIENCE, |status| status["why"].as_str().is_some_and(|why| why.contains(&name)));
    broker.make(&name, 1);
    broker.make(&format!("{name}.more"), 1);
    broker.send(&name, 0, line(0, now(), 1.0).as_bytes());
    broker.send(&format!("{name}.more"), 0, line(1, now(), 1.0).as_bytes());
    broker.flush();
    let more = format!("{name}.more");
    let status = live.until("both are read", PATIENCE, |s| count(s, &name) == 1 && count(s, &more) == 1);
    assert_eq!(status["records"].as_object().unwrap().len(), 2, "its own topic is not read: {status:#}");
}

#[test]
fn a_posted_change_is_durable_before_it_is_accepted() {
    let broker = Broker::connect();
    let topic = broker.topic("posted", 1);
    let home = Home::new(&broker.address, &[&topic], "");
    broker.send(&topic, 0, line(0, now(), 1.0).as_bytes());
    broker.flush();
    let mut live = home.start();
    live.until("read", PATIENCE, all_read(&topic, 1));
    let change = serde_json::json!({
        "specversion": "1.0", "id": "deploy/42", "source": "ci", "type": "dev.cdevents.service.deployed.0.2.0",
        "time": jiff::Timestamp::now().to_string(),
        "data": { "context": { "version": "0.4.1" },
                  "subject": { "id": "checkout", "content": { "artifactId": "pkg:oci/checkout@v42" } } },
    });
    let journal = || {
        std::fs::read_dir(home.state())
            .unwrap()
            .map(|f| f.unwrap().path())
            .filter(|path| {
                path.to_string_lossy().contains("journal-")
                    && String::from_utf8_lossy(&std::fs::read(path).unwrap()).contains("deploy/42")
            })
            .count()
    };
    assert_eq!(journal(), 0);
    let (code, said) = live.ask("POST", "/api/v1/changes", &change.to_string()).unwrap();
    assert_eq!((code, &said["accepted"][0]), (202, &Value::from("deploy/42")), "{said}");
    assert_eq!(journal(), 1, "202 was said and the change is not in the journal");
    for wrong in ["", "cpu load=1", "{\"specversion\":\"1.0\",\"id\":\"x\",\"type\":\"com.example\"}"] {
        let (code, said) = live.ask("POST", "/api/v1/changes", wrong).unwrap();
        assert!(code == 400 && said["error"].as_str().is_some_and(|error| 5 < error.len()), "{code} {said}");
    }
    let silence = r#"{"selector": "cpu_load{host=\"h0\"}", "for": "1h", "by": "me"}"#;
    let (code, made) = live.ask("POST", "/api/v1/silences", silence).unwrap();
    assert_eq!(code, 201, "{made}");
    live.kill();
    let mut live = home.start();
    live.until("ready", PATIENCE, |status| status["ready"] == true);
    let silences = live.get("/api/v1/silences");
    assert_eq!(silences["silences"][0]["by"], "me", "{silences}");
    let id = silences["silences"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(live.ask("DELETE", &format!("/api/v1/silences/{id}"), "").unwrap().0, 204);
    assert_eq!(live.ask("DELETE", &format!("/api/v1/silences/{id}"), "").unwrap().0, 404);
    assert_eq!(live.ask("POST", "/api/v1/alerts/none/ack", "").unwrap().0, 404);
}
