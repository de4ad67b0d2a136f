//! Tests against real servers; `tests/run` starts them and says in the environment where they are.
#![expect(clippy::disallowed_methods, reason = "tests read files and are told by the environment where servers are")]

#[cfg(feature = "kafka")]
mod broker;
#[cfg(feature = "kafka")]
mod decisions;
#[cfg(feature = "kafka")]
mod hook;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "kafka")]
mod live;
mod smtp;
mod webhook;

/// What the environment says; a test that lacks its server fails.
fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run tests/run, which starts the servers"))
}
