//! Holidays: single dates, and calendars in iCalendar files.

use std::collections::BTreeSet;

use icalendar::parser::{Component, read_calendar, unfold};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::reader::Fault;

/// Yearly holidays are unrolled to the end of this year: a calendar has no end.
const LAST_YEAR: i16 = 2099;

/// Reads a date such as `2026-12-25`.
pub(super) fn date(text: &str) -> Result<Date, Fault> {
    let bad =
        |_| Fault::new(format!("`{text}` is not a date")).hint("write a date (2026-12-25) or the name of an .ics file");
    text.trim().parse().map_err(bad)
}

/// The days of the all-day events of an iCalendar file, and what of it could not be understood.
///
/// Understood of recurrence: yearly, on the same date or on the n-th weekday of a month; `INTERVAL`, `COUNT`, `UNTIL`
/// and `EXDATE`. Events with a time of day are meetings, not holidays.
pub(super) fn calendar(text: &str) -> Result<(BTreeSet<Date>, Vec<String>), Fault> {
    let whole = unfold(text);
    let bad = |_| Fault::new("this is not an iCalendar file").hint("export the calendar as .ics (RFC 5545)");
    let parsed = read_calendar(&whole).map_err(bad)?;
    if parsed.components.is_empty() {
        return Err(bad(String::new()));
    }
    let (mut days, mut doubts) = (BTreeSet::new(), Vec::new());
    for event in parsed.components.iter().filter(|component| component.name == "VEVENT") {
        if let Err(doubt) = unroll(event, &mut days) {
            doubts.push(format!("{}: {doubt}", value(event, "SUMMARY").unwrap_or("an event")));
        }
    }
    Ok((days, doubts))
}

fn value<'a>(event: &'a Component<'_>, name: &str) -> Option<&'a str> {
    event.find_prop(name).map(|property| property.val.as_str())
}

fn unroll(event: &Component<'_>, days: &mut BTreeSet<Date>) -> Result<(), String> {
    if value(event, "STATUS").is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")) {
        return Ok(());
    }
    let Some(start) = value(event, "DTSTART") else { return Err("it has no DTSTART".to_owned()) };
    let Some(first) = compact(start) else { return Ok(()) };
    let length = match value(event, "DTEND").and_then(compact) {
        Some(end) if first < end => end.since(first).map_or(1, |span| span.get_days()).max(1),
        _ => 1,
    };
    let except: BTreeSet<Date> = value(event, "EXDATE").unwrap_or_default().split(',').filter_map(compact).collect();
    let starts = match value(event, "RRULE") {
        None => vec![first],
        Some(rule) => yearly(first, rule).unwrap_or_else(|| vec![first]),
    };
    for start in starts.iter().filter(|start| !except.contains(start)) {
        for offset in 0..length {
            days.extend(start.checked_add(offset.days()).ok());
        }
    }
    match value(event, "RRULE") {
        Some(rule) if yearly(first, rule).is_none() => {
            Err(format!("only its first date counts, RRULE:{rule} is not yearly"))
        }
        _ => Ok(()),
    }
}

/// `20261225`; none for a date with a time.
fn compact(text: &str) -> Option<Date> {
    let text = text.trim();
    (text.len() == 8).then(|| Date::strptime("%Y%m%d", text).ok()).flatten()
}

/// The dates of a yearly rule that begins at `first`; none where the rule says more than is understood here.
fn yearly(first: Date, rule: &str) -> Option<Vec<Date>> {
    let (mut interval, mut count, mut until, mut month, mut nth) = (1, usize::MAX, Date::MAX, first.month(), None);
    let mut is_yearly = false;
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=')?;
        match key.to_ascii_uppercase().as_str() {
            "FREQ" => is_yearly = value.eq_ignore_ascii_case("YEARLY"),
            "INTERVAL" => interval = value.parse::<i16>().ok().filter(|n| 0 < *n)?,
            "COUNT" => count = value.parse().ok()?,
            "UNTIL" => until = compact(value.get(..8)?)?,
            "BYMONTH" => month = value.parse().ok()?,
            "BYMONTHDAY" if value.parse() == Ok(first.day()) => {}
            "BYDAY" => nth = Some(nth_weekday(value)?),
            "WKST" => {}
            _ => return None,
        }
    }
    if !is_yearly || (nth.is_none() && month != first.month()) {
        return None;
    }
    let years = (first.year()..=LAST_YEAR).step_by(usize::try_from(interval).ok()?);
    let on = |year: i16| match nth {
        Some((nth, weekday)) => Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok(),
        None => Date::new(year, month, first.day()).ok(),
    };
    Some(years.filter_map(on).filter(|day| first <= *day && *day <= until).take(count).collect())
}

/// `4TH` is the fourth Thursday, `-1MO` the last Monday.
fn nth_weekday(text: &str) -> Option<(i8, Weekday)> {
    let (number, letters) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = match letters {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    Some((number.parse().ok().filter(|n| *n != 0)?, weekday))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(event: &str, expected: &[&str], doubted: bool) {
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            event.replace('\n', "\r\n")
        );
        let (days, doubts) = calendar(&text).unwrap();
        let near: Vec<String> = days.iter().filter(|day| day.year() < 2029).map(ToString::to_string).collect();
        assert_eq!(near, expected, "{event}");
        assert_eq!(!doubts.is_empty(), doubted, "{event}: {doubts:?}");
    }

    #[test]
    fn calendars_give_their_days() {
        check("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227", &["2026-12-25", "2026-12-26"], false);
        check("DTSTART;VALUE=DATE:20261003\nRRULE:FREQ=YEARLY", &["2026-10-03", "2027-10-03", "2028-10-03"], false);
        check(
            "DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\nEXDATE;VALUE=DATE:20271125",
            &["2026-11-26", "2028-11-23"],
            false,
        );
        check("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY", &["2024-02-29", "2028-02-29"], false);
        check("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY;COUNT=2", &["2026-01-01", "2027-01-01"], false);
        check("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY;UNTIL=20261231T000000Z", &["2026-01-01"], false);
        check("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=WEEKLY;COUNT=2", &["2026-01-01"], true);
        check("DTSTART:20260101T090000Z\nDTEND:20260101T100000Z", &[], false);
        check("DTSTART;VALUE=DATE:20260101\nSTATUS:CANCELLED", &[], false);
    }

    #[test]
    fn other_files_are_refused() {
        assert!(calendar("").is_err() && calendar("hello").is_err());
        assert!(date("2026-02-30").is_err() && date("25.12.2026").is_err());
        assert_eq!(date("2026-12-25").unwrap().to_string(), "2026-12-25");
    }
}
