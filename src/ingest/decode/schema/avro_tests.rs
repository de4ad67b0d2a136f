//! Payloads by hand, from the specification; those of an independent producer are in the tests with the real registry.

use proptest::prelude::*;

use super::super::Language;
use super::*;

fn avro(text: &str, references: &[&str]) -> Avro {
    let references = references.iter().map(|text| (String::new(), (*text).to_owned())).collect();
    Avro::new(&SchemaText { language: Language::Avro, text: text.to_owned(), references }).unwrap()
}

fn json(avro: &Avro, payload: &[u8]) -> String {
    match avro.read(payload, 10_000).unwrap() {
        Readable::Made(json) => {
            serde_json::from_slice::<serde_json::Value>(&json).expect("it is JSON");
            String::from_utf8(json).unwrap()
        }
        Readable::AsItIs(bytes) => panic!("{bytes:?} is as it is"),
    }
}

const METRIC: &str = r#"{"type": "record", "name": "Metric", "namespace": "shop", "fields": [
    {"name": "name", "type": "string"},
    {"name": "value", "type": ["null", "double"]},
    {"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "labels", "type": {"type": "map", "values": "string"}},
    {"name": "next", "type": ["null", "Metric"], "default": null}
]}"#;

const ONE: &[u8] = b"\x02q\x02\0\0\0\0\0\0\xF8\x3F\xD0\x0F\x02\x02a\x02b\0\0";

#[test]
fn a_record_is_the_json_it_stands_for() {
    assert_eq!(
        json(&avro(METRIC, &[]), ONE),
        r#"{"name":"q","value":1.5,"timestamp":"1970-01-01T00:00:01Z","labels":{"a":"b"},"next":null}"#
    );
}

#[test]
fn each_type_is_read() {
    let table: [(&str, &[u8], &str); 14] = [
        (r#"{"type": "array", "items": "long"}"#, b"\x04\x02\x01\0", "[1,-1]"),
        // A block with its size in bytes.
        (r#"{"type": "array", "items": "long"}"#, b"\x03\x04\x02\x01\0", "[1,-1]"),
        (r#"{"type": "map", "values": "boolean"}"#, b"\x02\x02x\x01\0", r#"{"x":true}"#),
        (r#"{"type": "enum", "name": "e", "symbols": ["ok", "bad"]}"#, b"\x02", r#""bad""#),
        (r#"["null", "float"]"#, b"\x02\0\0\x20\x3F", "0.625"),
        (r#""double""#, b"\0\0\0\0\0\0\xF0\x7F", r#""inf""#),
        (r#"{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}"#, b"\x04\xFF\x85", "-1.23"),
        (r#"{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 3}"#, b"\x02\x05", "0.005"),
        (r#"{"type": "int", "logicalType": "date"}"#, b"\x02", r#""1970-01-02T00:00:00Z""#),
        (r#"{"type": "long", "logicalType": "timestamp-micros"}"#, b"\x80\x89\x7A", r#""1970-01-01T00:00:01Z""#),
        (r#"{"type": "record", "name": "r", "fields": []}"#, b"", "{}"),
        (
            r#"{"type": "record", "name": "r", "fields": [{"name": "b", "type": "bytes"}]}"#,
            b"\x02\xFF",
            r#"{"b":"/w=="}"#,
        ),
        (
            r#"{"type": "record", "name": "r", "namespace": "n", "fields": [
                {"name": "a", "type": {"type": "fixed", "name": "two", "size": 2}}, {"name": "b", "type": "two"}]}"#,
            b"hijk",
            r#"{"a":"hi","b":"jk"}"#,
        ),
        (r#"["null", {"type": "array", "items": "null"}]"#, b"\x02\x06\0", "[null,null,null]"),
    ];
    for (schema, payload, expected) in table {
        assert_eq!(json(&avro(schema, &[]), payload), expected, "{schema}");
    }
}

#[test]
fn a_schema_may_refer_to_others() {
    let level = r#"{"type": "enum", "name": "Level", "namespace": "shop", "symbols": ["info", "error"]}"#;
    let log = r#"{"type": "record", "name": "Log", "namespace": "shop", "fields": [
        {"name": "level", "type": "shop.Level"}, {"name": "was", "type": "Level"}]}"#;
    assert_eq!(json(&avro(log, &[level]), b"\x02\0"), r#"{"level":"error","was":"info"}"#);
    assert_eq!(json(&avro(r#""shop.Level""#, &[level]), b"\x02"), r#""error""#);
}

#[test]
fn a_text_is_a_message_of_another_format() {
    for schema in [r#""string""#, r#""bytes""#] {
        assert_eq!(avro(schema, &[]).read(b"\x0Ecpu a=1", 100), Ok(Readable::AsItIs(b"cpu a=1")));
    }
}

#[test]
fn what_does_not_fit_is_said() {
    let avro_of = |schema: &str| avro(schema, &[]);
    let words = |schema: &str, payload: &[u8]| avro_of(schema).read(payload, 1000).unwrap_err();
    assert!(words(METRIC, &ONE[..7]).contains("ends before the value is complete (at byte 3 of the payload)"));
    assert!(words(METRIC, &[ONE, b"x"].concat()).contains("goes on behind the value"));
    assert!(words(r#"["null", "int"]"#, b"\x04").contains("no such branch"));
    assert!(words(r#"{"type": "enum", "name": "e", "symbols": ["a"]}"#, b"\x02").contains("no such symbol"));
    assert!(words(r#""string""#, b"\x01").contains("negative"));
    assert!(words(r#""long""#, &[0xFF; 11]).contains("64 bits"));
    assert!(
        words(
            r#"{"type": "long", "logicalType": "timestamp-millis"}"#,
            &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
        )
        .contains("beyond the years")
    );
    // A billion nulls in six bytes.
    assert!(words(r#"{"type": "array", "items": "null"}"#, b"\x80\xA8\xD6\xB9\x07\0").contains("more than 1000 bytes"));
    // A record that holds itself, for ever.
    let endless = r#"{"type": "record", "name": "r", "fields": [{"name": "r", "type": ["null", "r"]}]}"#;
    assert!(words(endless, &[2; 500]).contains("more than 64 deep"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_payload_is_taken(payload in prop::collection::vec(any::<u8>(), 0..300), at in 0..ONE.len(), byte in any::<u8>()) {
        let avro = avro(METRIC, &[]);
        let mut mutated = ONE.to_vec();
        mutated[at] = byte;
        for payload in [&payload[..], &ONE[..at], &mutated] {
            if let Ok(Readable::Made(json)) = avro.read(payload, 10_000) {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
            }
        }
    }
}
