//! One running process: its share of the load, its resources, its counters.

use super::noise::{Noise, Wander};

/// What an instance does and holds.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) name: String,
    /// Running totals since its start.
    pub(super) requests: f64,
    pub(super) errors: f64,
    /// Connections never given back, as a share of the pool.
    pub(super) leaked: f64,
    /// Memory never given back, as a share of all.
    pub(super) hoarded: f64,
    /// Garbage since the last collection, as a share of all.
    garbage: f64,
    /// A bad version runs here.
    pub(super) bad: bool,
    /// It says nothing any more.
    pub(super) silent: bool,
    pub(super) now: Gauges,
    wander: [Wander; 3],
}

/// What an instance shows at a step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gauges {
    pub(super) rate: f64,
    pub(super) error_ratio: f64,
    pub(super) latency_ms: f64,
    pub(super) cpu: f64,
    pub(super) memory: f64,
    pub(super) pool: f64,
}

/// What acts on an instance from outside at a step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pressure {
    /// Requests per second.
    pub(super) rate: f64,
    /// Requests per second that fill the processor.
    pub(super) capacity: f64,
    /// The 99 % point of latency when idle, in ms.
    pub(super) base_ms: f64,
    /// How much longer each request takes than when all is well; 1 is not at all.
    pub(super) slow: f64,
    /// What the services behind add to it.
    pub(super) behind_ms: f64,
    /// The share of requests that fail for reasons elsewhere.
    pub(super) failing: f64,
    /// Processor taken by something else.
    pub(super) other_cpu: f64,
}

impl Instance {
    pub(super) fn new(name: String) -> Self {
        Instance {
            name,
            requests: 0.0,
            errors: 0.0,
            leaked: 0.0,
            hoarded: 0.0,
            garbage: 0.0,
            bad: false,
            silent: false,
            now: Gauges::default(),
            wander: [Wander::new(0.9), Wander::new(0.8), Wander::new(0.95)],
        }
    }

    /// One step of `dt` seconds.
    pub(super) fn step(&mut self, dt: f64, on: Pressure, noise: &mut Noise) {
        let mut wander = |at: usize| self.wander[at].next(noise);
        let (cpu_noise, latency_noise, pool_noise) = (wander(0), wander(1), wander(2));
        let load = on.rate / on.capacity;
        let cpu = (0.05 + 0.8 * load + on.other_cpu + 0.015 * cpu_noise).clamp(0.0, 1.0);
        self.garbage += dt * load * 0.0008;
        if 0.12 < self.garbage {
            self.garbage = 0.0;
        }
        let memory = (0.42 + 0.1 * load + self.garbage + self.hoarded).min(1.0);
        let pool = (0.08 + 0.45 * load + 0.02 * pool_noise + self.leaked).clamp(0.0, 1.0);
        // Waiting grows as a resource nears exhaustion: for a processor, a connection, a collection.
        let waiting = |used: f64, from: f64, weight: f64| {
            let over = ((used - from) / (1.0 - from)).max(0.0);
            weight * over * over
        };
        let slow = 1.0 + waiting(cpu, 0.6, 6.0) + waiting(pool, 0.8, 14.0) + waiting(memory, 0.82, 14.0);
        let bad = if self.bad { 1.35 } else { 1.0 };
        let latency = on.base_ms * slow * on.slow * bad * libm::exp(0.07 * latency_noise) + on.behind_ms;
        let failing = 0.002 + on.failing + if self.bad { 0.12 } else { 0.0 } + waiting(pool, 0.97, 0.3);
        let requests = f64::from(noise.count(on.rate * dt));
        let errors = f64::from(noise.count(requests * failing.min(1.0))).min(requests);
        self.requests += requests;
        self.errors += errors;
        let error_ratio = if requests == 0.0 { 0.0 } else { errors / requests };
        self.now = Gauges { rate: requests / dt, error_ratio, latency_ms: latency, cpu, memory, pool };
    }

    /// The process begins anew.
    pub(super) fn restart(&mut self) {
        self.requests = 0.0;
        self.errors = 0.0;
        self.leaked = 0.0;
        self.hoarded = 0.0;
        self.garbage = 0.0;
    }
}
