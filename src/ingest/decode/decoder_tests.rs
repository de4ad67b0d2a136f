use std::sync::Arc;

use expect_test::expect;
use proptest::prelude::*;

use super::testing::Log;
use super::*;
use crate::engine::{Batch, Engine};
use crate::plan::Plan;

const INFLUX: &[u8] = b"m x=1 5\n";
const JSON_LOG: &[u8] = br#"{"time":1795420800,"msg":"a b=1 5"}"#;
const OTLP_LOGS: &[u8] = b"\x0A\x17\x12\x15\x12\x13\x09\x05\0\0\0\0\0\0\0\x10\x09\x2A\x06\x0A\x04text";
const EVENT: &[u8] =
    br#"{"specversion":"1.0","id":"1","type":"dev.forewarn.flag.changed","time":1795420800,"data":{"service":"s","what":"w"}}"#;
const OTLP_JSON: &[u8] =
    br#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[{"timeUnixNano":"5","asInt":"3"}]}}]}]}]}"#;

fn all() -> [(Format, &'static [u8]); 5] {
    [
        (Format::Influx, INFLUX),
        (Format::JsonLogs, JSON_LOG),
        (Format::OtlpProtobuf, OTLP_LOGS),
        (Format::CloudEvents, EVENT),
        (Format::OtlpJson, OTLP_JSON),
    ]
}

fn decode(decoder: &mut Decoder, bytes: &[u8]) -> Log {
    let mut log = Log::default();
    decoder.decode("topic", bytes, None, &Bounds::default(), &mut log);
    log
}

#[test]
fn every_format_is_recognised_behind_every_other() {
    for (format, bytes) in all() {
        assert_eq!(recognise(bytes), Some(format));
        assert_eq!(Format::parse(format.name()), Some(format));
        for (before, other) in all() {
            let mut decoder = Decoder::new();
            decode(&mut decoder, other);
            let log = decode(&mut decoder, bytes);
            assert_eq!((log.said.len(), log.rejects.len()), (1, 0), "{format:?} behind {before:?}: {}", log.text());
        }
    }
}

#[test]
fn what_cannot_be_read_at_all_is_one_reject() {
    let large = vec![b'a'; (8 << 20) + 1];
    let mut said = String::new();
    for bytes in [
        &b"\0\0\0\0\x2Apayload"[..],
        &large,
        b"hello world",
        &[0xFF, 0xFE, 1, 2, 3],
        b"\0",
        b"{\"a\":1}",
        b"{",
        &b"[".repeat(10_000),
        &b"{\"a\":".repeat(10_000),
        &[&b"{\"msg\":"[..], &b"[".repeat(10_000)].concat(),
        &OTLP_LOGS[..20],
    ] {
        let log = decode(&mut Decoder::new(), bytes);
        assert_eq!(log.rejects.len(), 1, "{}", log.text());
        said += &log.text();
    }
    expect![[r#"
        reject schema_registry: a Schema Registry's magic byte: the payload needs schema 42, which is not read
        reject too_large: a message of 8388609 bytes, limits.message_bytes is 8388608
        reject unknown_format: nobody knows this format: hello world
        reject unknown_format: nobody knows this format: ��\u{1}\u{2}\u{3}
        reject unknown_format: nobody knows this format: \0
        reject unknown_format: JSON document that is no log, no CloudEvent, no OTLP: {"a":1}
        reject truncated: JSON at byte 0: ends before it is complete: {
        reject too_deep: JSON at byte 1: nested deeper than 100: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[…
        reject too_deep: JSON at byte 0: nested deeper than 100: {"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":…
        reject too_deep: JSON at byte 0: nested deeper than 100: {"msg":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[…
        reject truncated: OTLP logs: request: ends within a field
    "#]]
    .assert_eq(&said);
}

#[test]
fn blank_messages_hold_nothing() {
    for bytes in [&b""[..], b"\n", b" \r\n\t", b"\xEF\xBB\xBF", b"\x0A\x00"] {
        assert_eq!(decode(&mut Decoder::new(), bytes).text(), "", "{bytes:?}");
    }
    assert_eq!(decode(&mut Decoder::new(), b"\xEF\xBB\xBFm x=1 5").samples.len(), 1);
}

#[test]
fn a_remembered_format_reads_what_alone_would_not_be_recognised() {
    let mut decoder = Decoder::new();
    decode(&mut decoder, INFLUX);
    expect![[r#"
        reject malformed: influx line 1, column 7: no fields: broken
    "#]]
    .assert_eq(&decode(&mut decoder, b"broken\n").text());
}

#[test]
fn rejects_of_one_message_are_bounded_and_good_lines_still_count() {
    let mut message = b"broken\n".repeat(100_000);
    message.extend(INFLUX);
    let mut decoder = Decoder::fixed(Format::Influx);
    let log = decode(&mut decoder, &message);
    assert_eq!((log.samples.len(), log.rejects.len()), (1, REJECTS_MAX));
    expect!["influx line 1000, column 7: no fields: broken; and 99000 more in this message"]
        .assert_eq(&log.rejects[REJECTS_MAX - 1].detail);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), first in 0usize..5) {
        let mut decoder = Decoder::new();
        decode(&mut decoder, all()[first].1);
        decode(&mut decoder, &bytes);
        decode(&mut decoder, &[all()[first].1, &bytes].concat());
        for (format, _) in all() {
            decode(&mut Decoder::fixed(format), &bytes);
        }
    }
}

#[test]
fn an_engine_takes_what_is_finite_and_rejects_the_rest() {
    let mut engine = Engine::new(Arc::new(Plan::default()));
    let mut batch = Batch::default();
    let message = b"m a=1,b=NaN,c=-inf,d=1e999 5\nm,host=x a=2 6\n";
    Decoder::new().decode("topic", message, None, &Bounds::default(), &mut engine.intake(&mut batch));
    let signals: Vec<_> =
        batch.samples.iter().map(|sample| engine.directory().signal(sample.series).to_string()).collect();
    assert_eq!(signals, ["m_a", "m_a{host=\"x\"}"]);
    let reasons: Vec<_> = batch.rejects.iter().map(|(_, reject)| reject.reason).collect();
    assert_eq!(reasons, [RejectReason::NotFinite; 3]);
}
