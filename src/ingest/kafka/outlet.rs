//! The alerts topic: every record of every alert, as structured CloudEvents, in order, with the alert's id as the key.
//!
//! What the broker has not confirmed stays with the caller ([`Outlet::pending`]) and goes into the checkpoint.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{DefaultClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};

use super::group::forward_log;
use super::token::{Tokens, is_oidc};
use super::{KafkaFault, client};
use crate::alert::AlertRecord;
use crate::config::Kafka;

/// The wait after the broker refused a record.
const AGAIN: Duration = Duration::from_secs(2);

/// Writes alert records to their topic.
pub struct Outlet {
    producer: ThreadedProducer<Confirm>,
    topic: String,
    /// Not confirmed yet, oldest first.
    pending: VecDeque<AlertRecord>,
    /// How many of them were handed to the producer.
    handed: usize,
    rest_until: Option<Instant>,
}

impl std::fmt::Debug for Outlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outlet")
            .field("topic", &self.topic)
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}

/// What became of the records handed to the producer, in order.
#[derive(Debug, Default, Clone)]
pub(super) struct Confirm {
    results: Arc<Mutex<VecDeque<Result<(), KafkaError>>>>,
    tokens: Tokens,
}

impl Confirm {
    pub(super) fn new(kafka: &Kafka) -> Result<Confirm, KafkaFault> {
        Ok(Confirm { tokens: Tokens::new(kafka)?, ..Confirm::default() })
    }

    pub(super) fn next(&self) -> Option<Result<(), KafkaError>> {
        self.results.lock().expect("no holder panics").pop_front()
    }
}

impl ClientContext for Confirm {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.tokens.fetch().map_err(Into::into)
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        forward_log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka producer");
    }
}

impl ProducerContext for Confirm {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let result = result.as_ref().map(drop).map_err(|(error, _)| error.clone());
        self.results.lock().expect("no holder panics").push_back(result);
    }
}

impl Outlet {
    /// Opens the way to a topic. `pending` is what an earlier process could not confirm.
    pub fn open(kafka: &Kafka, topic: &str, client_id: &str, pending: Vec<AlertRecord>) -> Result<Outlet, KafkaFault> {
        let config = client::producer(kafka, client_id)?;
        let made = config.create_with_context(Confirm::new(kafka)?);
        let producer = made.map_err(|source| KafkaFault::Client { source })?;
        Ok(Outlet { producer, topic: topic.to_owned(), pending: pending.into(), handed: 0, rest_until: None })
    }

    /// Takes a record to write.
    pub fn put(&mut self, record: AlertRecord) {
        self.pending.push_back(record);
    }

    /// What is not confirmed yet.
    pub fn pending(&self) -> impl ExactSizeIterator<Item = &AlertRecord> {
        self.pending.iter()
    }

    /// Goes on writing; `confirmed` is told of each record that the broker has, in order. Never waits.
    pub fn drive(&mut self, mut confirmed: impl FnMut(&AlertRecord)) -> Option<String> {
        let mut trouble = None;
        while let Some(result) = self.producer.context().next() {
            match result {
                Ok(()) => {
                    if let Some(record) = self.pending.pop_front() {
                        confirmed(&record);
                    }
                    self.handed = self.handed.saturating_sub(1);
                }
                Err(error) => {
                    // What was handed after it fails too or is refused: all of it goes again, in order.
                    trouble = Some(self.words(&error));
                    self.start_over();
                    break;
                }
            }
        }
        let resting = self.rest_until.is_some_and(|until| Instant::now() < until);
        while !resting && self.handed < self.pending.len() {
            if let Err(error) = self.hand(&self.pending[self.handed]) {
                trouble = Some(self.words(&error));
                break;
            }
            self.handed += 1;
        }
        trouble
    }

    fn hand(&self, record: &AlertRecord) -> Result<(), KafkaError> {
        let event = cloud_event(record);
        let headers = OwnedHeaders::new()
            .insert(Header { key: "content-type", value: Some("application/cloudevents+json; charset=UTF-8") });
        let message = BaseRecord::to(&self.topic).key(&record.id).payload(&event).headers(headers);
        self.producer.send(message).map_err(|(error, _)| error)
    }

    /// Empties the producer and begins with the oldest record that is not confirmed.
    fn start_over(&mut self) {
        self.producer.purge(rdkafka::producer::PurgeConfig::default().queue().inflight());
        let _ = self.producer.flush(Duration::from_secs(1));
        while self.producer.context().next().is_some() {}
        self.handed = 0;
        self.rest_until = Some(Instant::now() + AGAIN);
    }

    fn words(&self, error: &KafkaError) -> String {
        let topic = &self.topic;
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => {
                format!("alerts topic `{topic}` does not exist; create it, alerts wait for it")
            }
            Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                format!("alerts topic `{topic}`: writing is not allowed to this user; grant it, alerts wait")
            }
            _ => format!("alerts topic `{topic}`: {error}; alerts wait"),
        }
    }

    /// Waits until all is confirmed, at most so long.
    pub fn flush(&mut self, patience: Duration, mut confirmed: impl FnMut(&AlertRecord)) {
        let end = Instant::now() + patience;
        while !self.pending.is_empty() && Instant::now() < end {
            self.drive(&mut confirmed);
            let _ = self.producer.flush(Duration::from_millis(50));
        }
        self.drive(confirmed);
    }
}

/// The record as a structured CloudEvent, version 1.0.
pub(super) fn cloud_event(record: &AlertRecord) -> Vec<u8> {
    let event = serde_json::json!({
        "specversion": "1.0",
        "id": format!("{}/{}", record.id, record.revision),
        "source": "forewarn",
        "type": "dev.forewarn.alert.v1",
        "subject": record.service,
        "time": record.at.to_string(),
        "datacontenttype": "application/json",
        "data": record,
    });
    serde_json::to_vec(&event).expect("a record is text, numbers and times")
}

/// Makes our own topics where they are missing, with the broker's defaults; where that is not allowed they are waited for.
pub async fn make_topics(kafka: &Kafka, client_id: &str) -> Result<Vec<String>, KafkaFault> {
    // A client of this kind is never asked for tokens.
    if is_oidc(kafka) {
        tracing::info!(
            "with OIDC topics are not made: where they are missing, make `alerts_topic` and `dead_letters` by hand"
        );
        return Ok(Vec::new());
    }
    let config = client::producer(kafka, client_id)?;
    let made = config.create_with_context(DefaultClientContext);
    let admin: AdminClient<DefaultClientContext> = made.map_err(|source| KafkaFault::Client { source })?;
    let own: Vec<&String> = kafka.alerts_topic.iter().chain(&kafka.dead_letters).collect();
    let wanted: Vec<NewTopic<'_>> =
        own.iter().map(|name| NewTopic::new(name, 1, TopicReplication::Fixed(-1))).collect();
    let options = AdminOptions::new().request_timeout(Some(Duration::from_secs(10)));
    let results = admin.create_topics(&wanted, &options).await;
    let results = results.map_err(|source| KafkaFault::Broker { step: "create the topics for alerts", source })?;
    Ok(results.into_iter().filter_map(Result::ok).collect())
}
