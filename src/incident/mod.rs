//! Is it one problem: findings of many signals become incidents, with their likely origin and suspects.
//!
//! [`Incidents`] is the stage. A finding passes the gate (is it worth an alert by itself?), meets the incident that it
//! belongs to or opens one, and when its moment has passed the incident decides whether people hear of it, and why.

mod aftermath;
mod answer;
mod budget;
mod bar;
mod case;
mod changes;
mod gate;
mod life;
mod links;
mod notes;
mod precursors;
mod services;
mod silence;
mod stage;
mod telling;
mod threat;
mod trouble;
mod unheard;

pub(crate) use aftermath::Aftermath;
pub use changes::{Effects, Verdict};
pub use gate::Why;
pub use stage::{Dropped, Held, Incidents};

#[cfg(test)]
mod tests;
