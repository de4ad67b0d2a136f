//! Text lines. Those that begin with a time are recognised anywhere; bare ones are taken where a topic was told to hold text, or
//! has shown it (see [`Decoder`](super::Decoder)).
//!
//! A line without a time belongs to the one before it (a stack trace); a message in which no line has one is one record at the
//! message's own time. The service is the topic, the level a word among the first of the line.

use std::borrow::Cow;

use super::level::level_in;
use super::stamp::leading;
use super::{Context, quote};
use crate::signal::{Fields, Line, Reject, RejectReason, Sink};
use crate::time::Timestamp;

/// So many lines of a message may each be a record; the rest belongs to the last one.
const RECORDS_MAX: usize = 1 << 20;

/// Decodes the records of a message.
pub(super) fn decode<S: Sink>(bytes: &[u8], context: &Context<'_>, sink: &mut S) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return sink.reject(Reject::new(RejectReason::InvalidUtf8, format!("text: invalid UTF-8: {}", quote(bytes))));
    };
    let text = without_colors(text.trim_matches(['\n', '\r', '\0']));
    let text = &*text;
    let mut open = (context.default_time, 0, 0);
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if let Some((time, used)) = leading(line, context.default_time).filter(|_| number < RECORDS_MAX) {
            if 0 < at {
                put(&text[open.1..at], open.2, open.0, context, sink);
            }
            open = (Some(time), at, used);
        }
        at += line.len();
    }
    put(&text[open.1..], open.2, open.0, context, sink);
}

fn put<S: Sink>(record: &str, used: usize, at: Option<Timestamp>, context: &Context<'_>, sink: &mut S) {
    let Some(at) = at else {
        let detail = format!("text: no time at its start, and the message has none: {}", quote(record.as_bytes()));
        return sink.reject(Reject::new(RejectReason::NoTime, detail));
    };
    let body = record[used..].trim_end();
    let body = if used == 0 { body } else { body.trim_start_matches([']', ':', '|', ' ', '\t']) };
    let (service, fields) = (context.service(), Fields::default());
    sink.line(Line { at, service, level: level_in(body), body: Cow::Borrowed(body), fields });
}

/// Terminals' colors (`ESC [ … m`) are no part of a message.
fn without_colors(text: &str) -> Cow<'_, str> {
    if !text.contains("\x1b[") {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let codes = part.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(part.len());
        plain.push_str(part[codes..].strip_prefix('m').unwrap_or(part));
    }
    Cow::Owned(plain)
}

/// Whether the message is clean text whose first line begins with a time.
pub(super) fn fits(bytes: &[u8]) -> bool {
    let now = Some(Timestamp::from_secs(1_800_000_000));
    is_clean(bytes)
        && std::str::from_utf8(bytes).is_ok_and(|text| leading(&without_colors(text.trim_start()), now).is_some())
}

/// Whether it can be what a person or a program wrote to be read: UTF-8, nothing unprintable, and a word of letters in it.
pub(super) fn is_clean(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let text = text.trim_end_matches('\0');
    let printable = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x1b');
    let mut words = text.split_whitespace();
    text.chars().all(printable) && words.any(|word| 2 <= word.chars().filter(|c| c.is_alphabetic()).count())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::decode::testing::Log;
    use crate::ingest::decode::{Format, recognise};

    fn decoded(bytes: &[u8], default_time: Option<Timestamp>) -> Log {
        let mut log = Log::default();
        decode(bytes, &Context { topic: "shop", default_time, longest: usize::MAX }, &mut log);
        log
    }

    #[test]
    fn lines_with_a_time_are_records_and_the_others_go_with_them() {
        let text = "2026-11-23 08:00:00,250 [main] ERROR c.d.Foo: it failed\njava.lang.Boom\n\tat c.d.Foo\n\
                    2026/11/23 08:00:01 [warn] 7#0: \x1b[31mslow\x1b[0m upstream\n\
                    ::1 - - [23/Nov/2026:08:00:02 +0000] \"GET / HTTP/1.1\" 200 5\n";
        assert_eq!(recognise(text.as_bytes()), Some(Format::Text));
        expect![[r#"
            line @2026-11-23T08:00:00.25Z shop error: [main] ERROR c.d.Foo: it failed
            java.lang.Boom
            	at c.d.Foo
            line @2026-11-23T08:00:01Z shop warn: [warn] 7#0: slow upstream
            line @2026-11-23T08:00:02Z shop unknown: ::1 - - [23/Nov/2026:08:00:02 +0000] "GET / HTTP/1.1" 200 5
        "#]]
        .assert_eq(&decoded(text.as_bytes(), None).text());
    }

    #[test]
    fn a_message_without_any_time_is_one_record_at_its_own() {
        let said = decoded(b"WARN queue is long\nvery\n", Some(Timestamp::from_secs(5))).text();
        expect![[r#"
            line @1970-01-01T00:00:05Z shop warn: WARN queue is long
            very
        "#]]
        .assert_eq(&said);
        expect![[r#"
            reject no_time: text: no time at its start, and the message has none: WARN queue is long
        "#]]
        .assert_eq(&decoded(b"WARN queue is long", None).text());
        expect![[r#"
            reject invalid_utf8: text: invalid UTF-8: a
        "#]]
        .assert_eq(&decoded(b"a\xFF", None).text());
    }

    #[test]
    fn what_nobody_wrote_to_be_read_is_not_clean() {
        for (bytes, clean) in [
            (&b"hello world"[..], true),
            (b"a\tb 12 ok\r\n", true),
            ("grüße".as_bytes(), true),
            (b"\x01\x02binary", false),
            (b"\xFF\xFE", false),
            (b"12 34", false),
            (b"", false),
        ] {
            assert_eq!(is_clean(bytes), clean, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), text in "[0-9T: \n\\[\\]\u{1b}mé-]{0,60}") {
            for bytes in [&bytes[..], text.as_bytes()] {
                decoded(bytes, None);
                decoded(bytes, Some(Timestamp::from_secs(5)));
                let _ = (fits(bytes), is_clean(bytes));
            }
        }
    }
}
