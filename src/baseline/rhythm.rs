//! The cycle of a signal's own: its period is found in the data, and dropped when it stops paying.

use serde::{Deserialize, Serialize};

use super::hunt::{Find, Hunt, Sample};
use super::profile::Profile;
use super::season::When;

/// What is known of the signal's own cycle: nothing yet, under watch, or found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Rhythm {
    /// None was found; points until it is looked for again.
    Rest(u16),
    Hunt(Hunt),
    Cycle(Box<Cycle>),
}

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
/// Where no cycle was found it is looked for again after so many points, two weeks of minutes.
const REST: u16 = 20_000;
/// Turns before the phase is corrected, and before a cycle that errs by more than a share of the level's error is dropped.
const SETTLES: u8 = 4;
const JUDGED: u8 = 8;
const FAILS: f64 = 0.8;
/// Points in which a picture shows a turn.
const SHOWN: f64 = 6.0;
/// The slot beside must fit so much better.
const NEARER: f32 = 0.95;
/// Slots by which the phase then moves, and the share of that by which the period does.
const PULL: f64 = 0.5;
const DRIFT: f64 = 0.1;

impl Default for Rhythm {
    fn default() -> Self {
        Rhythm::Rest(0)
    }
}

impl Rhythm {
    /// The expected value so many seconds after the last one (before it, if negative), where the cycle has proved better than the level.
    pub(super) fn expect(&self, gap: f64) -> Option<f64> {
        let cycle = self.proved()?;
        cycle.profile.expect(cycle.slot(gap))
    }

    /// What so many seconds after the last value is usual and nearest to `value`, and how far it strays from that; where the cycle
    /// has proved itself. What the part before or after brings is no surprise: edges come a little early or late.
    pub(super) fn usual(&self, gap: f64, value: f64, least: f64) -> Option<(f64, f64)> {
        let cycle = self.proved()?;
        let slot = cycle.slot(gap);
        let own = cycle.profile.known(slot).usual(least)?;
        let ratio = |(center, usual): (f64, f64)| (value - center).abs() / usual;
        let beside = cycle.beside(slot).into_iter().filter_map(|slot| cycle.profile.known(slot).usual(least));
        Some(beside.fold(own, |best, other| if ratio(other) < ratio(best) { other } else { best }))
    }

    /// The mean absolute error of a cycle that has proved itself.
    pub(super) fn error(&self) -> Option<f64> {
        self.proved().map(|cycle| cycle.profile.error())
    }

    /// Whether points so many seconds apart show its turns.
    pub(super) fn is_slower(&self, apart: f64) -> bool {
        self.proved().is_some_and(|cycle| SHOWN * apart <= cycle.period)
    }

    fn proved(&self) -> Option<&Cycle> {
        match self {
            Rhythm::Cycle(cycle) if cycle.profile.proved() => Some(cycle),
            _ => None,
        }
    }

    /// Takes one value in; `level` is what was expected without a cycle, `least` the smallest distance that counts as usual.
    pub(super) fn learn(&mut self, when: When, value: f64, level: f64, least: f64) {
        if when.step <= 0.0 {
            return;
        }
        match self {
            Rhythm::Rest(0) => *self = Rhythm::Hunt(Hunt::begin(value)),
            Rhythm::Rest(points) => *points -= 1,
            Rhythm::Hunt(hunt) => match hunt.look(when, value) {
                Find::Nothing => {}
                Find::Over => *self = Rhythm::Rest(REST),
                Find::Period(period, sample) => {
                    *self = Rhythm::Cycle(Box::new(Cycle::taught(period, when.step, &sample, least)));
                }
            },
            Rhythm::Cycle(cycle) => {
                if !cycle.learn(when.gap, value, level, least) {
                    *self = Rhythm::Rest(0);
                }
            }
        }
    }
}

