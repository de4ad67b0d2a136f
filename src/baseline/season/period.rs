//! The period of a series, if it has one.

/// Periods shorter than this many values are no cycle that a profile could hold.
const SHORTEST: usize = 6;
/// A period must be seen this many times.
const TURNS: usize = 3;
/// The normalised difference below which values a period apart are alike. (Between .15 and .6 the accuracy is the same.)
const ALIKE: f64 = 0.4;
/// The shortest period is taken that is as good as the best but for this: multiples of a period are as alike.
const AS_GOOD: f64 = 0.1;
/// Values outside of the inner 96 % are drawn in: one outlier is no cycle.
const OUTER: usize = 50;

/// The period in values (not a whole number as a rule), by the cumulative mean normalised difference (YIN; de Cheveigne and
/// Kawahara, 2002, Journal of the Acoustical Society of America). Its multiples within half of the series make it exact to
/// half a value over the number of turns.
pub(super) fn period(values: &[f64]) -> Option<f64> {
    let values = drawn_in(values)?;
    let most = values.len() / TURNS;
    let difference = differences(&values, values.len() / 2 + SHORTEST);
    let mut sum = 0.0;
    let normalised: Vec<f64> = difference
        .iter()
        .enumerate()
        .map(|(lag, d)| {
            sum += d;
            if 0.0 < sum { d * lag as f64 / sum } else { 1.0 }
        })
        .collect();
    let is_low = |lag: usize| normalised[lag] <= normalised[lag - 1] && normalised[lag] <= normalised[lag + 1];
    let lows = || (SHORTEST..=most).filter(|&lag| is_low(lag));
    let best = lows().map(|lag| normalised[lag]).min_by(f64::total_cmp).filter(|&best| best <= ALIKE)?;
    let first = lows().find(|&lag| normalised[lag] < best + AS_GOOD)?;
    Some(refined(first as f64, &difference, values.len() / 2))
}

/// The values without what is far out; none where they are all the same.
fn drawn_in(values: &[f64]) -> Option<Vec<f64>> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let outer = sorted.len() / OUTER;
    let (low, high) = (*sorted.get(outer)?, *sorted.get(sorted.len().checked_sub(1 + outer)?)?);
    (low < high && TURNS * SHORTEST <= values.len()).then(|| values.iter().map(|v| v.clamp(low, high)).collect())
}

/// The mean squared difference of values so far apart, for each distance up to `most`.
fn differences(values: &[f64], most: usize) -> Vec<f64> {
    let of = |lag: usize| {
        let pairs = values.iter().zip(&values[lag..]);
        pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / (values.len() - lag) as f64
    };
    (0..=most).map(of).collect()
}

/// The period by its largest multiple: each is sought beside where the one before has put it, to a part of a value by a parabola.
fn refined(mut period: f64, difference: &[f64], most: usize) -> f64 {
    let mut turns = 2.0;
    while turns * period + 4.0 < most as f64 {
        let middle = (turns * period).round() as usize;
        let about = (0.1 * period).clamp(1.0, 3.0) as usize;
        let near = (middle - about..=middle + about).min_by(|&a, &b| difference[a].total_cmp(&difference[b]));
        let low = near.unwrap_or(middle);
        let (left, right) = (difference[low - 1] - difference[low], difference[low + 1] - difference[low]);
        let is_bowl = 0.0 <= left.min(right) && 0.0 < left + right;
        let part = if is_bowl { 0.5 * (left - right) / (left + right) } else { 0.0 };
        period = (low as f64 + part) / turns;
        turns += 1.0;
    }
    period
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(i: usize) -> f64 {
        // Once multiplied is a Weyl sequence, which comes back to itself every 21 and every 34 values.
        let mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ mixed >> 32) >> 40) as f64 / (1u64 << 24) as f64 - 0.5
    }

    fn made(of: impl Fn(f64) -> f64) -> Vec<f64> {
        (0..192).map(|i| of(i as f64)).collect()
    }

    #[test]
    fn it_is_found_in_waves_teeth_and_bursts_to_a_part_of_a_value() {
        let turn = |i: f64, length: f64| (i / length).fract();
        let shapes: [(&str, &dyn Fn(f64) -> f64); 3] = [
            ("a wave", &|t| libm::sin(t * core::f64::consts::TAU)),
            ("a saw tooth", &|t| t),
            ("two bursts", &|t| {
                if t < 0.1 {
                    1.0
                } else if (0.4..0.6).contains(&t) {
                    0.5
                } else {
                    0.0
                }
            }),
        ];
        for length in [9.3, 20.0, 31.7, 61.0] {
            for (name, shape) in shapes {
                let values: Vec<f64> =
                    made(|i| shape(turn(i, length))).iter().enumerate().map(|(i, v)| v + 0.2 * noise(i)).collect();
                let found = period(&values).unwrap_or_else(|| panic!("{name} of {length}"));
                // An edge that falls between two values is alike only after turns that make up a whole value.
                let turns = (found / length).round().clamp(1.0, 3.0);
                assert!((found / length / turns - 1.0).abs() < 0.03, "{name} of {length}: {found}");
            }
        }
    }

    #[test]
    fn what_has_none_has_none() {
        assert_eq!(period(&made(|i| noise(i as usize))), None, "noise");
        assert_eq!(period(&made(|i| i)), None, "a ramp");
        assert_eq!(period(&made(|_| 7.0)), None, "nothing");
        assert_eq!(period(&made(|i| if i < 100.0 { 0.0 } else { 5.0 })), None, "a step");
        let mut level = 0.0;
        let walk = made(|i| i)
            .iter()
            .map(|&i| {
                level += noise(i as usize);
                level
            })
            .collect::<Vec<_>>();
        assert_eq!(period(&walk), None, "a random walk");
        assert_eq!(period(&[1.0, 2.0]), None, "too short");
    }

    #[test]
    fn one_outlier_hides_no_cycle_and_makes_none() {
        let mut values = made(|i| libm::sin(i / 20.0 * core::f64::consts::TAU));
        values[77] = 1e9;
        assert!((period(&values).unwrap() - 20.0).abs() < 0.2);
    }
}
