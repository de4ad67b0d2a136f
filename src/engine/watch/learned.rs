//! A bound that the data told: the capacity that a signal is a use of, and whether passing it is how the signal lives.
//!
//! A number that is called a limit may be another thing (the greatest value of a window), and some limits are there to be
//! reached (a cache, a generation of a heap, a pool that is opened whole). So a capacity counts once it has stayed the same for an
//! hour, speaks when it has been held for a day, and keeps silent about what was passed three times within a week or so, and about
//! what stood beyond it when it was found: who runs it knows. Space is the exception, which nobody means to fill.

use serde::{Deserialize, Serialize};

use super::super::bounded::{Bounded, BoundedV3, BoundedV4, BoundedV5, Standing};
use super::super::capacity::Capacity;
use super::super::section::Section;
use super::super::words;
use super::fading::Fading;
use crate::alert::chart::Line;
use crate::calendar::Local;
use crate::plan::Plan;
use crate::time::{Span, Timestamp};

/// A capacity has changed when it moved by more than this share; used and left of a file system are not of one moment.
const SAME: f64 = 0.02;
const STEADY: Span = Span::from_hours(1);
const KNOWN: Span = Span::from_days(1);
/// Passing it so often of late is usual.
const USUAL: f64 = 2.5;
/// And what stood beyond it when it was found counts as this many.
const FOUND_BEYOND: u8 = 3;

/// What is known of the capacity of a signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Learned {
    capacity: Capacity,
    /// Since when it has been this.
    since: Timestamp,
    /// The bound, once it counts.
    bounded: Option<Bounded>,
    /// How often it was passed, the older the less.
    passes: Fading,
    beyond: bool,
    /// People were told and it is not over yet.
    speaks: bool,
}

/// The same with the bound of an older version.
#[derive(Debug, Deserialize)]
struct Older<B> {
    capacity: Capacity,
    since: Timestamp,
    bounded: Option<B>,
    passes: Fading,
    beyond: bool,
    speaks: bool,
}

impl<B: Into<Bounded>> From<Older<B>> for Learned {
    fn from(old: Older<B>) -> Self {
        let Older { capacity, since, bounded, passes, beyond, speaks } = old;
        Learned { capacity, since, bounded: bounded.map(B::into), passes, beyond, speaks }
    }
}

