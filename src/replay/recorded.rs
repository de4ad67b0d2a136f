//! A recording, replayed: the same acts at the same places, so that the same is decided, bit for bit.
//!
//! The configuration is in the recording too, and each reload at its moment. Where another one is named, that one holds
//! throughout: so it is seen what it would have said.
//!
//! Where a process was killed, what it had judged since its checkpoint lies in the recording twice: it is judged twice, as
//! then, and told once. Nothing is added at the end that `run` had not decided yet.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::progress::Progress;
use super::report::{self, AlertLines, Tally};
use super::{ReplayArgs, ReplayError, Summary};
use crate::alert::AlertRecord;
use crate::config::{Given, Settings};
use crate::deliver::planned::Planner;
use crate::deliver::{Policy, Wall};
use crate::engine::Output;
use crate::ingest::Received;
use crate::ingest::files::{FileError, Input};
use crate::ingest::gate::PartitionId;
use crate::pipeline::{Pipeline, drain, get};
use crate::recording::{Stage, Tape};
use crate::state::{Act, Checkpoint};
use crate::time::Timestamp;

/// Plays recordings as they were judged and hands each change of an alert on, in the order in which `run` told it. Gives the pipeline as it
/// stood at the end, and what a person should know of the recording.
///
/// # Errors
/// Where no file can be read, or `each` fails.
pub fn play(
    inputs: &[Input],
    settings: &Settings,
    each: impl FnMut(&AlertRecord) -> Result<(), ReplayError>,
) -> Result<(Pipeline, Vec<String>), ReplayError> {
    let (tape, problems) = open(inputs, &Arc::default());
    if tape.is_empty() {
        return Err(ReplayError::NoInput(problems));
    }
    let mut notes: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let mut player = Player::new(settings, each);
    tape.play(&mut player)?;
    notes.append(&mut player.notes);
    Ok((player.pipeline, notes))
}

fn open(inputs: &[Input], counted: &Arc<AtomicU64>) -> (Tape, Vec<FileError>) {
    let (tape, problems) = Tape::open(inputs, counted);
    let problems = problems.into_iter().map(|(path, source)| FileError::Unreadable { path, source });
    (tape, problems.collect())
}

/// Whether a configuration was named that never held while the recording was made.
fn is_other(inputs: &[Input], settings: &Settings) -> bool {
    if *settings.given == Given::default() {
        return false;
    }
    let mut seek = Seek { given: &settings.given, found: false };
    let (tape, _) = open(inputs, &Arc::default());
    // It fails at once where it is found.
    let _ = tape.play(&mut seek);
    !seek.found
}

/// Looks for a configuration in a recording.
struct Seek<'a> {
    given: &'a Given,
    found: bool,
}

impl Seek<'_> {
    fn look(&mut self, given: Option<&Given>) -> Result<(), ()> {
        self.found |= given == Some(self.given);
        if self.found { Err(()) } else { Ok(()) }
    }
}

impl Stage for Seek<'_> {
    type Error = ();

    fn state(&mut self, state: &Checkpoint) {
        let _ = self.look(get(state, "given").as_ref());
    }

    fn record(&mut self, _: &PartitionId, _: Received<'_>) {}

    fn judge(&mut self, _: &PartitionId, _: i64) -> Result<(), ()> {
        self.look(None)
    }

    fn act(&mut self, act: &Act) -> Result<(), ()> {
        match act {
            Act::Reload(given) => self.look(Some(given)),
            _ => self.look(None),
        }
    }

    fn own(&mut self, _: AlertRecord) -> Result<(), ()> {
        Ok(())
    }

    fn note(&mut self, _: String) {}
}

