//! `AnyValue` and attributes of `opentelemetry/proto/common/v1/common.proto`, as labels and as the text of a log line.

use std::borrow::Cow;
use std::fmt;

use crate::ingest::decode::wire::{Fault, Fields, Value, text};

/// How deep arrays and maps of one value may nest.
pub(super) const DEPTH_MAX: usize = 32;

/// An attribute's value or a log's body. Its `Display` is the label: text bare, arrays and maps as JSON, bytes in hex.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Any<'a> {
    Empty,
    Text(Cow<'a, str>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(Cow<'a, [u8]>),
    Array(Vec<Any<'a>>),
    Map(Vec<(Cow<'a, str>, Any<'a>)>),
}

impl<'a> Any<'a> {
    /// Reads an `AnyValue` (string 1, bool 2, int 3, double 4, array 5, kvlist 6, bytes 7; of several the last holds).
    pub(super) fn read(bytes: &'a [u8], depth: usize) -> Result<Any<'a>, Fault> {
        if depth == 0 {
            return Err(Fault::Deep);
        }
        let mut any = Any::Empty;
        for field in Fields::new(bytes) {
            any = match field? {
                (1, Value::Bytes(bytes)) => Any::Text(text(bytes)?.into()),
                (2, Value::Varint(word)) => Any::Bool(word != 0),
                (3, Value::Varint(word)) => Any::Int(word as i64),
                (4, Value::Fixed64(word)) => Any::Double(f64::from_bits(word)),
                (5, Value::Bytes(bytes)) => Any::Array(read_array(bytes, depth - 1)?),
                (6, Value::Bytes(bytes)) => Any::Map(read_attributes(bytes, 1, depth - 1)?),
                (7, Value::Bytes(bytes)) => Any::Bytes(bytes.into()),
                _ => any,
            };
        }
        Ok(any)
    }

    /// The value as a label or a message.
    pub(super) fn into_text(self) -> Cow<'a, str> {
        match self {
            Any::Text(text) => text,
            other => Cow::Owned(other.to_string()),
        }
    }
}

fn read_array(bytes: &[u8], depth: usize) -> Result<Vec<Any<'_>>, Fault> {
    let mut items = Vec::new();
    for field in Fields::new(bytes) {
        if let (1, Value::Bytes(item)) = field? {
            items.push(Any::read(item, depth)?);
        }
    }
    Ok(items)
}

/// The `KeyValue`s (key 1, value 2) that a message holds in its field `number`.
pub(super) fn read_attributes(bytes: &[u8], number: u32, depth: usize) -> Result<Vec<(Cow<'_, str>, Any<'_>)>, Fault> {
    let mut attributes = Vec::new();
    for field in Fields::new(bytes) {
        match field? {
            (have, Value::Bytes(pair)) if have == number => attributes.push(read_pair(pair, depth)?),
            _ => {}
        }
    }
    Ok(attributes)
}

fn read_pair(bytes: &[u8], depth: usize) -> Result<(Cow<'_, str>, Any<'_>), Fault> {
    let (mut key, mut value) = (Cow::Borrowed(""), Any::Empty);
    for field in Fields::new(bytes) {
        match field? {
            (1, Value::Bytes(bytes)) => key = text(bytes)?.into(),
            (2, Value::Bytes(bytes)) => value = Any::read(bytes, depth)?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// Whether a `KeyValue` can be read, without keeping it: the common shape (text for text) needs no allocation.
#[inline]
pub(super) fn check_pair(bytes: &[u8]) -> Result<(), Fault> {
    for field in Fields::new(bytes) {
        match field? {
            (1, Value::Bytes(key)) => drop(text(key)?),
            (2, Value::Bytes([0x0A, length, rest @ ..])) if usize::from(*length) == rest.len() && *length < 0x80 => {
                text(rest)?;
            }
            (2, Value::Bytes(value)) => drop(Any::read(value, DEPTH_MAX)?),
            _ => {}
        }
    }
    Ok(())
}

impl fmt::Display for Any<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Any::Empty => Ok(()),
            Any::Text(text) => f.write_str(text),
            Any::Bool(value) => write!(f, "{value}"),
            Any::Int(value) => write!(f, "{value}"),
            Any::Double(value) => write!(f, "{value}"),
            Any::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Any::Array(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{}", if at == 0 { "" } else { "," }, Nested(item))?;
                }
                f.write_str("]")
            }
            Any::Map(pairs) => {
                f.write_str("{")?;
                for (at, (key, value)) in pairs.iter().enumerate() {
                    write!(f, "{}{}:{}", if at == 0 { "" } else { "," }, Quoted(key), Nested(value))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// A value inside an array or a map: text is quoted there, nothing is `null`.
struct Nested<'a>(&'a Any<'a>);

impl fmt::Display for Nested<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Any::Empty => f.write_str("null"),
            Any::Text(text) => write!(f, "{}", Quoted(text)),
            Any::Bytes(_) => write!(f, "\"{}\"", self.0),
            other => write!(f, "{other}"),
        }
    }
}

/// Text as a JSON string.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self.0).map_err(|_| fmt::Error)?)
    }
}
