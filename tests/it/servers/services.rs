//! Slack, Teams and PagerDuty as their documentation describes them (`tests/servers/services.py`), and a real Alertmanager.
//!
//! Needs `FOREWARN_TEST_SERVICES` (the address), `FOREWARN_TEST_SERVICES_FOLDER` and `FOREWARN_TEST_ALERTMANAGER`.

use std::path::PathBuf;

use forewarn::alert::{AlertRecord, BreachNote, Reason, SignalNote, State, Suspect, Urgency};
use forewarn::config::{self, Alertmanager, Chat, PagerDuty, Receiver, Secret};
use forewarn::deliver::outbox::{Cause, Content, Digest, DigestEntry, Fate, Key};
use forewarn::deliver::{Channel, Notification, SendError, Wall, courier};
use forewarn::finding::Kind;
use forewarn::time::{Span, Timestamp};
use serde_json::Value;

use super::setting;

const KEY: &str = "0123456789abcdef0123456789ABCDEF";

fn open(channel: config::Channel) -> Channel {
    let receiver = Receiver { name: "service".to_owned(), channel, pace: None };
    Channel::open(&receiver, &jiff::tz::TimeZone::UTC).expect("a channel")
}

fn chat(path: &str) -> Chat {
    let url = Secret::new(&format!("{}{path}", setting("FOREWARN_TEST_SERVICES")));
    Chat { url, timeout: Span::from_secs(10), ca_file: None }
}

fn pagerduty(key: &str) -> Channel {
    open(config::Channel::PagerDuty(PagerDuty {
        routing_key: Secret::new(key),
        url: format!("{}/v2/enqueue", setting("FOREWARN_TEST_SERVICES")),
        timeout: Span::from_secs(10),
        ca_file: None,
    }))
}

/// A record with all that a record may have, in sizes that break limits.
fn record(id: &str, revision: u32, state: State, urgency: Urgency, size: usize) -> AlertRecord {
    let at = Timestamp::from(jiff::Timestamp::now());
    let note = |i: usize| SignalNote {
        signal: format!("disk_used_ratio{{host=\"db-{i}\",note=\"{}\"}}", "<!channel> & *x* _y_ ".repeat(size)),
        value: Some(0.87),
        expected_low: Some(0.4),
        expected_high: Some(0.5),
        score: 0.9,
        unit: Some("ratio".to_owned()),
        words: String::new(),
    };
    AlertRecord {
        id: id.to_owned(),
        revision,
        state,
        kind: Kind::Forecast,
        urgency,
        at,
        since: at - Span::from_hours(1),
        service: "checkout".to_owned(),
        summary: format!("checkout: the disk of db-1 fills <!here> {}", "日本 – long ".repeat(20 * size)),
        signals: (0..10).map(note).collect(),
        breach: Some(BreachNote {
            objective: None,
            limit: Some(note(0).signal),
            name: None,
            level: 0.95,
            probability: 0.8,
            earliest: at + Span::from_hours(2),
            likely: at + Span::from_hours(3),
            latest: at + Span::from_hours(5),
        }),
        suspects: vec![Suspect { change: "c".to_owned(), what: "deploy of <v2>".to_owned(), at, confidence: 0.7 }],
        reason: if state == State::Firing { Reason::Opened } else { Reason::Resolved },
        merged_into: None,
        labels: [("runbook", "https://wiki.example/disk?a=1&b=2"), ("team", "storage")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    }
}

fn message(content: Content) -> Notification {
    let key = match &content {
        Content::Alert { record, .. } => Key::of_alert(&record.id, record.revision, "service"),
        _ => Key::of("services"),
    };
    let at = Wall(Timestamp::from(jiff::Timestamp::now()));
    let (receiver, cause) = ("service".to_owned(), Cause::News(Reason::Opened));
    Notification { key, receiver, content, cause, thread: None, held_back: Vec::new(), chart: None, attempt: 1, at }
}

fn alert(record: AlertRecord) -> Notification {
    message(Content::Alert { record, held: None })
}

fn folder() -> PathBuf {
    PathBuf::from(setting("FOREWARN_TEST_SERVICES_FOLDER"))
}

/// What a service took that names this text.
fn taken(service: &str, text: &str) -> Vec<Value> {
    let files = folder().read_dir().expect("the folder").flatten().map(|entry| entry.path());
    let mine = files.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(service) && name.ends_with(".json")
    });
    let texts = mine.map(|path| std::fs::read_to_string(path).expect("a document"));
    texts.filter(|have| have.contains(text)).map(|have| serde_json::from_str(&have).expect("JSON")).collect()
}

#[tokio::test]
async fn slack_and_teams_take_every_message_however_long_and_show_data_as_text() {
    for (service, channel) in [
        ("slack", open(config::Channel::Slack(chat("/services/T0/B0/abc")))),
        ("teams", open(config::Channel::Teams(chat("/workflows/1/triggers/manual/paths/invoke?sig=abc")))),
    ] {
        let id = format!("{service}{}", std::process::id());
        for size in [0, 1, 30, 400] {
            for state in [State::Firing, State::Resolved] {
                channel.send(&alert(record(&id, 1, state, Urgency::Page, size))).await.expect("taken");
            }
        }
        let fates = [Fate::Open, Fate::Ended];
        let entries = (0..200).map(|i| DigestEntry {
            record: record(&format!("{id}-{i}"), 1, State::Firing, Urgency::Digest, 1),
            fate: fates[i % 2],
        });
        let at = Wall(Timestamp::from_secs(1_795_000_000));
        let digest = Digest { at, entries: entries.collect(), unlisted: 3 };
        channel.send(&message(Content::Digest(digest))).await.expect("taken");
        courier::send_test(&channel, service, Wall(Timestamp::from_secs(7))).await.expect("taken");
        let all: Vec<String> = taken(service, &id).iter().map(Value::to_string).collect();
        let whole = ["forewarn explain", "storage", "deploy of"];
        assert!(all.iter().any(|text| whole.iter().all(|words| text.contains(words))), "{service}: {all:#?}");
        let digest = taken(service, &format!("{id}-0"));
        assert!(
            digest.iter().any(|text| text.to_string().contains(" more")),
            "{service} says what a digest leaves out"
        );
    }
}