impl Learned {
    /// Reads one from a section of this release or of an older one.
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        match section.version {
            3 => section.read::<Older<BoundedV3>>(3).map(Learned::from),
            4 => section.read::<Older<BoundedV4>>(4).map(Learned::from),
            5 => section.read::<Older<BoundedV5>>(5).map(Learned::from),
            _ => section.read(Bounded::VERSION),
        }
    }

    pub(super) fn new(at: Timestamp, capacity: Capacity) -> Self {
        Learned { capacity, since: at, bounded: None, passes: Fading::none(at), beyond: false, speaks: false }
    }

    /// The same of a signal that stands at it, as it did so often of late.
    pub(super) fn with_passes(self, passes: Fading) -> Self {
        Learned { passes, beyond: true, ..self }
    }

    /// The same for another instance, of which nothing was told.
    pub(super) fn heir(&self) -> Learned {
        let bounded = self.bounded.as_ref().map(Bounded::heir);
        let mut heir = Learned { bounded, speaks: false, ..self.clone() };
        heir.goes(false, self.passes.since());
        heir
    }

    /// The bound, once it counts.
    pub(super) fn bounded(&self) -> Option<&Bounded> {
        self.bounded.as_ref()
    }

    /// Whether it is still the same capacity; else it begins anew. Of what is `kept` in it standing beyond it is never usual.
    pub(super) fn learn(&mut self, at: Timestamp, capacity: Capacity, kept: bool, plan: &Plan) {
        let moved = (capacity.whole - self.capacity.whole).abs();
        if capacity.bound.side != self.capacity.bound.side || SAME * self.capacity.whole < moved {
            *self = Learned::new(at, capacity);
        } else if self.bounded.is_none() && self.since + STEADY <= at {
            self.bounded = Some(Bounded::limit(self.capacity.bound, plan.horizon));
            self.beyond &= !kept;
        }
    }

    /// Whether it stands beyond the bound as it did when that was found.
    fn is_as_found(&self) -> bool {
        self.beyond && self.passes.is_none()
    }

    /// Stands beyond the bound now, or does not.
    fn goes(&mut self, beyond: bool, at: Timestamp) {
        if beyond && !self.beyond {
            self.passes.add(at);
        } else if !beyond && self.is_as_found() {
            (0..FOUND_BEYOND).for_each(|_| self.passes.add(at));
        }
        self.beyond = beyond;
    }

    /// Takes the next value of the signal and says how it stands.
    pub(super) fn observe(
        &mut self,
        at: Timestamp,
        value: f64,
        local: Local,
        plan: &Plan,
        unit: Option<&str>,
    ) -> Standing {
        let beyond = self.capacity.bound.is_passed(value);
        let Some(bounded) = &mut self.bounded else {
            self.beyond = beyond;
            return Standing::Clear;
        };
        let standing = bounded.observe(at, value, local, plan, unit);
        self.goes(beyond, at);
        let is_usual = USUAL <= self.passes.at(at) || self.is_as_found();
        let may_speak = self.speaks || (self.since + KNOWN <= at && !is_usual);
        self.speaks = may_speak && standing != Standing::Clear;
        match standing {
            _ if !self.speaks => Standing::Clear,
            Standing::Ahead { breach, since, words } => {
                let words = words::of_capacity(words, self.capacity.whole, unit);
                Standing::Ahead { breach, since, words }
            }
            standing => standing,
        }
    }

    /// The bound as a picture shows it.
    pub(super) fn line(&self) -> Option<Line> {
        self.bounded.as_ref().map(Bounded::line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Bound, Side};

    fn capacity(whole: f64) -> Capacity {
        Capacity { whole, bound: Bound { level: 0.95 * whole, side: Side::Above } }
    }

    fn local(minute: i64) -> Local {
        Local { weekday: (minute / 1440 % 7) as u8, second: (minute % 1440 * 60) as u32, holiday: false }
    }

    /// The minutes at which a use of 100 stands otherwise than clear.
    fn heard(minutes: i64, value: impl Fn(i64) -> f64) -> Vec<i64> {
        heard_of(false, minutes, value)
    }

    fn heard_of(kept: bool, minutes: i64, value: impl Fn(i64) -> f64) -> Vec<i64> {
        let plan = Plan::default();
        let mut learned = Learned::new(Timestamp::from_secs(0), capacity(100.0));
        let speaks = |minute: &i64| {
            let at = Timestamp::from_secs(minute * 60);
            learned.learn(at, capacity(100.0 + (minute % 2) as f64), kept, &plan);
            learned.observe(at, value(*minute), local(*minute), &plan, None) != Standing::Clear
        };
        (0..minutes)
            .filter({
                let mut speaks = speaks;
                move |minute| speaks(minute)
            })
            .collect()
    }

    #[test]
    fn a_use_that_grows_towards_its_capacity_is_foreseen() {
        let disk = |minute: i64| 40.0 + (minute % 3) as f64 * 0.1 + (minute - 4320).max(0) as f64 / 60.0 * 4.0;
        let heard = heard(4320 + 14 * 60, disk);
        let full = 4320 + (55.0 / 4.0 * 60.0) as i64;
        assert!(heard.first().is_some_and(|first| (4320..full - 120).contains(first)), "{:?}", heard.first());
    }

    #[test]
    fn what_reaches_its_capacity_every_hour_lives_so() {
        let cache = |minute: i64| 50.0 + (minute % 60) as f64;
        assert_eq!(heard(5 * 1440, cache), Vec::<i64>::new());
    }

    #[test]
    fn what_stood_at_its_capacity_when_it_was_found_lives_so_and_refills_so() {
        let cache = |minute: i64| 99.0 + (minute % 7) as f64 * 0.1;
        assert_eq!(heard(12 * 1440, cache), Vec::<i64>::new());
        let restarted = |minute: i64| cache(minute).min(10.0 + (minute - 12 * 1440).max(0) as f64 * 0.1);
        let restarted = |minute: i64| if minute < 12 * 1440 { cache(minute) } else { restarted(minute) };
        assert_eq!(heard(14 * 1440, restarted), Vec::<i64>::new());
        assert_eq!(heard_of(true, 2 * 1440, cache).first(), Some(&1440), "a disk that is full is news");
    }

    #[test]
    fn what_reaches_its_capacity_while_it_is_known_is_heard() {
        let pool = |minute: i64| if minute < 2 * 1440 { 50.0 } else { 99.5 };
        assert_eq!(heard(2 * 1440 + 5, pool).first(), Some(&(2 * 1440)));
    }

    #[test]
    fn what_lived_so_once_is_foreseen_again_after_weeks() {
        let cache = |minute: i64| if minute < 2 * 1440 { 50.0 + (minute % 60) as f64 } else { 50.0 };
        let growing = |minute: i64| cache(minute) + (minute - 40 * 1440).max(0) as f64 / 60.0 * 3.0;
        assert!(heard(41 * 1440, growing).first().is_some_and(|first| 40 * 1440 < *first));
    }

    #[test]
    fn a_limit_that_moves_is_none() {
        let plan = Plan::default();
        let mut learned = Learned::new(Timestamp::from_secs(0), capacity(100.0));
        for minute in 0..4000 {
            let at = Timestamp::from_secs(minute * 60);
            learned.learn(at, capacity(100.0 + (minute % 30) as f64), false, &plan);
            assert_eq!(learned.observe(at, 99.0, local(minute), &plan, None), Standing::Clear);
        }
    }
}
