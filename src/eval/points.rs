//! How well a score ranks the points of a series: average precision, and the volume under the surface of precision and recall.
//!
//! VUS-PR is the mean average precision over several widths of a soft border around each event, within which a point counts in
//! part (after Paparrizos et al., 2022, "Volume Under the Surface", PVLDB 15). It needs no threshold.

/// Widths of the soft border, in points.
const WIDTHS: [usize; 6] = [0, 1, 2, 4, 8, 16];

/// The events of a series: first and last row of each run of labels.
pub(super) fn events(labels: &[bool]) -> Vec<(usize, usize)> {
    let mut events: Vec<(usize, usize)> = Vec::new();
    for (row, _) in labels.iter().enumerate().filter(|(_, label)| **label) {
        match events.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => events.push((row, row)),
        }
    }
    events
}

/// Average precision with soft labels from 0 to 1: the mean over labels of the precision at each score, equal scores taken at
/// once. None without labels.
pub(super) fn average_precision(soft: &[f64], scores: &[f64]) -> Option<f64> {
    let all: f64 = soft.iter().sum();
    if all <= 0.0 {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (mut hits, mut before, mut sum) = (0.0, 0.0, 0.0);
    for (place, &row) in order.iter().enumerate() {
        hits += soft[row];
        let is_last = order.get(place + 1).is_none_or(|&next| scores[next] != scores[row]);
        if is_last {
            sum += (hits - before) * hits / (place + 1) as f64;
            before = hits;
        }
    }
    Some(sum / all)
}

/// VUS-PR of one series; none without events.
pub(super) fn vus_pr(labels: &[bool], scores: &[f64]) -> Option<f64> {
    let events = events(labels);
    let mut sum = 0.0;
    for width in WIDTHS {
        sum += average_precision(&softened(labels, &events, width), scores)?;
    }
    Some(sum / WIDTHS.len() as f64)
}

/// The labels with a border that fades as the root of the distance.
fn softened(labels: &[bool], events: &[(usize, usize)], width: usize) -> Vec<f64> {
    let mut soft: Vec<f64> = labels.iter().map(|&label| f64::from(u8::from(label))).collect();
    for &(first, last) in events {
        for step in 1..=width {
            let part = libm::sqrt(1.0 - step as f64 / (width as f64 + 1.0));
            for row in [first.checked_sub(step), Some(last + step)].into_iter().flatten() {
                if let Some(value) = soft.get_mut(row) {
                    *value = value.max(part);
                }
            }
        }
    }
    soft
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(text: &str) -> Vec<bool> {
        text.bytes().map(|byte| byte == b'1').collect()
    }

    #[test]
    fn runs_of_labels_are_events() {
        assert_eq!(events(&labels("1100010111")), [(0, 1), (5, 5), (7, 9)]);
        assert_eq!(events(&labels("000")), []);
    }

    #[test]
    fn average_precision_by_hand() {
        // In order of score: hit, miss, hit, so (1/1 + 2/3) / 2.
        let ap = average_precision(&[1.0, 0.0, 1.0, 0.0], &[0.9, 0.8, 0.7, 0.1]).unwrap();
        assert!((ap - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        // All equal: one step, the share of labels.
        assert_eq!(average_precision(&[1.0, 0.0, 1.0, 0.0], &[0.5; 4]), Some(0.5));
        assert_eq!(average_precision(&[0.0; 4], &[0.5; 4]), None);
    }

    #[test]
    fn the_border_counts_in_part() {
        let soft = softened(&labels("000100"), &[(3, 3)], 1);
        assert_eq!(soft[3], 1.0);
        assert!((soft[2] - 0.5f64.sqrt()).abs() < 1e-12 && soft[2] == soft[4]);
        assert_eq!((soft[1], soft[5]), (0.0, 0.0));
    }

    proptest! {
        /// A score that puts the labels first has an average precision of 1, whatever they are; none has more.
        #[test]
        fn the_oracle_is_best(marks in prop::collection::vec(any::<bool>(), 1..60), noise in prop::collection::vec(0.0f64..1.0, 60)) {
            let soft: Vec<f64> = marks.iter().map(|&mark| f64::from(u8::from(mark))).collect();
            prop_assume!(marks.contains(&true));
            prop_assert!((average_precision(&soft, &soft).unwrap() - 1.0).abs() < 1e-12);
            let other = vus_pr(&marks, &noise[..marks.len()]).unwrap();
            prop_assert!((0.0..=1.0 + 1e-12).contains(&other));
        }

        /// Only the order of scores counts.
        #[test]
        fn a_rising_map_changes_nothing(marks in prop::collection::vec(any::<bool>(), 60), scores in prop::collection::vec(0u8..20, 60)) {
            let plain: Vec<f64> = scores.iter().map(|&score| f64::from(score)).collect();
            let bent: Vec<f64> = plain.iter().map(|score| score * score + 1.0).collect();
            prop_assert_eq!(vus_pr(&marks, &plain), vus_pr(&marks, &bent));
        }
    }
}
