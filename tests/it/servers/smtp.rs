//! Mail through a real server (`tests/servers/smtp.sh`): STARTTLS, login, threads, refusals.
//!
//! Needs `FOREWARN_TEST_SMTP` (host:port) and `FOREWARN_TEST_SMTP_FOLDER` (with `ca.pem`; mails arrive there), and
//! `FOREWARN_TEST_SMTP_CLEAR` (host:port of one that offers no STARTTLS). Without them it fails: a skipped test proves nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use forewarn::alert::chart::{Chart, Panel, Point};
use forewarn::alert::{AlertRecord, Reason, State, Urgency};
use forewarn::config::{self, Email, Receiver, Secret, SmtpTls};
use forewarn::deliver::outbox::{Cause, Content, Key};
use forewarn::deliver::render::chart::draw;
use forewarn::deliver::{Channel, Notification, SendError, Step, Wall, courier};
use forewarn::finding::Kind;
use forewarn::time::{Span, Timestamp};
use serde_json::json;

use super::setting;

fn email(server: &str) -> Email {
    let (host, port) = server.rsplit_once(':').expect("host:port");
    Email {
        host: host.to_owned(),
        port: port.parse().expect("a port"),
        tls: SmtpTls::StartTls,
        ca_file: Some(folder().join("ca.pem")),
        login: Some(("forewarn".to_owned(), Secret::new("open sesame\n"))),
        from: "Forewarn <forewarn@shop.example>".to_owned(),
        to: vec!["ops@shop.example".to_owned(), "Ann <ann@shop.example>".to_owned()],
    }
}

pub(super) fn folder() -> PathBuf {
    PathBuf::from(setting("FOREWARN_TEST_SMTP_FOLDER"))
}

fn open(email: Email) -> Channel {
    let receiver = Receiver { name: "mail".to_owned(), channel: config::Channel::Email(email), pace: None };
    Channel::open(&receiver, &jiff::tz::TimeZone::UTC).expect("a channel")
}

/// The mails in the folder that carry this text, in the order of arrival.
pub(super) fn mails(alert: &str) -> Vec<String> {
    let mut mails: Vec<(u64, String)> = Vec::new();
    for entry in folder().read_dir().expect("the folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(number) = name.strip_prefix("mail-").and_then(|rest| rest.strip_suffix(".eml")) else { continue };
        let text = String::from_utf8_lossy(&std::fs::read(entry.path()).expect("a mail")).into_owned();
        if text.contains(alert) {
            mails.push((number.parse().expect("a number"), text));
        }
    }
    mails.sort();
    mails.into_iter().map(|(_, text)| text).collect()
}

pub(super) fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let head = mail.split("\r\n\r\n").next().unwrap_or(mail);
    let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in\n{head}"))
}

