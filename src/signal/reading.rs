//! What a decoder reads from the wire, and where it puts it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Buckets, Change, Fields, Fingerprint, Signal};
use crate::time::Timestamp;

/// One reading of one series, before it becomes an observation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reading {
    /// A value as it stands.
    Gauge(f64),
    /// A running total that only grows; a fall or a later `start` is a reset.
    Total {
        /// The total.
        value: f64,
        /// When counting began, where the format tells it.
        start: Option<Timestamp>,
    },
    /// What was added since `start`, or since the reading before.
    Delta {
        /// The amount added.
        value: f64,
        /// The begin of the interval, where the format tells it.
        start: Option<Timestamp>,
    },
    /// A distribution: histogram, exponential histogram or summary.
    Buckets(Box<Buckets>),
    /// So many log lines at this time; counted per interval.
    Lines(u32),
    /// `hits` of `of` log lines at this time (an error ratio); summed per interval.
    Share {
        /// Lines that are errors.
        hits: u32,
        /// All lines.
        of: u32,
    },
    /// A log line to be read for what it says.
    Text(Box<Text>),
}

/// A log line on its way to its template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Text {
    /// Its level.
    pub level: Level,
    /// The message; a stack trace in one line.
    pub body: Box<str>,
    /// The type of the exception that it shows, if it does.
    pub exception: Option<Box<str>>,
    /// What it says beside its message.
    pub fields: Fields,
}

/// The level of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Finer than debug.
    Trace,
    /// For developers.
    Debug,
    /// Ordinary.
    Info,
    /// Worth a look.
    Warn,
    /// Something failed.
    Error,
    /// The process cannot go on.
    Fatal,
    /// The line does not say.
    Unknown,
}

impl Level {
    /// The word as it stands in the label `level`.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
            Level::Fatal => "fatal",
            Level::Unknown => "unknown",
        }
    }

    /// Reads the usual spellings of any case (`WARNING`, `err`, `crit`, `notice`, …).
    pub fn parse(text: &str) -> Level {
        let mut lower = [0u8; 12];
        let text = text.trim();
        if text.len() > lower.len() {
            return Level::Unknown;
        }
        for (to, from) in lower.iter_mut().zip(text.bytes()) {
            *to = from.to_ascii_lowercase();
        }
        match &lower[..text.len()] {
            b"trace" | b"finest" | b"finer" | b"trc" => Level::Trace,
            b"debug" | b"dbg" | b"fine" | b"verbose" => Level::Debug,
            b"info" | b"information" | b"inf" | b"notice" | b"informational" => Level::Info,
            b"warn" | b"warning" | b"wrn" => Level::Warn,
            b"error" | b"err" | b"eror" | b"severe" => Level::Error,
            b"fatal" | b"critical" | b"crit" | b"panic" | b"emerg" | b"emergency" | b"alert" | b"ftl" => Level::Fatal,
            _ => Level::Unknown,
        }
    }

    /// Whether a line of this level counts as an error.
    pub fn is_error(self) -> bool {
        matches!(self, Level::Error | Level::Fatal)
    }
}

/// One log line as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    /// When it was written.
    pub at: Timestamp,
    /// The service that wrote it, if known.
    pub service: Option<Cow<'a, str>>,
    /// Its level.
    pub level: Level,
    /// The message.
    pub body: Cow<'a, str>,
    /// What it says beside its message.
    pub fields: Fields,
}

/// Where a decoder puts what it read. Order of calls is order on the wire.
pub trait Sink {
    /// One reading of the series with this fingerprint; `identity` is asked only where the fingerprint is new.
    fn sample(&mut self, print: Fingerprint, identity: impl FnOnce() -> Signal, at: Timestamp, reading: Reading);
    /// One log line.
    fn line(&mut self, line: Line<'_>);
    /// One change.
    fn change(&mut self, change: Change);
    /// What could not be read, and why. The rest of the message goes on where that is possible.
    fn reject(&mut self, reject: Reject);
}

/// Something that could not be read: a reason to count by, and the detail for the dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The class to count by.
    pub reason: RejectReason,
    /// What exactly, for a person: the thing, the value, the place in the message.
    pub detail: String,
}

impl Reject {
    /// A reject with its detail.
    pub fn new(reason: RejectReason, detail: impl Into<String>) -> Self {
        Reject { reason, detail: detail.into() }
    }
}

/// Why something was rejected. The set is closed, so that counters have a fixed set of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// No decoder recognises the message.
    UnknownFormat,
    /// Recognised, but broken at some place.
    Malformed,
    /// Ends before it is complete.
    Truncated,
    /// Not UTF-8 where text is required.
    InvalidUtf8,
    /// Longer than `limits.message_bytes`.
    TooLarge,
    /// Nested deeper than any real message.
    TooDeep,
    /// A value that is not a number or infinite.
    NotFinite,
    /// No time, or one that cannot be read.
    NoTime,
    /// More than 10 minutes after the Kafka record, or an unconfirmed leap of a file.
    AbsurdTime,
    /// More labels than `limits.labels`, or one longer than `limits.label_bytes`.
    TooManyLabels,
    /// A new signal beyond `limits.signals`.
    TooManySignals,
    /// A Schema Registry's magic byte: the payload needs a schema.
    SchemaRegistry,
}

impl RejectReason {
    /// The word that counters and dead letters carry.
    pub fn as_str(self) -> &'static str {
        match self {
            RejectReason::UnknownFormat => "unknown_format",
            RejectReason::Malformed => "malformed",
            RejectReason::Truncated => "truncated",
            RejectReason::InvalidUtf8 => "invalid_utf8",
            RejectReason::TooLarge => "too_large",
            RejectReason::TooDeep => "too_deep",
            RejectReason::NotFinite => "not_finite",
            RejectReason::NoTime => "no_time",
            RejectReason::AbsurdTime => "absurd_time",
            RejectReason::TooManyLabels => "too_many_labels",
            RejectReason::TooManySignals => "too_many_signals",
            RejectReason::SchemaRegistry => "schema_registry",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
