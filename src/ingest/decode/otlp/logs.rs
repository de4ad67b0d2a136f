//! `LogRecord` of `logs/v1/logs.proto`: time 1, observed time 11, severity number 2 and text 3, body 5, event name 12.

use std::borrow::Cow;

use super::super::wire::{Fault, Fields, Value, text};
use super::proto::{Resource, each_record};
use super::value::{Any, DEPTH_MAX};
use super::{level, service, time};
use crate::signal::{Line, Reject, RejectReason, Sink};
use crate::time::Timestamp;

/// Decodes the log records of an `ExportLogsServiceRequest`.
pub(super) fn decode<S: Sink>(bytes: &[u8], default_time: Option<Timestamp>, sink: &mut S) {
    let mut number = 0usize;
    let enter = |resource: Resource<'_>| service(resource.attributes());
    each_record(bytes, "logs", sink, enter, |service, record, sink| {
        number += 1;
        let service = service.as_deref();
        match read(record, service, default_time) {
            Ok(line) => sink.line(line),
            Err(Wrong::Wire(fault)) => sink.reject(fault.at(&format!("OTLP logs: record {number}"))),
            Err(Wrong::NoTime) => {
                let detail = format!("OTLP logs: record {number}: neither time_unix_nano nor observed_time_unix_nano");
                sink.reject(Reject::new(RejectReason::NoTime, detail));
            }
        }
    });
}

enum Wrong {
    Wire(Fault),
    NoTime,
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Wrong::Wire(fault)
    }
}

fn read<'a>(record: &'a [u8], service: Option<&'a str>, default_time: Option<Timestamp>) -> Result<Line<'a>, Wrong> {
    let (mut at, mut observed, mut severity, mut word) = (0, 0, 0, "");
    let (mut body, mut event) = (Any::Empty, "");
    for field in Fields::new(record) {
        match field? {
            (1, Value::Fixed64(word)) => at = word,
            (11, Value::Fixed64(word)) => observed = word,
            (2, Value::Varint(number)) => severity = number as i64,
            (3, Value::Bytes(bytes)) => word = text(bytes)?,
            (5, Value::Bytes(bytes)) => body = Any::read(bytes, DEPTH_MAX)?,
            (12, Value::Bytes(bytes)) => event = text(bytes)?,
            _ => {}
        }
    }
    let at = time(at).or(time(observed)).or(default_time).ok_or(Wrong::NoTime)?;
    let body = if body == Any::Empty { Cow::Borrowed(event) } else { body.into_text() };
    Ok(Line { at, service: service.map(Cow::Borrowed), level: level(severity, word), body })
}
