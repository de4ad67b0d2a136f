//! What else is odd in the services that an alert is about.
//!
//! A queue that has grown to two hundred times its usual length is once in two days for a signal that has seen outages: nobody is told
//! of that alone. Beside an objective that is about to break it is the first thing to look at, and often where the trouble begins.
//! (On `benches/video.py` the origin is so named before the break in .972 of 215 faults instead of .926.)

use std::collections::BTreeMap;

use super::Engine;
use super::watch::{Glance, Watch};
use super::words;
use crate::alert::{AlertRecord, SignalNote, State};
use crate::time::Timestamp;

/// Odd signals added to a record, after those of its own; and signals that a record shows at most.
const ADDED: usize = 3;
const SHOWN: usize = 10;

/// Where a promise to users is about to break, or broken, what is very odd elsewhere and told by no other alert may be why: once in
/// 10⁷ points.
const ELSEWHERE: f64 = 0.6;

type Odd<'a> = (&'a Watch, &'a Glance);

impl Engine {
    /// Adds to what is told of troubles what else was odd in their services when the tick began.
    pub(super) fn accompany(&self, tick: Timestamp, records: &mut [AlertRecord]) {
        let firing = |record: &AlertRecord| record.state == State::Firing;
        let services_of =
            |record: &AlertRecord| self.incidents.services_of(record).filter(|_| firing(record)).collect();
        let services: Vec<Vec<&str>> = records.iter().map(services_of).collect();
        let mut odd: BTreeMap<&str, Vec<Odd<'_>>> = services.iter().flatten().map(|name| (*name, Vec::new())).collect();
        if odd.is_empty() {
            return;
        }
        let promises = records.iter().any(is_of_promise);
        let told = self.incidents.services_told();
        let mut elsewhere = Vec::new();
        for series in self.shards.iter().flat_map(|shard| &shard.series) {
            let Some(service) = series.signal.service() else { continue };
            let glances = || series.all_watches().filter_map(|watch| Some((watch, watch.glance(tick)?)));
            match odd.get_mut(service) {
                Some(of_service) => of_service.extend(glances()),
                None if promises && !told.contains(service) => {
                    elsewhere.extend(glances().filter(|(_, glance)| glance.matters && ELSEWHERE <= glance.score));
                }
                None => {}
            }
        }
        for (record, services) in records.iter_mut().zip(&services) {
            let most = SHOWN.min(record.signals.len() + ADDED);
            add(record, most, services.iter().flat_map(|service| &odd[service]).copied().collect());
            if is_of_promise(record) {
                add(record, most, elsewhere.clone());
            }
        }
    }
}

/// Whether people are told of a promise to users.
fn is_of_promise(record: &AlertRecord) -> bool {
    record.breach.as_ref().is_some_and(|breach| breach.objective.is_some())
}

/// Adds what matters before what does not, the oddest first, one signal of each name.
fn add(record: &mut AlertRecord, most: usize, mut odd: Vec<Odd<'_>>) {
    odd.sort_by(|(a, x), (b, y)| {
        y.matters.cmp(&x.matters).then(y.score.total_cmp(&x.score)).then_with(|| a.signal().cmp(b.signal()))
    });
    for (watch, glance) in odd {
        let name = watch.signal().name();
        let is_shown = |note: &SignalNote| note.signal.split('{').next() == Some(name);
        if most <= record.signals.len() {
            return;
        }
        if !record.signals.iter().any(is_shown) {
            record.signals.push(note(watch, glance));
        }
    }
}

fn note(watch: &Watch, glance: &Glance) -> SignalNote {
    SignalNote {
        signal: watch.signal().to_string(),
        value: Some(glance.value),
        expected_low: glance.expected.map(|(low, _)| low),
        expected_high: glance.expected.map(|(_, high)| high),
        score: glance.score,
        unit: watch.unit().map(str::to_owned),
        words: words::surprise(glance.view, glance.upward, glance.cycle),
    }
}