impl Cycle {
    /// A cycle that has lived through the values that showed it; what it is worth is tried on those to come.
    fn taught(period: f64, step: f64, sample: &Sample, least: f64) -> Self {
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
    fn learn(&mut self, gap: f64, value: f64, level: f64, least: f64) -> bool {
        let slot = self.slot(gap);
        self.phase += gap / self.period;
        self.profile.learn(slot, value, level, least);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Local;

    const LOCAL: Local = Local { weekday: 0, second: 0, holiday: false };

    /// A signal of minutes around 50 whose turn lasts so many seconds.
    struct Tooth {
        rhythm: Rhythm,
        turn: f64,
        now: f64,
    }

    impl Tooth {
        fn new(turn: f64) -> Self {
            Tooth { rhythm: Rhythm::default(), turn, now: 0.0 }
        }

        fn value(&self) -> f64 {
            40.0 + 20.0 * (self.now / self.turn).fract()
        }

        /// Lives for some points of a minute; the mean absolute error of what was expected, where anything was.
        fn live(&mut self, points: u32) -> Option<f64> {
            let (mut error, mut count) = (0.0, 0);
            for _ in 0..points {
                self.now += 60.0;
                if let Some(expected) = self.rhythm.expect(60.0) {
                    (error, count) = (error + (self.value() - expected).abs(), count + 1);
                }
                self.rhythm.learn(When { local: LOCAL, gap: 60.0, step: 60.0 }, self.value(), 50.0, 0.0);
            }
            (points / 2 < count).then(|| error / f64::from(count))
        }
    }

    #[test]
    fn a_cycle_is_found_and_proves_itself_on_points_to_come() {
        let mut tooth = Tooth::new(2_520.0);
        assert_eq!(tooth.live(193), None);
        assert!(matches!(tooth.rhythm, Rhythm::Cycle(_)), "found in three turns");
        assert_eq!(tooth.rhythm.expect(60.0), None, "and not believed yet");
        tooth.live(100);
        let error = tooth.live(2_000).expect("a cycle");
        assert!(error < 1.0, "{error} of a mean distance of 5 from the level");
        tooth.now += 60.0;
        let ratio = |value: f64| {
            let (center, usual) = tooth.rhythm.usual(60.0, value, 0.1).unwrap();
            (value - center).abs() / usual
        };
        assert!(ratio(tooth.value()) < 3.0 && 10.0 < ratio(75.0));
    }

    #[test]
    fn it_is_known_for_the_past_and_the_future_too() {
        let mut tooth = Tooth::new(2_520.0);
        tooth.live(3_000);
        for after in [-9_000.0, -600.0, 600.0, 9_000.0] {
            let value = 40.0 + 20.0 * ((tooth.now + after) / tooth.turn).fract();
            let expected = tooth.rhythm.expect(after).unwrap();
            assert!((expected - value).abs() < 2.0, "{after}: {expected} {value}");
        }
        assert!(tooth.rhythm.is_slower(60.0) && !tooth.rhythm.is_slower(600.0));
    }

    #[test]
    fn the_phase_follows_a_loop_that_is_no_clock() {
        let mut tooth = Tooth::new(2_520.0);
        tooth.live(1_000);
        for _ in 0..200 {
            // Each turn begins where the one before ended, and takes a little longer.
            let phase = (tooth.now / tooth.turn).fract();
            tooth.turn *= 1.000_5;
            tooth.now = tooth.turn * (100.0 + phase);
            tooth.live(42);
        }
        let error = tooth.live(1_000).expect("still a cycle");
        assert!(error < 2.0, "{error}");
    }

    #[test]
    fn a_cycle_that_stops_paying_is_dropped_and_another_is_found() {
        let mut tooth = Tooth::new(2_520.0);
        tooth.live(2_000);
        tooth.turn = 7_777.0;
        tooth.live(5_000);
        let error = tooth.live(2_000).expect("the new cycle");
        assert!(error < 1.0, "{error}");
    }

    #[test]
    fn a_gap_of_many_turns_costs_no_more_than_a_new_phase() {
        let mut tooth = Tooth::new(2_520.0);
        tooth.live(3_000);
        tooth.now += 1e6;
        tooth.rhythm.learn(When { local: LOCAL, gap: 1e6, step: 60.0 }, tooth.value(), 50.0, 0.0);
        tooth.live(3_000);
        assert!(tooth.live(1_000).is_some_and(|error| error < 1.0));
    }
}
