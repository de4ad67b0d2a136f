//! Times as files write them: RFC 3339, `YYYY-MM-DD HH:MM:SS` in UTC, or numbers since the epoch.

use crate::time::Timestamp;

const NANOS: i64 = 1_000_000_000;

/// Reads a whole text as a time; surrounding blanks are ignored.
///
/// A number is taken by its magnitude: below 10^11 seconds (until the year 5138), below 10^14 milliseconds, below 10^17
/// microseconds, else nanoseconds. A date alone is its midnight; without a zone it is UTC.
pub fn parse(text: &[u8]) -> Option<Timestamp> {
    let text = text.trim_ascii();
    if let Some((at, used)) = parse_civil(text)
        && used == text.len()
    {
        return Some(at);
    }
    epoch(text)
}

/// Reads a time since the epoch by its magnitude, with or without a fraction.
pub(crate) fn epoch(text: &[u8]) -> Option<Timestamp> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let whole = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, fraction) = match digits.get(whole) {
        None => (&digits[..whole], &b""[..]),
        Some(b'.') => (&digits[..whole], &digits[whole + 1..]),
        Some(_) => return scientific(text),
    };
    if !fraction.iter().all(u8::is_ascii_digit) {
        return scientific(text);
    }
    if number.is_empty() || 19 < number.len() {
        return None;
    }
    let mut value = number.iter().fold(0i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let unit = unit_of(value as f64);
    value *= i128::from(unit);
    let mut place = unit;
    for digit in fraction {
        place /= 10;
        value += i128::from(place) * i128::from(digit - b'0');
    }
    let nanos = if negative { -value } else { value };
    i64::try_from(nanos).ok().map(Timestamp::from_nanos)
}

/// `1.396e9`, as some writers print large numbers.
fn scientific(text: &[u8]) -> Option<Timestamp> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let nanos = value * unit_of(value.abs()) as f64;
    (nanos.abs() < i64::MAX as f64).then(|| Timestamp::from_nanos(nanos as i64))
}

/// Nanoseconds of the unit that a number of this magnitude is in.
fn unit_of(magnitude: f64) -> i64 {
    match magnitude {
        m if m < 1e11 => NANOS,
        m if m < 1e14 => 1_000_000,
        m if m < 1e17 => 1_000,
        _ => 1,
    }
}

/// Reads a date and time at the start of `text`, and says how many bytes it took.
///
/// `YYYY-MM-DD`, then after `T` or a blank `HH:MM`, `:SS`, a fraction after `.` or `,`, and `Z` or an offset; each part
/// only with those before it.
pub(crate) fn parse_civil(text: &[u8]) -> Option<(Timestamp, usize)> {
    let mut at = Scan { text, used: 0 };
    let year = at.number(4)?;
    at.byte(b'-')?;
    let month = at.number(2)?;
    at.byte(b'-')?;
    let day = at.number(2)?;
    let days = days_since_epoch(year, month, day)?;
    let midnight = (i128::from(days) * 86_400 * i128::from(NANOS), at.used);
    let (nanos, used) = match clock(&mut at) {
        Some(nanos) => (midnight.0 + i128::from(nanos), at.used),
        None => midnight,
    };
    i64::try_from(nanos).ok().map(|nanos| (Timestamp::from_nanos(nanos), used))
}

/// The time of day and the zone, in nanoseconds to add to midnight.
fn clock(at: &mut Scan<'_>) -> Option<i64> {
    at.byte(b'T').or_else(|| at.byte(b't')).or_else(|| at.byte(b' '))?;
    let (hour, minute, second) = at.hour_minute_second()?;
    let nanos = at.fraction();
    let offset = at.offset().unwrap_or(0);
    Some((hour * 3600 + minute * 60 + second - offset) * NANOS + nanos)
}

