//! Remote write 2.0: `io.prometheus.write.v2.Request`.
//!
//! <https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/>. symbols 4, timeseries 5 (labels_refs 1, samples 2, histograms 3,
//! metadata 5, created_timestamp 6). Names and labels are numbers of symbols, another in each request: a fingerprint is made of what
//! they stand for.

use xxhash_rust::xxh3::xxh3_128;

use super::super::wire::{Fault, Fields, Value, push_varint};
use super::write::{Sample, bad_histogram, time, with_start};
use super::{Kind, PRINTS, native};
use crate::signal::{Fingerprint, Reading, Reject, RejectReason, Signal, Sink};
use crate::time::Timestamp;

/// Symbols of one request that are kept; a series that names one beyond is a reject. Prometheus sends some thousands.
const SYMBOLS_MAX: usize = 1 << 18;

/// Decodes an unpacked request.
pub(super) fn decode<S: Sink>(body: &[u8], default_time: Option<Timestamp>, sink: &mut S) {
    let mut request = Request { symbols: Vec::new(), refs: Vec::new(), key: Vec::new(), default_time };
    for field in Fields::new(body) {
        if let Ok((4, Value::Bytes(symbol))) = field
            && request.symbols.len() < SYMBOLS_MAX
        {
            request.symbols.push((symbol, xxh3_128(symbol)));
        }
    }
    let mut number = 0usize;
    for field in Fields::new(body) {
        match field {
            Ok((5, Value::Bytes(series))) => {
                number += 1;
                match request.series(series, number, sink) {
                    Ok(()) => {}
                    Err(Wrong::Wire(fault)) => sink.reject(fault.at(&format!("remote write: series {number}"))),
                    Err(Wrong::Histogram(reject)) => sink.reject(reject),
                    Err(Wrong::Meaning(reason, what)) => {
                        sink.reject(Reject::new(reason, format!("remote write: series {number}: {what}")));
                    }
                }
            }
            Ok(_) => {}
            Err(fault) => sink.reject(fault.at("remote write: request")),
        }
    }
}

/// Whether a body has symbols, then a series that names some of them.
pub(super) fn shape(body: &[u8]) -> bool {
    if !matches!(body.first(), Some(0x22 | 0x2A)) {
        return false;
    }
    let mut symbols = 0u64;
    for field in Fields::new(body) {
        match field {
            Ok((4, Value::Bytes(symbol))) if std::str::from_utf8(symbol).is_ok() => symbols += 1,
            Ok((5, Value::Bytes(series))) => {
                let Some(Ok((1, value))) = Fields::new(series).next() else { return false };
                let mut refs = Vec::new();
                return push_varint(value, &mut refs).is_ok() && refs.iter().all(|at| *at < symbols.max(1));
            }
            _ => return false,
        }
    }
    false
}

/// One request, and what its series use in turn.
struct Request<'a> {
    symbols: Vec<(&'a [u8], u128)>,
    refs: Vec<u64>,
    key: Vec<u8>,
    default_time: Option<Timestamp>,
}

enum Wrong {
    Wire(Fault),
    Meaning(RejectReason, &'static str),
    Histogram(Reject),
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Wrong::Wire(fault)
    }
}

impl<'a> Request<'a> {
    #[inline]
    fn series<S: Sink>(&mut self, bytes: &[u8], number: usize, sink: &mut S) -> Result<(), Wrong> {
        let malformed = |what| Wrong::Meaning(RejectReason::Malformed, what);
        self.refs.clear();
        let (mut kind, mut created) = (Kind::Unknown, 0);
        for field in Fields::new(bytes) {
            match field? {
                (1, value) => push_varint(value, &mut self.refs)?,
                (5, Value::Bytes(metadata)) => kind = metadata_kind(metadata)?,
                (6, Value::Varint(word)) => created = word as i64,
                _ => {}
            }
        }
        self.key.clear();
        let mut name: &[u8] = &[];
        let (pairs, []) = self.refs.as_chunks::<2>() else { return Err(malformed("a label has no value")) };
        for &[key, value] in pairs {
            let (key, key_hash) = self.symbol(key).ok_or(malformed("a label is no symbol"))?;
            let (value, value_hash) = self.symbol(value).ok_or(malformed("a label is no symbol"))?;
            if key == b"__name__" {
                name = value;
            }
            self.key.extend_from_slice(&key_hash.to_le_bytes());
            self.key.extend_from_slice(&value_hash.to_le_bytes());
        }
        if name.is_empty() {
            return Err(malformed("no label `__name__`"));
        }
        let print = Fingerprint::new(PRINTS, &self.key).and(b"2");
        let total = kind.is_total(name);
        let mut put = |at, reading| {
            let at = time(at).or(self.default_time);
            let at = at.ok_or(Wrong::Meaning(RejectReason::NoTime, "a sample without a timestamp"))?;
            sink.sample(print, || self.identity(name, pairs), at, reading);
            Ok::<(), Wrong>(())
        };
        for field in Fields::new(bytes) {
            match field? {
                (2, Value::Bytes(sample)) => {
                    let Sample { value, at, start } = Sample::read(sample)?;
                    let start = time(start).or(time(created));
                    if !value.is_nan() {
                        put(at, if total { Reading::Total { value, start } } else { Reading::Gauge(value) })?;
                    }
                }
                (3, Value::Bytes(histogram)) => match native::read(histogram)? {
                    Ok((at, buckets)) => put(at, Reading::Buckets(Box::new(with_start(buckets, time(created)))))?,
                    Err(what) => return Err(Wrong::Histogram(bad_histogram(number, &what))),
                },
                _ => {}
            }
        }
        Ok(())
    }

    fn symbol(&self, at: u64) -> Option<(&'a [u8], u128)> {
        self.symbols.get(usize::try_from(at).ok()?).copied()
    }

    fn identity(&self, name: &[u8], pairs: &[[u64; 2]]) -> Signal {
        let text = |at: u64| self.symbol(at).map_or("".into(), |(symbol, _)| String::from_utf8_lossy(symbol));
        let labels = pairs.iter().map(|&[key, value]| (text(key), text(value)));
        Signal::new(&String::from_utf8_lossy(name), labels.filter(|(key, _)| key != "__name__"))
    }
}

/// `Metadata`: type 1.
fn metadata_kind(bytes: &[u8]) -> Result<Kind, Fault> {
    let mut kind = Kind::Unknown;
    for field in Fields::new(bytes) {
        if let (1, Value::Varint(number)) = field? {
            kind = Kind::from_number(number);
        }
    }
    Ok(kind)
}
