//! logfmt: `time=2026-11-23T08:00:00Z level=info msg="it is ready" took=5ms`, one record a line.
//!
//! <https://brandur.org/logfmt>, and as Go's slog, go-kit, logrus and Python's logfmter write it. The message is `msg`, or the whole line where there
//! is none; the service is a field of that name, else the topic.

use std::borrow::Cow;

use super::level::level_in;
use super::moment::moment_text;
use super::{Context, quote};
use crate::signal::{Fields, Level, Line, Reject, RejectReason, Sink};

const TIMES: [&str; 6] = ["time", "ts", "timestamp", "t", "datetime", "date"];
const LEVELS: [&str; 6] = ["level", "lvl", "severity", "loglevel", "log_level", "at"];
const MESSAGES: [&str; 3] = ["msg", "message", "event"];
const SERVICES: [&str; 7] = ["service.name", "service_name", "service", "job", "app", "host.name", "host"];

/// Decodes all lines.
pub(super) fn decode<S: Sink>(bytes: &[u8], context: &Context<'_>, sink: &mut S) {
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        match read(line, context) {
            Ok(line) => sink.line(line),
            Err((reason, what)) => {
                let detail = format!("logfmt line {}: {what}: {}", number + 1, quote(line));
                sink.reject(Reject::new(reason, detail));
            }
        }
    }
}

/// Whether the first line is pairs, one of them a time or a level.
pub(super) fn fits(bytes: &[u8]) -> bool {
    let line = bytes.trim_ascii_start();
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Ok(text) = std::str::from_utf8(line) else { return false };
    let (mut pairs, mut bare, mut telling) = (0, 0, false);
    for pair in Pairs(text.trim()) {
        match pair {
            Ok((key, Some(_))) => {
                pairs += 1;
                telling |= TIMES.contains(&key) || LEVELS.contains(&key);
            }
            Ok((_, None)) => bare += 1,
            Err(()) => return false,
        }
    }
    telling && 2 <= pairs && bare * 2 < pairs
}

fn read<'a>(line: &'a [u8], context: &Context<'a>) -> Result<Line<'a>, (RejectReason, &'static str)> {
    let text = std::str::from_utf8(line).map_err(|_| (RejectReason::InvalidUtf8, "invalid UTF-8"))?;
    let mut pairs = Vec::with_capacity(8);
    for pair in Pairs(text) {
        pairs.push(pair.map_err(|()| (RejectReason::Malformed, "a text has no end or a field no name"))?);
    }
    if pairs.iter().all(|(_, value)| value.is_none()) {
        return Err((RejectReason::Malformed, "no pair of key=value"));
    }
    let first = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| pairs.iter().find(|(have, _)| have == key)?.1);
        found.filter(|raw| !raw.is_empty() && *raw != "\"\"").map(plain)
    };
    let at = match first(&TIMES) {
        Some(time) => moment_text(&time),
        None => context.default_time,
    };
    let at = at.ok_or((RejectReason::NoTime, "no time that can be read"))?;
    let body = first(&MESSAGES).unwrap_or(Cow::Borrowed(text));
    let level = first(&LEVELS).map(|word| Level::parse(&word)).filter(|level| *level != Level::Unknown);
    let level = level.unwrap_or_else(|| level_in(&body));
    let mut fields = Fields::default();
    let is_told = |key: &str| [&TIMES[..], &LEVELS, &MESSAGES].iter().any(|keys| keys.contains(&key));
    // Where the message is the whole line its pairs are said with it.
    for (key, raw) in pairs.iter().filter(|(key, _)| !is_told(key) && !matches!(body, Cow::Borrowed(b) if b == text)) {
        raw.iter().for_each(|raw| fields.add(key, &plain(raw)));
    }
    Ok(Line { at, service: first(&SERVICES).or_else(|| context.service()), level, body, fields })
}

