//! Halves at random: what is chosen on one is measured on the other.

use super::figures::Figure;

/// So many splits, each used both ways.
const SPLITS: u64 = 10;

/// The mean of what `of(chosen on, measured on)` gives over random halves of `series`, and its deviation from half to half (not
/// an error of the mean: the halves overlap). None where there are fewer than four, or no half gives a figure.
pub(super) fn held_out(series: usize, of: impl Fn(&[usize], &[usize]) -> Option<f64>) -> Option<Figure> {
    if series < 4 {
        return None;
    }
    let mut given = Vec::new();
    for split in 0..SPLITS {
        let shuffled = shuffled(series, split);
        let (one, other) = shuffled.split_at(series / 2);
        given.extend(of(one, other));
        given.extend(of(other, one));
    }
    let n = given.len() as f64;
    if given.is_empty() {
        return None;
    }
    let value = given.iter().sum::<f64>() / n;
    let squares: f64 = given.iter().map(|x| (x - value) * (x - value)).sum();
    Some(Figure { value, error: Some(libm::sqrt(squares / (n - 1.0).max(1.0))) })
}

/// The numbers below `count` in an order of chance, the same for the same `seed` (Fisher and Yates by a linear congruence).
pub(super) fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let mut order: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        order.swap(at, next() % (at + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_shuffle_loses_nothing(count in 0usize..200, seed: u64) {
            let mut order = shuffled(count, seed);
            prop_assert_eq!(&order, &shuffled(count, seed));
            order.sort_unstable();
            prop_assert_eq!(order, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn halves_share_no_series() {
        let apart = |one: &[usize], other: &[usize]| {
            assert_eq!(one.len() + other.len(), 7);
            assert!(one.iter().all(|series| !other.contains(series)));
            Some(1.0)
        };
        assert_eq!(held_out(7, apart), Some(Figure { value: 1.0, error: Some(0.0) }));
        assert_eq!(held_out(3, |_, _| Some(1.0)), None);
    }
}
