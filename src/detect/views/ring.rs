//! The last residuals, their means and spread.

use serde::{Deserialize, Serialize};

use crate::baseline::flat;

/// Values kept.
const KEPT: usize = 96;
/// The window of the spread.
const SPREAD: usize = 24;

/// The last 96 residuals with running sums over the windows that the views ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::detect) struct Ring {
    #[serde(with = "flat")]
    values: [f32; KEPT],
    next: u8,
    /// Sums over the last 6, 24, 96 values, and of the squares over the last 24.
    sums: [f64; 3],
    squares: f64,
}

const WINDOWS: [usize; 3] = [6, 24, KEPT];

impl Default for Ring {
    fn default() -> Self {
        Ring { values: [0.0; KEPT], next: 0, sums: [0.0; 3], squares: 0.0 }
    }
}

impl Ring {
    fn back(&self, points: usize) -> f64 {
        f64::from(self.values[(usize::from(self.next) + KEPT - points) % KEPT])
    }

    /// Takes one value in.
    pub(in crate::detect) fn push(&mut self, value: f64) {
        let value = f64::from(value as f32);
        for (sum, window) in self.sums.iter_mut().zip(WINDOWS) {
            *sum += value - f64::from(self.values[(usize::from(self.next) + KEPT - window) % KEPT]);
        }
        let gone = self.back(SPREAD);
        self.squares += value * value - gone * gone;
        self.values[usize::from(self.next)] = value as f32;
        self.next = (self.next + 1) % KEPT as u8;
        if self.next == 0 {
            self.renew();
        }
    }

    /// Sums anew once a round, so that a huge value leaves no rounding behind it.
    fn renew(&mut self) {
        for (sum, window) in self.sums.iter_mut().zip(WINDOWS) {
            *sum = self.values[KEPT - window..].iter().copied().map(f64::from).sum();
        }
        self.squares = self.values[KEPT - SPREAD..].iter().map(|&v| f64::from(v) * f64::from(v)).sum();
    }

    /// The mean of the last 6, 24 or 96 values.
    pub(in crate::detect) fn mean(&self, window: usize) -> f64 {
        WINDOWS.iter().position(|&w| w == window).map_or(0.0, |i| self.sums[i] / window as f64)
    }

    /// The standard deviation of the last 24 values.
    pub(in crate::detect) fn spread(&self) -> f64 {
        let mean = self.sums[1] / SPREAD as f64;
        (self.squares / SPREAD as f64 - mean * mean).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_windows() {
        let mut ring = Ring::default();
        let values: Vec<f64> = (0..500).map(|i| f64::from((i * 37) % 101)).collect();
        for (i, &value) in values.iter().enumerate() {
            ring.push(value);
            for window in WINDOWS {
                let from = (i + 1).saturating_sub(window);
                let mean = values[from..=i].iter().sum::<f64>() / window as f64;
                assert!((ring.mean(window) - mean).abs() < 1e-9);
            }
        }
        let last = &values[476..];
        let mean = last.iter().sum::<f64>() / 24.0;
        let variance = last.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 24.0;
        assert!((ring.spread() - variance.sqrt()).abs() < 1e-9);
    }
}