/// A value without its quotes and their escapes.
fn plain(raw: &str) -> Cow<'_, str> {
    let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return Cow::Borrowed(raw) };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    serde_json::from_str(raw).map_or(Cow::Borrowed(inner), Cow::Owned)
}

/// The fields of a line: a key, and its value with its quotes; faulty where a quote has no end or a key is none.
struct Pairs<'a>(&'a str);

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<(&'a str, Option<&'a str>), ()>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_start_matches([' ', '\t']);
        if rest.is_empty() {
            return None;
        }
        let length = rest.find([' ', '\t', '=']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(length);
        if key.is_empty() || key.contains(['"', ',', '{', '}', '[', ']', '<', '>']) || key.contains(char::is_control) {
            self.0 = "";
            return Some(Err(()));
        }
        let Some(value) = after.strip_prefix('=') else {
            self.0 = after;
            return Some(Ok((key, None)));
        };
        match value_end(value) {
            Some(end) => {
                self.0 = &value[end..];
                Some(Ok((key, Some(&value[..end]))))
            }
            None => {
                self.0 = "";
                Some(Err(()))
            }
        }
    }
}

/// Where a value ends; nothing where its quote does not.
fn value_end(value: &str) -> Option<usize> {
    if !value.starts_with('"') {
        return Some(value.find([' ', '\t']).unwrap_or(value.len()));
    }
    let bytes = value.as_bytes();
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => break,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    let end = at + 1;
    matches!(bytes.get(end), None | Some(b' ' | b'\t')).then_some(end)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::decode::testing::Log;
    use crate::ingest::decode::{Format, recognise};
    use crate::time::Timestamp;

    fn decoded(bytes: &[u8]) -> Log {
        let mut log = Log::default();
        let default_time = Some(Timestamp::from_secs(1));
        decode(bytes, &Context { topic: "shop", default_time, longest: usize::MAX }, &mut log);
        log
    }

    #[test]
    fn records_are_read_as_libraries_write_them() {
        let text = r#"time=2026-11-23T08:00:00.000Z level=INFO msg="it is \"ready\"" took=5ms
ts=2026-11-23T08:00:00Z caller=main.go:7 level=error err="no \\ disk" msg=failed service=db
at=warning method=GET path="/" status=503 app=web
level=info ts=1795420800.5 event=started debug
msg="no level here: ERROR" level= time=2026-11-23T08:00:00Z
level=info msg="cut
time=soon level=info
bare words
"#;
        assert_eq!(recognise(text.as_bytes()), Some(Format::Logfmt));
        expect![[r#"
            line @2026-11-23T08:00:00Z shop info: it is "ready" (took=5ms)
            line @2026-11-23T08:00:00Z db error: failed (caller=main.go:7 err=no \ disk service=db)
            line @1970-01-01T00:00:01Z web warn: at=warning method=GET path="/" status=503 app=web
            line @2026-11-23T08:00:00.5Z shop info: started
            line @2026-11-23T08:00:00Z shop error: no level here: ERROR
            reject malformed: logfmt line 6: a text has no end or a field no name: level=info msg="cut
            reject no_time: logfmt line 7: no time that can be read: time=soon level=info
            reject malformed: logfmt line 8: no pair of key=value: bare words
        "#]]
        .assert_eq(&decoded(text.as_bytes()).text());
    }

    #[test]
    fn other_text_is_not_taken_for_logfmt() {
        for text in [
            "cpu,host=a usage=1,level=3 5",
            "the level=info is set here",
            "a=1 b=2",
            "level=info",
            "",
            "{level=info a=b}",
        ] {
            assert!(!fits(text.as_bytes()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), text in "[a-z=\"\\\\ \n]{0,60}") {
            for bytes in [&bytes[..], text.as_bytes()] {
                let log = decoded(&[bytes, b"\nlevel=info msg=around x=1\n"].concat());
                prop_assert!(log.said.iter().any(|said| said.contains("info: around")));
                fits(bytes);
            }
        }
    }
}
