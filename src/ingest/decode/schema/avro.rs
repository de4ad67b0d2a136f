//! Apache Avro by its schema: the value of a payload in binary encoding, as JSON.
//!
//! The schema is read by Avro's own library; the payload is read here, in one pass and within a budget, since an array of a
//! billion nulls takes six bytes. Times become RFC 3339, decimals numbers, bytes text where they are, else base64; of a union the
//! value alone is written. A schema that is a mere string or bytes holds a message of another format, which is read as such.
//!
//! Avro 1.12: <https://avro.apache.org/docs/1.12.0/specification/#binary-encoding>.

use std::collections::HashMap;
use std::io::Write;

use apache_avro::Schema;
use apache_avro::schema::{DecimalSchema, InnerDecimalSchema, Name, UuidSchema};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Readable, SchemaText};
use crate::time::Timestamp;

/// Values lie within each other at most so deep.
const DEPTH_MAX: usize = 64;

/// Reads payloads of one schema. The first node is the schema's.
#[derive(Clone, Debug)]
pub(super) struct Avro {
    nodes: Vec<Node>,
}

/// A type; others are named by their index.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// A name that is not yet known.
    Open,
    Null,
    Boolean,
    Whole(Meaning),
    Float,
    Double,
    Bytes(Bytes),
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
    Record(Vec<(Box<str>, usize)>),
    Enum(Vec<String>),
}

/// What a whole number means.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meaning {
    Number,
    /// A time in units of so many nanoseconds since 1970.
    Time(i64),
}

/// What bytes mean; `fixed` ones have no length before them.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bytes {
    fixed: Option<usize>,
    /// A number with so many digits behind the point.
    scale: Option<usize>,
}

impl Avro {
    pub(super) fn new(schema: &SchemaText) -> Result<Avro, String> {
        let others: Vec<&str> = schema.references.iter().map(|(_, text)| text.as_str()).collect();
        let (main, others) = Schema::parse_str_with_list(&schema.text, others)
            .map_err(|error| format!("it is no Avro schema: {error}"))?;
        let mut builder = Builder { nodes: vec![Node::Open], names: HashMap::new() };
        for other in &others {
            builder.add(other);
        }
        let top = builder.add(&main);
        // A schema may be a mere name of another.
        builder.nodes[0] = builder.nodes[top].clone();
        match builder.nodes.iter().skip(1).any(|node| *node == Node::Open) {
            true => Err("it is no Avro schema: a type is named that nobody defines".to_owned()),
            false => Ok(Avro { nodes: builder.nodes }),
        }
    }

    /// # Errors
    /// Words where the payload is not of this schema, or its JSON takes more than `most` bytes.
    pub(super) fn read<'a>(&self, payload: &'a [u8], most: usize) -> Result<Readable<'a>, String> {
        let mut walk = Walk { nodes: &self.nodes, payload, at: 0, json: Vec::new(), most };
        if let Node::Bytes(Bytes { scale: None, fixed }) = self.nodes[0] {
            let text = walk.bytes(fixed)?;
            return walk.end().map(|()| Readable::AsItIs(text));
        }
        walk.value(0, 0)?;
        walk.end()?;
        Ok(Readable::Made(walk.json))
    }
}

struct Builder {
    nodes: Vec<Node>,
    names: HashMap<Name, usize>,
}

impl Builder {
    fn add(&mut self, schema: &Schema) -> usize {
        if let Schema::Ref { name } = schema {
            return self.named(name);
        }
        let at = match schema.name() {
            Some(name) => self.named(name),
            None => self.open(),
        };
        let node = self.node(schema);
        self.nodes[at] = node;
        at
    }

    fn named(&mut self, name: &Name) -> usize {
        if let Some(&at) = self.names.get(name) {
            return at;
        }
        let at = self.open();
        self.names.insert(name.clone(), at);
        at
    }

    fn open(&mut self) -> usize {
        self.nodes.push(Node::Open);
        self.nodes.len() - 1
    }

