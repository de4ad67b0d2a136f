//! What mining templates costs, everything included: cutting, key, look-up, counts, learning.
//!
//! The lines are of a world of three hundred sentences with fresh values each time. Asserted: the templates found, at least
//! 3 M lines a second of processor time on one core, and at most 16 MB for a miner at its default bound. Then lines that mean harm
//! (random text, SQL, dumps, words that never come again): memory stays flat. `FOREWARN_SOAK=50000000` sets how many.

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

/// A line that means harm: random words, base64, a dump, SQL with ever new names and lengths, nesting, or bytes of any kind.
fn hostile(number: u64, to: &mut Vec<u8>) {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut draw = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    to.clear();
    let (kind, length) = (draw(6), 1 + draw(24));
    for place in 0..length {
        match kind {
            0 => (0..1 + draw(9)).for_each(|_| to.push(b'a' + draw(26) as u8)),
            1 => (0..4 * (1 + draw(12))).for_each(|_| to.push(BASE64[draw(64) as usize])),
            2 => to.extend(format!("{:08x}", draw(1 << 32)).bytes()),
            3 => to
                .extend(format!("SELECT c{} FROM t{} WHERE {} IN ({place},", draw(999), draw(99_999), draw(9)).bytes()),
            4 => to.extend([b"({[<\"'".as_slice()[draw(6) as usize], b'k', b'=', b'a' + draw(26) as u8]),
            _ => (0..1 + draw(7)).for_each(|_| to.push(draw(256) as u8)),
        }
        to.push(b' ');
    }
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}

fn soak(_: &mut Criterion) {
    let count = std::env::var("FOREWARN_SOAK").ok().and_then(|text| text.parse().ok()).unwrap_or(500_000u64);
    let (mut miner, mut line, mut held) = (Miner::default(), Vec::new(), Vec::new());
    let before = processor_seconds();
    for number in 0..count {
        hostile(number, &mut line);
        miner.learn(&line);
        if (number + 1) % (count / 10).max(1) == 0 {
            held.push((miner.counts().bytes, resident()));
        }
    }
    let seconds = processor_seconds() - before;
    println!(
        "soak: {count} hostile lines, {:.2} M/s with their making; held and resident: {held:?}",
        count as f64 / seconds / 1e6
    );
    let most = held.iter().map(|(bytes, _)| *bytes).max().unwrap_or(0);
    assert!(most < 16 << 20, "{most} bytes held");
    // Flat: after a fifth of the way no more than a tenth is added.
    let (early, late) = (held[1].1, held[held.len() - 1].1);
    assert!(late < early + early / 10, "resident {early}, then {late}");
}

criterion_group!(benches, template, soak);
criterion_main!(benches);
