//! The trail of a signal: what a picture needs of its past, in 288 bytes of values.
//!
//! Three rings of means: 48 minutes by one, 5 hours by six, a day by thirty. A signal slower than that makes the steps of
//! all longer by itself, doubling them, so that each trail holds something to see. Values are kept as 16 bits of the range
//! between the least and the greatest remembered. Nothing is decided by a trail.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// Steps of a ring.
const STEPS: usize = 48;
/// The steps of each ring, in those of the finest.
const WIDTHS: [i64; 3] = [1, 6, 30];
/// The shortest step.
const STEP: Span = Span::from_mins(1);
/// The step doubles at most so often: a finest step of about 45 days.
const DOUBLINGS: u8 = 16;
/// So many readings in a row that leave out a step say that the step is too short.
const SPARSE: u8 = 4;
/// The greatest code; 0 says that nothing was seen.
const CODES: f64 = 65_534.0;
/// A range that is used by less than this share is drawn closer.
const USED: f64 = 1.0 / 64.0;

/// The recent past of one signal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Trail {
    doublings: u8,
    sparse: u8,
    range: Option<Range>,
    rings: [Ring; WIDTHS.len()],
}

/// What the codes lie between.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Range {
    low: f64,
    high: f64,
}

/// Means of the last [`STEPS`] steps, and the step under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Ring {
    /// By step modulo [`STEPS`].
    #[serde(with = "codes")]
    codes: Box<[u16; STEPS]>,
    /// The step under way.
    open: i64,
    /// Its mean so far, kept as such: a sum could pass all bounds.
    mean: f64,
    count: u32,
}

impl Default for Ring {
    fn default() -> Self {
        Ring { codes: Box::new([0; STEPS]), open: i64::MIN, mean: 0.0, count: 0 }
    }
}

impl Trail {
    /// The length of the finest step.
    pub(super) fn step(&self) -> Span {
        STEP.times(1 << self.doublings)
    }

    /// The longest past that it can show.
    pub(super) fn reach(&self) -> Span {
        self.step().times(WIDTHS[WIDTHS.len() - 1] * STEPS as i64)
    }

    /// Takes the next value in. Values come in order of time; one that is not finite leaves no trace.
    pub(super) fn observe(&mut self, at: Timestamp, value: f64) {
        if !value.is_finite() {
            return;
        }
        let finest = &self.rings[0];
        let step = index(at, self.step());
        let skips = 0 < finest.count && finest.open.saturating_add(1) < step;
        self.sparse = if skips { self.sparse.saturating_add(1) } else { 0 };
        if SPARSE <= self.sparse && self.doublings < DOUBLINGS {
            self.double();
        }
        self.cover(value);
        let (Some(range), step) = (self.range, self.step()) else { return };
        let mut closed = false;
        for (ring, width) in self.rings.iter_mut().zip(WIDTHS) {
            closed = ring.observe(index(at, step.times(width)), value, range);
        }
        if closed {
            self.draw_closer();
        }
    }

    /// What was seen from `from` on, oldest first, at the middle of each step: by the finest ring that goes back so far,
    /// and by finer ones within its last step.
    pub(super) fn course(&self, from: Timestamp) -> Vec<(Timestamp, Option<f64>)> {
        let Some(range) = self.range else { return Vec::new() };
        let reaches = |(ring, width): (&Ring, i64)| begin(ring.first(), self.step().times(width)) <= from;
        let enough = self.rings.iter().zip(WIDTHS).position(reaches).unwrap_or(WIDTHS.len() - 1);
        let (mut course, mut from) = (Vec::new(), from);
        for (ring, width) in self.rings.iter().zip(WIDTHS).take(enough + 1).rev() {
            let width = self.step().times(width);
            let is_last = std::ptr::eq(ring, &self.rings[0]);
            let open = if is_last { Timestamp::MAX } else { begin(ring.open, width) };
            course.extend(ring.points(range, width).filter(|(at, _)| from <= *at && *at < open));
            from = from.max(open);
        }
        let silent = course.iter().take_while(|(_, value)| value.is_none()).count();
        course.split_off(silent)
    }

    /// Widens the range so that it holds `value`; by an eighth more than needed, so that it is rarely widened again.
    fn cover(&mut self, value: f64) {
        let Some(range) = self.range else {
            self.range = Some(Range { low: value, high: value });
            return;
        };
        if range.low <= value && value <= range.high {
            return;
        }
        let (low, high) = (range.low.min(value), range.high.max(value));
        let spare = (high / 8.0 - low / 8.0).min(f64::MAX / 8.0);
        let wider = if value < range.low {
            Range { low: (low - spare).max(f64::MIN), high }
        } else {
            Range { low, high: (high + spare).min(f64::MAX) }
        };
        self.recode(range, wider);
    }