#[tokio::test]
async fn an_incident_of_pagerduty_lives_by_the_alerts_id() {
    let (channel, id) = (pagerduty(KEY), format!("pd{}", std::process::id()));
    let incident = || {
        let text = std::fs::read_to_string(folder().join("incidents.json")).expect("incidents");
        serde_json::from_str::<Value>(&text).expect("JSON")[&id].clone()
    };
    channel.send(&alert(record(&id, 1, State::Firing, Urgency::Hold, 30))).await.expect("taken");
    assert_eq!((incident()["state"].as_str(), incident()["severity"].as_str()), (Some("triggered"), Some("warning")));
    channel.send(&alert(record(&id, 2, State::Firing, Urgency::Page, 1))).await.expect("taken");
    assert_eq!(incident()["severity"], "critical");
    let (record_3, by) = (record(&id, 2, State::Firing, Urgency::Page, 1), "ann".to_owned());
    channel.send(&message(Content::Acknowledged { record: record_3, by })).await.expect("taken");
    assert_eq!(incident()["state"], "acknowledged");
    channel.send(&alert(record(&id, 3, State::Resolved, Urgency::Page, 1))).await.expect("taken");
    assert_eq!(incident()["state"], "resolved");
    courier::send_test(&channel, "pd", Wall(Timestamp::from_secs(8))).await.expect("taken");
}

#[tokio::test]
async fn what_a_service_refuses_or_puts_off_is_told_apart_and_shows_no_secret() {
    let slack = |path| open(config::Channel::Slack(chat(path)));
    let cases = [
        (slack("/services/T0/busy"), true, "429"),
        (slack("/nowhere/T0/hush"), false, "404"),
        (pagerduty("hush"), false, "Invalid routing key"),
    ];
    for (channel, again, words) in cases {
        let sent = channel.send(&alert(record("refused", 1, State::Firing, Urgency::Page, 1))).await;
        let error = sent.expect_err(words);
        let text = error.to_string();
        assert!(text.contains(words) && !text.contains("hush") && !format!("{channel:?}").contains("hush"), "{text}");
        match error {
            SendError::Retry { after, .. } => assert_eq!((again, after), (true, Some(Span::from_secs(3)))),
            SendError::Refused { .. } => assert!(!again, "{text}"),
        }
    }
}

/// The alerts that Alertmanager has of this one.
async fn standing(id: &str, active: bool) -> Vec<Value> {
    let url =
        format!("{}/api/v2/alerts?active={active}&filter=alert_id%3D%22{id}%22", setting("FOREWARN_TEST_ALERTMANAGER"));
    let answer = reqwest::get(url).await.expect("Alertmanager answers");
    serde_json::from_str(&answer.text().await.expect("text")).expect("JSON")
}

#[tokio::test]
async fn one_alert_here_is_one_alert_in_alertmanager_until_it_ends() {
    forewarn::net::install_crypto();
    let url = format!("{}/", setting("FOREWARN_TEST_ALERTMANAGER"));
    let channel = open(config::Channel::Alertmanager(Alertmanager {
        url,
        login: None,
        token: None,
        timeout: Span::from_secs(10),
        ca_file: None,
    }));
    let id = format!("am{}", std::process::id());
    let hold = record(&id, 1, State::Firing, Urgency::Hold, 1);
    for _ in 0..2 {
        channel.send(&alert(hold.clone())).await.expect("taken");
    }
    let known = standing(&id, true).await;
    assert_eq!(known.len(), 1, "{known:#?}");
    assert_eq!((&known[0]["labels"]["severity"], &known[0]["labels"]["team"]), (&"warning".into(), &"storage".into()));
    assert!(known[0]["annotations"]["summary"].as_str().unwrap().contains("db-1"));

    // More urgent, and of another service: the same alert under other labels.
    let mut page = record(&id, 2, State::Firing, Urgency::Page, 1);
    page.service = "storage".to_owned();
    channel.send(&alert(page)).await.expect("taken");
    let known = standing(&id, true).await;
    assert_eq!(known.len(), 1, "{known:#?}");
    assert_eq!(
        (&known[0]["labels"]["severity"], &known[0]["labels"]["service"]),
        (&"critical".into(), &"storage".into())
    );

    let mut end = record(&id, 3, State::Resolved, Urgency::Page, 1);
    end.service = "elsewhere".to_owned();
    channel.send(&alert(end)).await.expect("taken");
    assert_eq!(standing(&id, true).await, Vec::<Value>::new());
    courier::send_test(&channel, "am", Wall(Timestamp::from(jiff::Timestamp::now()))).await.expect("taken");
}
