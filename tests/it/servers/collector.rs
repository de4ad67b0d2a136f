//! A real OpenTelemetry Collector: what it reads of this machine and of a log file arrives as signals, through Kafka.

use std::fmt::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::broker::Broker;
use super::live::Home;
use super::setting;

const PATIENCE: Duration = Duration::from_secs(90);

/// A running collector.
pub(super) struct Collector {
    child: Child,
}

impl Collector {
    /// Starts it with this configuration, and waits until it says that it is ready.
    pub(super) fn start(folder: &Path, configuration: &str) -> Collector {
        let (config, log) = (folder.join("collector.yaml"), folder.join("collector.log"));
        std::fs::write(&config, configuration).expect("the configuration is written");
        let child = Command::new(setting("FOREWARN_TEST_COLLECTOR"))
            .arg("--config")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("the collector starts");
        let mut collector = Collector { child };
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            if said.contains("Everything is ready") {
                return collector;
            }
            let ended = collector.child.try_wait().expect("the child is ours");
            assert!(ended.is_none() && Instant::now() < end, "the collector is not ready: {said}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An exporter that writes in order.
pub(super) fn exporter(broker: &Broker, name: &str, topic: &str, encoding: &str) -> String {
    let address = &broker.address;
    format!(
        "  kafka/{name}:\n    brokers: [\"{address}\"]\n    protocol_version: 2.8.0\n    topic: {topic}\n    \
         encoding: {encoding}\n    sending_queue: {{enabled: false}}\n"
    )
}

/// hostmetrics and filelog, each to a topic of its own.
fn configuration(broker: &Broker, file: &Path, topics: [&str; 2], encoding: &str) -> String {
    let mut text = format!(
        r#"receivers:
  hostmetrics:
    collection_interval: 1s
    scrapers: {{cpu: {{}}, memory: {{}}, load: {{}}, filesystem: {{}}, network: {{}}}}
  filelog:
    include: ["{}"]
    start_at: beginning
    operators:
      - type: regex_parser
        regex: '^(?P<time>\S+) (?P<level>\S+) (?P<message>.*)$'
        timestamp: {{parse_from: attributes.time, layout_type: gotime, layout: '2006-01-02T15:04:05Z07:00'}}
        severity: {{parse_from: attributes.level}}
processors:
  resource/host: {{attributes: [{{key: host.name, value: box, action: upsert}}]}}
  resource/shop: {{attributes: [{{key: service.name, value: shop, action: upsert}}]}}
exporters:
"#,
        file.display()
    );
    text += &exporter(broker, "metrics", topics[0], encoding);
    text += &exporter(broker, "logs", topics[1], encoding);
    text += "service:
  telemetry: {metrics: {level: none}}
  pipelines:
    metrics: {receivers: [hostmetrics], processors: [resource/host], exporters: [kafka/metrics]}
    logs: {receivers: [filelog], processors: [resource/shop], exporters: [kafka/logs]}
";
    text
}

/// Ten minutes of log lines up to now; each fifth is an error.
fn lines() -> String {
    let now = jiff::Timestamp::now().as_second();
    let mut text = String::new();
    for second in (now - 600)..now {
        let at = jiff::Timestamp::from_second(second).unwrap();
        let level = if second % 5 == 0 { "ERROR" } else { "INFO" };
        writeln!(text, "{at} {level} order {second} was taken").unwrap();
    }
    text
}

fn arrives(encoding: &str) {
    let broker = Broker::connect();
    let topics = ["metrics", "logs"].map(|name| broker.topic(&format!("{encoding}-{name}"), 1));
    let home = Home::new(&broker.address, &[&topics[0], &topics[1]], "[time]\nlateness = \"2s\"");
    let folder = home.folder.path();
    let file = folder.join("shop.log");
    std::fs::write(&file, lines()).unwrap();
    let configuration = configuration(&broker, &file, [&topics[0], &topics[1]], encoding);
    let _collector = Collector::start(folder, &configuration);
    let mut live = home.start();
    let count = |status: &serde_json::Value, topic: &str| status["records"][topic].as_u64().unwrap_or(0);
    live.until("both topics are read", PATIENCE, |status| {
        8 <= count(status, &topics[0]) && 1 <= count(status, &topics[1])
    });

    // What OpenTelemetry calls them, whole and with the labels of the resource and of the point.
    let wanted = [
        "{\"system.cpu.time\",cpu=\"cpu0\",\"host.name\"=\"box\",state=\"idle\"}",
        "{\"system.memory.usage\",\"host.name\"=\"box\",state=\"used\"}",
        "{\"system.cpu.load_average.1m\",\"host.name\"=\"box\"}",
        "{\"system.network.io\",device=\"lo\",direction=\"receive\",\"host.name\"=\"box\"}",
        "{\"system.filesystem.usage\",device=",
        "log_lines_rate{level=\"error\",service=\"shop\"}",
        "log_lines_rate{level=\"info\",service=\"shop\"}",
        "log_error_ratio{service=\"shop\"}",
    ];
    let end = Instant::now() + PATIENCE;
    loop {
        let listed = live.get("/api/v1/signals?limit=10000");
        let listed = listed["signals"].as_array().cloned().unwrap_or_default();
        let names: Vec<&str> = listed.iter().filter_map(|listed| listed["signal"].as_str()).collect();
        let missing: Vec<&&str> =
            wanted.iter().filter(|wanted| !names.iter().any(|name| name.starts_with(**wanted))).collect();
        if missing.is_empty() {
            break;
        }
        assert!(Instant::now() < end, "{missing:#?} did not arrive, but {names:#?}\n{}", live.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    let status = live.get("/api/v1/status");
    assert_eq!((&status["rejects"], &status["late"]), (&serde_json::json!({}), &serde_json::json!(0)), "{status:#}");
    assert!(live.stop().1);
}

#[test]
fn host_metrics_and_logs_arrive_as_otlp_protobuf() {
    arrives("otlp_proto");
}

#[test]
fn host_metrics_and_logs_arrive_as_otlp_json() {
    arrives("otlp_json");
}