/// `replay` of recordings.
pub(super) fn replay(args: &ReplayArgs, settings: &Settings, inputs: &[Input]) -> Result<Summary, ReplayError> {
    let counted = Arc::default();
    let (tape, problems) = open(inputs, &counted);
    problems.iter().for_each(|problem| tracing::warn!("{problem}"));
    if tape.is_empty() {
        return Err(ReplayError::NoInput(problems));
    }
    let progress = Progress::new(inputs.iter().map(|input| input.bytes).sum(), counted);
    let mut alerts = match &args.alerts {
        Some(path) => Some(AlertLines::create(path)?),
        None => args.report.is_none().then(AlertLines::sentences),
    };
    let mut player =
        Player::new(settings, |record: &AlertRecord| alerts.as_mut().map_or(Ok(()), |to| to.write(record)));
    player.other = is_other(inputs, settings);
    if player.other {
        tracing::info!("judged under the configuration that was named, which is none of those recorded");
    }
    player.planner = Some(Planner::new(Policy::planning(settings)));
    player.progress = Some(progress);
    tape.play(&mut player)?;
    let Player { pipeline, tally, planner, records, progress, .. } = player;
    if let Some(progress) = progress {
        progress.finish();
    }
    if let Some(alerts) = alerts {
        alerts.finish()?;
    }
    let planned = planner.map(Planner::finish).unwrap_or_default();
    let summary = tally.sum_up(records, &pipeline.engine, pipeline.gate.newest(), planned);
    if let Some(path) = &args.report {
        report::write(path, &summary)?;
    }
    tracing::info!("{summary}");
    Ok(summary)
}

/// The stage on which a recording is played.
struct Player<F> {
    pipeline: Pipeline,
    settings: Settings,
    /// Whether these settings hold instead of what was recorded.
    other: bool,
    out: Output,
    each: F,
    /// The latest revision told of each alert.
    told: BTreeMap<String, u32>,
    /// The offset behind the last record counted of each partition: what was read again counts once.
    counted: BTreeMap<PartitionId, i64>,
    records: u64,
    tally: Tally,
    planner: Option<Planner>,
    progress: Option<Progress>,
    notes: Vec<String>,
}

impl<F: FnMut(&AlertRecord) -> Result<(), ReplayError>> Player<F> {
    fn new(settings: &Settings, each: F) -> Self {
        Player {
            pipeline: Pipeline::new(settings),
            settings: settings.clone(),
            other: false,
            out: Output::default(),
            each,
            told: BTreeMap::new(),
            counted: BTreeMap::new(),
            records: 0,
            tally: Tally::default(),
            planner: None,
            progress: None,
            notes: Vec::new(),
        }
    }

    fn tell(&mut self) -> Result<(), ReplayError> {
        for record in drain(&mut self.out) {
            self.tell_one(&record)?;
        }
        let mark = self.pipeline.engine.watermark();
        if let Some(planner) = &mut self.planner
            && Timestamp::MIN < mark
        {
            planner.advance(Wall(mark));
        }
        Ok(())
    }

    fn tell_one(&mut self, record: &AlertRecord) -> Result<(), ReplayError> {
        if self.told.get(&record.id).is_some_and(|told| record.revision <= *told) {
            return Ok(());
        }
        self.told.insert(record.id.clone(), record.revision);
        self.tally.alert(record);
        if let Some(planner) = &mut self.planner {
            planner.take(record);
        }
        (self.each)(record)
    }
}

impl<F: FnMut(&AlertRecord) -> Result<(), ReplayError>> Stage for Player<F> {
    type Error = ReplayError;

    fn state(&mut self, state: &Checkpoint) {
        let restored = match self.other {
            false => Pipeline::restore(&self.settings, state),
            true => Pipeline::restore_under(&self.settings, state),
        };
        let (pipeline, anew) = restored;
        self.pipeline = pipeline;
        for part in anew {
            self.note(format!("{part} of the state could not be read and begins anew"));
        }
    }

    fn record(&mut self, from: &PartitionId, message: Received<'_>) {
        let again = self.counted.get(from).is_some_and(|next| message.offset < *next);
        let seen = self.pipeline.read(from, message);
        if !again {
            self.records += 1;
            self.tally.admitted(seen.admitted);
            let place = PathBuf::from(from.to_string());
            self.tally.rejects(&place, seen.rejects);
            self.counted.insert(from.clone(), message.offset + 1);
        }
    }

    fn judge(&mut self, from: &PartitionId, next: i64) -> Result<(), ReplayError> {
        self.pipeline.judge(from, next, &mut self.out);
        if let Some(progress) = &self.progress {
            progress.show();
        }
        self.tell()
    }

    fn act(&mut self, act: &Act) -> Result<(), ReplayError> {
        if !(self.other && matches!(act, Act::Reload(_))) {
            self.pipeline.act(act, &mut self.out);
        }
        self.tell()
    }

    fn own(&mut self, record: AlertRecord) -> Result<(), ReplayError> {
        self.tell_one(&record)
    }

    fn note(&mut self, words: String) {
        tracing::warn!("{words}");
        self.notes.push(words);
    }
}
