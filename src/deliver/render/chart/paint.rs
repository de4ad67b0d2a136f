//! Shapes to pixels, and how wide words are.

use std::sync::LazyLock;

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform,
};
use ttf_parser::{Face as Font, OutlineBuilder};

use super::ink::Ink;
use super::sketch::{Anchor, Face, Place, Shape, Sketch};

/// Pixels to a CSS pixel, for sharp screens.
const DENSITY: f32 = 2.0;
/// The corners of the card.
const CORNER: f32 = 8.0;
/// The ground around words, so that lines do not cross them.
const HALO: f32 = 3.0;

static REGULAR: LazyLock<Option<Font<'static>>> =
    LazyLock::new(|| Font::parse(include_bytes!("roboto/Roboto-Regular.ttf"), 0).ok());
static MEDIUM: LazyLock<Option<Font<'static>>> =
    LazyLock::new(|| Font::parse(include_bytes!("roboto/Roboto-Medium.ttf"), 0).ok());

fn font(face: Face) -> Option<&'static Font<'static>> {
    if face.bold { MEDIUM.as_ref() } else { REGULAR.as_ref() }
}

/// The width of words, in the unit of the face's size.
pub(super) fn measure(text: &str, face: Face) -> f32 {
    let Some(font) = font(face) else { return 0.0 };
    let advances = text.chars().map(|c| f32::from(font.glyph_hor_advance(glyph(font, c)).unwrap_or(0)));
    advances.sum::<f32>() * face.size / f32::from(font.units_per_em())
}

/// The glyph of a character, or that of what is not known.
fn glyph(font: &Font<'_>, c: char) -> ttf_parser::GlyphId {
    font.glyph_index(c).or_else(|| font.glyph_index('\u{fffd}')).unwrap_or_default()
}

/// Paints a sketch; none where it has no size.
pub(super) fn png(sketch: &Sketch) -> Option<Vec<u8>> {
    let mut pixmap = Pixmap::new((sketch.width * DENSITY) as u32, (sketch.height * DENSITY) as u32)?;
    let scale = Transform::from_scale(DENSITY, DENSITY);
    if let Some(card) = card(sketch.width, sketch.height) {
        pixmap.fill_path(&card, &paint(Ink::Ground), FillRule::Winding, scale, None);
    }
    for shape in &sketch.shapes {
        draw(&mut pixmap, shape, scale);
    }
    pixmap.encode_png().ok()
}

fn paint(ink: Ink) -> Paint<'static> {
    let [red, green, blue, opacity] = ink.rgba();
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(Color::from_rgba8(red, green, blue, opacity));
    paint
}

fn draw(pixmap: &mut Pixmap, shape: &Shape, scale: Transform) {
    match shape {
        Shape::Area { points, ink } => {
            if let Some(path) = through(points, true) {
                pixmap.fill_path(&path, &paint(*ink), FillRule::Winding, scale, None);
            }
        }
        Shape::Line { points, ink, width, dash } => {
            let dash = dash.and_then(|dash| StrokeDash::new(vec![dash, dash * 0.7], 0.0));
            let stroke = Stroke {
                width: *width,
                dash,
                line_join: LineJoin::Round,
                line_cap: LineCap::Butt,
                ..Stroke::default()
            };
            if let Some(path) = through(points, false) {
                pixmap.stroke_path(&path, &paint(*ink), &stroke, scale, None);
            }
        }
        Shape::Dot { at, radius, ink } => {
            for (radius, ink) in [(radius + 1.5, Ink::Ground), (*radius, *ink)] {
                if let Some(path) = PathBuilder::from_circle(at.0, at.1, radius) {
                    pixmap.fill_path(&path, &paint(ink), FillRule::Winding, scale, None);
                }
            }
        }
        Shape::Words { at, anchor, face, ink, text } => {
            if let Some(path) = words(*at, *anchor, *face, text) {
                let halo = Stroke { width: HALO, line_join: LineJoin::Round, ..Stroke::default() };
                pixmap.stroke_path(&path, &paint(Ink::Ground), &halo, scale, None);
                pixmap.fill_path(&path, &paint(*ink), FillRule::Winding, scale, None);
            }
        }
    }
}

fn through(points: &[Place], closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    let (first, rest) = points.split_first()?;
    builder.move_to(first.0, first.1);
    rest.iter().for_each(|point| builder.line_to(point.0, point.1));
    if closed {
        builder.close();
    }
    builder.finish()
}

/// The card with its round corners.
fn card(width: f32, height: f32) -> Option<Path> {
    let rect = Rect::from_xywh(0.0, 0.0, width, height)?;
    let (right, bottom) = (rect.right(), rect.bottom());
    let mut builder = PathBuilder::new();
    builder.move_to(CORNER, 0.0);
    builder.line_to(right - CORNER, 0.0);
    builder.quad_to(right, 0.0, right, CORNER);
    builder.line_to(right, bottom - CORNER);
    builder.quad_to(right, bottom, right - CORNER, bottom);
    builder.line_to(CORNER, bottom);
    builder.quad_to(0.0, bottom, 0.0, bottom - CORNER);
    builder.line_to(0.0, CORNER);
    builder.quad_to(0.0, 0.0, CORNER, 0.0);
    builder.close();
    builder.finish()
}

/// The outline of words.
fn words(at: Place, anchor: Anchor, face: Face, text: &str) -> Option<Path> {
    let font = font(face)?;
    let width = measure(text, face);
    let shift = match anchor {
        Anchor::Left => 0.0,
        Anchor::Middle => width / 2.0,
        Anchor::Right => width,
    };
    let scale = face.size / f32::from(font.units_per_em());
    let mut pen = Pen { builder: PathBuilder::new(), scale, x: at.0 - shift, y: at.1 };
    for c in text.chars() {
        let glyph = glyph(font, c);
        font.outline_glyph(glyph, &mut pen);
        pen.x += f32::from(font.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
    }
    pen.builder.finish()
}

/// Puts a glyph's outline in its place.
struct Pen {
    builder: PathBuilder,
    scale: f32,
    x: f32,
    y: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> Place {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.builder.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.builder.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.builder.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.builder.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.builder.close();
    }
}
