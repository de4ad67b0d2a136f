//! One instance unlike its peers: instances of one signal do alike whatever the hour and the load, so that what one of them does
//! alone is its own (a bad version on a canary, a broken disk), however usual the value is for the service.
//!
//! At the end of each tick every instance is compared with the median of all (three or more). The distance, less the distance
//! that this instance usually keeps, is measured in its usual size; far out for several ticks in a row it is told. A trouble that
//! all share moves the median, not the distances, and teaches nothing here. (Comparison with the group instead of the past:
//! Hochenbaum, Vallis and Kejariwal, 2017, arXiv 1704.07706, for the robust scale; the sequence rule is Western Electric's.)

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::signal::Signal;
use crate::time::Span;

/// Fewer have no majority.
const LEAST: usize = 3;
/// Usual sizes of the distance at which it is far out, at least. A mean absolute deviation is 0.8 standard deviations of a
/// Gaussian.
const FAR: f64 = 8.0;
/// And so many times as far as it ever was: what wanders or has heavy tails sets its own mark.
const BEYOND: f64 = 1.5;
/// Ticks in a row far out before it is told, and near again before it is over.
const AGAIN: u8 = 3;
/// Ticks before the usual distance is known: a day.
const KNOWN: u32 = 1440;
/// The share by which the usual level moves at each tick, up or down: a running median (Ma, Muthukrishnan and Sandler, 2013),
/// which neither a night nor an incident of hours moves much: what
/// scatters by the same amount at any level must not look far out whenever the level is low.
const LEVEL_STEP: f64 = 0.0005;
/// Ticks before the size is good enough to measure records by: an hour.
const LEARNED: u32 = 60;
/// What a record keeps from tick to tick: half in a week of minutes.
const RECORD_KEPT: f64 = 0.999_931_24;
/// Memory of the usual distance and its size, in ticks: a day.
const MEMORY: f64 = 1440.0;

/// How an instance stands to its peers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Standing {
    /// The usual size of the values themselves.
    level: f64,
    usual: f64,
    size: f64,
    /// The farthest it was while it counted as near, in sizes; sinks by half in a week.
    record: f64,
    seen: u32,
    far: u8,
    near: u8,
    apart: bool,
}

/// What changed in a standing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Turn {
    /// It has left its peers; so many usual sizes away.
    Apart(f64),
    /// It is with them again.
    Back,
}

impl Standing {
    /// Compares a value with the median of all, then learns from it.
    pub(super) fn compare(&mut self, value: f64, median: f64) -> Option<Turn> {
        let distance = self.distance(value, median);
        let off = (distance - self.usual).abs();
        let sizes = if self.size == 0.0 { 0.0 } else { off / self.size };
        let is_known = KNOWN <= self.seen;
        let far = FAR.max(BEYOND * self.record);
        let is_far = is_known && far < sizes;
        // What is far out teaches no more than the edge of it.
        let share = 1.0 / f64::from(self.seen.saturating_add(1)).min(MEMORY);
        let taught = if is_far { far / sizes } else { 1.0 };
        self.record *= RECORD_KEPT;
        if !is_far && LEARNED < self.seen {
            self.record = self.record.max(sizes);
        }
        self.usual += share * taught * (distance - self.usual);
        self.size += share * (taught * off - self.size);
        self.seen = self.seen.saturating_add(1);
        (self.far, self.near) = if is_far { (self.far.saturating_add(1), 0) } else { (0, self.near.saturating_add(1)) };
        match self.apart {
            false if AGAIN <= self.far => {
                self.apart = true;
                Some(Turn::Apart(sizes))
            }
            true if AGAIN <= self.near => {
                self.apart = false;
                Some(Turn::Back)
            }
            _ => None,
        }
    }

    /// The distance as a share of the level: what is counted or multiplied scatters with its level, so that a time in which all
    /// fail must not teach that instances may differ. The usual level keeps shares of nearly nothing small.
    fn distance(&mut self, value: f64, median: f64) -> f64 {
        let now = 0.5 * (value.abs() + median.abs());
        if self.level == 0.0 {
            self.level = now;
        } else {
            self.level *= if now < self.level { 1.0 - LEVEL_STEP } else { 1.0 + LEVEL_STEP };
        }
        let size = median.abs() + self.level;
        if size == 0.0 || !size.is_finite() { 0.0 } else { (value - median) / size }
    }

