//! What the budget asks beyond the formula: a controller on the alerts that nobody needed.
//!
//! The rarities of lone signals are calibrated (`detect`), but safely: over many signals they spend a tenth of the budget, and a
//! fleet of one odd kind may overspend it. So once a week the bar that every lone oddity must pass is moved, by how many alerts
//! were told on rarity alone and needed by nobody. An alert was needed if somebody acknowledged it or a bound was passed in it.
//! The bar rises without being asked; it sinks only where people have answered at all, for silence is no praise.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// The controller's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Budget {
    /// When the present week began.
    week: Option<Timestamp>,
    /// Alerts told on rarity alone in it, less those that proved needed.
    told: f64,
    /// The same of the weeks before, forgetting, as they would have been at the present bar; and how many weeks that is.
    before: f64,
    weeks: f64,
    /// By how many powers of ten the bar is moved.
    lift: f64,
    /// Whether anybody ever answered.
    answered: bool,
}

const WEEK: Span = Span::from_days(7);
/// After so many weeks of silence more of it moves nothing.
const LONG: i64 = 60;
/// The share of the budget aimed at: with three fifths, the luck of a Poisson count passes twice the budget in four weeks once
/// in a thousand such periods at a budget of one a week, and never at larger ones.
const AIM: f64 = 0.6;
/// What a week's evidence is worth a week later: a memory of about four weeks.
const KEPT: f64 = 0.75;
/// The bar moves by at most a factor of two a week, and by at most thirty in all: a noisy month must not deafen, nor a quiet
/// one make everything heard.
const STEP: f64 = 0.3;
const BOUND: f64 = 1.5;

impl Budget {
    /// Powers of ten by which a lone oddity must be rarer than the formula asks.
    pub(super) fn lift(&self) -> f64 {
        self.lift
    }

    /// Lets time pass: each week that ended moves the bar. `per_week` is the budget.
    pub(super) fn pass(&mut self, at: Timestamp, per_week: f64) {
        let week = *self.week.get_or_insert(at);
        let ended = (at.since(week).nanos() / WEEK.nanos()).max(0);
        (0..ended.min(LONG)).for_each(|_| self.close(per_week));
        self.week = Some(week + WEEK.times(ended));
    }

    /// The rate is Gamma-Poisson with one alert at the rate aimed at as its prior.
    fn close(&mut self, per_week: f64) {
        self.before = KEPT * self.before + self.told.max(0.0);
        self.weeks = KEPT * self.weeks + 1.0;
        self.told = 0.0;
        let aim = AIM * per_week;
        if aim <= 0.0 || !aim.is_finite() {
            return;
        }
        let rate = (self.before + 1.0) / (self.weeks + 1.0 / aim);
        let least = if self.answered { -BOUND } else { 0.0 };
        let lift = (self.lift + libm::log10(rate / aim).clamp(-STEP, STEP)).clamp(least, BOUND);
        self.before *= libm::exp10(self.lift - lift);
        self.lift = lift;
    }

    /// An alert was told on rarity alone.
    pub(super) fn told(&mut self) {
        self.told += 1.0;
    }

    /// One of those proved needed.
    pub(super) fn needed(&mut self) {
        self.told -= 1.0;
    }

    /// Somebody answered an alert, of whatever kind.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Alerts in each of 24 weeks of a fleet that would speak `rate` times a week at the formula's bar, whose people answer or not.
    fn weeks(rate: f64, per_week: f64, answers: bool, seed: u64) -> Vec<u32> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut uniform = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut poisson = |mean: f64| {
            let (mut count, mut product) = (0, uniform());
            while libm::exp(-mean) < product {
                (count, product) = (count + 1, product * uniform());
            }
            count
        };
        let mut budget = Budget::default();
        if answers {
            budget.answered();
        }
        (0..24)
            .map(|week| {
                budget.pass(Timestamp::from_secs(0) + WEEK.times(week), per_week);
                let told = poisson(rate * libm::exp10(-budget.lift()));
                (0..told).for_each(|_| budget.told());
                told
            })
            .collect()
    }

    #[test]
    fn twice_the_budget_is_never_spent_in_four_weeks_and_a_quarter_is() {
        for per_week in [1.0, 5.0, 20.0] {
            for share in [0.05, 0.2, 1.0, 2.0] {
                let (mut above, mut below, mut periods) = (0, 0, 0);
                for seed in 1..=50 {
                    let told = weeks(share * per_week, per_week, true, seed);
                    for four in told.windows(4).skip(4) {
                        let sum = f64::from(four.iter().sum::<u32>());
                        above += u32::from(8.0 * per_week < sum);
                        periods += 1;
                    }
                    let late = f64::from(told[8..].iter().sum::<u32>());
                    below += u32::from(late < 0.25 * 16.0 * per_week);
                }
                assert!(above * 200 <= periods, "{share} of {per_week}: {above} of {periods} above twice the budget");
                assert!(below <= 2, "{share} of {per_week}: {below} of 50 fleets below a quarter");
            }
        }
    }

    #[test]
    fn without_an_answer_the_bar_only_rises() {
        let told = weeks(0.05, 1.0, false, 3);
        assert!(told.iter().sum::<u32>() <= 6, "{told:?}");
        let told = weeks(10.0, 1.0, false, 3);
        assert!(told[12..].iter().sum::<u32>() <= 24, "{told:?}");
        let mut budget = Budget::default();
        budget.told();
        budget.needed();
        (0..10).for_each(|week| budget.pass(Timestamp::from_secs(0) + WEEK.times(week), 1.0));
        assert_eq!(budget.lift(), 0.0, "what was needed raises nothing");
        budget.pass(Timestamp::MAX, 1.0);
        budget.pass(Timestamp::MAX, 0.0);
        assert_eq!(budget.lift(), 0.0);
    }
}
