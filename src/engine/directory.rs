//! Which series there are: from a fingerprint on the wire to a place in a shard.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::batch::SeriesIx;
use crate::plan::{Bounds, Plan};
use crate::signal::{Fingerprint, Reject, RejectReason, Signal};

/// What a fingerprint leads to that nobody wants to watch.
const EXCLUDED: SeriesIx = SeriesIx(u32::MAX);

/// Where a series lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) shard: u32,
    pub(super) slot: u32,
}

/// All series of an engine. Only looked up, never iterated to decide anything.
#[derive(Debug)]
pub struct Directory {
    by_print: HashMap<Fingerprint, SeriesIx, BuildHasherDefault<Taken>>,
    by_signal: HashMap<Arc<Signal>, SeriesIx>,
    series: Vec<(Arc<Signal>, Place)>,
    /// How many slots each shard has.
    slots: Vec<u32>,
    /// Series that were forgotten, by shard: their places are given out again.
    free: Vec<Vec<SeriesIx>>,
    free_len: usize,
    /// Series that have not been given to their shard yet.
    founded: Vec<SeriesIx>,
    refused: u64,
    /// Whether a new series was refused since the last sweep.
    pressed: bool,
}

/// A fingerprint is a hash already.
#[derive(Clone, Copy, Debug, Default)]
struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }
    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }
}

impl Directory {
    pub(super) fn new(shards: usize) -> Self {
        Directory {
            by_print: HashMap::default(),
            by_signal: HashMap::new(),
            series: Vec::new(),
            slots: vec![0; shards.max(1)],
            free: vec![Vec::new(); shards.max(1)],
            free_len: 0,
            founded: Vec::new(),
            refused: 0,
            pressed: false,
        }
    }

    /// The series founded since the last call, in the order in which they were.
    pub(super) fn unplaced(&mut self) -> impl Iterator<Item = (Arc<Signal>, Place, SeriesIx)> {
        self.founded.drain(..).map(|series| {
            let (signal, place) = &self.series[series.0 as usize];
            (Arc::clone(signal), *place, series)
        })
    }

    /// Takes series off the books: their shards have forgotten them, and no record of them is on its way.
    pub(super) fn forget(&mut self, gone: &BTreeSet<SeriesIx>) {
        if gone.is_empty() {
            return;
        }
        for &series in gone {
            let (signal, place) = &self.series[series.0 as usize];
            self.by_signal.remove(signal);
            self.free[place.shard as usize].push(series);
        }
        self.free_len += gone.len();
        self.by_print.retain(|_, series| !gone.contains(series));
    }

    /// Whether a new series was refused since the last sweep.
    pub(super) fn is_pressed(&self) -> bool {
        self.pressed
    }

    /// A sweep makes room.
    pub(super) fn relieve(&mut self) {
        self.pressed = false;
    }

    /// Founds a series known from a snapshot, whatever the bounds are now.
    pub(super) fn readmit(&mut self, signal: Signal) -> (SeriesIx, Place) {
        if let Some(&series) = self.by_signal.get(&signal) {
            return (series, self.place(series));
        }
        let series = self.insert(signal);
        (series, self.place(series))
    }

    /// The series of a fingerprint; a new one is founded within the bounds. None where the plan excludes it.
    pub(super) fn find_or_found(
        &mut self,
        print: Fingerprint,
        identity: impl FnOnce() -> Signal,
        plan: &Plan,
    ) -> Result<Option<SeriesIx>, Reject> {
        if let Some(&series) = self.by_print.get(&print) {
            return Ok(Some(series).filter(|&series| series != EXCLUDED));
        }
        let (signal, bounds) = (identity(), &plan.bounds);
        check(&signal, bounds)?;
        let excluded = !plan.exclude.is_empty() && plan.excludes(&signal);
        let series = match self.by_signal.get(&signal) {
            _ if excluded => EXCLUDED,
            Some(&series) => series,
            None => self.found(signal, bounds)?,
        };
        // Spellings are bounded too: beyond four to a signal the map of fingerprints starts anew.
        if bounds.signals.saturating_mul(4) < self.by_print.len() {
            self.by_print.clear();
        }
        self.by_print.insert(print, series);
        Ok(Some(series).filter(|&series| series != EXCLUDED))
    }

    fn found(&mut self, signal: Signal, bounds: &Bounds) -> Result<SeriesIx, Reject> {
        if bounds.signals <= self.len() {
            self.refused += 1;
            self.pressed = true;
            let detail =
                format!("{signal}: would be signal number {}, limits.signals is {}", self.len() + 1, bounds.signals);
            return Err(Reject::new(RejectReason::TooManySignals, detail));
        }
        Ok(self.insert(signal))
    }

    fn insert(&mut self, signal: Signal) -> SeriesIx {
        let shard = (signal.placement_hash() % self.slots.len() as u64) as u32;
        let signal = Arc::new(signal);
        let series = match self.free[shard as usize].pop() {
            Some(series) => {
                self.free_len -= 1;
                self.series[series.0 as usize].0 = Arc::clone(&signal);
                series
            }
            None => {
                let slot = &mut self.slots[shard as usize];
                self.series.push((Arc::clone(&signal), Place { shard, slot: *slot }));
                *slot += 1;
                SeriesIx(self.series.len() as u32 - 1)
            }
        };
        self.by_signal.insert(signal, series);
        self.founded.push(series);
        series
    }

    /// The identity of a series.
    pub fn signal(&self, series: SeriesIx) -> &Arc<Signal> {
        &self.series[series.0 as usize].0
    }

    /// The series of a signal, if it is known.
    pub(super) fn find(&self, signal: &Signal) -> Option<SeriesIx> {
        self.by_signal.get(signal).copied()
    }

    pub(super) fn place(&self, series: SeriesIx) -> Place {
        self.series[series.0 as usize].1
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.series.len() - self.free_len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often a new series was refused, and whether one was lately: for a snapshot.
    pub(super) fn pressure(&self) -> (u64, bool) {
        (self.refused, self.pressed)
    }

    /// As it was.
    pub(super) fn press(&mut self, (refused, pressed): (u64, bool)) {
        (self.refused, self.pressed) = (refused, pressed);
    }

    /// How often a new series was refused because of the bound.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

fn check(signal: &Signal, bounds: &Bounds) -> Result<(), Reject> {
    let labels = signal.labels().count();
    if bounds.labels < labels {
        let detail = format!("{}: {labels} labels, limits.labels is {}", signal.name(), bounds.labels);
        return Err(Reject::new(RejectReason::TooManyLabels, detail));
    }
    let longest =
        signal.labels().flat_map(|(key, value)| [key.len(), value.len()]).max().unwrap_or(0).max(signal.name().len());
    if bounds.label_bytes < longest {
        let detail = format!("a label or name of {longest} bytes, limits.label_bytes is {}", bounds.label_bytes);
        return Err(Reject::new(RejectReason::TooManyLabels, detail));
    }
    Ok(())
}
