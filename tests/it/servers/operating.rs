//! What goes wrong around the process: each has a clear message, and the right exit code or the right patience.

use serde_json::Value;
use std::net::TcpListener;
use std::time::Duration;

use super::broker::Broker;
use super::live::Home;

const PATIENCE: Duration = Duration::from_secs(40);

#[test]
fn a_port_that_is_taken_is_named() {
    let broker = Broker::connect();
    let home = Home::new(&broker.address, &["none"], "");
    let _taken = TcpListener::bind(("127.0.0.1", home.port)).unwrap();
    let (code, log) = home.fails(&[]);
    assert_eq!(code, 1, "{log}");
    assert!(log.contains(&format!("127.0.0.1:{}", home.port)) && log.to_lowercase().contains("in use"), "{log}");
}

#[test]
fn a_state_that_cannot_be_written_is_named() {
    let broker = Broker::connect();
    // A file where the folder should be, and a file system that nobody can write.
    for (directory, words) in [("plain/state", "Not a directory"), ("/proc/forewarn-state", "/proc/forewarn-state")] {
        let home = Home::new(&broker.address, &["none"], "");
        std::fs::write(home.folder.path().join("plain"), "x").unwrap();
        let path = home.folder.path().join("forewarn.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let wanted = home.folder.path().join(directory);
        let text = text.replace(home.state().to_str().unwrap(), wanted.to_str().unwrap());
        std::fs::write(&path, text).unwrap();
        let (code, log) = home.fails(&[]);
        assert_eq!(code, 1, "{log}");
        assert!(
            log.contains(words) && log.contains("check the disk and the permissions of the [state] directory"),
            "{log}"
        );
    }
}

#[test]
fn a_second_process_on_the_same_state_is_refused_and_names_the_first() {
    let broker = Broker::connect();
    let topic = broker.topic("twice", 1);
    let home = Home::new(&broker.address, &[&topic], "");
    let mut live = home.start();
    live.until("it is ready", PATIENCE, |status| status["ready"] == true);
    let (code, log) = home.fails(&[]);
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("is in use by process") && log.contains("set another [state] directory"), "{log}");
    assert!(live.stop().1);
}

#[test]
fn a_recording_that_cannot_be_written_is_refused_at_the_start() {
    let broker = Broker::connect();
    let home = Home::new(&broker.address, &["none"], "");
    let (code, log) = home.fails(&["--record", "/proc/forewarn-recording"]);
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("cannot record into /proc/forewarn-recording") && log.contains("leave --record out"), "{log}");
}

