//! How large the steps of many like signals are: a histogram in half octaves, both signs, standing still in the middle.

use serde::{Deserialize, Serialize};

/// Half octaves on each side of zero, from 2^-64 to 2^64 of the unit; what lies beyond counts as the last.
const HALVES: usize = 256;
const BUCKETS: usize = 2 * HALVES + 1;
/// All counts are halved beyond so many steps, so that a cohort may change.
const MOST: u64 = 1 << 26;

/// The steps seen of one cohort.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::engine) struct Steps {
    counts: Vec<u32>,
    total: u64,
    /// How many steps are in each bucket or below; as of the last [`Steps::settle`], made anew after a restore.
    #[serde(skip)]
    below: Vec<u64>,
}

impl Default for Steps {
    fn default() -> Self {
        Steps { counts: vec![0; BUCKETS], total: 0, below: Vec::new() }
    }
}

impl Steps {
    /// Counts one step.
    pub(in crate::engine) fn count(&mut self, step: f64) {
        self.counts[bucket(step)] += 1;
        self.total += 1;
        if MOST < self.total {
            self.counts.iter_mut().for_each(|count| *count /= 2);
            self.total = self.counts.iter().map(|&count| u64::from(count)).sum();
        }
    }

    /// Adds up the counts, after all of a tick are in.
    pub(in crate::engine) fn settle(&mut self) {
        self.below.clear();
        let mut counted = 0;
        self.below.extend(self.counts.iter().map(|&count| {
            counted += u64::from(count);
            counted
        }));
    }

    /// How rare a step is that was counted: log10 of steps per step as far out or farther on its side; 0 for one in a hundred and
    /// anything more common. Standing still is far out where nearly all others move.
    pub(in crate::engine) fn rarity(&self, step: f64) -> f64 {
        let bucket = bucket(step);
        let Some(&at_most) = self.below.get(bucket) else { return 0.0 };
        let at_least = self.total + u64::from(self.counts[bucket]) - at_most;
        let rarer = at_most.min(at_least).max(1);
        if self.total < 100 * rarer { 0.0 } else { libm::log10(self.total as f64 / rarer as f64) }
    }
}

/// The bucket of a step: by exponent and whether the mantissa has passed the root of two, so that a power of two moves every step by
/// the same number of buckets.
fn bucket(step: f64) -> usize {
    if step == 0.0 || step.is_nan() {
        return HALVES;
    }
    let (mantissa, exponent) = libm::frexp(step.abs());
    let half = 2 * exponent + i32::from(core::f64::consts::FRAC_1_SQRT_2 <= mantissa);
    let place = (half + HALVES as i32 / 2).clamp(1, HALVES as i32) as usize;
    if step < 0.0 { HALVES - place } else { HALVES + place }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(steps: &[(f64, u32)]) -> Steps {
        let mut counted = Steps::default();
        steps.iter().for_each(|&(step, times)| (0..times).for_each(|_| counted.count(step)));
        counted.settle();
        counted
    }

    #[test]
    fn what_nearly_nobody_does_is_rare() {
        // An error counter: 9,990 stand, 9 rise by one, one by a hundred.
        let errors = counted(&[(0.0, 9_990), (1.0, 9), (100.0, 1)]);
        let near = |have: f64, want: f64| assert!((have - want).abs() < 1e-3, "{have} is not {want}");
        near(errors.rarity(0.0), 0.0);
        near(errors.rarity(1.0), 3.0);
        near(errors.rarity(100.0), 4.0);
        // Hours: all but one move by about a day.
        let hours = counted(&[(24.0, 5_000), (23.0, 4_999), (0.0, 1)]);
        near(hours.rarity(0.0), 4.0);
        assert_eq!((hours.rarity(24.0), hours.rarity(23.0)), (0.0, 0.0));
    }

    proptest! {
        #[test]
        fn buckets_are_in_order(mut steps in prop::collection::vec(-1e12f64..1e12, 2..20)) {
            steps.sort_by(f64::total_cmp);
            let buckets: Vec<usize> = steps.iter().map(|&step| bucket(step)).collect();
            prop_assert!(buckets.is_sorted());
        }

        /// Law 8: a power of two moves nothing relative to anything.
        #[test]
        fn a_power_of_two_changes_no_rarity(steps in prop::collection::vec(-1e6f64..1e6, 1..60), power in -20i32..20) {
            let scale = libm::exp2(f64::from(power));
            let (mut plain, mut scaled) = (Steps::default(), Steps::default());
            steps.iter().for_each(|&step| { plain.count(step); scaled.count(step * scale); });
            plain.settle();
            scaled.settle();
            for step in steps.into_iter().filter(|step| step.abs() == 0.0 || 1e-3 < step.abs()) {
                prop_assert_eq!(plain.rarity(step), scaled.rarity(step * scale));
            }
        }
    }

    #[test]
    fn any_number_has_a_bucket() {
        for step in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MAX, f64::MIN_POSITIVE, -5e-324] {
            assert!(bucket(step) < BUCKETS);
        }
    }
}
