//! `LogRecord` of `logs/v1/logs.proto`: time 1, observed time 11, severity number 2 and text 3, body 5, attributes 6, trace id 9,
//! event name 12.

use std::borrow::Cow;

use super::super::wire::{Fault, Fields, Value, text};
use super::proto::{Resource, each_record};
use super::value::{Any, DEPTH_MAX, read_attributes};
use super::{Origin, level, time};
use crate::signal::{Line, Reject, RejectReason, Sink};
use crate::time::Timestamp;

/// Decodes the log records of an `ExportLogsServiceRequest`.
pub(super) fn decode<S: Sink>(bytes: &[u8], default_time: Option<Timestamp>, sink: &mut S) {
    let mut number = 0usize;
    let enter = |resource: Resource<'_>| Origin::new(&resource.attributes());
    each_record(bytes, "logs", sink, enter, |origin, record, sink| {
        number += 1;
        match read(record, origin, default_time) {
            Ok(line) => sink.line(line),
            Err(Wrong::Wire(fault)) => sink.reject(fault.at(&format!("OTLP logs: record {number}"))),
            Err(Wrong::NoTime) => {
                let detail = format!("OTLP logs: record {number}: neither time_unix_nano nor observed_time_unix_nano");
                sink.reject(Reject::new(RejectReason::NoTime, detail));
            }
        }
    });
}

/// The length of a trace's id.
const TRACE_BYTES: usize = 16;

enum Wrong {
    Wire(Fault),
    NoTime,
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Wrong::Wire(fault)
    }
}

fn read<'a>(record: &'a [u8], origin: &'a Origin, default_time: Option<Timestamp>) -> Result<Line<'a>, Wrong> {
    let (mut at, mut observed, mut severity, mut word) = (0, 0, 0, "");
    let (mut body, mut event, mut trace): (_, _, &[u8]) = (Any::Empty, "", &[]);
    for field in Fields::new(record) {
        match field? {
            (1, Value::Fixed64(word)) => at = word,
            (11, Value::Fixed64(word)) => observed = word,
            (2, Value::Varint(number)) => severity = number as i64,
            (3, Value::Bytes(bytes)) => word = text(bytes)?,
            (5, Value::Bytes(bytes)) => body = Any::read(bytes, DEPTH_MAX)?,
            (9, Value::Bytes(bytes)) => trace = bytes,
            (12, Value::Bytes(bytes)) => event = text(bytes)?,
            _ => {}
        }
    }
    let at = time(at).or(time(observed)).or(default_time).ok_or(Wrong::NoTime)?;
    let body = if body == Any::Empty { Cow::Borrowed(event) } else { body.into_text() };
    let trace = if trace.len() == TRACE_BYTES { Any::Bytes(trace.into()).to_string() } else { String::new() };
    let fields = origin.fields(&read_attributes(record, 6, DEPTH_MAX)?, &trace);
    let service = origin.service.as_deref().map(Cow::Borrowed);
    Ok(Line { at, service, level: level(severity, word), body, fields })
}
