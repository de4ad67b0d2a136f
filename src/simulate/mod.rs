//! A shop that fails, by seed: services that depend on one another, the load of a working week, and faults that take the
//! causal path from a resource to what users feel.
//!
//! One simulator serves `demo`, the fixtures and `eval`. It speaks the wire formats (line protocol, JSON logs, CDEvents), so
//! that whatever is judged on it has gone through the real decoders. Nothing in it is staged: when a fault begins, how fast
//! it goes and when users feel it follow from the seed and the model; [`Failure::impact_at`] is read off the simulated
//! objective, not planned.

mod fault;
pub mod fleet;
mod instance;
mod lines;
mod load;
mod noise;
mod service;
mod shape;
mod story;
mod wire;
mod world;

pub use fault::{Fault, FaultKind};
pub use lines::{LineStory, LineTruth, tell_lines};
pub use story::{StoryError, tell};
pub use wire::{Event, Topic};
pub use world::{Failure, Scenario, World};
