//! Which topics are read.

use regex::Regex;

use super::KafkaFault;
use crate::config::Kafka;

/// The topics to read: names and patterns, never the topics that forewarn writes.
#[derive(Clone, Debug)]
pub struct Topics {
    wanted: Vec<String>,
    patterns: Vec<Regex>,
    own: Vec<String>,
}

impl Topics {
    /// The topics of a configuration.
    pub fn new(kafka: &Kafka) -> Result<Topics, KafkaFault> {
        let own: Vec<String> = kafka.alerts_topic.iter().chain(&kafka.dead_letters).cloned().collect();
        let mut patterns = Vec::new();
        for topic in &kafka.topics {
            if own.contains(topic) {
                return Err(KafkaFault::Own { topic: topic.clone() });
            }
            if topic.starts_with('^') {
                let pattern = Regex::new(topic)
                    .map_err(|source| KafkaFault::Pattern { pattern: topic.clone(), source: Box::new(source) })?;
                patterns.push(pattern);
            }
        }
        Ok(Topics { wanted: kafka.topics.clone(), patterns, own })
    }

    /// Whether a topic of the broker is one to read.
    pub fn wants(&self, topic: &str) -> bool {
        let internal = topic.starts_with("__");
        let named = self.wanted.iter().any(|wanted| wanted == topic);
        let matched = !internal && self.patterns.iter().any(|pattern| pattern.is_match(topic));
        (named || matched) && !self.own.iter().any(|own| own == topic)
    }

    /// The names (not the patterns): each is waited for until it exists.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.wanted.iter().map(String::as_str).filter(|topic| !topic.starts_with('^'))
    }

    /// As they are subscribed to.
    pub(super) fn subscription(&self) -> Vec<&str> {
        self.wanted.iter().map(String::as_str).collect()
    }

    /// The topics that librdkafka must not see, as it wants them.
    pub(super) fn blacklist(&self) -> Option<String> {
        let each = self.own.iter().map(|topic| format!("^{}$", regex::escape(topic)));
        let all = each.collect::<Vec<_>>().join(",");
        (!all.is_empty()).then_some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns_but_never_our_own() {
        let mut kafka = Kafka {
            brokers: String::new(),
            topics: vec!["logs".into(), "^(metrics|forewarn).*".into()],
            group: String::new(),
            alerts_topic: Some("forewarn.alerts".into()),
            dead_letters: Some("forewarn.dead".into()),
            from: crate::config::From::Earliest,
            formats: Default::default(),
            schema_registry: None,
            properties: Default::default(),
        };
        let topics = Topics::new(&kafka).unwrap();
        let table =
            [("logs", true), ("logs2", false), ("metrics.a", true), ("forewarn.alerts", false), ("__offsets", false)];
        for (topic, wanted) in table {
            assert_eq!(topics.wants(topic), wanted, "{topic}");
        }
        assert_eq!(topics.names().collect::<Vec<_>>(), ["logs"]);
        kafka.topics.push("forewarn.dead".into());
        assert!(matches!(Topics::new(&kafka), Err(KafkaFault::Own { .. })));
    }
}
