//! Apache Kafka: records in, alerts and dead letters out. The only users of `rdkafka`.
//!
//! [`Source`] is a member of a consumer group. Where reading begins is ours to say, from the checkpoint; what is
//! committed to the broker serves lag charts only. [`Survey`] asks the broker, beside the reading, what it holds and who
//! else is a member. [`Outlet`] writes alerts, [`DeadLetters`] what could not be read.
#![expect(clippy::disallowed_methods, reason = "the broker and its clock are outside of the core")]

mod advice;
mod client;
mod dead;
mod doctor;
mod embedded;
mod group;
mod outlet;
mod registry;
mod source;
mod start;
mod survey;
mod token;
mod topics;

pub use advice::{Advice, advise};
pub use client::RESERVED;
pub use dead::{DeadLetter, DeadLetters};
pub use embedded::Embedded;
pub use outlet::{Outlet, make_topics};
pub use registry::{Registry, Told};
pub use source::{Event, Read, Source};
pub use start::{Loss, Start};
pub use survey::{Ends, Member, Report, Survey};
pub use topics::Topics;

use rdkafka::error::KafkaError;

/// Why Kafka could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KafkaFault {
    /// A property that forewarn sets itself.
    #[error("[kafka.properties] `{key}` is set by forewarn ({why}); remove it")]
    Reserved {
        /// The property.
        key: String,
        /// Why it is not the operator's to set.
        why: &'static str,
    },
    /// A client could not be made: mostly a property that librdkafka does not know.
    #[error("kafka client: {source}; check [kafka] and [kafka.properties]")]
    Client {
        /// librdkafka's words.
        source: KafkaError,
    },
    /// A property is missing that another one asks for.
    #[error("[kafka.properties] \"{key}\" is missing, which {method} needs; set it")]
    Missing {
        /// The property.
        key: &'static str,
        /// What needs it.
        method: &'static str,
    },
    /// A pattern of `topics` is not a regular expression.
    #[error("[kafka] topics: `{pattern}`: {source}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        source: Box<regex::Error>,
    },
    /// One of the topics read is written by forewarn itself.
    #[error("[kafka] topics: `{topic}` is written by forewarn and cannot be read too; remove it")]
    Own {
        /// The topic.
        topic: String,
    },
    /// The broker did not answer.
    #[error("{step}: {source}")]
    Broker {
        /// What was asked.
        step: &'static str,
        /// librdkafka's words.
        source: KafkaError,
    },
}
