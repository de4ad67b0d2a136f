use super::*;

fn trace() -> Trace {
    let at = |n: i64| Timestamp::from_secs(1_500_000_000 + 300 * n);
    let point = |n: i64| Point {
        at: at(n),
        value: if n == 50 { 90.0 } else { 50.0 },
        band: (20 <= n).then_some((48.0, 52.0)),
        anomaly: if n == 50 { 0.8 } else { 0.1 },
        onset: if n == 50 { 0.7 } else { 0.0 },
    };
    Trace {
        name: "a<b>".into(),
        points: (0..100).map(point).collect(),
        foreseen: vec![Foreseen { told: at(40), earliest: at(45), likely: at(50), latest: at(60) }],
        labels: vec![(at(49), at(55))],
        fans: Vec::new(),
    }
}

#[test]
fn everything_is_drawn_where_it_belongs() {
    let svg = svg::draw(&trace());
    let one = |class: &str| {
        let mut found = svg.lines().filter(|line| line.contains(&format!(r#"class="{class}""#)));
        let line = found.next().unwrap_or_else(|| panic!("no {class} in {svg}"));
        assert!(found.next().is_none(), "{class} twice");
        line.to_owned()
    };
    // 99 steps over 1,115 pixels from 70 on; row 50 is at 633.1, on the half pixel 633.0.
    assert!(one("onset").contains(r#"x1="633.0""#), "{}", one("onset"));
    assert!(one("values").contains("633.0,40.0"), "the greatest value is at the top");
    assert!(one("label").contains(r#"x="621.9""#));
    assert!(one("band").starts_with("<polygon"));
    assert!(one("foreseen").contains("x1=\"520.5\""));
    assert!(svg.contains("a&lt;b&gt;") && !svg.contains("a<b>"));
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
}

#[test]
fn forecasts_are_made_from_the_past_alone_and_drawn_ahead_of_it() {
    let at = |n: i64| Timestamp::from_secs(1_500_000_000 + 300 * n);
    let sine = |n: i64| 10.0 * libm::sin(n as f64 / 288.0 * std::f64::consts::TAU);
    let point = |n: i64| Point { at: at(n), value: sine(n), band: None, anomaly: 0.0, onset: 0.0 };
    let trace = |count: i64| Trace { points: (0..count).map(point).collect(), ..Trace::default() };
    let whole = trace(16 * 288).look_ahead(&Calendar::default());
    assert_eq!(whole.fans.len(), FANS);
    let last = whole.fans.last().unwrap();
    assert!(at(16 * 288 - 1) < last[0].0 && last.len() == FAN_STEPS as usize);
    let miss = last.iter().map(|(when, band)| {
        let n = when.since(at(0)).as_secs_f64() / 300.0;
        (band.middle - 10.0 * libm::sin(n / 288.0 * std::f64::consts::TAU)).abs()
    });
    assert!(miss.fold(0.0, f64::max) < 4.0, "{last:?}");
    // What came later changes no forecast of before.
    let mut other = trace(16 * 288);
    other.points[10 * 288..].iter_mut().for_each(|point| point.value = 500.0);
    assert_eq!(other.look_ahead(&Calendar::default()).fans[..4], whole.fans[..4]);
    let svg = svg::draw(&whole);
    assert_eq!(svg.matches(r#"class="ahead""#).count(), FANS);
}

#[test]
fn nothing_at_all_can_be_drawn() {
    for points in [Vec::new(), vec![Point { at: Timestamp::MIN, value: 3.0, band: None, anomaly: 0.0, onset: 0.0 }]] {
        let svg = svg::draw(&Trace { points, ..Trace::default() });
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
