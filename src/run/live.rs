//! The thread that judges: one turn after another, in one order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::desk::{Counter, Desk, Receipt};
use super::disk::{CHECKPOINT, DISK, may_be_left};
use super::ends::Lane;
use super::fault::Fault;
use super::member::Membership;
use super::script::Script;
use super::tick::Pulse;
use super::trouble::Troubles;
use super::{Options, Present, RunError};
use crate::config::{From, Kafka, Settings};
use crate::deliver::Policy;
use crate::deliver::own::Own;
use crate::engine::Output;
use crate::ingest::gate::PartitionId;
use crate::ingest::kafka::{
    DeadLetter, DeadLetters, Event, Loss, Outlet, Registry, Report, Source, Start, Survey, Topics,
};
use crate::pipeline::{Pipeline, drain, get, put};
use crate::recording::Recorder;
use crate::serve::{CheckpointStatus, Command, Shared};
use crate::state::{Act, Checkpoint, Journal, Opened, StateDirectory};

/// So many records of one partition are judged at once.
const MOST: usize = 500;
/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(250);
/// How long a turn waits where nothing came.
const REST: Duration = Duration::from_millis(10);

/// Everything that the judging thread owns.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) settings: Settings,
    pub(super) shared: Arc<Shared>,
    pub(super) pipeline: Pipeline,
    pub(super) desk: Desk,
    pub(super) script: Script,
    /// Above the source: it ends first, and the group is left by this thread.
    survey: Survey,
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
    inbox: mpsc::Receiver<Command>,
    membership: Membership,
    directory: StateDirectory,
    pub(super) journal: Journal,
    letters: DeadLetters,
    /// Who knows the schemas of messages that need one.
    pub(super) registry: Option<Registry>,
    /// Where to begin at the very first start.
    first: Option<From>,
    pub(super) stop: Arc<AtomicBool>,
    way: Way,
    out: Output,
    idle: bool,
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
    /// Reads the state and joins the group.
    pub(super) fn open(
        settings: Settings,
        options: &Options,
        shared: Arc<Shared>,
        stop: Arc<AtomicBool>,
    ) -> Result<(Live, Way), RunError> {
        let kafka = settings.kafka.clone().ok_or(RunError::NoKafka)?;
        let topics = Topics::new(&kafka)?;
        let opened = StateDirectory::open::<Receipt>(&settings.state.directory)?;
        let client_id = client_id(&kafka, &settings.state.directory);
        let mut troubles = Troubles::default();
        for damage in &opened.damage {
            troubles.happened("state", damage.to_string());
        }
        let Opened { directory, checkpoint, entries, receipts, journal, receipts_log, .. } = opened;
        let pipeline = recall(&settings, checkpoint.as_ref(), &mut troubles);
        let outlet = |pending| match &kafka.alerts_topic {
            Some(topic) => Ok(Some(Outlet::open(&kafka, topic, &client_id, pending)?)),
            None => Ok(None),
        };
        let policy = Policy::new(&settings);
        let receipts = (receipts, receipts_log);
        let now = options.present.now();
        let mut desk = Desk::open(directory.path(), policy, checkpoint.as_ref(), receipts, outlet, now)?;
        desk.watcher.clone_from(&options.watcher);
        let recorder = super::record::open(options, &settings)?;
        let letters = open_letters(&kafka, directory.path(), &client_id)?;
        let registry = kafka.schema_registry.as_ref().map(Registry::start).transpose().map_err(RunError::Registry)?;
        let source = Source::open(&kafka, &topics, &client_id)?;
        let survey = Survey::start(&source, topics, kafka.group.clone(), client_id)
            .map_err(RunError::system("start the survey of the broker"))?;
        let first = (checkpoint.is_none() && entries.is_empty()).then_some(kafka.from);
        let way = Way { counter: Arc::clone(&desk.counter), open: Arc::default(), closed: Arc::default() };
        let mut live = Live {
            inbox: shared.take_inbox().expect("one judging thread takes it"),
            learning: options.backfill,
            present: options.present.clone(),
            recorder,
            script: Script::new(entries),
            why_not: Some("starting".to_owned()),
            membership: Membership::default(),
            report: Report::default(),
            fault: None,
            lanes: BTreeMap::new(),
            out: Output::default(),
            way: way.clone(),
            checkpoint: None,
            dead_letters: 0,
            own: checkpoint.as_ref().and_then(|checkpoint| get(checkpoint, "own")).unwrap_or_default(),
            idle: true,
            pulse: Pulse::new(now),
            settings,
            shared,
            pipeline,
            desk,
            source,
            troubles,
            survey,
            directory,
            journal,
            letters,
            registry,
            first,
            stop,
        };
        live.recall_itself()?;
        live.shared.metrics.reload_successful.set(1);
        live.shared.metrics.reload_time.set(options.present.now().0.as_secs_f64());
        Ok((live, way))
    }

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

    fn serve_group(&mut self) -> Result<(), RunError> {
        let rest = if self.idle { REST } else { Duration::ZERO };
        let positions = &self.pipeline.positions;
        let events = self.source.events(rest, |partition| positions.get(partition), self.first.as_ref());
        for event in events {
            match event {
                Event::Assigned(starts) => self.assigned(starts)?,
                Event::Revoked(partitions) => {
                    tracing::info!(?partitions, "partitions were handed over");
                    self.membership.taken(&partitions);
                    self.lanes.retain(|partition, _| !partitions.contains(partition));
                    self.survey.reading(self.source.partitions().cloned().collect());
                }
                Event::Fault(words) => self.fault(&words),
            }
        }
        let why_not = self.with_fault(self.membership.why_not(self.source.partitions(), &self.report));
        if why_not != self.why_not {
            match &why_not {
                Some(why) => tracing::warn!("not ready: {why}"),
                None => tracing::info!("ready: every partition is read here"),
            }
            // Standing by is no stall.
            let now = Instant::now();
            self.lanes.values_mut().for_each(|lane| lane.progress = now);
            self.why_not = why_not;
        }
        let open = self.why_not.is_none() && self.script.is_over() && !self.learning;
        self.way.open.store(open, Ordering::SeqCst);
        Ok(())
    }

    fn assigned(&mut self, starts: Vec<Start>) -> Result<(), RunError> {
        self.membership.given(starts.iter().map(|start| &start.partition));
        for start in &starts {
            tracing::info!(partition = %start.partition, from = start.from, end = start.high, "reading");
            self.pipeline.positions.set(&start.partition, start.from);
            self.lanes.insert(start.partition.clone(), Lane::reading());
            if let Some(loss) = &start.loss {
                self.lose(loss);
            }
        }
        self.survey.reading(self.source.partitions().cloned().collect());
        if self.script.is_over() {
            self.settle()?;
            self.adopt()?;
        }
        if self.first.take().is_some() {
            self.save()?;
        }
        Ok(())
    }

    fn lose(&mut self, loss: &Loss) {
        self.pipeline.tally.lost += loss.missing().unwrap_or(0);
        self.troubles.happened(&format!("data loss in {}", loss.partition), loss.to_string());
    }

    /// Tells the gate how each partition stands where live reading begins. One with records of which nothing is known
    /// holds the watermark, so that its first record finds its place whatever is read first.
    fn settle(&mut self) -> Result<(), RunError> {
        let reading: Vec<PartitionId> = self.source.partitions().cloned().collect();
        let mut unknown = Vec::new();
        for partition in reading {
            if self.source.is_ended(&partition) {
                self.pipeline.gate.ended(&partition);
                continue;
            }
            self.pipeline.gate.unread(&partition);
            if self.pipeline.is_unknown(&partition) && !self.pipeline.is_held(&partition) {
                unknown.push(partition);
            }
        }
        if !unknown.is_empty() {
            self.act(Act::Hold(unknown))?.ok();
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
    fn tell(&mut self) -> Result<(), RunError> {
        for record in drain(&mut self.out) {
            self.present.reach(record.at);
            self.desk.picture(&record, &self.pipeline.engine);
            self.desk.take(record, self.present.now(), &self.shared.metrics)?;
        }
        self.present.reach(self.pipeline.engine.watermark());
        Ok(())
    }

    fn read(&mut self) -> Result<usize, RunError> {
        let overfull = self.is_overfull();
        let reading: Vec<PartitionId> = self.source.partitions().cloned().collect();
        let hindmost = if overfull { self.hindmost() } else { None };
        let mut all = 0;
        for partition in reading {
            if hindmost.as_ref().is_none_or(|hindmost| *hindmost == partition) {
                all += self.read_one(&partition)?;
            } else if let Some(lane) = self.lanes.get_mut(&partition) {
                lane.progress = Instant::now();
            }
        }
        Ok(all)
    }

    fn read_one(&mut self, partition: &PartitionId) -> Result<usize, RunError> {
        let until = self.script.until(partition, &self.source);
        self.begin_recording();
        let Live { pipeline, letters, troubles, dead_letters, shared, recorder, registry, .. } = self;
        let read = self.source.read(partition, until, MOST, |message| {
            if let Some((id, known)) = pipeline.schema_of(message)
                && registry.as_mut().is_some_and(|registry| registry.awaits(id, known))
            {
                return false;
            }
            if let Some(recorder) = recorder {
                recorder.record(partition, message);
            }
            let Some((_, reject)) = pipeline.read(partition, message).rejects.first() else { return true };
            if troubles.may_log(reject.reason.as_str()) {
                let (reason, detail) = (reject.reason.as_str(), &reject.detail);
                tracing::warn!(%partition, offset = message.offset, reason, "rejected: {detail}");
            }
            match letters.put(DeadLetter { partition, message, reject }) {
                Ok(()) => *dead_letters += 1,
                Err(words) => {
                    shared.metrics.dead_letters_failed.inc();
                    troubles.is("dead letters", words);
                }
            }
            true
        });
        if let Some(loss) = &read.loss {
            self.lose(loss);
        }
        if 0 < read.records {
            self.judge(partition)?;
        }
        if read.ended {
            self.ended(partition)?;
        }
        Ok(read.records)
    }

    fn judge(&mut self, partition: &PartitionId) -> Result<(), RunError> {
        let next = self.source.next(partition).unwrap_or(0);
        if self.script.is_over() {
            self.hold_the_empty(partition)?;
        }
        if self.script.is_over() && self.pipeline.needs_place(partition) {
            let take = Act::Take { partition: partition.clone(), until: next };
            self.journal_at_last(&take)?;
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.judged(partition, next);
        }
        self.pipeline.judge(partition, next, &mut self.out);
        self.pipeline.gate.arrived(self.present.now().0);
        if let Some(lane) = self.lanes.get_mut(partition) {
            lane.has_read(self.pipeline.gate.newest_of(partition), self.present.now().0);
        }
        self.tell()
    }

    fn ended(&mut self, partition: &PartitionId) -> Result<(), RunError> {
        self.pipeline.gate.ended(partition);
        if let Some(lane) = self.lanes.get_mut(partition) {
            lane.progress = Instant::now();
            lane.ended.get_or_insert(lane.progress);
        }
        if self.script.is_over() && self.pipeline.is_held(partition) {
            self.act(Act::LetGo(partition.clone()))?.ok();
        }
        Ok(())
    }

    /// Plays what is due of the journal after a restart.
    fn play(&mut self) -> Result<usize, RunError> {
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

    /// More waits than is to be held: only the hindmost partition is read on, so that the watermark moves.
    fn is_overfull(&self) -> bool {
        self.settings.plan.bounds.waiting <= self.pipeline.engine.waiting()
    }

    /// Gives the survey's report, refreshed.
    pub(super) fn look_around(&mut self) -> Result<(), RunError> {
        self.report = self.survey.report();
        self.look_at_broker();
        if self.script.is_over() {
            for partition in self.membership.gone(&self.report) {
                tracing::warn!(%partition, "the topic is gone from the broker");
                self.act(Act::Forget(partition))?.ok();
            }
        }
        Ok(())
    }

    /// Writes a checkpoint: everything at one moment.
    fn save(&mut self) -> Result<(), RunError> {
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

/// The state as the checkpoint has it, or a beginning.
fn recall(settings: &Settings, checkpoint: Option<&Checkpoint>, troubles: &mut Troubles) -> Pipeline {
    let Some(checkpoint) = checkpoint else { return Pipeline::new(settings) };
    let (pipeline, anew) = Pipeline::restore(settings, checkpoint);
    for section in anew {
        troubles.happened("state", format!("section {section} could not be read and begins anew"));
    }
    pipeline
}

fn open_letters(kafka: &Kafka, directory: &Path, client_id: &str) -> Result<DeadLetters, RunError> {
    Ok(match &kafka.dead_letters {
        Some(topic) => DeadLetters::to_topic(kafka, topic, client_id)?,
        None => DeadLetters::to_file(directory).map_err(RunError::system("open the file of dead letters"))?,
    })
}

/// Tells this process apart from other members of the group, and is the same after a restart: the host and the state
/// directory, which only one process holds.
fn client_id(kafka: &Kafka, state: &Path) -> String {
    if let Some(set) = kafka.properties.get("client.id") {
        return set.clone();
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { "host" } else { host };
    let place = state.canonicalize().unwrap_or_else(|_| state.to_owned());
    let hash = xxhash_rust::xxh3::xxh3_64(place.as_os_str().as_encoded_bytes()) as u32;
    format!("forewarn-{host}-{hash:08x}")
}
