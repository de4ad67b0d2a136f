//! From readings to observations: the state that one series needs to become values.

use serde::{Deserialize, Serialize};

use super::quantile::{Spacing, Spread};
use super::{Buckets, Reading};
use crate::time::{Span, Timestamp};

/// Which derived signal of a series an observation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stat {
    /// The series itself: a gauge, a rate, a ratio.
    Value,
    /// The median of a distribution (label `stat="p50"`).
    P50,
    /// The 90 % point (`stat="p90"`).
    P90,
    /// The 99 % point (`stat="p99"`).
    P99,
    /// How many per second (`stat="rate"`).
    Rate,
}

/// The quantiles that are watched.
const QUANTILES: [(Stat, f64); 3] = [(Stat::P50, 0.5), (Stat::P90, 0.9), (Stat::P99, 0.99)];

impl Stat {
    /// The value of the label `stat`; none for the series itself.
    pub fn label(self) -> Option<&'static str> {
        match self {
            Stat::Value => None,
            Stat::P50 => Some("p50"),
            Stat::P90 => Some("p90"),
            Stat::P99 => Some("p99"),
            Stat::Rate => Some("rate"),
        }
    }
}

/// One value of one signal at one time, finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Which derived signal.
    pub stat: Stat,
    /// When.
    pub at: Timestamp,
    /// The value.
    pub value: f64,
}

/// The state that turns the readings of one series, in order of time, into observations.
///
/// A series that changes its kind starts anew. Total: what makes no value (not finite, no time between two readings,
/// buckets that do not fit) yields no observation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meter(State);

/// What must be remembered, by the kind of the last reading. Gauges need nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
enum State {
    #[default]
    Nothing,
    /// A counter's last total; a summary's count too.
    Total { at: Timestamp, value: f64 },
    /// When the last delta came.
    Delta { at: Timestamp },
    /// A cumulative distribution's last counts.
    Spread(Box<(Timestamp, Spread)>),
    /// Lines counted since the minute `from`; so many empty minutes before it.
    Lines { from: Timestamp, count: u32, idle: u32 },
    /// Hits of all since the minute `from`.
    Share { from: Timestamp, hits: u32, of: u32 },
}

/// What a cumulative reading is compared with.
enum Basis {
    /// Nothing: it only starts the series.
    None,
    /// The reading before, so long ago.
    Previous(Span),
    /// Zero, so long ago: counting began anew.
    Zero(Span),
}

/// How an interval's counts become values.
type Out<'a> = &'a mut dyn FnMut(Observation);

impl Meter {
    /// The width of the buckets in which log lines are counted.
    pub const LINES_WIDTH: Span = Span::from_secs(60);

    /// How many empty minutes are still zeros; then silence is for the detector of absence.
    const IDLE_MAX: u32 = 60;

    /// A series seen for the first time is counted from its `start` if that lies no further back: the interval is then like
    /// the ones that follow. Further back, the mean since then says nothing about now.
    const ORIGIN_MAX: Span = Span::from_mins(10);

    /// Takes the next reading. `at` is never earlier than the reading before.
    pub fn read(&mut self, at: Timestamp, reading: &Reading, out: &mut impl FnMut(Observation)) {
        match reading {
            Reading::Gauge(value) => {
                self.0 = State::Nothing;
                say(Stat::Value, at, *value, out);
            }
            Reading::Total { value, start } => self.read_total(at, *value, *start, Stat::Value, out),
            Reading::Delta { value, start } => self.read_delta(at, *value, *start, out),
            Reading::Buckets(buckets) => self.read_buckets(at, buckets, out),
            Reading::Lines(count) => self.read_lines(at, *count, out),
            Reading::Share { hits, of } => self.read_share(at, *hits, *of, out),
            // What lines say is no value of theirs.
            Reading::Text(_) => {}
        }
    }

    /// Whether the last reading was one of a running total.
    pub fn is_of_total(&self) -> bool {
        matches!(self.0, State::Total { .. })
    }

