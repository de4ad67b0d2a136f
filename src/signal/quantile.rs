//! Distributions as they come on the wire, and the quantiles read from them.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A distribution at one time, or a summary's own quantiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Buckets {
    /// `counts[i]` values lie in `(bounds[i-1], bounds[i]]`; one count more than bounds.
    Histogram {
        /// Upper bounds, finite and strictly rising.
        bounds: Vec<f64>,
        /// Counts, one more than bounds.
        counts: Vec<f64>,
        /// Whether counts run since `start` (cumulative) or since the reading before (delta).
        cumulative: bool,
        /// The begin of counting, or of the interval.
        start: Option<Timestamp>,
    },
    /// Ready-made quantiles (`0.5`, `0.9`, `0.99`, …) and a running count.
    Summary {
        /// Pairs of quantile and value.
        quantiles: Vec<(f64, f64)>,
        /// The running count.
        count: f64,
        /// The begin of counting.
        start: Option<Timestamp>,
    },
    /// An exponential histogram as explicit buckets: laid out as `Histogram`, values are spread evenly over the logarithm
    /// of a bucket, and the bounds may differ from reading to reading as long as they lie on one grid.
    Exponential {
        /// Upper bounds, finite and strictly rising.
        bounds: Vec<f64>,
        /// Counts, one more than bounds.
        counts: Vec<f64>,
        /// Whether counts run since `start` (cumulative) or since the reading before (delta).
        cumulative: bool,
        /// The begin of counting, or of the interval.
        start: Option<Timestamp>,
    },
}

impl Buckets {
    /// All values counted. Of two distributions at one time the one with more is the later view of it.
    pub fn total(&self) -> f64 {
        match self {
            Buckets::Histogram { counts, .. } | Buckets::Exponential { counts, .. } => counts.iter().sum(),
            Buckets::Summary { count, .. } => *count,
        }
    }
}

/// How values are thought to lie inside a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Spacing {
    /// Evenly.
    Linear,
    /// Evenly in the logarithm.
    Log,
}

/// Counts over the buckets that explicit bounds make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Spread {
    bounds: Vec<f64>,
    counts: Vec<f64>,
    spacing: Spacing,
}

impl Spread {
    /// Takes the bounds and counts of a histogram; nothing where they do not fit each other, are not finite or fall.
    pub(super) fn new(bounds: &[f64], counts: &[f64], spacing: Spacing) -> Option<Spread> {
        let fits = counts.len() == bounds.len() + 1
            && bounds.iter().all(|bound| bound.is_finite())
            && bounds.is_sorted_by(|a, b| a < b)
            && counts.iter().all(|count| count.is_finite() && 0.0 <= *count);
        fits.then(|| Spread { bounds: bounds.to_vec(), counts: counts.to_vec(), spacing })
    }

