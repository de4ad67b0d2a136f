//! The shop through time: load, faults, and the truth about when users feel them.

use super::fault::{Fault, FaultKind};
use super::load::Load;
use super::noise::Noise;
use super::service::{SHOP, Service};
use super::wire::{self, Event};
use crate::calendar::Calendar;
use crate::time::{Span, Timestamp};

/// What is to be simulated.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Everything drawn comes from it.
    pub seed: u64,
    /// The first moment.
    pub start: Timestamp,
    /// How long the shop is watched.
    pub length: Span,
    /// The time between two samples of a signal.
    pub step: Span,
    /// The shop's local time.
    pub calendar: Calendar,
    /// What happens.
    pub faults: Vec<Fault>,
}

impl Scenario {
    /// A shop in which a deploy goes wrong, then a disk fills and a pool leaks in either order; where, when and how fast by seed.
    /// The deploy comes while the shop is in order: one that follows other failures of the same service is harder to tell from
    /// them, and is measured elsewhere.
    pub fn demo(seed: u64, start: Timestamp) -> Self {
        let mut noise = Noise::new(seed, "scenario");
        let mut hour = 48.0;
        let mut faults = Vec::new();
        let mut kinds = [FaultKind::BadDeploy, FaultKind::DiskFills, FaultKind::PoolLeak];
        if noise.uniform(0.0, 1.0) < 0.5 {
            kinds.swap(1, 2);
        }
        for kind in kinds {
            let (service, mended) = match kind {
                FaultKind::DiskFills => ("orders-db", 10.5),
                FaultKind::PoolLeak => ("checkout", 7.0),
                _ => ("checkout", 2.0),
            };
            hour += noise.uniform(2.0, 9.0);
            let (pace, at) = (noise.uniform(0.85, 1.4), start + Span::from_secs_f64(hour * 3600.0));
            faults.push(Fault { kind, service, begins: at, ends: at + Span::from_secs_f64(mended * 3600.0), pace });
            hour += mended;
        }
        let length = Span::from_secs_f64((hour + 3.0) * 3600.0);
        Scenario { seed, start, length, step: Span::from_secs(30), calendar: Calendar::default(), faults }
    }
}

/// An objective that was broken: what users felt, and since when.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The fault that acted.
    pub fault: FaultKind,
    /// The service the fault happened to.
    pub service: &'static str,
    /// When the fault began.
    pub begins: Timestamp,
    /// When users began to feel it: the start of the first excursion that broke an objective.
    pub impact_at: Timestamp,
}

/// A running shop.
#[derive(Debug)]
pub struct World {
    scenario: Scenario,
    load: Load,
    noise: Noise,
    services: Vec<Service>,
    at: Timestamp,
    objectives: [Excursion; 4],
    failures: Vec<Failure>,
    /// What telemetry could not send yet.
    held: Vec<Event>,
}

/// Since when each objective has been beyond its bound.
#[derive(Clone, Copy, Debug, Default)]
struct Excursion {
    since: Option<Timestamp>,
}

/// How long an objective must be beyond its bound to be broken.
const HOLD: Span = Span::from_mins(5);

impl World {
    /// The shop before its first moment.
    pub fn new(scenario: Scenario) -> Self {
        let mut noise = Noise::new(scenario.seed, "load");
        let load = Load::new(scenario.calendar.clone(), &mut noise);
        let services = SHOP.iter().map(|shape| Service::new(*shape, scenario.seed)).collect();
        let at = scenario.start;
        World {
            scenario,
            load,
            noise,
            services,
            at,
            objectives: [Excursion::default(); 4],
            failures: Vec::new(),
            held: Vec::new(),
        }
    }

