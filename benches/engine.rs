//! Line protocol judged in full over 1,000 signals: decode, gate, engine. Asserts what was judged.
#![expect(clippy::unwrap_used, reason = "writing to a string does not fail")]

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use forewarn::config::Lateness;
use forewarn::engine::{Batch, Engine, Input, Output};
use forewarn::ingest::decode::Decoder;
use forewarn::ingest::gate::{Gate, PartitionId};
use forewarn::plan::Plan;

const SIGNALS: usize = 1_000;
const STEPS: usize = 400;
const STEP_NANOS: usize = 10_000_000_000;

/// 1,000 signals of 100 hosts, a point each 10 seconds, wandering around levels of their own.
fn lines() -> Vec<String> {
    let mut state = 7u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1u32 << 24)
    };
    let mut steps = Vec::new();
    for step in 0..STEPS {
        let at = 1_790_000_000_000_000_000 + step * STEP_NANOS;
        let mut text = String::new();
        for host in 0..SIGNALS / 10 {
            write!(text, "system,host=host-{host},region=eu ").unwrap();
            for field in 0..10 {
                let comma = if field == 0 { "" } else { "," };
                let level = (host * 10 + field) as f64;
                write!(text, "{comma}f{field}={:.3}", level + noise() + noise() + noise()).unwrap();
            }
            writeln!(text, " {at}").unwrap();
        }
        steps.push(text);
    }
    steps
}

fn judge(lines: &[String]) -> usize {
    let mut engine = Engine::with_scores(Arc::new(Plan::default()));
    let (mut gate, mut decoder) = (Gate::new(Lateness::default()), Decoder::new());
    let (mut batch, mut out) = (Batch::default(), Output::default());
    let (partition, plan) = (PartitionId::new("metrics", 0), Arc::clone(engine.plan()));
    let mut judged = 0;
    for text in lines {
        let mut intake = engine.intake(&mut batch);
        decoder.decode("metrics", text.as_bytes(), None, &plan.bounds, &mut intake);
        gate.admit(&partition, None, &mut batch);
        engine.apply(Input::Observe(&mut batch), &mut out);
        if let Some(to) = gate.watermark() {
            engine.apply(Input::Advance(to), &mut out);
        }
        judged += out.scores.drain(..).count();
    }
    judged
}

fn bench(c: &mut Criterion) {
    let lines = lines();
    let mut group = c.benchmark_group("engine");
    group.sample_size(10).throughput(Throughput::Elements((SIGNALS * STEPS) as u64));
    group.bench_function("line protocol, 1,000 signals, judged in full", |b| {
        b.iter(|| {
            let judged = judge(black_box(&lines));
            // All but the points within the lateness: the last three steps and the one at the watermark.
            assert_eq!(judged, SIGNALS * (STEPS - 4));
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
