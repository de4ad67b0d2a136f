//! One service: its instances, the services behind it, and what acts on it.

use super::fault::{Fault, FaultKind};
use super::instance::{Instance, Pressure};
use super::noise::{Noise, Wander};
use super::shape::{Felt, Promise, Shape};
use crate::time::Timestamp;

/// What acts on a service from around it at a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    /// The load on all, 1 at an ordinary noon.
    pub(super) load: f64,
    /// What the services behind add to each request.
    pub(super) behind_ms: f64,
    /// The share of requests that they break.
    pub(super) failing: f64,
    /// Whether a day has begun.
    pub(super) midnight: bool,
}

/// What the faults of a service do to it at a step.
struct Effects {
    other_cpu: f64,
    shift: f64,
    worker: f64,
    slow: f64,
    renews: bool,
    spikes: bool,
    logs: f64,
}

/// Seconds for which a credential holds, and left when it is renewed.
const CREDENTIAL: f64 = 86_400.0;
const RENEWED_AT: f64 = 21_600.0;
/// Seconds between single spikes, on average.
const SPIKE_EVERY: f64 = 14_400.0;

/// A running service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) shape: Shape,
    pub(super) instances: Vec<Instance>,
    /// Share of the disk that is used.
    pub(super) disk: f64,
    /// Messages that wait.
    pub(super) queue: f64,
    /// Seconds until its credential runs out.
    pub(super) credential: f64,
    /// The share of visits that end in an order, 1 when all is well.
    pub(super) conversion: f64,
    /// Share of the volume of logs that is used, where it has one.
    pub(super) log_volume: Option<f64>,
    pub(super) noise: Noise,
    /// Randomness of what was added later, so that older stories stay as they are.
    extra: Noise,
    wander: Wander,
    /// How much longer each request takes for good.
    crept: f64,
    spare: f64,
}

impl Service {
    pub(super) fn new(shape: Shape, seed: u64) -> Self {
        let mut noise = Noise::new(seed, shape.name);
        let instances = (1..=shape.instances).map(|n| Instance::new(format!("{}-{n}", shape.name))).collect();
        let (disk, spare) = (noise.uniform(0.45, 0.6), noise.uniform(1.9, 2.4));
        let mut extra = Noise::new(seed, &format!("{}, extra", shape.name));
        let credential = extra.uniform(RENEWED_AT, CREDENTIAL);
        Service {
            shape,
            instances,
            disk,
            queue: 0.0,
            credential,
            conversion: 1.0,
            log_volume: None,
            noise,
            extra,
            wander: Wander::new(0.9),
            crept: 0.0,
            spare,
        }
    }

    /// One step of `dt` seconds under this load; `behind_ms` is what the services behind add, `failing` what they break,
    /// `midnight` whether a day has begun.
    pub(super) fn step(&mut self, at: Timestamp, dt: f64, around: Around, faults: &[Fault]) {
        let mut now =
            Effects { other_cpu: 0.0, shift: 1.0, worker: 1.0, slow: 1.0, renews: true, spikes: false, logs: 1.0 };
        let name = self.shape.name;
        self.conversion = 1.0;
        for fault in faults.iter().filter(|fault| fault.service == name && fault.acts(at)) {
            self.act(fault, at, dt, &mut now);
        }
        now.slow += self.crept;
        let Around { load, behind_ms, failing, .. } = around;
        let rate = self.shape.rate * load * now.shift;
        let alive = self.instances.iter().filter(|instance| !instance.silent).count().max(1) as f64;
        let capacity = self.shape.rate * self.spare / self.shape.instances as f64;
        let failing = failing + if self.credential <= 0.0 { 0.3 } else { 0.0 };
        let (base_ms, other_cpu, slow) = (self.shape.base_ms, now.other_cpu, now.slow);
        for instance in self.instances.iter_mut().filter(|instance| !instance.silent) {
            let on = Pressure { rate: rate / alive, capacity, base_ms, slow, behind_ms, failing, other_cpu };
            instance.step(dt, on, &mut self.noise);
        }
        if now.spikes && self.extra.uniform(0.0, 1.0) < dt / SPIKE_EVERY {
            let struck = self.extra.uniform(0.0, self.instances.len() as f64) as usize;
            self.instances[struck].now.latency_ms *= self.extra.uniform(4.0, 12.0);
        }
        if self.shape.disk {
            self.disk = (self.disk + dt * load * 2.0e-8).min(1.0);
        }
        if self.shape.queue {
            let worked = self.shape.rate * 1.6 * now.worker * dt;
            self.queue = (self.queue + f64::from(self.noise.count(rate * dt)) - worked).max(0.0);
        }
        self.log_volume = self
            .log_volume
            .map(|used| if around.midnight { 0.3 } else { (used + dt * load * 6.0e-6 * now.logs).min(1.0) });
        self.credential -= dt;
        if now.renews && self.credential <= RENEWED_AT {
            self.credential = CREDENTIAL;
        }
        if self.shape.sells {
            self.conversion *= 1.0 + 0.02 * self.wander.next(&mut self.extra);
        }
    }

