//! The cycle of a signal's own: its period is found in the data, and dropped when it stops paying.

use serde::{Deserialize, Serialize};

use super::When;
use super::cycle::Cycle;
use super::hunt::{Find, Hunt};

/// What is known of the signal's own cycle: nothing yet, under watch, or found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Rhythm {
    /// None was found; points until it is looked for again.
    Rest(u16),
    Hunt(Hunt),
    Cycle(Box<Cycle>),
}

/// Where no cycle was found it is looked for again after so many points, two weeks of minutes.
const REST: u16 = 20_000;

impl Default for Rhythm {
    fn default() -> Self {
        Rhythm::Rest(0)
    }
}

impl Rhythm {
    /// The cycle, where one has proved better than the level.
    pub(super) fn cycle(&self) -> Option<&Cycle> {
        match self {
            Rhythm::Cycle(cycle) if cycle.proved() => Some(cycle),
            _ => None,
        }
    }

    /// Takes one value in; `level` is what was expected without a cycle, `least` the smallest distance that counts as usual.
    pub(super) fn learn(&mut self, when: When, value: f64, level: f64, least: f64) {
        // Points that take no time have no phase, and a period made of them no length.
        if when.step <= 0.0 || when.gap <= 0.0 {
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
                if let Some(expected) = self.rhythm.cycle().and_then(|cycle| cycle.expect(60.0)) {
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
        assert_eq!(tooth.rhythm.cycle(), None, "and not believed yet");
        tooth.live(100);
        let error = tooth.live(2_000).expect("a cycle");
        assert!(error < 1.0, "{error} of a mean distance of 5 from the level");
        tooth.now += 60.0;
        let ratio = |value: f64| {
            let (center, usual) = tooth.rhythm.cycle().unwrap().usual(60.0, value, 0.1).unwrap();
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
            let expected = tooth.rhythm.cycle().unwrap().expect(after).unwrap();
            assert!((expected - value).abs() < 2.0, "{after}: {expected} {value}");
        }
        let cycle = tooth.rhythm.cycle().unwrap();
        assert!(cycle.is_slower(60.0) && !cycle.is_slower(600.0));
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
    fn points_that_take_no_time_make_no_period() {
        let mut tooth = Tooth::new(2_520.0);
        for _ in 0..2_000 {
            tooth.now += 60.0;
            tooth.rhythm.learn(When { local: LOCAL, gap: 0.0, step: 60.0 }, tooth.value(), 50.0, 0.0);
        }
        assert_eq!(tooth.rhythm, Rhythm::default());
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
