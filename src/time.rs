//! When: event time, carried by the data and never read from a clock.
//!
//! [`Timestamp`] and [`Span`] are the only times that the core knows. Wall time belongs to delivery
//! and enters as an argument.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A moment of event time: nanoseconds since 1970-01-01 UTC.
///
/// Shown as RFC 3339 in UTC with as many fraction digits as needed. Arithmetic saturates, so that no input can overflow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct Timestamp(i64);

/// A length of event time in nanoseconds; may be negative as the difference of two timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct Span(i64);

impl Timestamp {
    /// The earliest time: below every record.
    pub const MIN: Timestamp = Timestamp(i64::MIN);
    /// The latest time: above every record.
    pub const MAX: Timestamp = Timestamp(i64::MAX);

    /// From nanoseconds since the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Timestamp(nanos)
    }

    /// From whole seconds since the epoch, saturating.
    pub const fn from_secs(secs: i64) -> Self {
        Timestamp(secs.saturating_mul(1_000_000_000))
    }

    /// From milliseconds since the epoch, saturating.
    pub const fn from_millis(millis: i64) -> Self {
        Timestamp(millis.saturating_mul(1_000_000))
    }

    /// Nanoseconds since the epoch.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch, with the fraction.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The time from `earlier` to `self`; negative if `earlier` is later.
    pub const fn since(self, earlier: Timestamp) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The start of the bucket of length `width` that holds this time (buckets start at the epoch).
    pub const fn floor_to(self, width: Span) -> Timestamp {
        let width = if width.0 < 1 { 1 } else { width.0 };
        Timestamp(self.0.saturating_sub(self.0.rem_euclid(width)))
    }

    /// Reads RFC 3339 (`2026-11-23T08:00:00Z`, any offset, any fraction).
    pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
        let parsed: jiff::Timestamp = text.trim().parse().ok()?;
        i64::try_from(parsed.as_nanosecond()).ok().map(Timestamp)
    }

    /// The same moment for calendar arithmetic.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or(jiff::Timestamp::MAX)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(value: jiff::Timestamp) -> Self {
        let nanos = value.as_nanosecond().clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Timestamp(nanos as i64)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_jiff().fmt(f)
    }
}

impl Add<Span> for Timestamp {
    type Output = Timestamp;
    fn add(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Timestamp;
    fn sub(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_sub(span.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Longer than any span that occurs.
    pub const MAX: Span = Span(i64::MAX);

    /// From nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Span(nanos)
    }

    /// From milliseconds, saturating.
    pub const fn from_millis(millis: i64) -> Self {
        Span(millis.saturating_mul(1_000_000))
    }

    /// From whole seconds, saturating.
    pub const fn from_secs(secs: i64) -> Self {
        Span(secs.saturating_mul(1_000_000_000))
    }

    /// From minutes, saturating.
    pub const fn from_mins(mins: i64) -> Self {
        Span::from_secs(mins.saturating_mul(60))
    }

    /// From hours, saturating.
    pub const fn from_hours(hours: i64) -> Self {
        Span::from_mins(hours.saturating_mul(60))
    }

    /// From days of 24 hours, saturating.
    pub const fn from_days(days: i64) -> Self {
        Span::from_hours(days.saturating_mul(24))
    }

    /// From seconds with a fraction; not a number becomes zero, infinities saturate.
    pub fn from_secs_f64(secs: f64) -> Self {
        Span((secs * 1e9) as i64)
    }

    /// In nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// In seconds, with the fraction.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// `factor` times as long, saturating.
    pub const fn times(self, factor: i64) -> Span {
        Span(self.0.saturating_mul(factor))
    }

    /// Reads `90s`, `5m`, `1h`, `2d`, `250ms`, `1w`, or a sum of such parts (`1h30m`).
    pub fn parse(text: &str) -> Option<Span> {
        let mut rest = text.trim();
        let mut total = 0i64;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let number: f64 = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let unit = match &rest[..letters] {
                "ns" => 1.0,
                "us" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" | "min" => 60e9,
                "h" => 3600e9,
                "d" => 86_400e9,
                "w" => 604_800e9,
                _ => return None,
            };
            total = total.saturating_add((number * unit) as i64);
            rest = &rest[letters..];
        }
        Some(Span(total))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Span {
    /// The two largest units that matter: `3d4h`, `1h30m`, `45s`, `250ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        if nanos < 1_000_000_000 {
            return write!(f, "{sign}{}ms", nanos / 1_000_000);
        }
        let secs = nanos / 1_000_000_000;
        let (d, h, m, s) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60, secs % 60);
        match (d, h, m, s) {
            (0, 0, 0, s) => write!(f, "{sign}{s}s"),
            (0, 0, m, 0) => write!(f, "{sign}{m}m"),
            (0, 0, m, s) => write!(f, "{sign}{m}m{s}s"),
            (0, h, 0, _) => write!(f, "{sign}{h}h"),
            (0, h, m, _) => write!(f, "{sign}{h}h{m}m"),
            (d, 0, _, _) => write!(f, "{sign}{d}d"),
            (d, h, _, _) => write!(f, "{sign}{d}d{h}h"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_shown() {
        for (text, secs) in [("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172_800), ("1w", 604_800)] {
            assert_eq!(Span::parse(text), Some(Span::from_secs(secs)), "{text}");
        }
        for bad in ["", "5", "m", "5 parsecs", "1h30"] {
            assert_eq!(Span::parse(bad), None, "{bad}");
        }
        assert_eq!(Span::from_secs(5400).to_string(), "1h30m");
        assert_eq!(Span::from_millis(250).to_string(), "250ms");
    }

    #[test]
    fn timestamps_are_rfc_3339_and_never_overflow() {
        let at = Timestamp::parse_rfc3339("2026-11-23T09:00:00.5+01:00").unwrap();
        assert_eq!(at.to_string(), "2026-11-23T08:00:00.5Z");
        assert_eq!(Timestamp::MAX + Span::MAX, Timestamp::MAX);
        assert_eq!(Timestamp::from_secs(-1).floor_to(Span::from_mins(1)), Timestamp::from_secs(-60));
    }
}
