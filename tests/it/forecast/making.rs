//! What the signals of the fleet are made of: noise, traffic, and values step by step.

use std::f64::consts::TAU;

use forewarn::plan::Bound;

/// Deterministic noise (xorshift64*, Vigna 2016).
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        let mut noise = Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        (0..8).for_each(|_| _ = noise.uniform());
        noise
    }

    pub(super) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in the logarithm.
    pub(super) fn scale(&mut self, low: f64, high: f64) -> f64 {
        low * libm::pow(high / low, self.uniform())
    }

    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    pub(super) fn is(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }
}

/// What a signal's bound is to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A resource that runs out: its crossings can be foreseen.
    Limit,
    /// What users feel; hardly to be foreseen from its own past.
    Objective,
}

/// One signal with its bound.
pub(crate) struct Case {
    pub(crate) kind: &'static str,
    pub(crate) role: Role,
    pub(crate) bound: Bound,
    /// Minutes between values.
    pub(crate) cadence: f64,
    /// The local time of the first value, minutes of a week that begins on Monday.
    pub(crate) start: f64,
    pub(crate) values: Vec<f64>,
}

/// Daily and weekly traffic about 1, with wandering noise.
pub(super) struct Traffic {
    phase: f64,
    pub(super) depth: f64,
    second: f64,
    weekend: f64,
    wander: f64,
    pub(super) noise: f64,
    pub(super) start: f64,
}

impl Traffic {
    pub(super) fn new(noise: &mut Noise, start: f64) -> Self {
        Traffic {
            phase: noise.between(-120.0, 120.0),
            depth: noise.between(0.2, 0.8),
            second: noise.between(-0.2, 0.2),
            weekend: noise.between(0.5, 1.0),
            wander: 0.0,
            noise: noise.between(0.01, 0.05),
            start,
        }
    }

    pub(super) fn at(&mut self, minute: f64, cadence: f64, noise: &mut Noise) -> f64 {
        let local = self.start + minute;
        let angle = (local + self.phase) / 1440.0 * TAU;
        let keep = libm::exp(-cadence / 60.0);
        self.wander = keep * self.wander + (1.0 - keep * keep).sqrt() * noise.normal();
        let day = 1.0 - self.depth * angle.cos() + self.second * (2.0 * angle).sin();
        let weekend = if 5.0 * 1440.0 <= local.rem_euclid(10_080.0) { self.weekend } else { 1.0 };
        (day * weekend * (1.0 + self.noise * self.wander)).max(0.02)
    }
}

/// One signal being made: time, traffic, noise.
pub(super) struct Maker {
    pub(super) noise: Noise,
    pub(super) traffic: Traffic,
    pub(super) cadence: f64,
    pub(super) days: f64,
    pub(super) start: f64,
}

impl Maker {
    pub(super) fn steps(&self) -> usize {
        (self.days * 1440.0 / self.cadence) as usize
    }

    pub(super) fn load(&mut self, minute: f64) -> f64 {
        self.traffic.at(minute, self.cadence, &mut self.noise)
    }

    /// A value for each step, from the minute.
    pub(super) fn make(
        mut self,
        kind: &'static str,
        role: Role,
        bound: Bound,
        mut value: impl FnMut(&mut Maker, f64) -> f64,
    ) -> Case {
        let values = (0..self.steps())
            .map(|i| {
                let minute = i as f64 * self.cadence;
                value(&mut self, minute)
            })
            .collect();
        Case { kind, role, bound, cadence: self.cadence, start: self.start, values }
    }

    /// Times at which something begins, `gap` days apart on the mean, the first not before the third day.
    pub(super) fn begins(&mut self, gap: f64) -> Vec<f64> {
        let (mut at, mut all) = (3.0 * 1440.0, Vec::new());
        loop {
            at += self.noise.between(0.4, 1.6) * gap * 1440.0;
            if self.days * 1440.0 <= at {
                return all;
            }
            all.push(at);
        }
    }
}
