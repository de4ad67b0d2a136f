//! What mining templates costs, everything included: cutting, key, look-up, counts, learning.
//!
//! The lines are of a world of three hundred sentences with fresh values each time. Asserted: the templates found, at least
//! 3 M lines a second of processor time on one core, and at most 16 MB for a miner at its default bound.

#![expect(clippy::disallowed_methods, reason = "a bench reads how much processor time it used")]

use std::fmt::Write;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use forewarn::signal::template::Miner;

const VERBS: [&str; 10] =
    ["opened", "closed", "accepted", "refused", "queued", "sent", "dropped", "verified", "renewed", "moved"];
const THINGS: [&str; 10] =
    ["session", "socket", "block", "order", "invoice", "lease", "snapshot", "cursor", "packet", "token"];

/// Line `number` of the world: about 70 bytes, with addresses, paths, sizes and durations.
fn line(number: u64, to: &mut String) {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let (verb, thing) = (VERBS[(mixed >> 60) as usize % 10], THINGS[(mixed >> 52) as usize % 10]);
    let (a, b, c) = (mixed >> 8 & 255, mixed >> 16 & 255, mixed >> 24 & 0xFFFF);
    to.clear();
    let _ = match number % 3 {
        0 => write!(to, "{verb} {thing} {c:x}-{a} from 10.{a}.{b}.7:{c} in the main loop, took {a} ms"),
        1 => write!(to, "worker: {thing} was {verb} by /srv/data/{b}/{c}.log (size={c}, retry {a} of 5)"),
        _ => write!(to, "[main] the {thing} cache has {verb} entry blk_{mixed} for user u{a} at last"),
    };
}

fn world(count: u64) -> Vec<String> {
    let mut text = String::new();
    let lines = (0..count).map(|number| {
        line(number, &mut text);
        text.clone()
    });
    lines.collect()
}

/// Processor time of this process in seconds.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let mut fields = text.rsplit(')').next().unwrap_or("").split_ascii_whitespace().skip(11);
    let mut next = || fields.next().and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (next() + next()) / 100.0
}

fn template(criterion: &mut Criterion) {
    let lines = world(100_000);
    let bytes: usize = lines.iter().map(String::len).sum();
    let mut miner = Miner::default();
    let before = processor_seconds();
    for _ in 0..20 {
        for line in &lines {
            miner.learn(line.as_bytes());
        }
    }
    let rate = 20.0 * lines.len() as f64 / (processor_seconds() - before).max(1e-9);
    miner.settle();
    assert_eq!(miner.templates().len(), 30, "a template for each event of the three sentences; the things are values");
    let counts = miner.counts();
    println!("template: {:.2} M lines/s of processor time, {} bytes held", rate / 1e6, counts.bytes);
    assert!(3e6 < rate || cfg!(debug_assertions), "{rate:.0} lines a second, 3 M asked for");
    assert!(counts.bytes < 16 << 20, "{counts:?}");

    let mut group = criterion.benchmark_group("template");
    group.sample_size(10).throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("learn", |bencher| {
        bencher.iter(|| lines.iter().map(|line| miner.learn(line.as_bytes()).id.0).fold(0, |a, b| a ^ b));
    });
    group.finish();
}

criterion_group!(benches, template);
criterion_main!(benches);
