use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::ingest::decode::testing::Log;
use crate::ingest::decode::{Format, recognise};

fn decoded(bytes: &[u8]) -> Log {
    let mut log = Log::default();
    decode(bytes, Some(Timestamp::from_secs(5)), &mut log);
    log
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&decoded(text.as_bytes()).text());
}

#[test]
fn the_example_of_the_documentation_is_read() {
    let text = r#"# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="0.1"} 33444
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320

# Finally a summary, which has a complex representation, too:
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds{quantile="0.99"} 76656
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
"#;
    assert_eq!(recognise(text.as_bytes()), Some(Format::PrometheusText));
    check(
        text,
        expect![[r#"
        http_requests_total{code="200",method="post"} @1395066363000000000 Total { value: 1027.0, start: None }
        http_requests_total{code="400",method="post"} @1395066363000000000 Total { value: 3.0, start: None }
        msdos_file_access_time_seconds{error="Cannot find file:\n\"FILE.TXT\"",path="C:\\DIR\\FILE.TXT"} @5000000000 Gauge(1458255915.0)
        metric_without_timestamp_and_labels @5000000000 Gauge(12.47)
        something_weird{problem="division by zero"} @-3982045000000000 Gauge(inf)
        http_request_duration_seconds @5000000000 Buckets(Histogram { bounds: [0.05, 0.1], counts: [24054.0, 9390.0, 110876.0], cumulative: true, start: None })
        rpc_duration_seconds @5000000000 Buckets(Summary { quantiles: [(0.01, 3102.0), (0.99, 76656.0)], count: 2693.0, start: None })
    "#]],
    );
}

#[test]
fn openmetrics_with_exemplars_creation_times_and_quoted_names_is_read() {
    let text = r#"# TYPE foo counter
foo_total{a="b"} 17.0 1520879607.789 # {trace_id="x"} 1 1520879607.789
foo_created{a="b"} 1520872607.123
# TYPE h histogram
h_bucket{le="1",s="x"} 2 # {trace_id="x"} 0.5
h_bucket{le="+Inf",s="x"} 3
h_count{s="x"} 3
h_sum{s="x"} 9
h_created{s="x"} 1520872607.5
h_bucket{le="1",s="y"} 1
h_bucket{le="+Inf",s="y"} 1
# TYPE "my.temp" gauge
{"my.temp", "data center"="eu"} 21.5
# TYPE nothing summary
nothing{quantile="0.5"} NaN
nothing_count 0
# EOF
"#;
    check(
        text,
        expect![[r#"
        foo_total{a="b"} @1520879607789000000 Total { value: 17.0, start: None }
        h{s="x"} @5000000000 Buckets(Histogram { bounds: [1.0], counts: [2.0, 1.0], cumulative: true, start: Some(Timestamp(1520872607500000000)) })
        h{s="y"} @5000000000 Buckets(Histogram { bounds: [1.0], counts: [1.0, 0.0], cumulative: true, start: None })
        {"my.temp","data center"="eu"} @5000000000 Gauge(21.5)
        nothing @5000000000 Buckets(Summary { quantiles: [], count: 0.0, start: None })
    "#]],
    );
}

#[test]
fn broken_lines_are_rejects_and_the_others_go_on() {
    check(
        "a_b 1\n1a_b 2\na_b{x=\"1} 3\na_b{x=1} 3\na_b x\na_b 1 soon\na_b 1 5 6\na_b\na_b{x=\"1\"\n\
         # TYPE h histogram\nh_bucket{le=\"2\"} 5\nh_bucket{le=\"1\"} 6\nh_count 7\n# TYPE g gauge\ng 7\n",
        expect![[r#"
            a_b @5000000000 Gauge(1.0)
            reject malformed: Prometheus line 2, column 1: no metric's name: 1a_b 2
            reject truncated: Prometheus line 3, column 7: a text has no end: a_b{x="1} 3
            reject malformed: Prometheus line 4, column 7: a label is not key="value": a_b{x=1} 3
            reject malformed: Prometheus line 5, column 5: the value is no number: a_b x
            reject malformed: Prometheus line 6, column 7: the timestamp is no number: a_b 1 soon
            reject malformed: Prometheus line 7, column 9: the line goes on behind its timestamp: a_b 1 5 6
            reject malformed: Prometheus line 8, column 4: a value is missing: a_b
            reject malformed: Prometheus line 9, column 10: the labels have no end: a_b{x="1"
            reject malformed: Prometheus family h: its bounds do not rise
            g @5000000000 Gauge(7.0)
        "#]],
    );
    let log = decoded(b"a_b 1\nx_\xFF 1\na_c 1\n");
    assert_eq!((log.samples.len(), log.rejects[0].reason), (2, RejectReason::InvalidUtf8));
    let mut log = Log::default();
    decode(b"a_b 1\na_c 1 1395066363000\n", None, &mut log);
    assert_eq!((log.samples.len(), log.rejects[0].reason), (1, RejectReason::NoTime));
}

#[test]
fn other_text_is_not_taken_for_an_exposition() {
    for (text, taken) in [
        ("up{job=\"a\"} 1", true),
        ("node_load1 0.5", true),
        ("# HELP x y\nx 1", true),
        ("started 5", false),
        ("cpu,host=a usage=1 5", false),
        ("# a comment\nhello", false),
        ("a.b.c 5 1700000000", false),
        ("level=info msg=x", false),
    ] {
        assert_eq!(fits(text.as_bytes()), taken, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_mutation_costs_its_line_alone(at in 0usize..80, byte in any::<u8>(), cut in 0usize..80) {
        let mut line = br#"http_time_bucket{le="0.1",path="a\"b\\"} 24054 1395066363000 # {t="x"} 1"#.to_vec();
        let (at, cut) = (at % line.len(), cut % line.len());
        line[at] = byte;
        line.truncate(line.len() - cut);
        let log = decoded(&[b"a_b 1\n", &line[..], b"\na_c 1\n"].concat());
        prop_assert!(log.samples.iter().any(|sample| sample.1.name() == "a_b"));
        prop_assert!(log.samples.iter().any(|sample| sample.1.name() == "a_c"));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), text in "[a-z{}=\"\\\\ ,#_é0-9\n]{0,80}") {
        for bytes in [&bytes[..], text.as_bytes(), &[b"# TYPE a histogram\na_bucket{le=", text.as_bytes()].concat()] {
            decoded(bytes);
            fits(bytes);
        }
    }
}
