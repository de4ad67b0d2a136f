//! From a score to a promise: how often this signal does such a thing.
//!
//! Alerts a week per signal where 1 and .1 were promised, on quiet signals with a point a minute, after a week of warm-up (1,000
//! signals of each kind, `benches/calibration.rs`):
//!
//! | kind | 1 | .1 | kind | 1 | .1 | kind | 1 | .1 |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | Gaussian | .08 | 0 | t, 3 degrees | 1.05 | .14 | rare steps | 1.01 | .27 |
//! | lognormal | .45 | .03 | AR(1) .95 | .07 | .01 | bursts | .28 | .02 |
//! | Poisson .1 | .37 | .01 | growing season | .09 | 0 | sawtooth, short | 0 | 0 |
//! | Poisson 1 | .23 | .01 | season, counts | .48 | .02 | sawtooth, a day | .05 | 0 |
//! | Poisson 50 | .09 | 0 | rounded | .09 | 0 | once a day | 0 | 0 |
//! | zero-inflated | .92 | .11 | bounded | .01 | 0 | once an hour | .16 | 0 |
//! | a loop, no clock | .02 | 0 | | | | | | |
//!
//! So once a week is kept within a twentieth by every kind, and most stay far below it: what is left of the budget is for the controller (`incident`) to
//! spend. Once in ten weeks comes 3 times as often where a constant makes rare steps, 1.4 times with heavy tails.

use serde::{Deserialize, Serialize};

/// The conversion of one score: its own finished episodes, shrunk to what quiet signals of 25 kinds do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(super) struct Rate {
    /// Finished episodes above the base and their summed heights over it.
    episodes: u16,
    excess: f32,
    /// The greatest height of the episode under way, and points since it was last above the base.
    height: f32,
    since: u8,
}

/// What quiet signals do, at a point every five minutes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quiet {
    /// Heights above this are counted.
    pub base: f64,
    /// Episodes a week above it.
    pub per_week: f64,
    /// Their mean excess (0.434 is a tenfold rarer for each step of one).
    pub excess: f64,
    /// Episodes that the rate of quiet signals counts for, and that their excess counts for.
    pub weight: (f64, f64),
}

/// The constants were set on 25 synthetic kinds (20,000 signal-weeks), not on labelled data.
pub(super) const NOVELTY: Quiet = Quiet { base: 3.5, per_week: 1.1, excess: 0.4, weight: (5.0, 20.0) };
/// For the agreement of the core views.
pub(super) const AGREEMENT: Quiet = Quiet { base: 7.0, per_week: 0.36, excess: 1.8, weight: (2.0, 10.0) };
/// For runs of equal values: most kinds reach it never, counts at night .4 times a week; weighed for the latter.
pub(super) const STUCK: Quiet = Quiet { base: 3.0, per_week: 0.2, excess: 0.434, weight: (1.0, 10.0) };
/// For falls to the low side: measured at most .03 a week on most kinds, .4 where tails are heavy or the past is long.
pub(super) const DROP: Quiet = Quiet { base: 4.0, per_week: 0.2, excess: 0.434, weight: (1.0, 10.0) };

/// For days left behind, in powers of ten of days: quiet kinds at most .16 a week. Real levels shift more often than those; it starts
/// from a shift in three weeks.
pub(super) const DAYS: Quiet = Quiet { base: super::days::BEYOND, per_week: 0.3, excess: 0.434, weight: (1.0, 10.0) };

/// Points that two episodes are apart.
const APART: u8 = 150;

impl Rate {
    /// log10 of the return period in weeks of such a height.
    ///
    /// The rate is Gamma-Poisson, the excess exponential with a Gamma prior, both predictive:
    /// `(N + m) log10(1 + (s - base) / (X + m b)) - log10((N + a) / (E + a / L))`. Below the base it goes on linearly.
    /// E is the exposure in weeks, `clock` how much oftener a quiet signal does it at this step than at five minutes.
    pub(super) fn rarity(&self, height: f64, quiet: Quiet, weeks: f64, clock: f64) -> f64 {
        let (a, m) = quiet.weight;
        let per_week = quiet.per_week * clock;
        let often = libm::log10((f64::from(self.episodes) + a) / (weeks + a / per_week));
        let excess = (height - quiet.base) / (f64::from(self.excess) + m * quiet.excess);
        let steep = f64::from(self.episodes) + m;
        let far = if excess < 0.0 { excess * core::f64::consts::LOG10_E } else { libm::log10(1.0 + excess) };
        steep * far - often
    }

    /// Takes in the news of one point; an episode that is in part `aside` does not count.
    pub(super) fn learn(&mut self, news: f64, quiet: Quiet, aside: bool) {
        if aside {
            (self.height, self.since) = (0.0, 0);
            return;
        }
        if quiet.base < news {
            self.height = self.height.max((news - quiet.base) as f32);
            self.since = 0;
        } else if 0.0 < self.height {
            self.since += 1;
            if APART <= self.since {
                self.episodes = self.episodes.saturating_add(1);
                self.excess += self.height;
                (self.height, self.since) = (0.0, 0);
            }
        }
    }
}

/// As it is saved: the episodes as an `f32`, as they were held before.
type Saved = (f32, f32, f32, u8);

impl From<Saved> for Rate {
    fn from((episodes, excess, height, since): Saved) -> Self {
        Rate { episodes: episodes as u16, excess, height, since }
    }
}

impl From<Rate> for Saved {
    fn from(Rate { episodes, excess, height, since }: Rate) -> Self {
        (f32::from(episodes), excess, height, since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_any_history_it_is_the_quiet_signals_rate() {
        let rate = Rate::default();
        assert!((rate.rarity(3.5, NOVELTY, 0.0, 1.0) + libm::log10(1.1)).abs() < 1e-12);
        assert!((rate.rarity(3.5, NOVELTY, 0.0, 10.0) + libm::log10(11.0)).abs() < 1e-12);
        let mut last = f64::MIN;
        for i in 0..60 {
            let c = rate.rarity(f64::from(i) * 0.2, NOVELTY, 0.0, 1.0);
            assert!(last < c);
            last = c;
        }
    }

    #[test]
    fn a_noisy_signal_must_shout_and_a_quiet_one_may_whisper() {
        let (mut noisy, mut calm) = (Rate::default(), Rate::default());
        for i in 0..40_000u32 {
            noisy.learn(if i % 400 == 0 { 5.0 } else { 0.0 }, NOVELTY, false);
            calm.learn(0.0, NOVELTY, false);
        }
        let at = |rate: &Rate| rate.rarity(5.0, NOVELTY, 40_000.0 / 10_080.0, 1.0);
        assert!(at(&noisy) + 1.5 < at(&calm), "{} {}", at(&noisy), at(&calm));
        assert!((-1.4..-0.5).contains(&at(&noisy)), "it does so 25 times a week: {}", at(&noisy));
    }
}
