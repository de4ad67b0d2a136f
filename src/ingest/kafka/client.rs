//! librdkafka's settings: ours, the operator's, and those that are not the operator's to set.

use rdkafka::ClientConfig;

use super::token::{OIDC, is_oidc};
use super::{KafkaFault, Topics};
use crate::config::Kafka;

/// Properties that cannot be passed through, and why.
pub const RESERVED: [(&str, &str); 10] = [
    ("bootstrap.servers", "it is [kafka] brokers"),
    ("metadata.broker.list", "it is [kafka] brokers"),
    ("group.id", "it is [kafka] group"),
    ("enable.auto.commit", "only what was judged is committed"),
    ("enable.auto.offset.store", "only what was judged is committed"),
    ("auto.offset.reset", "a lost offset is reported, not skipped; for the first start there is [kafka] from"),
    ("enable.partition.eof", "the clock goes on at the end of all partitions"),
    ("partition.assignment.strategy", "partitions are handed over one by one"),
    ("group.protocol", "partitions are handed over one by one"),
    ("topic.blacklist", "forewarn never reads the topics it writes"),
];

/// Properties of the consumer alone, which a producer would warn of.
const CONSUMER_ONLY: [&str; 11] = [
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "max.poll.interval.ms",
    "group.instance.id",
    "queued.min.messages",
    "queued.max.messages.kbytes",
    "isolation.level",
    "check.crcs",
    "fetch.message.max.bytes",
    "max.partition.fetch.bytes",
    "coordinator.query.interval.ms",
];

fn base(kafka: &Kafka, client_id: &str) -> Result<ClientConfig, KafkaFault> {
    let mut config = ClientConfig::new();
    // The operator's word wins over these.
    config.set("client.id", client_id);
    config.set("reconnect.backoff.max.ms", "5000");
    config.set("socket.keepalive.enable", "true");
    for (key, value) in &kafka.properties {
        if let Some((key, why)) = RESERVED.iter().find(|(reserved, _)| reserved == key) {
            return Err(KafkaFault::Reserved { key: (*key).to_owned(), why });
        }
        if !(is_oidc(kafka) && OIDC.contains(&key.as_str())) {
            config.set(key, value);
        }
    }
    config.set("bootstrap.servers", &kafka.brokers);
    Ok(config)
}

/// The consumer's settings. `client_id` tells this process apart from other members of the group.
pub(super) fn consumer(kafka: &Kafka, topics: &Topics, client_id: &str) -> Result<ClientConfig, KafkaFault> {
    let mut config = base(kafka, client_id)?;
    let gentle = [
        // Killed and started anew it is the same member at once, without waiting for the end of its session.
        ("group.instance.id", client_id),
        ("topic.metadata.refresh.interval.ms", "5000"),
        ("metadata.max.age.ms", "15000"),
        ("queued.max.messages.kbytes", "16384"),
        ("fetch.wait.max.ms", "100"),
        ("fetch.error.backoff.ms", "200"),
        ("session.timeout.ms", "10000"),
        ("heartbeat.interval.ms", "2000"),
    ];
    for (key, value) in gentle.into_iter().filter(|(key, _)| !kafka.properties.contains_key(*key)) {
        config.set(key, value);
    }
    config.set("group.id", &kafka.group);
    config.set("enable.auto.commit", "false");
    config.set("enable.auto.offset.store", "false");
    config.set("auto.offset.reset", "error");
    config.set("enable.partition.eof", "true");
    config.set("partition.assignment.strategy", "cooperative-sticky");
    config.set("allow.auto.create.topics", "false");
    if let Some(own) = topics.blacklist() {
        config.set("topic.blacklist", own);
    }
    Ok(config)
}

/// The producer's settings: nothing is lost, nothing overtakes.
pub(super) fn producer(kafka: &Kafka, client_id: &str) -> Result<ClientConfig, KafkaFault> {
    let mut config = base(kafka, client_id)?;
    for key in CONSUMER_ONLY {
        config.remove(key);
    }
    config.set("enable.idempotence", "true");
    config.set("acks", "all");
    config.set("linger.ms", "5");
    config.set("message.timeout.ms", "30000");
    config.set("topic.metadata.refresh.interval.ms", "5000");
    config.set("message.max.bytes", "16777216");
    config.set("queue.buffering.max.kbytes", "65536");
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kafka(properties: &[(&str, &str)]) -> Kafka {
        Kafka {
            brokers: "127.0.0.1:1".into(),
            topics: vec!["^m.*".into()],
            group: "g".into(),
            alerts_topic: Some("forewarn.alerts".into()),
            dead_letters: None,
            from: crate::config::From::Earliest,
            formats: Default::default(),
            schema_registry: None,
            properties: properties.iter().map(|&(key, value)| (key.into(), value.into())).collect(),
        }
    }

    #[test]
    fn operators_settings_pass_and_reserved_ones_are_refused_with_a_reason() {
        let topics = Topics::new(&kafka(&[])).unwrap();
        let config =
            consumer(&kafka(&[("session.timeout.ms", "9000"), ("fetch.min.bytes", "7")]), &topics, "me").unwrap();
        assert_eq!(config.get("session.timeout.ms"), Some("9000"));
        assert_eq!(config.get("fetch.min.bytes"), Some("7"));
        assert_eq!(config.get("topic.blacklist"), Some(r"^forewarn\.alerts$"));
        for (key, _) in RESERVED {
            let refused = consumer(&kafka(&[(key, "x")]), &topics, "me").unwrap_err().to_string();
            assert!(refused.contains(key) && refused.ends_with("; remove it"), "{refused}");
        }
        assert_eq!(producer(&kafka(&[("session.timeout.ms", "9000")]), "me").unwrap().get("session.timeout.ms"), None);
    }
}
