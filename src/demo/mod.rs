//! `forewarn demo`: a broker in this process, a small shop that fails, and the live process itself, time compressed.
//!
//! It is `run` with three things in other places: the broker is embedded, the present is the stream's own time, and
//! messages are shown instead of sent. The shop follows from its seed and the live process knows nothing of it.
#![expect(clippy::disallowed_methods, reason = "a demo is paced by the wall clock and has a folder for its state")]

mod foresight;
mod home;
mod pace;
mod stage;
mod tale;

use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use crate::config::{self, Problems, Purpose, Settings};
use crate::deliver::{Form, Shown};
use crate::ingest::kafka::{Embedded, KafkaFault};
use crate::run::{self, Present, Process, RunError, StreamTime};
use crate::simulate::{Scenario, Topic, World};
use crate::time::Timestamp;
pub use foresight::Foresight;
use home::Home;
use pace::Pace;
use stage::{HISTORY, Stage, Told};
use tale::Tale;

/// The configuration that the demo runs with.
pub const CONFIGURATION: &str = include_str!("forewarn.toml");

/// Monday, 5 January 2026, at midnight: a seed tells the same story whenever it is told.
const START: Timestamp = Timestamp::from_secs(1_767_571_200);

/// How the demo was asked to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which story.
    pub seed: u64,
    /// How long it may take.
    pub length: Duration,
    /// Only the lines at the end, as fast as it goes.
    pub headless: bool,
    /// Whether the story is coloured.
    pub colours: bool,
}

/// What came of a demo.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What users felt, and what was said before.
    pub foresights: Vec<Foresight>,
    /// Whether the story was told to its end.
    pub whole: bool,
}

/// Why a demo could not be given.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Its own configuration.
    #[error("the demo's configuration: {0}")]
    Configuration(Box<Problems>),
    /// The embedded broker.
    #[error(transparent)]
    Kafka(#[from] KafkaFault),
    /// The live process.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The folder for its state.
    #[error("a folder for the demo's state: {0}")]
    Home(io::Error),
    /// Nobody reads the story.
    #[error("cannot write the story: {0}")]
    Output(#[from] io::Error),
}

impl From<Problems> for DemoError {
    fn from(problems: Problems) -> Self {
        DemoError::Configuration(Box::new(problems))
    }
}

/// Gives the demo; the story and then one JSON line for each failure go to `out`.
///
/// # Errors
/// Where the broker or the live process cannot work, or `out` takes no more.
pub fn demo(options: &Options, out: &mut dyn Write) -> Result<Outcome, DemoError> {
    play(Scenario::demo(options.seed, START), options, out)
}

/// The same with another story.
///
/// # Errors
/// As [`demo`].
pub fn play(mut scenario: Scenario, options: &Options, out: &mut dyn Write) -> Result<Outcome, DemoError> {
    let topics = [Topic::Metrics, Topic::Logs, Topic::Changes].map(Topic::name);
    let broker = Embedded::start(topics.into_iter().chain(["forewarn.alerts"]))?;
    let home = Home::make().map_err(DemoError::Home)?;
    let settings = settings(&broker.address(), home.path())?;
    scenario.calendar = settings.plan.calendar.clone();
    let (start, length) = (scenario.start, scenario.length);
    let mut tale = Tale::new(out, options.headless, options.colours, scenario.calendar.zone.clone(), length);
    tale.begin(options.seed, length)?;

    let along = (!options.headless).then_some((start + HISTORY, start + length));
    let pace = Pace::new(options.length, along);
    let time = StreamTime::from(start);
    let (showroom, sent) = mpsc::channel();
    let (watcher, decided) = mpsc::channel();
    let present = Present::Stream(time.clone());
    let asked = run::Options { present, showroom: Some(showroom), watcher: Some(watcher), ..run::Options::default() };
    let process = Process::start(settings, asked)?;
    let mut stage = Stage {
        world: World::new(scenario),
        broker: &broker,
        process: &process,
        time,
        pace,
        decided,
        sent,
        start,
        told: Told::default(),
        progressed: None,
        opened: None,
        learned: false,
        changes: 0,
    };
    let whole = stage.play(&mut tale);
    let Stage { mut told, sent, pace, .. } = stage;
    let finished = process.finish();
    told.shown.extend(sent.try_iter());
    let whole = whole?;
    finished?;
    let foresights = told.foresights();
    let (mail, request) = examples(&told, &foresights);
    tale.messages(mail, request)?;
    tale.end(&foresights, pace.elapsed())?;
    tale.lines(&foresights)?;
    Ok(Outcome { foresights, whole })
}

/// The demo's settings: those of its configuration, with this broker and this folder.
fn settings(brokers: &str, state: &Path) -> Result<Settings, Problems> {
    let loaded = config::parse(CONFIGURATION, "src/demo/forewarn.toml", Path::new(""), Purpose::Run)?;
    let mut settings = config::with_kafka(loaded.settings, Some(brokers), &[])?;
    settings.state.directory = state.to_owned();
    Ok(settings)
}

/// A mail and a request worth showing: of the first alert that came before a failure, else of any.
fn examples<'a>(told: &'a Told, foresights: &[Foresight]) -> (Option<&'a Shown>, Option<&'a Shown>) {
    let warning = foresights.iter().find_map(|foresight| foresight.warning.as_ref());
    let about = |shown: &&Shown| warning.is_some_and(|record| shown.alerts == [record.id.clone()]);
    let first = |is_meant: fn(&Form) -> bool| {
        let mut all = told.shown.iter().filter(|shown| is_meant(&shown.form));
        all.clone().find(about).or_else(|| all.next())
    };
    (first(|form| matches!(form, Form::Mail { .. })), first(|form| matches!(form, Form::Request { .. })))
}
