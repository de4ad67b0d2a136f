//! `forewarn replay`: the same engine as `run`, on files, in event time, as fast as it can; it never sends.
//!
//! Files are read in step, pass the gate of time, and move the engine by the watermark; at the end the clock goes to just
//! after the newest record, so that everything read is judged and nothing is added (no absence, no resolve) that the data
//! does not show.

mod progress;
mod recorded;
mod report;
mod scores;

use std::path::PathBuf;
use std::sync::Arc;

use crate::alert::AlertRecord;
use crate::config::Settings;
use crate::deliver::planned::Planner;
use crate::deliver::{Policy, Wall};
use crate::engine::{Batch, Engine, Input, Output, Scored};
use crate::ingest::files::{self, Chunk, FileError, FileFormat, Files, Found};
use crate::ingest::gate::{Admitted, Gate};
use crate::time::{Span, Timestamp};

pub use recorded::play;
pub use report::Summary;

/// Who listens to a replay besides the files that it writes: the same judgement, row by row.
pub trait Listener {
    /// One observation was judged.
    fn scored(&mut self, scored: &Scored);
    /// An alert changed.
    fn alert(&mut self, record: &AlertRecord);
}

use progress::Progress;
use report::{AlertLines, Tally};
use scores::Scores;

/// What to replay and where the results go.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ReplayArgs {
    /// Files and folders to read; folders recursively, packed files (.gz, .zst) as they are
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,
    /// What the files hold, whatever their extensions say: lp, otlp.jsonl, jsonl, csv, log or arrow
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<FileFormat>,
    /// Write each change of an alert to this file, one JSON object a line; - is the standard output
    #[arg(long, value_name = "OUT.jsonl")]
    pub alerts: Option<PathBuf>,
    /// Write the scores of every row to CSV files in this folder
    #[arg(long, value_name = "DIR")]
    pub scores: Option<PathBuf>,
    /// Write counts and the notifications that would have been sent to this file, as JSON; - is the standard output
    #[arg(long, value_name = "OUT.json")]
    pub report: Option<PathBuf>,
}

/// Why a replay could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file was named whose content cannot be told.
    #[error("{0}")]
    Usage(FileError),
    /// A recording was named with something that does not go with it.
    #[error("a recording is replayed by itself, as it was judged: {0}")]
    Recording(&'static str),
    /// Nothing could be read.
    #[error("no input could be read{}", listed(.0))]
    NoInput(Vec<FileError>),
    /// A result could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
}

impl ReplayError {
    /// The exit code: 2 for bad usage, 1 where the work could not be done.
    pub fn exit_code(&self) -> u8 {
        match self {
            ReplayError::Usage(_) | ReplayError::Recording(_) => 2,
            ReplayError::NoInput(_) | ReplayError::Write { .. } => 1,
        }
    }
}

fn listed(problems: &[FileError]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

/// Judges files in event time and writes what was asked for.
///
/// # Errors
/// Where a named file's content is unknown, no input can be read, or a result cannot be written. What is wrong with single
/// records or files is counted, noted in the log, and no error.
pub fn replay(args: &ReplayArgs, settings: &Settings) -> Result<Summary, ReplayError> {
    let (inputs, problems) = inputs(args)?;
    match inputs.iter().filter(|input| input.format == FileFormat::Recording).count() {
        0 => Run::new(args, settings, inputs, None)?.all(args, problems),
        all if all == inputs.len() && args.scores.is_none() => recorded::replay(args, settings, &inputs),
        all if all == inputs.len() => Err(ReplayError::Recording("its scores are not written")),
        _ => Err(ReplayError::Recording("other files cannot be read beside it")),
    }
}

/// Judges files as [`replay`] does, for a listener alone: nothing is written.
///
/// # Errors
/// Where nothing can be read.
pub fn listen(
    inputs: Vec<files::Input>,
    settings: &Settings,
    listener: &mut dyn Listener,
) -> Result<Summary, ReplayError> {
    let args = ReplayArgs::default();
    Run::new(&args, settings, inputs, Some(listener))?.all(&args, Vec::new())
}

impl Run<'_> {
    /// Reads all there is.
    fn all(mut self, args: &ReplayArgs, mut problems: Vec<FileError>) -> Result<Summary, ReplayError> {
        let mut batch = Batch::default();
        while let Some(mut chunk) = self.files.read(&mut self.engine, &mut batch) {
            let broken = self.take(&mut chunk, &mut batch)?;
            self.broken += usize::from(broken.is_some());
            problems.extend(broken);
        }
        self.finish(args, problems)
    }
}

/// The files to read, and what cannot be read among what was named.
fn inputs(args: &ReplayArgs) -> Result<(Vec<files::Input>, Vec<FileError>), ReplayError> {
    let Found { inputs, skipped, mut problems, notes } = files::find(&args.inputs, args.format);
    if let Some(unknown) = problems.iter().position(|problem| matches!(problem, FileError::Unknown { .. })) {
        return Err(ReplayError::Usage(problems.swap_remove(unknown)));
    }
    for path in &skipped {
        tracing::info!(path = %path.display(), "skipped, its extension is unknown");
    }
    for note in &notes {
        tracing::info!("{note}");
    }
    if inputs.is_empty() {
        return Err(ReplayError::NoInput(problems));
    }
    problems.iter().for_each(|problem| tracing::warn!("{problem}"));
    Ok((inputs, problems))
}