    /// Narrows a range of which little is used, as after an outlier has left the rings.
    fn draw_closer(&mut self) {
        let Some(range) = self.range else { return };
        let codes = self.rings.iter().flat_map(|ring| ring.codes.iter()).filter(|code| 0 < **code);
        let (low, high) = codes.fold((u16::MAX, 0), |(low, high), &code| (low.min(code), high.max(code)));
        let used = f64::from(high.saturating_sub(low));
        if high < low || USED * CODES <= used || range.high <= range.low {
            return;
        }
        let (least, greatest) = (range.value(low), range.value(high));
        // Values that share one code are told apart again once the range has come closer, half-hour by half-hour.
        let spare = (greatest / 4.0 - least / 4.0).max(range.high / CODES - range.low / CODES);
        if 0.0 < spare {
            self.recode(range, Range { low: (least - spare).max(f64::MIN), high: (greatest + spare).min(f64::MAX) });
        }
    }

    fn recode(&mut self, from: Range, to: Range) {
        for code in self.rings.iter_mut().flat_map(|ring| ring.codes.iter_mut()).filter(|code| 0 < **code) {
            *code = to.code(from.value(*code));
        }
        self.range = Some(to);
    }

    /// Makes all steps twice as long and keeps what was seen.
    fn double(&mut self) {
        self.doublings += 1;
        self.sparse = 0;
        self.rings.iter_mut().for_each(Ring::double);
    }
}

impl Range {
    fn code(self, value: f64) -> u16 {
        let width = self.high / 2.0 - self.low / 2.0;
        if width <= 0.0 {
            return 1;
        }
        let share = (value / 2.0 - self.low / 2.0) / width;
        1 + (share.clamp(0.0, 1.0) * CODES).round() as u16
    }

    fn value(self, code: u16) -> f64 {
        let share = f64::from(code.saturating_sub(1)) / CODES;
        self.low * (1.0 - share) + self.high * share
    }
}

impl Ring {
    /// Takes a value of a step in; true where that closed the step before.
    fn observe(&mut self, step: i64, value: f64, range: Range) -> bool {
        let closes = self.open < step;
        if closes {
            self.close(range);
            let gone = step.saturating_sub(self.open).unsigned_abs().min(STEPS as u64) as i64;
            for missing in step - gone + 1..=step {
                self.codes[slot(missing)] = 0;
            }
            (self.open, self.mean, self.count) = (step, 0.0, 0);
        }
        let before = f64::from(self.count);
        self.count = self.count.saturating_add(1);
        self.mean = self.mean * (before / f64::from(self.count)) + value / f64::from(self.count);
        closes
    }

    fn close(&mut self, range: Range) {
        if 0 < self.count {
            self.codes[slot(self.open)] = range.code(self.mean);
        }
    }

    /// The oldest step that is remembered.
    fn first(&self) -> i64 {
        self.open.saturating_sub(STEPS as i64 - 1)
    }

    /// The middle of each step and its mean, oldest first, the step under way last.
    fn points(&self, range: Range, width: Span) -> impl Iterator<Item = (Timestamp, Option<f64>)> + '_ {
        let middle = move |step: i64| {
            Timestamp::from_nanos(step.saturating_mul(width.nanos()).saturating_add(width.nanos() / 2))
        };
        let last = (0 < self.count).then(|| (middle(self.open), Some(self.mean)));
        let steps = if last.is_some() { self.first()..self.open } else { 0..0 };
        let closed = steps.map(move |step| {
            let code = self.codes[slot(step)];
            (middle(step), (0 < code).then(|| range.value(code)))
        });
        closed.chain(last)
    }

    /// Joins each two steps to one.
    fn double(&mut self) {
        let mut wider = Ring { open: self.open.div_euclid(2), mean: self.mean, count: self.count, ..Ring::default() };
        for step in self.first()..self.open {
            let code = self.codes[slot(step)];
            let joined = &mut wider.codes[slot(step.div_euclid(2))];
            if 0 < code {
                *joined = if *joined == 0 { code } else { joined.midpoint(code) };
            }
        }
        // What was closed of the step now under way is left to the value that opened it.
        wider.codes[slot(wider.open)] = 0;
        *self = wider;
    }
}

fn begin(step: i64, width: Span) -> Timestamp {
    Timestamp::from_nanos(step.saturating_mul(width.nanos()))
}

fn index(at: Timestamp, width: Span) -> i64 {
    at.nanos().div_euclid(width.nanos())
}

fn slot(step: i64) -> usize {
    step.rem_euclid(STEPS as i64) as usize
}

/// A ring's codes as bytes, two to a code.
mod codes {
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    use super::STEPS;

