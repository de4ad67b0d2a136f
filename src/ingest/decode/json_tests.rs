use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::ingest::decode::testing::Log;

fn decoded(bytes: &[u8]) -> Log {
    let mut log = Log::default();
    decode(bytes, None, &mut log);
    log
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&decoded(text.as_bytes()).text());
}

const A: &str = r#"{"time":1795420800,"msg":"a"}"#;
const B: &str = r#"{"time":1795420801,"msg":"b {\"[\\"}"#;

#[test]
fn documents_come_one_by_one_in_lines_or_in_an_array() {
    for text in [format!("{A}\n{B}\n"), format!("{A}{B}"), format!(" [\n{A},\r\n{B} ]\n"), format!("{A}\n\n  {B}")] {
        assert_eq!(
            decoded(text.as_bytes()).text(),
            "line @2026-11-23T08:00:00Z - unknown: a\nline @2026-11-23T08:00:01Z - unknown: b {\"[\\\n"
        );
    }
    assert_eq!(decoded(b"[]").text(), "");
}

#[test]
fn a_broken_document_costs_itself_alone() {
    for broken in [
        r#"{"time":1795420800,"msg":"#,
        r#"{"time":1795420800,"msg":"cut"#,
        r#"{"time":1795420800,"msg":}"#,
        r#"{"time":1795420800,"msg":"x"]"#,
        r#"{"time":1795420800,"nested":{"deep":[1,2"#,
        r#"{"time":"yesterday","msg":"x"}"#,
        r#"{"msg":"no time"}"#,
        r#"{"nobody":"knows"}"#,
        r#"{"specversion":"1.0","id":"1","type":"com.example.thing"}"#,
        r#"{"resourceMetrics":7}"#,
    ] {
        let log = decoded(format!("{A}\n{broken}\n{A}\n").as_bytes());
        let lines = log.said.iter().filter(|said| said.starts_with("line")).count();
        assert_eq!((lines, log.rejects.len()), (2, 1), "{broken}: {}", log.text());
    }
}

#[test]
fn rejects_say_what_is_wrong() {
    check(
        "{\"msg\":\"cut",
        expect![[r#"
            reject truncated: JSON at byte 0: ends before it is complete: {"msg":"cut
        "#]],
    );
    check(
        "{\"nobody\":\"knows\"}",
        expect![[r#"
            reject unknown_format: JSON document that is no metric, no log, no CloudEvent, no OTLP: {"nobody":"knows"}
        "#]],
    );
    check(
        "{\"msg\":}",
        expect![[r#"
        reject malformed: JSON log: expected value at line 1 column 8
    "#]],
    );
    check(
        "{\"msg\":\"x\",\"time\":\"yesterday\"} trailing",
        expect![[r#"
            reject no_time: JSON log: the time cannot be read: "yesterday"
            reject malformed: JSON at byte 31: no object starts here: trailing
        "#]],
    );
    let deep = format!("{{\"msg\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    check(
        &deep,
        expect![[r#"
            reject too_deep: JSON at byte 0: nested deeper than 100: {"msg":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[…
        "#]],
    );
    let log = decoded(b"{\"time\":1,\"msg\":\"\xFF\"}");
    expect![[r#"
        reject invalid_utf8: JSON document: invalid UTF-8: {"time":1,"msg":"�"}
    "#]]
    .assert_eq(&log.text());
}

#[test]
fn nesting_however_deep_costs_no_stack_and_little_time() {
    let deep = [b"{\"a\":".repeat(1_000_000), b"}".repeat(1_000_000)].concat();
    assert_eq!(decoded(&deep).rejects[0].reason, RejectReason::TooDeep);
    let lines = b"{\"a\":[\n".repeat(300_000);
    assert!(
        decoded(&lines)
            .rejects
            .iter()
            .all(|reject| matches!(reject.reason, RejectReason::TooDeep | RejectReason::Truncated))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_mutation_panics_and_the_lines_around_it_count(
        at in 0usize..200, byte in any::<u8>(), cut in 0usize..200, which in 0usize..3
    ) {
        let documents = [
            r#"{"@timestamp":"2026-11-23T08:00:00Z","log":{"level":"warn"},"message":"a \"quoted\" {text}","service":{"name":"x"}}"#,
            r#"{"specversion":"1.0","id":"7","type":"dev.forewarn.flag.changed","time":"2026-11-23T08:00:00Z","data":{"service":"s","what":"w","version":2}}"#,
            r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"5","body":{"stringValue":"x"}}]}]}]}"#,
        ];
        let mut document = documents[which].as_bytes().to_vec();
        let (at, cut) = (at % document.len(), cut % document.len());
        document[at] = byte;
        document.truncate(document.len() - cut);
        let log = decoded(&[A.as_bytes(), b"\n", &document, b"\n", A.as_bytes()].concat());
        let good = log.said.iter().filter(|said| said.ends_with("08:00:00Z - unknown: a")).count();
        prop_assert_eq!(good, 2, "{}", log.text());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(prop::sample::select(b"{}[]\",:\\\n 0a\xFF".to_vec()), 0..200)) {
        decoded(&bytes);
        kind(&bytes);
    }
}
