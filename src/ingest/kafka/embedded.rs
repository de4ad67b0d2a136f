//! A broker within this process, for `demo`: librdkafka's mock cluster, and a producer for it.
//!
//! It keeps about 5 MB of a partition and drops what is older, read or not: whoever writes must not run far ahead of
//! whoever reads.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, ThreadedProducer};

use super::KafkaFault;
use crate::time::Timestamp;

/// How long a full producer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A broker that lives as long as this value.
pub struct Embedded {
    /// Above the cluster: it ends first.
    producer: ThreadedProducer<DefaultProducerContext>,
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("address", &self.address()).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Starts a broker on loopback with these topics, one partition each.
    pub fn start<'a>(topics: impl IntoIterator<Item = &'a str>) -> Result<Embedded, KafkaFault> {
        let broken = |step| move |source| KafkaFault::Broker { step, source };
        let cluster = MockCluster::new(1).map_err(broken("start the embedded broker"))?;
        for topic in topics {
            cluster.create_topic(topic, 1, 1).map_err(broken("make a topic of the embedded broker"))?;
        }
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers()).set("linger.ms", "1");
        let producer = config.create().map_err(|source| KafkaFault::Client { source })?;
        Ok(Embedded { producer, cluster })
    }

    /// Where it listens, `host:port`.
    pub fn address(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// Writes one record; waits a little where too many are on their way.
    pub fn send(&self, topic: &str, key: &str, at: Timestamp, payload: &[u8]) -> Result<(), KafkaFault> {
        let mut record = BaseRecord::to(topic).key(key).payload(payload).timestamp(at.nanos() / 1_000_000);
        let began = Instant::now();
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                    if began.elapsed() < PATIENCE =>
                {
                    record = back;
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err((source, _)) => return Err(KafkaFault::Broker { step: "write to the embedded broker", source }),
            }
        }
    }
}
