use expect_test::{Expect, expect};

use super::super::recorded::{METRICS, bytes};
use super::*;
use crate::ingest::decode::testing::Log;

fn decoded(text: &str) -> Log {
    let mut log = Log::default();
    decode(text, None, &mut log);
    log
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&decoded(text).text());
}

/// The same request as the protobuf one, in the JSON mapping.
const REQUEST: &str = r#"{"resourceMetrics":[{"resource":{"attributes":[
  {"key":"service.name","value":{"stringValue":"checkout"}},{"key":"host.name","value":{"stringValue":"web-1"}}]},
 "scopeMetrics":[{"scope":{"name":"otelcol/hostmetrics","version":"1.0"},"metrics":[
  {"name":"system.memory.usage","unit":"By","description":"Bytes in use.","sum":{"aggregationTemporality":2,"dataPoints":[
   {"attributes":[{"key":"state","value":{"stringValue":"used"}}],"startTimeUnixNano":"1795420740000000000","timeUnixNano":"1795420800000000000","asInt":"-5"}]}},
  {"name":"system.cpu.time","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
   {"attributes":[{"key":"cpu","value":{"intValue":"0"}},{"key":"state","value":{"stringValue":"user"}}],"startTimeUnixNano":1795420740000000000,"timeUnixNano":1795420800000000000,"asDouble":12.5},
   {"attributes":[{"key":"cpu","value":{"intValue":0}},{"key":"state","value":{"stringValue":"idle"}}],"startTimeUnixNano":"1795420740000000000","timeUnixNano":"1795420800000000000","asDouble":"100.25"}]}},
  {"name":"requests","sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA","isMonotonic":true,"dataPoints":[
   {"startTimeUnixNano":"1795420790000000000","timeUnixNano":"1795420800000000000","asInt":7}]}},
  {"name":"queue.depth","gauge":{"dataPoints":[
   {"attributes":[{"key":"host.name","value":{"stringValue":"web-2"}},{"key":"primary","value":{"boolValue":true}},{"key":"share","value":{"doubleValue":0.5}}],"timeUnixNano":"1795420800000000000","asDouble":3.5},
   {"attributes":[{"key":"host.name","value":{"stringValue":"gone"}}],"timeUnixNano":"1795420800000000000","flags":1}]}},
  {"name":"latency","histogram":{"aggregationTemporality":2,"dataPoints":[
   {"attributes":[{"key":"route","value":{"stringValue":"/pay"}}],"startTimeUnixNano":"1795420799000000000","timeUnixNano":"1795420800000000000","count":"6","sum":1.5,"bucketCounts":["1","2","3"],"explicitBounds":[0.1,0.5]}]}},
  {"name":"size","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[
   {"timeUnixNano":"1795420800000000000","count":"10","scale":0,"zeroCount":"2","positive":{"offset":-1,"bucketCounts":["3","0","5"]}}]}},
  {"name":"gc","summary":{"dataPoints":[
   {"timeUnixNano":"1795420800000000000","count":"40","sum":2,"quantileValues":[{"quantile":0.5,"value":0.25},{"quantile":0.99,"value":1.5}]}]}}
 ]}]}]}"#;

#[test]
fn json_and_protobuf_say_the_same() {
    let mut proto = Log::default();
    super::super::decode_proto(&bytes(METRICS), None, &mut proto);
    assert_eq!(decoded(REQUEST).text(), proto.text());
}

#[test]
fn a_broken_metric_point_or_record_costs_itself_alone() {
    check(
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
            {"name":"a","sum":{"isMonotonic":true,"aggregationTemporality":2,"dataPoints":[
                {"timeUnixNano":"5","asInt":"x"},{"timeUnixNano":"5"},{"asInt":1},{"timeUnixNano":"5","asInt":1,"attributes":7},
                {"timeUnixNano":"99999999999999999999","asInt":2}]}},
            {"name":"b","sum":{"isMonotonic":true,"dataPoints":[{"timeUnixNano":"5","asInt":1}]}},
            {"name":7},
            {"name":"my.histogram","histogram":{"aggregationTemporality":1,"dataPoints":[
                {"timeUnixNano":"5","count":3,"bucketCounts":[1,1,1],"explicitBounds":[1]}]}},
            {"name":"c","gauge":{"dataPoints":[{"timeUnixNano":"5","asDouble":"NaN"},{"timeUnixNano":"5","asDouble":1}]}}
        ]}]}],
        "resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":[]},{"body":{"stringValue":"x"}},
            {"observedTimeUnixNano":"5","severityNumber":9,"body":{"kvlistValue":{"values":[{"key":"k","value":{"arrayValue":{"values":[{"boolValue":true},{}]}}}]}}}]}]}]}"#,
        expect![[r#"
            reject malformed: OTLP/JSON metric `a`, point 1: `x` is not an integer at line 1 column 31
            reject malformed: OTLP/JSON metric `a`, point 2: no value
            reject no_time: OTLP/JSON metric `a`, point 3: no timeUnixNano
            reject malformed: OTLP/JSON metric `a`, point 4: invalid type: integer `7`, expected a sequence at line 1 column 1
            a @9223372036854775807 Total { value: 2.0, start: None }
            reject malformed: OTLP/JSON metric `b`, point 1: its aggregation temporality is unspecified, cumulative or delta is needed
            reject malformed: OTLP/JSON metric: invalid type: integer `7`, expected text at line 1 column 9
            reject malformed: OTLP/JSON metric `my.histogram`, point 1: 3 bucket counts for 1 bounds, one more is needed
            c @5 Gauge(NaN)
            c @5 Gauge(1.0)
            reject malformed: OTLP/JSON log record: invalid type: sequence, expected an integer, as a number or a string at line 1 column 18
            reject no_time: OTLP/JSON log record: neither timeUnixNano nor observedTimeUnixNano
            line @1970-01-01T00:00:00.000000005Z - info: {"k":[true,null]}
        "#]],
    );
}

#[test]
fn the_log_example_of_the_specification_is_read() {
    check(
        r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}]},
            "scopeLogs":[{"scope":{"name":"my.library","version":"1.0.0"},"logRecords":[{"timeUnixNano":"1544712660300000000",
            "observedTimeUnixNano":"1544712660300000000","severityNumber":10,"severityText":"Information",
            "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","body":{"stringValue":"Example log record"},
            "attributes":[{"key":"int.attribute","value":{"intValue":"10"}}]}]}]}]}"#,
        expect![[r#"
            line @2018-12-13T14:51:00.3Z my.service info: Example log record (trace_id=5b8efff798038103d269b633813fc60c int.attribute=10 service.name=my.service)
        "#]],
    );
}
