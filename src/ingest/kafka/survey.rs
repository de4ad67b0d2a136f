//! Asking the broker, beside the reading: what the partitions hold by now, which there are, who else is a member.
//!
//! The questions wait for answers, so they have a thread of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::Offset;
use rdkafka::types::RDKafkaRespErr;

use super::Topics;
use super::group::Group;
use super::source::{Source, offsets};
use crate::ingest::gate::PartitionId;
use crate::time::Timestamp;

/// How often the ends of the partitions are asked for.
const ENDS_EVERY: Duration = Duration::from_millis(500);
/// How often topics and members are asked for.
const WHOLE_EVERY: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(5);

/// The offset behind the last record of each partition, at one moment.
#[derive(Clone, Debug)]
pub struct Ends {
    /// The wall clock before the question: what was written later is not in it.
    pub asked: Timestamp,
    /// The same moment by the clock that nobody sets.
    pub began: Instant,
    /// The offsets.
    pub ends: BTreeMap<PartitionId, i64>,
}

/// Another member of the group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its `client.id`.
    pub client: String,
    /// The address it speaks from.
    pub host: String,
}

impl std::fmt::Display for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.client, self.host.trim_start_matches('/'))
    }
}

/// What the broker said last.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What the partitions that are read hold.
    pub ends: Option<Ends>,
    /// Every partition of every topic that is to be read; none until the broker answered.
    pub all: Option<BTreeSet<PartitionId>>,
    /// Topics that are named and do not exist: they are waited for.
    pub missing: Vec<String>,
    /// Topics that are named and may not be used.
    pub forbidden: Vec<String>,
    /// The other members of the group.
    pub others: Vec<Member>,
    /// Why the last question was not answered.
    pub silent: Option<String>,
}

/// The thread that asks.
#[derive(Debug)]
pub struct Survey {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    report: Mutex<Report>,
    reading: Mutex<Vec<PartitionId>>,
    stop: AtomicBool,
}

impl Survey {
    /// Begins to ask, through the connection of a source. `group` and `client_id` tell this member from others.
    pub fn start(source: &Source, topics: Topics, group: String, client_id: String) -> std::io::Result<Survey> {
        let shared = Arc::new(Shared::default());
        let asker = Asker { consumer: source.consumer(), topics, group, client_id, shared: Arc::clone(&shared) };
        let thread = std::thread::Builder::new().name("survey".into()).spawn(move || asker.run())?;
        Ok(Survey { shared, thread: Some(thread) })
    }

    /// Says which partitions are read.
    pub fn reading(&self, partitions: Vec<PartitionId>) {
        *self.shared.reading.lock().expect("no holder panics") = partitions;
    }

    /// What the broker said last.
    pub fn report(&self) -> Report {
        self.shared.report.lock().expect("no holder panics").clone()
    }
}

impl Drop for Survey {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

struct Asker {
    consumer: Arc<BaseConsumer<Group>>,
    topics: Topics,
    group: String,
    client_id: String,
    shared: Arc<Shared>,
}

impl Asker {
    fn run(self) {
        let mut whole_asked: Option<Instant> = None;
        while !self.shared.stop.load(Ordering::SeqCst) {
            let silent = self.ask_ends().err();
            let due = whole_asked.is_none_or(|asked| WHOLE_EVERY <= asked.elapsed());
            let silent = match silent {
                None if due => {
                    whole_asked = Some(Instant::now());
                    self.ask_whole().err()
                }
                silent => silent,
            };
            self.report().silent = silent.map(|error| error.to_string());
            std::thread::park_timeout(ENDS_EVERY);
        }
    }

    fn report(&self) -> std::sync::MutexGuard<'_, Report> {
        self.shared.report.lock().expect("no holder panics")
    }

    fn ask_ends(&self) -> Result<(), KafkaError> {
        let reading = self.shared.reading.lock().expect("no holder panics").clone();
        if reading.is_empty() {
            return Ok(());
        }
        let (asked, began) = (Timestamp::from(jiff::Timestamp::now()), Instant::now());
        let found = offsets(&self.consumer, &reading, Offset::End)?;
        let ends = reading.into_iter().zip(found).filter_map(|(partition, end)| Some((partition, end?))).collect();
        self.report().ends = Some(Ends { asked, began, ends });
        Ok(())
    }

    fn ask_whole(&self) -> Result<(), KafkaError> {
        let metadata = self.consumer.fetch_metadata(None, ANSWER)?;
        let mut all = BTreeSet::new();
        for topic in metadata.topics().iter().filter(|topic| self.topics.wants(topic.name())) {
            all.extend(topic.partitions().iter().map(|partition| PartitionId::new(topic.name(), partition.id())));
        }
        let exists = |name: &str| all.iter().any(|partition| &*partition.topic == name);
        let absent = self.topics.names().filter(|name| !exists(name));
        // What may not be described is not listed, as if it were not there: asked by name it says so.
        let (forbidden, missing) = absent.map(str::to_owned).partition(|name| self.is_forbidden(name));
        let others = self.others()?;
        let mut report = self.report();
        report.all = Some(all);
        (report.missing, report.forbidden) = (missing, forbidden);
        report.others = others;
        Ok(())
    }

    fn is_forbidden(&self, topic: &str) -> bool {
        let forbidden = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
        match self.consumer.fetch_metadata(Some(topic), ANSWER) {
            Ok(metadata) => metadata.topics().iter().any(|found| found.error() == Some(forbidden)),
            Err(error) => error.rdkafka_error_code() == Some(RDKafkaErrorCode::TopicAuthorizationFailed),
        }
    }

    /// The members but this one; of several with our own `client.id` one is taken to be us.
    fn others(&self) -> Result<Vec<Member>, KafkaError> {
        let list = match self.consumer.fetch_group_list(Some(&self.group), ANSWER) {
            // It cannot say who the others are; that they read partitions shows all the same.
            Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::UnsupportedFeature) => {
                return Ok(Vec::new());
            }
            list => list?,
        };
        let members = list.groups().iter().flat_map(|group| group.members());
        let mut others: Vec<Member> = members
            .map(|member| Member { client: member.client_id().to_owned(), host: member.client_host().to_owned() })
            .collect();
        others.sort();
        if let Some(us) = others.iter().position(|member| member.client == self.client_id) {
            others.remove(us);
        }
        Ok(others)
    }
}
