//! What librdkafka calls back: which partitions come and go, and what is wrong with the broker.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;

use super::KafkaFault;
use super::doctor::Doctor;
use super::token::Tokens;
use crate::config::Kafka;
use crate::ingest::gate::PartitionId;

/// One change of what this process is to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Handover {
    /// These partitions are ours from now on; the group waits until they are assigned.
    Given(Vec<PartitionId>),
    /// These are not ours any more.
    Taken(Vec<PartitionId>),
}

/// Collects what librdkafka calls back, for [`Source`](super::Source) to act upon outside of the call.
#[derive(Debug, Default)]
pub(super) struct Group {
    handovers: Mutex<VecDeque<Handover>>,
    faults: Arc<Mutex<VecDeque<String>>>,
    closing: AtomicBool,
    doctor: Doctor,
    tokens: Tokens,
}

impl Group {
    /// One that can look for itself why a broker cannot be spoken to.
    pub(super) fn new(kafka: &Kafka) -> Result<Group, KafkaFault> {
        Ok(Group { doctor: Doctor::new(kafka), tokens: Tokens::new(kafka)?, ..Group::default() })
    }

    pub(super) fn next_handover(&self) -> Option<Handover> {
        self.handovers.lock().expect("no holder panics").pop_front()
    }

    pub(super) fn next_fault(&self) -> Option<String> {
        self.faults.lock().expect("no holder panics").pop_front()
    }

    /// From now on whatever is given is taken without a look, so that the group can be left.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    fn push(&self, handover: Handover) {
        self.handovers.lock().expect("no holder panics").push_back(handover);
    }

    fn fault(&self, what: String) {
        push(&self.faults, what);
    }
}

fn push(faults: &Mutex<VecDeque<String>>, what: String) {
    let mut faults = faults.lock().expect("no holder panics");
    // What repeats says nothing new, and the list is short.
    if !faults.contains(&what) && faults.len() < 32 {
        faults.push_back(what);
    }
}

impl ClientContext for Group {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.tokens.fetch().map_err(|words| {
            self.fault(words.clone());
            words.into()
        })
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        forward_log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // The end of a partition is no fault; its own queue tells of it.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF) {
            let words = format!("{error}: {reason}");
            let faults = Arc::clone(&self.faults);
            self.doctor.look(&words, move |found| push(&faults, found));
            self.fault(words);
        }
    }
}

impl ConsumerContext for Group {
    /// Assigning needs offsets, and those need the broker: it is done by the source, outside of this call, and the group
    /// waits for it. Giving back is done at once.
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions: Vec<PartitionId> =
            list.elements().iter().map(|e| PartitionId::new(e.topic(), e.partition())).collect();
        let closing = self.closing.load(Ordering::SeqCst);
        let done = match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS if closing => consumer.incremental_assign(list),
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                self.push(Handover::Given(partitions));
                Ok(())
            }
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS => {
                self.push(Handover::Taken(partitions));
                consumer.incremental_unassign(list)
            }
            other => {
                self.fault(format!("the group could not be balanced: {other:?}"));
                consumer.unassign()
            }
        };
        if let Err(error) = done {
            self.fault(format!("partitions could not be taken or given back: {error}"));
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            // Only lag charts are behind for a while.
            tracing::debug!(%error, "offsets were not committed");
        }
    }
}

/// librdkafka's log lines in ours, one degree milder: what matters comes as an error of its own.
pub(super) fn forward_log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::warn!(facility, "kafka client: {message}");
        }
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => tracing::info!(facility, "kafka client: {message}"),
        _ => tracing::debug!(facility, "kafka client: {message}"),
    }
}
