//! Requests against a real server on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap as Headers, HeaderValue, StatusCode as Answer};
use axum::response::{IntoResponse, Response as Reply};
use axum::routing::post;

use reqwest::header::LOCATION;

use super::*;
use crate::config::Secret;
use crate::deliver::Wall;
use crate::deliver::outbox::{Cause, Content};
use crate::deliver::post::retry_after_from;
use crate::time::{Span, Timestamp};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

type Seen = Arc<Mutex<Vec<(Headers, String)>>>;

/// A server that answers each path in its own way and keeps what came.
async fn server() -> (String, Seen) {
    let seen = Seen::default();
    let keep = seen.clone();
    let taken = move |headers: Headers, body: String| {
        keep.lock().unwrap().push((headers, body));
        async { Answer::ACCEPTED }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let redirect = |status: Answer, to: String| -> Reply {
        (status, [(LOCATION, HeaderValue::from_str(&to).unwrap())]).into_response()
    };
    let app = Router::new()
        .route("/ok", post(taken))
        .route("/moved", post(move || async move { redirect(Answer::PERMANENT_REDIRECT, "/ok".to_owned()) }))
        .route("/found", post(move || async move { redirect(Answer::FOUND, "/ok".to_owned()) }))
        .route("/loop", post(move || async move { redirect(Answer::TEMPORARY_REDIRECT, "/loop".to_owned()) }))
        .route(
            "/other",
            post(move || async move {
                redirect(Answer::TEMPORARY_REDIRECT, format!("http://localhost:{port}/ok?token=hush"))
            }),
        )
        .route("/busy", post(|| async { (Answer::TOO_MANY_REQUESTS, [("retry-after", "17")], "slow\ndown") }))
        .route("/broken", post(|| async { (Answer::INTERNAL_SERVER_ERROR, "x".repeat(100_000)) }))
        .route("/gone", post(|| async { (Answer::GONE, "no such hook") }))
        .route("/slow", post(|| tokio::time::sleep(Duration::from_secs(30))));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://127.0.0.1:{port}"), seen)
}

fn webhook(url: &str, secret: Option<&str>) -> Webhook {
    Webhook { url: url.to_owned(), secret: secret.map(Secret::new), timeout: Span::from_millis(700), ca_file: None }
}

fn test_message() -> Notification {
    Notification {
        key: Key::of("test"),
        receiver: "hook".to_owned(),
        content: Content::Test,
        cause: Cause::Test,
        thread: None,
        chart: None,
        held_back: Vec::new(),
        attempt: 1,
        at: Wall(Timestamp::from_secs(0)),
    }
}

#[tokio::test]
async fn a_request_is_a_signed_cloudevent_with_a_stable_key() {
    let (base, seen) = server().await;
    let channel = WebhookChannel::open(&webhook(&format!("{base}/moved"), Some(SECRET))).unwrap();
    channel.send(&test_message()).await.unwrap();
    let (headers, body) = seen.lock().unwrap().remove(0);
    assert_eq!(headers["content-type"], "application/cloudevents+json");
    assert_eq!(headers["idempotency-key"], Key::of("test").as_str());
    assert_eq!(headers["webhook-id"], Key::of("test").as_str());
    standardwebhooks::Webhook::new(SECRET).unwrap().verify(body.as_bytes(), &headers).unwrap();
    let event: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&event["specversion"], &event["data"]["test"]), (&"1.0".into(), &true.into()));
}

#[tokio::test]
async fn every_answer_is_judged() {
    let (base, seen) = server().await;
    let cases = [
        ("/busy", true, Some(Span::from_secs(17)), "429 Too Many Requests: slow down"),
        ("/broken", true, None, "500 Internal Server Error: xxx"),
        ("/slow", true, None, "timed out"),
        ("/gone", false, None, "410 Gone: no such hook"),
        ("/found", false, None, "a redirect to another path"),
        ("/other", false, None, "a redirect to localhost; put the final address"),
        ("/loop", false, None, "307"),
        ("/nowhere", false, None, "404"),
    ];
    for (path, again, rest, words) in cases {
        let channel = WebhookChannel::open(&webhook(&format!("{base}{path}?token=hush"), None)).unwrap();
        let error = channel.send(&test_message()).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(words) && !text.contains("hush"), "{path}: {text}");
        match error {
            SendError::Retry { after, .. } => assert_eq!((again, rest), (true, after), "{path}"),
            SendError::Refused { .. } => assert!(!again, "{path}"),
        }
    }
    assert!(seen.lock().unwrap().is_empty(), "nothing went to another address");
    let nobody = WebhookChannel::open(&webhook("http://127.0.0.1:9/x?token=hush", None)).unwrap();
    let error = nobody.send(&test_message()).await.unwrap_err();
    assert!(matches!(&error, SendError::Retry { step: Step::Connect, .. }), "{error}");
    assert!(!error.to_string().contains("hush") && !format!("{nobody:?}").contains("hush"));
}

#[test]
fn what_cannot_work_is_said_when_it_is_set_up() {
    for (url, secret, words) in [
        ("example.org/x", None, "write https://host/path"),
        ("ftp://example.org", None, "use http or https"),
        ("https://example.org", Some("not base64!"), "not base64"),
    ] {
        let problem = WebhookChannel::open(&webhook(url, secret)).unwrap_err();
        assert!(problem.contains(words) && !problem.contains("base64!"), "{problem}");
    }
}

#[test]
fn a_rest_is_read_as_seconds_or_as_a_date() {
    let now: jiff::Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
    let cases = [
        ("120", Some(120)),
        ("Mon, 23 Nov 2026 08:02:00 GMT", Some(120)),
        ("Mon, 23 Nov 2026 07:00:00 GMT", Some(0)),
        ("-5", None),
        ("soon", None),
    ];
    for (text, secs) in cases {
        assert_eq!(retry_after_from(text, now), secs.map(Span::from_secs), "{text}");
    }
}
