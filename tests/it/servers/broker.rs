//! The real broker: topics made, records written, records read back.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// The broker that `tests/run` started.
pub struct Broker {
    pub address: String,
    producer: BaseProducer,
}

/// A record read back.
#[derive(Clone, Debug)]
pub struct Row {
    pub key: String,
    pub payload: Vec<u8>,
    pub headers: Vec<(String, String)>,
}

impl Row {
    pub fn header(&self, key: &str) -> &str {
        self.headers.iter().find(|(have, _)| have == key).map_or("", |(_, value)| value)
    }
}

fn config(address: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", address);
    config
}

impl Broker {
    /// The broker; a test that needs it fails without it.
    pub fn connect() -> Broker {
        let address = super::setting("FOREWARN_TEST_KAFKA");
        let producer = config(&address).set("linger.ms", "1").create().expect("a producer");
        Broker { address, producer }
    }

    /// Makes a topic; its name is its own for this process.
    pub fn topic(&self, name: &str, partitions: i32) -> String {
        let name = format!("{name}-{}", std::process::id());
        self.make(&name, partitions);
        name
    }

    pub fn make(&self, name: &str, partitions: i32) {
        let admin: AdminClient<DefaultClientContext> = config(&self.address).create().expect("an admin client");
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let made = runtime.block_on(admin.create_topics([&topic], &AdminOptions::new())).expect("the broker answers");
        made[0].as_ref().expect("the topic is made");
    }

    /// Writes one record.
    pub fn send(&self, topic: &str, partition: i32, payload: &[u8]) {
        let record = || BaseRecord::<(), [u8]>::to(topic).partition(partition).payload(payload);
        while self.producer.send(record()).is_err() {
            self.producer.poll(Duration::from_millis(10));
        }
    }

    /// Waits until all that was written is there.
    pub fn flush(&self) {
        self.producer.flush(Duration::from_secs(20)).expect("all is written");
    }

    /// Everything in a topic of one partition, until `enough` says so or the time is over.
    pub fn read(&self, topic: &str, patience: Duration, enough: impl Fn(&[Row]) -> bool) -> Vec<Row> {
        let consumer: BaseConsumer = config(&self.address).set("group.id", "reader").create().expect("a consumer");
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, 0, Offset::Beginning).expect("an offset");
        consumer.assign(&list).expect("assigned");
        let (mut rows, end) = (Vec::new(), Instant::now() + patience);
        while Instant::now() < end && !enough(&rows) {
            let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
            let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
            let headers = message
                .headers()
                .map(|headers| headers.iter().map(|header| (header.key.to_owned(), text(header.value))).collect());
            rows.push(Row {
                key: text(message.key()),
                payload: message.payload().unwrap_or_default().to_vec(),
                headers: headers.unwrap_or_default(),
            });
        }
        rows
    }
}
