//! Dead letters: what could not be read, kept with the place and the reason, in a topic or in a file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};

use super::outlet::Confirm;
use super::{KafkaFault, client};
use crate::config::Kafka;
use crate::ingest::Received;
use crate::ingest::gate::PartitionId;
use crate::signal::Reject;

/// A file is renamed to `dead-letters.1.jsonl` at this size, and the one before it goes.
const ROTATE_BYTES: u64 = 64 << 20;
/// So much of a message is kept in a file.
const KEPT_BYTES: usize = 64 << 10;
/// So much of a message is kept in a topic that takes no larger ones.
const SHORT_BYTES: usize = 512 << 10;

/// A message that could not be read, or not wholly.
#[derive(Clone, Copy, Debug)]
pub struct DeadLetter<'a> {
    /// Where it lies.
    pub partition: &'a PartitionId,
    /// The message.
    pub message: Received<'a>,
    /// Why it was rejected; of several the first.
    pub reject: &'a Reject,
}

/// Keeps dead letters: in a topic (the message as it was, with headers) or in a file (JSON lines).
pub struct DeadLetters(Way);

enum Way {
    Topic { producer: Box<ThreadedProducer<Confirm>>, topic: String },
    File { file: File, path: PathBuf, bytes: u64 },
}

impl std::fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Way::Topic { topic, .. } => write!(f, "DeadLetters(topic {topic})"),
            Way::File { path, .. } => write!(f, "DeadLetters({})", path.display()),
        }
    }
}

impl DeadLetters {
    /// To the topic of the configuration.
    pub fn to_topic(kafka: &Kafka, topic: &str, client_id: &str) -> Result<DeadLetters, KafkaFault> {
        let config = client::producer(kafka, client_id)?;
        let made = config.create_with_context(Confirm::new(kafka)?);
        let producer = Box::new(made.map_err(|source| KafkaFault::Client { source })?);
        Ok(DeadLetters(Way::Topic { producer, topic: topic.to_owned() }))
    }

    /// To a file in the state directory.
    pub fn to_file(directory: &Path) -> std::io::Result<DeadLetters> {
        let path = directory.join("dead-letters.jsonl");
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let bytes = file.metadata()?.len();
        Ok(DeadLetters(Way::File { file, path, bytes }))
    }

    /// Keeps a letter. Waits while the producer is full, so that a flood slows the reading and loses nothing.
    pub fn put(&mut self, letter: DeadLetter<'_>) -> Result<(), String> {
        match &mut self.0 {
            Way::Topic { producer, topic } => send(producer, topic, letter),
            Way::File { file, path, bytes } => {
                let line = line(letter);
                let written = rotate(file, path, bytes).and_then(|()| file.write_all(&line));
                *bytes += line.len() as u64;
                written.map_err(|error| format!("{}: {error}", path.display()))
            }
        }
    }

    /// Whether all letters are where they belong, after at most so long; a checkpoint that goes past them waits for it.
    pub fn flush(&mut self, patience: Duration) -> Result<(), String> {
        match &mut self.0 {
            Way::Topic { producer, topic } => {
                producer.flush(patience).map_err(|error| format!("dead letters topic `{topic}`: {error}"))?;
                let mut trouble = Ok(());
                while let Some(result) = producer.context().next() {
                    trouble = trouble.and(result.map_err(|error| format!("dead letters topic `{topic}`: {error}")));
                }
                trouble
            }
            Way::File { file, path, .. } => file.sync_data().map_err(|e| format!("{}: {e}", path.display())),
        }
    }
}

fn send(producer: &ThreadedProducer<Confirm>, topic: &str, letter: DeadLetter<'_>) -> Result<(), String> {
    let mut payload = letter.message.payload;
    loop {
        let headers = headers(letter, payload.len() < letter.message.payload.len());
        let record =
            BaseRecord::to(topic).key(letter.message.key.unwrap_or_default()).payload(payload).headers(headers);
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                producer.poll(Duration::from_millis(20));
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _))
                if SHORT_BYTES < payload.len() =>
            {
                payload = &payload[..SHORT_BYTES];
            }
            Err((error, _)) => return Err(format!("dead letters topic `{topic}`: {error}")),
        }
    }
}

fn headers(letter: DeadLetter<'_>, cut: bool) -> OwnedHeaders {
    let mut detail = letter.reject.detail.as_str();
    if 1000 < detail.len() {
        detail = &detail[..detail.floor_char_boundary(1000)];
    }
    let partition = letter.partition.partition.to_string();
    let offset = letter.message.offset.to_string();
    let texts = [
        ("topic", &*letter.partition.topic),
        ("partition", &partition),
        ("offset", &offset),
        ("reason", letter.reject.reason.as_str()),
        ("detail", detail),
    ];
    let cut = cut.then_some(("truncated", "true"));
    texts
        .into_iter()
        .chain(cut)
        .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
}

fn line(letter: DeadLetter<'_>) -> Vec<u8> {
    let payload = letter.message.payload;
    let kept = &payload[..payload.len().min(KEPT_BYTES)];
    let mut json = serde_json::json!({
        "topic": &*letter.partition.topic,
        "partition": letter.partition.partition,
        "offset": letter.message.offset,
        "time": letter.message.time.map(|time| time.to_string()),
        "reason": letter.reject.reason.as_str(),
        "detail": letter.reject.detail,
        "bytes": payload.len(),
    });
    match std::str::from_utf8(kept) {
        Ok(text) => json["text"] = text.into(),
        Err(_) => json["base64"] = base64::engine::general_purpose::STANDARD.encode(kept).into(),
    }
    let mut line = serde_json::to_vec(&json).expect("text and numbers");
    line.push(b'\n');
    line
}

fn rotate(file: &mut File, path: &Path, bytes: &mut u64) -> std::io::Result<()> {
    if *bytes < ROTATE_BYTES {
        return Ok(());
    }
    file.sync_data()?;
    std::fs::rename(path, path.with_file_name("dead-letters.1.jsonl"))?;
    *file = OpenOptions::new().create(true).append(true).open(path)?;
    *bytes = 0;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::RejectReason;
    use expect_test::expect;

    #[test]
    fn a_file_keeps_place_reason_and_message() {
        let home = tempfile::tempdir().unwrap();
        let mut letters = DeadLetters::to_file(home.path()).unwrap();
        let partition = PartitionId::new("metrics", 2);
        let reject = Reject::new(RejectReason::Malformed, "field 3: `x` is not a number");
        for payload in [&b"cpu a=x"[..], &[0xff, 0x00]] {
            let message = Received { offset: 7, time: None, key: None, payload };
            letters.put(DeadLetter { partition: &partition, message, reject: &reject }).unwrap();
        }
        letters.flush(Duration::ZERO).unwrap();
        let text = std::fs::read_to_string(home.path().join("dead-letters.jsonl")).unwrap();
        expect![[r#"
            {"bytes":7,"detail":"field 3: `x` is not a number","offset":7,"partition":2,"reason":"malformed","text":"cpu a=x","time":null,"topic":"metrics"}
            {"base64":"/wA=","bytes":2,"detail":"field 3: `x` is not a number","offset":7,"partition":2,"reason":"malformed","time":null,"topic":"metrics"}
        "#]]
        .assert_eq(&text);
    }
}
