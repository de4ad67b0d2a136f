//! What: identities, what was read of them, and the values to judge.
//!
//! A decoder reads [`Reading`]s from the wire and hands them to a [`Sink`]; a [`Meter`] turns the readings of one
//! series into observations (a counter becomes a rate, a histogram its quantiles, log lines their rate).

mod ascent;
mod climb;
mod capacity;
mod change;
mod fields;
mod fingerprint;
mod identity;
mod kind;
mod meter;
mod quantile;
mod reading;
mod redact;
mod selector;
mod stack;
pub mod template;

pub use ascent::Ascent;
pub use capacity::{Part, is_shared_out};
pub use change::{Change, ChangeKind};
pub use climb::Climb;
pub use fields::Fields;
pub use fingerprint::Fingerprint;
pub use identity::{INSTANCE_LABELS, SERVICE_LABELS, Signal};
pub use kind::word_by_word;
pub use meter::{Meter, Observation, Stat};
pub use quantile::Buckets;
pub use reading::{Level, Line, Reading, Reject, RejectReason, Sink, Text};
pub use redact::{redact, redact_field};
pub use selector::{Selector, SelectorError};
pub use stack::{Folded, fold, goes_on};
