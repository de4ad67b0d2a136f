//! Pictures by their shapes and by their pixels.

use super::ink::Ink;
use super::sketch::{Shape, Sketch, sketch};
use super::*;
use crate::alert::chart::{Ahead, Expected, Line, Mark, Point};
use crate::plan::Side;
use crate::time::{Span, Timestamp};

/// A disk that fills from 12 hours ago on, with a limit foreseen in 6 hours, and a deployment.
fn disk() -> Chart {
    let at = Timestamp::parse_rfc3339("2026-11-24T01:10:00Z").unwrap();
    let from = at - Span::from_hours(24);
    let value = |i: i64| if i < 24 { 0.45 + 0.01 * ((i % 5) as f64) } else { 0.47 + 0.017 * (i - 24) as f64 };
    let course = (0..48).map(|i| Point { at: from + Span::from_mins(30 * i + 15), value: Some(value(i)) }).collect();
    let expected = [from, at].map(|at| Expected { at, low: 0.44, high: 0.5 }).to_vec();
    let hours = |n: i64| at + Span::from_hours(n);
    let panel = Panel {
        signal: "disk_used_ratio{host=\"db-1\",mount=\"/var/lib/postgresql\"}".to_owned(),
        unit: Some("ratio".to_owned()),
        course,
        expected,
        bounds: vec![Line { name: "limit".to_owned(), level: 0.95, side: Side::Above }],
        ahead: Some(Ahead { level: 0.95, earliest: hours(4), likely: hours(6), latest: hours(11) }),
    };
    let writes = Panel {
        signal: "wal_bytes{host=\"db-1\"}".to_owned(),
        unit: Some("bytes".to_owned()),
        course: panel.course.iter().map(|p| Point { value: p.value.map(|v| v * 1e11), ..*p }).collect(),
        expected: Vec::new(),
        bounds: Vec::new(),
        ahead: None,
    };
    let changes = vec![Mark { at: at - Span::from_hours(12), what: "deploy of billing v42".to_owned() }];
    Chart { at, since: at - Span::from_hours(12), from, to: hours(11), panels: vec![panel, writes], changes }
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn words_of(sketch: &Sketch) -> Vec<&str> {
    let words = sketch.shapes.iter().filter_map(|shape| match shape {
        Shape::Words { text, .. } => Some(text.as_str()),
        _ => None,
    });
    words.collect()
}

/// Red, green, blue at a place in CSS pixels.
fn pixel(png: &[u8], x: f32, y: f32) -> [u8; 4] {
    let pixmap = tiny_skia::Pixmap::decode_png(png).unwrap();
    let color = pixmap.pixel((x * 2.0) as u32, (y * 2.0) as u32).unwrap().demultiply();
    [color.red(), color.green(), color.blue(), color.alpha()]
}

#[test]
fn a_picture_says_what_its_lines_are() {
    let sketch = sketch(&disk(), &zone()).unwrap();
    expect_test::expect!["86.1 % | disk_used_ratio | host db-1  mount /var/lib/postgresql | 40 % | 60 % | 80 % | 06:00 | 12:00 | 18:00 | Tue 24 | 06:00 | 12:00 | usual | limit 95 % | deploy of billing v42 | now | Tue 08:10 | 86.1 GB | wal_bytes | host db-1"].assert_eq(&words_of(&sketch).join(" | "));
    let inks: Vec<Ink> = sketch
        .shapes
        .iter()
        .filter_map(|shape| match shape {
            Shape::Area { ink, .. } | Shape::Line { ink, .. } | Shape::Dot { ink, .. } => Some(*ink),
            Shape::Words { .. } => None,
        })
        .collect();
    for ink in [Ink::Course, Ink::Band, Ink::Fan, Ink::Ahead, Ink::Bound, Ink::Change, Ink::Trouble] {
        assert!(inks.contains(&ink), "{ink:?}");
    }
}

#[test]
fn the_same_data_give_the_same_bytes_and_lines_lie_where_their_values_are() {
    let chart = disk();
    let picture = draw(&chart, &zone()).unwrap();
    assert_eq!(draw(&chart, &zone()).unwrap(), picture);
    assert!(picture.png.len() < 80_000, "{} bytes", picture.png.len());
    let sketch = sketch(&chart, &zone()).unwrap();
    // On the last point of the course there is a dot in its ink, and outside of the card nothing.
    let dot = sketch.shapes.iter().rev().find_map(|shape| match shape {
        Shape::Dot { at, ink: Ink::Course, .. } => Some(*at),
        _ => None,
    });
    let (x, y) = dot.unwrap();
    assert_eq!(pixel(&picture.png, x, y), Ink::Course.rgba());
    assert_eq!(pixel(&picture.png, 0.0, 0.0)[3], 0);
    assert_eq!(pixel(&picture.png, WIDTH / 2.0, 1.0), Ink::Ground.rgba());
    assert_eq!(
        picture.words,
        "Chart of disk_used_ratio{host=\"db-1\",mount=\"/var/lib/postgresql\"}: now 86.1 %, usually 44 % to 50 %, \
         limit 95 %, passes 95 % most likely Tue 24 Nov 08:10 CET"
    );
}

#[test]
fn what_is_odd_is_drawn_all_the_same() {
    let plain = disk();
    let mut odd = Vec::new();
    for values in [vec![], vec![None; 3], vec![Some(1.0)], vec![Some(f64::MAX), Some(f64::MIN)], vec![Some(0.0); 9]] {
        let mut chart = plain.clone();
        let times = chart.panels[0].course.clone();
        chart.panels[0].course = values.into_iter().zip(times).map(|(value, point)| Point { value, ..point }).collect();
        odd.push(chart.clone());
        (chart.panels[0].ahead, chart.panels[0].bounds, chart.panels[0].expected) = (None, Vec::new(), Vec::new());
        chart.panels[0].signal = "{\"ein langer Name, Ψυχή, день, 名前\"}".repeat(9);
        odd.push(chart);
    }
    for (to, shown) in [(Span::from_secs(1), true), (Span::from_days(9_000), true), (Span::ZERO, false)] {
        let mut chart = plain.clone();
        chart.to = chart.from + to;
        assert_eq!(draw(&chart, &zone()).is_some(), shown);
    }
    for chart in odd {
        assert!(draw(&chart, &zone()).is_some());
    }
}

#[test]
fn words_are_cut_to_their_room() {
    let cut = sketch::shorten("a name that is far too long for its place", sketch::BOLD_FACE, 100.0);
    assert!(cut.ends_with('…') && paint::measure(&cut, sketch::BOLD_FACE) <= 100.0, "{cut}");
    assert_eq!(sketch::shorten("short", sketch::BOLD_FACE, 100.0), "short");
}
