//! A capacity that nobody told: of what there is a fixed number, a height that is reached again and again and never passed.
//!
//! A use that follows demand moves about as it always does, at its peaks too; one that has run out stands still at the top, while
//! demand goes on. So a stay at the top counts where the signal kept to it for far longer than to its other high values: with a
//! share `r` of the steps from those leaving their height, a stay of `n` values comes by chance with about e^(-r·n). Three such
//! stays at one height, each from well below, are its capacity; a value above it shows that it is none.

use serde::{Deserialize, Serialize};

use super::fading::Fading;
use crate::time::{Span, Timestamp};

/// What counts as the same height, and as well below it, as shares of the way from the usual value to the top.
const SAME: f64 = 0.03;
const BELOW: f64 = 0.25;
/// A top lies at least so far above the usual value, as a share of itself: what is always full lives so.
const HIGH: f64 = 0.2;
/// How long a stay must be, in steps that would have left it: by chance one of 150 is. Of 118 series (NAB and 60 metrics of
/// services) one showed a top, an artificial square wave; of the same cut off at their 90 % quantile 47 did, with 4 instead 55 and
/// with 7 instead 35.
const LONG: f64 = 5.0;
/// Of the values of a stay at most a third lie below it: what is given back is taken again at once.
const DIPS: u32 = 2;
/// So many stays make a capacity.
const STAYS: u8 = 3;
/// The unrest is known from so many high values on.
const MANY: u32 = 100;
/// The values over which the usual one and the unrest are means.
const MEMORY: f64 = 2_000.0;
/// A top not visited for so long is forgotten: there may be less of it now.
const STALE: Span = Span::from_days(60);

/// Looks for the flat top of a signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FlatTop {
    /// The highest value so far, when it was last visited, the usual value, and the one before.
    top: f64,
    visited: Timestamp,
    usual: f64,
    before: f64,
    /// The share of steps that leave a height, of those from values above the usual one and below the top, and how many these were.
    unrest: f64,
    high: u32,
    seen: u32,
    /// Values of the present stay at the top and a little below it, and whether it is long enough.
    at_top: u32,
    dips: u32,
    is_long: bool,
    /// Long stays at this top.
    stays: u8,
    /// The same, the older the less.
    recent: Fading,
}

impl FlatTop {
    /// The first value.
    pub(super) fn new(at: Timestamp, value: f64) -> Self {
        FlatTop {
            top: value,
            visited: at,
            usual: value,
            before: value,
            unrest: 0.0,
            high: 0,
            seen: 1,
            at_top: 0,
            dips: 0,
            is_long: false,
            stays: 0,
            recent: Fading::none(at),
        }
    }

    /// Takes the next value; the height where it is flat, once that is known.
    pub(super) fn observe(&mut self, at: Timestamp, value: f64) -> Option<f64> {
        let share = 1.0 / f64::from(self.seen).min(MEMORY);
        self.seen = self.seen.saturating_add(1);
        self.usual += (value - self.usual) * share;
        let reach = self.top - self.usual;
        let before = std::mem::replace(&mut self.before, value);
        if self.usual < before && before < self.top - SAME * reach {
            self.high = self.high.saturating_add(1);
            let left = if SAME * reach < (value - before).abs() { 1.0 } else { 0.0 };
            self.unrest += (left - self.unrest) / f64::from(self.high).min(MEMORY);
        }
        if self.top + SAME * reach < value || STALE <= at.since(self.visited) {
            // higher than what was taken for the top, or that is long gone
            (self.top, self.visited, self.stays, self.recent) = (value, at, 0, Fading::none(at));
            (self.at_top, self.dips, self.is_long) = (1, 0, false);
        } else if self.top - SAME * reach <= value {
            (self.top, self.visited) = (self.top.max(value), at);
            self.at_top = self.at_top.saturating_add(1);
        } else if self.top - BELOW * reach <= value {
            self.dips = self.dips.saturating_add(1);
        } else {
            (self.at_top, self.dips, self.is_long) = (0, 0, false);
        }
        let is_high = 0.0 < self.top && HIGH * self.top <= reach;
        let is_known = MANY <= self.high;
        let is_flat = is_known && DIPS * self.dips < self.at_top && LONG <= f64::from(self.at_top) * self.unrest;
        if is_high && is_flat && !self.is_long {
            (self.is_long, self.stays) = (true, self.stays.saturating_add(1));
            self.recent.add(at);
        }
        (is_high && STAYS <= self.stays).then_some(self.top)
    }

    /// How often it stood at its top of late.
    pub(super) fn stays_of_late(&self) -> Fading {
        self.recent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 1440;

    fn noise(minute: i64) -> f64 {
        ((minute as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / (1u64 << 24) as f64
    }

    /// Connections in use: what is asked for by day and by chance, of `size` at most.
    fn pool(minute: i64, demand: f64, size: f64) -> f64 {
        let day = 1.0 - 0.6 * libm::cos(minute as f64 / DAY as f64 * std::f64::consts::TAU);
        (demand * day * (0.8 + 0.4 * noise(minute))).round().min(size)
    }

    /// The heights found in so many days.
    fn found(days: i64, value: impl Fn(i64) -> f64) -> Vec<f64> {
        let mut top = FlatTop::new(Timestamp::from_secs(0), value(0));
        let mut found: Vec<f64> = (1..days * DAY)
            .filter_map(|minute| top.observe(Timestamp::from_secs(minute * 60), value(minute)))
            .collect();
        found.dedup();
        found
    }

    /// Every week an hour in which four times as much is asked for.
    fn incident(minute: i64) -> f64 {
        if minute % (7 * DAY) / 60 == 60 { 4.0 } else { 1.0 }
    }

    #[test]
    fn what_ran_out_three_times_at_one_height_has_a_capacity() {
        for size in [10.0, 50.0, 200.0] {
            let value = |minute| pool(minute, 0.3 * size * incident(minute), size);
            assert_eq!(found(16, value), [] as [f64; 0], "{size}: twice so far");
            assert_eq!(found(18, value), [size]);
        }
    }

    #[test]
    fn a_peak_is_no_capacity_however_often_it_returns() {
        for size in [4.0, 10.0, 50.0, 1000.0] {
            assert_eq!(found(40, |minute| pool(minute, size, 1e9)), [] as [f64; 0], "{size}");
            assert_eq!(found(40, |minute| pool(minute, 0.3 * size * incident(minute), 1e9)), [] as [f64; 0], "{size}");
        }
        let smooth = |minute: i64| 100.0 - 80.0 * libm::cos(minute as f64 / DAY as f64 * std::f64::consts::TAU);
        assert_eq!(found(40, smooth), [] as [f64; 0]);
    }

    #[test]
    fn what_is_always_full_or_never_moves_has_none() {
        assert_eq!(found(40, |minute| if minute % DAY < 120 { 5.0 } else { 50.0 }), [] as [f64; 0]);
        assert_eq!(found(40, |_| 8.0), [] as [f64; 0]);
    }

    #[test]
    fn a_value_above_shows_that_it_was_none() {
        let value = |minute: i64| pool(minute, 15.0 * incident(minute), if minute < 30 * DAY { 50.0 } else { 80.0 });
        assert_eq!(found(31, value), [50.0]);
        let mut top = FlatTop::new(Timestamp::from_secs(0), value(0));
        let mut at = |minute: i64| top.observe(Timestamp::from_secs(minute * 60), value(minute));
        assert_eq!((1..30 * DAY).map(&mut at).last(), Some(Some(50.0)));
        assert_eq!((30 * DAY..40 * DAY).map(&mut at).last(), Some(None));
    }
}
