//! Syslog: RFC 5424 (`<34>1 2026-11-23T08:00:00Z host app 7 ID [sd] text`), and RFC 3164 as daemons write it
//! (`<34>Nov 23 08:00:00 host app[7]: text`), with and without its priority, its time and its host.
//!
//! <https://www.rfc-editor.org/rfc/rfc5424>, <https://www.rfc-editor.org/rfc/rfc3164>. The service is the application, else the host.
//! RFC 3164 tells no year: it is the one that puts the line next to the message's own time. Several records in one message begin
//! with a priority each; a line that does not belongs to the one before.

use std::borrow::Cow;

use super::civil::parse_civil;
use super::level::{level_in, level_of_priority};
use super::stamp::yearless;
use super::{Context, quote};
use crate::signal::{Fields, Level, Line, Reject, RejectReason, Sink};
use crate::time::Timestamp;

/// The greatest priority: facility 23, severity 7.
const PRIORITY_MAX: u8 = 191;

/// Decodes the records of a message.
pub(super) fn decode<S: Sink>(bytes: &[u8], context: &Context<'_>, sink: &mut S) {
    for record in records(bytes) {
        match read(record, context.default_time) {
            Ok(line) => sink.line(line),
            Err(reject) => sink.reject(reject),
        }
    }
}

/// Whether the message begins as syslog does: with a priority, or with a time, a host and a tag.
pub(super) fn fits(bytes: &[u8]) -> bool {
    let Some(record) = records(bytes).next() else { return false };
    let Ok(text) = std::str::from_utf8(record) else { return false };
    if split_priority(text).0.is_some() {
        return true;
    }
    // Any year will do to see that it is a time.
    let now = Some(Timestamp::from_secs(1_800_000_000));
    if let Some((_, used)) = yearless(record, now) {
        return text[used..].starts_with(' ');
    }
    match parse_civil(record) {
        Some((_, used)) if text.as_bytes().get(10) == Some(&b'T') => {
            origin(&text[used..]).is_some_and(|origin| origin.app.is_some())
        }
        _ => false,
    }
}

/// The records of a message, without what ends them.
fn records(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return None;
        }
        let next = memchr::memmem::find_iter(rest, b"\n<").find(|at| has_priority(&rest[at + 1..]));
        let (record, after) = rest.split_at(next.unwrap_or(rest.len()));
        rest = after;
        // Python's handler ends with a zero byte.
        let end = record.iter().rposition(|byte| !byte.is_ascii_whitespace() && *byte != 0).map_or(0, |last| last + 1);
        Some(&record[..end])
    })
    .filter(|record| !record.is_empty())
}

fn has_priority(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(5)];
    std::str::from_utf8(head).is_ok_and(|head| split_priority(head).0.is_some())
}

/// `<34>` at the start, and what follows.
fn split_priority(text: &str) -> (Option<u8>, &str) {
    let split = text.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    let priority = split.filter(|(digits, _)| digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    match priority
        .and_then(|(digits, rest)| Some((digits.parse().ok().filter(|number| *number <= PRIORITY_MAX)?, rest)))
    {
        Some((priority, rest)) => (Some(priority), rest),
        None => (None, text),
    }
}

fn read(record: &[u8], default_time: Option<Timestamp>) -> Result<Line<'_>, Reject> {
    let Ok(text) = std::str::from_utf8(record) else {
        return Err(Reject::new(RejectReason::InvalidUtf8, format!("syslog: invalid UTF-8: {}", quote(record))));
    };
    let (priority, rest) = split_priority(text);
    let level = priority.map_or(Level::Unknown, level_of_priority);
    let mut line = match rest.strip_prefix("1 ").filter(|_| priority.is_some()) {
        Some(rest) => read_5424(rest, default_time)
            .map_err(|(reason, what)| Reject::new(reason, format!("syslog (RFC 5424): {what}: {}", quote(record))))?,
        None => read_3164(rest, default_time).ok_or_else(|| {
            let what = "no time, and none of the message to take its year from";
            Reject::new(RejectReason::NoTime, format!("syslog (RFC 3164): {what}: {}", quote(record)))
        })?,
    };
    line.level = if priority.is_some() { level } else { level_in(&line.body) };
    Ok(line)
}

