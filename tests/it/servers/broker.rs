//! The real broker: topics made, records written, records read back.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// The broker that `tests/run` started.
pub(super) struct Broker {
    pub(super) address: String,
    producer: BaseProducer,
}

/// Starts or stops a broker of a test's own: `tests/servers/kafka.sh`.
pub(super) fn script(arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/kafka.sh");
    let done = Command::new(script).args(arguments).output().expect("kafka.sh runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A record read back.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) payload: Vec<u8>,
    pub(super) headers: Vec<(String, String)>,
}

impl Row {
    pub(super) fn header(&self, key: &str) -> &str {
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
    pub(super) fn connect() -> Broker {
        Broker::at(&super::setting("FOREWARN_TEST_KAFKA"))
    }

    /// A broker at an address.
    pub(super) fn at(address: &str) -> Broker {
        let producer = config(address).set("linger.ms", "1").create().expect("a producer");
        Broker { address: address.to_owned(), producer }
    }

    /// Makes the broker found its groups: what it keeps of them lies on the nodes there are at this moment. Its coordinator may be a
    /// while in coming up.
    pub(super) fn found_groups(&self) {
        let consumer: BaseConsumer = config(&self.address).set("group.id", "founder").create().expect("a consumer");
        let mut list = TopicPartitionList::new();
        list.add_partition("none", 0);
        let end = Instant::now() + Duration::from_secs(30);
        while let Err(error) = consumer.committed_offsets(list.clone(), Duration::from_secs(10)) {
            assert!(Instant::now() < end, "the coordinator answers: {error}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Makes a topic; its name is its own for this process.
    pub(super) fn topic(&self, name: &str, partitions: i32) -> String {
        let name = format!("{name}-{}", std::process::id());
        self.make(&name, partitions);
        name
    }

    pub(super) fn make(&self, name: &str, partitions: i32) {
        self.create(NewTopic::new(name, partitions, TopicReplication::Fixed(1)));
    }

    /// Makes a topic whose partitions lie on these nodes, one each.
    pub(super) fn make_on(&self, name: &str, nodes: &[i32]) {
        let places: Vec<&[i32]> = nodes.chunks(1).collect();
        self.create(NewTopic::new(name, places.len() as i32, TopicReplication::Variable(&places)));
    }

    fn create(&self, topic: NewTopic<'_>) {
        let (admin, runtime) = self.admin();
        let made = runtime.block_on(admin.create_topics([&topic], &AdminOptions::new())).expect("the broker answers");
        made[0].as_ref().expect("the topic is made");
    }

    /// Deletes the records of a partition before an offset, as retention does.
    pub(super) fn delete_before(&self, topic: &str, partition: i32, offset: i64) {
        let (admin, runtime) = self.admin();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset)).expect("an offset");
        let done = runtime.block_on(admin.delete_records(&list, &AdminOptions::new())).expect("the broker answers");
        done.elements()[0].error().expect("the records are deleted");
    }

    fn admin(&self) -> (AdminClient<DefaultClientContext>, tokio::runtime::Runtime) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        (config(&self.address).create().expect("an admin client"), runtime)
    }

    /// Writes one record.
    pub(super) fn send(&self, topic: &str, partition: i32, payload: &[u8]) {
        self.send_at(topic, partition, payload, None);
    }

    /// Writes one record with a time of its own, in milliseconds.
    pub(super) fn send_at(&self, topic: &str, partition: i32, payload: &[u8], millis: Option<i64>) {
        let record = || {
            let record = BaseRecord::<(), [u8]>::to(topic).partition(partition).payload(payload);
            match millis {
                Some(millis) => record.timestamp(millis),
                None => record,
            }
        };
        while self.producer.send(record()).is_err() {
            self.producer.poll(Duration::from_millis(10));
        }
    }

    /// Waits until all that was written is there.
    pub(super) fn flush(&self) {
        self.producer.flush(Duration::from_secs(20)).expect("all is written");
    }

    /// Everything in a topic of one partition, until `enough` says so or the time is over.
    pub(super) fn read(&self, topic: &str, patience: Duration, enough: impl Fn(&[Row]) -> bool) -> Vec<Row> {
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
