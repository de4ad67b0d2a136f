//! Where the clock goes on without data, and where it does not.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::broker::Broker;
use super::live::{Home, Live};
use super::noise;

const PATIENCE: Duration = Duration::from_secs(60);

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn line(field: &str, secs: i64, value: f64) -> String {
    format!("app,service=shop {field}={value} {}", secs * 1_000_000_000)
}

fn alerts(live: &Live) -> Vec<Value> {
    live.get("/api/v1/alerts")["alerts"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_backlog_of_a_week_is_read_at_full_speed_and_never_moved_by_the_wall_clock() {
    let broker = Broker::connect();
    let topic = broker.topic("week", 2);
    let (minutes, newest) = (7 * 1440, now() - 3600);
    let mut state = 1;
    for minute in 0..minutes {
        let at = newest - (minutes - 1 - minute) * 60;
        broker.send(&topic, 0, line("load", at, noise(&mut state)).as_bytes());
        broker.send(&topic, 1, line("heartbeat", at, 1.0).as_bytes());
    }
    broker.flush();
    let home = Home::new(&broker.address, &[&topic], "");
    let began = Instant::now();
    let mut live = home.start();
    let status = live.until("the week", PATIENCE, |status| {
        status["records"][&topic] == 2 * minutes && status["lag"] == 0 && status["waiting"] == 2
    });
    println!("a backlog of a week, {} records: {:.1} s", 2 * minutes, began.elapsed().as_secs_f64());
    let end = jiff::Timestamp::from_second(newest - 30).unwrap().to_string();
    assert_eq!(
        (&status["watermark"], &status["at_head"]),
        (&Value::from(end.clone()), &Value::from(false)),
        "{status:#}"
    );
    // Long enough for a hundred looks at the clock; a heartbeat of an hour ago would be missed.
    std::thread::sleep(Duration::from_secs(5));
    let status = live.get("/api/v1/status");
    assert_eq!((&status["watermark"], &status["late"]), (&Value::from(end), &Value::from(0)), "{status:#}");
    assert!(alerts(&live).iter().all(|alert| alert["kind"] != "absence"), "{:#?}", alerts(&live));
}

/// Whoever fills a topic with old records reaches its partitions in turns: none of them is dead for that.
#[test]
fn an_old_stream_is_written_while_it_is_read_and_nobody_is_called_silent() {
    const PARTITIONS: i64 = 3;
    let broker = Broker::connect();
    let topic = broker.topic("filled", PARTITIONS as i32);
    let home = Home::new(&broker.address, &[&topic], "");
    let mut live = home.start();
    live.until("ready", PATIENCE, |status| status["ready"] == true);
    let (hours, newest) = (30, now() - 7200);
    let mut state = 3;
    for hour in 0..hours {
        for partition in 0..PARTITIONS {
            for minute in 0..60 {
                let at = newest - (hours - hour) * 3600 + minute * 60;
                let line = format!("app,service=shop-{partition} load={} {at}000000000", noise(&mut state));
                broker.send(&topic, partition as i32, line.as_bytes());
            }
            broker.flush();
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    let all = hours * PARTITIONS * 60;
    live.until("all is judged", PATIENCE, |status| {
        status["records"][&topic] == all && status["waiting"] == PARTITIONS && status["lag"] == 0
    });
    assert_eq!((alerts(&live), live.get("/api/v1/status")["late"].clone()), (Vec::new(), Value::from(0)));
}

/// Two hours of a service that speaks each second, up to now.
fn two_hours(broker: &Broker, topic: &str) {
    let (end, mut state) = (now(), 2);
    for at in end - 7200..end {
        broker.send(topic, 0, line("heartbeat", at, 1.0).as_bytes());
        broker.send(topic, 1, line("load", at, noise(&mut state)).as_bytes());
    }
    broker.flush();
}

/// The absence alerts by id, with what is said of them.
fn absences(live: &Live) -> BTreeMap<String, String> {
    let silent = |alert: &&Value| alert["kind"] == "absence";
    let told = |alert: &Value| (alert["id"].as_str().unwrap().to_owned(), alert.to_string());
    alerts(live).iter().filter(silent).map(told).collect()
}

#[test]
fn a_total_outage_at_the_head_is_noticed_by_the_journalled_clock() {
    let broker = Broker::connect();
    let topic = broker.topic("outage", 2);
    let home = Home::new(&broker.address, &[&topic], "[time]\nlateness = \"1s\"");
    // Everything after the first moment must come out of the partitions and the journal again.
    home.checkpoint_every("1h");
    let mut live = home.start();
    live.until("ready", PATIENCE, |status| status["ready"] == true);
    two_hours(&broker, &topic);
    let fell_silent = now();
    live.until("read", PATIENCE, |status| status["records"][&topic] == 14_400);
    live.until("the absence is noticed", PATIENCE, |status| 0 < status["firing"].as_u64().unwrap_or(0));
    println!("a service silent at one point a second is missed after {} s", now() - fell_silent);
    std::thread::sleep(Duration::from_secs(2));
    let told = absences(&live);
    assert!(!told.is_empty(), "{:#?}", alerts(&live));
    let status = live.get("/api/v1/status");
    assert_eq!((&status["at_head"], &status["late"]), (&Value::from(true), &Value::from(0)), "{status:#}");
    live.kill();

    // Without its memory of what was said, it says the same again.
    for entry in std::fs::read_dir(home.state()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|extension| extension == "jsonl") {
            std::fs::remove_file(entry).unwrap();
        }
    }
    let mut live = home.start();
    live.until("the journal is played", PATIENCE, |status| {
        status["ready"] == true && status["records"][&topic] == 14_400 && status["replaying"] == 0
    });
    let again = absences(&live);
    for (id, record) in &told {
        assert_eq!(again.get(id), Some(record), "not said again as it was");
    }
}
