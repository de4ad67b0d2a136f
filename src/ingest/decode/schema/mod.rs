//! Messages that need a schema, as Confluent-compatible Schema Registries frame them: a zero byte, the schema's id, the payload.
//!
//! A schema is an input of its own: whoever reads messages asks the registry, and what it answered is journalled and told here
//! ([`Schemas::learn`]). So what becomes of a record depends on the partitions and the journal alone, also where the registry
//! is away or has forgotten. With its schema a payload becomes the JSON it stands for, and is read like any other JSON.
//!
//! Wire format: <https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format>.

mod avro;
mod protobuf;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::json;

/// So many schemas are kept; the one with the smallest id goes, and is asked for again where it is needed.
pub const SCHEMAS_MAX: usize = 10_000;
/// A schema's text is no longer than this, with all it refers to; in bytes.
pub const SCHEMA_BYTES_MAX: usize = 4 << 20;
/// The JSON of a payload takes at most so many times `limits.message_bytes`.
const GROWTH: usize = 4;

/// The language of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// Apache Avro.
    Avro,
    /// Protocol Buffers.
    Protobuf,
    /// JSON Schema: its payloads say everything themselves.
    Json,
}

/// A schema as the registry gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaText {
    /// Its language.
    pub language: Language,
    /// Its text.
    pub text: String,
    /// What it refers to, under the name it does: those that others need come first.
    pub references: Vec<(String, String)>,
}

/// What the registry said of an id: a schema, or that there is none, in words.
pub type Answer = Result<SchemaText, String>;

/// The schemas that were learned.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    answers: BTreeMap<u32, Answer>,
    readers: BTreeMap<u32, Result<Reader, String>>,
}

#[derive(Clone, Debug)]
enum Reader {
    Avro(avro::Avro),
    Protobuf(protobuf::Protobuf),
    Json,
}

/// A payload made readable.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Readable<'a> {
    /// It is what it is.
    AsItIs(&'a [u8]),
    /// It stands for this.
    Made(Vec<u8>),
}

impl Schemas {
    /// The schema that a message needs, and what is known of it.
    pub fn needed(&self, message: &[u8]) -> Option<(u32, Option<&Answer>)> {
        let (id, payload) = framed(message)?;
        (!json::is_json(payload)).then(|| (id, self.answers.get(&id)))
    }

    /// Takes what the registry said of an id.
    pub fn learn(&mut self, id: u32, answer: Answer) {
        if self.answers.len() == SCHEMAS_MAX && !self.answers.contains_key(&id) {
            self.answers.pop_first();
            self.readers.pop_first();
        }
        self.readers.insert(id, answer.as_ref().map_err(String::clone).and_then(Reader::new));
        self.answers.insert(id, answer);
    }

    /// What was learned, by id: part of the state.
    pub fn answers(&self) -> &BTreeMap<u32, Answer> {
        &self.answers
    }

    /// Goes on with what was learned.
    pub fn recall(answers: BTreeMap<u32, Answer>) -> Schemas {
        let mut schemas = Schemas::default();
        answers.into_iter().for_each(|(id, answer)| schemas.learn(id, answer));
        schemas
    }

    /// The payload of a message, readable; a message without a frame is what it is. Words where it cannot be read.
    pub(super) fn read<'a>(&self, message: &'a [u8], longest: usize) -> Result<Readable<'a>, String> {
        let Some((id, payload)) = framed(message) else { return Ok(Readable::AsItIs(message)) };
        // JSON says by itself what its schema would.
        if json::is_json(payload) {
            return Ok(Readable::AsItIs(payload));
        }
        let named = |words: &str| format!("schema {id}: {words}");
        let most = longest.saturating_mul(GROWTH);
        match self.readers.get(&id) {
            None => Err(format!(
                "a Schema Registry's magic byte: the payload needs schema {id}; with `url` of [kafka.schema_registry] it is asked for"
            )),
            Some(Err(words)) => Err(named(words)),
            Some(Ok(Reader::Json)) => Err(named("it is a JSON Schema, and the payload is no JSON object")),
            Some(Ok(Reader::Avro(avro))) => avro.read(payload, most).map_err(|words| named(&words)),
            Some(Ok(Reader::Protobuf(protobuf))) => protobuf.read(payload, most).map_err(|words| named(&words)),
        }
    }
}