    /// All values counted.
    pub(super) fn count(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// Whether the counts of `earlier` can be taken from these.
    pub(super) fn is_like(&self, earlier: &Spread) -> bool {
        self.spacing == earlier.spacing && (self.spacing == Spacing::Log || self.bounds == earlier.bounds)
    }

    /// What was added since `earlier`; nothing where some count fell, which only a new begin of counting can do.
    ///
    /// Where the bounds differ (an exponential histogram that grew or lowered its scale), buckets are joined until every bound
    /// is one at which `earlier` is known.
    pub(super) fn since(&self, earlier: &Spread) -> Option<Spread> {
        let mut added = Spread { bounds: Vec::new(), counts: Vec::new(), spacing: self.spacing };
        let (mut upto, mut taken) = (0.0, 0.0);
        for (&bound, &count) in self.bounds.iter().zip(&self.counts) {
            upto += count;
            if let Some(before) = earlier.upto(bound) {
                added.bounds.push(bound);
                added.counts.push(upto - before - taken);
                taken = upto - before;
            }
        }
        added.counts.push(self.count() - earlier.count() - taken);
        added.counts.iter().all(|count| 0.0 <= *count).then_some(added)
    }

    /// How many values lie at or below `bound`, where that is known: at a bound, or inside an empty bucket.
    fn upto(&self, bound: f64) -> Option<f64> {
        let at = self.bounds.partition_point(|have| *have < bound);
        let below: f64 = self.counts[..at].iter().sum();
        match self.bounds.get(at) {
            Some(&have) if have == bound => Some(below + self.counts[at]),
            _ => (self.counts[at] == 0.0).then_some(below),
        }
    }

    /// The value below which the share `q` lies, as Prometheus's `histogram_quantile` finds it: inside the bucket by
    /// interpolation, from 0 in the lowest bucket if its bound is positive, the highest bound where it lies beyond.
    /// Nothing without values or without bounds.
    pub(super) fn quantile(&self, q: f64) -> Option<f64> {
        let highest = *self.bounds.last()?;
        let total = self.count();
        if total <= 0.0 {
            return None;
        }
        let rank = q * total;
        let mut below = 0.0;
        for (at, &upper) in self.bounds.iter().enumerate() {
            let count = self.counts[at];
            if rank <= below + count && 0.0 < count {
                let lower = match at.checked_sub(1) {
                    Some(before) => self.bounds[before],
                    None if upper <= 0.0 => return Some(upper),
                    None => 0.0,
                };
                return Some(self.within(lower, upper, (rank - below) / count));
            }
            below += count;
        }
        Some(highest)
    }

    /// The point of a bucket that has the share `part` of it below.
    fn within(&self, lower: f64, upper: f64, part: f64) -> f64 {
        match self.spacing {
            Spacing::Log if 0.0 < lower => {
                let (low, high) = (libm::log2(lower), libm::log2(upper));
                libm::exp2(low + (high - low) * part)
            }
            Spacing::Log if upper < 0.0 => {
                let (low, high) = (libm::log2(-lower), libm::log2(-upper));
                -libm::exp2(low + (high - low) * part)
            }
            _ => lower + (upper - lower) * part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spacing: Spacing, bounds: &[f64], counts: &[f64], expected: [(f64, Option<f64>); 3]) {
        let spread = Spread::new(bounds, counts, spacing).unwrap();
        for (q, value) in expected {
            match (spread.quantile(q), value) {
                (Some(have), Some(value)) => {
                    assert!((have - value).abs() < 1e-9, "{q} of {counts:?}: {have}, not {value}")
                }
                (have, value) => assert_eq!(have, value, "{q} of {counts:?}"),
            }
        }
    }

    #[test]
    fn quantiles_are_those_of_histogram_quantile() {
        // 100 values: 40 up to 1, 40 in (1, 2], 15 in (2, 5], 5 beyond. Rank 50 is the 10th of 40: 1.25.
        let bounds = [1.0, 2.0, 5.0];
        check(
            Spacing::Linear,
            &bounds,
            &[40.0, 40.0, 15.0, 5.0],
            [(0.5, Some(1.25)), (0.9, Some(4.0)), (0.99, Some(5.0))],
        );
        // All in the lowest bucket: from 0 up.
        check(
            Spacing::Linear,
            &bounds,
            &[10.0, 0.0, 0.0, 0.0],
            [(0.5, Some(0.5)), (0.9, Some(0.9)), (0.99, Some(0.99))],
        );
        // A lowest bucket below zero answers its bound.
        check(
            Spacing::Linear,
            &[-1.0, 3.0],
            &[9.0, 1.0, 0.0],
            [(0.5, Some(-1.0)), (0.9, Some(-1.0)), (0.99, Some(2.6))],
        );
        check(Spacing::Linear, &bounds, &[0.0; 4], [(0.5, None), (0.9, None), (0.99, None)]);
        check(Spacing::Linear, &[], &[7.0], [(0.5, None), (0.9, None), (0.99, None)]);
    }

    #[test]
    fn exponential_buckets_interpolate_in_the_logarithm() {
        // Half way through (1, 4] is 2 in the logarithm, and a tenth before the end 4^0.9.
        let high = libm::pow(4.0, 0.9);
        check(Spacing::Log, &[1.0, 4.0], &[0.0, 100.0, 0.0], [(0.5, Some(2.0)), (0.9, Some(high)), (0.0, Some(1.0))]);
        check(
            Spacing::Log,
            &[-4.0, -1.0],
            &[0.0, 100.0, 0.0],
            [(0.5, Some(-2.0)), (1.0, Some(-1.0)), (0.0, Some(-4.0))],
        );
        check(Spacing::Log, &[0.0, 1.0], &[0.0, 10.0, 0.0], [(0.5, Some(0.5)), (1.0, Some(1.0)), (0.1, Some(0.1))]);
    }

    #[test]
    fn differences_join_buckets_where_the_grid_grew_coarser_or_wider() {
        let log = |bounds: &[f64], counts: &[f64]| Spread::new(bounds, counts, Spacing::Log).unwrap();
        let earlier = log(&[0.0, 1.0, 2.0, 4.0], &[1.0, 0.0, 3.0, 2.0, 0.0]);
        // Wider at both ends.
        let wider = log(&[0.0, 0.5, 1.0, 2.0, 4.0, 8.0], &[1.0, 0.0, 2.0, 3.0, 6.0, 1.0, 0.0]);
        let added = wider.since(&earlier).unwrap();
        assert_eq!(added.bounds, [0.0, 0.5, 1.0, 2.0, 4.0, 8.0]);
        assert_eq!(added.counts, [0.0, 0.0, 2.0, 0.0, 4.0, 1.0, 0.0]);
        // Half the scale: (1, 4] is one bucket now.
        let coarser = log(&[0.0, 1.0, 4.0], &[1.0, 0.0, 9.0, 0.0]);
        assert_eq!(coarser.since(&earlier).unwrap().counts, [0.0, 0.0, 4.0, 0.0]);
        // A count that fell is a new begin.
        assert_eq!(log(&[0.0, 1.0, 4.0], &[0.0, 0.0, 9.0, 0.0]).since(&earlier), None);
    }

    #[test]
    fn the_total_counts_all_values() {
        let (bounds, counts) = (vec![1.0], vec![2.0, 3.0]);
        let cumulative = true;
        let explicit = Buckets::Histogram { bounds: bounds.clone(), counts: counts.clone(), cumulative, start: None };
        assert_eq!(explicit.total(), 5.0);
        assert_eq!(Buckets::Exponential { bounds, counts, cumulative, start: None }.total(), 5.0);
        assert_eq!(Buckets::Summary { quantiles: vec![(0.5, 9.0)], count: 4.0, start: None }.total(), 4.0);
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        for (bounds, counts) in [
            (&[1.0, 1.0][..], &[0.0, 0.0, 0.0][..]),
            (&[2.0, 1.0], &[0.0, 0.0, 0.0]),
            (&[1.0], &[1.0]),
            (&[f64::NAN], &[1.0, 1.0]),
            (&[1.0], &[-1.0, 1.0]),
            (&[1.0], &[f64::INFINITY, 1.0]),
        ] {
            assert_eq!(Spread::new(bounds, counts, Spacing::Linear), None);
        }
    }
}
