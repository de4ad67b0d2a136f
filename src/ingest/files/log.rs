//! Text lines that start with a time: RFC 3339 (with a blank or a `T`), or syslog as RFC 3164 and RFC 5424 write it.
//!
//! The service is the file's stem, the level a word among the first of the line, or syslog's priority. RFC 3164 tells no
//! year: it is that of the record before, or at first the one that puts the line at most a day after the file was last
//! written; a step of more than half a year against the record before is a turn of the year.
//!
//! The further lines of a stack trace, which have no time of their own, belong to the record before them.

use std::borrow::Cow;

use super::lines::Line as Cut;
use super::moment;
use crate::engine::Intake;
use crate::ingest::decode::level::{level_in, level_of_priority};
use crate::signal::{Fields, Level, Line, Reject, RejectReason, Sink, goes_on};
use crate::time::{Span, Timestamp};

const HALF_YEAR: Span = Span::from_days(183);
/// A record of several lines has at most so many bytes; what is beyond stands by itself.
const RECORD_MOST: usize = 64 << 10;

/// The reader of one log file.
#[derive(Debug)]
pub(super) struct Log {
    service: String,
    year: i64,
    /// What the next time is compared with: the record before, or when the file was written.
    before: Before,
    row: u64,
    records: u64,
    /// The record that may go on, and the row of its first line.
    open: Option<(String, u64)>,
}

#[derive(Clone, Copy, Debug)]
enum Before {
    Written(Timestamp),
    Record(Timestamp),
}

impl Log {
    /// `row` is the number before that of the first line.
    pub(super) fn new(stem: &str, modified: Timestamp, row: u64) -> Self {
        let year = i64::from(modified.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).year());
        Log { service: stem.to_owned(), year, before: Before::Written(modified), row, records: 0, open: None }
    }

    /// How many records were begun: lines that are not blank and do not go on with the one before.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Takes the next line; blank ones are passed over.
    pub(super) fn line(&mut self, line: Cut<'_>, intake: &mut Intake<'_>) {
        self.row += 1;
        if line.is_blank() {
            return;
        }
        let text = match line {
            Cut::Whole(bytes) => std::str::from_utf8(bytes).map_err(|error| {
                Reject::new(RejectReason::InvalidUtf8, format!("at byte {}", error.valid_up_to() + 1))
            }),
            Cut::TooLong(bytes) => Err(Reject::new(RejectReason::TooLarge, format!("a line of {bytes} bytes"))),
        };
        if let (Some((open, _)), Ok(text)) = (&mut self.open, &text)
            && goes_on(text)
            && open.len() + text.len() < RECORD_MOST
        {
            open.push('\n');
            open.push_str(text);
            return;
        }
        self.end(intake);
        self.records += 1;
        match text {
            Ok(text) => self.open = Some((text.to_owned(), self.row)),
            Err(reject) => {
                intake.row = self.row;
                intake.reject(reject);
            }
        }
    }

    /// The file is at its end: nothing goes on.
    pub(super) fn end(&mut self, intake: &mut Intake<'_>) {
        let Some((text, row)) = self.open.take() else { return };
        intake.row = row;
        match self.read(&text) {
            Ok(line) => intake.line(line),
            Err(reject) => intake.reject(reject),
        }
    }

    fn read<'a>(&mut self, text: &'a str) -> Result<Line<'a>, Reject> {
        let (priority, rest) = split_priority(text);
        let (at, used) = self.time(rest.as_bytes()).ok_or_else(|| {
            let start: String = text.chars().take(40).collect();
            Reject::new(RejectReason::NoTime, format!("{start:?} does not start with a time"))
        })?;
        let body = rest[used..].trim_start_matches([']', ':', ' ', '\t']);
        let level = match level_in(body) {
            Level::Unknown => priority.map_or(Level::Unknown, level_of_priority),
            level => level,
        };
        Ok(Line {
            at,
            service: Some(Cow::Owned(self.service.clone())),
            level,
            body: Cow::Borrowed(body),
            fields: Fields::default(),
        })
    }

    fn time(&mut self, text: &[u8]) -> Option<(Timestamp, usize)> {
        let open = usize::from(text.first() == Some(&b'['));
        let (at, used) = match moment::parse_civil(&text[open..]) {
            Some(found) => found,
            None => self.syslog(&text[open..])?,
        };
        self.before = Before::Record(at);
        Some((at, used + open))
    }

    fn syslog(&mut self, text: &[u8]) -> Option<(Timestamp, usize)> {
        let mut year = self.year;
        // The year at hand may lack this day (29 February), its neighbours may have it.
        let (at, used) = [year, year - 1, year + 1].into_iter().find_map(|tried| {
            year = tried;
            moment::parse_syslog(text, tried)
        })?;
        let turn = match self.before {
            Before::Written(written) if written + Span::from_days(1) < at => -1,
            Before::Record(before) if HALF_YEAR < before.since(at) => 1,
            Before::Record(before) if HALF_YEAR < at.since(before) => -1,
            _ => 0,
        };
        self.year = year + turn;
        moment::parse_syslog(text, self.year).or(Some((at, used)))
    }
}

