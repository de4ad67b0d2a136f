//! What followed the hours of the past that were most like these (Lorenz's analogs, J. Atmos. Sci. 1969).

use serde::{Deserialize, Serialize};

/// Hours remembered: four weeks.
const KEPT: usize = 672;
/// The hours before now that are compared, and their weights.
const LAGS: [(usize, f32); 6] = [(0, 1.0), (1, 0.7), (2, 0.5), (4, 0.35), (8, 0.25), (24, 0.35)];
/// So many like hours are asked.
const NEAREST: usize = 9;
/// Like hours lie at least so far back.
const APART: usize = 12;
/// A deviation from what is expected is half gone after so many minutes.
const HALF: f32 = 166.0;

/// Hourly means of four weeks, and the hours most like the newest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Analog {
    /// A ring once it is full; `next` is where the next hour goes.
    hours: Vec<f32>,
    next: u16,
    sum: f32,
    count: u16,
    filled: f32,
    /// How many hours before the newest the like ones lie.
    nearest: [u16; NEAREST],
    found: u8,
}

impl Analog {
    /// Learns a value, `elapsed` minutes after the one before; hours without any repeat the last one.
    pub(super) fn learn(&mut self, value: f32, elapsed: f32) {
        self.filled += elapsed;
        if 60.0 <= self.filled && self.count != 0 {
            let mean = self.sum / f32::from(self.count);
            let hours = ((self.filled / 60.0) as usize).clamp(1, KEPT);
            (0..hours).for_each(|_| self.push(mean));
            (self.sum, self.count) = (0.0, 0);
            self.filled %= 60.0;
            self.find();
        }
        self.sum += value;
        self.count = self.count.saturating_add(1);
    }

    fn push(&mut self, mean: f32) {
        if self.hours.len() < KEPT {
            self.hours.push(mean);
            self.next = (self.hours.len() % KEPT) as u16;
        } else {
            self.hours[usize::from(self.next)] = mean;
            self.next = ((usize::from(self.next) + 1) % KEPT) as u16;
        }
    }

    /// The mean so many hours before the newest.
    fn back(&self, hours: usize) -> f32 {
        let newest = usize::from(self.next) + KEPT - 1;
        let count = self.hours.len();
        if count < KEPT { self.hours[count - 1 - hours] } else { self.hours[(newest - hours) % KEPT] }
    }

    /// Looks for the hours like the newest.
    fn find(&mut self) {
        let longest = LAGS[LAGS.len() - 1].0;
        let Some(farthest) = self.hours.len().checked_sub(longest + 1) else { return };
        let now: [f32; LAGS.len()] = std::array::from_fn(|i| self.back(LAGS[i].0));
        let mut best = [(f32::MAX, 0u16); NEAREST];
        for hours in APART..farthest {
            let mut distance = 0.0;
            for ((lag, weight), now) in LAGS.iter().zip(now) {
                distance += weight * (self.back(hours + lag) - now).abs();
            }
            if distance < best[NEAREST - 1].0 {
                let place = best.partition_point(|(other, _)| *other <= distance);
                best[place..].rotate_right(1);
                best[place] = (distance, hours as u16);
            }
        }
        self.found = best.iter().filter(|(distance, _)| *distance != f32::MAX).count() as u8;
        self.nearest = best.map(|(_, hours)| hours);
    }

    /// What is expected `minutes` ahead of a value: the median of what followed, and what is left of today's deviation. None while
    /// too little is remembered.
    pub(super) fn expect(&self, value: f32, minutes: f32) -> Option<f32> {
        if usize::from(self.found) < NEAREST {
            return None;
        }
        // the middle of the newest hour lies half an hour and what has gone of this one ago
        let ahead = (minutes + 30.0 + self.filled.min(59.0)) / 60.0;
        let fade = libm::exp2(-f64::from(minutes / HALF)) as f32;
        let mut futures: [f32; NEAREST] = std::array::from_fn(|i| {
            let hours = usize::from(self.nearest[i]);
            let at = |ahead: f32| {
                // beyond what has followed yet, a day or more earlier
                let mut back = hours as f32 - ahead;
                while back < 0.0 {
                    back += 24.0;
                }
                let (whole, share) = ((back as usize).min(self.hours.len() - 2), back.fract());
                self.back(whole) + (self.back(whole + 1) - self.back(whole)) * share
            };
            let now = at((30.0 + self.filled.min(59.0)) / 60.0);
            at(ahead) + (value - now) * fade
        });
        futures.sort_unstable_by(f32::total_cmp);
        Some(futures[NEAREST / 2])
    }
}
