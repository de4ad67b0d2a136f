//! A partition that is slow, and one whose node hangs: a cluster of two nodes, one of which is stopped in the middle of reading.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::broker::{Broker, script};
use super::live::{Home, free_ports};

const PATIENCE: Duration = Duration::from_secs(60);
const START: i64 = 1_790_000_000;
/// The slow partition: so many messages of so many lines, a line a second of each of some hosts.
const MESSAGES: i64 = 200;
const LINES: i64 = 2000;
const HOSTS: i64 = 20;
const SECONDS: i64 = MESSAGES * LINES / HOSTS;

/// A node of a cluster of the test's own.
struct Node {
    port: u16,
}

impl Node {
    fn start() -> Node {
        let node = Node { port: free_ports(9) };
        script(&["start", &node.port.to_string()]);
        node
    }

    fn join(first: &Node) -> Node {
        let node = Node { port: free_ports(9) };
        script(&["join", &node.port.to_string(), &first.port.to_string()]);
        node
    }

    /// Sends a signal of the operating system.
    fn signal(&self, signal: &str) {
        let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/kafka");
        let file: PathBuf = servers.join(format!("node-{}/pid", self.port));
        let pid = std::fs::read_to_string(file).expect("its process");
        let sent = Command::new("kill").args([signal, pid.trim()]).status().expect("kill is there");
        assert!(sent.success());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.signal("-CONT");
        script(&["stop", &self.port.to_string()]);
    }
}

/// A message of the slow partition.
fn message(n: i64) -> String {
    let mut text = String::new();
    for line in 0..LINES {
        let (second, host) = ((n * LINES + line) / HOSTS, line % HOSTS);
        writeln!(text, "cpu,host=h{host} load={} {}", host + second % 7, (START + second) * 1_000_000_000).unwrap();
    }
    text
}

fn seconds(text: &Value) -> Option<i64> {
    Some(text.as_str()?.parse::<jiff::Timestamp>().unwrap().as_second())
}

/// The partition's row of the status page.
fn lane(status: &Value, partition: i32) -> Value {
    let rows = status["partitions"].as_array().into_iter().flatten();
    rows.into_iter().find(|row| row["partition"] == partition).cloned().unwrap_or_default()
}

/// The clock waits for the slow partition while it has records unread.
fn clock_waits(status: &Value) {
    let slow = lane(status, 1);
    if slow["standing"] == "unread"
        && let (Some(mark), Some(newest)) = (seconds(&status["watermark"]), seconds(&slow["newest"]))
    {
        assert!(mark <= newest, "the clock ran ahead of a partition that is still read: {status:#}");
    }
}

#[test]
fn a_slow_partition_is_waited_for_and_one_that_hangs_is_let_go_until_it_comes_back() {
    let first = Node::start();
    let broker = Broker::at(&format!("127.0.0.1:{}", first.port));
    broker.found_groups();
    let second = Node::join(&first);
    broker.make_on("metrics", &[1, 2]);
    for second in 0..SECONDS {
        broker.send(
            "metrics",
            0,
            format!("mem,host=m used={} {}", second % 5, (START + second) * 1_000_000_000).as_bytes(),
        );
    }
    (0..MESSAGES).for_each(|n| broker.send("metrics", 1, message(n).as_bytes()));
    broker.flush();

    let home = Home::new(&broker.address, &["metrics"], "");
    home.add(
        "[kafka.properties]\n\"queued.max.messages.kbytes\" = \"64\"\n\"max.partition.fetch.bytes\" = \"65536\"\n",
    );
    home.add("[time]\nstall = \"4s\"\n");
    let mut live = home.start();
    let status = live.until("the slow partition is begun", PATIENCE, |status| {
        clock_waits(status);
        0 < lane(status, 1)["next"].as_i64().unwrap_or(0)
    });
    second.signal("-STOP");
    assert!(lane(&status, 1)["next"].as_i64() < Some(MESSAGES), "it was read before it could be stopped: {status:#}");

    // Its records cannot be read: it is let go and named, and the clock goes on with the other.
    let spot = serde_json::json!(["metrics[1]"]);
    let status = live.until("the blind spot", PATIENCE, |status| {
        status["blind_spots"] == spot && seconds(&status["watermark"]) == Some(START + SECONDS - 1 - 30)
    });
    assert!(status["troubles"].to_string().contains("metrics[1] cannot be read"), "{status:#}");
    assert!(status["records"]["metrics"].as_i64() < Some(SECONDS + MESSAGES), "{status:#}");

    // It comes back: all of it is read, nothing is lost, nothing is late.
    second.signal("-CONT");
    let status = live.until("all is read", PATIENCE, |status| {
        status["records"]["metrics"] == SECONDS + MESSAGES && status["blind_spots"] == serde_json::json!([])
    });
    assert_eq!((&status["late"], &status["lost"]), (&Value::from(0), &Value::from(0)), "{status:#}");
    assert!(live.stop().1);
}
