//! What a picture of an alert shows: data only; how it is drawn is the delivery's.
//!
//! No decision depends on it. It is made of what the engine holds at the moment of a decision, and is bounded: at most
//! [`PANELS`] signals with at most some hundred points each.

use serde::{Deserialize, Serialize};

use crate::plan::Side;
use crate::time::Timestamp;

/// So many signals are shown, likeliest origin (or what is breached) first.
pub const PANELS: usize = 3;

/// The picture of one alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// The moment that the picture calls now.
    pub at: Timestamp,
    /// When the trouble began.
    pub since: Timestamp,
    /// The left edge.
    pub from: Timestamp,
    /// The right edge: beyond `at` where something is foreseen.
    pub to: Timestamp,
    /// The signals; at least one.
    pub panels: Vec<Panel>,
    /// Changes that fit, as marks on the axis of time.
    pub changes: Vec<Mark>,
}

/// One signal in a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Selector form, all labels.
    pub signal: String,
    /// The unit, if it is known.
    pub unit: Option<String>,
    /// Its values in order of time; a value that is not there breaks the line.
    pub course: Vec<Point>,
    /// What was or is expected.
    pub expected: Vec<Expected>,
    /// Its objectives and limits.
    pub bounds: Vec<Line>,
    /// The bound that will be passed, if one is foreseen.
    pub ahead: Option<Ahead>,
}

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// The mean of its step; none where nothing was seen.
    pub value: Option<f64>,
}

/// The 10 % and 90 % points of what is expected at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// When.
    pub at: Timestamp,
    /// The low end.
    pub low: f64,
    /// The high end.
    pub high: f64,
}

/// An objective or a limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What people call it: the objective's name, or `limit`.
    pub name: String,
    /// Its level.
    pub level: f64,
    /// The side that hurts.
    pub side: Side,
}

/// A crossing that is foreseen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ahead {
    /// The level that will be passed.
    pub level: f64,
    /// The 10 % point of the time.
    pub earliest: Timestamp,
    /// The 50 % point.
    pub likely: Timestamp,
    /// The 90 % point.
    pub latest: Timestamp,
}

/// Something that was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What, in words.
    pub what: String,
}
