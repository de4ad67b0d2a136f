//! One plot: the scale, what was expected, what was seen, its bounds, what is foreseen, what was changed.

use jiff::tz::TimeZone;

use super::ink::Ink;
use super::newest;
use super::scale::{Scale, times, values};
use super::sketch::{Anchor, BOLD_FACE, Frame, Place, SMALL_FACE, Shape, Sketch, shorten};
use crate::alert::chart::{Chart, Panel};
use crate::deliver::render::words::quantity;
use crate::time::Timestamp;

/// A plot under way.
struct Plot<'a> {
    chart: &'a Chart,
    panel: &'a Panel,
    frame: Frame,
    x: Scale,
    y: Scale,
}

/// Draws one signal. Times are written where a zone is given; without one the plot is a small one below another.
pub(super) fn plot(sketch: &mut Sketch, chart: &Chart, panel: &Panel, frame: Frame, zone: Option<&TimeZone>) {
    let (low, high) = range(panel);
    let x = Scale::new(0.0, seconds(chart, chart.to), frame.left, frame.right);
    let y = Scale::new(low, high, frame.bottom, frame.top);
    let plot = Plot { chart, panel, frame, x, y };
    plot.trouble(sketch);
    for (value, words) in values(low, high, if zone.is_some() { 5 } else { 2 }, panel.unit.as_deref()) {
        let at = y.place(value);
        sketch.line(vec![(frame.left, at), (frame.right, at)], Ink::Grid, 1.0, None);
        sketch.words((frame.left - 6.0, at + 4.0), Anchor::Right, SMALL_FACE, Ink::Faint, words);
    }
    plot.times(sketch, zone);
    plot.band(sketch, zone.is_some());
    plot.fan(sketch);
    plot.bounds(sketch, zone.is_some());
    plot.seen(sketch);
    plot.changes(sketch, zone.is_some());
    plot.now(sketch, zone);
}

/// Seconds from the left edge.
fn seconds(chart: &Chart, at: Timestamp) -> f64 {
    at.since(chart.from).as_secs_f64()
}

/// The range that shows all that matters: what was seen and foreseen, and of bounds and bands what is not far away.
fn range(panel: &Panel) -> (f64, f64) {
    let seen = panel.course.iter().filter_map(|point| point.value);
    let seen = seen.chain(panel.ahead.map(|ahead| ahead.level));
    let join = |range: Option<(f64, f64)>, value: f64| match range {
        _ if !value.is_finite() => range,
        Some((low, high)) => Some((low.min(value), high.max(value))),
        None => Some((value, value)),
    };
    let core = seen.fold(None, join);
    let lines = || panel.bounds.iter().map(|line| line.level);
    let band = || panel.expected.iter().flat_map(|e| [e.low, e.high]);
    let Some((low, high)) = core.or_else(|| band().chain(lines()).fold(None, join)) else { return (0.0, 1.0) };
    let room = 1.5 * (high - low);
    let near = |value: &f64| low - room <= *value && *value <= high + room;
    let (low, high) =
        band().filter(near).chain(lines().filter(near)).fold(Some((low, high)), join).unwrap_or((low, high));
    let pad = match 0.09 * (high / 2.0 - low / 2.0) * 2.0 {
        pad if 0.0 < pad => pad,
        _ => (0.1 * low.abs()).max(1e-9).max(if low == 0.0 { 1.0 } else { 0.0 }),
    };
    let floor = if 0.0 <= low { 0.0_f64.max(low - pad) } else { low - pad };
    (floor.max(f64::MIN / 4.0), (high + pad).min(f64::MAX / 4.0))
}

