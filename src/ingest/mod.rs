//! Bytes in: sources, decoders, and the gate of time between them and the engine.

pub mod decode; // bytes to readings: pure, total
pub mod files; // files as partitions, read in step
pub mod gate; // what is late, what is absurd, how far all was read: pure
#[cfg(feature = "kafka")]
pub mod kafka; // a member of a consumer group, alerts and dead letters out
mod received; // one record as it lies in its partition

pub use received::Received;