/// `<34>` or `<34>1 ` at the start, and what follows.
fn split_priority(text: &str) -> (Option<u8>, &str) {
    let Some((number, rest)) = text.strip_prefix('<').and_then(|rest| rest.split_once('>')) else {
        return (None, text);
    };
    match number.parse() {
        Ok(priority) => (Some(priority), rest.strip_prefix("1 ").unwrap_or(rest)),
        Err(_) => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `time level body` of each line, in a file written on 2026-03-01.
    fn show(lines: &[&str]) -> String {
        let mut log = Log::new("app", Timestamp::parse_rfc3339("2026-03-01T00:00:00Z").unwrap(), 0);
        let mut shown = String::new();
        for line in lines {
            shown += &match log.read(line) {
                Ok(line) => format!("{} {} {}\n", line.at, line.level.as_str(), line.body),
                Err(reject) => format!("{} {}\n", reject.reason, reject.detail),
            };
        }
        shown
    }

    #[test]
    fn times_and_levels_are_found() {
        expect_test::expect![[r#"
            2026-01-02T03:04:05Z error ERROR x failed
            2026-01-02T03:04:05.25Z warn [main] WARN c.d.Foo: slow
            2026-01-02T01:04:05Z info level=info msg="error free"
            2026-01-02T03:04:05Z unknown all is fine, no alert
            2026-01-02T03:04:05Z fatal [alert] disk
            2026-01-02T03:04:05Z unknown GET / 200
            2026-01-02T03:04:05Z fatal host su - ID47 - 'su root' failed
            no_time "\tat com.example.Foo" does not start with a time
            no_time "<x> 2026-01-02T03:04:05Z" does not start with a time
        "#]]
        .assert_eq(&show(&[
            "2026-01-02T03:04:05Z ERROR x failed",
            "2026-01-02 03:04:05,250 [main] WARN c.d.Foo: slow",
            "2026-01-02T03:04:05+02:00 level=info msg=\"error free\"",
            "2026-01-02 03:04:05 all is fine, no alert",
            "[2026-01-02 03:04:05] [alert] disk",
            "2026-01-02 03:04:05 GET / 200",
            "<34>1 2026-01-02T03:04:05Z host su - ID47 - 'su root' failed",
            "\tat com.example.Foo",
            "<x> 2026-01-02T03:04:05Z",
        ]));
    }

    #[test]
    fn syslog_takes_its_year_from_what_is_known() {
        expect_test::expect![[r#"
            2025-12-31T23:59:59Z unknown host a[1]: x
            2026-01-01T00:00:01Z error host a[1]: error: x
            2025-12-31T23:59:58Z unknown host straggler
            2026-02-28T00:00:00Z info host x
        "#]]
        .assert_eq(&show(&[
            "Dec 31 23:59:59 host a[1]: x",
            "Jan  1 00:00:01 host a[1]: error: x",
            "Dec 31 23:59:58 host straggler",
            "<30>Feb 28 00:00:00 host x",
        ]));
    }
}
