//! Logs of real programs, by the collector's filelog receiver and Kafka: nginx in front of an upstream that slows down, and a Kafka
//! broker whose clients crash where they used to finish. Each is warned of before its first line of an error.
//!
//! Two days of learning pass in two minutes: what ships the lines stamps them by a clock that runs so much faster. The lines, their
//! numbers and the load that brings them are what the programs wrote.

mod kafka;
mod lapse;
mod nginx;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use self::lapse::{Lapse, Shipper};
use super::broker::Broker;
use super::collector::{Collector, exporter};
use super::live::{Home, Live};

/// Time until the trouble begins, and how long it lasts, by the fast clock.
const LEARNING_HOURS: f64 = 54.0;
const TROUBLE_HOURS: f64 = 4.0;

fn configuration(broker: &Broker, programs: [(&str, &Path, &str); 2]) -> String {
    let (mut receivers, mut exporters, mut pipelines) = (String::new(), String::new(), String::new());
    for (name, file, topic) in programs {
        receivers += &format!(
            r#"  filelog/{name}:
    include: ["{}"]
    start_at: beginning
    poll_interval: 50ms
    resource: {{service.name: {name}}}
    operators:
      - type: regex_parser
        regex: '^(?P<time>\S+) (?P<message>.*)$'
        timestamp: {{parse_from: attributes.time, layout_type: gotime, layout: '2006-01-02T15:04:05.999999999Z07:00'}}
      - {{type: move, from: attributes.message, to: body}}
      - {{type: remove, field: attributes.time}}
"#,
            file.display()
        );
        exporters += &exporter(broker, name, topic, "otlp_proto");
        pipelines += &format!("    logs/{name}: {{receivers: [filelog/{name}], exporters: [kafka/{name}]}}\n");
    }
    format!(
        "receivers:\n{receivers}exporters:\n{exporters}service:\n  telemetry: {{metrics: {{level: none}}}}\n  pipelines:\n{pipelines}"
    )
}

/// The first alert that people were told of between two times: when, and its words.
fn told(alerts: &[Value], from: jiff::Timestamp) -> Option<(jiff::Timestamp, String)> {
    let at = |alert: &Value| alert["at"].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let firing = alerts.iter().filter(|alert| alert["state"] == "firing");
    let told = firing.filter_map(|alert| Some((at(alert)?, alert["summary"].as_str()?.to_owned())));
    told.filter(|(at, _)| from <= *at).min()
}

/// A forewarn of its own for each program, since troubles that begin together are told as one.
struct Watched {
    topic: String,
    alerts: String,
    home: Home,
    live: Live,
}

impl Watched {
    fn start(broker: &Broker, name: &str) -> Watched {
        let [topic, alerts] = [name.to_owned(), format!("{name}-alerts")].map(|name| broker.topic(&name, 1));
        let more = format!("alerts_topic = {alerts:?}\n[time]\nlateness = \"30m\"");
        let home = Home::new(&broker.address, &[&topic], &more);
        let live = home.start();
        Watched { topic, alerts, home, live }
    }

    /// What it told, when all is read.
    fn alerts(&mut self, broker: &Broker) -> Vec<Value> {
        self.live.until("all is read", Duration::from_secs(60), |status| status["lag"] == 0);
        std::thread::sleep(Duration::from_secs(3));
        let rows = broker.read(&self.alerts, Duration::from_secs(8), |_| false);
        let events = rows.iter().filter_map(|row| serde_json::from_slice::<Value>(&row.payload).ok());
        events.map(|event| event.get("data").cloned().unwrap_or(event)).collect()
    }
}

#[test]
fn a_web_server_and_a_broker_are_warned_of_before_their_first_error_line() {
    let broker = Broker::connect();
    let mut watched = ["nginx", "broker"].map(|name| Watched::start(&broker, name));
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();

    let lapse = Lapse::begin();
    let web = nginx::Nginx::start(folder);
    let own = kafka::Noisy::start();
    let files = [folder.join("nginx.log"), folder.join("broker.log")];
    let shippers = [
        Shipper::start(&lapse, &[web.access.clone(), web.errors.clone()], &files[0]),
        Shipper::start(&lapse, std::slice::from_ref(&own.log), &files[1]),
    ];
    let programs = [("nginx", &*files[0], &*watched[0].topic), ("broker", &*files[1], &*watched[1].topic)];
    let collector = Collector::start(folder, &configuration(&broker, programs));

    lapse.wait_until(LEARNING_HOURS);
    let begins = lapse.now();
    web.slow_down(lapse.real(TROUBLE_HOURS));
    own.crash_jobs();
    lapse.wait_until(LEARNING_HOURS + TROUBLE_HOURS);
    own.send_garbage();
    std::thread::sleep(Duration::from_secs(1));
    drop((web, own));
    for (shipper, watched) in shippers.into_iter().zip(&mut watched) {
        let error = shipper.stop().unwrap_or_else(|| panic!("{} has no line of an error", watched.topic));
        std::thread::sleep(Duration::from_secs(1));
        let alerts = watched.alerts(&broker);
        let (at, words) =
            told(&alerts, begins).unwrap_or_else(|| panic!("nothing was said: {alerts:#?}\n{}", watched.live.log()));
        let minutes = |from: jiff::Timestamp, to: jiff::Timestamp| from.duration_until(to).as_mins();
        println!(
            "told {} min after it began, {} min before the first error: {words}",
            minutes(begins, at),
            minutes(at, error)
        );
        assert!(at < error, "told at {at}, the first error came at {error}: {words}");
    }
    drop(collector);
    for Watched { live, home, .. } in watched {
        assert!(live.stop().1, "{}", home.port);
    }
}