/// A mail as an independent reader sees it (`tests/servers/mail.py`).
pub(super) fn read(mail: &str) -> serde_json::Value {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mail.eml");
    std::fs::write(&path, mail).expect("the mail is written");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/mail.py");
    let done = std::process::Command::new(setting("FOREWARN_TEST_PYTHON")).arg(script).arg(&path).output();
    let done = done.expect("python runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("JSON")
}

fn notification(id: &str, revision: u32, state: State, thread: Option<Key>) -> Notification {
    let at = Timestamp::from_secs(1_795_000_000);
    let record = AlertRecord {
        id: id.to_owned(),
        revision,
        state,
        kind: Kind::Forecast,
        urgency: Urgency::Page,
        at,
        since: at,
        service: "checkout".to_owned(),
        summary: "checkout: the disk of db-1 fills – full in 2 hours".to_owned(),
        signals: Vec::new(),
        breach: None,
        suspects: Vec::new(),
        reason: if state == State::Firing { Reason::Opened } else { Reason::Resolved },
        merged_into: None,
        labels: BTreeMap::new(),
    };
    Notification {
        key: Key::of_alert(id, revision, "mail"),
        receiver: "mail".to_owned(),
        content: Content::Alert { record, held: None },
        cause: Cause::News(Reason::Opened),
        thread,
        chart: None,
        held_back: Vec::new(),
        attempt: 1,
        at: Wall(at),
    }
}

#[tokio::test]
async fn a_mail_arrives_protected_logged_in_and_in_one_thread() {
    let channel = open(email(&setting("FOREWARN_TEST_SMTP")));
    let id = format!("it{}", std::process::id());
    let first = notification(&id, 1, State::Firing, None);
    channel.send(&first).await.expect("delivered");
    channel.send(&first).await.expect("delivered again");
    channel.send(&notification(&id, 2, State::Resolved, Some(first.key.clone()))).await.expect("delivered");

    let mails = mails(&id);
    assert_eq!(mails.len(), 3);
    let message_id = format!("<{}@shop.example>", first.key);
    assert_eq!(header(&mails[0], "Message-ID"), message_id);
    assert_eq!(header(&mails[1], "Message-ID"), message_id, "the same message has the same id");
    assert_eq!(header(&mails[2], "In-Reply-To"), message_id);
    assert_eq!(header(&mails[2], "References"), message_id);
    for mail in &mails {
        assert_eq!(header(mail, "X-Seen-TLS"), "True");
        assert_eq!(header(mail, "X-Seen-Login"), "True");
        assert_eq!(header(mail, "Auto-Submitted"), "auto-generated");
        assert!(header(mail, "X-Forewarn-Alert").starts_with(&id));
        assert!(mail.contains("multipart/alternative") && mail.contains("text/plain") && mail.contains("text/html"));
    }
}

/// A line that rises for a day.
fn chart(at: Timestamp) -> Chart {
    let from = at - Span::from_hours(24);
    let course = (0..48).map(|i| Point { at: from + Span::from_mins(30 * i), value: Some(0.4 + 0.01 * i as f64) });
    let panel = Panel {
        signal: "disk_used_ratio{host=\"db-1\"}".to_owned(),
        unit: Some("ratio".to_owned()),
        course: course.collect(),
        expected: Vec::new(),
        bounds: Vec::new(),
        ahead: None,
    };
    Chart { at, since: from, from, to: at + Span::from_hours(1), panels: vec![panel], changes: Vec::new() }
}

#[tokio::test]
async fn a_picture_comes_within_the_mail_and_a_reader_finds_it() {
    let channel = open(email(&setting("FOREWARN_TEST_SMTP")));
    let id = format!("pic{}", std::process::id());
    let bare = notification(&id, 1, State::Firing, None);
    let chart = chart(bare.at.0);
    let drawn = draw(&chart, &jiff::tz::TimeZone::UTC).expect("a picture");
    let with = Notification { chart: Some(Arc::new(chart)), ..notification(&id, 2, State::Firing, None) };
    for message in [bare, with] {
        channel.send(&message).await.expect("delivered");
    }
    let mails = mails(&id);
    let (bare, with) = (read(&mails[0]), read(&mails[1]));
    assert_eq!(bare["tree"], json!(["multipart/alternative", ["text/plain", "text/html"]]));
    let related = json!(["multipart/related", ["text/html", "image/png"]]);
    assert_eq!(with["tree"], json!(["multipart/alternative", ["text/plain", related]]));
    let picture = &with["pictures"][0];
    assert_eq!((&picture["disposition"], &picture["bytes"]), (&json!("inline"), &json!(drawn.png.len())));
    assert_eq!((&picture["width"], &picture["height"]), (&json!(2 * drawn.width), &json!(2 * drawn.height)));
    assert!(with["alts"][0].as_str().unwrap().starts_with("Chart of disk_used_ratio"), "{}", with["alts"]);
    assert_eq!(bare["plain"], with["plain"].as_str().unwrap().replace("revision 2", "revision 1"));
}

#[tokio::test]
async fn a_test_message_goes_the_real_way() {
    let mut to = email(&setting("FOREWARN_TEST_SMTP"));
    to.to = vec![format!("test-{}@shop.example", std::process::id())];
    let address = to.to[0].clone();
    courier::send_test(&open(to), "mail", Wall(Timestamp::from_secs(1))).await.expect("delivered");
    assert!(header(&mails(&address)[0], "Subject").starts_with("[test]"));
}

#[tokio::test]
async fn what_fails_is_told_apart_and_shows_no_secret() {
    let server = setting("FOREWARN_TEST_SMTP");
    let clear = setting("FOREWARN_TEST_SMTP_CLEAR");
    let wrong = Some(("forewarn".to_owned(), Secret::new("hush hush")));
    let to = |name: &str| vec![format!("{name}@shop.example")];
    let cases = [
        (Email { login: wrong, ..email(&server) }, false, Step::Login, "check `user` and `password_file`"),
        (Email { to: to("never"), ..email(&server) }, false, Step::Send, "no such mailbox"),
        (Email { to: to("later"), ..email(&server) }, true, Step::Send, "come back later"),
        (Email { ca_file: None, ..email(&server) }, true, Step::Tls, "certificate"),
        (email(&clear), false, Step::Tls, "STARTTLS is not supported"),
        (email("127.0.0.1:9"), true, Step::Connect, "127.0.0.1:9"),
    ];
    for (email, again, at, words) in cases {
        let error = open(email).send(&notification("refused", 1, State::Firing, None)).await.expect_err(words);
        let text = error.to_string();
        assert!(text.contains(words) && !text.contains("sesame") && !text.contains("hush"), "{text}");
        let (is_retry, step) = match error {
            SendError::Retry { step, .. } => (true, step),
            SendError::Refused { step, .. } => (false, step),
        };
        assert_eq!((is_retry, step), (again, at), "{text}");
    }
}
