//! One series as a picture: what was expected, what came, what was said of it, and what the labels say.

mod svg;

use std::path::Path;

use super::EvalError;
use super::layout::Layout;
use super::series;
use super::{nab, units};
use crate::alert::AlertRecord;
use crate::calendar::{Calendar, LocalClock};
use crate::config::Settings;
use crate::engine::Scored;
use crate::forecast::{Band, Values};
use crate::ingest::files::Input;
use crate::replay::{self, Listener};
use crate::signal::Stat;
use crate::time::{Span, Timestamp};

/// One judged value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) at: Timestamp,
    pub(super) value: f64,
    /// The band that holds 80 %.
    pub(super) band: Option<(f64, f64)>,
    pub(super) anomaly: f64,
    pub(super) onset: f64,
}

/// A breach that was foreseen: told at one time, likely at another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Foreseen {
    pub(super) told: Timestamp,
    pub(super) earliest: Timestamp,
    pub(super) likely: Timestamp,
    pub(super) latest: Timestamp,
}

/// The forecast made at one time: the 80 % band and the middle at times ahead.
pub(super) type Fan = Vec<(Timestamp, Band)>;

/// So many forecasts are drawn, each over a sixteenth of the series, in so many steps.
const FANS: usize = 8;
const FAN_SHARE: i64 = 16;
const FAN_STEPS: i64 = 16;

/// All that is drawn.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) name: String,
    pub(super) points: Vec<Point>,
    pub(super) foreseen: Vec<Foreseen>,
    /// What was expected of the values ahead, at some times of the series.
    pub(super) fans: Vec<Fan>,
    /// When the labels say that something was wrong.
    pub(super) labels: Vec<(Timestamp, Timestamp)>,
}

impl Trace {
    pub(super) fn push(&mut self, scored: &Scored) {
        let Scored { at, value, expected: band, anomaly, onset, .. } = *scored;
        self.points.push(Point { at, value, band, anomaly, onset });
    }

    /// Forecasts the values from evenly spaced times on, from what came before each alone.
    fn look_ahead(mut self, calendar: &Calendar) -> Self {
        let (mut values, mut clock) = (Values::default(), LocalClock::default());
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return self };
        let span = Span::from_nanos(last.at.since(first.at).nanos() / FAN_SHARE);
        let mut from = (1..=FANS).map(|fan| self.points.len() * fan / FANS).peekable();
        for (seen, point) in self.points.iter().enumerate() {
            values.observe(point.at, point.value, clock.local(calendar, point.at));
            if from.next_if_eq(&(seen + 1)).is_some() {
                let ahead = (1..=FAN_STEPS).map(|step| Span::from_nanos(span.nanos() / FAN_STEPS * step));
                let fan: Fan = ahead.filter_map(|ahead| Some((point.at + ahead, values.band(ahead)?))).collect();
                self.fans.extend(Some(fan).filter(|fan| 1 < fan.len()));
            }
        }
        self
    }
}

impl Listener for Trace {
    fn scored(&mut self, scored: &Scored) {
        if scored.stat == Stat::Value {
            self.push(scored);
        }
    }

    fn alert(&mut self, record: &AlertRecord) {
        if let Some(breach) = &record.breach {
            let (earliest, likely, latest) = (breach.earliest, breach.likely, breach.latest);
            self.foreseen.push(Foreseen { told: record.at, earliest, likely, latest });
        }
    }
}

/// Draws the series of this name as SVG.
pub(super) fn draw(path: &Path, layout: &Layout, name: &str, settings: &Settings) -> Result<String, EvalError> {
    let trace = match layout {
        Layout::Nab => {
            let (inputs, windows) = nab::corpus(path)?;
            let at = find(&inputs, name)?;
            Trace { labels: windows[at].clone(), ..judged(inputs[at].clone(), settings)? }
        }
        Layout::Labelled(inputs) => {
            let input = &inputs[find(inputs, name)?];
            Trace { labels: labels(input)?, ..judged(input.clone(), settings)? }
        }
        Layout::Fleet(_) => {
            return Err(EvalError::Layout("fleets have no series to draw; draw an alert's chart instead".to_owned()));
        }
        Layout::Templates(_) => {
            return Err(EvalError::Layout(format!("there is no series {name} among log templates")));
        }
        Layout::Units(files) => units::trace(files, name, settings)?,
    };
    Ok(svg::draw(&trace.look_ahead(&settings.plan.calendar)))
}

fn judged(input: Input, settings: &Settings) -> Result<Trace, EvalError> {
    let mut trace = Trace { name: place(&input), ..Trace::default() };
    replay::listen(vec![input], settings, &mut trace)?;
    Ok(trace)
}

fn labels(input: &Input) -> Result<Vec<(Timestamp, Timestamp)>, EvalError> {
    let series = series::read(input).map_err(|error| EvalError::read(&input.path, error))?;
    let span = |(first, last): (usize, usize)| (series.times[first], series.times[last]);
    Ok(super::points::events(&series.labels).into_iter().map(span).collect())
}

fn place(input: &Input) -> String {
    input.place.display().to_string()
}

/// The input that is meant: by its place, or by its file's name if that is one's alone.
fn find(inputs: &[Input], name: &str) -> Result<usize, EvalError> {
    let bare = name.strip_suffix(".csv").unwrap_or(name);
    if let Some(at) = inputs.iter().position(|input| place(input) == bare) {
        return Ok(at);
    }
    let ending: Vec<usize> =
        (0..inputs.len()).filter(|&at| place(&inputs[at]).ends_with(bare) && !bare.is_empty()).collect();
    match ending[..] {
        [at] => Ok(at),
        [] => Err(no_series(name, inputs.iter().map(place))),
        _ => Err(EvalError::Layout(format!(
            "{name} may be any of {}",
            ending.iter().map(|&at| place(&inputs[at])).collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// There is no such series; some that there are.
pub(super) fn no_series(name: &str, known: impl Iterator<Item = String>) -> EvalError {
    let some: Vec<String> = known.take(5).collect();
    EvalError::Layout(format!("there is no series {name}; there are {}, …", some.join(", ")))
}

#[cfg(test)]
mod tests;