/// Behind the version: `TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]`.
fn read_5424(text: &str, default_time: Option<Timestamp>) -> Result<Line<'_>, (RejectReason, &'static str)> {
    let mut rest = text;
    let mut word = || {
        let (word, after) = rest.split_once(' ')?;
        rest = after;
        Some(word)
    };
    let (Some(time), Some(host), Some(app), Some(_), Some(id)) = (word(), word(), word(), word(), word()) else {
        return Err((RejectReason::Truncated, "ends within its header"));
    };
    let at = match time {
        "-" => default_time,
        _ => parse_civil(time.as_bytes()).filter(|(_, used)| *used == time.len()).map(|(at, _)| at),
    };
    let at = at.ok_or((RejectReason::NoTime, "no time that can be read"))?;
    let used = structured_data(rest).ok_or((RejectReason::Truncated, "its structured data has no end"))?;
    let (data, message) = rest.split_at(used);
    let message = message.trim_start_matches(' ').trim_start_matches('\u{FEFF}');
    // An event may be all in its id and its data.
    let body = match (message.is_empty(), data) {
        (false, _) => Cow::Borrowed(message),
        (true, "-") => Cow::Borrowed(id),
        (true, _) => Cow::Owned(format!("{id} {data}")),
    };
    let service = [app, host].into_iter().find(|name| *name != "-").map(Cow::Borrowed);
    Ok(Line { at, service, level: Level::Unknown, body, fields: host_field(host) })
}

/// How many bytes the structured data takes: `-`, or elements in brackets in whose quotes a backslash hides.
fn structured_data(text: &str) -> Option<usize> {
    if text.starts_with('-') {
        return Some(1);
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while bytes.get(at) == Some(&b'[') {
        let mut quoted = false;
        loop {
            match bytes.get(at)? {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b']' if !quoted => break,
                _ => {}
            }
            at += 1;
        }
        at += 1;
    }
    (0 < at).then_some(at)
}

/// Behind the priority: time, host, tag and text, of which daemons leave out all but the text.
fn read_3164(text: &str, default_time: Option<Timestamp>) -> Option<Line<'_>> {
    let stamped = parse_civil(text.as_bytes())
        .filter(|_| text.as_bytes().get(10) == Some(&b'T'))
        .or_else(|| yearless(text.as_bytes(), default_time));
    let Some((at, used)) = stamped else {
        let (app, body) = split_tag(text).unwrap_or((None, text));
        let (service, fields) = (app.map(Cow::Borrowed), Fields::default());
        return Some(Line { at: default_time?, service, level: Level::Unknown, body: body.into(), fields });
    };
    let rest = text[used..].trim_start_matches(' ');
    let Some(origin) = origin(&text[used..]) else {
        return Some(Line { at, service: None, level: Level::Unknown, body: rest.into(), fields: Fields::default() });
    };
    let service = origin.app.or(origin.host).map(Cow::Borrowed);
    let fields = origin.host.map(host_field).unwrap_or_default();
    Some(Line { at, service, level: Level::Unknown, body: origin.body.into(), fields })
}

fn host_field(host: &str) -> Fields {
    [("host", host)].into_iter().filter(|_| host != "-").collect()
}

/// Who wrote a line.
struct Origin<'a> {
    host: Option<&'a str>,
    app: Option<&'a str>,
    body: &'a str,
}

/// Behind the time: ` host app[7]: text`, ` app[7]: text` or ` host text`.
fn origin(text: &str) -> Option<Origin<'_>> {
    let text = text.strip_prefix(' ')?.trim_start_matches(' ');
    if let Some((app, body)) = split_tag(text) {
        return Some(Origin { host: None, app, body });
    }
    let (host, rest) = text.split_once(' ')?;
    let rest = rest.trim_start_matches(' ');
    let (app, body) = split_tag(rest).unwrap_or((None, rest));
    Some(Origin { host: Some(host), app, body })
}

/// `app[7]: text` as the application and the text.
fn split_tag(text: &str) -> Option<(Option<&str>, &str)> {
    let is_tag = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '(' | ')' | '@');
    let end = text.find(|c| !is_tag(c)).filter(|end| (1..=64).contains(end))?;
    let after = &text[end..];
    let after = match after.strip_prefix('[') {
        Some(process) => process.split_once(']')?.1,
        None => after,
    };
    let body = after.strip_prefix(':')?;
    (body.is_empty() || body.starts_with(' ')).then(|| (Some(&text[..end]), body.trim_start_matches(' ')))
}

#[cfg(test)]
#[path = "syslog_tests.rs"]
mod tests;
