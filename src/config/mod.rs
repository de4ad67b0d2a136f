//! From text to typed values: a file is read with the place of each value, resolved into [`Settings`], and every problem
//! is reported at once, with file, line, column and the next move.
//!
//! The TOML tree is read key by key and not through serde, which would stop at its first error. The presets of
//! `models/` are read by the same means.

mod cross;
mod given;
mod holidays;
mod hours;
mod mask;
mod nearest;
mod outside;
pub mod presets;
mod problem;
mod reader;
mod resolve;
mod sections;
mod settings;
#[cfg(test)]
mod tests;
mod text;
mod variables;

use std::collections::BTreeMap;
use std::path::Path;

pub use given::{Given, again};
use outside::Outside;
pub use problem::{Problem, Problems, Severity};
pub use settings::{
    Alertmanager, Channel, Chat, Deliver, Email, From, Http, Kafka, Lateness, Pace, PagerDuty, Receiver, Recording,
    Route, SchemaRegistry, Secret, Settings, SmtpTls, State, TEMPLATES, TemplateFile, Webhook,
};

/// The name of the configuration file where none is given.
pub const DEFAULT_FILE: &str = "forewarn.toml";

/// A commented configuration that shows every part; it is a valid one.
pub const EXAMPLE: &str = include_str!("example.toml");

/// What a configuration is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To run: secrets must be there.
    Run,
    /// To replay files: nothing is sent, so that secrets are neither needed nor read (they are empty).
    Replay,
}

/// A configuration that can be used, and what is odd about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The typed values.
    pub settings: Settings,
    /// Warnings only.
    pub warnings: Problems,
}

/// Reads a configuration file for [`Purpose::Run`]. Relative paths in it start at its folder.
///
/// # Errors
/// All problems at once, if one of them forbids the start.
pub fn load(path: &Path) -> Result<Settings, Problems> {
    load_for(path, Purpose::Run).map(|loaded| loaded.settings)
}

/// Reads a configuration file for a purpose, with the variables of the environment that override it; tells warnings too.
///
/// # Errors
/// All problems at once, if one of them forbids the start.
pub fn load_for(path: &Path, purpose: Purpose) -> Result<Loaded, Problems> {
    let origin = path.display().to_string();
    let hint = "write one (the README shows how), or name another with --config";
    let text = outside::read(path)
        .map_err(|why| Problems::whole(&origin, format!("cannot read the configuration `{origin}`: {why}"), hint))?;
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    parse_with(&text, &origin, Outside::at(base, purpose == Purpose::Run), outside::variables())
}

/// Reads a configuration from its text; `origin` names it in messages, relative paths start at `base`. The environment has
/// no say.
///
/// # Errors
/// All problems at once, if one of them forbids the start.
pub fn parse(text: &str, origin: &str, base: &Path, purpose: Purpose) -> Result<Loaded, Problems> {
    parse_with(text, origin, Outside::at(base.to_owned(), purpose == Purpose::Run), BTreeMap::new())
}

fn parse_with(
    text: &str,
    origin: &str,
    outside: Outside,
    variables: BTreeMap<String, String>,
) -> Result<Loaded, Problems> {
    let overridden = !variables.is_empty();
    let laid = variables::Laid::new(text, variables);
    let environment = overridden.then_some(laid.file_bytes);
    let (settings, list) = resolve::resolve(&laid, outside);
    let problems = Problems { origin: origin.to_owned(), text: laid.masked(), environment, list };
    match settings {
        Some(settings) if problems.errors() == 0 => Ok(Loaded { settings, warnings: problems }),
        _ => Err(problems),
    }
}

/// The settings where there is no file: the defaults, with what the environment says (`FOREWARN_KAFKA__BROKERS`).
///
/// # Errors
/// All problems of the variables at once.
pub fn without_file(purpose: Purpose) -> Result<Loaded, Problems> {
    let outside = Outside::at(Path::new("").to_owned(), purpose == Purpose::Run);
    parse_with("", "environment", outside, outside::variables())
}

/// Lays brokers and topics of the command line over the settings; with both, no configuration is needed.
///
/// # Errors
/// What of them cannot be used.
pub fn with_kafka(mut settings: Settings, brokers: Option<&str>, topics: &[String]) -> Result<Settings, Problems> {
    let complain = |option: &str| {
        let option = option.to_owned();
        move |fault: reader::Fault| {
            let message = format!("{option}: {}", fault.message);
            Problems::whole("command line", message, fault.hint.unwrap_or_default())
        }
    };
    let brokers = brokers.map(text::brokers).transpose().map_err(complain("--brokers"))?;
    let topics: Result<Vec<String>, _> = topics.iter().map(|topic| text::topic(topic)).collect();
    let topics = topics.map_err(complain("--topics"))?;
    match (&mut settings.kafka, brokers, topics) {
        (None, Some(brokers), topics) if !topics.is_empty() => settings.kafka = Some(Kafka::new(brokers, topics)),
        (None, Some(_), _) => {
            return Err(Problems::whole("command line", "no topics are named", "add --topics metrics,logs"));
        }
        (None, None, topics) if !topics.is_empty() => {
            return Err(Problems::whole("command line", "no brokers are named", "add --brokers host:9092"));
        }
        (None, None, _) => {}
        (Some(kafka), brokers, topics) => {
            kafka.brokers = brokers.unwrap_or_else(|| std::mem::take(&mut kafka.brokers));
            if !topics.is_empty() {
                kafka.topics = topics;
            }
        }
    }
    Ok(settings)
}
