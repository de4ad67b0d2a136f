//! The time at which a line of text begins, in the spellings that programs and daemons use.

use super::civil::{days_since_epoch, parse_civil, parse_syslog};
use crate::time::{Span, Timestamp};

const NANOS: i64 = 1_000_000_000;

/// Reads the time at the start of a line, maybe in brackets, and how many bytes it took.
///
/// RFC 3339 and its looser kin, `2026/11/23 08:00:00` (Go, nginx), `Nov 23 08:00:00` (syslog), or an access log's
/// `[23/Nov/2026:08:00:00 +0000]` behind the client. A year that is not written is the one that puts the line next to `near`.
pub(super) fn leading(text: &str, near: Option<Timestamp>) -> Option<(Timestamp, usize)> {
    let open = usize::from(text.starts_with('['));
    let bytes = &text.as_bytes()[open..];
    if let Some((at, used)) = parse_civil(bytes).or_else(|| slashed(bytes)) {
        return has_clock(&bytes[..used]).then_some((at, used + open));
    }
    if let Some((at, used)) = yearless(bytes, near) {
        return Some((at, used + open));
    }
    access(text).map(|at| (at, 0))
}

/// A date alone is no time of a line: `2026-11-23 is the day` is prose.
fn has_clock(stamp: &[u8]) -> bool {
    stamp.contains(&b':')
}

/// `Nov 23 08:00:00` in the year that puts it at most a day after `near`, and else as late as can be.
pub(super) fn yearless(bytes: &[u8], near: Option<Timestamp>) -> Option<(Timestamp, usize)> {
    let near = near?;
    let year = i64::from(near.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).year());
    let tries = [year + 1, year, year - 1, year - 2, year - 3, year - 4];
    let fits = |&(at, _): &(Timestamp, usize)| at <= near + Span::from_days(1);
    tries.into_iter().filter_map(|year| parse_syslog(bytes, year)).find(fits)
}

/// `2026/11/23 08:00:00`, with or without a fraction.
fn slashed(bytes: &[u8]) -> Option<(Timestamp, usize)> {
    let head = bytes.first_chunk::<10>()?;
    if head[4] != b'/' || head[7] != b'/' {
        return None;
    }
    let mut dashed = bytes[..bytes.len().min(40)].to_vec();
    (dashed[4], dashed[7]) = (b'-', b'-');
    parse_civil(&dashed)
}

/// The time of the common log format; it stands in the first brackets, behind the client's address.
fn access(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let open = text.char_indices().take(120).find(|(_, c)| *c == '[')?.0;
    let stamp = text.get(open + 1..open + 27)?;
    let number = |from: usize, to: usize| stamp.get(from..to)?.parse::<i64>().ok();
    let month = MONTHS.iter().position(|name| stamp.get(3..6) == Some(name))? as i64 + 1;
    let shaped = [(2, "/"), (6, "/"), (11, ":"), (14, ":"), (17, ":"), (20, " ")];
    if !shaped.iter().all(|&(at, mark)| stamp.get(at..at + 1) == Some(mark)) {
        return None;
    }
    let days = days_since_epoch(number(7, 11)?, month, number(0, 2)?)?;
    let offset = number(22, 24)? * 3600 + number(24, 26)? * 60;
    let offset = if stamp.get(21..22)? == "-" { -offset } else { offset };
    let seconds = days * 86_400 + number(12, 14)? * 3600 + number(15, 17)? * 60 + number(18, 20)? - offset;
    Some(Timestamp::from_nanos(seconds.checked_mul(NANOS)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_begins_with_its_time() {
        let near = Timestamp::parse_rfc3339("2026-01-02T00:00:00Z");
        for (text, expected) in [
            ("2026-11-23T08:00:00Z x", Some(("2026-11-23T08:00:00Z", 20))),
            ("[2026-11-23 08:00:00,5] x", Some(("2026-11-23T08:00:00.5Z", 22))),
            ("2026/11/23 08:00:00 [error] x", Some(("2026-11-23T08:00:00Z", 19))),
            ("Nov 23 08:00:00 host x", Some(("2025-11-23T08:00:00Z", 15))),
            ("Jan  2 08:00:00 host x", Some(("2026-01-02T08:00:00Z", 15))),
            ("Feb 29 08:00:00 host x", Some(("2024-02-29T08:00:00Z", 15))),
            ("::1 - bob [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 23", Some(("2000-10-10T20:55:36Z", 0))),
            ("2026-11-23 is the day", None),
            ("hello", None),
            ("[10/Oct/2000:13:55:36", None),
        ] {
            let read = leading(text, near).map(|(at, used)| (at.to_string(), used));
            assert_eq!(read, expected.map(|(at, used)| (at.to_owned(), used)), "{text:?}");
        }
        assert_eq!(leading("Nov 23 08:00:00 host x", None), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "[-0-9T:/.Z+ ,\\[A-Zé]{0,40}", near in any::<i64>()) {
            let _ = leading(&text, Some(Timestamp::from_nanos(near)));
        }
    }
}
