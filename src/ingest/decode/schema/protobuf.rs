//! Protocol Buffers by their schema: the message that the frame names, as JSON under the names of the schema.
//!
//! Behind the schema's id stands the path to the message's type among the types of the file, as varints in zigzag: how many, and
//! each; a single zero for the first type. Fields at their default are written too: a value of 0 is not on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::prost::Message;
use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::{Readable, SchemaText};

/// The name of the schema's own file.
const FILE: &str = "forewarn.schema.proto";
/// Requests of OTLP are read as such.
const OTLP: [&str; 4] = [
    "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest",
    "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest",
    "opentelemetry.proto.metrics.v1.MetricsData",
    "opentelemetry.proto.logs.v1.LogsData",
];
/// A path to a type has at most so many steps.
const STEPS_MAX: usize = 32;

/// Reads messages of one file of types.
#[derive(Clone, Debug)]
pub(super) struct Protobuf {
    types: Vec<MessageDescriptor>,
}

/// Files in memory, by the name under which others import them.
struct Sources(Vec<(String, String)>);

impl FileResolver for Sources {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.iter().find(|(have, _)| have == name) {
            Some((_, text)) => described(name, text).map_or_else(|| File::from_source(name, text), Ok),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// Some clients register a file's compiled description (`FileDescriptorProto`) in base64 instead of its source.
fn described(name: &str, text: &str) -> Option<File> {
    let bytes = STANDARD.decode(text.trim()).ok()?;
    let mut description = FileDescriptorProto::decode(&*bytes).ok()?;
    description.name = Some(name.to_owned());
    Some(File::from_file_descriptor_proto(description))
}

impl Protobuf {
    pub(super) fn new(schema: &SchemaText) -> Result<Protobuf, String> {
        let mut sources = schema.references.clone();
        sources.push((FILE.to_owned(), schema.text.clone()));
        let mut resolver = ChainFileResolver::new();
        resolver.add(Sources(sources));
        resolver.add(GoogleFileResolver::new());
        let pool = compiled(resolver).map_err(|error| format!("it is no Protobuf schema: {error}"))?;
        let file = pool.get_file_by_name(FILE).ok_or("it is no Protobuf schema")?;
        let types: Vec<_> = file.messages().collect();
        match types.is_empty() {
            true => Err("it has no message".to_owned()),
            false => Ok(Protobuf { types }),
        }
    }

    /// # Errors
    /// Words where the payload is not of a type of this file, or its JSON takes more than `most` bytes.
    pub(super) fn read<'a>(&self, payload: &'a [u8], most: usize) -> Result<Readable<'a>, String> {
        let (of, body) = self.type_of(payload)?;
        if OTLP.contains(&of.full_name()) {
            return Ok(Readable::AsItIs(body));
        }
        let name = of.name().to_owned();
        let message = DynamicMessage::decode(of, body).map_err(|error| format!("Protobuf `{name}`: {error}"))?;
        let options = SerializeOptions::new().stringify_64_bit_integers(false).use_proto_field_name(true);
        let mut json = Bounded { bytes: Vec::new(), most };
        message
            .serialize_with_options(&mut serde_json::Serializer::new(&mut json), &options.skip_default_fields(false))
            .map_err(|error| format!("Protobuf `{name}`: {error}"))?;
        Ok(Readable::Made(json.bytes))
    }

    fn type_of<'a>(&self, payload: &'a [u8]) -> Result<(MessageDescriptor, &'a [u8]), String> {
        let mut rest = payload;
        let mut step = || zigzag(&mut rest).and_then(|step| usize::try_from(step).ok());
        let no_path = || "the payload does not begin with the path to a type".to_owned();
        let steps = match step().filter(|&steps| steps <= STEPS_MAX).ok_or_else(no_path)? {
            0 => vec![0],
            steps => (0..steps).map(|_| step()).collect::<Option<Vec<usize>>>().ok_or_else(no_path)?,
        };
        let mut found = self.types.get(steps[0]).cloned();
        for &step in &steps[1..] {
            found = found.and_then(|of| of.child_messages().nth(step));
        }
        found
            .map(|of| (of, rest))
            .ok_or_else(|| format!("the payload names type {steps:?}, which the schema does not have"))
    }
}

fn compiled(resolver: ChainFileResolver) -> Result<DescriptorPool, protox::Error> {
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.open_file(FILE)?;
    Ok(compiler.descriptor_pool())
}

/// A number of the path.
fn zigzag(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}

/// Takes so many bytes and no more.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl std::io::Write for Bounded {
    fn write(&mut self, more: &[u8]) -> std::io::Result<usize> {
        if self.most < self.bytes.len() + more.len() {
            return Err(std::io::Error::other(format!("as JSON it takes more than {} bytes", self.most)));
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Language;
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = r#"
        syntax = "proto3";
        package shop;
        import "google/protobuf/timestamp.proto";
        import "shop/labels.proto";
        message Other { int64 n = 1; }
        message Metric {
            message Inner { string host = 1; }
            string name = 1;
            double value = 2;
            google.protobuf.Timestamp timestamp = 3;
            map<string, string> labels = 4;
            Labels more = 5;
            optional int32 port = 6;
        }
    "#;

    fn protobuf() -> Protobuf {
        let labels = "syntax = \"proto3\"; package shop; message Labels { int64 of = 1; }";
        let references = vec![("shop/labels.proto".to_owned(), labels.to_owned())];
        Protobuf::new(&SchemaText { language: Language::Protobuf, text: TEXT.to_owned(), references }).unwrap()
    }

    /// By hand, from the wire format: path [1], name "q", no value, the second 5, labels a=b.
    const METRIC: &[u8] = b"\x02\x02\x0A\x01q\x1A\x02\x08\x05\x22\x06\x0A\x01a\x12\x01b";

    #[test]
    fn a_message_is_the_json_it_stands_for() {
        let Readable::Made(json) = protobuf().read(METRIC, 1000).unwrap() else { panic!("it is JSON") };
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"name": "q", "value": 0.0, "timestamp": "1970-01-01T00:00:05Z", "labels": {"a": "b"}})
        );
        // The first type by the short path, and a type within a type.
        assert_eq!(protobuf().read(b"\x00\x08\x07", 100), Ok(Readable::Made(b"{\"n\":7}".to_vec())));
        assert_eq!(protobuf().read(b"\x04\x02\x00\x0A\x01h", 100), Ok(Readable::Made(b"{\"host\":\"h\"}".to_vec())));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let words = |payload: &[u8], most| protobuf().read(payload, most).unwrap_err();
        assert!(words(b"", 100).contains("does not begin with the path"));
        assert!(words(b"\x02\x09\x00", 100).contains("does not begin with the path"));
        assert!(words(b"\x02\x08\x00", 100).contains("type [4]"));
        assert!(words(&METRIC[..8], 100).starts_with("Protobuf `Metric`: "));
        assert!(words(METRIC, 20).contains("more than 20 bytes"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_payload_is_taken(mut payload in prop::collection::vec(any::<u8>(), 0..200), path in any::<bool>()) {
            if path {
                payload.splice(0..0, [2, 2]);
            }
            let _ = protobuf().read(&payload, 10_000);
        }
    }
}
