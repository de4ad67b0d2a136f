use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::ingest::decode::json;
use crate::ingest::decode::testing::Log;
use crate::time::Timestamp;

fn decoded(text: &str) -> Log {
    let mut log = Log::default();
    json::decode(text.as_bytes(), None, &mut log);
    log
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&decoded(text).text());
}

#[test]
fn the_usual_spellings_meet() {
    let meet = r#"queue_depth{host="a"} @1795420800000000000 Gauge(3.5)"#;
    for text in [
        r#"{"name":"queue_depth","value":3.5,"timestamp":1795420800,"labels":{"host":"a"}}"#,
        r#"{"metric":"queue_depth","val":"3.5","time":"2026-11-23T08:00:00Z","tags":{"host":"a"}}"#,
        r#"{"timestamp":"2026-11-23T08:00:00Z","value":"3.5","name":"queue_depth","labels":{"__name__":"queue_depth","host":"a"}}"#,
        r#"{"metric_name":"queue_depth","value":3.5,"ts":1795420800000,"dimensions":{"host":"a"},"unit":"1"}"#,
        r#"{"__name__":"queue_depth","value":3.5,"@timestamp":1795420800.0,"host":"a","type":"gauge"}"#,
        r#"{"name":"queue_depth","value":3.5,"t":1795420800,"tags":["host:a","bare"]}"#,
    ] {
        assert_eq!(decoded(text).said, [meet], "{text}");
    }
}

#[test]
fn types_and_names_tell_counters() {
    check(
        r#"{"name":"a","type":"counter","value":3,"timestamp":1}
           {"name":"b_total","value":3,"timestamp":1}
           {"name":"b_total","type":"gauge","value":3,"timestamp":1}
           {"name":"c","type":"delta","value":3,"timestamp":1}
           {"name":"d","value":true,"timestamp":1}"#,
        expect![[r#"
            a @1000000000 Total { value: 3.0, start: None }
            b_total @1000000000 Total { value: 3.0, start: None }
            b_total @1000000000 Gauge(3.0)
            c @1000000000 Delta { value: 3.0, start: None }
            d @1000000000 Gauge(1.0)
        "#]],
    );
}

#[test]
fn vectors_own_metrics_are_read() {
    check(
        r#"{"name":"load1","namespace":"host","tags":{"host":"web-1"},"timestamp":"2026-11-23T08:00:00Z","kind":"absolute","gauge":{"value":1.5}}
           {"name":"requests_total","tags":{"host":"web-1"},"timestamp":"2026-11-23T08:00:00Z","kind":"incremental","counter":{"value":7.0}}
           {"name":"bytes","timestamp":"2026-11-23T08:00:00Z","kind":"absolute","counter":{"value":7.0}}
           {"name":"time","timestamp":"2026-11-23T08:00:00Z","kind":"absolute","aggregated_histogram":{"buckets":[{"upper_limit":0.1,"count":2},{"upper_limit":1.0,"count":3},{"upper_limit":null,"count":1}],"count":6,"sum":2.5}}
           {"name":"time","timestamp":"2026-11-23T08:00:00Z","kind":"absolute","aggregated_summary":{"quantiles":[{"quantile":0.5,"value":0.2}],"count":6,"sum":2.5}}
           {"name":"set","timestamp":"2026-11-23T08:00:00Z","kind":"incremental","gauge":{"value":1}}"#,
        expect![[r#"
            host_load1{host="web-1"} @1795420800000000000 Gauge(1.5)
            requests_total{host="web-1"} @1795420800000000000 Delta { value: 7.0, start: None }
            bytes @1795420800000000000 Total { value: 7.0, start: None }
            time @1795420800000000000 Buckets(Histogram { bounds: [0.1, 1.0], counts: [2.0, 3.0, 1.0], cumulative: true, start: None })
            time @1795420800000000000 Buckets(Summary { quantiles: [(0.5, 0.2)], count: 6.0, start: None })
            reject malformed: JSON metric: an incremental gauge tells no level: {"name":"set","timestamp":"2026-11-23T08:00:00Z","kind":"incremental","gauge":{"…
        "#]],
    );
}

#[test]
fn what_is_missing_is_named() {
    check(
        r#"{"name":"","value":3,"timestamp":1}
           {"name":"a","value":3}
           {"name":"a","value":3,"timestamp":"soon"}
           {"name":"a","value":"much","timestamp":1}"#,
        expect![[r#"
            reject malformed: JSON metric: no name: {"name":"","value":3,"timestamp":1}
            reject no_time: JSON metric `a`: no time that can be read: {"name":"a","value":3}
            reject no_time: JSON metric `a`: no time that can be read: {"name":"a","value":3,"timestamp":"soon"}
            reject malformed: JSON metric: value: `much` is not a number at line 1 column 6: {"name":"a","value":"much","timestamp":1}
        "#]],
    );
}

#[test]
fn values_and_times_do_not_enter_the_identity() {
    let log = decoded(
        r#"{"name":"a","value":3,"timestamp":1,"host":"x"}{"name":"a","value":"4","timestamp":"2026-11-23T08:00:00Z","host":"x"}{"name":"a","value":3,"timestamp":1,"host":"y"}"#,
    );
    assert_eq!(log.samples[0].0, log.samples[1].0);
    assert_ne!(log.samples[0].0, log.samples[2].0);
    let mut log = Log::default();
    json::decode(br#"{"name":"a","value":3}"#, Some(Timestamp::from_secs(9)), &mut log);
    assert_eq!(log.said, ["a @9000000000 Gauge(3.0)"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_mutation_costs_its_document_alone(at in 0usize..400, byte in any::<u8>(), cut in 0usize..400, which in 0usize..2) {
        let documents = [
            r#"{"name":"q","value":3.5,"timestamp":1795420800,"labels":{"host":"a"},"zone":"b","type":"counter"}"#,
            r#"{"name":"q","tags":{"a":"b"},"timestamp":"2026-11-23T08:00:00Z","kind":"absolute","aggregated_histogram":{"buckets":[{"upper_limit":0.1,"count":2}],"count":6}}"#,
        ];
        let mut document = documents[which].as_bytes().to_vec();
        let (at, cut) = (at % document.len(), cut % document.len());
        document[at] = byte;
        document.truncate(document.len() - cut);
        let around = br#"{"name":"around","value":1,"timestamp":5}"#;
        let mut log = Log::default();
        json::decode(&[around, &b"\n"[..], &document, b"\n", around].concat(), None, &mut log);
        prop_assert_eq!(log.samples.iter().filter(|sample| sample.1.to_string() == "around").count(), 2, "{}", log.text());
    }
}
