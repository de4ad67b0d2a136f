//! Tests with real servers; each fails where its server is missing.

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
