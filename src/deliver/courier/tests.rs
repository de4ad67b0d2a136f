//! The courier with real requests: one receiver fails, the other does not wait, receipts are kept.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;

use super::*;
use crate::alert::{AlertRecord, Reason, State, Urgency};
use crate::calendar::Calendar;
use crate::config;
use crate::deliver::outbox::{OutboxBounds, Policy, Reach};
use crate::finding::Kind;

#[derive(Default)]
struct Kept(Mutex<Vec<(Key, Outcome)>>);

impl Receipts for Kept {
    fn keep(&self, key: &Key, outcome: &Outcome, _at: Wall) -> std::io::Result<()> {
        self.0.lock().unwrap().push((key.clone(), outcome.clone()));
        Ok(())
    }
}

fn record(revision: u32, now: Wall) -> AlertRecord {
    AlertRecord {
        id: "a".to_owned(),
        revision,
        state: State::Firing,
        kind: Kind::Anomaly,
        urgency: Urgency::Page,
        at: now.0,
        since: now.0,
        service: "checkout".to_owned(),
        summary: "it hurts".to_owned(),
        signals: Vec::new(),
        breach: None,
        suspects: Vec::new(),
        reason: Reason::Opened,
        merged_into: None,
        labels: BTreeMap::new(),
    }
}

#[tokio::test]
async fn a_failing_receiver_blocks_nobody_and_every_receipt_is_kept() {
    let came = Arc::new(Mutex::new(Vec::new()));
    let taken = came.clone();
    let app = Router::new().route("/down", post(|| async { StatusCode::SERVICE_UNAVAILABLE })).route(
        "/ok",
        post(move |body: String| {
            let event: serde_json::Value = serde_json::from_str(&body).unwrap();
            taken.lock().unwrap().push(event["id"].as_str().unwrap().to_owned());
            async { StatusCode::OK }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let receiver = |name: &str| config::Receiver {
        name: name.to_owned(),
        channel: config::Channel::Webhook(config::Webhook {
            url: format!("{base}/{name}"),
            secret: None,
            timeout: Span::from_secs(5),
            ca_file: None,
        }),
        pace: None,
    };
    let zone = jiff::tz::TimeZone::UTC;
    let channels =
        ["down", "ok"].map(|name| (name.to_owned(), Arc::new(Channel::open(&receiver(name), &zone).unwrap())));
    let policy = Policy {
        receivers: ["down", "ok"].map(|name| (name.to_owned(), Reach::Hook)).to_vec(),
        routes: Vec::new(),
        paces: Default::default(),
        calendar: Calendar::default(),
        stale: Span::from_hours(1),
        expiry: Span::from_days(1),
        bounds: OutboxBounds::default(),
    };
    let clock = wall_clock();
    let outbox: SharedOutbox = Arc::new(Mutex::new(Outbox::new(Arc::new(policy))));
    let kept = Arc::new(Kept::default());
    let courier = Courier::new(outbox.clone(), BTreeMap::from(channels), kept.clone(), clock.clone());
    let (wake, stop) = (courier.wake(), Arc::new(Notify::new()));
    let stopped = stop.clone();
    let running = tokio::spawn(courier.run(async move { stopped.notified().await }));

    for revision in 1..=3 {
        lock(&outbox).take(&record(revision, clock()), clock());
        wake.notify_one();
        for _ in 0..500 {
            if came.lock().unwrap().len() == revision as usize {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    stop.notify_one();
    running.await.unwrap();

    assert_eq!(*came.lock().unwrap(), ["a/1", "a/2", "a/3"]);
    let kept: Vec<Key> = kept.0.lock().unwrap().iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(kept, [1, 2, 3].map(|revision| Key::of_alert("a", revision, "ok")));
    let status = lock(&outbox).status();
    assert_eq!((status[0].tally.delivered, status[1].tally.delivered), (0, 3));
    assert!(status[0].tally.last_error.as_ref().unwrap().contains("503"), "{status:?}");
    assert_eq!(status[0].waiting, 1);
}
