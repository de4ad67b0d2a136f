//! Tests against real servers; `tests/run` starts them and says in the environment where they are.

#[cfg(feature = "kafka")]
mod broker;
#[cfg(feature = "kafka")]
mod clock;
#[cfg(feature = "kafka")]
mod collector;
mod dashboard;
#[cfg(feature = "kafka")]
mod decisions;
#[cfg(feature = "kafka")]
mod demo;
#[cfg(feature = "kafka")]
mod formats;
#[cfg(feature = "kafka")]
mod hook;
#[cfg(feature = "kafka")]
mod influx;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "kafka")]
mod latency;
#[cfg(feature = "kafka")]
mod live;
#[cfg(feature = "kafka")]
mod operating;
#[cfg(feature = "kafka")]
mod positions;
#[cfg(feature = "kafka")]
mod programs;
#[cfg(feature = "kafka")]
mod record;
#[cfg(feature = "kafka")]
mod registry;
#[cfg(feature = "kafka")]
mod reload;
#[cfg(feature = "kafka")]
mod security;
mod services;
mod smtp;
#[cfg(feature = "kafka")]
mod stall;
#[cfg(feature = "kafka")]
mod warning;
mod webhook;

/// What the environment says; a test that lacks its server fails.
fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run tests/run, which starts the servers"))
}

/// A number that is the same in every run.
#[cfg(feature = "kafka")]
fn noise(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 40) as f64 / f64::from(1u32 << 24)
}
