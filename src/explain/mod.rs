//! Why something was said, or was not: the life of an alert, and what was held back, in words for people.
//!
//! [`life()`] and [`held()`] are pure: text from what is known. [`Evidence`] finds it: in a state directory, which `run` may hold
//! at the same time (nothing is locked or written), or in a file of alert records.
#![expect(clippy::disallowed_methods, reason = "the evidence lies in files")]

mod evidence;
mod held;
mod life;
#[cfg(test)]
pub(crate) mod tests;
mod words;

pub use evidence::{Evidence, ExplainError};
pub use held::held;
pub use life::{Delivery, life};
