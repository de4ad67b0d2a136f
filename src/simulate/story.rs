//! Stories on disk: a `story.toml` names a seed and what happens; the stream follows from it.

use std::io::{self, Write};

use serde::Deserialize;

use super::fault::{Fault, FaultKind};
use super::shape::shop;
use super::wire::Topic;
use super::world::{Failure, Scenario, World};
use crate::calendar::Calendar;
use crate::time::{Span, Timestamp};

/// A story as it stands in its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    seed: u64,
    start: String,
    length: String,
    step: String,
    #[serde(default)]
    time_zone: Option<String>,
    #[serde(default)]
    fault: Vec<FaultText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultText {
    kind: String,
    service: String,
    begins: String,
    lasts: String,
    #[serde(default = "one")]
    pace: f64,
}

fn one() -> f64 {
    1.0
}

/// Why a story cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    /// The file is not what a story looks like.
    #[error("story: {0}")]
    Shape(#[from] toml::de::Error),
    /// A value cannot be read.
    #[error("story: {what} `{value}` is unknown; {hint}")]
    Value {
        /// The key.
        what: &'static str,
        /// What stands there.
        value: String,
        /// What may stand there.
        hint: &'static str,
    },
}

impl Scenario {
    /// Reads a `story.toml`.
    pub fn parse(text: &str) -> Result<Scenario, StoryError> {
        let raw: Text = toml::from_str(text)?;
        let start = Timestamp::parse_rfc3339(&raw.start).ok_or_else(|| bad("start", &raw.start, "an RFC 3339 time"))?;
        let mut calendar = Calendar::default();
        if let Some(zone) = &raw.time_zone {
            calendar.zone = jiff::tz::TimeZone::get(zone).map_err(|_| bad("time_zone", zone, "an IANA name"))?;
        }
        let faults = raw.fault.iter().map(|fault| fault.resolve(start)).collect::<Result<_, _>>()?;
        let (length, step) = (span("length", &raw.length)?, span("step", &raw.step)?);
        Ok(Scenario { step, calendar, ..Scenario::shop(raw.seed, start, length, faults) })
    }
}

impl FaultText {
    fn resolve(&self, start: Timestamp) -> Result<Fault, StoryError> {
        let kind = FaultKind::ALL.into_iter().find(|kind| kind.name() == self.kind);
        let kind = kind.ok_or_else(|| bad("kind", &self.kind, "a name of FaultKind"))?;
        let service = shop().iter().map(|shape| shape.name).find(|name| *name == self.service);
        let service = service.ok_or_else(|| bad("service", &self.service, "a service of the shop"))?;
        let begins = start + span("begins", &self.begins)?;
        let ends = begins + span("lasts", &self.lasts)?;
        Ok(Fault { kind, service, begins, ends, pace: self.pace })
    }
}

fn span(what: &'static str, text: &str) -> Result<Span, StoryError> {
    Span::parse(text).ok_or_else(|| bad(what, text, "a span such as 2d or 90m"))
}

fn bad(what: &'static str, value: &str, hint: &'static str) -> StoryError {
    StoryError::Value { what, value: value.to_owned(), hint }
}

/// Tells a story to one writer for each topic, as the lines of a file, and gives back what users felt.
pub fn tell(scenario: Scenario, mut to: impl FnMut(Topic) -> Box<dyn Write>) -> io::Result<Vec<Failure>> {
    let (mut metrics, mut logs, mut changes) = (to(Topic::Metrics), to(Topic::Logs), to(Topic::Changes));
    let mut world = World::new(scenario);
    while let Some(events) = world.step() {
        for event in events {
            let writer = match event.topic {
                Topic::Metrics => &mut metrics,
                Topic::Logs => &mut logs,
                Topic::Changes => &mut changes,
            };
            writer.write_all(&event.bytes)?;
            if event.topic == Topic::Changes {
                writer.write_all(b"\n")?;
            }
        }
    }
    for writer in [&mut metrics, &mut logs, &mut changes] {
        writer.flush()?;
    }
    Ok(world.failures().to_vec())
}