impl Reader {
    fn new(schema: &SchemaText) -> Result<Reader, String> {
        let bytes: usize = schema.references.iter().map(|(_, text)| text.len()).sum();
        if SCHEMA_BYTES_MAX < bytes + schema.text.len() {
            return Err(format!("its text is longer than {SCHEMA_BYTES_MAX} bytes"));
        }
        Ok(match schema.language {
            Language::Avro => Reader::Avro(avro::Avro::new(schema)?),
            Language::Protobuf => Reader::Protobuf(protobuf::Protobuf::new(schema)?),
            Language::Json => Reader::Json,
        })
    }
}

/// The schema id and the payload of the frame: a zero byte, then the id, big-endian. No other format begins with a zero byte:
/// protobuf has no field 0.
fn framed(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (head, payload) = bytes.split_first_chunk::<5>()?;
    let [0, id @ ..] = *head else { return None };
    Some((u32::from_be_bytes(id), payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(language: Language, text: &str) -> Answer {
        Ok(SchemaText { language, text: text.to_owned(), references: vec![] })
    }

    #[test]
    fn what_is_lacking_is_named_and_what_is_json_needs_nothing() {
        let mut schemas = Schemas::default();
        assert_eq!(schemas.needed(b"\0\0\0\0\x07\x02a"), Some((7, None)));
        assert_eq!(schemas.needed(b"\0\0\0\0\x07{}"), None);
        assert_eq!(schemas.needed(b"cpu a=1"), None);
        assert_eq!(schemas.read(b"\0\0\0\0\x07{}", 100), Ok(Readable::AsItIs(b"{}".as_slice())));
        assert!(schemas.read(b"\0\0\0\0\x07\x02a", 100).unwrap_err().contains("[kafka.schema_registry]"));

        schemas.learn(7, Err("the registry has no schema of this id".to_owned()));
        assert!(matches!(schemas.needed(b"\0\0\0\0\x07\x02a"), Some((7, Some(Err(_))))));
        assert_eq!(
            schemas.read(b"\0\0\0\0\x07\x02a", 100),
            Err("schema 7: the registry has no schema of this id".into())
        );
        // It may have one later.
        schemas.learn(7, schema(Language::Avro, r#""string""#));
        let recalled = Schemas::recall(schemas.answers().clone());
        for schemas in [schemas, recalled] {
            assert_eq!(schemas.read(b"\0\0\0\0\x07\x02a", 100), Ok(Readable::AsItIs(b"a".as_slice())));
        }
    }

    #[test]
    fn a_schema_that_is_none_says_so() {
        let mut schemas = Schemas::default();
        for (language, text) in [(Language::Avro, "{"), (Language::Protobuf, "message {"), (Language::Protobuf, "")] {
            schemas.learn(1, schema(language, text));
            let words = schemas.read(b"\0\0\0\0\x01\x00", 100).unwrap_err();
            assert!(words.starts_with("schema 1: "), "{words}");
        }
        schemas.learn(2, schema(Language::Json, "{}"));
        assert!(schemas.read(b"\0\0\0\0\x02\x00", 100).unwrap_err().contains("no JSON object"));
    }

    #[test]
    fn so_many_are_kept() {
        let mut schemas = Schemas::default();
        for id in 0..=SCHEMAS_MAX as u32 {
            schemas.learn(id, schema(Language::Json, "{}"));
        }
        assert_eq!((schemas.answers().len(), schemas.readers.len()), (SCHEMAS_MAX, SCHEMAS_MAX));
        assert!(!schemas.answers().contains_key(&0));
    }
}
