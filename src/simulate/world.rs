//! The shop through time: load, faults, and the truth about when users feel them.

use super::fault::{Fault, FaultKind};
use super::load::Load;
use super::noise::Noise;
use super::service::{Around, Service};
use super::shape::{Promise, Shape, shop, shop_promises};
use super::wire::{self, Event};
use crate::calendar::{Calendar, WorkHours};
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
    /// What is watched.
    pub(super) shapes: Vec<Shape>,
    /// What users feel of it.
    pub(super) promises: Vec<Promise>,
    /// How long after users felt it people have mended it, if they come before its planned end.
    pub(super) mended_after: Option<Span>,
}

impl Scenario {
    /// The shop with these faults.
    pub fn shop(seed: u64, start: Timestamp, length: Span, faults: Vec<Fault>) -> Self {
        Scenario {
            seed,
            start,
            length,
            step: Span::from_secs(30),
            calendar: Calendar::default(),
            faults,
            shapes: shop(),
            promises: shop_promises(),
            mended_after: None,
        }
    }

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
            hour += noise.uniform(2.0, 9.0);
            let (pace, at) = (noise.uniform(0.85, 1.4), start + Span::from_secs_f64(hour * 3600.0));
            // Nobody mends it before users have felt it, however slow it is.
            let (service, mended) = match kind {
                FaultKind::DiskFills => ("orders-db", 1.0 + 10.0 / pace),
                FaultKind::PoolLeak => ("checkout", 7.0),
                _ => ("checkout", 2.0),
            };
            faults.push(Fault { kind, service, begins: at, ends: at + Span::from_secs_f64(mended * 3600.0), pace });
            hour += mended;
        }
        let length = Span::from_secs_f64((hour + 3.0) * 3600.0);
        Scenario::shop(seed, start, length, faults)
    }
}

impl Scenario {
    /// The hours of people in the fixtures and fleets: Monday to Friday, 09:00 to 17:30, an hour to react.
    pub(super) fn calendar_of_people(&self) -> Calendar {
        use jiff::civil::{Weekday, time};
        let days = vec![Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
        let work = vec![WorkHours { days, from: time(9, 0, 0, 0), to: time(17, 30, 0, 0) }];
        Calendar { work, reaction: Span::from_hours(1), ..self.calendar.clone() }
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
    objectives: Vec<Excursion>,
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
        let services = scenario.shapes.iter().map(|shape| Service::new(shape.clone(), scenario.seed)).collect();
        let objectives = vec![Excursion::default(); scenario.promises.len()];
        let at = scenario.start;
        World { scenario, load, noise, services, at, objectives, failures: Vec::new(), held: Vec::new() }
    }

    /// What users felt so far.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// What happened so far and will, with the ends as they came.
    pub fn faults(&self) -> &[Fault] {
        &self.scenario.faults
    }

    /// The next moment's messages; none at the end.
    pub fn step(&mut self) -> Option<Vec<Event>> {
        if self.scenario.start + self.scenario.length <= self.at {
            return None;
        }
        let mut events = Vec::new();
        self.begin_and_end(&mut events);
        let acts = |kind| self.scenario.faults.iter().any(|fault| fault.kind == kind && fault.acts(self.at));
        let (gap, holiday) = (acts(FaultKind::TelemetryGap), acts(FaultKind::Holiday));
        let load = self.load.at(self.at, holiday, &mut self.noise);
        let dt = self.scenario.step.as_secs_f64();
        let midnight = f64::from(self.scenario.calendar.local(self.at).second) < dt;
        for n in 0..self.services.len() {
            let shape = &self.services[n].shape;
            let those = || self.services.iter().filter(|service| shape.behind.contains(&service.shape.name));
            let behind_ms = those().map(|service| 0.6 * service.latency_ms()).fold(0.0, f64::max);
            let failing = those().map(|service| service.failing(shape.inherits)).fold(0.0, f64::max);
            let around = Around { load, behind_ms, failing, midnight };
            self.services[n].step(self.at, dt, around, &self.scenario.faults);
        }
        for service in &mut self.services {
            let orders = service.shape.sells.then(|| {
                let rate: f64 = service.instances.iter().map(|instance| instance.now.rate).sum();
                60.0 * rate * 0.3 * (1.0 - service.error_ratio()) * service.orders_share()
            });
            events.push(wire::metrics(service, orders, self.at));
            events.extend(wire::logs(service, self.at, dt));
        }
        self.feel();
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

    /// Users feel what breaks an objective; the latest fault that acts on what the service needs is what they feel.
    fn feel(&mut self) {
        for n in 0..self.scenario.promises.len() {
            let promise = self.scenario.promises[n].clone();
            let service = self.services.iter().find(|service| service.shape.name == promise.service);
            if !service.is_some_and(|service| service.breaks(&promise)) {
                self.objectives[n].since = None;
                continue;
            }
            let since = *self.objectives[n].since.get_or_insert(self.at);
            if self.at.since(since) < HOLD {
                continue;
            }
            let needs = self.needs(promise.service);
            let caused =
                |fault: &&mut Fault| !fault.kind.is_quiet() && fault.acts(since) && needs.contains(&fault.service);
            let Some(fault) = self.scenario.faults.iter_mut().rfind(caused) else { continue };
            if self.failures.iter().any(|failure| failure.begins == fault.begins) {
                continue;
            }
            let Fault { kind, service, begins, .. } = *fault;
            self.failures.push(Failure { fault: kind, service, begins, impact_at: since });
            if let Some(after) = self.scenario.mended_after {
                fault.ends = fault.ends.min(self.at + after);
            }
        }
    }

    /// The service and all that it waits for.
    fn needs(&self, service: &'static str) -> Vec<&'static str> {
        let mut all = vec![service];
        let mut next = 0;
        while let Some(name) = all.get(next) {
            let shape = self.scenario.shapes.iter().find(|shape| shape.name == *name);
            let behind = shape.map_or(Vec::new(), |shape| shape.behind.clone());
            all.extend(behind);
            next += 1;
        }
        all
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
