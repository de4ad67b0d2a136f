//! The whole way: a collector's gauge through Kafka, judged, and a mail and a webhook before the disk is full.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::broker::Broker;
use super::collector::{Collector, exporter};
use super::live::{Home, Live, free_port};
use super::{noise, setting, smtp};

const PATIENCE: Duration = Duration::from_secs(90);
/// A point each half minute over six hours up to now.
const STEP: i64 = 30;
const POINTS: i64 = 6 * 3600 / STEP;
/// The disk is full (0.95) so long after now, and fills by so much an hour.
const LEFT: i64 = 3600;
const PER_HOUR: f64 = 0.05;

/// Part of the story as one export request.
fn request(host: &str, now: i64, points: impl Iterator<Item = i64>, state: &mut u64) -> Value {
    let point = |n: i64| {
        let at = now - (POINTS - n) * STEP;
        let left = (now + LEFT - at) as f64 / 3600.0;
        let value = 0.95 - PER_HOUR * left + 0.002 * (noise(state) - 0.5);
        json!({ "timeUnixNano": (at * 1_000_000_000).to_string(), "asDouble": value })
    };
    json!({ "resourceMetrics": [{
        "resource": { "attributes": [{ "key": "host.name", "value": { "stringValue": host } }] },
        "scopeMetrics": [{ "metrics": [{
            "name": "disk_used_ratio", "unit": "1", "gauge": { "dataPoints": points.map(point).collect::<Vec<_>>() },
        }] }],
    }] })
}

/// Posts to the collector; it has been exported when it answers.
fn post(port: u16, body: &Value) {
    let body = body.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the collector listens");
    let length = body.len();
    write!(
        stream,
        "POST /v1/metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn configuration(broker: &Broker, port: u16, topic: &str) -> String {
    format!(
        "receivers:\n  otlp: {{protocols: {{http: {{endpoint: \"127.0.0.1:{port}\"}}}}}}\nexporters:\n{}service:\n  \
         telemetry: {{metrics: {{level: none}}}}\n  pipelines:\n    \
         metrics: {{receivers: [otlp], exporters: [kafka/disk]}}\n",
        exporter(broker, "disk", topic, "otlp_proto")
    )
}

/// The limit, and whom to tell.
fn promises(folder: &std::path::Path, to: &str) -> String {
    let secret = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("a secret is written");
        folder.join(name)
    };
    let (password, hook) =
        (secret("smtp.pass", "open sesame"), secret("hook.secret", &setting("FOREWARN_TEST_WEBHOOK_SECRET")));
    let (smtp, ca, url) =
        (setting("FOREWARN_TEST_SMTP"), smtp::folder().join("ca.pem"), setting("FOREWARN_TEST_WEBHOOK"));
    format!(
        "[time]\nlateness = \"5s\"\n[calendar]\nwork_hours = [\"Mon-Sun 00:00-24:00\"]\n\
         [[limit]]\nsignal = 'disk_used_ratio'\nabove = 0.95\n\
         [[receiver]]\nname = \"mail\"\nemail = {{ smtp = \"smtp://{smtp}\", tls = \"starttls\", user = \"forewarn\", \
         password_file = {password:?}, ca_file = {ca:?}, from = \"forewarn@shop.example\", to = [{to:?}] }}\n\
         [[receiver]]\nname = \"hook\"\nwebhook = {{ url = {url:?}, secret_file = {hook:?} }}\n"
    )
}

/// What the receiver wrote down after it had verified the signature: the first body that names this host.
fn verified(host: &str) -> Option<Value> {
    let folder = PathBuf::from(setting("FOREWARN_TEST_WEBHOOK_FOLDER"));
    let files = folder.read_dir().expect("the folder").flatten().map(|entry| entry.path());
    let bodies = files.filter(|path| path.to_string_lossy().ends_with(".json"));
    let bodies = bodies.filter(|path| !path.to_string_lossy().ends_with(".headers.json"));
    let mut texts = bodies.map(|path| std::fs::read_to_string(path).expect("a body"));
    texts.find(|text| text.contains(host)).map(|text| serde_json::from_str(&text).expect("JSON"))
}

fn wait<T>(what: &str, live: &Live, found: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(
            Instant::now() < end,
            "{what}: not within {PATIENCE:?}\n{}\n{:#}",
            live.log(),
            live.get("/api/v1/alerts")
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A quoted-printable text as it was written.
fn unfolded(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}

#[test]
fn a_mail_and_a_webhook_come_before_the_disk_is_full() {
    let broker = Broker::connect();
    let (topic, host) = (broker.topic("disk", 1), format!("db-{}", std::process::id()));
    let to = format!("ops-{}@shop.example", std::process::id());
    let home = Home::new(&broker.address, &[&topic], "");
    home.add(&promises(home.folder.path(), &to));
    let port = free_port();
    let _collector = Collector::start(home.folder.path(), &configuration(&broker, port, &topic));
    let live = home.start();

    let now = jiff::Timestamp::now().as_second();
    let full = jiff::Timestamp::from_second(now + LEFT).unwrap();
    let mut state = 5;
    for first in (0..POINTS).step_by(60) {
        post(port, &request(&host, now, first..first + 60, &mut state));
    }
    // The stream goes on at its head, so that the last points are judged.
    post(port, &request(&host, now, POINTS..POINTS + 1, &mut state));

    let mail = wait("the mail", &live, || smtp::mails(&to).into_iter().next());
    let arrived = jiff::Timestamp::now();
    assert!(arrived < full, "the mail came at {arrived}, the disk was full at {full}");
    assert_eq!((smtp::header(&mail, "X-Seen-TLS"), smtp::header(&mail, "X-Seen-Login")), ("True", "True"));
    let text = unfolded(&mail);
    for named in ["disk_used_ratio", host.as_str(), "0.95"] {
        assert!(text.contains(named), "the mail does not name {named}:\n{text}");
    }

    // The picture in the mail, as an independent reader finds it, is the one that the status page gives.
    let id = smtp::header(&mail, "X-Forewarn-Alert").split('/').next().unwrap().to_owned();
    let picture = wait("the picture", &live, || live.fetch(&format!("/api/v1/alerts/{id}/chart")));
    let newest = wait("the newest mail", &live, || {
        let read = smtp::read(smtp::mails(&to).last()?);
        (read["pictures"][0]["base64"] == json!(BASE64_STANDARD.encode(&picture))).then_some(read)
    });
    assert!(newest["alts"][0].as_str().unwrap().contains("limit 95 %"), "{}", newest["alts"]);
    assert_eq!(live.ask("GET", "/api/v1/alerts/none/chart", "").unwrap().0, 404);

    let body = wait("the webhook", &live, || verified(&host));
    let record = if body["data"].is_object() { &body["data"] } else { &body };
    assert_eq!((&record["kind"], &record["state"]), (&json!("forecast"), &json!("firing")), "{record:#}");
    let moment = |key: &str| record["breach"][key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let (earliest, likely, latest) = (moment("earliest"), moment("likely"), moment("latest"));
    assert!(
        earliest <= full && full <= latest,
        "full at {full}, foretold {earliest} to {latest}, most likely {likely}"
    );
    let lead = full.as_second() - arrived.as_second();
    assert!(3000 < lead, "{lead} s of lead");
    assert!(live.stop().1);
}