impl Plot<'_> {
    fn at(&self, at: Timestamp, value: f64) -> Place {
        (self.x.place(seconds(self.chart, at)), self.y.place(value))
    }

    fn time(&self, at: Timestamp) -> f32 {
        self.x.place(seconds(self.chart, at).clamp(0.0, seconds(self.chart, self.chart.to)))
    }

    fn upright(&self, sketch: &mut Sketch, at: f32, ink: Ink, width: f32, dash: Option<f32>) {
        sketch.line(vec![(at, self.frame.top), (at, self.frame.bottom)], ink, width, dash);
    }

    /// The time since the trouble began.
    fn trouble(&self, sketch: &mut Sketch) {
        let Frame { top, bottom, .. } = self.frame;
        let (from, to) = (self.time(self.chart.since), self.time(self.chart.at));
        sketch.area(vec![(from, top), (to, top), (to, bottom), (from, bottom)], Ink::Trouble);
    }

    fn times(&self, sketch: &mut Sketch, zone: Option<&TimeZone>) {
        let bottom = self.frame.bottom;
        sketch.line(vec![(self.frame.left, bottom), (self.frame.right, bottom)], Ink::Grid, 1.0, None);
        let Some(zone) = zone else { return };
        let mut free = self.frame.left - 12.0;
        for (at, words) in times(self.chart.from, self.chart.to, 7, zone) {
            let place = self.time(at);
            sketch.line(vec![(place, bottom), (place, bottom + 4.0)], Ink::Grid, 1.0, None);
            let half = super::paint::measure(&words, SMALL_FACE) / 2.0;
            if free <= place - half && place + half <= self.frame.right + 12.0 {
                sketch.words((place, bottom + 16.0), Anchor::Middle, SMALL_FACE, Ink::Faint, words);
                free = place + half + 10.0;
            }
        }
    }

    /// What was or is expected.
    fn band(&self, sketch: &mut Sketch, named: bool) {
        let expected = &self.panel.expected;
        let upper = expected.iter().map(|e| self.at(e.at, e.high));
        let lower = expected.iter().rev().map(|e| self.at(e.at, e.low));
        let points: Vec<Place> = upper.chain(lower).collect();
        let (Some(first), Some(last)) = (points.first().copied(), points.last().copied()) else { return };
        sketch.area(points, Ink::Band);
        if named && self.y.holds(expected[0].low) && self.y.holds(expected[0].high) {
            // Beside the band, where the line is not: below it, where there is room.
            let is_below = last.1 + 16.0 <= self.frame.bottom;
            let base = if is_below { last.1 + 13.0 } else { first.1 - 5.0 };
            sketch.words((first.0 + 6.0, base), Anchor::Left, SMALL_FACE, Ink::Faint, "usual".to_owned());
        }
    }

    /// Where it may go: from the newest value to the earliest and the latest time at which the bound is passed.
    fn fan(&self, sketch: &mut Sketch) {
        let (Some(ahead), Some(value)) = (self.panel.ahead, newest(self.panel)) else { return };
        let now = self.at(self.chart.at, value);
        let [earliest, likely, latest] =
            [ahead.earliest, ahead.likely, ahead.latest].map(|at| self.at(at.max(self.chart.at), ahead.level));
        sketch.area(vec![now, earliest, latest], Ink::Fan);
        sketch.line(vec![now, likely], Ink::Ahead, 2.0, Some(5.0));
    }

    fn bounds(&self, sketch: &mut Sketch, named: bool) {
        for line in self.panel.bounds.iter().filter(|line| self.y.holds(line.level)) {
            let at = self.y.place(line.level);
            sketch.line(vec![(self.frame.left, at), (self.frame.right, at)], Ink::Bound, 1.5, Some(6.0));
            if named {
                let words = format!("{} {}", line.name, quantity(line.level, self.panel.unit.as_deref()));
                let words = shorten(&words, BOLD_FACE, 260.0);
                sketch.words((self.frame.left + 6.0, at - 5.0), Anchor::Left, BOLD_FACE, Ink::Bound, words);
            }
        }
    }

    /// What was seen, broken where nothing was.
    fn seen(&self, sketch: &mut Sketch) {
        let runs = self.panel.course.split(|point| point.value.is_none());
        for run in runs {
            let points: Vec<Place> =
                run.iter().filter_map(|point| Some(self.at(point.at.min(self.chart.at), point.value?))).collect();
            match *points {
                [] => {}
                [at] => sketch.shapes.push(Shape::Dot { at, radius: 1.6, ink: Ink::Course }),
                _ => sketch.line(points, Ink::Course, 2.0, None),
            }
        }
        if self.panel.course.is_empty() {
            let Frame { left, right, top, bottom } = self.frame;
            let middle = ((left + right) / 2.0, (top + bottom) / 2.0 + 4.0);
            sketch.words(middle, Anchor::Middle, SMALL_FACE, Ink::Faint, "nothing was seen in this time".to_owned());
        }
    }

    fn changes(&self, sketch: &mut Sketch, named: bool) {
        let mut last: Option<f32> = None;
        for change in &self.chart.changes {
            let at = self.time(change.at);
            self.upright(sketch, at, Ink::Change, 1.5, Some(3.0));
            if !named || last.is_some_and(|last| (last - at).abs() < 24.0) {
                continue;
            }
            last = Some(at);
            let is_right = (self.frame.left + self.frame.right) / 2.0 < at;
            let (anchor, gap) = if is_right { (Anchor::Right, -6.0) } else { (Anchor::Left, 6.0) };
            let words = shorten(&change.what, BOLD_FACE, 240.0);
            sketch.words((at + gap, self.frame.bottom - 7.0), anchor, BOLD_FACE, Ink::Change, words);
        }
    }

    /// The present, where a future is shown, and when the bound is likely to be passed.
    fn now(&self, sketch: &mut Sketch, zone: Option<&TimeZone>) {
        if let Some(value) = newest(self.panel) {
            let end = self.panel.course.iter().rfind(|point| point.value.is_some());
            let at = self.at(end.map_or(self.chart.at, |end| end.at.min(self.chart.at)), value);
            sketch.shapes.push(Shape::Dot { at, radius: 4.0, ink: Ink::Course });
        }
        let (Some(ahead), Some(zone)) = (self.panel.ahead, zone) else { return };
        let now = self.time(self.chart.at);
        self.upright(sketch, now, Ink::Faint, 1.0, Some(2.0));
        sketch.words((now - 5.0, self.frame.top + 10.0), Anchor::Right, SMALL_FACE, Ink::Faint, "now".to_owned());
        let likely = self.at(ahead.likely.max(self.chart.at), ahead.level);
        let (earliest, latest) = (self.time(ahead.earliest), self.time(ahead.latest));
        sketch.line(vec![(earliest, likely.1), (latest, likely.1)], Ink::Ahead, 4.0, None);
        sketch.shapes.push(Shape::Dot { at: likely, radius: 5.0, ink: Ink::Ahead });
        let words = ahead.likely.to_jiff().to_zoned(zone.clone()).strftime("%a %H:%M").to_string();
        let below = if likely.1 < (self.frame.top + self.frame.bottom) / 2.0 { 19.0 } else { -11.0 };
        let half = super::paint::measure(&words, BOLD_FACE) / 2.0;
        let middle = likely.0.clamp(self.frame.left + half, self.frame.right - half);
        sketch.words((middle, likely.1 + below), Anchor::Middle, BOLD_FACE, Ink::Ahead, words);
    }
}
