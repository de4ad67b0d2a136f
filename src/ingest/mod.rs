//! Bytes in: sources, decoders, and the gate of time between them and the engine.

pub mod decode; // bytes to readings: pure, total
pub mod files;
pub mod gate;
#[cfg(feature = "kafka")]
pub mod kafka;
