use super::*;
use crate::eval::series::Promised;
use crate::time::Timestamp;

/// A series of one row a minute; probation is passed by rows put before those given.
fn series(labels: &str, scores: &[f64]) -> Series {
    let rows = labels.len();
    let before = rows * 3 / 17;
    let total = before + rows;
    assert_eq!((PROBATION * total as f64) as usize, before, "the rows before must be the probation");
    let mut all = vec![false; before];
    all.extend(labels.bytes().map(|byte| byte == b'1'));
    let mut anomaly = vec![9.0; before];
    anomaly.extend(scores);
    Series {
        times: (0..total).map(|row| Timestamp::from_secs(60 * row as i64)).collect(),
        labels: all,
        onset: anomaly.clone(),
        anomaly,
        promised: vec![Promised::default(); total],
    }
}

fn scores(rows: usize, high: &[(usize, f64)]) -> Vec<f64> {
    let mut scores = vec![0.0; rows];
    high.iter().for_each(|&(row, score)| scores[row] = score);
    scores
}

/// 85 rows with events at 20 to 29 and 60 to 69.
fn two_events() -> String {
    let mut labels = vec![b'0'; 85];
    labels[20..30].fill(b'1');
    labels[60..70].fill(b'1');
    String::from_utf8(labels).unwrap()
}

fn count(high: &[(usize, f64)], threshold: f64) -> Counts {
    let one = series(&two_events(), &scores(85, high));
    Judged::new(&one, &one.anomaly).count(threshold)
}

#[test]
fn an_event_is_found_once_and_its_delay_is_the_first_alarm() {
    let counts = count(&[(23, 0.9), (25, 0.9), (60, 0.4)], 0.5);
    assert_eq!((counts.events, counts.found, counts.false_alarms), (2, 1, 0));
    assert_eq!(counts.delays, [3]);
    assert_eq!((counts.points_right, counts.points_missed, counts.points_false), (10, 10, 0));
}

#[test]
fn a_late_detection_counts_for_the_event_but_not_for_its_points() {
    let counts = count(&[(28, 0.9)], 0.5);
    assert_eq!((counts.found, counts.points_right, counts.points_missed), (1, 0, 20));
    // Seven points after the start is still in time.
    assert_eq!(count(&[(27, 0.9)], 0.5).points_right, 10);
}

#[test]
fn alarms_near_each_other_are_one_false_alarm() {
    // In the grace of five rows after the event: neither right nor false. Behind it: false.
    assert_eq!(count(&[(30, 0.9), (34, 0.9)], 0.5).false_alarms, 0);
    assert_eq!(count(&[(35, 0.9)], 0.5).false_alarms, 1);
    assert_eq!(count(&[(5, 0.9), (10, 0.9)], 0.5).false_alarms, 1);
    assert_eq!(count(&[(5, 0.9), (11, 0.9)], 0.5).false_alarms, 2);
    // Before and behind an event, five rows apart but for it.
    assert_eq!(count(&[(19, 0.9), (59, 0.9)], 0.5).false_alarms, 2);
    assert_eq!(count(&[(5, 0.9), (35, 0.9)], 0.5).points_false, 2);
}

#[test]
fn an_alarm_that_never_ends_does_not_pay() {
    let always: Vec<(usize, f64)> = (0..85).map(|row| (row, 0.9)).collect();
    let counts = count(&always, 0.5);
    // 0 to 19 is one; 35 to 59 is one; 75 to 84 is one.
    assert_eq!((counts.found, counts.false_alarms, counts.points_false), (2, 3, 65));
    let one = series(&"0".repeat(85), &[0.9; 85]);
    assert_eq!(Judged::new(&one, &one.anomaly).count(0.5).false_alarms, 3);
}

#[test]
fn figures_by_hand() {
    // Two events found at 0.9 and 0.8, a false alarm at 0.85 and one at 0.3.
    let one = series(&two_events(), &scores(85, &[(20, 0.9), (62, 0.8), (45, 0.85), (80, 0.3)]));
    let figures = figures(&[one]);
    assert_eq!((figures.series, figures.rows, figures.events), (1, 100, 2));
    let best = figures.anomaly.at_best.unwrap();
    // At 0.8: two of two found, one false alarm: 2 * 2 / (2 * 2 + 1).
    assert_eq!((best.threshold, best.event_f1.value, best.recall), (0.8, 0.8, 1.0));
    assert!((best.precision - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(best.delay_points, Some(1.0));
    let days = 84.0 / 1440.0;
    assert!((best.false_alarms_per_series_day.value - 1.0 / days).abs() < 1e-9);
    // Points: 20 right, 1 false: 40 / 41.
    assert!((figures.anomaly.delay_adjusted_f1.unwrap().value - 40.0 / 41.0).abs() < 1e-12);
    assert!(figures.peers.is_empty());
}

#[test]
fn no_event_gives_no_figure_of_events() {
    let figures = figures(&[series(&"0".repeat(85), &scores(85, &[(3, 0.5)]))]);
    assert_eq!(figures.events, 0);
    assert!(figures.anomaly.vus_pr.is_none() && figures.anomaly.average_precision.is_none());
    assert_eq!(figures.anomaly.at_best.unwrap().event_f1.value, 0.0);
}

#[test]
fn thresholds_are_the_scores_or_quantiles_of_them() {
    assert_eq!(thresholds(&[0.1, 0.5, 0.5, 0.3]), [0.5, 0.3]);
    assert_eq!(thresholds(&[0.1; 5]), [0.0; 0]);
    let many: Vec<f64> = (0..10_000).map(f64::from).collect();
    let tried = thresholds(&many);
    assert!(50 < tried.len() && tried.len() <= THRESHOLDS);
    assert!(tried[0] == 9_999.0 && tried.is_sorted_by(|a, b| b < a));
    assert!((tried[tried.len() - 1] - 7_000.0).abs() <= 1.0);
}

#[test]
fn medians() {
    assert_eq!([median(vec![]), median(vec![3, 1, 2]), median(vec![4, 1])], [None, Some(2.0), Some(2.5)]);
}
