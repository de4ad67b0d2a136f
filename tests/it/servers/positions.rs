//! Where reading begins, and what happens where the broker no longer has what comes next.

use std::time::Duration;

use super::broker::Broker;
use super::live::Home;

const PATIENCE: Duration = Duration::from_secs(40);
const HOUR: i64 = 3_600_000;

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Writes a gauge whose event time is its record's time.
fn send(broker: &Broker, topic: &str, millis: i64) {
    let line = format!("cpu,host=a load=1 {}", millis * 1_000_000);
    broker.send_at(topic, 0, line.as_bytes(), Some(millis));
}

#[test]
fn the_very_first_start_begins_where_it_was_told() {
    let broker = Broker::connect();
    let now = now();
    let instant = |ago: i64| jiff::Timestamp::from_millisecond(now - ago).unwrap().to_string();
    // Ten records three hours ago, five an hour ago, two now: how many are read of them.
    let cases = [
        ("earliest".to_owned(), 17),
        ("latest".to_owned(), 0),
        ("2h".to_owned(), 7),
        (instant(3 * HOUR / 2), 7),
        (instant(HOUR / 2), 2),
        (instant(0), 2),
        (instant(-HOUR), 0),
    ];
    for (n, (from, read)) in cases.into_iter().enumerate() {
        let topic = broker.topic(&format!("from-{n}"), 1);
        for (ago, count) in [(3 * HOUR, 10), (HOUR, 5), (0, 2)] {
            (0..count).for_each(|second| send(&broker, &topic, now - ago + second * 1000));
        }
        broker.flush();
        let home = Home::new(&broker.address, &[&topic], &format!("from = {from:?}"));
        let mut live = home.start();
        live.until(&from, PATIENCE, |status| status["ready"] == true);
        let one_more = |second: i64| {
            send(&broker, &topic, now + second * 1000);
            broker.flush();
        };
        one_more(3);
        let all_of = |count: u64| {
            let topic = topic.clone();
            move |status: &serde_json::Value| status["records"][&topic] == count && status["lag"] == 0
        };
        live.until(&from, PATIENCE, all_of(read + 1));
        // Only the very first start: later it goes on where it was, whatever `from` says.
        assert!(live.stop().1);
        one_more(4);
        home.start().until(&from, PATIENCE, all_of(read + 2));
    }
}

#[test]
fn records_gone_from_the_broker_are_named_and_counted() {
    let broker = Broker::connect();
    let topic = broker.topic("gone", 1);
    let home = Home::new(&broker.address, &[&topic], "");
    let start = now() - 100_000;
    let send = |records: std::ops::Range<i64>| {
        records.for_each(|n| send(&broker, &topic, start + n * 1000));
        broker.flush();
    };
    send(0..10);
    let mut live = home.start();
    live.until("ten", PATIENCE, |status| status["records"][&topic] == 10);
    assert!(live.stop().1);
    send(10..30);
    broker.delete_before(&topic, 0, 25);

    let mut live = home.start();
    let status = live.until("the rest", PATIENCE, |status| status["records"][&topic] == 15 && status["lag"] == 0);
    assert_eq!(status["lost"], 15, "{status:#}");
    let troubles = status["troubles"].to_string();
    let said = format!("{topic}[0]: 15 records from offset 10 are gone from the broker");
    assert!(troubles.contains(&said) && troubles.contains("going on at 25"), "{troubles}");
    assert!(live.get("/metrics").to_string().contains("forewarn_lost_total 15"));
    assert!(live.log().contains(&said), "{}", live.log());
    // It is told once: the next start has nothing to lose.
    assert!(live.stop().1);
    let mut live = home.start();
    let status = live.until("again", PATIENCE, |status| status["ready"] == true);
    assert_eq!((&status["lost"], &status["troubles"]), (&15.into(), &serde_json::json!([])), "{status:#}");
}
