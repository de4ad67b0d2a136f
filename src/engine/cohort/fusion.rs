//! What the signals of one unit say together.
//!
//! Each rank beyond one in ten counts by its excess. Were the signals independent and the unit like the others, the excesses (times
//! ln 10) would each be 0 nine times in ten and exponential else; by Chernoff's bound (1952) at half the greatest rate a sum `F` of
//! `K` signals then comes by chance in one of `10^(F/2 - K log10(1.1))` units at most.

use std::collections::BTreeMap;

use crate::time::Timestamp;

/// Ranks up to one in ten are ordinary.
const ORDINARY: f64 = 1.0;
/// log10 of the mean of exp(x/2) over one signal's excess.
const EACH: f64 = 0.041_392_685_158_225_04;
/// A unit is told where its sum comes by chance in at most one of so many powers of ten of units, and is over below half of it.
const TOLD: f64 = 2.0;

/// A signal's new rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) struct Ranked {
    /// Which unit, by a hash of the labels that name it.
    pub(in crate::engine) unit: u64,
    /// Which signal of it, by the place in the engine's directory.
    pub(in crate::engine) series: u32,
    /// Orders the signals of a unit, whatever their place.
    pub(in crate::engine) signal: u64,
    pub(in crate::engine) rank: f64,
    pub(in crate::engine) told: bool,
    /// The end of the tick that was compared.
    pub(in crate::engine) at: Timestamp,
}

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::engine) struct Verdict {
    /// The unit.
    pub(in crate::engine) unit: u64,
    /// The signal of the unit that says most.
    pub(in crate::engine) series: u32,
    /// The sum over its signals.
    pub(in crate::engine) evidence: f64,
    /// Whether it is told now, or over now; none where neither.
    pub(in crate::engine) turn: Option<bool>,
}

/// The units of all cohorts.
#[derive(Debug, Default)]
pub(in crate::engine) struct Units {
    units: BTreeMap<u64, BTreeMap<u64, (u32, f64)>>,
    told: std::collections::BTreeSet<u64>,
}

impl Units {
    /// Takes the ranks of one tick, in any order; a verdict for each unit concerned, in the order of units.
    pub(in crate::engine) fn take(&mut self, ranked: &[Ranked]) -> Vec<Verdict> {
        let mut concerned: Vec<u64> = ranked.iter().map(|ranked| ranked.unit).collect();
        concerned.sort_unstable();
        concerned.dedup();
        for ranked in ranked {
            self.units.entry(ranked.unit).or_default().insert(ranked.signal, (ranked.series, ranked.rank));
            if ranked.told {
                self.told.insert(ranked.unit);
            }
        }
        concerned.into_iter().filter_map(|unit| self.judge(unit)).collect()
    }

    /// A signal was forgotten; a unit without any is no more.
    pub(in crate::engine) fn leave(&mut self, unit: u64, signal: u64, told: bool) {
        let Some(signals) = self.units.get_mut(&unit) else { return };
        signals.remove(&signal);
        if signals.is_empty() {
            self.units.remove(&unit);
        }
        if told {
            self.told.remove(&unit);
        }
    }

    /// The signals of a unit, by their places in the engine's directory.
    pub(in crate::engine) fn signals(&self, unit: u64) -> impl Iterator<Item = u32> {
        self.units.get(&unit).into_iter().flat_map(BTreeMap::values).map(|&(series, _)| series)
    }

    fn judge(&mut self, unit: u64) -> Option<Verdict> {
        let signals = self.units.get(&unit)?;
        let excess = |rank: f64| (rank - ORDINARY).max(0.0);
        let evidence: f64 = signals.values().map(|&(_, rank)| excess(rank)).sum();
        let chance = 0.5 * evidence - EACH * signals.len() as f64;
        let most = signals.values().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let turn = match self.told.contains(&unit) {
            false if TOLD <= chance => self.told.insert(unit).then_some(true),
            true if chance < 0.5 * TOLD => self.told.remove(&unit).then_some(false),
            _ => None,
        };
        Some(Verdict { unit, series: most.0, evidence, turn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(signal: u64, rank: f64) -> Ranked {
        Ranked { unit: 1, series: signal as u32, signal, rank, told: false, at: Timestamp::MIN }
    }

    #[test]
    fn signals_add_up_and_a_unit_is_told_once() {
        let mut units = Units::default();
        let told = |verdicts: Vec<Verdict>| verdicts.into_iter().map(|v| (v.series, v.turn)).collect::<Vec<_>>();
        // One in a thousand in one signal alone: 0.5 * 2 is not enough.
        assert_eq!(told(units.take(&[ranked(0, 3.0), ranked(1, 0.0)])), [(0, None)]);
        // And one in ten thousand in another: 0.5 * (2 + 3) - 2 * 0.041 is.
        assert_eq!(told(units.take(&[ranked(1, 4.0)])), [(1, Some(true))]);
        assert_eq!(told(units.take(&[ranked(1, 3.9)])), [(1, None)]);
        assert_eq!(told(units.take(&[ranked(0, 0.0), ranked(1, 1.5)])), [(1, Some(false))]);
    }

    /// The bound is one: over many units of chance no larger share passes it.
    #[test]
    fn the_bound_holds() {
        let mut state = 1u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        };
        for signals in [1, 5, 20] {
            let passed = (0..20_000).filter(|_| {
                let sum: f64 = (0..signals).map(|_| (-libm::log10(uniform()) - ORDINARY).max(0.0)).sum();
                1.0 <= 0.5 * sum - EACH * f64::from(signals)
            });
            assert!(passed.count() < 2_000, "{signals}");
        }
    }
}
