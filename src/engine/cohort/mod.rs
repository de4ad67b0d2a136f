//! Peers by the hundred: where very many units have the same signals (drives, pods, sensors), what a unit does is rare or not by what
//! all of them do, however short its own past is.
//!
//! ```text
//! value ─► step since the last tick ─► how rare among all peers' steps (rises, falls, standing still)
//!                └► evidence of the signal, fading by half in a week ─► rank among the peers ─► sum over the unit's signals
//! ```
//!
//! An error counter that is zero for almost everyone and rises is rare; so is one that moves everywhere and stands still here (a
//! drive that hangs counts no hours). Each signal's evidence is then ranked among the peers: a signal that wanders in every unit
//! gives everyone evidence, and so nobody a rank. What the signals of one unit say adds up. All of this compares a tick with what
//! the same tick showed of the others, so that what all share is no news.

mod fusion;
mod steps;

pub(super) use fusion::{Ranked, Units};
pub(super) use steps::Steps;

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// Fewer have no tail to be rare in.
pub(super) const LEAST: usize = 32;
/// A step is evidence where it is rarer than this among all steps, in powers of ten: three standard deviations of a Gaussian.
const NOTABLE: f64 = 2.57;
/// Evidence fades by half in a week: trouble that comes back within weeks adds up, that of last season does not.
const HALF: Span = Span::from_days(7);

/// Less evidence is none: what faded for ten weeks ranks nobody.
const FORGOTTEN: f64 = 1e-3;

/// One signal as a member of its cohort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Member {
    last: Option<f64>,
    evidence: f64,
    /// When the evidence was that.
    at: Timestamp,
    /// log10 of how many peers there are for each that has as much evidence.
    pub(super) rank: f64,
    /// Whether it was ever ranked.
    pub(super) known: bool,
    /// Whether people were told of its unit because of it.
    pub(super) told: bool,
}

impl Member {
    /// The step to this value, if there was one before.
    pub(super) fn step(&mut self, value: f64) -> Option<f64> {
        let last = self.last.replace(value)?;
        Some(value - last)
    }

    /// Adds what a step is worth, `rarity` as [`Steps::rarity`] gives it; returns all the evidence there is now.
    pub(super) fn weigh(&mut self, at: Timestamp, rarity: f64) -> f64 {
        if self.evidence != 0.0 {
            let halves = at.since(self.at).as_secs_f64() / HALF.as_secs_f64();
            self.evidence *= libm::exp2(-halves);
        }
        self.evidence += (rarity - NOTABLE).max(0.0);
        if self.evidence < FORGOTTEN {
            self.evidence = 0.0;
        }
        self.at = at;
        self.evidence
    }
}

/// Ranks evidence, given as (place, evidence) of those that have any among `all` peers: each place's log10 of peers per peer with at
/// least as much.
pub(super) fn rank(evidence: &mut [(u32, f64)], all: usize) {
    evidence.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut from = 0;
    for same in evidence.chunk_by_mut(|a, b| a.1 == b.1) {
        from += same.len();
        let rank = libm::log10(all as f64 / from as f64);
        same.iter_mut().for_each(|(_, value)| *value = rank);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_count_those_with_as_much() {
        let mut evidence = vec![(9, 1.0), (8, 1.0), (7, 3.0)];
        rank(&mut evidence, 1000);
        let third = libm::log10(1000.0 / 3.0);
        assert_eq!(evidence, [(7, 3.0), (8, third), (9, third)]);
        rank(&mut [], 5);
    }

    #[test]
    fn evidence_fades_by_half_in_a_week() {
        let mut member = Member::default();
        let at = Timestamp::from_secs(1_000_000);
        assert!((member.weigh(at, NOTABLE + 2.0) - 2.0).abs() < 1e-12);
        assert!((member.weigh(at + HALF, 0.0) - 1.0).abs() < 1e-12);
        assert!((member.weigh(at + HALF, 1.0) - 1.0).abs() < 1e-12);
        assert_eq!(Member::default().step(3.0), None);
        assert_eq!(Member { last: Some(3.0), ..Member::default() }.step(3.0), Some(0.0));
    }
}
