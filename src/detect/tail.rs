//! How rare: the return period of a size, from the largest sizes of the past.

use serde::{Deserialize, Serialize};

use crate::baseline::{Bf16, Coarse};

/// Sizes kept.
pub(super) const KEPT: usize = 16;
/// The tail begins at most so many sizes down: enough for a tail index, few enough to be in the tail.
const DEPTH: usize = 12;
/// Trials after which the past counts half: about two weeks of minutes.
const MEMORY: u16 = 20_000;

/// What is believed of a tail before it is seen: index and weight (in peaks) of the prior.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prior {
    /// The tail index: 0.25 is a tail whose fourth moments just do not exist.
    pub index: f64,
    /// Peaks that it counts for.
    pub weight: f64,
}

/// The `KEPT` largest sizes, falling, among `trials`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(super) struct Tail {
    /// 0 where none is held yet.
    largest: [Coarse; KEPT],
    /// Shrunk tail index; stale while no size is held.
    index: Bf16,
    trials: u16,
}

impl Tail {
    /// One more trial. Beyond the memory, trials and sizes are halved together, and the index is learned anew from what is left:
    /// the old one belongs to another threshold.
    pub(super) fn try_once(&mut self, prior: Prior) {
        self.trials += 1;
        if MEMORY < self.trials {
            self.trials /= 2;
            let half = self.held() / 2;
            for i in 0..half {
                self.largest[i] = self.largest[2 * i + 1];
            }
            self.largest[half..].fill(Coarse::default());
            self.learn_index(prior);
        }
    }

    /// Trials remembered.
    pub(super) fn trials(&self) -> u16 {
        self.trials
    }

    /// How many of the largest are so, side by side: for sixteen a search is no quicker.
    fn count(&self, is_so: impl Fn(Coarse) -> bool) -> usize {
        self.largest.iter().map(|&size| usize::from(is_so(size))).sum()
    }

    /// How many sizes are held.
    fn held(&self) -> usize {
        self.count(|size| Coarse::default() < size)
    }

    /// The size below which nothing is filed; 0 while there is room.
    pub(super) fn least(&self) -> f64 {
        self.largest[KEPT - 1].get()
    }

    /// The size at which the tail begins.
    fn threshold(&self) -> Option<(usize, f64)> {
        let depth = self.held().min(DEPTH);
        (depth > 0).then(|| (depth, self.largest[depth - 1].get()))
    }

    /// Where the tail begins; 0 before the first size.
    pub(super) fn begins(&self) -> f64 {
        self.threshold().map_or(0.0, |(_, size)| size)
    }

    /// Files one size.
    pub(super) fn file(&mut self, size: f64, prior: Prior) {
        let size = Coarse::of(size);
        let place = self.count(|kept| size <= kept);
        if place == KEPT || size == Coarse::default() {
            return;
        }
        self.largest.copy_within(place..KEPT - 1, place + 1);
        self.largest[place] = size;
        self.learn_index(prior);
    }

    /// Hill's estimator (Hill, 1975, Annals of Statistics) shrunk to the prior: freely learned, both ends lose.
    fn learn_index(&mut self, prior: Prior) {
        if let Some((depth, threshold)) = self.threshold() {
            let logs: f64 = self.largest[..depth].iter().map(|&m| libm::log(m.get() / threshold)).sum();
            self.index = Bf16::of(((logs + prior.weight * prior.index) / (depth as f64 + prior.weight)) as f32);
        }
    }

