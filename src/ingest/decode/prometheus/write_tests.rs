use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::ingest::decode::testing::Log;
use crate::ingest::decode::{Format, recognise};

/// A request of OpenTelemetry's exporter; `tests/servers/formats.py` says how it was made.
const REQUEST: &[u8] = include_bytes!("../../../../tests/wire/remote-write");

fn decoded(bytes: &[u8]) -> Log {
    let mut log = Log::default();
    decode(bytes, None, 8 << 20, &mut log);
    log
}

/// A length-delimited field.
fn nest(number: u8, inner: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = inner.len();
    while 0x80 <= length {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    [&bytes[..], inner].concat()
}

fn label(name: &str, value: &str) -> Vec<u8> {
    nest(1, &[nest(1, name.as_bytes()), nest(2, value.as_bytes())].concat())
}

fn sample(value: f64, millis: u8) -> Vec<u8> {
    nest(2, &[&[0x09][..], &value.to_le_bytes(), &[0x10, millis]].concat())
}

#[test]
fn an_independent_exporters_request_is_read_packed_and_bare() {
    assert_eq!(recognise(REQUEST), Some(Format::RemoteWrite));
    let bare = snap::raw::Decoder::new().decompress_vec(REQUEST).unwrap();
    assert_eq!(recognise(&bare), Some(Format::RemoteWrite));
    let text = decoded(REQUEST).text();
    assert_eq!(decoded(&bare).text(), text);
    expect![[r#"
        requests{route="/pay",service_name="shop"} @1795647566759000000 Gauge(7.0)
        latency{route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="5.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="10.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="25.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(1.0)
        latency{le="50.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="75.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="100.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="250.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="500.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="750.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="1000.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="2500.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="5000.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="7500.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="10000.0",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency{le="+Inf",route="/pay",service_name="shop"} @1795647566759000000 Gauge(0.0)
        latency_sum{route="/pay",service_name="shop"} @1795647566759000000 Total { value: 12.5, start: None }
        latency_count{route="/pay",service_name="shop"} @1795647566759000000 Total { value: 1.0, start: None }
        pool_used{pool="größe",service_name="shop"} @1795647566759000000 Gauge(0.75)
    "#]]
    .assert_eq(&text);
}

#[test]
fn types_names_and_gaps_decide_what_a_sample_is() {
    let stale = f64::from_bits(0x7ff0_0000_0000_0002);
    let series = |name: &str, samples: &[Vec<u8>]| {
        nest(1, &[label("__name__", name), label("a", "b"), samples.concat()].concat())
    };
    let metadata = nest(3, &[&[0x08, 1][..], &nest(2, b"odd")].concat());
    let body = [
        series("a_total", &[sample(1.0, 5), sample(stale, 6), sample(f64::NAN, 7)]),
        series("depth", &[sample(2.0, 5)]),
        series("odd", &[sample(3.0, 5)]),
        series("no_time", &[sample(3.0, 0)]),
        nest(1, &[label("a", "b"), sample(3.0, 5)].concat()),
        nest(1, &[sample(4.0, 5), label("__name__", "late"), sample(5.0, 6)].concat()),
        metadata,
    ]
    .concat();
    expect![[r#"
        a_total{a="b"} @5000000 Total { value: 1.0, start: None }
        depth{a="b"} @5000000 Gauge(2.0)
        odd{a="b"} @5000000 Total { value: 3.0, start: None }
        reject no_time: remote write: series 4: a sample without a timestamp
        reject malformed: remote write: series 5: no label `__name__`
        late @5000000 Gauge(4.0)
        late @6000000 Gauge(5.0)
    "#]]
    .assert_eq(&decoded(&body).text());
}

#[test]
fn native_histograms_become_buckets() {
    // schema 0, zero bucket 1, spans at index 1 and, two further, 4; deltas 2, +1, -2 are counts 2, 3, 1.
    let span = |offset: u8, length: u8| nest(11, &[0x08, offset, 0x10, length]);
    let native =
        [&[0x08, 7, 0x20, 0, 0x30, 1][..], &span(2, 2), &span(4, 1), &nest(12, &[4, 2, 3]), &[0x78, 9]].concat();
    let wild = [&span(2, 2)[..], &nest(11, &[0x08, 2, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), &[0x78, 9]].concat();
    let series = |histogram: &[u8]| nest(1, &[label("__name__", "h"), nest(4, histogram)].concat());
    let log = decoded(&[series(&native), series(&wild)].concat());
    expect![[r#"
        h @9000000 Buckets(Exponential { bounds: [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0], counts: [1.0, 0.0, 2.0, 3.0, 0.0, 0.0, 1.0, 0.0], cumulative: true, start: None })
        reject malformed: remote write: series 2: histogram: 4294967298 buckets, at most 10000 are read
    "#]].assert_eq(&log.text());
}

#[test]
fn version_2_is_read_by_its_symbols() {
    // labels __name__=x a=b, a counter that began at 3 ms; then one that names no symbol.
    let symbols = ["", "__name__", "requests", "a", "b"].map(|symbol| nest(4, symbol.as_bytes())).concat();
    let counter = [nest(1, &[1, 2, 3, 4]), sample(7.0, 5), nest(5, &[0x08, 1]), vec![0x30, 3]].concat();
    let gauge = [nest(1, &[1, 2]), sample(8.0, 5)].concat();
    let broken = [nest(1, &[1, 9]), sample(8.0, 5)].concat();
    let odd = [nest(1, &[1, 2, 3]), sample(8.0, 5)].concat();
    let body = [symbols, nest(5, &counter), nest(5, &gauge), nest(5, &broken), nest(5, &odd)].concat();
    assert_eq!(recognise(&body), Some(Format::RemoteWrite));
    let packed = snap::raw::Encoder::new().compress_vec(&body).unwrap();
    assert_eq!(recognise(&packed), Some(Format::RemoteWrite));
    assert_eq!(decoded(&body).text(), decoded(&packed).text());
    expect![[r#"
        requests{a="b"} @5000000 Total { value: 7.0, start: Some(Timestamp(3000000)) }
        requests @5000000 Gauge(8.0)
        reject malformed: remote write: series 3: a label is no symbol
        reject malformed: remote write: series 4: a label has no value
    "#]]
    .assert_eq(&decoded(&packed).text());
    // The same series under other numbers is the same series.
    let other = ["", "a", "b", "__name__", "requests"].map(|symbol| nest(4, symbol.as_bytes())).concat();
    let again = [other, nest(5, &[nest(1, &[3, 4, 1, 2]), sample(9.0, 6), nest(5, &[0x08, 1])].concat())].concat();
    assert_eq!(decoded(&again).samples[0].0, decoded(&body).samples[0].0);
}

#[test]
fn what_unpacking_may_take_is_bounded_first() {
    let zeros = snap::raw::Encoder::new().compress_vec(&vec![0; 9 << 20]).unwrap();
    let claims = [&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F][..], b"\0a"].concat();
    let mut said = String::new();
    for bytes in [&zeros[..], &claims, &REQUEST[..REQUEST.len() - 3], b"", b"\xFF"] {
        said += &decoded(bytes).text();
    }
    expect![[r#"
        reject too_large: remote write: 9437184 bytes when unpacked, limits.message_bytes is 8388608
        reject too_large: remote write: 4294967295 bytes when unpacked, limits.message_bytes is 8388608
        reject malformed: remote write: snappy: snappy: corrupt input (expected literal read of length 9; remaining src: 6; remaining dst: 9)
        reject malformed: remote write: snappy: snappy: corrupt input (empty)
        reject malformed: remote write: snappy: snappy: corrupt input (invalid header)
    "#]].assert_eq(&said);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_mutation_panics(at in 0usize..4000, byte in any::<u8>(), cut in 0usize..4000, packed in any::<bool>()) {
        let mut body = REQUEST.to_vec();
        if !packed {
            body = snap::raw::Decoder::new().decompress_vec(&body).unwrap();
        }
        let (at, cut) = (at % body.len(), cut % body.len());
        body[at] = byte;
        decoded(&body);
        body.truncate(body.len() - cut);
        decoded(&body);
        fits(&body);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), first in prop::sample::select(vec![0x0Au8, 0x1A, 0x22, 0x2A])) {
        decoded(&bytes);
        fits(&bytes);
        let bytes = [&[first][..], &bytes].concat();
        decoded(&bytes);
        fits(&bytes);
    }
}
