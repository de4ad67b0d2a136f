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

const TELEGRAF: &[u8] = br#"{"fields":{"a":1},"name":"m","tags":{},"timestamp":5}"#;
const METRIC: &[u8] = br#"{"name":"m","value":1,"timestamp":5}"#;
const BEAT: &[u8] =
    br#"{"@timestamp":"2026-11-23T08:00:00Z","event":{"module":"x"},"metricset":{"name":"y"},"x":{"y":{"z":1}}}"#;
const WRITE: &[u8] = b"\x0A\x1D\x0A\x0D\x0A\x08__name__\x12\x01m\x12\x0C\x09\0\0\0\0\0\0\xF0\x3F\x10\x80\x01";
const EXPOSITION: &[u8] = b"m{a=\"b\"} 1 1795420800\n";
const SYSLOG: &[u8] = b"<34>1 2026-11-23T08:00:00Z host app - - - text";
const LOGFMT: &[u8] = b"ts=2026-11-23T08:00:00Z level=info msg=x";
const TEXT: &[u8] = b"2026-11-23 08:00:00 INFO it is ready";

fn all() -> [(Format, &'static [u8]); 13] {
    [
        (Format::Influx, INFLUX),
        (Format::Telegraf, TELEGRAF),
        (Format::JsonMetrics, METRIC),
        (Format::Metricbeat, BEAT),
        (Format::RemoteWrite, WRITE),
        (Format::PrometheusText, EXPOSITION),
        (Format::Syslog, SYSLOG),
        (Format::Logfmt, LOGFMT),
        (Format::Text, TEXT),
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
        reject schema_registry: a Schema Registry's magic byte: the payload needs schema 42; with `url` of [kafka.schema_registry] it is asked for
        reject too_large: a message of 8388609 bytes, limits.message_bytes is 8388608
        reject unknown_format: nobody knows this format: hello world (text: number 1 in a row, after 32 it is taken for log lines; at once with `formats` of [kafka])
        reject unknown_format: nobody knows this format: ��\u{1}\u{2}\u{3}
        reject unknown_format: nobody knows this format: \0
        reject unknown_format: JSON document that is no metric, no log, no CloudEvent, no OTLP: {"a":1}
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
fn bare_text_is_taken_where_nothing_else_comes_and_garbage_never() {
    let mut decoder = Decoder::new();
    let mut read = |partition: i32, bytes: &[u8]| {
        let mut log = Log::default();
        let at = Some(Timestamp::from_secs(5));
        decoder.decode_of("lines", partition, bytes, at, &Bounds::default(), &mut log);
        log.rejects.len()
    };
    let text = b"the queue is long";
    // Garbage among them, another format, or another partition: the run begins anew, or is not this one's.
    for broken in [&b"\x01\x02"[..], INFLUX] {
        assert!((1..PROSE_RUN).all(|_| read(0, text) == 1));
        read(0, broken);
    }
    assert!((0..PROSE_RUN).all(|_| read(0, text) == 1));
    assert_eq!((read(0, text), read(1, text)), (0, 1));
    assert_eq!((read(0, b"\x01\x02"), read(0, b"{\"broken"), read(0, text)), (1, 1, 0));
    assert_eq!((read(0, JSON_LOG), read(0, text)), (0, 1));
}

#[test]
fn a_topic_that_is_told_is_not_recognised() {
    let mut decoder = Decoder::told([("lines".into(), Format::Text)]);
    for (topic, rejects) in [("lines", 0), ("others", 1)] {
        let mut log = Log::default();
        let at = Some(Timestamp::from_secs(5));
        decoder.decode(topic, b"the queue is long", at, &Bounds::default(), &mut log);
        assert_eq!(log.rejects.len(), rejects, "{topic}");
    }
}

#[test]
fn what_is_remembered_survives_a_restart() {
    let mut decoder = Decoder::new();
    let mut sink = Log::default();
    for _ in 0..PROSE_RUN {
        decoder.decode_of("lines", 3, b"the queue is long", None, &Bounds::default(), &mut sink);
    }
    decoder.decode_of("metrics", 0, INFLUX, None, &Bounds::default(), &mut sink);
    let kept = postcard::to_allocvec(decoder.memories()).unwrap();
    let mut restored = Decoder::new();
    restored.recall(postcard::from_bytes(&kept).unwrap());
    assert_eq!(postcard::to_allocvec(restored.memories()).unwrap(), kept);
    for topic in ["lines", "metrics"] {
        let mut both = [Log::default(), Log::default()];
        for (decoder, log) in [&mut decoder, &mut restored].into_iter().zip(&mut both) {
            let at = Some(Timestamp::from_secs(5));
            decoder.decode_of(topic, if topic == "lines" { 3 } else { 0 }, b"oh no", at, &Bounds::default(), log);
        }
        assert_eq!(both[0].text(), both[1].text());
        assert_eq!(both[0].rejects.len(), usize::from(topic == "metrics"));
    }
}

#[test]
fn a_format_that_is_told_goes_by_its_own_name() {
    let names: Vec<&str> = Format::names().collect();
    assert_eq!(names, crate::config::Kafka::FORMATS);
}

/// Messages that the formats' own clients wrote; `tests/servers/formats.py` says which and how.
#[test]
fn what_independent_clients_write_is_read() {
    macro_rules! messages {
        ($($name:literal),*) => { [$(($name, &include_bytes!(concat!("../../../tests/wire/", $name))[..])),*] };
    }
    let mut said = String::new();
    for (name, bytes) in messages![
        "ecs",
        "gelf",
        "json-logger",
        "logfmt",
        "loguru",
        "loguru-text",
        "openmetrics",
        "prometheus",
        "structlog-json",
        "structlog-logfmt",
        "schema-json",
        "syslog-3164",
        "syslog-5424",
        "syslog-logger",
        "syslog-python"
    ] {
        let mut log = Log::default();
        let at = Timestamp::parse_rfc3339("2026-11-26T00:00:00Z");
        Decoder::new().decode("topic", bytes, at, &Bounds::default(), &mut log);
        said += &format!("{name}: {}\n{}", recognise(bytes).map_or("?", Format::name), log.text());
    }
    expect![[r#"
        ecs: json-logs
        line @2026-11-25T22:59:27.53Z checkout warn: pool is "nearly" full (ecs.version=1.6.0 process.name=MainProcess process.pid=9619 used=0.9)
        gelf: json-logs
        line @2026-11-25T22:59:27.2990189Z checkout error: payment failed: bank says no (version=1.1 _order=7 host=vm)
        json-logger: json-logs
        line @2026-11-25T22:59:27.533Z - warn: pool is "nearly" full (name=lines used=0.9)
        logfmt: logfmt
        line @2026-11-25T22:59:27Z topic warn: pool is "nearly" full (used=0.9)
        loguru: json-logs
        line @2026-11-25T22:59:27.541576Z - error: card refused
        loguru-text: text
        line @2026-11-25T22:59:27.565Z topic error: ERROR    | __main__:lines:152 - card refused
        openmetrics: prometheus
        queue_depth{queue="mail \"out\"\\in"} @1795651200000000000 Gauge(17.5)
        jobs_total{queue="mail"} @1795651200000000000 Total { value: 42.0, start: None }
        job_seconds{queue="mail"} @1795651200000000000 Buckets(Histogram { bounds: [0.1, 1.0, 10.0], counts: [1.0, 2.0, 1.0, 1.0], cumulative: true, start: Some(Timestamp(1795647566327310080)) })
        job_bytes @1795651200000000000 Buckets(Summary { quantiles: [], count: 1.0, start: Some(Timestamp(1795647566327356928)) })
        prometheus: prometheus
        queue_depth{queue="mail \"out\"\\in"} @1795651200000000000 Gauge(17.5)
        jobs_total{queue="mail"} @1795651200000000000 Total { value: 42.0, start: None }
        job_seconds{queue="mail"} @1795651200000000000 Buckets(Histogram { bounds: [0.1, 1.0, 10.0], counts: [1.0, 2.0, 1.0, 1.0], cumulative: true, start: None })
        job_bytes @1795651200000000000 Buckets(Summary { quantiles: [], count: 1.0, start: None })
        structlog-json: json-logs
        line @2026-11-25T22:59:27.57409Z - error: stock is empty (item=7)
        structlog-logfmt: logfmt
        line @2026-11-25T22:59:27.582067Z topic error: stock is empty (item=7)
        schema-json: ?
        stock_items{shop="nord"} @1795420800000000000 Gauge(12.0)
        syslog-3164: syslog
        line @2026-11-25T22:59:27Z backup error: disk is full (host=vm)
        syslog-5424: syslog
        line @2026-11-25T22:59:27.330372Z checkout warn: queue is "long" (host=web-1)
        syslog-logger: syslog
        line @2026-11-25T22:59:27.37373Z backup error: disk is full (host=vm)
        syslog-python: syslog
        line @2026-11-26T00:00:00Z checkout error: out of memory
    "#]].assert_eq(&said);
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

/// Counts, and keeps nothing.
#[derive(Default)]
struct Count {
    good: usize,
    rejects: usize,
}

impl Sink for Count {
    fn sample(
        &mut self,
        _: crate::signal::Fingerprint,
        _: impl FnOnce() -> crate::signal::Signal,
        _: Timestamp,
        _: crate::signal::Reading,
    ) {
        self.good += 1;
    }
    fn line(&mut self, _: crate::signal::Line<'_>) {
        self.good += 1;
    }
    fn change(&mut self, _: crate::signal::Change) {
        self.good += 1;
    }
    fn reject(&mut self, _: Reject) {
        self.rejects += 1;
    }
}

#[test]
fn huge_messages_are_read_whole() {
    for (format, bytes) in all() {
        let count = (2 << 20) / bytes.len();
        // Two protobuf messages, one behind the other, are one with the fields of both.
        let end: &[u8] = if matches!(format, Format::RemoteWrite | Format::OtlpProtobuf) { b"" } else { b"\n" };
        let message = [bytes, end].concat().repeat(count);
        let mut have = Count::default();
        Decoder::new().decode("topic", &message, None, &Bounds::default(), &mut have);
        assert_eq!((have.good, have.rejects), (count, 0), "{format:?}");
    }
}

#[test]
fn huge_garbage_costs_each_format_one_pass() {
    // What opens something and never ends it, over and over: to read it again for each would take hours.
    let pieces: [&[u8]; 19] = [
        b"{",
        b"[",
        b"\"",
        b"\\",
        b"{\"a\":",
        b"{\"metrics\":[",
        b"7,{},",
        b"\n{\"fields\":{\"a\":1",
        b"<34>",
        b"\n<",
        b"<34>1 - - - - - [a b=\"",
        b"a=\"",
        b"a=1 ",
        b"a{b=\"c\",",
        b"# TYPE a histogram\na_bucket{le=\"1\"} 1\n",
        b"\x0A\x02",
        b"\x22\x01a",
        b"2026-11-23 08:00:00 ",
        b"\x1b[",
    ];
    for piece in pieces {
        let message = piece.repeat((1 << 20) / piece.len());
        for (format, _) in all() {
            let mut have = Count::default();
            let at = Some(Timestamp::from_secs(5));
            Decoder::fixed(format).decode("topic", &message, at, &Bounds::default(), &mut have);
            assert!(have.rejects <= REJECTS_MAX, "{format:?}");
        }
        Decoder::new().decode("topic", &message, None, &Bounds::default(), &mut Count::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), first in 0usize..13) {
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
