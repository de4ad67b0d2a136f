//! Golden letters.

use std::collections::BTreeMap;

use expect_test::expect;
use jiff::tz::TimeZone;

use super::*;
use crate::alert::{AlertRecord, BreachNote, Reason, SignalNote, State, Suspect, Urgency};
use crate::deliver::Wall;
use crate::deliver::outbox::{Digest, DigestEntry, Fate};
use crate::finding::Kind;
use crate::time::Timestamp;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("2026-11-{text}Z")).unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn disk() -> AlertRecord {
    let note = |signal: &str, value, low, high, unit: &str| SignalNote {
        signal: signal.to_owned(),
        value: Some(value),
        expected_low: Some(low),
        expected_high: Some(high),
        score: 0.97,
        unit: Some(unit.to_owned()),
        words: String::new(),
    };
    AlertRecord {
        id: "a1b2c3".to_owned(),
        revision: 2,
        state: State::Firing,
        kind: Kind::Forecast,
        urgency: Urgency::Hold,
        at: at("24T01:10:00"),
        since: at("23T22:00:00"),
        service: "checkout".to_owned(),
        summary: "checkout: the disk of db-1 fills and will be full at noon".to_owned(),
        signals: vec![
            note("disk_used_ratio{host=\"db-1\"}", 0.873, 0.41, 0.5, "ratio"),
            note("wal_bytes{host=\"db-1\"}", 48_300_000_000.0, 1e9, 2.5e9, "bytes"),
        ],
        breach: Some(BreachNote {
            objective: None,
            limit: Some("disk_used_ratio{host=\"db-1\"}".to_owned()),
            name: None,
            level: 0.95,
            probability: 0.834,
            earliest: at("24T09:40:12"),
            likely: at("24T11:05:00"),
            latest: at("24T16:00:00"),
        }),
        suspects: vec![Suspect {
            change: "c1".to_owned(),
            what: "deploy of billing <v42> & co".to_owned(),
            at: at("23T21:52:00"),
            confidence: 0.72,
        }],
        reason: Reason::Worsened,
        merged_into: None,
        labels: BTreeMap::from([
            ("owner".to_owned(), "storage team".to_owned()),
            ("runbook".to_owned(), "https://wiki.example/disk?a=1&b=\"2\"".to_owned()),
        ]),
    }
}

fn show(letter: &Letter) -> String {
    format!("Subject: {}\n\n{}", letter.subject, letter.text())
}