    /// The standing of another instance, begun with what is usual of this one. Where it will stand itself is not known.
    pub(super) fn heir(&self) -> Standing {
        let size = self.size + self.usual.abs();
        Standing { usual: 0.0, size, far: 0, near: 0, apart: false, ..*self }
    }

    /// Whether it has left its peers.
    pub(super) fn is_apart(&self) -> bool {
        self.apart
    }
}

/// The values of one tick by the age of the instance, and the middle of those that an instance is held against.
///
/// A new instance fills its caches for hours. It is held against all of which it could be one, so that a bad version on a canary
/// shows; who is old is held against those who are at least half as old, and who is settled against the settled.
#[derive(Debug, Default)]
pub(super) struct Peers {
    values: smallvec::SmallVec<[(Span, f64); 16]>,
    /// The middle of all where all are alike in age; none where they are not or too few.
    of_all: Option<f64>,
}

/// An instance of this age is settled.
const SETTLED: Span = Span::from_days(1);

impl Peers {
    pub(super) fn new(values: impl Iterator<Item = (Span, f64)>) -> Self {
        let values: smallvec::SmallVec<[(Span, f64); 16]> =
            values.map(|(age, value)| (age.min(SETTLED), value)).collect();
        let of = |pick: fn(Span, Span) -> Span| values.iter().map(|(age, _)| *age).reduce(pick).unwrap_or(Span::ZERO);
        let alike = is_peer(of(Span::min), of(Span::max));
        let of_all = if alike { middle(values.iter()) } else { None };
        Peers { values, of_all }
    }

    /// The middle of the peers of one of this age, itself among them; `always` takes all where too few are of its age.
    pub(super) fn median(&self, age: Span, always: bool) -> Option<f64> {
        let own = || middle(self.values.iter().filter(|(other, _)| is_peer(*other, age.min(SETTLED))));
        let all = || middle(self.values.iter()).filter(|_| always);
        self.of_all.or_else(own).or_else(all)
    }
}

fn is_peer(other: Span, age: Span) -> bool {
    age <= other + other
}

fn middle<'a>(values: impl Iterator<Item = &'a (Span, f64)>) -> Option<f64> {
    let mut values: smallvec::SmallVec<[f64; 16]> = values.map(|(_, value)| *value).collect();
    median(&mut values)
}

/// The middle of the values of one tick, where there are enough; of an even number the lower one.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    if values.len() < LEAST {
        return None;
    }
    let middle = (values.len() - 1) / 2;
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// The instances of each signal in a shard; like instances are neighbours, so that a shard knows them all.
#[derive(Debug, Default)]
pub(super) struct Kin {
    groups: BTreeMap<u64, Vec<u32>>,
    counted: HashMap<u64, u32>,
    joining: Vec<u64>,
}

impl Kin {
    /// A series is judged for the first time.
    pub(super) fn join(&mut self, signal: &Signal, slot: u32) {
        if let Some(kin) = signal.kin_hash() {
            self.groups.entry(kin).or_default().push(slot);
            self.joining.push(kin);
        }
    }

    /// A series was forgotten. It counts no more at once: the sweep that forgets stands at the end of a tick.
    pub(super) fn leave(&mut self, signal: &Signal, slot: u32) {
        let Some(kin) = signal.kin_hash() else { return };
        if let Some(slots) = self.groups.get_mut(&kin)
            && let Some(at) = slots.iter().position(|have| *have == slot)
        {
            slots.remove(at);
            if slots.is_empty() {
                self.groups.remove(&kin);
            }
            match self.counted.get_mut(&kin) {
                Some(count) if 1 < *count => *count -= 1,
                Some(_) => drop(self.counted.remove(&kin)),
                // It joined in the tick that ends with the sweep, and must not count from the next one on.
                None => {
                    let joined = self.joining.iter().position(|have| *have == kin);
                    joined.map(|at| self.joining.swap_remove(at));
                }
            }
        }
    }

    /// From now on those who joined count.
    pub(super) fn seal(&mut self) {
        for kin in self.joining.drain(..) {
            *self.counted.entry(kin).or_default() += 1;
        }
    }

