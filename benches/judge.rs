//! What judging costs: nanoseconds per point and bytes per signal.
//!
//! Each run asserts a checksum of the scores, so that a fast wrong answer fails.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use forewarn::calendar::Calendar;
use forewarn::detect::Judge;
use forewarn::plan::Preset;
use forewarn::time::Timestamp;

const SIGNALS: usize = 1_000;
const ROUNDS: usize = 100;
const WARM_ROUNDS: usize = 1_500;

fn preset() -> Preset {
    Preset {
        name: "any".into(),
        about: String::new(),
        names: Vec::new(),
        harm: None,
        unit: None,
        floor: 0.0,
        floor_share: 0.0,
        limit: None,
        absence: true,
    }
}

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
    let (preset, calendar) = (preset(), Calendar::default());
    let mut warm = vec![Judge::default(); SIGNALS];
    judge(&mut warm, 0..WARM_ROUNDS, &preset, &calendar);
    let expected = judge(&mut warm.clone(), WARM_ROUNDS..WARM_ROUNDS + ROUNDS, &preset, &calendar);
    assert!((1_000.0..40_000.0).contains(&expected), "checksum {expected}");
    let written = postcard::to_allocvec(&warm[0]).map_or(0, |bytes| bytes.len());
    println!("bytes per signal: {} hot, {} as written", std::mem::size_of::<Judge>(), written);

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

criterion_group!(benches, judging);
criterion_main!(benches);
