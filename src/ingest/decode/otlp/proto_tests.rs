use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::super::recorded::{LOG_WITHOUT_TIME, LOGS, METRICS, TRACES, bytes};
use super::*;
use crate::ingest::decode::testing::Log;
use crate::signal::RejectReason;

fn decoded(message: &[u8], default_time: Option<Timestamp>) -> Log {
    let mut log = Log::default();
    decode(message, default_time, &mut log);
    log
}

fn check(hex: &str, default_time: Option<Timestamp>, expected: Expect) {
    let message = bytes(hex);
    assert!(fits(&message));
    expected.assert_eq(&decoded(&message, default_time).text());
}

#[test]
fn every_kind_of_metric_is_read() {
    check(
        METRICS,
        None,
        expect![[r#"
        {"system.memory.usage","host.name"="web-1","service.name"="checkout",state="used"} @1795420800000000000 Gauge(-5.0)
        {"system.cpu.time",cpu="0","host.name"="web-1","service.name"="checkout",state="user"} @1795420800000000000 Total { value: 12.5, start: Some(Timestamp(1795420740000000000)) }
        {"system.cpu.time",cpu="0","host.name"="web-1","service.name"="checkout",state="idle"} @1795420800000000000 Total { value: 100.25, start: Some(Timestamp(1795420740000000000)) }
        requests{"host.name"="web-1","service.name"="checkout"} @1795420800000000000 Delta { value: 7.0, start: Some(Timestamp(1795420790000000000)) }
        {"queue.depth","host.name"="web-2",primary="true","service.name"="checkout",share="0.5"} @1795420800000000000 Gauge(3.5)
        latency{"host.name"="web-1",route="/pay","service.name"="checkout"} @1795420800000000000 Buckets(Histogram { bounds: [0.1, 0.5], counts: [1.0, 2.0, 3.0], cumulative: true, start: Some(Timestamp(1795420799000000000)) })
        size{"host.name"="web-1","service.name"="checkout"} @1795420800000000000 Buckets(Exponential { bounds: [0.0, 0.5, 1.0, 2.0, 4.0], counts: [2.0, 0.0, 3.0, 0.0, 5.0, 0.0], cumulative: false, start: None })
        gc{"host.name"="web-1","service.name"="checkout"} @1795420800000000000 Buckets(Summary { quantiles: [(0.5, 0.25), (0.99, 1.5)], count: 40.0, start: None })
    "#]],
    );
}

#[test]
fn log_records_are_read() {
    check(
        LOGS,
        None,
        expect![[r#"
            line @2026-11-23T08:00:00Z checkout error: payment failed: bank says no (service.name=checkout)
            line @2026-11-23T08:00:01Z checkout warn: slow (trace_id=000102030405060708090a0b0c0d0e0f service.name=checkout)
            line @2026-11-23T08:00:00Z checkout unknown: {"user":7,"tags":["a\"b"]} (service.name=checkout)
            reject no_time: OTLP logs: record 4: neither time_unix_nano nor observed_time_unix_nano
            line @2026-11-23T08:00:00Z web-1 unknown: ready (host.name=web-1)
        "#]],
    );
    check(
        LOG_WITHOUT_TIME,
        Some(Timestamp::from_secs(5)),
        expect![[r#"
            line @1970-01-01T00:00:05Z - unknown: hello (trace_id=000102030405060708090a0b0c0d0e0f)
        "#]],
    );
}

#[test]
fn traces_are_named() {
    check(
        TRACES,
        None,
        expect![[r#"
        reject unknown_format: OTLP traces: metrics and logs are read, traces are not
    "#]],
    );
}

#[test]
fn a_point_without_value_or_temporality_is_a_reject_and_its_neighbours_count() {
    // Metric "a" { sum { points { time 5, as_int 1 }, points { time 5 } , monotonic } }, no temporality; "b" is a gauge of 2.
    let time = [0x19, 5, 0, 0, 0, 0, 0, 0, 0];
    let int = |value: u8| [0x31, value, 0, 0, 0, 0, 0, 0, 0];
    let point = |parts: &[&[u8]]| nest(0x0A, &parts.concat());
    let sum = [point(&[&time, &int(1)]), point(&[&time]), vec![0x18, 1]].concat();
    let gauge = [point(&[&time, &int(2)]), point(&[&int(3)])].concat();
    let metric = |name: &[u8], tag: u8, data: &[u8]| nest(0x12, &[nest(0x0A, name), nest(tag, data)].concat());
    let broken_name = metric(&[0xFF], 0x2A, &gauge);
    let scope = [metric(b"a", 0x3A, &sum), broken_name, metric(b"b", 0x2A, &gauge)].concat();
    let message = nest(0x0A, &nest(0x12, &scope));
    let log = decoded(&message, None);
    expect![[r#"
        reject malformed: OTLP metric `a`, point 1: its aggregation temporality is unspecified, cumulative or delta is needed
        reject malformed: OTLP metric `a`, point 2: no value
        reject invalid_utf8: OTLP metrics: metric: holds text that is not UTF-8
        b @5 Gauge(2.0)
        reject no_time: OTLP metric `b`, point 2: no time_unix_nano
    "#]].assert_eq(&log.text());
}

/// A length-delimited field of less than 128 bytes, or of two bytes of length.
fn nest(tag: u8, inner: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match inner.len() {
        0..128 => bytes.push(inner.len() as u8),
        length => bytes.extend([length as u8 | 0x80, (length >> 7) as u8]),
    }
    bytes.extend(inner);
    bytes
}

#[test]
fn values_nested_too_deeply_are_a_reject() {
    let mut value = vec![0x0A, 1, b'x'];
    for _ in 0..40 {
        value = nest(0x2A, &nest(0x0A, &value));
    }
    let record = [vec![0x09, 5, 0, 0, 0, 0, 0, 0, 0], nest(0x2A, &value)].concat();
    let log = decoded(&nest(0x0A, &nest(0x12, &nest(0x12, &record))), None);
    assert_eq!(log.rejects.iter().map(|reject| reject.reason).collect::<Vec<_>>(), [RejectReason::TooDeep]);
}

#[test]
fn attributes_that_stand_apart_name_the_same_signal_whatever_lies_between() {
    let pair = |key: u8| nest(0x3A, &[nest(0x0A, &[key]), nest(0x12, &nest(0x0A, b"v"))].concat());
    let time = |at: u8| vec![0x19, at, 0, 0, 0, 0, 0, 0, 0];
    let value = vec![0x31, 1, 0, 0, 0, 0, 0, 0, 0];
    let point = |at: u8| nest(0x0A, &[pair(b'a'), time(at), pair(b'b'), value.clone()].concat());
    let metric = nest(0x12, &[nest(0x0A, b"m"), nest(0x2A, &[point(5), point(6)].concat())].concat());
    let log = decoded(&nest(0x0A, &nest(0x12, &metric)), None);
    assert_eq!(log.samples[0].0, log.samples[1].0);
    assert_eq!(log.samples[0].1.to_string(), r#"m{a="v",b="v"}"#);
}

#[test]
fn truncation_is_named_and_what_was_whole_before_counts() {
    let mut message = [bytes(METRICS), bytes(METRICS)].concat();
    let whole = decoded(&bytes(METRICS), None).samples.len();
    message.truncate(message.len() - 10);
    let log = decoded(&message, None);
    assert_eq!(log.samples.len(), whole);
    assert_eq!(log.rejects.iter().map(|reject| reject.reason).collect::<Vec<_>>(), [RejectReason::Truncated]);
    // Cut within the first block, it is still recognised as what it is.
    let cut = &bytes(LOGS)[..120];
    assert!(fits(cut));
    assert_eq!(decoded(cut, None).rejects[0].reason, RejectReason::Truncated);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_mutation_panics_or_takes_a_good_block_with_it(
        cut in 0usize..600, changes in prop::collection::vec((0usize..600, any::<u8>()), 0..6), logs in any::<bool>()
    ) {
        let good = bytes(if logs { LOGS } else { METRICS });
        let mut broken = good.clone();
        for (at, byte) in changes {
            let at = at % broken.len();
            broken[at] = byte;
        }
        broken.truncate(cut.min(broken.len()));
        decoded(&broken, None);
        fits(&broken);
        // Behind a good block of the same request nothing that is broken can undo it.
        let before = decoded(&good, None);
        let both = decoded(&[good, broken].concat(), None);
        prop_assert_eq!(&both.samples[..before.samples.len()], &before.samples[..]);
        prop_assert_eq!(&both.said[..before.said.len()], &before.said[..]);
    }
}