    /// What users felt so far.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// The next moment's messages; none at the end.
    pub fn step(&mut self) -> Option<Vec<Event>> {
        if self.scenario.start + self.scenario.length <= self.at {
            return None;
        }
        let mut events = Vec::new();
        self.begin_and_end(&mut events);
        let load = self.load.at(self.at, &mut self.noise);
        let dt = self.scenario.step.as_secs_f64();
        for n in 0..self.services.len() {
            let behind = self.services[n].shape.behind;
            let those = || self.services.iter().filter(|service| behind.contains(&service.shape.name));
            let behind_ms = those().map(|service| 0.6 * service.latency_ms()).fold(0.0, f64::max);
            let failing = those().map(Service::failing).fold(0.0, f64::max);
            self.services[n].step(self.at, dt, load, behind_ms, failing, &self.scenario.faults);
        }
        for service in &mut self.services {
            let orders = (service.shape.name == "checkout").then(|| {
                let rate: f64 = service.instances.iter().map(|instance| instance.now.rate).sum();
                60.0 * rate * 0.3 * (1.0 - service.error_ratio())
            });
            events.push(wire::metrics(service, orders, self.at));
            events.extend(wire::logs(service, self.at, dt));
        }
        self.feel();
        let gap = self.scenario.faults.iter().any(|fault| fault.kind == FaultKind::TelemetryGap && fault.acts(self.at));
        self.at = self.at + self.scenario.step;
        self.held.append(&mut events);
        Some(if gap { Vec::new() } else { std::mem::take(&mut self.held) })
    }

    fn begin_and_end(&mut self, events: &mut Vec<Event>) {
        let now = |moment: Timestamp| moment <= self.at && self.at < moment + self.scenario.step;
        for (n, fault) in self.scenario.faults.iter().enumerate() {
            let begins = now(fault.begins);
            if begins || now(fault.ends) {
                events.extend(wire::change(fault, n, begins));
            }
            let reset = begins && fault.kind == FaultKind::CounterReset;
            if (now(fault.ends) || reset)
                && let Some(service) = self.services.iter_mut().find(|service| service.shape.name == fault.service)
            {
                service.mend(fault.kind);
            }
        }
    }

    /// Users feel what breaks an objective; the fault that acts is what they feel.
    fn feel(&mut self) {
        let of = |name: &str| self.services.iter().find(|service| service.shape.name == name);
        let beyond = [
            of("checkout").is_some_and(|service| 500.0 < service.latency_ms()),
            of("checkout").is_some_and(|service| 0.05 < service.error_ratio()),
            of("web").is_some_and(|service| 400.0 < service.latency_ms()),
            of("mailer").is_some_and(|service| 20_000.0 < service.queue),
        ];
        for (objective, beyond) in self.objectives.iter_mut().zip(beyond) {
            if !beyond {
                objective.since = None;
                continue;
            }
            let since = *objective.since.get_or_insert(self.at);
            if self.at.since(since) < HOLD {
                continue;
            }
            let acting = self.scenario.faults.iter().rfind(|fault| fault.acts(since));
            if let Some(fault) = acting
                && !self.failures.iter().any(|failure| failure.begins == fault.begins)
            {
                let Fault { kind, service, begins, .. } = *fault;
                self.failures.push(Failure { fault: kind, service, begins, impact_at: since });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_fails_two_or_three_times_and_otherwise_not() {
        let start = Timestamp::from_secs(1_790_000_000);
        for seed in 0..8 {
            let mut world = World::new(Scenario { step: Span::from_mins(2), ..Scenario::demo(seed, start) });
            let mut messages = 0;
            while let Some(events) = world.step() {
                messages += events.len();
            }
            let felt: Vec<_> = world.failures().iter().map(|failure| failure.fault).collect();
            // Some faults are mended before users feel them.
            assert!((2..=3).contains(&felt.len()), "seed {seed}: {felt:?}");
            for failure in world.failures() {
                assert!(failure.begins < failure.impact_at, "seed {seed}: {failure:?}");
            }
            assert!(10_000 < messages);
        }
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        let start = Timestamp::from_secs(1_790_000_000);
        let story = |seed| {
            let mut world = World::new(Scenario { length: Span::from_hours(2), ..Scenario::demo(seed, start) });
            std::iter::from_fn(move || world.step()).flatten().collect::<Vec<_>>()
        };
        assert_eq!(story(7), story(7));
        assert_ne!(story(7), story(8));
    }
}
