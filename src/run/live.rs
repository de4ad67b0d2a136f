//! The thread that judges: one turn after another, in one order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::desk::{Counter, Desk};
use super::disk::{CHECKPOINT, DISK, may_be_left};
use super::ends::Lane;
use super::fault::Fault;
use super::member::Membership;
use super::script::Script;
use super::tick::Pulse;
use super::trouble::Troubles;
use super::{Present, RunError};
use crate::config::{From, Settings};
use crate::deliver::own::Own;
use crate::engine::Output;
use crate::ingest::gate::PartitionId;
use crate::ingest::kafka::{DeadLetters, Registry, Report, Source, Survey};
use crate::pipeline::{Pipeline, drain, put};
use crate::recording::Recorder;
use crate::serve::{CheckpointStatus, Command, Shared};
use crate::state::{Act, Checkpoint, Journal, StateDirectory};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(250);

/// Everything that the judging thread owns.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) settings: Settings,
    pub(super) shared: Arc<Shared>,
    pub(super) pipeline: Pipeline,
    pub(super) desk: Desk,
    pub(super) script: Script,
    /// Above the source: it ends first, and the group is left by this thread.
    pub(super) survey: Survey,
    pub(super) source: Source,
    pub(super) troubles: Troubles,
    pub(super) report: Report,
    pub(super) lanes: BTreeMap<PartitionId, Lane>,
    pub(super) checkpoint: Option<CheckpointStatus>,
    pub(super) dead_letters: u64,
    /// What is wrong with the process itself.
    pub(super) own: Own,
    /// What the broker refuses.
    pub(super) fault: Option<Fault>,
    /// Why it does not judge; none where it does.
    pub(super) why_not: Option<String>,
    /// Learn before speaking: nothing goes out until the head of the stream was reached once.
    pub(super) learning: bool,
    /// What time it is for those who are told.
    pub(super) present: Present,
    /// Writes down what is read and what acts, where that was asked for.
    pub(super) recorder: Option<Recorder>,
    pub(super) inbox: mpsc::Receiver<Command>,
    pub(super) membership: Membership,
    pub(super) directory: StateDirectory,
    pub(super) journal: Journal,
    pub(super) letters: DeadLetters,
    /// Who knows the schemas of messages that need one.
    pub(super) registry: Option<Registry>,
    /// Where to begin at the very first start.
    pub(super) first: Option<From>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) way: Way,
    pub(super) out: Output,
    pub(super) idle: bool,
    pub(super) pulse: Pulse,
}

/// What the courier needs: the outbox, and whether it may send.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) counter: Arc<Counter>,
    pub(super) open: Arc<AtomicBool>,
    /// Nothing is sent any more.
    pub(super) closed: Arc<AtomicBool>,
}

impl Live {
    /// Judges until it is told to stop, then finishes cleanly.
    pub(super) fn run(mut self) -> Result<(), RunError> {
        while !self.stop.load(Ordering::SeqCst) {
            self.turn()?;
        }
        self.way.closed.store(true, Ordering::SeqCst);
        self.way.open.store(false, Ordering::SeqCst);
        self.desk.flush(Duration::from_secs(3));
        if self.script.is_over() {
            self.save()?;
        }
        self.end_recording();
        tracing::info!("finished");
        Ok(())
    }

    fn turn(&mut self) -> Result<(), RunError> {
        self.serve_group()?;
        while let Ok(command) = self.inbox.try_recv() {
            self.obey(command)?;
        }
        let mut read = 0;
        if self.why_not.is_none() {
            read = self.read()?;
            if !self.script.is_over() {
                read += self.play()?;
            }
            self.hear_registry()?;
        }
        self.idle = read == 0;
        match self.desk.drive() {
            Some(words) => self.troubles.is("alerts topic", words),
            None if self.desk.outlet.as_ref().is_none_or(|outlet| outlet.pending().len() == 0) => {
                self.troubles.over("alerts topic");
            }
            None => {}
        }
        if TICK <= self.pulse.ticked.elapsed() || self.is_overfull() {
            self.pulse.ticked = Instant::now();
            self.tick()?;
            self.publish();
        }
        let interval = Duration::from_nanos(self.settings.state.interval.nanos().max(1_000_000_000).unsigned_abs());
        if interval <= self.pulse.saved.elapsed() && self.script.is_over() && self.why_not.is_none() {
            self.save()?;
        }
        Ok(())
    }

    /// Journals an act, and then applies it.
    pub(super) fn act(&mut self, act: Act) -> Result<Result<(), String>, RunError> {
        if !may_be_left(&act) {
            self.journal_at_last(&act)?;
        } else if !self.journalled(&act)? {
            return Ok(Err(self.troubles.of(DISK).cloned().unwrap_or_default()));
        }
        self.apply(&act)
    }

    fn apply(&mut self, act: &Act) -> Result<Result<(), String>, RunError> {
        self.begin_recording();
        if let Some(recorder) = &mut self.recorder {
            recorder.act(act);
        }
        self.pipeline.act(act, &mut self.out);
        let told = self.desk.act(act, self.present.now());
        self.tell()?;
        Ok(told)
    }

    /// Tells what was decided, in order, each at its time where the stream is the present.
    pub(super) fn tell(&mut self) -> Result<(), RunError> {
        for record in drain(&mut self.out) {
            self.present.reach(record.at);
            self.desk.picture(&record, &self.pipeline.engine);
            self.desk.take(record, self.present.now(), &self.shared.metrics)?;
        }
        self.present.reach(self.pipeline.engine.watermark());
        Ok(())
    }

    /// Plays what is due of the journal after a restart.
    pub(super) fn play(&mut self) -> Result<usize, RunError> {
        let mut played = 0;
        while let Some(act) = self.script.next(&self.source) {
            self.apply(&act)?.ok();
            played += 1;
        }
        if self.script.is_over() {
            tracing::info!("the journal is played to its end, going on live");
            self.settle()?;
            self.adopt()?;
        }
        Ok(played)
    }

    /// Writes a checkpoint: everything at one moment.
    pub(super) fn save(&mut self) -> Result<(), RunError> {
        match self.save_all() {
            Err(RunError::State(error)) => self.no_room(CHECKPOINT, error),
            saved => saved,
        }
    }

    fn save_all(&mut self) -> Result<(), RunError> {
        let began = Instant::now();
        self.pulse.saved = began;
        if let Err(words) = self.letters.flush(Duration::from_secs(2)) {
            // A checkpoint goes past what they hold: it waits for them.
            self.troubles.is("dead letters", format!("{words}; no checkpoint is written until they are"));
            return Ok(());
        }
        self.troubles.over("dead letters");
        self.keep_recording();
        let mut checkpoint = Checkpoint::default();
        self.pipeline.save(&mut checkpoint);
        self.desk.save(&mut checkpoint)?;
        put(&mut checkpoint, "own", &self.own);
        let saved = self.directory.save(&checkpoint)?;
        let receipts = self.desk.saved(&saved);
        // Whatever becomes of the receipts: entries of the segment before would not be read again.
        self.journal = saved.journal;
        receipts?;
        [CHECKPOINT, DISK].into_iter().for_each(|what| self.troubles.over(what));
        self.source.commit(self.pipeline.positions.iter());
        let seconds = began.elapsed().as_secs_f64();
        self.shared.metrics.checkpoint_seconds.set(seconds);
        self.shared.metrics.checkpoint_bytes.set(saved.bytes as i64);
        self.checkpoint = Some(CheckpointStatus { at: self.present.now().to_string(), seconds, bytes: saved.bytes });
        Ok(())
    }
}
