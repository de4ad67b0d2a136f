//! Exponentially forgetting means.

use serde::{Deserialize, Serialize};

/// A mean that forgets at `rate` per point, and is the plain mean while it is younger than its memory.
///
/// Packed: a judge holds three, and four bytes of each would lie idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[repr(C, packed(4))]
pub struct Level {
    mean: f64,
    seen: u32,
}

impl Level {
    /// The mean of the past; none before the first value.
    pub fn get(&self) -> Option<f64> {
        (self.seen > 0).then_some(self.mean)
    }

    /// Takes one value in.
    pub fn learn(&mut self, value: f64, rate: f64) {
        self.learn_share(value, rate, 1.0);
    }

    /// Takes a share of one value in.
    pub fn learn_share(&mut self, value: f64, rate: f64, share: f64) {
        self.mean += share * weight(&mut self.seen, rate) * (value - self.mean);
    }
}

/// The same in four bytes and a count, for magnitudes (spreads, distances) where seven digits are plenty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    mean: f32,
    seen: u32,
}

impl Mean {
    /// Before the first value.
    pub(crate) const NONE: Mean = Mean { mean: 0.0, seen: 0 };

    /// The mean of the past, 0 before the first value.
    pub fn get(&self) -> f64 {
        f64::from(self.mean)
    }

    /// Values taken in, at most the memory.
    pub fn seen(&self) -> u32 {
        self.seen
    }

    /// Takes one value in.
    pub fn learn(&mut self, value: f64, rate: f64) {
        let mean = f64::from(self.mean);
        self.mean = (mean + weight(&mut self.seen, rate) * (value - mean)) as f32;
    }
}

/// Counts one more value, up to the memory `1 / rate`, and gives its weight.
fn weight(seen: &mut u32, rate: f64) -> f64 {
    let young = 1.0 / (f64::from(*seen) + 1.0);
    if rate < young {
        *seen += 1;
        young
    } else {
        rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn young_it_is_the_plain_mean_and_old_it_forgets() {
        let mut level = Level::default();
        assert_eq!(level.get(), None);
        for value in [1.0, 2.0, 3.0, 6.0] {
            level.learn(value, 0.01);
        }
        assert_eq!(level.get(), Some(3.0));
        for _ in 0..1000 {
            level.learn(10.0, 0.01);
        }
        assert!((level.get().unwrap() - 10.0).abs() < 0.01);
    }
}
