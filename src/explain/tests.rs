//! The texts are golden: whoever changes a word sees it.

use std::sync::Arc;

use expect_test::expect;
use jiff::tz::TimeZone;

use super::*;
use crate::alert::AlertRecord;
use crate::alert::{Reason, Urgency};
use crate::deliver::Wall;
use crate::deliver::outbox::{Ack, Cause, Decision, Verdict, Why};
use crate::engine::{Batch, Engine, Input, Output};
use crate::plan::Plan;
use crate::signal::{Fingerprint, Reading, Selector, Signal, Sink};
use crate::time::{Span, Timestamp};

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("2026-11-{text}Z")).unwrap()
}

/// A disk that fills up: foreseen, sooner, over.
pub(crate) fn disk() -> Vec<AlertRecord> {
    let record = |revision: u32, state: &str, at: &str, reason: &str, likely: &str, summary: &str| {
        let json = serde_json::json!({
            "id": "4f1c09ab22d07e15", "revision": revision, "state": state, "kind": "forecast",
            "urgency": if revision == 1 { "hold" } else { "page" },
            "at": format!("2026-11-{at}Z"), "since": "2026-11-23T12:55:00Z", "service": "db-1", "summary": summary,
            "signals": [{
                "signal": "disk_used_ratio{host=\"db-1\"}", "value": 0.8 + 0.05 * f64::from(revision),
                "expected_low": 0.4, "expected_high": 0.5, "score": 0.4 + 0.1 * f64::from(revision), "unit": "ratio",
                "words": "rises by 0.055 an hour"
            }],
            "breach": {
                "limit": "disk_used_ratio{host=\"db-1\"}", "level": 0.95, "probability": 0.72,
                "earliest": format!("2026-11-{likely}Z"), "likely": format!("2026-11-{likely}Z"),
                "latest": "2026-11-24T04:00:00Z"
            },
            "suspects": [{ "change": "c-17", "what": "db 2.4 deployed", "at": "2026-11-23T12:50:00Z", "confidence": 0.61 }],
            "reason": reason, "labels": { "runbook": "https://wiki/disk" }
        });
        serde_json::from_value(json).unwrap()
    };
    vec![
        record(1, "firing", "23T13:10:00", "opened", "24T02:00:00", "disk_used_ratio of db-1 will pass 0.95"),
        record(2, "firing", "23T15:00:00", "promoted", "23T19:00:00", "disk_used_ratio of db-1 will pass 0.95 soon"),
        record(3, "resolved", "23T16:30:00", "withdrawn", "23T19:00:00", "disk_used_ratio of db-1 is back to usual"),
    ]
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

#[test]
fn the_life_of_an_alert() {
    let decision = |at_: &str, revision, receiver: &str, verdict| Decision {
        at: Wall(at(at_)),
        alert: "4f1c09ab22d07e15".to_owned(),
        revision,
        receiver: receiver.to_owned(),
        verdict,
    };
    let until = Wall(at("24T08:00:00"));
    let decisions = vec![
        decision("23T13:10:31", 1, "mail", Verdict::Hold(Why::UntilWork(until))),
        decision("23T15:00:30", 2, "mail", Verdict::Send(Cause::News(Reason::Promoted))),
        decision("23T15:00:30", 2, "hook", Verdict::Hold(Why::Silenced("s2".to_owned()))),
    ];
    let ack = Some(Ack { by: "anna".to_owned(), at: Wall(at("23T15:20:00")), urgency: Urgency::Page });
    expect![[r#"
        alert 4f1c09ab22d07e15: over
          disk_used_ratio of db-1 is back to usual
          service  db-1
          since    Mon 2026-11-23 13:55 CET; decided Mon 2026-11-23 14:10 CET (15 minutes later)
          ended    Mon 2026-11-23 17:30 CET, after 4 hours: the forecast receded
          on it    anna, since Mon 2026-11-23 16:20 CET
          runbook  https://wiki/disk

        what was seen, likeliest origin first
          disk_used_ratio{host="db-1"} rises by 0.055 an hour
            Mon 2026-11-23 16:00 CET: 0.9, usually 0.4 to 0.5; so odd a point comes about once in 30 million of its points

        what was foreseen: limit: disk_used_ratio{host="db-1"} passes 0.95
          Mon 2026-11-23 14:10 CET: 72 % likely, earliest Tue 2026-11-24 03:00 CET, most likely Tue 2026-11-24 03:00 CET, latest Tue 2026-11-24 05:00 CET
          Mon 2026-11-23 16:00 CET: 72 % likely, earliest Mon 2026-11-23 20:00 CET, most likely Mon 2026-11-23 20:00 CET, latest Tue 2026-11-24 05:00 CET
          it receded and did not happen

        suspects
          db 2.4 deployed at Mon 2026-11-23 13:50 CET (61 % sure, change c-17)

        what was said, and to whom
          1  Mon 2026-11-23 14:10 CET  opened, hold: it is new
               Mon 2026-11-23 14:10 CET mail: not sent: it can wait until people work again, 2026-11-24T08:00:00Z
          2  Mon 2026-11-23 16:00 CET  promoted, page: it can no longer wait
               Mon 2026-11-23 16:00 CET mail: sent: it can no longer wait
               Mon 2026-11-23 16:00 CET hook: not sent: silence s2 covers it
          3  Mon 2026-11-23 17:30 CET  withdrawn, page: the forecast receded
               no decision about telling it is remembered
    "#]].assert_eq(&life(&disk(), &Delivery::Saved { decisions, ack }, &berlin()));
    expect![[r#"
        alert 4f1c09ab22d07e15: firing
          disk_used_ratio of db-1 will pass 0.95
          service  db-1
          since    Mon 2026-11-23 13:55 CET; decided Mon 2026-11-23 14:10 CET (15 minutes later)
          runbook  https://wiki/disk

        what was seen, likeliest origin first
          disk_used_ratio{host="db-1"} rises by 0.055 an hour
            Mon 2026-11-23 14:10 CET: 0.85, usually 0.4 to 0.5; so odd a point comes about once in 100,000 of its points

        what was foreseen: limit: disk_used_ratio{host="db-1"} passes 0.95
          Mon 2026-11-23 14:10 CET: 72 % likely, earliest Tue 2026-11-24 03:00 CET, most likely Tue 2026-11-24 03:00 CET, latest Tue 2026-11-24 05:00 CET

        suspects
          db 2.4 deployed at Mon 2026-11-23 13:50 CET (61 % sure, change c-17)

        what was said, and to whom
          1  Mon 2026-11-23 14:10 CET  opened, hold: it is new
          (a file of alerts does not hold to whom they were sent)
    "#]].assert_eq(&life(&disk()[..1], &Delivery::Unknown, &berlin()));
    assert_eq!(life(&[], &Delivery::Unknown, &berlin()), "");
}

/// An engine that has seen so many days of two signals, one of them steady with a jump at the end.
pub(crate) fn engine(plan: Arc<Plan>, days: i64) -> Engine {
    let mut engine = Engine::new(plan);
    let (mut batch, mut out) = (Batch::default(), Output::default());
    let begin = at("01T00:00:00");
    for minute in 0..days * 1_440 {
        let now = begin + Span::from_mins(minute);
        let wave = (minute * 7_919 % 101) as f64 / 101.0;
        // Odd for once, and not odd enough to wake someone.
        let queue = if minute == days * 1_440 - 60 { 14.0 } else { 10.0 + wave };
        let mut intake = engine.intake(&mut batch);
        for (n, (name, value)) in [("queue_depth", queue), ("up", 1.0)].into_iter().enumerate() {
            let signal = || Signal::new(name, [("service", "checkout")]);
            intake.sample(Fingerprint(n as u128), signal, now, Reading::Gauge(value));
        }
        engine.apply(Input::Observe(&mut batch), &mut out);
        engine.apply(Input::Advance(now), &mut out);
    }
    engine
}

#[test]
fn what_was_held_back_and_what_is_only_young() {
    let told = |selector: &str, days, latest: &[AlertRecord]| {
        let settings = crate::config::Settings::default();
        let engine = engine(settings.plan, days);
        held(&Selector::parse(selector).unwrap(), &engine, latest, &berlin()).unwrap_or_else(|| "none".to_owned())
    };
    expect![[r#"
        judged up to Wed 2026-11-11 00:59 CET
        queue_depth{service="checkout"}
          nothing unusual
        up{service="checkout"}
          nothing unusual
    "#]]
    .assert_eq(&told("{service=\"checkout\"}", 10, &[]));
    let mut standing = disk().remove(0);
    standing.signals[0].signal = "up{service=\"checkout\"}".to_owned();
    expect!["none"].assert_eq(&told("up", 0, &[]));
    expect![[r#"
        judged up to Mon 2026-11-02 00:59 CET
        queue_depth{service="checkout"}
          still warming up: known for 23h58m, alerts begin after 2d
        up{service="checkout"}
          still warming up: known for 23h58m, alerts begin after 2d
          is part of alert 4f1c09ab22d07e15, which stands: disk_used_ratio of db-1 will pass 0.95
    "#]]
    .assert_eq(&told("{__name__=~\"up|queue.*\"}", 1, &[standing]));
}

#[test]
fn alerts_are_found_by_the_begin_of_their_id_in_a_file_or_a_topic_dump() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("alerts.jsonl");
    let record = &disk()[0];
    let other = AlertRecord { id: "4f99".to_owned(), ..record.clone() };
    let event = serde_json::json!({ "specversion": "1.0", "data": other });
    std::fs::write(&path, format!("{}\n\n{event}\n", serde_json::to_string(record).unwrap())).unwrap();
    let evidence = Evidence::of_alerts(&path).unwrap();
    for (id, found) in
        [("4f1c09ab22d07e15", Some("4f1c09ab22d07e15")), ("4f1", Some("4f1c09ab22d07e15")), ("4f", None), ("", None)]
    {
        let got = evidence.alert(id);
        assert_eq!(got.as_ref().ok().map(|(records, _)| records[0].id.as_str()), found, "{id}: {got:?}");
    }
    std::fs::write(&path, "{}\n").unwrap();
    let error = Evidence::of_alerts(&path).unwrap_err().to_string();
    assert!(error.contains("alerts.jsonl:1: not an alert record: missing field"), "{error}");
}