    /// How many instances the signal has, itself included, as of the end of the last tick.
    pub(super) fn of(&self, signal: &Signal) -> u32 {
        signal.kin_hash().and_then(|kin| self.counted.get(&kin).copied()).unwrap_or(1)
    }

    /// The slots of those who share a hash.
    pub(super) fn slots(&self, kin: u64) -> &[u32] {
        self.groups.get(&kin).map_or(&[], Vec::as_slice)
    }

    /// Whether so many share this hash that they are compared.
    pub(super) fn is_group(&self, kin: u64) -> bool {
        self.groups.get(&kin).is_some_and(|slots| LEAST <= slots.len())
    }

    /// The hash and the slots of each group.
    pub(super) fn all(&self) -> impl Iterator<Item = (u64, &[u32])> {
        self.groups.iter().map(|(kin, slots)| (*kin, slots.as_slice()))
    }

    /// The hash and the slots of each group that has enough members.
    pub(super) fn groups(&self) -> impl Iterator<Item = (u64, &[u32])> {
        self.all().filter(|(_, slots)| LEAST <= slots.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small deterministic noise in [-1, 1].
    fn noise(n: u32) -> f64 {
        f64::from(n.wrapping_mul(2_654_435_761) >> 8) / f64::from(1u32 << 23) - 1.0
    }

    #[test]
    fn leaving_the_others_is_told_once_and_so_is_coming_back() {
        let mut standing = Standing::default();
        let mut turns = Vec::new();
        for tick in 0..4000 {
            let own = if (2000..2100).contains(&tick) { 30.0 } else { 0.0 };
            // The load of the hour moves all of them.
            let median = 100.0 + 50.0 * f64::from(tick % 1440) / 1440.0;
            let turn = standing.compare(median + 5.0 + noise(tick) + own, median);
            turns.extend(turn.map(|turn| (tick, matches!(turn, Turn::Apart(_)))));
        }
        assert_eq!(turns, [(2002, true), (2102, false)]);
    }

    /// A sweep stands at the end of a tick, before those who joined in it count.
    #[test]
    fn one_that_is_forgotten_before_it_counts_never_does() {
        let signal = |n: u32| Signal::new("up", [("job", "api".to_owned()), ("instance", n.to_string())]);
        let mut kin = Kin::default();
        kin.join(&signal(1), 1);
        kin.leave(&signal(1), 1);
        kin.seal();
        kin.join(&signal(2), 2);
        assert_eq!(kin.of(&signal(2)), 1);
        kin.seal();
        kin.join(&signal(3), 3);
        kin.seal();
        assert_eq!(kin.of(&signal(2)), 2);
        kin.leave(&signal(2), 2);
        assert_eq!(kin.of(&signal(3)), 1);
    }

    #[test]
    fn the_old_are_held_against_the_old_and_the_new_against_all() {
        let hours =
            |hours: &[(i64, f64)]| Peers::new(hours.iter().map(|(age, value)| (Span::from_hours(*age), *value)));
        let after_a_peak = hours(&[(40, 9.0), (30, 9.1), (90, 9.2), (2, 5.0), (2, 5.1), (3, 5.2), (2, 5.3)]);
        assert_eq!(after_a_peak.median(Span::from_hours(40), false), Some(9.1));
        assert_eq!(after_a_peak.median(Span::from_hours(2), false), Some(5.3), "of all");
        let one_is_left = hours(&[(40, 9.0), (2, 5.0), (2, 5.1), (3, 5.2), (2, 5.3)]);
        assert_eq!(one_is_left.median(Span::from_hours(40), false), None);
        assert_eq!(one_is_left.median(Span::from_hours(40), true), Some(5.2));
        let settled = hours(&[(25, 1.0), (9000, 2.0), (300, 3.0)]);
        assert_eq!(settled.median(Span::from_hours(9000), false), Some(2.0));
    }

    #[test]
    fn the_median_wants_a_majority() {
        assert_eq!(median(&mut [1.0, 2.0]), None);
        assert_eq!(median(&mut [9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [9.0, 1.0, 2.0, 3.0]), Some(2.0));
    }
}