    fn act(&mut self, fault: &Fault, at: Timestamp, dt: f64, now: &mut Effects) {
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
            FaultKind::QueueRunaway => now.worker = 0.35 / fault.pace,
            FaultKind::NodeSilent => {
                if let Some(last) = self.instances.last_mut() {
                    last.silent = true;
                }
            }
            FaultKind::CredentialExpiry => now.renews = false,
            FaultKind::SlowFlag => now.slow += 8.0 * fault.rolled_out(at),
            FaultKind::KpiFalls => {
                let gone = at.since(fault.begins).as_secs_f64() / 3600.0;
                self.conversion = (1.0 - 0.2 * fault.pace * gone).max(0.3);
            }
            FaultKind::LatencyCreep => self.crept += 0.35 * fault.pace * hours,
            FaultKind::TrafficPeak => {
                let gone = at.since(fault.begins).as_secs_f64() / 3600.0;
                now.shift *= 1.0 + 0.11 * fault.pace * gone.min(14.0);
            }
            FaultKind::NightlyBatch => now.other_cpu += 0.25 * fault.pace,
            FaultKind::LevelShift => now.shift *= 1.0 + 0.3 * fault.pace,
            FaultKind::LogRotation => {
                self.log_volume = self.log_volume.or(Some(0.3));
                now.logs = fault.pace;
            }
            FaultKind::Spikes => now.spikes = true,
            FaultKind::CounterReset | FaultKind::TelemetryGap | FaultKind::Holiday | FaultKind::HarmlessDeploy => {}
        }
    }

    /// People have mended it.
    pub(super) fn mend(&mut self, kind: FaultKind) {
        match kind {
            FaultKind::DiskFills => self.disk = 0.5,
            FaultKind::QueueRunaway => self.queue = 0.0,
            FaultKind::CredentialExpiry => self.credential = CREDENTIAL,
            FaultKind::LatencyCreep => self.crept = 0.0,
            kind if kind.is_quiet() && kind != FaultKind::CounterReset => return,
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

    /// The share of a caller's requests that fail because this service cannot do its work; `inherits` is the share of its
    /// errors that becomes the caller's.
    pub(super) fn failing(&self, inherits: f64) -> f64 {
        let full = if self.shape.disk && 0.985 <= self.disk { 0.3 } else { 0.0 };
        full + inherits * self.error_ratio()
    }

    /// The share of the usual orders that it still takes.
    pub(super) fn orders_share(&self) -> f64 {
        if self.shape.tells_more { self.conversion } else { 1.0 }
    }

    /// Whether users feel it beyond what was promised.
    pub(super) fn breaks(&self, promise: &Promise) -> bool {
        match promise.felt {
            Felt::Latency => promise.level < self.latency_ms(),
            Felt::Errors => promise.level < self.error_ratio(),
            Felt::Queue => promise.level < self.queue,
            Felt::Conversion => self.conversion < promise.level,
        }
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