/// A replay under way.
struct Run<'a> {
    files: Files,
    engine: Engine,
    gate: Gate,
    watermark: Option<Timestamp>,
    out: Output,
    alerts: Option<AlertLines>,
    scores: Option<(PathBuf, Scores)>,
    planner: Planner,
    tally: Tally,
    progress: Progress,
    listener: Option<&'a mut dyn Listener>,
    /// Files that ended before their time.
    broken: usize,
}

impl<'a> Run<'a> {
    fn new(
        args: &ReplayArgs,
        settings: &Settings,
        inputs: Vec<files::Input>,
        listener: Option<&'a mut dyn Listener>,
    ) -> Result<Run<'a>, ReplayError> {
        let asks_for_nothing = args.scores.is_none() && args.report.is_none() && listener.is_none();
        let alerts = match &args.alerts {
            Some(path) => Some(AlertLines::create(path)?),
            None => asks_for_nothing.then(AlertLines::sentences),
        };
        let scores = args.scores.as_ref().map(|folder| {
            let scores = Scores::new(folder, inputs.len()).map_err(|source| cannot_write(folder, source))?;
            Ok((folder.clone(), scores))
        });
        let scores = scores.transpose()?;
        let bytes = inputs.iter().map(|input| input.bytes).sum();
        let files = Files::new(inputs, settings.plan.bounds.message_bytes, scores.is_some());
        let mut gate = Gate::new(settings.time.clone());
        (0..files.len()).for_each(|file| gate.unread(files.partition(file)));
        let plan = Arc::clone(&settings.plan);
        let engine = if scores.is_some() || listener.is_some() { Engine::with_scores(plan) } else { Engine::new(plan) };
        Ok(Run {
            progress: Progress::new(bytes, files.counted()),
            files,
            engine,
            gate,
            watermark: None,
            out: Output::default(),
            alerts,
            scores,
            planner: Planner::new(Policy::planning(settings)),
            tally: Tally::default(),
            listener,
            broken: 0,
        })
    }

    /// Takes what was read of one file, and says why it ended before its time if it did.
    fn take(&mut self, chunk: &mut Chunk, batch: &mut Batch) -> Result<Option<FileError>, ReplayError> {
        if let Some((folder, scores)) = &mut self.scores {
            scores.read(&self.engine, &self.files, chunk, batch).map_err(|source| cannot_write(folder, source))?;
        }
        self.tally.rejects(&self.files.input(chunk.file).path, &batch.rejects);
        let partition = self.files.partition(chunk.file);
        let admitted = self.gate.admit(partition, None, batch);
        self.tally.admitted(admitted);
        if chunk.ended {
            self.gate.ended(partition);
        }
        self.engine.apply(Input::Observe(batch), &mut self.out);
        batch.clear();
        self.tell()?;
        if let Some(watermark) = self.gate.watermark()
            && self.watermark < Some(watermark)
        {
            self.advance(watermark)?;
        }
        self.progress.show();
        let problem = chunk.error.take();
        if let Some(problem) = &problem {
            tracing::warn!("{problem}");
        }
        Ok(problem)
    }

    fn advance(&mut self, to: Timestamp) -> Result<(), ReplayError> {
        self.watermark = Some(to);
        self.engine.apply(Input::Advance(to), &mut self.out);
        self.tell()?;
        self.planner.advance(Wall(to));
        if let Some((folder, scores)) = &mut self.scores {
            let written = scores.take(&self.engine, &self.out.scores).and_then(|()| scores.advance(to));
            written.map_err(|source| cannot_write(folder, source))?;
        }
        if let Some(listener) = &mut self.listener {
            self.out.scores.iter().for_each(|scored| listener.scored(scored));
        }
        self.out.scores.clear();
        self.out.unlike.clear();
        Ok(())
    }

    /// Passes on what the engine decided.
    fn tell(&mut self) -> Result<(), ReplayError> {
        for record in self.out.alerts.drain(..) {
            self.tally.alert(&record);
            self.planner.take(&record);
            if let Some(listener) = &mut self.listener {
                listener.alert(&record);
            }
            if let Some(alerts) = &mut self.alerts {
                alerts.write(&record)?;
            }
        }
        Ok(())
    }

    /// Judges what is left and writes the results.
    fn finish(mut self, args: &ReplayArgs, problems: Vec<FileError>) -> Result<Summary, ReplayError> {
        if let Some(newest) = self.gate.newest() {
            self.advance(newest + Span::from_nanos(1))?;
        }
        self.progress.finish();
        let records = (0..self.files.len()).map(|file| self.files.records(file)).sum();
        if let Some(alerts) = self.alerts {
            alerts.finish()?;
        }
        if let Some((folder, scores)) = self.scores {
            scores.finish(&self.files).map_err(|source| cannot_write(&folder, source))?;
        }
        let newest = self.gate.newest();
        self.gate
            .counts()
            .filter(|(_, seen)| seen.admitted < seen.late)
            .for_each(|(path, seen)| mostly_late(path, seen));
        let summary = self.tally.sum_up(records, &self.engine, newest, self.planner.finish());
        if let Some(path) = &args.report {
            report::write(path, &summary)?;
        }
        if records == 0 && self.files.len() <= self.broken {
            return Err(ReplayError::NoInput(problems));
        }
        tracing::info!("{summary}");
        Ok(summary)
    }
}

/// A file whose times mostly run backwards was written in another order than that of time: judging it so is no use.
fn mostly_late(path: &str, seen: Admitted) {
    let Admitted { late, admitted, .. } = seen;
    tracing::warn!(
        path,
        late,
        admitted,
        "most rows are late: the file is not in order of time; raise [time] lateness or sort it"
    );
}

fn cannot_write(path: &std::path::Path, source: std::io::Error) -> ReplayError {
    ReplayError::Write { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
