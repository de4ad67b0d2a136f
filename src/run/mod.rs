//! The live process: Kafka in, judged, alerts out; state on disk, status over HTTP.
//!
//! One thread judges: it alone reads, decides and writes the journal, so that there is one order of things. Deliveries and
//! HTTP run beside it and send it [`Command`](crate::serve::Command)s.
//!
//! It judges only while it reads every partition of its topics. With another member in the group it is not ready, names
//! that one, decides nothing and sends nothing new.
#![expect(clippy::disallowed_methods, reason = "here the wall clock is read and handed to what is pure")]

mod desk;
mod disk;
mod ends;
mod fault;
mod group;
mod live;
mod member;
mod opening;
mod outside;
mod own;
mod page;
mod present;
mod progress;
mod reading;
mod record;
mod reload;
mod schemas;
mod script;
mod tick;
mod trouble;
mod wire;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::alert::AlertRecord;
use crate::config::Settings;
use crate::deliver::Shown;
use crate::ingest::kafka::KafkaFault;
use crate::serve::{ServeError, Shared, Status};
use crate::state::StateError;
use live::Live;
use outside::Outside;
pub use present::{Present, StreamTime};
use progress::Progress;
pub use reload::Reload;

/// How `run` was asked to run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Learn before speaking: what was decided before the head of the stream at the start is recorded and not sent.
    pub backfill: bool,
    /// How the configuration is read again while it runs.
    pub reload: Option<Reload>,
    /// What is read and what acts is recorded into this folder.
    pub record: Option<PathBuf>,
    /// What time it is for those who are told.
    pub present: Present,
    /// Messages are shown here instead of being sent.
    pub showroom: Option<mpsc::Sender<Shown>>,
    /// Every record is told here as it is decided.
    pub watcher: Option<mpsc::Sender<AlertRecord>>,
}

/// Why the process ended, or did not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is nothing to read.
    #[error("[kafka] is missing: set brokers and topics")]
    NoKafka,
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
    /// Kafka.
    #[error(transparent)]
    Kafka(#[from] KafkaFault),
    /// The status page.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The folder of the recording.
    #[error("cannot record into {}: {source}; name a folder that can be written, or leave --record out", path.display())]
    Record {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The disk had no room until the end.
    #[error("ended with a full disk: {0}; once there is room, the next start goes on where the last checkpoint stands")]
    Full(String),
    /// The Schema Registry.
    #[error("{0}")]
    Registry(String),
    /// A delivery channel.
    #[error("receiver: {0}")]
    Receiver(String),
    /// Templates that cannot word a message.
    #[error("templates: {0}")]
    Templates(String),
    /// Threads or signals of the operating system.
    #[error("{step}: {source}")]
    System {
        /// What was tried.
        step: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A bug.
    #[error("the judging thread ended by a panic; its state is as of the last checkpoint")]
    Panicked,
}

impl RunError {
    fn system(step: &'static str) -> impl FnOnce(std::io::Error) -> RunError {
        move |source| RunError::System { step, source }
    }
}

/// How long the judging thread may take to end; its state is written well before.
const GRACE: Duration = Duration::from_secs(8);

/// Waits for the judging thread; one that hangs in leaving the group is left behind.
fn finish(judging: JoinHandle<Result<(), RunError>>) -> Result<(), RunError> {
    let began = Instant::now();
    while !judging.is_finished() {
        if GRACE <= began.elapsed() {
            tracing::warn!("the broker does not let go of this member; ending without its word");
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    judging.join().unwrap_or(Err(RunError::Panicked))
}

/// Runs until SIGTERM or SIGINT, then finishes cleanly.
pub fn run(settings: Settings, options: Options) -> Result<(), RunError> {
    let process = Process::start(settings, options)?;
    let mut progress = Progress::default();
    while !process.is_over() {
        std::thread::sleep(LOOK);
        progress.show(&process.status());
    }
    progress.finish();
    process.finish()
}

/// How often it is looked whether it is over.
const LOOK: Duration = Duration::from_millis(50);

/// A live process at work in threads of its own.
#[derive(Debug)]
pub struct Process {
    runtime: Runtime,
    outside: Outside,
    judging: JoinHandle<Result<(), RunError>>,
    shared: Arc<Shared>,
    /// To end it.
    stop: Arc<AtomicBool>,
}

impl Process {
    /// Reads the state, begins to judge, to serve and to deliver. SIGTERM and SIGINT end it from now on.
    pub fn start(settings: Settings, options: Options) -> Result<Process, RunError> {
        let runtime = Builder::new_multi_thread().enable_all().worker_threads(2).build();
        let runtime = runtime.map_err(RunError::system("start the runtime"))?;
        let stop = Arc::new(AtomicBool::new(false));
        let shared = Arc::new(Shared::new(settings.http.as_ref().and_then(|http| http.token.clone())));
        let (live, way) = Live::open(settings.clone(), &options, Arc::clone(&shared), Arc::clone(&stop))?;
        if settings.receivers.is_empty() {
            tracing::info!(
                "shadow mode: no [[receiver]] is configured, so alerts are judged, shown and written, and nothing is sent"
            );
        }
        let channels = outside::Channels::make(&settings, &options).map_err(RunError::Receiver)?;
        let channels = outside::Channels::new(channels);
        let open = outside::open(&settings, &options, Arc::clone(&shared), way, Arc::clone(&channels));
        let outside = runtime.block_on(open)?;
        runtime.spawn(reload::watch(options, Arc::clone(&shared), channels));
        let judging = std::thread::Builder::new().name("judge".into()).spawn(move || live.run());
        let judging = judging.map_err(RunError::system("start the judging thread"))?;
        let told = Arc::clone(&stop);
        runtime.spawn(async move {
            let signal = outside::signalled().await;
            tracing::info!(signal, "finishing");
            told.store(true, Ordering::SeqCst);
        });
        Ok(Process { runtime, outside, judging, shared, stop })
    }

    /// Whether a signal came, or judging ended by itself.
    pub fn is_over(&self) -> bool {
        self.stop.load(Ordering::SeqCst) || self.judging.is_finished()
    }

    /// The status page.
    pub fn status(&self) -> Arc<Status> {
        self.shared.status()
    }

    /// Ends it cleanly: the state is written, messages on their way are waited for.
    pub fn finish(self) -> Result<(), RunError> {
        self.stop.store(true, Ordering::SeqCst);
        let ended = finish(self.judging);
        self.runtime.block_on(self.outside.close());
        self.runtime.shutdown_timeout(Duration::from_secs(1));
        ended
    }
}
