//! Another configuration while it runs: taken as a whole, or not at all, at a moment that is kept.

use std::time::{Duration, Instant};

use super::broker::Broker;
use super::hook::Hook;
use super::live::{Home, Live};

const PATIENCE: Duration = Duration::from_secs(40);

fn until_log(live: &Live, words: &str) {
    let end = Instant::now() + PATIENCE;
    while !live.log().contains(words) {
        assert!(Instant::now() < end, "{words}: not within {PATIENCE:?}\n{}", live.log());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A gauge once a second for the last minutes, at a level.
fn feed(broker: &Broker, topic: &str, from: i64, seconds: i64, level: f64) {
    for n in 0..seconds {
        let millis = from + n * 1000;
        let noise = (n * 7919 % 101) as f64 / 101.0;
        broker.send_at(
            topic,
            0,
            format!("pool,service=a depth={} {}", level + noise, millis * 1_000_000).as_bytes(),
            Some(millis),
        );
    }
    broker.flush();
}

#[test]
fn a_new_threshold_holds_from_a_moment_on_and_a_wrong_one_never() {
    let broker = Broker::connect();
    let topic = broker.topic("reload", 1);
    let hook = Hook::open();
    let limit = "[[objective]]\nsignal = \"pool_depth\"\nabove = 900\nfor = \"10s\"\n";
    let home = Home::new(&broker.address, &[&topic], &format!("[time]\nlateness = \"1s\"\n{limit}"));
    let path = home.folder.path().join("forewarn.toml");
    let now = jiff::Timestamp::now().as_millisecond();
    feed(&broker, &topic, now - 600_000, 600, 50.0);
    let mut live = home.start();
    live.until("it reads", PATIENCE, |status| status["records"][&topic] == 600 && status["at_head"] == true);

    // Wrong: the old one holds, and it is said why, with the place.
    let good = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, good.replace("above = 900", "above = \"many\"")).unwrap();
    live.signal("HUP");
    until_log(&live, "the new configuration is wrong, the old one holds");
    let status =
        live.until("it is shown", PATIENCE, |status| status["troubles"].to_string().contains("the old one holds"));
    let troubles = status["troubles"].to_string();
    assert!(
        troubles.contains("`above` must be a number, got a text") && troubles.contains("forewarn.toml:"),
        "{troubles}"
    );
    assert!(live.get("/metrics").to_string().contains("forewarn_config_last_reload_successful 0"));

    // Right, by the file alone: nobody sends a signal. What was learned is kept, and a receiver is new.
    std::fs::write(&path, good.replace("above = 900", "above = 20") + &hook.receiver()).unwrap();
    until_log(&live, "the file changed");
    until_log(&live, "the new configuration holds");
    live.until("it is well again", PATIENCE, |status| status["troubles"] == serde_json::json!([]));
    assert!(live.get("/metrics").to_string().contains("forewarn_config_last_reload_successful 1"));
    let signals = live.get("/api/v1/signals");
    assert!(signals.to_string().contains("pool_depth"), "{signals}");
    let began = Instant::now();
    let mut at = jiff::Timestamp::now().as_millisecond();
    while hook.messages().is_empty() {
        assert!(
            began.elapsed() < PATIENCE,
            "the new threshold is passed, and the new receiver hears of it\n{}",
            live.log()
        );
        feed(&broker, &topic, at, 1, 50.0);
        at += 1000;
        std::thread::sleep(Duration::from_secs(1));
    }

    // What cannot be changed while it runs is named.
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("interval = \"2s\"", "interval = \"3s\"")).unwrap();
    live.signal("HUP");
    until_log(&live, "only the next start takes over what changed of [state]");
    assert!(live.stop().1);
}