    /// When an interval closes by itself (log lines), so that the watermark passing it yields an observation.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        match self.0 {
            State::Lines { from, .. } | State::Share { from, .. } => Some(from + Self::LINES_WIDTH),
            _ => None,
        }
    }

    /// The watermark passed `to`: intervals that end before or at it are closed.
    pub fn advance(&mut self, to: Timestamp, out: &mut impl FnMut(Observation)) {
        while let Some(end) = self.next_deadline()
            && end <= to
        {
            self.close(end, out);
        }
    }

    fn read_total(&mut self, at: Timestamp, value: f64, start: Option<Timestamp>, stat: Stat, out: Out<'_>) {
        if !value.is_finite() {
            return;
        }
        let (before, last) = match self.0 {
            State::Total { at, value } => (Some(at), value),
            _ => (None, 0.0),
        };
        match basis(at, before, start, value < last) {
            Basis::None => {}
            Basis::Previous(span) => say(stat, at, (value - last) / span.as_secs_f64(), out),
            Basis::Zero(span) => say(stat, at, value / span.as_secs_f64(), out),
        }
        self.0 = State::Total { at, value };
    }

    fn read_delta(&mut self, at: Timestamp, value: f64, start: Option<Timestamp>, out: Out<'_>) {
        if let Some(span) = self.delta_span(at, start) {
            say(Stat::Value, at, value / span.as_secs_f64(), out);
        }
        self.0 = State::Delta { at };
    }

    /// The length of a delta's interval: its own, else the time since the delta before.
    fn delta_span(&self, at: Timestamp, start: Option<Timestamp>) -> Option<Span> {
        let before = match self.0 {
            State::Delta { at } => Some(at),
            _ => None,
        };
        start.filter(|start| *start < at).or(before).map(|begin| at.since(begin)).filter(|span| Span::ZERO < *span)
    }

    fn read_buckets(&mut self, at: Timestamp, buckets: &Buckets, out: Out<'_>) {
        let (bounds, counts, cumulative, start, spacing) = match buckets {
            Buckets::Summary { quantiles, count, start } => {
                return self.read_summary(at, quantiles, *count, *start, out);
            }
            Buckets::Histogram { bounds, counts, cumulative, start } => {
                (bounds, counts, *cumulative, *start, Spacing::Linear)
            }
            Buckets::Exponential { bounds, counts, cumulative, start } => {
                (bounds, counts, *cumulative, *start, Spacing::Log)
            }
        };
        let Some(spread) = Spread::new(bounds, counts, spacing) else { return };
        if cumulative {
            return self.read_spread(at, spread, start, out);
        }
        let span = self.delta_span(at, start);
        self.0 = State::Delta { at };
        say_spread(at, &spread, span, out);
    }

    fn read_spread(&mut self, at: Timestamp, spread: Spread, start: Option<Timestamp>, out: Out<'_>) {
        let before = match &self.0 {
            State::Spread(last) if spread.is_like(&last.1) => Some(&**last),
            _ => None,
        };
        let added = before.and_then(|(_, last)| spread.since(last));
        let fell = before.is_some() && added.is_none();
        // Other bounds than before: the counts of both have nothing in common, nor has the start a new series to tell of.
        let start = start.filter(|_| before.is_some() || !matches!(self.0, State::Spread(_)));
        match (basis(at, before.map(|(at, _)| *at), start, fell), added) {
            (Basis::Previous(span), Some(added)) => say_spread(at, &added, Some(span), out),
            (Basis::Zero(span), _) => say_spread(at, &spread, Some(span), out),
            _ => {}
        }
        match &mut self.0 {
            State::Spread(last) => **last = (at, spread),
            state => *state = State::Spread(Box::new((at, spread))),
        }
    }

    /// A summary's quantiles are its own; they are old news when no value came since the reading before.
    fn read_summary(
        &mut self,
        at: Timestamp,
        quantiles: &[(f64, f64)],
        count: f64,
        start: Option<Timestamp>,
        out: Out<'_>,
    ) {
        let is_old = matches!(self.0, State::Total { value, .. } if value == count);
        for (stat, q) in QUANTILES {
            let found = quantiles.iter().find(|(have, _)| (have - q).abs() < 1e-9);
            if let Some(&(_, value)) = found.filter(|_| !is_old) {
                say(stat, at, value, out);
            }
        }
        self.read_total(at, count, start, Stat::Rate, out);
    }

    fn read_lines(&mut self, at: Timestamp, more: u32, out: &mut impl FnMut(Observation)) {
        let minute = at.floor_to(Self::LINES_WIDTH);
        self.advance(minute, out);
        match &mut self.0 {
            State::Lines { from, count, .. } if minute <= *from => *count = count.saturating_add(more),
            state => *state = State::Lines { from: minute, count: more, idle: 0 },
        }
    }

    fn read_share(&mut self, at: Timestamp, more: u32, more_of: u32, out: &mut impl FnMut(Observation)) {
        let minute = at.floor_to(Self::LINES_WIDTH);
        self.advance(minute, out);
        match &mut self.0 {
            State::Share { from, hits, of } if minute <= *from => {
                (*hits, *of) = (hits.saturating_add(more), of.saturating_add(more_of));
            }
            state => *state = State::Share { from: minute, hits: more, of: more_of },
        }
    }

    /// Closes the minute that ends at `end` and opens the next one while the series still speaks.
    fn close(&mut self, end: Timestamp, out: Out<'_>) {
        self.0 = match self.0 {
            State::Lines { count, idle, .. } => {
                say(Stat::Value, end, f64::from(count) / Self::LINES_WIDTH.as_secs_f64(), out);
                let idle = if count == 0 { idle + 1 } else { 0 };
                let goes_on = idle < Self::IDLE_MAX && end < end + Self::LINES_WIDTH;
                if goes_on { State::Lines { from: end, count: 0, idle } } else { State::Nothing }
            }
            State::Share { hits, of, .. } => {
                if of != 0 {
                    say(Stat::Value, end, f64::from(hits) / f64::from(of), out);
                }
                State::Nothing
            }
            _ => return,
        };
    }
}

