//! OTLP protobuf: which request it is, and the way down to its metrics or log records.
//!
//! `ExportMetricsServiceRequest` and `ExportLogsServiceRequest` (and traces) share their outer fields: 1 the resources,
//! in each 1 the resource and 2 the scopes, in each 2 the records. Only the records differ.

use super::super::wire::{Fault, Fields, Value};
use super::{logs, metrics, value};
use crate::signal::{Reject, RejectReason, Sink};
use crate::time::Timestamp;

/// What a request exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Metrics,
    Logs,
    Traces,
    /// Resources without records.
    Nothing,
}

/// Decodes one export request.
pub(in crate::ingest::decode) fn decode<S: Sink>(bytes: &[u8], default_time: Option<Timestamp>, sink: &mut S) {
    match content(bytes) {
        Ok(Some(Content::Metrics)) => metrics::decode(bytes, default_time, sink),
        Ok(Some(Content::Logs)) => logs::decode(bytes, default_time, sink),
        Ok(Some(Content::Traces)) => {
            sink.reject(Reject::new(
                RejectReason::UnknownFormat,
                "OTLP traces: metrics and logs are read, traces are not",
            ));
        }
        Ok(Some(Content::Nothing)) => {}
        Ok(None) => sink.reject(Fault::Malformed.at("OTLP request")),
        Err(fault) => sink.reject(fault.at("OTLP request")),
    }
}

/// Whether it is an export request: its first record tells, what follows may be broken.
pub(in crate::ingest::decode) fn fits(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x0A) && matches!(content(bytes), Ok(Some(_)))
}

/// The kind of the first record that tells; nothing where the outer shape is not that of an export request.
fn content(bytes: &[u8]) -> Result<Option<Content>, Fault> {
    let mut fault = None;
    let found = descend(bytes, 0, &mut fault);
    match (found, fault) {
        (Some(Some(content)), _) => Ok(Some(content)),
        (_, Some(fault)) => Err(fault),
        (Some(None), None) => Ok(Some(Content::Nothing)),
        (None, None) => Ok(None),
    }
}

/// The number of the field that leads down, at each level.
const DOWN: [u32; 3] = [1, 2, 2];

/// `Some(None)` where all is of the right shape but holds no record; `None` where a field has the wrong wire type.
fn descend(bytes: &[u8], level: usize, fault: &mut Option<Fault>) -> Option<Option<Content>> {
    if level == DOWN.len() {
        return Some(classify(bytes));
    }
    let mut fields = Fields::new(bytes);
    loop {
        // A length beyond the end: what is there of the field may still tell.
        let before = fields.rest();
        match fields.next() {
            None => return Some(None),
            Some(Ok((number, Value::Bytes(inner)))) if number == DOWN[level] => {
                match descend(inner, level + 1, fault) {
                    Some(None) => {}
                    other => return other,
                }
            }
            Some(Ok((1..=3, Value::Bytes(_)))) if level != 0 => {}
            Some(Ok((1000.., _))) if level != 0 => {}
            Some(Ok(_)) => return None,
            Some(Err(error)) => {
                fault.get_or_insert(error);
                return match cut(before) {
                    Some((number, inner)) if number == DOWN[level] => descend(inner, level + 1, fault),
                    _ => Some(None),
                };
            }
        }
    }
}

/// The part that is there of a length-delimited field that runs beyond the end.
fn cut(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (&tag, mut rest) = bytes.split_first()?;
    super::super::wire::varint(&mut rest).ok()?;
    (tag & 7 == 2 && tag < 0x80).then_some((u32::from(tag >> 3), rest))
}

