//! Seeded randomness: one independent stream for each name, so that adding a part leaves the others as they were.

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Poisson, StandardNormal};
use rand_pcg::Pcg64Mcg;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Noise {
    rng: Pcg64Mcg,
}

impl Noise {
    /// The stream of this name under this seed.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        Noise { rng: Pcg64Mcg::seed_from_u64(xxh3_64_with_seed(name.as_bytes(), seed)) }
    }

    /// Uniform in `[low, high)`.
    pub(super) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.rng.random::<f64>()
    }

    /// Standard normal.
    pub(super) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.rng)
    }

    /// A count with this mean.
    pub(super) fn count(&mut self, mean: f64) -> u32 {
        Poisson::new(mean).map_or(0, |poisson| poisson.sample(&mut self.rng) as u32)
    }
}

/// A first-order autoregressive process of unit variance: what real signals wander like.
#[derive(Clone, Debug)]
pub(super) struct Wander {
    value: f64,
    keep: f64,
}

impl Wander {
    /// Keeps `keep` of its value from step to step.
    pub(super) fn new(keep: f64) -> Self {
        Wander { value: 0.0, keep }
    }

    /// The next value.
    pub(super) fn next(&mut self, noise: &mut Noise) -> f64 {
        self.value = self.keep * self.value + (1.0 - self.keep * self.keep).sqrt() * noise.normal();
        self.value
    }
}