/// What to compare a cumulative reading with. `fell` says that it is less than the one before.
///
/// A `start` behind the reading before is a reset that is dated. One that only wanders (boot times that are computed anew at each
/// reading do) is none as long as the value does not fall. A reset without such a date follows Prometheus: what is
/// counted now came since the reading before.
fn basis(at: Timestamp, before: Option<Timestamp>, start: Option<Timestamp>, fell: bool) -> Basis {
    let start = start.filter(|start| *start < at);
    let basis = match (before, start) {
        (None, Some(start)) if at.since(start) <= Meter::ORIGIN_MAX => Basis::Zero(at.since(start)),
        (None, _) => Basis::None,
        (Some(before), Some(start)) if before <= start => Basis::Zero(at.since(start)),
        (Some(before), _) if fell => Basis::Zero(at.since(before)),
        (Some(before), _) => Basis::Previous(at.since(before)),
    };
    match basis {
        Basis::Previous(span) | Basis::Zero(span) if span <= Span::ZERO => Basis::None,
        basis => basis,
    }
}

/// The quantiles of an interval that had values, and its rate where its length is known.
fn say_spread(at: Timestamp, spread: &Spread, span: Option<Span>, out: Out<'_>) {
    for (stat, q) in QUANTILES {
        if let Some(value) = spread.quantile(q) {
            say(stat, at, value, out);
        }
    }
    if let Some(span) = span {
        say(Stat::Rate, at, spread.count() / span.as_secs_f64(), out);
    }
}

fn say(stat: Stat, at: Timestamp, value: f64, out: Out<'_>) {
    if value.is_finite() {
        out(Observation { stat, at, value });
    }
}

#[cfg(test)]
#[path = "meter_tests.rs"]
mod tests;