/// `MMM dd HH:MM:SS` of RFC 3164 at the start of `text`, in the given year; how many bytes it took, and the month.
pub(crate) fn parse_syslog(text: &[u8], year: i64) -> Option<(Timestamp, usize)> {
    const MONTHS: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let month = MONTHS.iter().position(|name| text.starts_with(*name))? as i64 + 1;
    let mut at = Scan { text, used: 3 };
    at.byte(b' ')?;
    let day = match at.byte(b' ') {
        Some(()) => at.number(1)?,
        None => at.number(2).or_else(|| at.number(1))?,
    };
    at.byte(b' ')?;
    let (hour, minute, second) = at.hour_minute_second()?;
    let nanos = at.fraction();
    let days = days_since_epoch(year, month, day)?;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
    Some((Timestamp::from_nanos(seconds.checked_mul(NANOS)?.checked_add(nanos)?), at.used))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar; none if there is no such day.
///
/// Counts years from March, so that the leap day is a year's last (H. Hinnant, "chrono-compatible low-level date algorithms").
pub(super) fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || longest < day {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

struct Scan<'a> {
    text: &'a [u8],
    used: usize,
}

impl Scan<'_> {
    fn byte(&mut self, wanted: u8) -> Option<()> {
        (self.text.get(self.used) == Some(&wanted)).then(|| self.used += 1)
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        let text = self.text.get(self.used..self.used + digits)?;
        if !text.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.used += digits;
        Some(text.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
    }

    /// `HH:MM` or `HH:MM:SS`; a leap second is the next second.
    fn hour_minute_second(&mut self) -> Option<(i64, i64, i64)> {
        let hour = self.number(2).filter(|hour| *hour < 24)?;
        self.byte(b':')?;
        let minute = self.number(2).filter(|minute| *minute < 60)?;
        let second = match self.byte(b':') {
            Some(()) => self.number(2).filter(|second| *second <= 60)?,
            None => 0,
        };
        Some((hour, minute, second))
    }

    /// A fraction of a second in nanoseconds; digits beyond the ninth are dropped.
    fn fraction(&mut self) -> i64 {
        let dotted = matches!(self.text.get(self.used), Some(b'.' | b','));
        let digits = &self.text[(self.used + 1).min(self.text.len())..];
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !dotted || length == 0 {
            return 0;
        }
        self.used += 1 + length;
        let mut place = NANOS;
        digits[..length].iter().fold(0, |sum, digit| {
            place /= 10;
            sum + place * i64::from(digit - b'0')
        })
    }

    /// `Z`, `+01:00` or `+0100`, in seconds east of UTC; nothing is taken where it is none of these.
    fn offset(&mut self) -> Option<i64> {
        if self.byte(b'Z').or_else(|| self.byte(b'z')).is_some() {
            return Some(0);
        }
        let start = self.used;
        let sign = match self.text.get(self.used)? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.used += 1;
        let seconds = self.number(2).and_then(|hours| {
            self.byte(b':');
            self.number(2).map(|minutes| sign * (hours * 3600 + minutes * 60))
        });
        if seconds.is_none() {
            self.used = start;
        }
        seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_read_as_files_write_them() {
        for (text, expected) in [
            ("2014-04-01 00:00:00", "2014-04-01T00:00:00Z"),
            (" 2014-04-01 23:59:60 ", "2014-04-02T00:00:00Z"),
            ("2014-04-01 00:05", "2014-04-01T00:05:00Z"),
            ("2014-04-01", "2014-04-01T00:00:00Z"),
            ("2014-04-01T00:00:00.25+02:00", "2014-03-31T22:00:00.25Z"),
            ("2014-04-01t00:00:00,5z", "2014-04-01T00:00:00.5Z"),
            ("2014-04-01 00:00:00-0130", "2014-04-01T01:30:00Z"),
            ("2014-04-01 00:00:00.1234567899", "2014-04-01T00:00:00.123456789Z"),
            ("2024-02-29 00:00:00", "2024-02-29T00:00:00Z"),
            ("1600-01-01", "-"),
            ("1396310400", "2014-04-01T00:00:00Z"),
            ("1396310400.5", "2014-04-01T00:00:00.5Z"),
            ("1396310400123", "2014-04-01T00:00:00.123Z"),
            ("1396310400123456", "2014-04-01T00:00:00.123456Z"),
            ("1396310400123456789", "2014-04-01T00:00:00.123456789Z"),
            ("1.3963104e9", "2014-04-01T00:00:00Z"),
            ("-1", "1969-12-31T23:59:59Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("2014-02-30 00:00:00", "-"),
            ("2014-04-01 24:00:00", "-"),
            ("2014-04-01 00:00:00 x", "-"),
            ("99999999999999999999", "-"),
            ("NaN", "-"),
            ("yesterday", "-"),
            ("", "-"),
        ] {
            let read = parse(text.as_bytes()).map_or("-".to_owned(), |at| at.to_string());
            assert_eq!(read, expected, "{text:?}");
        }
    }

    #[test]
    fn syslog_times_take_the_year_given() {
        for (text, expected) in [
            ("Nov 23 08:24:49 host", Some(("2026-11-23T08:24:49Z", 15))),
            ("Nov  3 08:24:49.5 host", Some(("2026-11-03T08:24:49.5Z", 17))),
            ("Feb 29 00:00:00", None),
            ("Nix 23 08:24:49", None),
        ] {
            let read = parse_syslog(text.as_bytes(), 2026).map(|(at, used)| (at.to_string(), used));
            assert_eq!(read, expected.map(|(at, used)| (at.to_owned(), used)), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..40), text in "[-0-9T:.Z+ ,e]{0,30}") {
            for bytes in [&bytes[..], text.as_bytes()] {
                let _ = (parse(bytes), parse_civil(bytes), parse_syslog(bytes, 2026));
            }
        }

        #[test]
        fn what_is_shown_is_read_again(nanos in any::<i64>()) {
            let at = Timestamp::from_nanos(nanos);
            prop_assert_eq!(parse(at.to_string().as_bytes()), Some(at));
            prop_assert_eq!(parse(at.to_string().as_bytes()), Timestamp::parse_rfc3339(&at.to_string()));
        }
    }
}
