//! Decoding into a real engine's intake, on one core: points per second of Influx lines and OTLP protobuf.
//!
//! Each bench asserts the number of points and a checksum over series, times and values.

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use forewarn::engine::{Batch, Engine};
use forewarn::ingest::decode::Decoder;
use forewarn::plan::{Bounds, Plan};
use forewarn::signal::Reading;
use forewarn::time::Timestamp;

const START: u64 = 1_795_420_800_000_000_000;
const HOSTS: u64 = 1000;

/// Decodes one message again and again; `points` and `sum` are what it must yield.
fn bench(c: &mut Criterion, name: &str, message: &[u8], points: usize, sum: f64) {
    let mut engine = Engine::new(Arc::new(Plan::default()));
    let mut batch = Batch::default();
    let mut decoder = Decoder::new();
    let bounds = Bounds::default();
    let mut decode = |batch: &mut Batch| {
        batch.clear();
        decoder.decode("metrics", message, None, &bounds, &mut engine.intake(batch));
        assert_eq!(batch.samples.len(), points);
    };
    decode(&mut batch);
    assert_eq!(batch.rejects, []);
    let since = |at: Timestamp| at.since(Timestamp::from_nanos(START as i64)).nanos() as f64;
    let have: f64 = batch.samples.iter().map(|sample| value(&sample.reading) * since(sample.at)).sum();
    assert_eq!(have, sum);
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(points as u64));
    group.bench_function(name, |b| b.iter(|| decode(&mut batch)));
    group.finish();
    assert_eq!(engine.directory().len(), points, "each point is of its own series");
}

fn value(reading: &Reading) -> f64 {
    match reading {
        Reading::Gauge(value) | Reading::Total { value, .. } => *value,
        _ => panic!("a gauge or a total"),
    }
}

/// The value of a field of a host: two digits behind the point, exact in a double.
fn quarter(host: u64, field: u64) -> f64 {
    (host * 7 % 100) as f64 + field as f64 * 0.25
}

fn influx(c: &mut Criterion, fields: u64) {
    let mut message = String::new();
    let mut sum = 0.0;
    for host in 0..HOSTS {
        message += &format!("cpu,host=web-{host:04},region=eu-west-1,service=checkout ");
        for field in 0..fields {
            let comma = if field == 0 { "" } else { "," };
            message += &format!("{comma}usage_part{field}={:.2}", quarter(host, field));
            sum += quarter(host, field) * host as f64;
        }
        message += &format!(" {}\n", START + host);
    }
    bench(c, &format!("influx, {fields} fields a line"), message.as_bytes(), (HOSTS * fields) as usize, sum);
}

/// A length-delimited field.
fn nest(into: &mut Vec<u8>, number: u8, inner: &[u8]) {
    into.push(number << 3 | 2);
    let mut length = inner.len();
    while 0x80 <= length {
        into.push(length as u8 | 0x80);
        length >>= 7;
    }
    into.push(length as u8);
    into.extend_from_slice(inner);
}

fn fixed(into: &mut Vec<u8>, number: u8, word: u64) {
    into.push(number << 3 | 1);
    into.extend_from_slice(&word.to_le_bytes());
}

fn attribute(into: &mut Vec<u8>, number: u8, key: &str, value: &str) {
    let (mut pair, mut any) = (Vec::new(), Vec::new());
    nest(&mut any, 1, value.as_bytes());
    nest(&mut pair, 1, key.as_bytes());
    nest(&mut pair, 2, &any);
    nest(into, number, &pair);
}

/// One request as a collector batches it: `HOSTS / 20` resources, each with 20 metrics of 5 points (100 points a host).
fn otlp(c: &mut Criterion) {
    let mut request = Vec::new();
    let mut sum = 0.0;
    let mut points = 0;
    for host in 0..HOSTS / 20 {
        let mut resource = Vec::new();
        attribute(&mut resource, 1, "service.name", "checkout");
        attribute(&mut resource, 1, "host.name", &format!("web-{host:04}"));
        attribute(&mut resource, 1, "cloud.region", "eu-west-1");
        let mut scope = Vec::new();
        for metric in 0..20 {
            let mut data = Vec::new();
            for state in ["user", "system", "idle", "iowait", "steal"] {
                let mut point = Vec::new();
                fixed(&mut point, 2, START - 60_000_000_000);
                fixed(&mut point, 3, START + host);
                fixed(&mut point, 4, quarter(host, metric).to_bits());
                attribute(&mut point, 7, "cpu", "cpu0");
                attribute(&mut point, 7, "state", state);
                nest(&mut data, 1, &point);
                sum += quarter(host, metric) * host as f64;
                points += 1;
            }
            let mut bytes = Vec::new();
            nest(&mut bytes, 1, format!("system.cpu.metric{metric}").as_bytes());
            nest(&mut bytes, 3, b"1");
            if metric % 2 == 0 {
                nest(&mut bytes, 5, &data);
            } else {
                data.extend([0x10, 2, 0x18, 1]);
                nest(&mut bytes, 7, &data);
            }
            nest(&mut scope, 2, &bytes);
        }
        let mut block = Vec::new();
        nest(&mut block, 1, &resource);
        nest(&mut block, 2, &scope);
        nest(&mut request, 1, &block);
    }
    bench(c, "otlp protobuf", &request, points, sum);
}

fn all(c: &mut Criterion) {
    influx(c, 1);
    influx(c, 10);
    otlp(c);
}

criterion_group!(benches, all);
criterion_main!(benches);
