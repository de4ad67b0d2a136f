//! One cycle of a signal's own: what each part of a turn brings, kept in phase.

use serde::{Deserialize, Serialize};

use super::hunt::Sample;
use super::profile::Profile;

/// A period and what each part of it usually brings. The phase is kept in step with the signal: loops that sleep and work are no
/// clocks (a second-order phase-locked loop; Gardner, 2005, Phaselock Techniques).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Cycle {
    /// Seconds of one turn, and how much of it has passed.
    period: f64,
    phase: f64,
    /// The profile's first so many slots are in use.
    slots: u8,
    turns: u8,
    profile: Profile<SLOTS>,
    /// Distances of this turn's values from the slot before, their own, and the one after.
    strayed: [f32; 3],
}

/// Parts of a turn. (From 32 to 96 the accuracy is the same.)
const SLOTS: usize = 32;
/// Turns before the phase is corrected, and before the cycle is judged: what errs by more than a share of the level's error is dropped,
/// and what strays from the rest may surprise.
const SETTLES: u8 = 4;
const JUDGED: u8 = 8;
const FAILS: f64 = 0.8;
/// The slot beside must fit so much better.
const NEARER: f32 = 0.95;
/// Slots by which the phase then moves, and the share of that by which the period does.
const PULL: f64 = 0.5;
const DRIFT: f64 = 0.1;
/// Points in which a picture shows a turn.
const SHOWN: f64 = 6.0;

impl Cycle {
    /// A cycle that has lived through the values that showed it; what it is worth is tried on those to come.
    pub(super) fn taught(period: f64, step: f64, sample: &Sample, least: f64) -> Self {
        let slots = (period / step).round().clamp(1.0, SLOTS as f64) as u8;
        let mut cycle = Cycle { period, phase: 0.0, slots, turns: 0, profile: Profile::default(), strayed: [0.0; 3] };
        let gap = sample.seconds / f64::from(sample.points);
        for &value in &sample.values {
            (0..sample.points).for_each(|_| {
                cycle.learn(gap, value, value, least);
            });
        }
        cycle.turns = cycle.turns.min(SETTLES);
        cycle.profile.on_trial();
        cycle
    }

    /// Whether it has proved better than the level.
    pub(super) fn proved(&self) -> bool {
        self.profile.proved()
    }

    /// Whether it is too early to be surprised by it: how much its parts stray as a rule is still being learned.
    pub(super) fn is_early(&self) -> bool {
        self.turns < JUDGED
    }

    /// The seconds of one turn.
    pub(super) fn period(&self) -> f64 {
        self.period
    }

    /// The mean absolute error.
    pub(super) fn error(&self) -> f64 {
        self.profile.error()
    }

    /// The expected value so many seconds after the last one (before it, if negative), where it has proved better than the level.
    pub(super) fn expect(&self, gap: f64) -> Option<f64> {
        self.profile.expect(self.slot(gap))
    }

    /// What so many seconds after the last value is usual and nearest to `value`, and how far it strays from that. What the part
    /// before or after brings is no surprise: edges come a little early or late.
    pub(super) fn usual(&self, gap: f64, value: f64, least: f64) -> Option<(f64, f64)> {
        let slot = self.slot(gap);
        let own = self.profile.known(slot).usual(least)?;
        let ratio = |(center, usual): (f64, f64)| (value - center).abs() / usual;
        let beside = self.beside(slot).into_iter().filter_map(|slot| self.profile.known(slot).usual(least));
        Some(beside.fold(own, |best, other| if ratio(other) < ratio(best) { other } else { best }))
    }

    /// Whether points so many seconds apart show its turns.
    pub(super) fn is_slower(&self, apart: f64) -> bool {
        SHOWN * apart <= self.period
    }

    fn slot(&self, gap: f64) -> usize {
        let phase = (self.phase + gap / self.period).rem_euclid(1.0);
        let slots = usize::from(self.slots);
        ((phase * slots as f64) as usize).min(slots - 1)
    }

    /// The slots before and after.
    fn beside(&self, slot: usize) -> [usize; 2] {
        let slots = usize::from(self.slots);
        [(slot + slots - 1) % slots, (slot + 1) % slots]
    }

    /// Takes one value in; false where the cycle no longer pays.
    pub(super) fn learn(&mut self, gap: f64, value: f64, level: f64, least: f64) -> bool {
        let slot = self.slot(gap);
        self.phase += gap / self.period;
        // its errors are compared over points alone: days are nothing to it
        self.profile.learn(slot, value, f64::INFINITY, level, least);
        let [before, after] = self.beside(slot);
        for (distance, slot) in self.strayed.iter_mut().zip([before, slot, after]) {
            let known = self.profile.known(slot);
            if 0 < known.visits() {
                *distance += (value - known.mean()).abs() as f32;
            }
        }
        if 1.0 <= self.phase { self.turn() } else { true }
    }

    /// The end of a turn: the phase follows the slot that fits better.
    fn turn(&mut self) -> bool {
        let passed = self.phase.floor();
        self.phase -= passed;
        self.turns = self.turns.saturating_add(1);
        let [before, own, after] = std::mem::take(&mut self.strayed);
        if SETTLES <= self.turns && passed == 1.0 {
            let late = before < NEARER * own && before <= after;
            let early = after < NEARER * own && after < before;
            let ahead = f64::from(i8::from(early) - i8::from(late)) * PULL / f64::from(self.slots);
            self.phase = (self.phase + ahead).clamp(0.0, 1.0 - 1e-9);
            self.period *= 1.0 - DRIFT * ahead;
        }
        let is_judged = JUDGED <= self.turns && self.profile.tried();
        !(is_judged && self.profile.errs(FAILS))
    }
}
