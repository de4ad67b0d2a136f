//! Every format as its own clients write it, brought by a Kafka client that is not ours, to the live process.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::broker::Broker;
use super::live::Home;
use super::setting;

const PATIENCE: Duration = Duration::from_secs(60);

/// The signals that the messages of `tests/servers/formats.py` must give, at least.
const WANTED: [&str; 14] = [
    "stock_items{shop=\"nord\"}",
    // Both scrapes count the same jobs, so that there are no quantiles of what came between.
    "job_seconds{queue=\"mail\",stat=\"rate\"}",
    "jobs_total{queue=\"mail\"}",
    "log_lines_rate{level=\"error\",service=\"backup\"}",
    "log_lines_rate{level=\"error\",service=\"checkout\"}",
    "log_lines_rate{level=\"error\",service=\"unknown\"}",
    "log_lines_rate{level=\"error\",service=\"TOPIC.loguru-text\"}",
    "log_lines_rate{level=\"error\",service=\"TOPIC.structlog-logfmt\"}",
    "log_lines_rate{level=\"warn\",service=\"checkout\"}",
    "log_lines_rate{level=\"warn\",service=\"TOPIC.logfmt\"}",
    "pool_used{pool=\"größe\",service_name=\"shop\"}",
    "queue_depth{queue=\"mail \\\"out\\\"\\\\in\"}",
    "requests{route=\"/pay\",service_name=\"shop\"}",
    "log_lines_rate{level=\"warn\",service=\"unknown\"}",
];

#[test]
fn what_independent_clients_write_arrives() {
    let broker = Broker::connect();
    let prefix = broker.topic("formats", 1);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/formats.py");
    let send = || {
        let mut python = Command::new(setting("FOREWARN_TEST_PYTHON"));
        let sent = python.arg(&script).args(["send", &broker.address, &prefix]).output().expect("python starts");
        assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
        serde_json::from_slice::<Vec<String>>(&sent.stdout).expect("the names of what was sent")
    };
    // Twice, so that totals become rates.
    let names = send();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(send(), names);

    let home = Home::new(&broker.address, &[&format!("^{prefix}[.].*")], "[time]\nlateness = \"1s\"");
    let mut live = home.start();
    let status = live.until("all is judged", PATIENCE, |status| {
        names.iter().all(|name| status["records"][&format!("{prefix}.{name}")] == 2) && status["waiting"] == 0
    });
    assert_eq!(status["rejects"], json!({}), "{status:#}");
    // Lines are counted by the minute, and the minute must be over.
    let deadline = Instant::now() + 2 * PATIENCE;
    loop {
        let listed = live.get("/api/v1/signals");
        let listed: Vec<&str> =
            listed["signals"].as_array().unwrap().iter().filter_map(|listed| listed["signal"].as_str()).collect();
        let wanted = WANTED.map(|wanted| wanted.replace("TOPIC", &prefix));
        let missing: Vec<&String> = wanted.iter().filter(|wanted| !listed.contains(&wanted.as_str())).collect();
        if missing.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "{missing:?} are not among {listed:#?}");
        std::thread::sleep(Duration::from_secs(1));
    }
    let lines: Value = live.get("/api/v1/status")["late"].clone();
    assert_eq!(lines, json!(0));
}

/// Telegraf itself, in each format that it writes metrics in: one message a metric, and batches.
#[test]
fn telegraf_is_read_in_every_format_that_it_writes() {
    let broker = Broker::connect();
    let prefix = broker.topic("telegraf", 1);
    let formats = ["json", "influx", "prometheus", "batch"];
    let folder = tempfile::tempdir().unwrap();
    // Batches are what it writes to files, a line each.
    let batches = folder.path().join("batches.json");
    let mut text = format!(
        "[agent]\ninterval = \"1s\"\nflush_interval = \"1s\"\nhostname = \"h1\"\n[[inputs.cpu]]\npercpu = false\n[[inputs.mem]]\n\
         [[outputs.file]]\nfiles = [{batches:?}]\ndata_format = \"json\"\nuse_batch_format = true\n"
    );
    for format in formats {
        let topic = format!("{prefix}.{format}");
        broker.make(&topic, 1);
        if format != "batch" {
            text += &format!(
                "[[outputs.kafka]]\nbrokers = [\"{}\"]\ntopic = \"{topic}\"\ndata_format = \"{format}\"\n",
                broker.address
            );
        }
    }
    let config = folder.path().join("telegraf.conf");
    std::fs::write(&config, text).unwrap();
    let mut telegraf = Command::new(setting("FOREWARN_TEST_TELEGRAF"));
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut telegraf = telegraf.arg("--config").arg(&config).stderr(log).spawn().expect("telegraf starts");
    for format in formats {
        if format == "batch" {
            let written = std::fs::read_to_string(&batches).unwrap();
            assert!(written.contains("\"metrics\":["), "{written}");
            written.lines().for_each(|line| broker.send(&format!("{prefix}.batch"), 0, line.as_bytes()));
            broker.flush();
        }
        let home = Home::new(&broker.address, &[&format!("{prefix}.{format}")], "[time]\nlateness = \"1s\"");
        let mut live = home.start();
        let wanted = "mem_available_percent{host=\"h1\"}";
        let end = Instant::now() + PATIENCE;
        loop {
            let listed = live.get("/api/v1/signals").to_string();
            if listed.contains(&wanted.replace('"', "\\\"")) && listed.contains("cpu_usage_idle") {
                break;
            }
            let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
            assert!(Instant::now() < end, "{format}: {listed}\n{log}");
            std::thread::sleep(Duration::from_millis(300));
        }
        let status = live.until("nothing is rejected", PATIENCE, |status| status["ready"] == true);
        assert_eq!(status["rejects"], json!({}), "{format}: {status:#}");
        assert!(live.stop().1);
    }
    telegraf.kill().unwrap();
    telegraf.wait().unwrap();
}
