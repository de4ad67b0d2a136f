//! A picture as shapes: what is drawn where, before any pixel.

use jiff::tz::TimeZone;

use super::ink::Ink;
use super::paint::measure;
use super::{course, newest};
use crate::alert::chart::{Chart, Panel};
use crate::deliver::render::words::quantity;

/// The width of every picture, in CSS pixels.
pub const WIDTH: f32 = 640.0;
/// Space around.
const PAD: f32 = 14.0;
/// Left of a plot: the words of its scale.
const SIDE: f32 = 60.0;
/// The plot of the first signal, and of the others.
const PLOT: f32 = 180.0;
const SMALL: f32 = 54.0;
/// Above and below a plot.
const HEAD: f32 = 30.0;
const FOOT: f32 = 24.0;

/// A picture as shapes, later ones over earlier ones; in CSS pixels from the left upper corner.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sketch {
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) shapes: Vec<Shape>,
}

/// A place.
pub(super) type Place = (f32, f32);

/// One shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// A filled polygon.
    Area { points: Vec<Place>, ink: Ink },
    /// A line through points; dashes of the given length.
    Line { points: Vec<Place>, ink: Ink, width: f32, dash: Option<f32> },
    /// A filled circle.
    Dot { at: Place, radius: f32, ink: Ink },
    /// Words on a base line.
    Words { at: Place, anchor: Anchor, face: Face, ink: Ink, text: String },
}

/// Which end of the words stands at their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Left,
    Middle,
    Right,
}

/// How words are set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Face {
    pub(super) size: f32,
    pub(super) bold: bool,
}

/// Small words, and words in a head.
pub(super) const SMALL_FACE: Face = Face { size: 11.5, bold: false };
pub(super) const BOLD_FACE: Face = Face { size: 11.5, bold: true };
const NAME: Face = Face { size: 14.0, bold: true };
const NOW: Face = Face { size: 16.0, bold: true };

/// Where a plot lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) top: f32,
    pub(super) bottom: f32,
}

/// Lays out a picture; none where it has no signal or no time.
pub(super) fn sketch(chart: &Chart, zone: &TimeZone) -> Option<Sketch> {
    if chart.panels.is_empty() || chart.to <= chart.from {
        return None;
    }
    let mut sketch = Sketch { width: WIDTH, height: PAD - 4.0, shapes: Vec::new() };
    for (at, panel) in chart.panels.iter().enumerate() {
        let is_first = at == 0;
        sketch.head(panel, is_first);
        let top = sketch.height;
        let bottom = top + if is_first { PLOT } else { SMALL };
        let frame = Frame { left: SIDE, right: WIDTH - PAD, top, bottom };
        course::plot(&mut sketch, chart, panel, frame, is_first.then_some(zone));
        sketch.height = bottom + if is_first { FOOT } else { 8.0 };
    }
    sketch.height = (sketch.height + 4.0).ceil();
    Some(sketch)
}

impl Sketch {
    /// The name of a signal and its newest value.
    fn head(&mut self, panel: &Panel, is_first: bool) {
        let grow = if is_first { 0.0 } else { 2.0 };
        let (name, now) = (Face { size: NAME.size - grow, ..NAME }, Face { size: NOW.size - 2.0 * grow, ..NOW });
        let base = self.height + if is_first { 16.0 } else { 13.0 };
        let mut room = WIDTH - 2.0 * PAD;
        if let Some(value) = newest(panel) {
            let text = quantity(value, panel.unit.as_deref());
            room -= measure(&text, now) + 16.0;
            self.words((WIDTH - PAD, base), Anchor::Right, now, Ink::Course, text);
        }
        let (bare, labels) = match panel.signal.split_once('{') {
            Some((bare, labels)) if !bare.is_empty() => (bare, labels.trim_end_matches('}')),
            _ => (panel.signal.as_str(), ""),
        };
        let bare = shorten(bare, name, room);
        let used = measure(&bare, name) + 8.0;
        self.words((PAD, base), Anchor::Left, name, Ink::Text, bare);
        let labels = labels.replace("=\"", " ").replace("\",", "  ").replace('"', "");
        if 40.0 < room - used {
            let labels = shorten(&labels, SMALL_FACE, room - used);
            self.words((PAD + used, base), Anchor::Left, SMALL_FACE, Ink::Faint, labels);
        }
        self.height += if is_first { HEAD } else { HEAD - 8.0 };
    }

    /// Adds words; empty ones are nothing.
    pub(super) fn words(&mut self, at: Place, anchor: Anchor, face: Face, ink: Ink, text: String) {
        if !text.is_empty() {
            self.shapes.push(Shape::Words { at, anchor, face, ink, text });
        }
    }

    /// Adds a line.
    pub(super) fn line(&mut self, points: Vec<Place>, ink: Ink, width: f32, dash: Option<f32>) {
        if extent(&points).is_some_and(|(width, height)| 0.0 < width.max(height)) {
            self.shapes.push(Shape::Line { points, ink, width, dash });
        }
    }

    /// Adds a filled polygon.
    pub(super) fn area(&mut self, points: Vec<Place>, ink: Ink) {
        if extent(&points).is_some_and(|(width, height)| 0.0 < width.min(height)) {
            self.shapes.push(Shape::Area { points, ink });
        }
    }
}

/// Width and height of what points cover.
fn extent(points: &[Place]) -> Option<(f32, f32)> {
    let first = *points.first()?;
    let ends = points.iter().fold((first, first), |(low, high), at| {
        ((low.0.min(at.0), low.1.min(at.1)), (high.0.max(at.0), high.1.max(at.1)))
    });
    Some((ends.1.0 - ends.0.0, ends.1.1 - ends.0.1))
}

/// The words, cut so that they fit; what was cut is told by `…`.
pub(super) fn shorten(text: &str, face: Face, room: f32) -> String {
    if measure(text, face) <= room {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().take(400).collect();
    while kept.pop().is_some() {
        let cut: String = kept.iter().collect::<String>().trim_end().to_owned() + "…";
        if measure(&cut, face) <= room {
            return cut;
        }
    }
    String::new()
}
