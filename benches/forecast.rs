//! What a forecast costs: a minute's observation, and one that completes a step of the grid and so makes a forecast.
#![allow(missing_docs)] // criterion's macros

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use forewarn::calendar::Local;
use forewarn::forecast::Forecaster;
use forewarn::plan::{Bound, Side};
use forewarn::time::{Span, Timestamp};

const DAY: i64 = 1440;

/// A flow with a daily rhythm and scatter that leaks from the twentieth day on.
fn value(minute: i64) -> f64 {
    let rhythm = 20.0 * (minute as f64 / DAY as f64 * std::f64::consts::TAU).sin();
    let scatter = (minute * 7919 % 101) as f64 / 25.0;
    50.0 + rhythm + scatter + 0.05 * (minute - 20 * DAY).max(0) as f64
}

fn feed(forecaster: &mut Forecaster, minute: i64) {
    let local = Local { weekday: (minute / DAY % 7) as u8, second: (minute % DAY * 60) as u32, holiday: false };
    forecaster.observe(Timestamp::from_secs(minute * 60), value(minute), local);
}

fn fed(minutes: i64) -> Forecaster {
    let mut forecaster = Forecaster::new(Bound { level: 150.0, side: Side::Above });
    (0..minutes).for_each(|minute| feed(&mut forecaster, minute));
    forecaster
}

fn forecast(c: &mut Criterion) {
    let start = fed(20 * DAY);
    let quiet = start.outlook(Span::from_hours(24)).expect("known for twenty days");
    assert!(!start.is_credible() && quiet.probability < 0.2, "{quiet:?}");
    let mut leaking = start.clone();
    (20 * DAY..21 * DAY).for_each(|minute| feed(&mut leaking, minute));
    assert!(leaking.is_credible(), "{:?}", leaking.outlook(Span::from_hours(24)));

    let mut group = c.benchmark_group("forecast");
    group.throughput(Throughput::Elements(DAY as u64 / 5));
    // one day on the five-minute grid: each element observes, learns and forecasts
    group.bench_function("a_step", |bencher| {
        bencher.iter(|| {
            let mut forecaster = start.clone();
            (20 * DAY..21 * DAY).step_by(5).for_each(|minute| feed(&mut forecaster, minute));
            forecaster
        });
    });
    // the minutes between: a quiet day at one value a minute, a fifth of them with a forecast
    group.throughput(Throughput::Elements(DAY as u64));
    let before = fed(19 * DAY);
    group.bench_function("a_minute", |bencher| {
        bencher.iter(|| {
            let mut forecaster = before.clone();
            (19 * DAY..20 * DAY).for_each(|minute| feed(&mut forecaster, minute));
            forecaster
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("asking", |bencher| {
        bencher.iter(|| black_box(&leaking).outlook(black_box(Span::from_hours(24))));
    });
    group.finish();
}

criterion_group!(benches, forecast);
criterion_main!(benches);