/// A broker that is not there yet is waited for, and read as soon as it is.
#[test]
fn a_broker_that_comes_later_is_waited_for() {
    let broker = Broker::connect();
    let topic = broker.topic("comes-later", 1);
    // A door that opens after a while: until then nobody listens there.
    let door = super::live::free_port();
    let home = Home::new(&format!("127.0.0.1:{door}"), &[&topic], "");
    let mut live = home.start();
    let status = live.until("it waits", PATIENCE, |status| {
        status["why"].as_str().is_some_and(|why| why.contains("nobody listens there: check host and port"))
    });
    assert_eq!(status["ready"], false);
    let target: std::net::SocketAddr = broker.address.parse().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", door)).unwrap();
    std::thread::spawn(move || {
        for incoming in listener.incoming().flatten() {
            let Ok(outgoing) = std::net::TcpStream::connect(target) else { continue };
            let (mut from, mut to) = (incoming.try_clone().unwrap(), outgoing.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            let (mut from, mut to) = (outgoing, incoming);
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        }
    });
    live.until("it reads", PATIENCE, |status| status["ready"] == true && status["troubles"] == serde_json::json!([]));
    assert!(live.stop().1);
}

/// A full disk: alerts go out all the same, the trouble is named, and with room again everything is kept.
#[test]
fn on_a_full_disk_it_goes_on_telling_and_with_room_again_it_keeps_everything() {
    let broker = Broker::connect();
    let (topic, alerts) = (broker.topic("full", 1), broker.topic("full-alerts", 1));
    let more =
        format!("alerts_topic = {alerts:?}\n[time]\nlateness = \"1s\"\n[[limit]]\nsignal = 'cpu_load'\nabove = 90");
    let home = Home::new(&broker.address, &[&topic], &more);
    let state = home.state();
    std::fs::create_dir_all(&state).unwrap();
    // A file system of its own, seen by this process alone.
    let mut live = home.start_in(&format!("mount -t tmpfs -o size=4m none {}", state.display()));
    live.until("it reads", PATIENCE, |status| status["ready"] == true && status["checkpoint"].is_object());
    let inside = live.inside(&state);
    assert!(inside.join("lock").exists(), "it is seen from outside");
    let filler = inside.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut file, &[7; 4096]).is_ok() {}
    while std::io::Write::write_all(&mut file, &[7; 1]).is_ok() {}

    for _ in 0..60 {
        let millis = jiff::Timestamp::now().as_millisecond();
        for host in 0..40 {
            let load = if host == 7 { 99 } else { 10 + host };
            let line = format!("cpu,host=h{host} load={load} {}", millis * 1_000_000);
            broker.send_at(&topic, 0, line.as_bytes(), Some(millis));
        }
        broker.flush();
        std::thread::sleep(Duration::from_millis(100));
    }
    let told = broker.read(&alerts, PATIENCE, |rows| !rows.is_empty());
    let told = String::from_utf8_lossy(&told[0].payload).into_owned();
    assert!(told.contains("host=\\\"h7\\\"") && told.contains("\"page\""), "{told}");
    let said = |status: &Value| status["troubles"].to_string().contains("No space left on device");
    let status = live.until("it says so", PATIENCE, said);
    assert!(status["troubles"].to_string().contains("check the disk"), "{status:#}");
    // What is asked for and cannot be kept is not promised.
    let change = r#"{"specversion":"1.0","id":"c1","source":"ci","type":"dev.forewarn.flag.changed","time":"2026-11-26T10:00:00Z","data":{"service":"web","what":"flag x"}}"#;
    let end = std::time::Instant::now() + PATIENCE;
    while live.ask("POST", "/api/v1/changes", change).is_none_or(|(code, _)| code != 503) {
        assert!(std::time::Instant::now() < end, "the journal always finds room");
    }

    drop(file);
    std::fs::remove_file(&filler).unwrap();
    live.until("it is well again", PATIENCE, |status| status["troubles"] == serde_json::json!([]));
    assert_eq!(live.ask("POST", "/api/v1/changes", change).unwrap().0, 202);
    let listed = live.get("/api/v1/changes")["changes"][0].clone();
    assert_eq!((&listed["change"], &listed["what"]), (&Value::from("c1"), &Value::from("flag x")), "{listed}");
    assert!(listed["verdict"].is_string() && listed["effects"]["worse"] == 0, "{listed}");
    let kept = std::fs::read_to_string(inside.join("alerts.jsonl")).unwrap();
    assert!(kept.contains("h7"), "{kept}");
    assert!(live.stop().1);
}

/// The machine's clock is set back by two hours: it is said, and alerts go on.
#[test]
fn a_clock_that_is_set_back_is_named_and_holds_nothing_up() {
    let broker = Broker::connect();
    let (topic, alerts) = (broker.topic("clock-back", 1), broker.topic("clock-back-alerts", 1));
    let more =
        format!("alerts_topic = {alerts:?}\n[time]\nlateness = \"1s\"\n[[limit]]\nsignal = 'cpu_load'\nabove = 90");
    let home = Home::new(&broker.address, &[&topic], &more);
    let offset = home.folder.path().join("offset");
    std::fs::write(&offset, "+0").unwrap();
    let found = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let library = found.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
    let mut live = home.start_in(&format!(
        "export LD_PRELOAD={} FAKETIME_TIMESTAMP_FILE={} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1",
        library.expect("libfaketime is there").display(),
        offset.display()
    ));
    let send = |load: i64| {
        let millis = jiff::Timestamp::now().as_millisecond();
        broker.send_at(&topic, 0, format!("cpu,host=a load={load} {}", millis * 1_000_000).as_bytes(), Some(millis));
        broker.flush();
        std::thread::sleep(Duration::from_millis(200));
    };
    (0..10).for_each(|n| send(10 + n % 3));
    live.until("it reads", PATIENCE, |status| status["records"][&topic] == 10 && status["at_head"] == true);
    std::fs::write(&offset, "-2h").unwrap();
    let status =
        live.until("it says so", PATIENCE, |status| status["troubles"].to_string().contains("set back by 2 hours"));
    assert_eq!(status["ready"], true, "{status:#}");
    (0..20).for_each(|_| send(99));
    let told = broker.read(&alerts, PATIENCE, |rows| !rows.is_empty());
    assert!(String::from_utf8_lossy(&told[0].payload).contains("is above 90"), "{:?}", told[0].payload);
    assert!(live.stop().1);
}
