//! What goes wrong around the process: each has a clear message, and the right exit code or the right patience.

use std::net::TcpListener;
use std::process::Command;
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

/// A full disk: the process says so and ends with 1, and what it had said stays said; with room again it goes on.
#[test]
fn a_full_disk_is_named_and_with_room_again_it_goes_on() {
    let broker = Broker::connect();
    let topic = broker.topic("full", 1);
    let home = Home::new(&broker.address, &[&topic], "");
    let state = home.state();
    std::fs::create_dir_all(&state).unwrap();
    let path = home.folder.path().join("forewarn.toml");
    let now = jiff::Timestamp::now().as_millisecond();
    for n in 0..200 {
        let millis = now - 200_000 + n * 1000;
        for host in 0..40 {
            let line = format!("cpu,host=h{host} load={} {}", n % 7, millis * 1_000_000);
            broker.send_at(&topic, 0, line.as_bytes(), Some(millis));
        }
    }
    broker.flush();
    // A file system of its own, seen by this process alone.
    let script = format!(
        "mount -t tmpfs -o size=64k none {state} && exec {program} run --config {config}",
        state = state.display(),
        program = env!("CARGO_BIN_EXE_forewarn"),
        config = path.display()
    );
    let output = Command::new("unshare").args(["-rm", "sh", "-c", &script]).output().expect("unshare is there");
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(log.contains("No space left on device") && log.contains("check the disk"), "{log}");
    let mut live = home.start();
    live.until("it goes on with room", PATIENCE, |status| status["records"][&topic] == 8000 && status["lag"] == 0);
    assert!(live.stop().1);
}
