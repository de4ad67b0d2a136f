//! The present of the people who are told: the wall clock, or for `demo` the time of the stream itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::deliver::Wall;
use crate::deliver::courier::{Clock, wall_clock};
use crate::time::Timestamp;

/// What time it is for those who are told.
#[derive(Clone, Debug, Default)]
pub enum Present {
    /// The wall clock.
    #[default]
    Clock,
    /// Event time stands for it: it moves with what is judged, and by nothing else.
    Stream(StreamTime),
}

/// How far a stream was judged; readable from every thread.
#[derive(Clone, Debug)]
pub struct StreamTime(Arc<AtomicI64>);

impl StreamTime {
    /// A stream of which nothing was judged yet: its time stands at its beginning.
    pub fn from(start: Timestamp) -> StreamTime {
        StreamTime(Arc::new(AtomicI64::new(start.nanos())))
    }

    /// Everything before this moment was judged.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(Ordering::SeqCst))
    }

    /// It never goes back.
    fn reach(&self, at: Timestamp) {
        self.0.fetch_max(at.nanos(), Ordering::SeqCst);
    }
}

impl Present {
    /// Now.
    pub(super) fn now(&self) -> Wall {
        match self {
            Present::Clock => Wall(Timestamp::from(jiff::Timestamp::now())),
            Present::Stream(time) => Wall(time.now()),
        }
    }

    /// The stream was judged so far; the wall clock does not care.
    pub(super) fn reach(&self, at: Timestamp) {
        if let Present::Stream(time) = self {
            time.reach(at);
        }
    }

    /// Whether it goes on without data, so that silence is noticed, and past partitions that have nothing to read. Compressed
    /// time cannot: a moment in which nothing came is hours of it.
    pub(super) fn goes_on_alone(&self) -> bool {
        matches!(self, Present::Clock)
    }

    /// The same for the courier.
    pub(super) fn clock(&self) -> Clock {
        match self.clone() {
            Present::Clock => wall_clock(),
            Present::Stream(time) => Arc::new(move || Wall(time.now())),
        }
    }
}
