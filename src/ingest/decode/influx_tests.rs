use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::ingest::decode::testing::Log;

fn decoded(bytes: &[u8]) -> Log {
    let mut log = Log::default();
    decode(bytes, Precision::Nanos, None, &mut log);
    log
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&decoded(text.as_bytes()).text());
}

#[test]
fn the_examples_of_the_specification_are_read() {
    check(
        r#"myMeasurement,tag1=value1,tag2=value2 fieldKey="fieldValue" 1556813561098000000
myMeasurementName fieldKey="fieldValue" 1556813561098000000
myMeasurement fieldKey=1.0 1
myMeasurement fieldKey=-1.234456e+78 1
myMeasurement fieldKey=1i 1
myMeasurement fieldKey=12485903u,b=-12485903i 1
myMeasurement,tag=x a=true,b=f,c=T 1556813561098000000
my\ Measurement fieldKey=2 1
myMeasurement,tag\ Key1=tag\ Value1,tag\ Key2=tag\ Value2 fieldKey=100 1
myMeasurement,tagKey=🍭 fieldKey=3 1556813561098000000
# This is a comment
m s="a \"quoted\", text = with\\ all",n=4 7
"#,
        expect![[r#"
            myMeasurement_fieldKey @1 Gauge(1.0)
            myMeasurement_fieldKey @1 Gauge(-1.234456e78)
            myMeasurement_fieldKey @1 Gauge(1.0)
            myMeasurement_fieldKey @1 Gauge(12485903.0)
            myMeasurement_b @1 Gauge(-12485903.0)
            myMeasurement_a{tag="x"} @1556813561098000000 Gauge(1.0)
            myMeasurement_b{tag="x"} @1556813561098000000 Gauge(0.0)
            myMeasurement_c{tag="x"} @1556813561098000000 Gauge(1.0)
            {"my Measurement_fieldKey"} @1 Gauge(2.0)
            myMeasurement_fieldKey{"tag Key1"="tag Value1","tag Key2"="tag Value2"} @1 Gauge(100.0)
            myMeasurement_fieldKey{tagKey="🍭"} @1556813561098000000 Gauge(3.0)
            m_n @7 Gauge(4.0)
        "#]],
    );
}

#[test]
fn blanks_and_line_ends_of_all_kinds_are_passed_over() {
    check(
        "\n\r\n  # note\n  a x=1  5  \r\nb x=2 6\r\n\t\nc x=3 -7",
        expect![[r#"
        a_x @5 Gauge(1.0)
        b_x @6 Gauge(2.0)
        c_x @-7 Gauge(3.0)
    "#]],
    );
}

#[test]
fn escapes_are_undone_in_names() {
    check(
        r#"a\,b\ c,k\=\,\ 1=v\=\,\ 2 f\=\,\ 3=1 5
back\slash,t=a\b f=1 5
"#,
        expect![[r#"
            {"a,b c_f=, 3","k=, 1"="v=, 2"} @5 Gauge(1.0)
            {"back\\slash_f",t="a\\b"} @5 Gauge(1.0)
        "#]],
    );
}

#[test]
fn broken_lines_are_rejects_with_line_and_column_and_the_others_go_on() {
    check(
        "a x=1 5\nb\nc x\nd x= 5\ne x=1 5z\nf,t x=1 5\ng,t= x=1 5\n,t=1 x=1 5\nh x=1,, 5\ni x=1x 5\nj x=12ii 5\nk x=maybe 5\n\
         l,t=a=b x=1 5\nm x=\"open 5\nn x=\"shut\"y 5\no =1 5\np x=1.2.3 5\nq x=99999999999999999999i 5\nr x=1 1.5\nz x=9 5\n",
        expect![[r#"
            a_x @5 Gauge(1.0)
            reject malformed: influx line 2, column 2: no fields: b
            reject malformed: influx line 3, column 4: a field is not key=value: c x
            reject malformed: influx line 4, column 5: a field's value cannot be read: d x= 5
            reject malformed: influx line 5, column 8: the timestamp is not an integer: e x=1 5z
            reject malformed: influx line 6, column 4: a tag is not key=value: f,t x=1 5
            reject malformed: influx line 7, column 5: a tag has no value or a bare `=` in it: g,t= x=1 5
            reject malformed: influx line 8, column 1: no measurement: ,t=1 x=1 5
            reject malformed: influx line 9, column 7: a field is not key=value: h x=1,, 5
            reject malformed: influx line 10, column 5: a field's value cannot be read: i x=1x 5
            reject malformed: influx line 11, column 5: a field's value cannot be read: j x=12ii 5
            reject malformed: influx line 12, column 5: a field's value cannot be read: k x=maybe 5
            reject malformed: influx line 13, column 6: a tag has no value or a bare `=` in it: l,t=a=b x=1 5
            reject malformed: influx line 14, column 18: a field goes on after its value: m x="open 5
            reject malformed: influx line 15, column 11: a field goes on after its value: n x="shut"y 5
            reject malformed: influx line 16, column 3: a field is not key=value: o =1 5
            reject malformed: influx line 17, column 5: a field's value cannot be read: p x=1.2.3 5
            reject malformed: influx line 18, column 5: a field's value cannot be read: q x=99999999999999999999i 5
            reject malformed: influx line 19, column 8: the timestamp is not an integer: r x=1 1.5
            z_x @5 Gauge(9.0)
        "#]],
    );
}

#[test]
fn times_follow_the_precision_and_saturate() {
    for (precision, text, nanos) in [
        (Precision::Nanos, "5", 5),
        (Precision::Micros, "5", 5_000),
        (Precision::Millis, "5", 5_000_000),
        (Precision::Secs, "-5", -5_000_000_000),
        (Precision::Secs, "9223372036854775807", i64::MAX),
        (Precision::Nanos, "-99999999999999999999", i64::MIN),
    ] {
        let mut log = Log::default();
        decode(format!("m x=1 {text}").as_bytes(), precision, None, &mut log);
        assert_eq!(log.samples[0].2.nanos(), nanos, "{text}");
    }
    let mut log = Log::default();
    decode(b"m x=1\nm x=2 7\n", Precision::Nanos, Some(Timestamp::from_nanos(3)), &mut log);
    assert_eq!(log.samples.iter().map(|sample| sample.2.nanos()).collect::<Vec<_>>(), [3, 7]);
    check(
        "m x=1\nm x=2 7\n",
        expect![[r#"
        reject no_time: influx line 1, column 7: no timestamp: m x=1
        m_x @7 Gauge(2.0)
    "#]],
    );
}

#[test]
fn invalid_utf8_costs_its_line_alone() {
    let log = decoded(b"a x=1 5\nb,t=\xFF x=1 5\nc,t=\xC3\xA9 x=1 5\n");
    expect![[r#"
        a_x @5 Gauge(1.0)
        reject invalid_utf8: influx line 2, column 1: invalid UTF-8: b,t=� x=1 5
        c_x{t="é"} @5 Gauge(1.0)
    "#]]
    .assert_eq(&log.text());
}

#[test]
fn spellings_meet_at_one_signal_and_fields_have_their_own_fingerprints() {
    let log = decoded(b"m,a=1,b=2 x=1,y=2 5\nm,b=2,a=1 x=1 5\nm,a=1,b=2 x=3 6\n");
    assert_eq!(log.samples[0].1, log.samples[2].1);
    assert_ne!(log.samples[0].0, log.samples[1].0);
    assert_eq!(log.samples[0].0, log.samples[3].0);
}

#[test]
fn other_text_is_not_taken_for_line_protocol() {
    for (text, taken) in [
        ("cpu,host=a usage=1 5", true),
        ("# only\n\nbroken line\ncpu usage=1", true),
        ("2026-11-23 08:00:00 INFO started in 5 ms", false),
        ("level=info value=3", false),
        ("hello", false),
        ("<13>1 2026-11-23T08:00:00Z host app - - - text", false),
        ("", false),
    ] {
        assert_eq!(fits(text.as_bytes()), taken, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_panic_and_good_lines_around_them_count(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        // An open quote may run over newlines, but never over a line that is good by itself.
        let mut noise = noise;
        noise.retain(|byte| *byte != b'"');
        let message = [b"m x=1 5\n", &noise[..], b"\nm x=2 6\n"].concat();
        let log = decoded(&message);
        let values: Vec<_> = log.samples.iter().filter(|sample| sample.1.to_string() == "m_x").collect();
        prop_assert_eq!(values.first().map(|sample| sample.3.clone()), Some(Reading::Gauge(1.0)));
        prop_assert_eq!(values.last().map(|sample| sample.3.clone()), Some(Reading::Gauge(2.0)));
    }

    #[test]
    fn a_mutated_line_never_takes_its_neighbours(at in 0usize..80, byte in any::<u8>(), cut in 0usize..80) {
        let mut line = br#"cpu\ x,host=web\,1,region=eu usage=98.5,n=12i,ok=true,note="a \" b",u=7u 1795420800000000000"#.to_vec();
        line[at] = byte;
        line.truncate(line.len() - cut);
        let log = decoded(&[b"m x=1 5\n", &line[..], b"\nm x=2 6\n"].concat());
        prop_assert!(log.samples.iter().any(|sample| sample.3 == Reading::Gauge(1.0)));
        prop_assert!(log.samples.iter().any(|sample| sample.1.to_string() == "m_x" && sample.3 == Reading::Gauge(2.0)));
    }
}
