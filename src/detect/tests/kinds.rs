//! Quiet signals of nineteen kinds: nothing ever happens in them, so every alert is a false one.
//!
//! Shared by the bounded test beside this file and the full one (`benches/calibration.rs`).

use core::f64::consts::TAU;

/// A seeded generator (SplitMix64; Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub(crate) struct Chance(pub u64);

impl Chance {
    /// Uniform in [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Gaussian (Box and Muller, 1958): exact in the tails, where it counts here.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        radius * libm::cos(TAU * self.uniform())
    }

    /// A count (Knuth's product of uniforms, split where the product would underflow).
    pub(crate) fn poisson(&mut self, mean: f64) -> f64 {
        if 30.0 < mean {
            return self.poisson(mean / 2.0) + self.poisson(mean / 2.0);
        }
        let (mut count, mut product, least) = (0.0, self.uniform(), libm::exp(-mean));
        while least < product {
            (count, product) = (count + 1.0, product * self.uniform());
        }
        count
    }
}

/// The kinds by name.
pub(crate) const KINDS: [&str; 19] = [
    "Gaussian",
    "lognormal",
    "Poisson 0.1",
    "Poisson 1",
    "Poisson 50",
    "zero-inflated",
    "Student t, 3 degrees",
    "AR(1) 0.95",
    "season, growing spread",
    "season, counts",
    "rounded",
    "bounded near 1",
    "constant, rare steps",
    "bursts",
    "sawtooth, 20 minutes",
    "sawtooth, a day",
    "once a day",
    "once an hour",
    "a loop, no clock",
];

/// One quiet signal.
#[derive(Clone, Debug)]
pub(crate) struct Quiet {
    kind: usize,
    chance: Chance,
    state: f64,
    phase: f64,
}

impl Quiet {
    /// A signal of the kind at this place in [`KINDS`].
    pub(crate) fn new(kind: usize, seed: u64) -> Self {
        let mut chance = Chance((kind as u64) << 40 | seed.wrapping_mul(7919));
        let phase = chance.uniform();
        Quiet { kind, chance, state: 0.0, phase }
    }

    /// The value at `second` (since some midnight), `step` seconds after the one before.
    pub(crate) fn next(&mut self, second: i64, step: i64) -> f64 {
        let phase = self.phase;
        let share = |period: f64, second: i64| (second as f64 / period + phase).fract();
        let begins = |period: f64| share(period, second) < share(period, second - step);
        let day = share(86_400.0, second);
        let load = 0.55 - 0.45 * libm::cos(TAU * day);
        let c = &mut self.chance;
        match self.kind {
            0 => 10.0 + c.normal(),
            1 => libm::exp(0.5 * c.normal()),
            2 => c.poisson(0.1),
            3 => c.poisson(1.0),
            4 => c.poisson(50.0),
            5 if c.uniform() < 0.95 => 0.0,
            5 => libm::exp(c.normal()),
            6 => {
                let square: f64 = (0..3).map(|_| c.normal()).map(|n| n * n).sum();
                10.0 + c.normal() / (square / 3.0).sqrt()
            }
            7 => self.remember(|state, c| 0.95 * state + c.normal()) + 50.0,
            8 => 100.0 * load * libm::exp(0.1 * c.normal()),
            9 => c.poisson(6.0 * load),
            10 => (20.0 + 0.7 * c.normal()).round(),
            11 => 1.0 - 0.02 / (1.0 + libm::exp(-c.normal())),
            // Three steps a week, up or down.
            12 => self.remember(|state, c| {
                let steps = c.uniform() < 3.0 * step as f64 / 604_800.0;
                if steps { state + if c.uniform() < 0.5 { 1.0 } else { -1.0 } } else { state }
            }),
            // Counts that excite themselves (Hawkes, 1971, Biometrika).
            13 => {
                let count = c.poisson((0.3 + self.state).min(100.0));
                self.state = 0.7 * self.state + 0.2 * count;
                count
            }
            14 => self.remember(|state, c| {
                let next = state + 1.5 + 0.5 * c.uniform();
                if 40.0 < next { 5.0 * c.uniform() } else { next }
            }),
            15 => 100.0 * day + 0.5 * c.normal(),
            16 if begins(86_400.0) => 50.0 + 5.0 * c.normal(),
            16 => 1.0 + 0.1 * c.normal(),
            17 if begins(3_600.0) => 20.0 + 4.0 * c.normal(),
            17 => 5.0 + c.normal(),
            // Work and sleep: a turn takes 47 points, one or two more or less.
            _ => {
                self.phase += (1.0 + 0.03 * self.state) / 47.0;
                if 1.0 <= self.phase {
                    (self.phase, self.state) = (self.phase - 1.0, c.normal());
                }
                if self.phase < 0.3 { 10.0 + c.normal() } else { 2.0 + 0.3 * c.normal() }
            }
        }
    }

    fn remember(&mut self, next: impl Fn(f64, &mut Chance) -> f64) -> f64 {
        self.state = next(self.state, &mut self.chance);
        self.state
    }
}
