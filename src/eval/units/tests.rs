use super::*;

fn day(number: i64) -> Timestamp {
    Timestamp::from_secs(86_400 * number)
}

fn unit(failed: Option<i64>, rises: &[(i64, f64)]) -> Unit {
    let rises: Rises = rises.iter().map(|&(at, evidence)| (day(at), evidence)).collect();
    Unit { first: day(0), failed: failed.map(day), evidence: rises.clone(), onset: rises }
}

/// A hundred healthy units with the evidence 0.00, 0.01, … 0.99 and four that fail on day 20.
fn fleet() -> Vec<Unit> {
    let mut units: Vec<Unit> = (0..100).map(|n| unit(None, &[(5, f64::from(n) / 100.0)])).collect();
    units.push(unit(Some(20), &[(3, 0.2), (10, 0.985)]));
    units.push(unit(Some(20), &[(18, 2.0)]));
    // Only on the day itself: too late to help.
    units.push(unit(Some(20), &[(1, 0.1), (20, 5.0)]));
    units.push(unit(Some(20), &[]));
    units
}

#[test]
fn the_share_of_healthy_units_sets_the_threshold() {
    // One in a hundred may be above: 0.98 is the second greatest.
    let figure = at_share(&fleet(), 0.01, |unit| &unit.evidence).unwrap();
    assert_eq!((figure.threshold, figure.healthy_flagged), (0.98, 0.01));
    // Two of four, 10 and 2 days ahead; a week ahead only the first.
    assert_eq!(figure.foreseen.value, 0.5);
    assert_eq!(figure.lead_days, Some(6.0));
    assert_eq!(figure.foreseen_week, Some(0.25));
    // Nobody healthy above the greatest of them.
    let strict = at_share(&fleet(), 0.0, |unit| &unit.evidence).unwrap();
    assert_eq!((strict.threshold, strict.healthy_flagged, strict.foreseen.value), (0.99, 0.0, 0.25));
}

#[test]
fn a_lax_threshold_flags_more_of_both() {
    let figures: Vec<AtShare> =
        SHARES.iter().map(|&share| at_share(&fleet(), share, |unit| &unit.onset).unwrap()).collect();
    assert!(figures.is_sorted_by(|a, b| b.threshold <= a.threshold && a.foreseen.value <= b.foreseen.value));
    assert!(figures.iter().zip(SHARES).all(|(figure, share)| figure.healthy_flagged <= share));
}
