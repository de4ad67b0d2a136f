//! Native histograms of remote write: `Histogram` of `prompb/types.proto` and of `io/prometheus/write/v2/types.proto`.
//!
//! count 1 or 2, sum 3, schema 4, zero_threshold 5, zero_count 6 or 7, negative spans 8, deltas 9, counts 10, positive spans 11,
//! deltas 12, counts 13, reset_hint 14, timestamp 15, custom_values 16. Both versions agree.

use super::super::otlp::{Exponential, Ladder, Temporality};
use super::super::wire::{Fault, Fields, Value, push_fixed64, push_varint, zigzag};
use crate::signal::Buckets;

/// Buckets of one side; Prometheus itself merges beyond some hundreds.
const BUCKETS_MAX: u64 = 10_000;

/// The schema of custom bounds.
const CUSTOM: i64 = -53;

/// `ResetHint.GAUGE`: the counts do not run.
const GAUGE: u64 = 3;

/// One side of the histogram as on the wire.
#[derive(Default)]
struct Side {
    spans: Vec<(i64, u64)>,
    deltas: Vec<u64>,
    counts: Vec<u64>,
}

/// Reads a histogram: its time in milliseconds and its buckets.
pub(super) fn read(bytes: &[u8]) -> Result<Result<(i64, Buckets), String>, Fault> {
    let (mut schema, mut zero_threshold, mut zero_count, mut at, mut hint) = (0, 0.0, 0, 0, 0);
    let (mut negative, mut positive, mut custom) = (Side::default(), Side::default(), Vec::new());
    for field in Fields::new(bytes) {
        match field? {
            (4, Value::Varint(word)) => schema = zigzag(word),
            (5, Value::Fixed64(word)) => zero_threshold = f64::from_bits(word),
            (6, Value::Varint(word)) => zero_count = word,
            (7, Value::Fixed64(word)) => zero_count = f64::from_bits(word) as u64,
            (8, Value::Bytes(bytes)) => negative.spans.push(span(bytes)?),
            (9, value) => push_varint(value, &mut negative.deltas)?,
            (10, value) => push_fixed64(value, &mut negative.counts)?,
            (11, Value::Bytes(bytes)) => positive.spans.push(span(bytes)?),
            (12, value) => push_varint(value, &mut positive.deltas)?,
            (13, value) => push_fixed64(value, &mut positive.counts)?,
            (14, Value::Varint(word)) => hint = word,
            (15, Value::Varint(word)) => at = word as i64,
            (16, value) => push_fixed64(value, &mut custom)?,
            _ => {}
        }
    }
    let temporality = if hint == GAUGE { Temporality::Delta } else { Temporality::Cumulative };
    let buckets = if schema == CUSTOM {
        explicit(custom, &positive, temporality)
    } else {
        exponential(schema, zero_threshold, zero_count, &negative, &positive, temporality)
    };
    Ok(buckets.map(|buckets| (at, buckets)))
}

/// `BucketSpan`: offset 1 (zigzag), length 2.
fn span(bytes: &[u8]) -> Result<(i64, u64), Fault> {
    let mut span = (0, 0);
    for field in Fields::new(bytes) {
        match field? {
            (1, Value::Varint(word)) => span.0 = zigzag(word),
            (2, Value::Varint(word)) => span.1 = word,
            _ => {}
        }
    }
    Ok(span)
}

impl Side {
    /// The first index and the counts from there on, without gaps.
    fn ladder(&self) -> Result<Ladder, String> {
        let mut counts = self.running().into_iter();
        let mut ladder = Ladder::default();
        for (number, &(offset, length)) in self.spans.iter().enumerate() {
            let gap = if number == 0 {
                ladder.offset = offset;
                0
            } else {
                u64::try_from(offset).map_err(|_| "its spans overlap".to_owned())?
            };
            let long = (ladder.counts.len() as u64).saturating_add(gap).saturating_add(length);
            if BUCKETS_MAX < long {
                return Err(format!("{long} buckets, at most {BUCKETS_MAX} are read"));
            }
            ladder.counts.extend((0..gap).map(|_| 0));
            ladder.counts.extend((0..length).map(|_| counts.next().unwrap_or(0)));
        }
        Ok(ladder)
    }

    /// The counts: floats as they are, integers each as the difference to the one before.
    fn running(&self) -> Vec<u64> {
        if !self.counts.is_empty() {
            return self.counts.iter().map(|word| f64::from_bits(*word) as u64).collect();
        }
        let mut count = 0i64;
        let next = |delta: &u64| {
            count = count.wrapping_add(zigzag(*delta));
            count.max(0) as u64
        };
        self.deltas.iter().map(next).collect()
    }
}

/// Bucket `i` of Prometheus ends at `base^i`, that of OTLP begins there.
fn exponential(
    schema: i64,
    zero_threshold: f64,
    zero_count: u64,
    negative: &Side,
    positive: &Side,
    temporality: Temporality,
) -> Result<Buckets, String> {
    let lowered = |side: &Side| {
        let ladder = side.ladder()?;
        Ok::<_, String>(Ladder { offset: ladder.offset.saturating_sub(1), counts: ladder.counts })
    };
    let (negative, positive) = (lowered(negative)?, lowered(positive)?);
    let point = Exponential { scale: schema, zero_count, zero_threshold, positive, negative, start: None };
    point.buckets(temporality).map_err(str::to_owned)
}

fn explicit(custom: Vec<u64>, side: &Side, temporality: Temporality) -> Result<Buckets, String> {
    let bounds: Vec<f64> = custom.into_iter().map(f64::from_bits).collect();
    if !bounds.iter().all(|bound| bound.is_finite()) || !bounds.is_sorted_by(|a, b| a < b) {
        return Err("its custom bounds do not rise".to_owned());
    }
    let ladder = side.ladder()?;
    let skipped = usize::try_from(ladder.offset).unwrap_or(usize::MAX);
    let counts = ladder.counts.iter().map(|count| *count as f64);
    let mut counts: Vec<f64> = std::iter::repeat_n(0.0, skipped.min(bounds.len() + 1)).chain(counts).collect();
    if bounds.len() + 1 < counts.len() {
        return Err(format!("{} buckets for {} custom bounds", counts.len(), bounds.len()));
    }
    counts.resize(bounds.len() + 1, 0.0);
    let cumulative = temporality == Temporality::Cumulative;
    Ok(Buckets::Histogram { bounds, counts, cumulative, start: None })
}
