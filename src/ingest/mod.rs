//! Sources, decoders, and the gate of time.

pub mod decode; // bytes to readings: pure, total
