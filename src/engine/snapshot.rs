//! The engine's whole state as bytes, and back: restore and continue is the same as continue (law 3).
//!
//! A header with the format's version, then sections: the watermark and counters, the incident stage, each series with its
//! watches, and the records that wait. A newer release reads what an older one wrote; what it cannot read starts anew
//! alone and is named.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Engine;
use super::batch::{Sample, SeriesIx};
use super::cohort::{Ranked, Steps};
use super::directory::Place;
use super::section::{Writer, sections};
use super::series::Series;
use super::shard::Shard;
use super::sweep::Sweeps;
use super::turnover::Turnover;
use crate::incident::Aftermath;
use crate::plan::Plan;
use crate::signal::{Change, Reading, Signal};
use crate::time::Timestamp;

const ENGINE: u8 = 100;
const INCIDENTS: u8 = 101;
const INCIDENTS_VERSION: u8 = 2;
const WAITING: u8 = 102;
const WAITING_VERSION: u8 = 2;
const DIRECTORY: u8 = 103;
const COHORT: u8 = 104;
const PRECURSORS: u8 = 105;
const CONFIRMED: u8 = 106;
const UNHEARD: u8 = 107;
const TURNOVER: u8 = 108;
const VERSION: u8 = 1;

/// What of the engine is saved besides its parts.
#[derive(Debug, Serialize, Deserialize)]
struct EngineState {
    watermark: Timestamp,
    sealed: Timestamp,
    changes: Vec<Change>,
    conflicts: u64,
    overtaken: u64,
}

/// A record that waited; its series by its place among the saved ones, so that the number of shards may change.
#[derive(Debug, Serialize, Deserialize)]
struct WaitingState {
    series: u32,
    at: Timestamp,
    reading: Reading,
    row: u64,
}

