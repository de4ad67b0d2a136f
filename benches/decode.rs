//! Decoding into a real engine's intake, on one core: points per second of the formats that come by the million.
//!
//! Each bench asserts the number of points, a checksum over series, times and values, and, where a floor is promised, that the best of
//! its runs keeps it: the machine may be busy with other things, the best run is the one it left alone.
#![expect(clippy::disallowed_methods, reason = "a bench takes the time")]

use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use forewarn::engine::{Batch, Engine};
use forewarn::ingest::decode::{Decoder, Language, SchemaText};
use forewarn::plan::{Bounds, Plan};
use forewarn::signal::Reading;
use forewarn::time::Timestamp;

const START: u64 = 1_795_420_800_000_000_000;
const HOSTS: u64 = 1000;
/// Runs of which the best is held against the floor.
const RUNS: usize = 1000;

/// Decodes one message again and again; `points` and `sum` are what it must yield, `floor` the points per second.
fn bench(c: &mut Criterion, name: &str, message: &[u8], points: usize, sum: f64, floor: f64) {
    bench_by(c, Decoder::new(), (name, message), points, sum, floor);
}

/// The same by a decoder that has learned something before.
fn bench_by(
    c: &mut Criterion,
    mut decoder: Decoder,
    (name, message): (&str, &[u8]),
    points: usize,
    sum: f64,
    floor: f64,
) {
    let mut engine = Engine::new(Arc::new(Plan::default()));
    let mut batch = Batch::default();
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
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let began = Instant::now();
        decode(&mut batch);
        best = best.min(began.elapsed().as_secs_f64());
    }
    let rate = points as f64 / best;
    assert!(floor <= rate, "{name}: {:.1} M points/s, at least {:.1} are promised", rate / 1e6, floor / 1e6);
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
    bench(c, &format!("influx, {fields} fields a line"), message.as_bytes(), (HOSTS * fields) as usize, sum, 0.0);
}

/// Telegraf's JSON as its Kafka output writes it: one document a metric, or a batch of all.
fn telegraf(c: &mut Criterion, batch: bool) {
    let mut metrics = Vec::new();
    let mut sum = 0.0;
    for host in 0..HOSTS {
        let mut fields = Vec::new();
        for field in 0..10 {
            fields.push(format!("\"usage_part{field}\":{:.2}", quarter(host, field)));
            sum += quarter(host, field) * host as f64;
        }
        let (fields, time) = (fields.join(","), START + host);
        metrics.push(format!(
            "{{\"fields\":{{{fields}}},\"name\":\"cpu\",\"tags\":{{\"host\":\"web-{host:04}\",\"region\":\"eu-west-1\",\
             \"service\":\"checkout\"}},\"timestamp\":{time}}}"
        ));
    }
    let (name, message) = match batch {
        true => ("telegraf json, a batch", format!("{{\"metrics\":[{}]}}", metrics.join(","))),
        false => ("telegraf json, one by one", metrics.join("\n")),
    };
    bench(c, name, message.as_bytes(), (HOSTS * 10) as usize, sum, 8e6);
}

/// A request as Prometheus sends it: 2000 series of one sample each, seven labels, packed with snappy.
/// A number as Avro writes it: a varint in zigzag.
fn zigzag(number: i64, to: &mut Vec<u8>) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    while 0x80 <= rest {
        to.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    to.push(rest as u8);
}

/// Avro by a registry's schema: metrics with a name, a value, a time and labels.
fn avro(c: &mut Criterion) {
    let text = r#"{"type": "array", "items": {"type": "record", "name": "Metric", "fields": [
        {"name": "name", "type": "string"}, {"name": "value", "type": "double"},
        {"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "labels", "type": {"type": "map", "values": "string"}}]}}"#;
    let mut decoder = Decoder::new();
    let schema = SchemaText { language: Language::Avro, text: text.to_owned(), references: vec![] };
    decoder.schemas_mut().learn(7, Ok(schema));
    let mut message = vec![0, 0, 0, 0, 7];
    zigzag(HOSTS as i64, &mut message);
    let string = |text: &str, to: &mut Vec<u8>| {
        zigzag(text.len() as i64, to);
        to.extend_from_slice(text.as_bytes());
    };
    let mut sum = 0.0;
    for host in 0..HOSTS {
        string("queue_depth", &mut message);
        message.extend_from_slice(&quarter(host, 1).to_le_bytes());
        zigzag((START / 1000 + host) as i64, &mut message);
        zigzag(2, &mut message);
        for (key, value) in [("service", "checkout".to_owned()), ("host", format!("web-{host:04}"))] {
            string(key, &mut message);
            string(&value, &mut message);
        }
        message.push(0);
        sum += quarter(host, 1) * (host * 1000) as f64;
    }
    message.push(0);
    bench_by(c, decoder, ("avro by a registry's schema", &message), HOSTS as usize, sum, 0.5e6);
}

fn remote_write(c: &mut Criterion) {
    let mut request = Vec::new();
    let mut sum = 0.0;
    let (millis, points) = (START / 1_000_000, 2000);
    for number in 0..points {
        let (host, mode) = (number / 8, number % 8);
        let mut series = Vec::new();
        let mode = ["user", "system", "idle", "iowait", "steal", "nice", "irq", "softirq"][mode as usize];
        for (name, value) in [
            ("__name__", "node_cpu_usage_ratio"),
            ("cluster", "eu-west-1"),
            ("cpu", "0"),
            ("env", "production"),
            ("instance", &format!("10.0.{}.{}:9100", host / 250, host % 250)),
            ("job", "node-exporter"),
            ("mode", mode),
        ] {
            let mut label = Vec::new();
            nest(&mut label, 1, name.as_bytes());
            nest(&mut label, 2, value.as_bytes());
            nest(&mut series, 1, &label);
        }
        let mut sample = Vec::new();
        fixed(&mut sample, 1, quarter(host, 1).to_bits());
        sample.push(2 << 3);
        let mut time = millis + host;
        while 0x80 <= time {
            sample.push(time as u8 | 0x80);
            time >>= 7;
        }
        sample.push(time as u8);
        nest(&mut series, 2, &sample);
        nest(&mut request, 1, &series);
        sum += quarter(host, 1) * host as f64 * 1e6;
    }
    let packed = snap::raw::Encoder::new().compress_vec(&request).expect("it is small");
    bench(c, "remote write, snappy", &packed, points as usize, sum, 4e6);
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
    bench(c, "otlp protobuf", &request, points, sum, 0.0);
}

fn all(c: &mut Criterion) {
    influx(c, 1);
    influx(c, 10);
    otlp(c);
    telegraf(c, false);
    telegraf(c, true);
    avro(c);
    remote_write(c);
}

criterion_group!(benches, all);
criterion_main!(benches);
