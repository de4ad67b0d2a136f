//! What judging costs: nanoseconds per point and bytes per signal.
//!
//! Each run asserts a checksum of the scores, so that a fast wrong answer fails.

use std::time::Instant;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use forewarn::calendar::Calendar;
use forewarn::detect::Judge;
use forewarn::plan::Preset;
use forewarn::time::Timestamp;

const SIGNALS: usize = 10_000;
/// Signals touched in random order: far more than any cache holds.
const MANY: usize = 1_000_000;
/// Points that each of them has seen before.
const MANY_ROUNDS: usize = 40;
/// By so much what the kernel counts as resident may be off.
const OFF: f64 = 1.01;
/// Points a second that this must reach on one core.
const LEAST_AT_RANDOM: f64 = 700_000.0;
const ROUNDS: usize = 20;
const WARM_ROUNDS: usize = 700;

/// A noisy sine with a rare spike, different for each signal.
fn value(signal: usize, round: usize) -> f64 {
    let mixed = ((signal as u64) << 32 | round as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let noise = (mixed >> 40) as f64 / (1u64 << 24) as f64;
    let phase = (round % 288) as f64 / 288.0;
    let spike = if mixed.is_multiple_of(1999) { 40.0 } else { 0.0 };
    100.0 + signal as f64 + 10.0 * libm::sin(phase * core::f64::consts::TAU) + 4.0 * noise + spike
}

/// Judges `rounds` points of every signal, in rounds as they arrive; the sum of the scores.
fn judge(judges: &mut [Judge], rounds: std::ops::Range<usize>, preset: &Preset, calendar: &Calendar) -> f64 {
    let mut sum = 0.0;
    for round in rounds {
        let at = Timestamp::from_secs(1_772_409_600 + 300 * round as i64);
        let local = calendar.local(at);
        for (signal, judge) in judges.iter_mut().enumerate() {
            let said = judge.observe(at, value(signal, round), local, preset);
            sum += said.anomaly + said.onset;
        }
    }
    sum
}

fn judging(c: &mut Criterion) {
    let (preset, calendar) = (Preset::default(), Calendar::default());
    let mut warm = vec![Judge::default(); SIGNALS];
    judge(&mut warm, 0..WARM_ROUNDS, &preset, &calendar);
    let expected = judge(&mut warm.clone(), WARM_ROUNDS..WARM_ROUNDS + ROUNDS, &preset, &calendar);
    assert!((2_000.0..80_000.0).contains(&expected), "checksum {expected}");
    println!("bytes per signal: {} hot", std::mem::size_of::<Judge>());

    let mut group = c.benchmark_group("judge");
    group.throughput(Throughput::Elements((SIGNALS * ROUNDS) as u64)).sample_size(10);
    group.bench_function("a point", |b| {
        b.iter_batched(
            || warm.clone(),
            |mut judges| {
                let sum = judge(&mut judges, WARM_ROUNDS..WARM_ROUNDS + ROUNDS, &preset, &calendar);
                assert_eq!(sum, expected);
                judges
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// A million signals, each point of another one at random: what is measured is the memory. A few of them are judged beside, in
/// turn, and must come out the same.
#[expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]
fn at_random(_: &mut Criterion) {
    let (preset, calendar) = (Preset::default(), Calendar::default());
    let mut judges = vec![Judge::default(); MANY];
    judge(&mut judges, 0..MANY_ROUNDS, &preset, &calendar);
    let mut beside: Vec<(usize, Judge)> = judges.iter().cloned().enumerate().step_by(MANY / 1_000).collect();
    let at = Timestamp::from_secs(1_772_409_600 + 300 * MANY_ROUNDS as i64);
    let local = calendar.local(at);
    let (begin, mut signal) = (Instant::now(), 1usize);
    for _ in 0..MANY.next_power_of_two() {
        // A full period (Hull and Dobell, 1962), so that each signal is touched once.
        signal = (signal * 1_664_521 + 1_013_904_223) % MANY.next_power_of_two();
        if let Some(judge) = judges.get_mut(signal) {
            std::hint::black_box(judge.observe(at, value(signal, MANY_ROUNDS), local, &preset));
        }
    }
    let rate = MANY as f64 / begin.elapsed().as_secs_f64();
    for (signal, judge) in &mut beside {
        judge.observe(at, value(*signal, MANY_ROUNDS), local, &preset);
        assert_eq!(*judge, judges[*signal], "signal {signal} in turn and at random");
    }
    println!("a million signals in random order: {rate:.0} points/s");
    assert!(LEAST_AT_RANDOM <= rate, "{rate:.0} points/s in random order, {LEAST_AT_RANDOM} promised");
}

/// What a signal takes in memory, the allocator's share included: the resident memory that copies of it add, in bytes.
#[expect(clippy::disallowed_methods, reason = "a bench looks at its own memory")]
fn bytes_of(judge: &Judge) -> f64 {
    const COPIES: usize = 20_000;
    let resident = || {
        let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("kB") * 1024.0
    };
    // Pages that the allocator has kept from before would hide what is taken: these stay while the others are measured.
    let fill = vec![judge.clone(); COPIES / 10];
    let before = resident();
    let copies = vec![judge.clone(); COPIES];
    let bytes = (resident() - before) / COPIES as f64;
    std::hint::black_box((fill, copies));
    bytes
}

/// Signals that differ in what is kept of them, and how many days each is taught; a bound for each. The hours of the day are kept of
/// every signal, those of the week where they tell more than these (in turns of thirteen weeks it is tried for five); blocks in which
/// a cycle is looked for come and go.
fn memory(_: &mut Criterion) {
    let (preset, calendar) = (Preset::default(), Calendar::default());
    // one multiplication alone would turn round and round, and a cycle be found
    let mixed = |i: u64| (i ^ i >> 31).wrapping_mul(0x94d0_49bb_1331_11eb);
    let noise = |i: i64| (mixed(mixed(i as u64 + 0x9e37_79b9_7f4a_7c15)) >> 40) as f64 / (1u64 << 24) as f64;
    let wave = |i: i64, period: f64| libm::sin(i as f64 / period * core::f64::consts::TAU);
    let weekly = |i: i64| 100.0 + (20.0 + 10.0 * wave(i, 2016.0)) * wave(i, 288.0) + noise(i);
    type Kind<'a> = (&'a str, i64, &'a dyn Fn(i64) -> f64, f64);
    let kinds: [Kind<'_>; 4] = [
        ("after an hour", 0, &|i| 100.0 + noise(i), 2_750.0),
        ("after eight weeks, no season found", 56, &|i| 100.0 + noise(i), 2_300.0),
        ("with a day and a week", 56, &weekly, 3_500.0),
        ("with a cycle of its own", 56, &|i| 100.0 + 20.0 * wave(i, 47.0) + noise(i), 2_800.0),
    ];
    for (name, days, value, most) in kinds {
        let mut judge = Judge::default();
        for i in 0..12 + 288 * days {
            let at = Timestamp::from_secs(1_772_409_600 + 300 * i);
            judge.observe(at, value(i), calendar.local(at), &preset);
        }
        let bytes = bytes_of(&judge);
        let written = postcard::to_allocvec(&judge).map_or(0, |bytes| bytes.len());
        println!("bytes per signal {name}: {bytes:.0} in memory, {written} as written");
        assert!(bytes <= OFF * most, "{name}: {bytes:.0} bytes, {most} promised");
    }
}

criterion_group!(benches, memory, judging, at_random);
criterion_main!(benches);
