//! Times as JSON documents write them.

use super::civil;
use super::json::Text;
use super::number::scan_integer;
use crate::time::Timestamp;

/// Reads a JSON string or number: RFC 3339, `YYYY-MM-DD HH:MM:SS` in UTC with an optional fraction behind a point or comma, or
/// an epoch in seconds, milliseconds, microseconds or nanoseconds by magnitude.
pub(super) fn moment(raw: &str) -> Option<Timestamp> {
    if raw.starts_with('"') {
        let text: Text<'_> = serde_json::from_str(raw).ok()?;
        return moment_text(&text.0);
    }
    epoch(raw)
}

/// The same for text without quotes.
pub(super) fn moment_text(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(at) = Timestamp::parse_rfc3339(text).or_else(|| epoch(text)) {
        return Some(at);
    }
    let plain = text.replacen(',', ".", 1);
    let local: jiff::civil::DateTime = plain.parse().ok()?;
    Some(local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().into())
}

/// Nanoseconds of the unit that an epoch of this size is in: below 10^11 seconds (until the year 5138), below 10^14
/// milliseconds, below 10^17 microseconds, else nanoseconds.
fn unit(size: u64) -> i64 {
    match size {
        0..100_000_000_000 => 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    }
}

/// A whole number as an epoch; nothing where it is anything else.
#[inline]
pub(super) fn epoch_integer(raw: &[u8]) -> Option<Timestamp> {
    let (whole, end) = scan_integer(raw, 0)?;
    (end == raw.len()).then(|| from_epoch(whole))
}

fn from_epoch(whole: i64) -> Timestamp {
    Timestamp::from_nanos(whole.saturating_mul(unit(whole.unsigned_abs())))
}

/// An epoch with or without a fraction.
fn epoch(text: &str) -> Option<Timestamp> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(from_epoch(whole));
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return None;
    }
    // Read digit by digit where that can be: a double has no room for a fraction in nanoseconds.
    civil::epoch(text.as_bytes()).or_else(|| epoch_real(text.parse().ok()?))
}

/// A number as an epoch; beyond all times it is the last one.
fn epoch_real(value: f64) -> Option<Timestamp> {
    let (whole, unit) = (value.trunc(), unit(value.abs() as u64));
    let fraction = ((value - whole) * unit as f64).round() as i64;
    value.is_finite().then(|| Timestamp::from_nanos((whole as i64).saturating_mul(unit).saturating_add(fraction)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_spellings_meet() {
        for raw in [
            "\"2026-11-23T08:00:00.5Z\"",
            "\"2026-11-23T09:00:00.500+01:00\"",
            "\"2026-11-23T09:00:00.5+0100\"",
            "\"2026-11-23 09:00:00.5+01:00\"",
            "\"2026-11-23T09:00:00,5+01\"",
            "\"2026-11-23 08:00:00.5\"",
            "\"2026-11-23 08:00:00,500\"",
            "\"2026-11-23T08:00:00.500\"",
            "1795420800.5",
            "1795420800500",
            "1795420800500000",
            "1795420800500000000",
            "\"1795420800500\"",
        ] {
            assert_eq!(moment(raw).map(|at| at.to_string()).as_deref(), Some("2026-11-23T08:00:00.5Z"), "{raw}");
        }
        assert_eq!(moment("1e300"), Some(Timestamp::MAX));
        assert_eq!(moment("0"), Some(Timestamp::from_nanos(0)));
        for bad in ["\"yesterday\"", "\"\"", "true", "{}", "null", "\"2026-13-45\"", "\"inf\""] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }
}