#[test]
fn a_forecast_reads_as_a_colleague_writes() {
    // Decided in the night, told at the start of work.
    let letter = alert(&disk(), Some(Wall(at("24T01:10:00"))), Wall(at("24T08:00:00")), &zone());
    expect![[r#"
        Subject: [hold] checkout: the disk of db-1 fills and will be full at noon

        checkout: the disk of db-1 fills and will be full at noon

        Service           checkout
        What will happen  disk_used_ratio{host="db-1"} will pass its limit of 95 %
        Earliest          Tue 24 Nov 10:40 CET (in 1h40m)
        Most likely       Tue 24 Nov 12:05 CET (in 3h5m)
        Latest            Tue 24 Nov 17:00 CET (in 8h)
        How likely        83 %
        Shows since       Mon 23 Nov 23:00 CET
        Owner             storage team
        Runbook           https://wiki.example/disk?a=1&b="2"

        What is seen:
          - disk_used_ratio{host="db-1"}: 87.3 %, usually 41 % to 50 %
          - wal_bytes{host="db-1"}: 48.3 GB, usually 1 GB to 2.5 GB

        What changed just before:
          - deploy of billing <v42> & co at Mon 23 Nov 22:52 CET, 8m before (72 % sure)

        You hear of it now because it got worse. It was held back from Tue 24 Nov 02:10 CET until the start of work, because it could wait.

        -- 
        Alert a1b2c3 revision 2. On it: forewarn ack a1b2c3. Why: forewarn explain a1b2c3.
    "#]].assert_eq(&show(&letter));
}

#[test]
fn an_objective_that_is_breached_says_that_users_feel_it() {
    let mut record = disk();
    let breach = record.breach.as_mut().unwrap();
    breach.objective = breach.limit.take();
    breach.name = Some("checkout is slow".to_owned());
    (breach.earliest, breach.likely, breach.latest) = (record.at, record.at, record.at);
    (record.urgency, record.reason) = (Urgency::Page, Reason::Opened);
    record.suspects.clear();
    expect![[r#"
        Subject: [page] checkout: the disk of db-1 fills and will be full at noon

        checkout: the disk of db-1 fills and will be full at noon

        Service       checkout
        What happens  checkout is slow: disk_used_ratio{host="db-1"} has passed 95 %; users feel it
        Shows since   Mon 23 Nov 23:00 CET
        Owner         storage team
        Runbook       https://wiki.example/disk?a=1&b="2"

        What is seen:
          - disk_used_ratio{host="db-1"}: 87.3 %, usually 41 % to 50 %
          - wal_bytes{host="db-1"}: 48.3 GB, usually 1 GB to 2.5 GB

        No known change fits in time.

        You hear of it now because it is new.

        -- 
        Alert a1b2c3 revision 2. On it: forewarn ack a1b2c3. Why: forewarn explain a1b2c3.
    "#]]
    .assert_eq(&show(&alert(&record, None, Wall(record.at), &zone())));
}

#[test]
fn an_end_says_since_when_it_is_over() {
    let mut record = disk();
    (record.state, record.reason, record.at) = (State::Resolved, Reason::Merged, at("24T03:30:00"));
    record.merged_into = Some("ffff".to_owned());
    record.signals[0].words = "back to 45 %".to_owned();
    expect![[r#"
        Subject: [resolved] checkout: the disk of db-1 fills and will be full at noon

        checkout: the disk of db-1 fills and will be full at noon

        Service      checkout
        Shows since  Mon 23 Nov 23:00 CET
        Over since   Tue 24 Nov 04:30 CET (lasted 5h30m)
        Owner        storage team
        Runbook      https://wiki.example/disk?a=1&b="2"

        What is seen:
          - disk_used_ratio{host="db-1"}: back to 45 %
          - wal_bytes{host="db-1"}: 48.3 GB, usually 1 GB to 2.5 GB

        You hear of it now because it is one with another alert. It goes on as alert ffff.

        -- 
        Alert a1b2c3 revision 2. On it: forewarn ack a1b2c3. Why: forewarn explain a1b2c3.
    "#]]
    .assert_eq(&show(&alert(&record, None, Wall(record.at), &zone())));
}

#[test]
fn a_digest_lists_each_with_its_fate() {
    let since = Wall(at("24T01:10:00"));
    let fates =
        [Fate::Open, Fate::Ended, Fate::CameAndWent { since }, Fate::Released { since }, Fate::Promoted { since }];
    let entries = fates.into_iter().map(|fate| DigestEntry { record: disk(), fate }).collect();
    let letter = digest(&Digest { at: Wall(at("24T08:00:00")), entries, unlisted: 3 }, &zone());
    expect![[r#"
        Subject: [digest] Tue 24 Nov: 1 alert open, 2 over

        Nothing here needed you at once: 1 alert open, 2 over.

        Open:
          - checkout: the disk of db-1 fills and will be full at noon (since Mon 23 Nov 23:00 CET; alert a1b2c3)

        Over since the last digest:
          - checkout: the disk of db-1 fills and will be full at noon (over since Tue 24 Nov 02:10 CET; alert a1b2c3)

        Came and went before you had to know:
          - checkout: the disk of db-1 fills and will be full at noon (held back from Tue 24 Nov 02:10 CET, over since Tue 24 Nov 02:10 CET; alert a1b2c3)

        Held, and told by itself now:
          - checkout: the disk of db-1 fills and will be full at noon (held back from Tue 24 Nov 02:10 CET; alert a1b2c3)

        Held, then could not wait and was told by itself:
          - checkout: the disk of db-1 fills and will be full at noon (held back from Tue 24 Nov 02:10 CET, told at Tue 24 Nov 02:10 CET; alert a1b2c3)

        3 more will be in the next digest.

        -- 
        Why each was raised or held: forewarn explain ID.
    "#]].assert_eq(&show(&letter));
}

#[test]
fn html_is_escaped_and_loads_nothing() {
    let mut record = disk();
    record.summary = "<script>alert('x')</script>".to_owned();
    record.signals.truncate(1);
    let html = alert(&record, None, Wall(record.at), &zone()).html();
    assert!(!html.contains("<script") && !html.contains("<v42>") && !html.contains("src=") && !html.contains("url("));
    expect![[r#"
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><style>:root{color-scheme:light dark}</style></head>
        <body style="font-family:system-ui,sans-serif;font-size:15px;line-height:1.45;max-width:46em">
        <p style="font-size:17px;font-weight:600">&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</p>
        <table role="presentation">
        <tr><th align="left" valign="top" style="padding:2px 14px 2px 0;font-weight:500;opacity:.75">Service</th><td style="padding:2px 0">checkout</td></tr>
        <tr><th align="left" valign="top" style="padding:2px 14px 2px 0;font-weight:500;opacity:.75">What will happen</th><td style="padding:2px 0">disk_used_ratio{host=&quot;db-1&quot;} will pass its limit of 95 %</td></tr>
        <tr><th align="left" valign="top" style="padding:2px 14px 2px 0;font-weight:500;opacity:.75">Earliest</th><td style="padding:2px 0">Tue 24 Nov 10:40 CET (in 8h30m)</td></tr>
        <tr><th align="left" valign="top" style="padding:2px 14px 2px 0;font-weight:500;opacity:.75">Most likely</th><td style="padding:2px 0">Tue 24 Nov 12:05 CET (in 9h55m)</td></tr>
        <tr><th align="left" valign="top" style="padding:2px 14px 2px 0;font-weight:500;opacity:.75">Latest</th><td style="padding:2px 0">Tue 24 Nov 17:00 CET (in 14h50m)</td></tr>
        <tr><th align="left" valign="top" style="padding:2px 14px 2px 0;font-weight:500;opacity:.75">How likely</th><td style="padding:2px 0">83 %</td></tr>
        <tr><th align="left" valign="top" style="padding:2px 14px 2px 0;font-weight:500;opacity:.75">Shows since</th><td style="padding:2px 0">Mon 23 Nov 23:00 CET</td></tr>
        <tr><th align="left" valign="top" style="padding:2px 14px 2px 0;font-weight:500;opacity:.75">Owner</th><td style="padding:2px 0">storage team</td></tr>
        <tr><th align="left" valign="top" style="padding:2px 14px 2px 0;font-weight:500;opacity:.75">Runbook</th><td style="padding:2px 0"><a href="https://wiki.example/disk?a=1&amp;b=&quot;2&quot;">https://wiki.example/disk?a=1&amp;b=&quot;2&quot;</a></td></tr>
        </table>
        <p style="margin-bottom:4px"><strong>What is seen</strong></p><ul><li>disk_used_ratio{host=&quot;db-1&quot;}: 87.3 %, usually 41 % to 50 %</li></ul>
        <p style="margin-bottom:4px"><strong>What changed just before</strong></p><ul><li>deploy of billing &lt;v42&gt; &amp; co at Mon 23 Nov 22:52 CET, 8m before (72 % sure)</li></ul>
        <p>You hear of it now because it got worse.</p>
        <p style="font-size:12px;opacity:.7">Alert a1b2c3 revision 2. On it: forewarn ack a1b2c3. Why: forewarn explain a1b2c3.</p>
        </body></html>"#]].assert_eq(&html);
}

#[test]
fn values_are_said_with_three_digits() {
    let cases = [
        (0.8731, Some("ratio"), "87.3 %"),
        (812.4, Some("ms"), "812 ms"),
        (1_234_567.0, Some("bytes"), "1.23 MB"),
        (0.0, None, "0"),
        (-0.05, None, "-0.05"),
        (12.0, Some("1/s"), "12/s"),
        (1e-9, None, "1.00e-9"),
        (f64::NAN, Some("s"), "NaN s"),
    ];
    for (value, unit, expected) in cases {
        assert_eq!(words::quantity(value, unit), expected);
    }
}

#[test]
fn the_cloudevent_carries_the_record() {
    let event = cloudevent(&disk());
    assert_eq!(event["id"], "a1b2c3/2");
    assert_eq!(event["type"], "dev.forewarn.alert.v1");
    assert_eq!(event["time"], "2026-11-24T01:10:00Z");
    let back: AlertRecord = serde_json::from_value(event["data"].clone()).unwrap();
    assert_eq!(back, disk());
}