    fn node(&mut self, schema: &Schema) -> Node {
        match schema {
            Schema::Null => Node::Null,
            Schema::Boolean => Node::Boolean,
            Schema::Float => Node::Float,
            Schema::Double => Node::Double,
            Schema::Int | Schema::Long | Schema::TimeMillis | Schema::TimeMicros => Node::Whole(Meaning::Number),
            Schema::Date => Node::Whole(Meaning::Time(86_400_000_000_000)),
            Schema::TimestampMillis | Schema::LocalTimestampMillis => Node::Whole(Meaning::Time(1_000_000)),
            Schema::TimestampMicros | Schema::LocalTimestampMicros => Node::Whole(Meaning::Time(1000)),
            Schema::TimestampNanos | Schema::LocalTimestampNanos => Node::Whole(Meaning::Time(1)),
            Schema::Bytes | Schema::String | Schema::BigDecimal => Node::Bytes(Bytes { fixed: None, scale: None }),
            Schema::Uuid(UuidSchema::String | UuidSchema::Bytes) => Node::Bytes(Bytes { fixed: None, scale: None }),
            Schema::Fixed(fixed) | Schema::Duration(fixed) | Schema::Uuid(UuidSchema::Fixed(fixed)) => {
                Node::Bytes(Bytes { fixed: Some(fixed.size), scale: None })
            }
            Schema::Decimal(DecimalSchema { scale, inner, .. }) => {
                let fixed = match inner {
                    InnerDecimalSchema::Bytes => None,
                    InnerDecimalSchema::Fixed(fixed) => Some(fixed.size),
                };
                Node::Bytes(Bytes { fixed, scale: Some(*scale) })
            }
            Schema::Array(array) => Node::Array(self.add(&array.items)),
            Schema::Map(map) => Node::Map(self.add(&map.types)),
            Schema::Union(union) => Node::Union(union.variants().iter().map(|of| self.add(of)).collect()),
            Schema::Enum(of) => Node::Enum(of.symbols.clone()),
            Schema::Record(record) => {
                let fields = record.fields.iter();
                Node::Record(fields.map(|field| (field.name.as_str().into(), self.add(&field.schema))).collect())
            }
            Schema::Ref { .. } => Node::Open,
        }
    }
}

/// Goes through a payload and writes what it finds.
struct Walk<'s, 'p> {
    nodes: &'s [Node],
    payload: &'p [u8],
    at: usize,
    json: Vec<u8>,
    most: usize,
}