/// What a record is, by fields that only one of the three has with that wire type.
///
/// `Metric`: name 1 LEN, gauge 5, sum 7, histogram 9, exponential_histogram 10, summary 11, all LEN. `LogRecord`: time 1 I64,
/// severity_number 2 VARINT, observed time 11 I64, flags 8 I32, dropped 7 VARINT. `Span`: kind 6 VARINT, times 7 and 8 I64.
fn classify(bytes: &[u8]) -> Option<Content> {
    let (mut named, mut data, mut body) = (false, false, false);
    for field in Fields::new(bytes) {
        match field {
            Ok((1 | 11, Value::Fixed64(_)) | (2 | 7, Value::Varint(_)) | (8, Value::Fixed32(_))) => {
                return Some(Content::Logs);
            }
            Ok((7 | 8, Value::Fixed64(_)) | (6, Value::Varint(_))) => return Some(Content::Traces),
            Ok((1, Value::Bytes(name))) => named = !name.is_empty(),
            Ok((5, Value::Bytes(_))) => (data, body) = (true, true),
            Ok((7 | 9 | 10 | 11, Value::Bytes(_))) => data = true,
            Ok((6, Value::Bytes(_))) => body = true,
            Ok(_) => {}
            Err(_) => break,
        }
    }
    match (named, data, body) {
        (true, true, _) => Some(Content::Metrics),
        (false, _, true) => Some(Content::Logs),
        // A name alone: a metric without data, or the rest is cut off.
        (true, false, _) => Some(Content::Metrics),
        (false, _, false) => None,
    }
}

/// Goes down from a request to its records: `enter` makes of a resource what its records need, `each` gets them one by one;
/// what cannot be entered is a reject.
pub(super) fn each_record<'a, C, S: Sink>(
    bytes: &'a [u8],
    what: &str,
    sink: &mut S,
    enter: impl Fn(Resource<'a>) -> C,
    mut each: impl FnMut(&C, &'a [u8], &mut S),
) {
    for field in Fields::new(bytes) {
        match field {
            Ok((1, Value::Bytes(block))) => match Resource::read(block) {
                Ok(resource) => each_of_block(&enter(resource), block, what, sink, &mut each),
                Err(fault) => sink.reject(fault.at(&format!("OTLP {what}: resource"))),
            },
            Ok(_) => {}
            Err(fault) => sink.reject(fault.at(&format!("OTLP {what}: request"))),
        }
    }
}

/// The records of one `ResourceMetrics` or `ResourceLogs`.
fn each_of_block<'a, C, S: Sink>(
    context: &C,
    block: &'a [u8],
    what: &str,
    sink: &mut S,
    each: &mut impl FnMut(&C, &'a [u8], &mut S),
) {
    for scope in Fields::new(block) {
        let records = match scope {
            Ok((2, Value::Bytes(scope))) => Fields::new(scope),
            Ok(_) => continue,
            Err(fault) => return sink.reject(fault.at(&format!("OTLP {what}: resource"))),
        };
        for record in records {
            match record {
                Ok((2, Value::Bytes(record))) => each(context, record, sink),
                Ok(_) => {}
                Err(fault) => sink.reject(fault.at(&format!("OTLP {what}: scope"))),
            }
        }
    }
}

/// The `Resource` message (attributes 1) of a block of records.
pub(super) struct Resource<'a> {
    /// As on the wire.
    pub(super) bytes: &'a [u8],
}

impl<'a> Resource<'a> {
    /// Finds and checks it; it may stand anywhere in its block. A block that is cut off has the resource that is there.
    fn read(block: &'a [u8]) -> Result<Self, Fault> {
        let mut bytes: &[u8] = &[];
        for field in Fields::new(block) {
            if let Ok((1, Value::Bytes(resource))) = field {
                bytes = resource;
            }
        }
        let resource = Resource { bytes };
        value::read_attributes(bytes, 1, value::DEPTH_MAX)?;
        Ok(resource)
    }

    /// Its attributes; they were checked when it was read.
    pub(super) fn attributes(&self) -> super::Attributes<'a> {
        value::read_attributes(self.bytes, 1, value::DEPTH_MAX).unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "proto_tests.rs"]
mod tests;
