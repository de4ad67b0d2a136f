use expect_test::expect;
use proptest::prelude::*;

use crate::ingest::decode::testing::Log;
use crate::ingest::decode::{Format, json, recognise};
use crate::signal::{Reading, RejectReason};
use crate::time::Timestamp;

fn decoded(bytes: &[u8]) -> Log {
    let mut log = Log::default();
    json::decode(bytes, None, &mut log);
    log
}

/// The examples of the serializer's documentation.
const SINGLE: &str = r#"{"fields":{"field_1":30,"field_2":4,"field_N":59,"n_images":660},"name":"docker","tags":{"host":"raynor"},"timestamp":1458229140}"#;
const BATCH: &str = r#"{"metrics":[{"fields":{"field_1":30,"n_images":660},"name":"docker","tags":{"host":"raynor"},"timestamp":1458229140},
    {"fields":{"field_1":30},"name":"docker","tags":{"host":"kerrigan"},"timestamp":1458229140}]}"#;

#[test]
fn the_documented_examples_are_read() {
    assert_eq!(recognise(SINGLE.as_bytes()), Some(Format::Telegraf));
    assert_eq!(recognise(BATCH.as_bytes()), Some(Format::Telegraf));
    expect![[r#"
        docker_field_1{host="raynor"} @1458229140000000000 Gauge(30.0)
        docker_field_2{host="raynor"} @1458229140000000000 Gauge(4.0)
        docker_field_N{host="raynor"} @1458229140000000000 Gauge(59.0)
        docker_n_images{host="raynor"} @1458229140000000000 Gauge(660.0)
        docker_field_1{host="raynor"} @1458229140000000000 Gauge(30.0)
        docker_n_images{host="raynor"} @1458229140000000000 Gauge(660.0)
        docker_field_1{host="kerrigan"} @1458229140000000000 Gauge(30.0)
    "#]]
    .assert_eq(&[SINGLE, BATCH].map(|text| decoded(text.as_bytes()).text()).concat());
}

#[test]
fn fields_of_every_kind_and_names_of_any_letters() {
    let text = r#"{"name":"gr\u00f6\u00dfe \"x\"","tags":{"data center":"eu\\1","n":7,"none":null},"timestamp":1458229140,
        "fields":{"ok":true,"off":false,"text":"a \"b\" }","none":null,"deep":{"x":[1,{"y":2}]},"bytes_total":7,"total":8,"small":-1.5e-7}}"#;
    expect![[r#"
        {"größe \"x\"_ok","data center"="eu\\1",n="7"} @1458229140000000000 Gauge(1.0)
        {"größe \"x\"_off","data center"="eu\\1",n="7"} @1458229140000000000 Gauge(0.0)
        {"größe \"x\"_bytes_total","data center"="eu\\1",n="7"} @1458229140000000000 Total { value: 7.0, start: None }
        {"größe \"x\"_total","data center"="eu\\1",n="7"} @1458229140000000000 Gauge(8.0)
        {"größe \"x\"_small","data center"="eu\\1",n="7"} @1458229140000000000 Gauge(-1.5e-7)
    "#]]
    .assert_eq(&decoded(text.as_bytes()).text());
}

#[test]
fn the_unit_of_the_time_is_told_by_its_magnitude() {
    for time in [
        "1795420800",
        "1795420800000",
        "1795420800000000",
        "1795420800000000000",
        "\"2026-11-23T08:00:00Z\"",
        "1795420800.0",
    ] {
        let text = format!(r#"{{"fields":{{"a":1}},"name":"m","tags":{{}},"timestamp":{time}}}"#);
        assert_eq!(decoded(text.as_bytes()).said, ["m_a @1795420800000000000 Gauge(1.0)"], "{time}");
    }
    let mut log = Log::default();
    json::decode(br#"{"fields":{"a":1},"name":"m"}"#, Some(Timestamp::from_secs(3)), &mut log);
    assert_eq!(log.said, ["m_a @3000000000 Gauge(1.0)"]);
}

#[test]
fn broken_metrics_are_rejects_and_the_others_of_the_batch_go_on() {
    let good = r#"{"fields":{"a":1},"name":"m","tags":{},"timestamp":5}"#;
    let broken = [
        r#"{"fields":{"a":1},"name":"m","tags":{}}"#,
        r#"{"fields":{"a":1},"name":"m","timestamp":"soon"}"#,
        r#"{"fields":{"a":1},"name":"m","tags":7,"timestamp":5}"#,
        r#"{"fields":{"a":1x},"name":"m","timestamp":5}"#,
        r#"{"fields":{"a":1},"timestamp":5}"#,
        r#"{"name":"m","timestamp":5}"#,
        "7",
    ];
    let mut batch = format!("{{\"metrics\":[{good}");
    for broken in broken {
        batch += &format!(",\n{broken},\n{good}");
    }
    let log = decoded(format!("{batch}]}}\n{good}").as_bytes());
    assert_eq!(log.samples.len(), broken.len() + 2, "{}", log.text());
    let rejects: String = log.rejects.iter().map(|reject| format!("{}: {}\n", reject.reason, reject.detail)).collect();
    expect![[r#"
        no_time: Telegraf metric: no timestamp: {"fields":{"a":1},"name":"m","tags":{}}
        no_time: Telegraf metric, byte 41: the timestamp cannot be read: {"fields":{"a":1},"name":"m","timestamp":"soon"}
        malformed: Telegraf metric, byte 36: the tags are no object: {"fields":{"a":1},"name":"m","tags":7,"timestamp":5}
        malformed: JSON document: expected `,` or `}` at line 1 column 17
        unknown_format: JSON document that is no metric, no log, no CloudEvent, no OTLP: {"fields":{"a":1},"timestamp":5}
        unknown_format: JSON document that is no metric, no log, no CloudEvent, no OTLP: {"name":"m","timestamp":5}
        malformed: JSON batch, byte 650: no metric stands here: 7,\n{"fields":{"a":1},"name":"m","tags":{},"timestamp":5}]}\n{"fields":{"a":1},"na…
    "#]]
    .assert_eq(&rejects);
}

#[test]
fn a_batch_that_breaks_off_keeps_what_is_whole() {
    for cut in 1..BATCH.len() {
        let log = decoded(&BATCH.as_bytes()[..cut]);
        assert_eq!(log.rejects.len(), 1, "{cut}: {}", log.text());
        assert!(log.samples.len() <= 3);
    }
    let log = decoded(&BATCH.as_bytes()[..BATCH.len() - 1]);
    assert_eq!((log.samples.len(), log.rejects[0].reason), (3, RejectReason::Truncated));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_mutation_costs_its_metric_alone(at in 0usize..400, byte in any::<u8>(), cut in 0usize..400, batch in any::<bool>()) {
        let mut document = if batch { BATCH } else { SINGLE }.replace("docker", "x").into_bytes();
        let (at, cut) = (at % document.len(), cut % document.len());
        document[at] = byte;
        document.truncate(document.len() - cut);
        let around = br#"{"fields":{"a":1},"name":"around","tags":{},"timestamp":5}"#;
        let log = decoded(&[around, &b"\n"[..], &document, b"\n", around].concat());
        let good = log.samples.iter().filter(|sample| sample.1.to_string() == "around_a").count();
        prop_assert_eq!(good, 2, "{}", log.text());
    }

    #[test]
    fn what_serde_writes_is_read_whole(
        name in "[a-z\\\\\" é]{1,8}", tag in ".{0,12}", fields in prop::collection::btree_map("[a-z\"/]{1,6}", -1e12f64..1e12, 1..6)
    ) {
        let json = serde_json::json!({ "fields": fields, "name": name, "tags": { "t": tag }, "timestamp": 1_795_420_800 });
        let log = decoded(json.to_string().as_bytes());
        prop_assert_eq!(log.rejects.len(), 0, "{}", log.text());
        prop_assert_eq!(log.samples.len(), fields.len());
        for ((_, signal, _, reading), (field, value)) in log.samples.iter().zip(&fields) {
            prop_assert_eq!(signal.name(), format!("{name}_{field}"));
            prop_assert_eq!(signal.label("t").unwrap_or(""), &tag);
            prop_assert_eq!(reading, &Reading::Gauge(*value));
        }
    }
}