impl Engine {
    /// The whole state as tagged, versioned sections.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut to = Writer::default();
        let counts = self.counts();
        let state = EngineState {
            watermark: self.watermark,
            sealed: self.sealed,
            changes: self.changes.iter().cloned().collect(),
            conflicts: counts.conflicts,
            overtaken: counts.overtaken,
        };
        to.put(ENGINE, VERSION, &state);
        to.put(DIRECTORY, VERSION, &(self.directory.pressure(), self.sweeps));
        to.put(INCIDENTS, INCIDENTS_VERSION, &self.incidents);
        to.put(PRECURSORS, VERSION, &self.incidents.precursors);
        to.put(CONFIRMED, VERSION, &(&self.confirmed, &self.incidents.aftermath));
        to.put(UNHEARD, VERSION, &self.incidents.save_unheard());
        let mut turnover = Turnover::default();
        self.shards.iter().for_each(|shard| turnover.join(&shard.turnover));
        to.put(TURNOVER, VERSION, &turnover);
        for shard in &self.shards {
            for series in shard.series.iter().filter(|series| !series.is_vacant()) {
                series.save(&mut to);
            }
        }
        for (kin, steps) in self.shards.iter().flat_map(|shard| &shard.cohorts) {
            to.put(COHORT, VERSION, &(kin, steps));
        }
        let mut first = 0;
        for shard in &self.shards {
            // The place of each slot among the saved ones.
            let mut saved = Vec::with_capacity(shard.series.len());
            for series in &shard.series {
                saved.push(first);
                first += u32::from(!series.is_vacant());
            }
            let waiting = shard.waiting_samples().map(|(slot, sample)| WaitingState {
                series: saved[slot as usize],
                at: sample.at,
                reading: sample.reading.clone(),
                row: sample.row,
            });
            to.put(WAITING, WAITING_VERSION, &waiting.collect::<Vec<_>>());
        }
        to.into_bytes()
    }

    /// The engine as it was, with what could not be read of it, by name; such a part starts anew alone.
    pub fn restore(plan: Arc<Plan>, bytes: &[u8]) -> (Self, Vec<String>) {
        let mut engine = Engine::new(plan);
        let mut lost = Vec::new();
        let plan = Arc::clone(&engine.plan);
        let mut saved: Vec<Option<(SeriesIx, Place)>> = Vec::new();
        let mut cohorts: BTreeMap<u64, Steps> = BTreeMap::new();
        let mut confirmed = (BTreeSet::new(), Aftermath::default());
        let mut turnover = Turnover::default();
        for section in sections(bytes) {
            if let Some(signal) = Series::begins(&section) {
                // What is no longer to be watched is forgotten; its place among the saved ones stays.
                let wanted = !plan.excludes(&signal);
                saved.push(wanted.then(|| engine.readmit(signal)));
                continue;
            }
            let read = match section.tag {
                ENGINE => section.read(VERSION).map(|state| engine.restore_state(state)).is_some(),
                DIRECTORY => section.read(VERSION).map(|state| engine.restore_pressure(state)).is_some(),
                INCIDENTS => section.read(INCIDENTS_VERSION).map(|saved| engine.incidents = saved).is_some(),
                PRECURSORS => section.read(VERSION).map(|saved| engine.incidents.precursors = saved).is_some(),
                CONFIRMED => section.read(VERSION).map(|saved| confirmed = saved).is_some(),
                TURNOVER => section.read(VERSION).map(|saved| turnover = saved).is_some(),
                UNHEARD => section.read(VERSION).map(|saved| engine.incidents.load_unheard(saved)).is_some(),
                WAITING => {
                    section.read(WAITING_VERSION).map(|waiting| engine.restore_waiting(waiting, &saved)).is_some()
                }
                COHORT => section.read(VERSION).map(|(kin, steps)| cohorts.insert(kin, steps)).is_some(),
                _ if matches!(saved.last(), Some(None)) => true,
                _ => of_last(&saved).is_some_and(|place| engine.series_at(place).load(&section, &plan)),
            };
            if !read {
                let of = of_last(&saved).map(|place| engine.series_at(place).signal.to_string());
                let of = of.unwrap_or_else(|| "the engine".to_owned());
                lost.push(format!("{of}: section {} of version {} starts anew", section.tag, section.version));
            }
        }
        engine.incidents.aftermath = confirmed.1;
        engine.set_aside(confirmed.0);
        for shard in &mut engine.shards {
            shard.note_all(engine.sealed, engine.watermark);
            shard.load_turnover(&turnover);
            shard.cohorts = shard.kins().filter_map(|kin| Some((kin, cohorts.remove(&kin)?))).collect();
        }
        let ranked: Vec<Ranked> = engine.shards.iter().flat_map(Shard::all_ranked).collect();
        engine.units.take(&ranked);
        (engine, lost)
    }

    fn readmit(&mut self, signal: Signal) -> (SeriesIx, Place) {
        let found = self.directory.readmit(signal);
        self.place_new_series();
        found
    }

    fn series_at(&mut self, place: Place) -> &mut Series {
        &mut self.shards[place.shard as usize].series[place.slot as usize]
    }

    fn restore_state(&mut self, state: EngineState) {
        self.watermark = state.watermark;
        self.sealed = state.sealed;
        self.changes = state.changes.into_iter().collect();
        self.shards[0].conflicts = state.conflicts;
        self.shards[0].overtaken = state.overtaken;
    }

    fn restore_pressure(&mut self, (pressure, sweeps): ((u64, bool), Sweeps)) {
        self.directory.press(pressure);
        self.sweeps = sweeps;
    }

    fn restore_waiting(&mut self, waiting: Vec<WaitingState>, saved: &[Option<(SeriesIx, Place)>]) {
        for record in waiting {
            if let Some(&Some((series, place))) = saved.get(record.series as usize) {
                let sample = Sample { series, at: record.at, reading: record.reading, row: record.row };
                self.shards[place.shard as usize].wait(place.slot, sample);
            }
        }
    }
}

/// Where the series lives whose sections are read.
fn of_last(saved: &[Option<(SeriesIx, Place)>]) -> Option<Place> {
    saved.last().copied().flatten().map(|(_, place)| place)
}
