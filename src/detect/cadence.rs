//! How often a signal speaks, and when its silence is news.

use serde::{Deserialize, Serialize};

use super::tail::{Prior, Tail};
use crate::baseline::{moment, wide};
use crate::time::{Span, Timestamp};

/// The learned step between arrivals and the largest gaps among them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Cadence {
    /// The newest arrival; [`Timestamp::MIN`] before the first.
    #[serde(with = "moment")]
    last: Timestamp,
    /// The running median gap in seconds; 0 before the first gap.
    step: f64,
    /// The factor by which the median still moves, less one.
    stride: f32,
    /// [`Cadence::lift`] and [`Cadence::clock`] of the step.
    #[serde(with = "wide")]
    lift: f32,
    #[serde(with = "wide")]
    clock: f32,
    gaps: Tail,
}

/// Gaps vary far more than values: index 0.5 (measured: 0.25 lets bursts of loss through).
const PRIOR: Prior = Prior { index: 0.5, weight: 10.0 };
/// Silence is news once it is seen once in 10^5 arrivals.
const NEWS: f64 = 5.0;
/// But never before this many usual gaps: one in a hundred arrivals is lost somewhere.
const LEAST_GAPS: f64 = 3.0;
/// And never before this many arrivals.
const LEAST_ARRIVALS: u16 = 30;
/// Between evidence (0: a surprise per point) and the pure promise (1: a surprise per week). 0.6 to 0.75 are alike on NAB and on
/// the service metrics. At 1 the best thresholds of both lie nearer to each other (of `onset`: that of the metrics finds an event F1 of
/// .55 on NAB, where .60 is the best, instead of .48 of .61), but NAB falls to 71.9 and by low false alarms to 60.7. The agreement,
/// whose scores are levels and no onsets, takes the whole ([`Cadence::rest`]): on the metrics its event F1 is .655 instead of .645 at .046
/// instead of .057 false alarms a day, and their threshold lacks .07 of NAB's best F1 instead of .11.
const STEP_SHARE: f64 = 0.65;
/// The step at which points and time count alike: 5 minutes.
const STEP_SECONDS: f64 = 300.0;
const FIRST_STRIDE: f32 = 1.0;
const LAST_STRIDE: f32 = 0.02;

impl Default for Cadence {
    fn default() -> Self {
        let (last, gaps) = (Timestamp::MIN, Tail::default());
        Cadence { last, step: 0.0, stride: 0.0, lift: 0.0, clock: 0.0, gaps }
    }
}

impl Cadence {
    /// Takes one arrival in; the seconds since the one before, if there was one.
    pub(super) fn arrive(&mut self, at: Timestamp) -> Option<f64> {
        let before = self.last;
        self.last = before.max(at);
        let gap = at.since(before).as_secs_f64();
        if before == Timestamp::MIN || gap <= 0.0 {
            return None;
        }
        let step = self.step;
        self.learn_step(gap);
        if self.step != step {
            self.set_clock();
        }
        self.gaps.try_once(PRIOR);
        if self.gaps.least() < gap {
            self.gaps.file(gap, PRIOR);
        }
        Some(gap)
    }

    /// The same rhythm of another source, of which nothing arrived yet.
    pub(super) fn heir(&self) -> Cadence {
        Cadence { last: Timestamp::MIN, ..*self }
    }

    /// [`Cadence::lift`] and [`Cadence::clock`] anew, also after they were read from an older release.
    pub(super) fn set_clock(&mut self) {
        if 0.0 < self.step {
            let ratio = self.step / STEP_SECONDS;
            self.lift = (STEP_SHARE * libm::log10(ratio)) as f32;
            self.clock = libm::pow(ratio, STEP_SHARE - 1.0) as f32;
        }
    }

    /// A running median by steps (Ma, Muthukrishnan and Sandler, 2013, Frugal streaming), in the log domain; the steps
    /// shrink at each turn. A gap within a thousandth is the step itself.
    fn learn_step(&mut self, gap: f64) {
        if self.step == 0.0 {
            (self.step, self.stride) = (gap, FIRST_STRIDE);
            return;
        }
        let ratio = gap / self.step;
        if (ratio - 1.0).abs() < 1e-3 {
            return;
        }
        let factor = 1.0 + f64::from(self.stride);
        let moved = if 1.0 < ratio { ratio.min(factor) } else { ratio.max(1.0 / factor) };
        self.step *= moved;
        self.stride = (self.stride * 0.9).max(LAST_STRIDE);
    }

    /// The usual step in seconds; none before the second arrival.
    pub(super) fn step(&self) -> Option<f64> {
        (0.0 < self.step).then_some(self.step)
    }

    /// The clock's allowance: a surprise counts [`STEP_SHARE`] of log10 of the step against five minutes more.
    pub(super) fn lift(&self) -> f64 {
        f64::from(self.lift)
    }

    /// What [`Cadence::lift`] lacks to the whole of log10 of the step against five minutes.
    pub(super) fn rest(&self) -> f64 {
        self.lift() * (1.0 / STEP_SHARE - 1.0)
    }

    /// How much oftener than at five minutes a quiet signal reaches a given surprise: points come `1 / step` as often, each
    /// with its allowance.
    pub(super) fn clock(&self) -> f64 {
        if 0.0 < self.clock { f64::from(self.clock) } else { 1.0 }
    }

    /// When silence becomes news; none while too few arrivals were seen.
    pub(super) fn silent_after(&self) -> Option<Timestamp> {
        if self.last == Timestamp::MIN || self.gaps.trials() < LEAST_ARRIVALS {
            return None;
        }
        let gap = self.gaps.size_at(NEWS, PRIOR)?.max(LEAST_GAPS * self.step);
        Some(self.last + Span::from_secs_f64(gap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(gaps: impl Iterator<Item = i64>) -> (f64, f64) {
        let mut cadence = Cadence::default();
        let mut at = 0;
        cadence.arrive(Timestamp::from_secs(at));
        for gap in gaps {
            at += gap;
            cadence.arrive(Timestamp::from_secs(at));
        }
        let silent = cadence.silent_after().map_or(0.0, |t| t.since(Timestamp::from_secs(at)).as_secs_f64());
        (cadence.step().unwrap(), silent)
    }

    #[test]
    fn a_regular_sender_is_missed_within_minutes_and_a_moody_one_later() {
        let (step, silent) = silence((0..1440).map(|_| 60));
        assert_eq!(step, 60.0);
        assert!((180.0..600.0).contains(&silent), "{silent}");
        let (step, silent) = silence((0..1440).map(|i| if i % 97 == 0 { 1800 } else { 50 + i % 20 }));
        assert!((50.0..70.0).contains(&step), "{step}");
        assert!(1800.0 * 2.0 < silent, "{silent}");
        assert_eq!(silence((0..20).map(|_| 60)).1, 0.0, "too few arrivals");
    }

    #[test]
    fn the_step_finds_its_median_from_a_bad_start() {
        let (step, _) = silence(std::iter::once(7200).chain((0..60).map(|_| 60)));
        assert!((step - 60.0).abs() < 1.5, "{step}");
    }
}
