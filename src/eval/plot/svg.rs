//! The picture: values and band above, both scores below, labels behind both.

use std::fmt::Write;

use super::{Point, Trace};
use crate::forecast::Band;
use crate::time::Timestamp;

const WIDTH: f64 = 1200.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 1185.0;
/// Upper panel and lower panel: top and bottom.
const VALUES: (f64, f64) = (40.0, 360.0);
const SCORES: (f64, f64) = (395.0, 515.0);
const HEIGHT: f64 = 560.0;

/// Points of one column of pixels.
#[derive(Clone, Copy)]
struct Column {
    x: f64,
    value: (f64, f64),
    band: Option<(f64, f64)>,
    anomaly: f64,
    onset: f64,
}

/// Where times and values lie.
struct Scale {
    from: Timestamp,
    seconds: f64,
    low: f64,
    high: f64,
}

impl Scale {
    fn of(trace: &Trace) -> Self {
        let from = trace.points.first().map_or(Timestamp::MIN, |point| point.at);
        let to = trace.points.last().map_or(from, |point| point.at);
        let to = trace.fans.iter().filter_map(|fan| Some(fan.last()?.0)).fold(to, Timestamp::max);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for point in &trace.points {
            (low, high) = (low.min(point.value), high.max(point.value));
        }
        // The band may reach beyond what came, but not so far that nothing else is seen.
        let reach = 0.25 * (high - low);
        let (least, most) = (low - reach, high + reach);
        for (below, above) in trace.points.iter().filter_map(|point| point.band) {
            (low, high) = (low.min(below.max(least)), high.max(above.min(most)));
        }
        if high < low {
            (low, high) = (0.0, 0.0);
        }
        if low == high {
            (low, high) = (low - 1.0, high + 1.0);
        }
        Scale { from, seconds: to.since(from).as_secs_f64().max(1.0), low, high }
    }

    fn x(&self, at: Timestamp) -> f64 {
        let share = at.since(self.from).as_secs_f64() / self.seconds;
        LEFT + (RIGHT - LEFT) * share.clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        VALUES.1 - (VALUES.1 - VALUES.0) * share
    }
}

fn score_y(score: f64) -> f64 {
    SCORES.1 - (SCORES.1 - SCORES.0) * score.clamp(0.0, 1.0)
}

/// Draws a trace.
pub(super) fn draw(trace: &Trace) -> String {
    let scale = Scale::of(trace);
    let columns = columns(&trace.points, &scale);
    let mut out = String::new();
    let _ = write!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>
<text x="{LEFT}" y="22" font-size="15">{}</text>
"##,
        escaped(&trace.name)
    );
    labels(&mut out, trace, &scale);
    axes(&mut out, &scale);
    band(&mut out, &columns, &scale);
    fans(&mut out, trace, &scale);
    values(&mut out, &columns, &scale);
    foreseen(&mut out, trace, &scale);
    scores(&mut out, &columns);
    legend(&mut out);
    out.push_str("</svg>\n");
    out
}

/// At most one column a pixel: extremes of the values and scores, the last band.
fn columns(points: &[Point], scale: &Scale) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for point in points {
        let x = libm::floor(scale.x(point.at) * 2.0) / 2.0;
        match columns.last_mut().filter(|column| column.x == x) {
            Some(column) => {
                column.value = (column.value.0.min(point.value), column.value.1.max(point.value));
                column.band = point.band.or(column.band);
                column.anomaly = column.anomaly.max(point.anomaly);
                column.onset = column.onset.max(point.onset);
            }
            None => columns.push(Column {
                x,
                value: (point.value, point.value),
                band: point.band,
                anomaly: point.anomaly,
                onset: point.onset,
            }),
        }
    }
    columns
}

fn labels(out: &mut String, trace: &Trace, scale: &Scale) {
    for &(from, to) in &trace.labels {
        let (x, end) = (scale.x(from), scale.x(to));
        let (width, height) = ((end - x).max(1.5), SCORES.1 - VALUES.0);
        let _ = writeln!(
            out,
            r##"<rect class="label" x="{x:.1}" y="{}" width="{width:.1}" height="{height}" fill="#f6c7c0"/>"##,
            VALUES.0
        );
    }
}

fn axes(out: &mut String, scale: &Scale) {
    for step in 0..=4 {
        let value = scale.low + (scale.high - scale.low) * f64::from(step) / 4.0;
        let y = scale.y(value);
        let text = crate::alert::words::quantity(value, None);
        let _ = writeln!(
            out,
            r##"<line x1="{LEFT}" x2="{RIGHT}" y1="{y:.1}" y2="{y:.1}" stroke="#dddddd"/><text x="{}" y="{:.1}" text-anchor="end">{}</text>"##,
            LEFT - 6.0,
            y + 4.0,
            escaped(&text)
        );
    }
    for score in [0.0, 0.5, 1.0] {
        let y = score_y(score);
        let _ = writeln!(
            out,
            r##"<line x1="{LEFT}" x2="{RIGHT}" y1="{y:.1}" y2="{y:.1}" stroke="#dddddd"/><text x="{}" y="{:.1}" text-anchor="end">{score}</text>"##,
            LEFT - 6.0,
            y + 4.0
        );
    }
    for step in 0..=5 {
        let seconds = scale.seconds * f64::from(step) / 5.0;
        let at = scale.from + crate::time::Span::from_secs(seconds as i64);
        let anchor = ["start", "middle", "middle", "middle", "middle", "end"][step as usize];
        let text = at.to_string();
        let short = text.get(..16).unwrap_or(&text).replace('T', " ");
        let _ = writeln!(
            out,
            r#"<text x="{:.1}" y="{}" text-anchor="{anchor}">{}</text>"#,
            scale.x(at),
            SCORES.1 + 18.0,
            escaped(&short)
        );
    }
}

