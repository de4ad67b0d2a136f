//! What runs beside the judging thread: the status page, the deliveries, the signals of the operating system.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::live::Way;
use super::{Options, Present, RunError};
use crate::config::{Kafka, Settings};
use crate::deliver::courier::Courier;
use crate::deliver::render::Clerk;
use crate::deliver::{Channel, heartbeat, templates};
use crate::ingest::kafka::make_topics;
use crate::net::install_crypto;
use crate::serve::{Server, Shared, serve};

/// How often it is looked whether sending is allowed.
const LOOK: Duration = Duration::from_millis(100);
/// How often the broker is asked again to make topics.
const AGAIN: Duration = Duration::from_secs(5);
/// How long messages on their way may take at the end.
const GRACE: Duration = Duration::from_secs(6);

/// What runs beside; closed by hand at the end.
#[derive(Debug)]
pub(super) struct Outside {
    server: Option<Server>,
    delivery: JoinHandle<()>,
    heartbeat: Option<JoinHandle<()>>,
}

/// The receivers' channels, which a reload changes as a whole.
#[derive(Debug)]
pub(super) struct Channels {
    all: Mutex<Made>,
    /// Counts the changes.
    turn: AtomicU64,
}

/// Channels by the receiver's name.
pub(super) type Made = BTreeMap<String, Arc<Channel>>;

impl Channels {
    /// The channels of these settings.
    ///
    /// # Errors
    /// Where one cannot be opened, in words.
    pub(super) fn make(settings: &Settings, options: &Options) -> Result<Made, String> {
        install_crypto();
        let zone = &settings.plan.calendar.zone;
        let templates = templates(settings).map_err(|wrong| wrong.join("\n"))?;
        let mut channels = BTreeMap::new();
        for receiver in &settings.receivers {
            let channel = match &options.showroom {
                Some(showroom) => Channel::show(receiver, zone, showroom.clone()),
                None => {
                    let clerk = Clerk { zone: zone.clone(), templates: templates.clone() };
                    Channel::open_worded(receiver, clerk).map_err(|error| error.to_string())?
                }
            };
            channels.insert(receiver.name.clone(), Arc::new(channel));
        }
        Ok(channels)
    }

    pub(super) fn new(made: Made) -> Arc<Channels> {
        Arc::new(Channels { all: Mutex::new(made), turn: AtomicU64::new(0) })
    }

    /// From now on these are used.
    pub(super) fn change(&self, made: Made) {
        *self.all.lock().expect("no holder panics") = made;
        self.turn.fetch_add(1, Ordering::SeqCst);
    }

    fn now(&self) -> (Made, u64) {
        let turn = self.turn.load(Ordering::SeqCst);
        (self.all.lock().expect("no holder panics").clone(), turn)
    }
}

/// Begins to serve and to deliver.
pub(super) async fn open(
    settings: &Settings,
    options: &Options,
    shared: Arc<Shared>,
    way: Way,
    channels: Arc<Channels>,
) -> Result<Outside, RunError> {
    let server = match &settings.http {
        Some(http) => {
            let server = serve(http.listen, Arc::clone(&shared)).await?;
            tracing::info!(address = %server.address, "status at /api/v1/status, metrics at /metrics");
            Some(server)
        }
        None => None,
    };
    let delivery = tokio::spawn(deliver(channels, way, options.present.clone()));
    if let Some(kafka) = settings.kafka.clone() {
        tokio::spawn(own_topics(kafka));
    }
    let heartbeat = settings.deliver.heartbeat.clone().map(|(url, every)| {
        tokio::spawn(async move {
            let is_well = move || {
                let status = shared.status();
                status.ready && status.failing.is_empty()
            };
            if let Err(error) = heartbeat::beat(&url, every, is_well, std::future::pending()).await {
                tracing::error!(error, "the heartbeat cannot be sent");
            }
        })
    });
    Ok(Outside { server, delivery, heartbeat })
}

/// Makes the topics for alerts and dead letters where they are missing, as soon as the broker is there.
async fn own_topics(kafka: Kafka) {
    while kafka.alerts_topic.is_some() || kafka.dead_letters.is_some() {
        match make_topics(&kafka, "forewarn-topics").await {
            Ok(made) if made.is_empty() => return,
            Ok(made) => return tracing::info!(?made, "topics were made"),
            Err(error) => tracing::debug!(%error, "topics are not made yet"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Delivers whenever sending is allowed, and stands by while it is not.
async fn deliver(channels: Arc<Channels>, way: Way, present: Present) {
    while !way.closed.load(Ordering::SeqCst) {
        until(|| way.open.load(Ordering::SeqCst) || way.closed.load(Ordering::SeqCst)).await;
        if way.closed.load(Ordering::SeqCst) {
            return;
        }
        let outbox = Arc::clone(&way.counter.shared);
        let (made, turn) = channels.now();
        let courier = Courier::new(outbox, made, way.counter.clone(), present.clock());
        *way.counter.wake.lock().expect("no holder panics") = Some(courier.wake());
        let changed = || channels.turn.load(Ordering::SeqCst) != turn;
        courier.run(until(|| !way.open.load(Ordering::SeqCst) || changed())).await;
    }
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(LOOK).await;
    }
}

impl Outside {
    /// Waits for the messages on their way, and ends what runs beside.
    pub(super) async fn close(self) {
        if let Some(heartbeat) = self.heartbeat {
            heartbeat.abort();
        }
        if tokio::time::timeout(GRACE, self.delivery).await.is_err() {
            tracing::warn!("a receiver is slow; its message goes out again after the next start, under the same key");
        }
        drop(self.server);
    }
}

/// Waits for SIGTERM or SIGINT, and names it.
pub(super) async fn signalled() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    }
}