    pub(super) fn serialize<S: Serializer>(codes: &[u16; STEPS], to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = codes.iter().flat_map(|code| code.to_le_bytes()).collect();
        to.serialize_bytes(&bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<[u16; STEPS]>, D::Error> {
        from.deserialize_bytes(Bytes)
    }

    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = Box<[u16; STEPS]>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{} bytes", 2 * STEPS)
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
            let mut codes = Box::new([0; STEPS]);
            if bytes.len() != 2 * STEPS {
                return Err(E::invalid_length(bytes.len(), &self));
            }
            for (code, pair) in codes.iter_mut().zip(bytes.chunks_exact(2)) {
                *code = u16::from_le_bytes([pair[0], pair[1]]);
            }
            Ok(codes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(trail: &mut Trail, every: Span, points: i64, value: impl Fn(i64) -> f64) -> Timestamp {
        let mut at = Timestamp::MIN;
        for i in 0..points {
            at = Timestamp::from_secs(1_795_000_000) + every.times(i);
            trail.observe(at, value(i));
        }
        at
    }

    #[test]
    fn a_day_an_afternoon_and_the_last_minutes_are_kept_by_steps_that_fit() {
        let mut trail = Trail::default();
        let now = walk(&mut trail, Span::from_secs(10), 6 * 60 * 48, |i| (i % 8_640) as f64);
        assert_eq!(trail.step(), Span::from_mins(1));
        for (past, points) in
            [(Span::from_hours(23), 46..=60), (Span::from_mins(240), 40..=50), (Span::from_mins(45), 45..=48)]
        {
            let course = trail.course(now - past);
            assert!(points.contains(&course.len()), "{past}: {}", course.len());
            for (at, value) in &course {
                let i = at.since(Timestamp::from_secs(1_795_000_000)).as_secs_f64() / 10.0 % 8_640.0;
                let value = value.unwrap();
                // The step in which the value falls back holds a mean of both sides.
                assert!((value - i).abs() < 95.0 || !(180.0..8_460.0).contains(&i), "{at}: {value} of {i}");
            }
        }
    }

    #[test]
    fn a_slow_signal_makes_its_step_longer_and_keeps_what_it_saw() {
        let mut trail = Trail::default();
        let now = walk(&mut trail, Span::from_days(1), 90, |i| i as f64);
        assert!(Span::from_hours(12) <= trail.step() && trail.step() <= Span::from_days(2), "{}", trail.step());
        // What came before the steps were long enough is known less far back.
        for (days, least, spared) in [(33, 30, 3.0), (80, 12, 20.0)] {
            let course = trail.course(now - Span::from_days(days));
            let values: Vec<f64> = course.iter().filter_map(|(_, value)| *value).collect();
            assert!(least <= values.len() && values.is_sorted(), "{values:?}");
            let (first, last) = (values[0], values[values.len() - 1]);
            assert!((first - (89 - days) as f64).abs() <= spared && (last - 89.0).abs() < 1.0, "{days}: {values:?}");
        }
    }

    #[test]
    fn an_outlier_spoils_the_resolution_only_while_it_is_remembered() {
        let mut trail = Trail::default();
        let minute = Span::from_mins(1);
        let now = walk(&mut trail, minute, 1440 * 4, |i| if i == 100 { 1e9 } else { (i % 7) as f64 });
        let course = trail.course(now - Span::from_mins(45));
        assert!(course.iter().all(|(_, value)| value.is_some_and(|v| (0.0..=6.0).contains(&v.round()))));
        let fine: Vec<f64> = course.iter().filter_map(|(_, value)| *value).collect();
        assert!(fine.iter().any(|v| 5.5 < *v) && fine.iter().any(|v| *v < 0.5), "{fine:?}");
    }

    #[test]
    fn silence_breaks_the_line() {
        let mut trail = Trail::default();
        let at = |minute: i64| Timestamp::from_secs(1_795_000_020 + 60 * minute);
        for minute in (0..10).chain(20..30) {
            trail.observe(at(minute), 1.0);
        }
        let course = trail.course(at(0));
        assert_eq!(course.iter().filter(|(_, value)| value.is_none()).count(), 10);
    }

    #[test]
    fn any_value_and_time_is_taken_and_a_copy_goes_on_alike() {
        let mut trail = Trail::default();
        let values = [f64::MAX, f64::MIN, 0.0, f64::NAN, f64::INFINITY, 5e-324, -1.0, f64::MAX];
        let times = [i64::MIN, -1, 0, 1, 1 << 40, 1 << 50, i64::MAX - 1, i64::MAX];
        for (value, at) in values.into_iter().zip(times) {
            trail.observe(Timestamp::from_nanos(at), value);
            let bytes = postcard::to_allocvec(&trail).unwrap();
            trail = postcard::from_bytes::<Trail>(&bytes).inspect(|back| assert_eq!(*back, trail)).unwrap();
            assert!(trail.course(Timestamp::MIN).iter().all(|(_, value)| value.is_none_or(f64::is_finite)));
        }
    }
}
