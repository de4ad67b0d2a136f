//! Wall time: the time of the people who are told, kept apart from event time by its type.

use std::fmt;
use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// A moment on the wall clock. `run` reads it from the clock; `replay` and `demo` let event time stand for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct Wall(pub Timestamp);

impl Wall {
    /// The time from `earlier` to `self`; negative if `earlier` is later.
    pub const fn since(self, earlier: Wall) -> Span {
        self.0.since(earlier.0)
    }
}

impl Add<Span> for Wall {
    type Output = Wall;
    fn add(self, span: Span) -> Wall {
        Wall(self.0 + span)
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
