//! Requests to a receiver that verifies them with another implementation of Standard Webhooks (`tests/servers/webhook.sh`).
//!
//! Needs `FOREWARN_TEST_WEBHOOK` (the address), `FOREWARN_TEST_WEBHOOK_FOLDER` and `FOREWARN_TEST_WEBHOOK_SECRET`.

use std::path::PathBuf;

use forewarn::config::{self, Receiver, Secret, Webhook};
use forewarn::deliver::outbox::Key;
use forewarn::deliver::{Channel, SendError, Wall, courier};
use forewarn::time::{Span, Timestamp};

use super::setting;

fn open(secret: &str) -> Channel {
    let webhook = Webhook {
        url: setting("FOREWARN_TEST_WEBHOOK"),
        secret: Some(Secret::new(secret)),
        timeout: Span::from_secs(10),
        ca_file: None,
    };
    let receiver = Receiver { name: "hook".to_owned(), channel: config::Channel::Webhook(webhook), pace: None };
    Channel::open(&receiver, &jiff::tz::TimeZone::UTC).expect("a channel")
}

#[tokio::test]
async fn another_implementation_verifies_the_signature() {
    let now = Wall(Timestamp::from_secs(i64::from(std::process::id())));
    courier::send_test(&open(&setting("FOREWARN_TEST_WEBHOOK_SECRET")), "hook", now).await.expect("delivered");
    let key = Key::of(&format!("test/hook/{now}"));
    let folder = PathBuf::from(setting("FOREWARN_TEST_WEBHOOK_FOLDER"));
    let bodies = folder.read_dir().expect("the folder").flatten().map(|entry| entry.path());
    let mut bodies = bodies.filter(|path| path.extension().is_some_and(|ext| ext == "json"));
    let came = bodies.any(|path| std::fs::read_to_string(path).expect("a body").contains(key.as_str()));
    assert!(came, "no body with {key}");
}

#[tokio::test]
async fn a_wrong_secret_is_refused_for_good() {
    let sent = courier::send_test(&open("whsec_d3Jvbmcgc2VjcmV0"), "hook", Wall(Timestamp::from_secs(2))).await;
    assert!(matches!(&sent, Err(SendError::Refused { said, .. }) if said.contains("400")), "{sent:?}");
}