impl<'p> Walk<'_, 'p> {
    fn value(&mut self, node: usize, depth: usize) -> Result<(), String> {
        if DEPTH_MAX < depth {
            return Err(format!("Avro: values lie more than {DEPTH_MAX} deep within each other"));
        }
        if self.most < self.json.len() {
            return Err(format!("Avro: as JSON it takes more than {} bytes", self.most));
        }
        let nodes = self.nodes;
        match &nodes[node] {
            Node::Open => return self.fault("a type is named that nobody defines"),
            Node::Null => self.write("null"),
            Node::Boolean => match self.take(1)?[0] {
                0 => self.write("false"),
                1 => self.write("true"),
                _ => return self.fault("a boolean is neither 0 nor 1"),
            },
            Node::Whole(Meaning::Number) => {
                let number = self.long()?;
                self.write(&number.to_string());
            }
            Node::Whole(Meaning::Time(unit)) => {
                let time = self.long()?.checked_mul(*unit);
                let Some(time) = time else { return self.fault("a time is beyond the years that can be told") };
                self.text(&Timestamp::from_nanos(time).to_string());
            }
            Node::Float => {
                let bytes = self.take(4)?.try_into().expect("it took four bytes");
                self.real(f64::from(f32::from_le_bytes(bytes)), &f32::from_le_bytes(bytes).to_string());
            }
            Node::Double => {
                let real = f64::from_le_bytes(self.take(8)?.try_into().expect("it took eight bytes"));
                self.real(real, &real.to_string());
            }
            Node::Bytes(bytes) => self.scalar(*bytes)?,
            Node::Array(of) => self.blocks(b"[]", |walk| walk.value(*of, depth + 1))?,
            Node::Map(of) => self.blocks(b"{}", |walk| {
                let key = walk.bytes(None)?;
                walk.text(&String::from_utf8_lossy(key));
                walk.write(":");
                walk.value(*of, depth + 1)
            })?,
            Node::Union(of) => {
                let branch = usize::try_from(self.long()?).ok().and_then(|branch| of.get(branch));
                let Some(branch) = branch else { return self.fault("a union has no such branch") };
                self.value(*branch, depth + 1)?;
            }
            Node::Enum(symbols) => {
                let symbol = usize::try_from(self.long()?).ok().and_then(|symbol| symbols.get(symbol));
                let Some(symbol) = symbol else { return self.fault("an enum has no such symbol") };
                self.text(symbol);
            }
            Node::Record(fields) => self.record(fields, depth)?,
        }
        Ok(())
    }

    fn record(&mut self, fields: &[(Box<str>, usize)], depth: usize) -> Result<(), String> {
        let mut between = "{";
        for (name, node) in fields {
            self.write(between);
            self.text(name);
            self.write(":");
            self.value(*node, depth + 1)?;
            between = ",";
        }
        self.write(if fields.is_empty() { "{}" } else { "}" });
        Ok(())
    }

    /// The items of an array or map: blocks of so many, the last of none. A negative number is followed by the block's bytes.
    fn blocks(
        &mut self,
        [open, close]: &[u8; 2],
        mut each: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.json.push(*open);
        let mut first = true;
        loop {
            let count = match self.long()? {
                0 => break,
                count if count < 0 => self.long().map(|_| count.unsigned_abs())?,
                count => count.unsigned_abs(),
            };
            for _ in 0..count {
                if !std::mem::take(&mut first) {
                    self.write(",");
                }
                each(self)?;
            }
        }
        self.json.push(*close);
        Ok(())
    }

    fn scalar(&mut self, Bytes { fixed, scale }: Bytes) -> Result<(), String> {
        let bytes = self.bytes(fixed)?;
        let Some(scale) = scale else {
            match std::str::from_utf8(bytes) {
                Ok(text) => self.text(text),
                Err(_) => self.text(&STANDARD.encode(bytes)),
            }
            return Ok(());
        };
        if 16 < bytes.len() || 38 < scale {
            return self.fault("a decimal has more digits than are read");
        }
        // Big-endian in two's complement: the sign goes on to the left.
        let sign = if bytes.first().is_some_and(|byte| 0x80 <= *byte) { 0xFF } else { 0 };
        let mut wide = [sign; 16];
        wide[16 - bytes.len()..].copy_from_slice(bytes);
        let unscaled = i128::from_be_bytes(wide);
        let digits = format!("{:0>1$}", unscaled.unsigned_abs(), scale + 1);
        let (whole, rest) = digits.split_at(digits.len() - scale);
        let minus = if unscaled < 0 { "-" } else { "" };
        let point = if rest.is_empty() { "" } else { "." };
        self.write(&format!("{minus}{whole}{point}{rest}"));
        Ok(())
    }

    fn real(&mut self, real: f64, digits: &str) {
        match real.is_finite() {
            true => self.write(digits),
            // JSON has none of these: what reads it says that the value is no number.
            false => self.text(digits),
        }
    }

    fn bytes(&mut self, fixed: Option<usize>) -> Result<&'p [u8], String> {
        let length = match fixed {
            Some(length) => Some(length),
            None => usize::try_from(self.long()?).ok(),
        };
        match length {
            Some(length) => self.take(length),
            None => self.fault("a length is negative"),
        }
    }

    /// A varint in zigzag.
    fn long(&mut self) -> Result<i64, String> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        self.fault("a number has more than 64 bits")
    }

    fn take(&mut self, length: usize) -> Result<&'p [u8], String> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.payload.len());
        let Some(end) = end else { return self.fault("the payload ends before the value is complete") };
        let taken = &self.payload[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn end(&self) -> Result<(), String> {
        match self.at == self.payload.len() {
            true => Ok(()),
            false => self.fault("the payload goes on behind the value"),
        }
    }

    fn text(&mut self, text: &str) {
        // Writing into memory does not fail.
        let _ = serde_json::to_writer(&mut self.json, text);
    }

    fn write(&mut self, text: &str) {
        let _ = self.json.write_all(text.as_bytes());
    }

    fn fault<T>(&self, words: &str) -> Result<T, String> {
        Err(format!("Avro: {words} (at byte {} of the payload)", self.at))
    }
}

#[cfg(test)]
#[path = "avro_tests.rs"]
mod tests;
