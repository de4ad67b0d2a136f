//! Exponential histograms as explicit buckets.
//!
//! Bucket `i` of scale `s` holds `(base^i, base^(i+1)]` with `base = 2^(2^-s)`
//! (`metrics.proto`, `ExponentialHistogramDataPoint`). A bound is `2^(i·2^-s)` and the exponent is exact in a double, so that the
//! same bound of two scales is the same number.

use super::{Temporality, UNSPECIFIED};
use crate::signal::Buckets;
use crate::time::Timestamp;

/// The scales that the specification's implementations use, widely.
const SCALE_MAX: i64 = 40;

/// The parts of a point.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::ingest::decode) struct Exponential {
    pub(in crate::ingest::decode) scale: i64,
    pub(in crate::ingest::decode) zero_count: u64,
    pub(in crate::ingest::decode) zero_threshold: f64,
    pub(in crate::ingest::decode) positive: Ladder,
    pub(in crate::ingest::decode) negative: Ladder,
    pub(in crate::ingest::decode) start: Option<Timestamp>,
}

/// `Buckets`: counts from index `offset` on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::ingest::decode) struct Ladder {
    pub(in crate::ingest::decode) offset: i64,
    pub(in crate::ingest::decode) counts: Vec<u64>,
}

/// Buckets under construction: bounds strictly rising and finite.
#[derive(Default)]
struct Steps {
    bounds: Vec<f64>,
    counts: Vec<f64>,
    overflow: f64,
}

impl Steps {
    /// The next bucket ends at `upper`; one that no double tells apart joins its neighbour.
    fn push(&mut self, upper: f64, count: f64) {
        match self.bounds.last() {
            _ if !upper.is_finite() && upper != f64::NEG_INFINITY => self.overflow += count,
            Some(&last) if upper <= last => self.counts[self.bounds.len() - 1] += count,
            _ => {
                self.bounds.push(upper.max(f64::MIN));
                self.counts.push(count);
            }
        }
    }
}

impl Exponential {
    /// The same distribution with explicit bounds; says what is wrong with one that has none.
    pub(in crate::ingest::decode) fn buckets(&self, temporality: Temporality) -> Result<Buckets, &'static str> {
        if temporality == Temporality::Unspecified {
            return Err(UNSPECIFIED);
        }
        if !(-SCALE_MAX..=SCALE_MAX).contains(&self.scale) {
            return Err("its scale is beyond 40, base 2^(2^-scale) has no use there");
        }
        let width = libm::scalbn(1.0, -(self.scale as i32));
        let bound = |index: i64| libm::exp2(index as f64 * width);
        let threshold = if self.zero_threshold.is_finite() { self.zero_threshold.max(0.0) } else { 0.0 };
        let mut steps = Steps::default();
        if let Some(last) = self.negative.counts.len().checked_sub(1) {
            steps.push(-bound(self.negative.offset.saturating_add(last as i64 + 1)), 0.0);
            for (at, &count) in self.negative.counts.iter().enumerate().rev() {
                steps.push(-bound(self.negative.offset.saturating_add(at as i64)), count as f64);
            }
            steps.push(-threshold.max(f64::MIN_POSITIVE), 0.0);
        }
        steps.push(threshold, self.zero_count as f64);
        if !self.positive.counts.is_empty() {
            steps.push(bound(self.positive.offset), 0.0);
        }
        for (at, &count) in self.positive.counts.iter().enumerate() {
            steps.push(bound(self.positive.offset.saturating_add(at as i64 + 1)), count as f64);
        }
        let Steps { bounds, mut counts, overflow } = steps;
        counts.push(overflow);
        let cumulative = temporality == Temporality::Cumulative;
        Ok(Buckets::Exponential { bounds, counts, cumulative, start: self.start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(exponential: &Exponential, bounds: &[f64], counts: &[f64]) {
        let Ok(Buckets::Exponential { bounds: have, counts: hold, .. }) = exponential.buckets(Temporality::Delta)
        else {
            panic!("buckets");
        };
        assert_eq!((&have[..], &hold[..]), (bounds, counts));
    }

    #[test]
    fn buckets_lie_where_the_specification_puts_them() {
        // Scale 0: base 2; index -1 is (0.5, 1], 0 is (1, 2], 1 is (2, 4].
        let positive = Ladder { offset: -1, counts: vec![3, 0, 5] };
        let mut point = Exponential { zero_count: 2, positive, ..Exponential::default() };
        check(&point, &[0.0, 0.5, 1.0, 2.0, 4.0], &[2.0, 0.0, 3.0, 0.0, 5.0, 0.0]);
        // Scale -1: base 4.
        point.scale = -1;
        check(&point, &[0.0, 0.25, 1.0, 4.0, 16.0], &[2.0, 0.0, 3.0, 0.0, 5.0, 0.0]);
        // Scale 1: base sqrt 2; index 2 ends at 2^1.5.
        point.scale = 1;
        point.positive = Ladder { offset: 2, counts: vec![7] };
        check(&point, &[0.0, 2.0, 2.8284271247461903], &[2.0, 0.0, 7.0, 0.0]);
    }

    #[test]
    fn negatives_mirror_and_absurd_offsets_stay_finite() {
        let negative = Ladder { offset: 0, counts: vec![1, 4] };
        let mut point = Exponential { negative, zero_threshold: 0.25, zero_count: 2, ..Exponential::default() };
        check(&point, &[-4.0, -2.0, -1.0, -0.25, 0.25], &[0.0, 4.0, 1.0, 0.0, 2.0, 0.0]);
        point.negative = Ladder::default();
        point.positive = Ladder { offset: i64::from(i32::MAX), counts: vec![9, 9] };
        check(&point, &[0.25], &[2.0, 18.0]);
        point.positive = Ladder { offset: i64::from(i32::MIN), counts: vec![9, 9] };
        check(&point, &[0.25], &[20.0, 0.0]);
        point.scale = 77;
        assert!(point.buckets(Temporality::Delta).is_err());
    }
}
