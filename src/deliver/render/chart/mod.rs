//! The picture of an alert: each signal with its band, its bounds, what is foreseen, and what was changed.
//!
//! Pure: the same data and zone give the same bytes. `sketch` lays out shapes in points, `paint` makes
//! pixels of them. The picture brings its own dark ground, so that it reads the same in a light and a dark mail.

mod course;
mod ink;
mod paint;
mod scale;
mod sketch;

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;

use super::words::{moment, quantity};
use crate::alert::chart::{Chart, Panel};

pub use sketch::WIDTH;

/// A drawn chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The PNG file, in twice the resolution of `width` and `height`.
    pub png: Vec<u8>,
    /// Its width as shown, in CSS pixels.
    pub width: u32,
    /// Its height as shown.
    pub height: u32,
    /// What it shows, for those who do not see it.
    pub words: String,
}

/// Draws a chart; none where it has nothing to show.
pub fn draw(chart: &Chart, zone: &TimeZone) -> Option<Picture> {
    let sketch = sketch::sketch(chart, zone)?;
    let (width, height) = (sketch.width as u32, sketch.height as u32);
    Some(Picture { png: paint::png(&sketch)?, width, height, words: words(chart, zone) })
}

/// The first signal in words: what it is now, what is usual, what will be passed.
fn words(chart: &Chart, zone: &TimeZone) -> String {
    let Some(panel) = chart.panels.first() else { return String::new() };
    let say = |value: f64| quantity(value, panel.unit.as_deref());
    let mut words = format!("Chart of {}", panel.signal);
    if let Some(now) = newest(panel) {
        words.push_str(&format!(": now {}", say(now)));
    }
    if let Some(usual) = panel.expected.iter().rfind(|expected| expected.at <= chart.at) {
        words.push_str(&format!(", usually {} to {}", say(usual.low), say(usual.high)));
    }
    for line in &panel.bounds {
        words.push_str(&format!(", {} {}", line.name, say(line.level)));
    }
    if let Some(ahead) = &panel.ahead {
        words.push_str(&format!(", passes {} most likely {}", say(ahead.level), moment(ahead.likely, zone)));
    }
    words
}

/// The newest value.
fn newest(panel: &Panel) -> Option<f64> {
    panel.course.iter().rev().find_map(|point| point.value)
}