/// The band as one outline for each stretch in which there is one.
fn band(out: &mut String, columns: &[Column], scale: &Scale) {
    for stretch in columns.split(|column| column.band.is_none()).filter(|stretch| 1 < stretch.len()) {
        let edge = |column: &Column, high: bool| {
            let (low, top) = column.band.unwrap_or_default();
            format!("{:.1},{:.1}", column.x, scale.y(if high { top } else { low }))
        };
        let upper = stretch.iter().map(|column| edge(column, true));
        let lower = stretch.iter().rev().map(|column| edge(column, false));
        let points: Vec<String> = upper.chain(lower).collect();
        let _ =
            writeln!(out, r##"<polygon class="band" points="{}" fill="#bcd7f0" opacity="0.8"/>"##, points.join(" "));
    }
}

/// What was expected of the values ahead: the 80 % band as an outline, and its middle.
fn fans(out: &mut String, trace: &Trace, scale: &Scale) {
    for fan in &trace.fans {
        let line = |of: fn(&Band) -> f64| {
            fan.iter().map(move |(at, band)| format!("{:.1},{:.1}", scale.x(*at), scale.y(of(band))))
        };
        let outline: Vec<String> = line(|band| band.high).chain(line(|band| band.low).rev()).collect();
        let middle: Vec<String> = line(|band| band.middle).collect();
        let _ = writeln!(
            out,
            r##"<g class="ahead" stroke="#2e8b57"><polygon points="{}" fill="#2e8b57" fill-opacity="0.15" stroke-opacity="0.4"/><polyline points="{}" fill="none" stroke-dasharray="3 2"/></g>"##,
            outline.join(" "),
            middle.join(" ")
        );
    }
}

fn values(out: &mut String, columns: &[Column], scale: &Scale) {
    let points: Vec<String> = columns
        .iter()
        .flat_map(|column| {
            let (low, high) = column.value;
            let point = |value: f64| format!("{:.1},{:.1}", column.x, scale.y(value));
            if low == high { vec![point(low)] } else { vec![point(low), point(high)] }
        })
        .collect();
    let _ = writeln!(
        out,
        r##"<polyline class="values" points="{}" fill="none" stroke="#1f3d5c" stroke-width="1"/>"##,
        points.join(" ")
    );
}

fn foreseen(out: &mut String, trace: &Trace, scale: &Scale) {
    for one in &trace.foreseen {
        let (told, earliest, latest) = (scale.x(one.told), scale.x(one.earliest), scale.x(one.latest));
        let y = VALUES.0 + 8.0;
        let _ = writeln!(
            out,
            r##"<g class="foreseen" stroke="#c0392b"><line x1="{told:.1}" x2="{:.1}" y1="{y}" y2="{y}" stroke-dasharray="4 3"/><line x1="{earliest:.1}" x2="{latest:.1}" y1="{y}" y2="{y}" stroke-width="4" opacity="0.5"/></g>"##,
            scale.x(one.likely)
        );
    }
}

fn scores(out: &mut String, columns: &[Column]) {
    let line = |score: fn(&Column) -> f64| -> String {
        let points: Vec<String> =
            columns.iter().map(|column| format!("{:.1},{:.1}", column.x, score_y(score(column)))).collect();
        points.join(" ")
    };
    let _ = writeln!(
        out,
        r##"<polyline class="anomaly" points="{}" fill="none" stroke="#7d7d7d" stroke-width="1"/>"##,
        line(|column| column.anomaly)
    );
    for column in columns.iter().filter(|column| 0.05 < column.onset) {
        let _ = writeln!(
            out,
            r##"<line class="onset" x1="{x:.1}" x2="{x:.1}" y1="{}" y2="{:.1}" stroke="#c0392b" stroke-width="1.5"/>"##,
            SCORES.1,
            score_y(column.onset),
            x = column.x
        );
    }
}

fn legend(out: &mut String) {
    let entries = [
        ("#1f3d5c", "value"),
        ("#bcd7f0", "80 % band"),
        ("#2e8b57", "forecast of values"),
        ("#7d7d7d", "anomaly_score"),
        ("#c0392b", "onset_score, alert ahead"),
        ("#f6c7c0", "label"),
    ];
    for (place, (colour, text)) in entries.into_iter().enumerate() {
        let x = LEFT + 170.0 * place as f64;
        let _ = writeln!(
            out,
            r#"<rect x="{x}" y="{}" width="14" height="10" fill="{colour}"/><text x="{}" y="{}">{text}</text>"#,
            HEIGHT - 19.0,
            x + 20.0,
            HEIGHT - 10.0
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
