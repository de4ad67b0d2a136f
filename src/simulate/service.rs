//! One service: its instances, the services behind it, and what acts on it.

use super::fault::{Fault, FaultKind};
use super::instance::{Instance, Pressure};
use super::noise::Noise;
use crate::time::Timestamp;

/// What a kind of service is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) instances: usize,
    /// Requests per second at load 1, over all instances.
    pub(super) rate: f64,
    pub(super) base_ms: f64,
    /// The services it waits for.
    pub(super) behind: &'static [&'static str],
    /// It writes to a disk of its own.
    pub(super) disk: bool,
    /// It works off a queue.
    pub(super) queue: bool,
}

/// The shop, in the order in which a step needs its services: those behind first.
pub(super) const SHOP: [Shape; 6] = [
    Shape { name: "orders-db", instances: 1, rate: 300.0, base_ms: 12.0, behind: &[], disk: true, queue: false },
    Shape { name: "payments", instances: 2, rate: 40.0, base_ms: 80.0, behind: &[], disk: false, queue: false },
    Shape { name: "catalog", instances: 2, rate: 220.0, base_ms: 35.0, behind: &[], disk: false, queue: false },
    Shape { name: "mailer", instances: 1, rate: 35.0, base_ms: 50.0, behind: &[], disk: false, queue: true },
    Shape {
        name: "checkout",
        instances: 3,
        rate: 60.0,
        base_ms: 110.0,
        behind: &["orders-db", "payments"],
        disk: false,
        queue: false,
    },
    Shape { name: "web", instances: 3, rate: 400.0, base_ms: 45.0, behind: &["catalog"], disk: false, queue: false },
];

/// A running service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) shape: Shape,
    pub(super) instances: Vec<Instance>,
    /// Share of the disk that is used.
    pub(super) disk: f64,
    /// Messages that wait.
    pub(super) queue: f64,
    pub(super) noise: Noise,
    spare: f64,
}

impl Service {
    pub(super) fn new(shape: Shape, seed: u64) -> Self {
        let mut noise = Noise::new(seed, shape.name);
        let instances = (1..=shape.instances).map(|n| Instance::new(format!("{}-{n}", shape.name))).collect();
        let (disk, spare) = (noise.uniform(0.45, 0.6), noise.uniform(1.9, 2.4));
        Service { shape, instances, disk, queue: 0.0, noise, spare }
    }

    /// One step of `dt` seconds under this load; `behind_ms` is what the services behind add, `failing` what they break.
    pub(super) fn step(&mut self, at: Timestamp, dt: f64, load: f64, behind_ms: f64, failing: f64, faults: &[Fault]) {
        let (mut other_cpu, mut shift, mut worker) = (0.0, 1.0, 1.0);
        let name = self.shape.name;
        for fault in faults.iter().filter(|fault| fault.service == name && fault.acts(at)) {
            self.act(fault, at, dt, &mut worker);
            match fault.kind {
                FaultKind::NightlyBatch => other_cpu += 0.25 * fault.pace,
                FaultKind::LevelShift => shift = 1.0 + 0.3 * fault.pace,
                _ => {}
            }
        }
        let rate = self.shape.rate * load * shift;
        let alive = self.instances.iter().filter(|instance| !instance.silent).count().max(1) as f64;
        let capacity = self.shape.rate * self.spare / self.shape.instances as f64;
        for instance in self.instances.iter_mut().filter(|instance| !instance.silent) {
            let share = rate / alive;
            let on = Pressure { rate: share, capacity, base_ms: self.shape.base_ms, behind_ms, failing, other_cpu };
            instance.step(dt, on, &mut self.noise);
        }
        if self.shape.disk {
            self.disk = (self.disk + dt * load * 2.0e-8).min(1.0);
        }
        if self.shape.queue {
            let worked = self.shape.rate * 1.6 * worker * dt;
            self.queue = (self.queue + f64::from(self.noise.count(rate * dt)) - worked).max(0.0);
        }
    }

    fn act(&mut self, fault: &Fault, at: Timestamp, dt: f64, worker: &mut f64) {
        let hours = dt / 3600.0;
        match fault.kind {
            FaultKind::DiskFills => self.disk = (self.disk + 0.055 * fault.pace * hours).min(1.0),
            FaultKind::PoolLeak => {
                for instance in &mut self.instances {
                    instance.leaked += 0.16 * fault.pace * hours;
                }
            }
            FaultKind::MemoryLeak => {
                for instance in &mut self.instances {
                    instance.hoarded += 0.05 * fault.pace * hours;
                }
            }
            FaultKind::BadDeploy => {
                let all = fault.canary() <= at.since(fault.begins);
                for (n, instance) in self.instances.iter_mut().enumerate() {
                    instance.bad = all || n == 0;
                }
            }
            FaultKind::QueueRunaway => *worker = 0.35 / fault.pace,
            FaultKind::NodeSilent => {
                if let Some(last) = self.instances.last_mut() {
                    last.silent = true;
                }
            }
            FaultKind::NightlyBatch
            | FaultKind::LevelShift
            | FaultKind::CounterReset
            | FaultKind::TelemetryGap
            | FaultKind::HarmlessDeploy => {}
        }
    }

    /// People have mended it.
    pub(super) fn mend(&mut self, kind: FaultKind) {
        match kind {
            FaultKind::DiskFills => self.disk = 0.5,
            FaultKind::QueueRunaway => self.queue = 0.0,
            _ => {}
        }
        for instance in &mut self.instances {
            instance.bad = false;
            instance.silent = false;
            if matches!(
                kind,
                FaultKind::PoolLeak | FaultKind::MemoryLeak | FaultKind::BadDeploy | FaultKind::CounterReset
            ) {
                instance.restart();
            }
        }
    }

    /// The share of requests that fail because this service cannot do its work.
    pub(super) fn failing(&self) -> f64 {
        if self.shape.disk && 0.985 <= self.disk { 0.3 } else { 0.0 }
    }

    /// The service's latency, the worst of its instances.
    pub(super) fn latency_ms(&self) -> f64 {
        self.instances.iter().filter(|i| !i.silent).map(|i| i.now.latency_ms).fold(0.0, f64::max)
    }

    /// The service's share of failed requests.
    pub(super) fn error_ratio(&self) -> f64 {
        let rate: f64 = self.instances.iter().map(|i| i.now.rate).sum();
        let errors: f64 = self.instances.iter().map(|i| i.now.rate * i.now.error_ratio).sum();
        if rate == 0.0 { 0.0 } else { errors / rate }
    }
}
