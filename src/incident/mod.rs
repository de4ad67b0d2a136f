//! Is it one problem: findings of many signals become incidents, with their likely origin and suspects.

mod finding;

pub use finding::{Breach, Finding, Kind, Phase, Target};
