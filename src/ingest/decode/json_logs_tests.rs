use expect_test::{Expect, expect};

use super::*;
use crate::ingest::decode::testing::Log;

fn check(text: &str, expected: Expect) {
    let mut log = Log::default();
    if let Err(reject) = read(text, None, &mut log) {
        log.reject(reject);
    }
    expected.assert_eq(&log.text());
}

#[test]
fn elastic_common_schema_is_read_dotted_and_nested() {
    check(
        r#"{"@timestamp":"2026-11-23T08:00:00.123Z","log.level":"ERROR","message":"payment failed","ecs.version":"8.11.0",
            "service.name":"checkout","event.dataset":"checkout.log","process.thread.name":"main"}"#,
        expect![[r#"
            line @2026-11-23T08:00:00.123Z checkout error: payment failed (ecs.version=8.11.0 event.dataset=checkout.log process.thread.name=main)
        "#]],
    );
    check(
        r#"{"@timestamp":"2026-11-23T09:00:00+01:00","log":{"level":"warn","logger":"com.shop.Pay"},"message":"slow",
            "ecs":{"version":"8.11.0"},"service":{"name":"checkout","version":"3"}}"#,
        expect![[r#"
            line @2026-11-23T08:00:00Z checkout warn: slow (ecs.version=8.11.0)
        "#]],
    );
}

#[test]
fn plain_records_are_read_with_the_usual_keys() {
    for (text, expected) in [
        (r#"{"time":"2026-11-23T08:00:00Z","level":"info","msg":"ready","app":"shop"}"#, "shop info: ready"),
        (r#"{"ts":1795420800.0,"severity":"CRITICAL","message":"down","logger":"db"}"#, "db fatal: down (logger=db)"),
        (r#"{"timestamp":1795420800000,"lvl":"dbg","log":"text\n","service":"s"}"#, "s debug: text\n"),
        (r#"{"time":1795420800000,"level":50,"pid":7,"msg":"pino","name":"x"}"#, "- error: pino (pid=7 name=x)"),
        (r#"{"time":"2026-11-23 08:00:00","msg":"bare"}"#, "- unknown: bare"),
        (r#"{"ts":"1795420800","msg":7,"level":"odd","severity":"warning","service":null}"#, "- warn: 7"),
        (r#"{"ts":1795420800,"log":"error","service":""}"#, "- error: error"),
        (r#"{"ts":1795420800,"msg":"a\tb\u00e9","level":{"x":1},"service":{"name":"n"}}"#, "n unknown: a\tbé"),
    ] {
        let mut log = Log::default();
        read(text, None, &mut log).unwrap();
        assert_eq!(log.said, [format!("line @2026-11-23T08:00:00Z {expected}")], "{text}");
    }
}

#[test]
fn what_has_no_text_or_no_time_is_a_reject() {
    check(
        r#"{"message":{"a":1},"time":1}"#,
        expect![[r#"
            reject malformed: JSON log: its message is not text: {"message":{"a":1},"time":1}
        "#]],
    );
    check(
        r#"{"message":"x"}"#,
        expect![[r#"
            reject no_time: JSON log: none of @timestamp, timestamp, time, ts, datetime, date: {"message":"x"}
        "#]],
    );
    check(
        r#"{"message":"x","time":"yesterday"}"#,
        expect![[r#"
            reject no_time: JSON log: the time cannot be read: "yesterday"
        "#]],
    );
    check(
        r#"{"message":"x","time":1"#,
        expect![[r#"
        reject truncated: JSON log: EOF while parsing an object at line 1 column 23
    "#]],
    );
    let mut log = Log::default();
    read(r#"{"message":"x"}"#, Some(Timestamp::from_secs(1)), &mut log).unwrap();
    assert_eq!(log.said, ["line @1970-01-01T00:00:01Z - unknown: x"]);
}