    /// log10 of the number of trials in which a size like this is seen once.
    ///
    /// Within the sizes kept it is the empirical rank. Above the threshold a Pareto excess is exponential in the log; a
    /// Gamma posterior over its rate makes the predictive tail a Lomax one, which charges for not knowing the index:
    /// `log10((n + 1) / (k + 1/2)) + (k + m) log10(1 + ln(f / M_k) / ((k + m) index))`.
    pub(super) fn surprise(&self, size: f64, prior: Prior) -> f64 {
        let trials = f64::from(self.trials) + 1.0;
        let Some((depth, threshold)) = self.threshold() else {
            return libm::log10(trials / 0.5);
        };
        if threshold < size {
            let weight = depth as f64 + prior.weight;
            let excess = libm::log(size / threshold) / (weight * f64::from(self.index.get()));
            return libm::log10(trials / (depth as f64 + 0.5)) + weight * libm::log10(1.0 + excess);
        }
        let rank = self.count(|kept| size <= kept.get());
        libm::log10(trials / (rank as f64 + 0.5))
    }

    /// The size at which the surprise reaches `wanted`; the inverse of [`Tail::surprise`] above the threshold.
    pub(super) fn size_at(&self, wanted: f64, prior: Prior) -> Option<f64> {
        let (depth, threshold) = self.threshold()?;
        let weight = depth as f64 + prior.weight;
        let beyond = (wanted - libm::log10((f64::from(self.trials) + 1.0) / (depth as f64 + 0.5))).max(0.0);
        let excess = weight * f64::from(self.index.get()) * (libm::exp10(beyond / weight) - 1.0);
        Some(threshold * libm::exp(excess.min(60.0)))
    }
}

/// As it is saved: with the number of sizes held, and the index as an `f32`.
type Saved = ([Coarse; KEPT], u8, f32, u16);

impl From<Saved> for Tail {
    fn from((mut largest, held, index, trials): Saved) -> Self {
        largest[usize::from(held).min(KEPT)..].fill(Coarse::default());
        Tail { largest, index: Bf16::of(index), trials }
    }
}

impl From<Tail> for Saved {
    fn from(tail: Tail) -> Self {
        (tail.largest, tail.held() as u8, tail.index.get(), tail.trials)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: Prior = Prior { index: 0.25, weight: 10.0 };

    fn taught(trials: u16, sizes: &[f64]) -> Tail {
        let mut tail = Tail::default();
        (0..trials).for_each(|_| tail.try_once(PRIOR));
        sizes.iter().for_each(|&size| tail.file(size, PRIOR));
        tail
    }

    #[test]
    fn ranks_inside_and_extrapolates_beyond() {
        let sizes: Vec<f64> = (1..=20).map(f64::from).collect();
        let tail = taught(999, &sizes);
        assert_eq!(tail.least(), 5.0);
        assert!((tail.surprise(6.5, PRIOR) - libm::log10(1000.0 / 14.5)).abs() < 1e-9);
        let mut last = 0.0;
        for size in [5.0, 7.0, 9.0, 9.5, 20.0, 21.0, 40.0, 400.0] {
            let s = tail.surprise(size, PRIOR);
            assert!(last <= s, "{size}: {s} after {last}");
            last = s;
        }
        assert!(4.0 < last);
    }

    #[test]
    fn a_size_that_was_never_above_zero_is_as_rare_as_the_past_is_long() {
        assert_eq!(taught(499, &[]).surprise(1.0, PRIOR), 3.0);
    }

    #[test]
    fn the_inverse_inverts() {
        let tail = taught(5000, &[1.0, 1.1, 1.3, 2.0, 1.2]);
        let size = tail.size_at(5.0, PRIOR).unwrap();
        assert!((tail.surprise(size, PRIOR) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn the_memory_is_bounded() {
        let tail = taught(MEMORY + 1, &[]);
        assert_eq!(tail.trials, MEMORY / 2);
    }

    #[test]
    fn half_of_the_past_has_an_index_of_its_own() {
        // Fourteen alike and two small ones: the tail began among the fourteen, and after halving at a small one.
        let sizes: Vec<f64> = (0..14).map(|i| 50.0 + f64::from(i)).chain([1.0, 1.1]).collect();
        let mut tail = taught(MEMORY, &sizes);
        assert!(tail.index.get() < 0.2);
        tail.try_once(PRIOR);
        assert!(tail.surprise(55.0, PRIOR) < 4.5, "usual once in {MEMORY} / 14: {tail:?}");
    }
}
