//! One sample line of the text formats.

use std::borrow::Cow;

use crate::ingest::decode::moment::moment_text;
use crate::signal::RejectReason;
use crate::time::Timestamp;

/// What is wrong with a line, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: RejectReason,
    pub(super) at: usize,
    pub(super) what: &'static str,
}

fn malformed<T>(at: usize, what: &'static str) -> Result<T, Fault> {
    Err(Fault { reason: RejectReason::Malformed, at, what })
}

/// A sample as written; its exemplar is passed over.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample<'a> {
    pub(super) name: Cow<'a, str>,
    /// Between the braces, as written.
    pub(super) block: &'a str,
    pub(super) labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(super) value: f64,
    pub(super) at: Option<Timestamp>,
}

impl<'a> Sample<'a> {
    /// Reads `name{label="value",…} value [time] [# exemplar]`; a name that is no plain one stands in quotes among the labels.
    pub(super) fn read(text: &'a str) -> Result<Self, Fault> {
        let name = text.find(|c| !is_name_char(c)).map_or(text, |end| &text[..end]);
        if !name.is_empty() && !is_name(name) {
            return malformed(0, "no metric's name");
        }
        let mut sample = Sample { name: name.into(), block: "", labels: Vec::new(), value: 0.0, at: None };
        let mut at = name.len();
        if text[at..].trim_start().starts_with('{') {
            at = text.len() - text[at..].trim_start().len() + 1;
            let start = at;
            at = sample.read_labels(text, at)?;
            sample.block = &text[start..at - 1];
        }
        if sample.name.is_empty() {
            return malformed(0, "no metric's name");
        }
        if !text[at..].starts_with([' ', '\t']) && sample.block.is_empty() && !text[..at].ends_with('}') {
            return malformed(at, "a value is missing");
        }
        sample.read_value(text, at)?;
        Ok(sample)
    }

    /// From behind the opening brace to behind the closing one.
    fn read_labels(&mut self, text: &'a str, mut at: usize) -> Result<usize, Fault> {
        let blank = |at: usize| text.len() - text[at..].trim_start_matches([' ', '\t']).len();
        loop {
            at = blank(at);
            match text.as_bytes().get(at) {
                Some(b'}') => return Ok(at + 1),
                Some(b',') => at += 1,
                Some(b'"') => {
                    let (key, end) = quoted(text, at)?;
                    at = blank(end);
                    if text[at..].starts_with('=') {
                        at = self.read_value_of(key, text, blank(at + 1))?;
                    } else {
                        self.name = key;
                    }
                }
                Some(_) => {
                    let rest = &text[at..];
                    let key = rest.find(|c| !is_name_char(c)).map_or(rest, |end| &rest[..end]);
                    at = blank(at + key.len());
                    if key.is_empty() || !text[at..].starts_with('=') {
                        return malformed(at, "a label is not key=\"value\"");
                    }
                    at = self.read_value_of(key.into(), text, blank(at + 1))?;
                }
                None => return malformed(at, "the labels have no end"),
            }
        }
    }

    fn read_value_of(&mut self, key: Cow<'a, str>, text: &'a str, at: usize) -> Result<usize, Fault> {
        if !text[at..].starts_with('"') {
            return malformed(at, "a label is not key=\"value\"");
        }
        let (value, end) = quoted(text, at)?;
        self.labels.push((key, value));
        Ok(end)
    }

    fn read_value(&mut self, text: &str, at: usize) -> Result<(), Fault> {
        let place = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
        let mut words = text[at..].split_ascii_whitespace();
        let Some(word) = words.next() else { return malformed(text.len(), "a value is missing") };
        let Ok(value) = word.parse() else { return malformed(place(word), "the value is no number") };
        self.value = value;
        let Some(word) = words.next().filter(|word| *word != "#") else { return Ok(()) };
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        self.at = moment_text(word).filter(|_| is_number);
        if self.at.is_none() {
            return malformed(place(word), "the timestamp is no number");
        }
        match words.next() {
            None | Some("#") => Ok(()),
            Some(word) => malformed(place(word), "the line goes on behind its timestamp"),
        }
    }
}

/// Text in quotes at `at` without its escapes, and where it ends.
fn quoted(text: &str, at: usize) -> Result<(Cow<'_, str>, usize), Fault> {
    let rest = &text[at + 1..];
    let mut plain: Option<String> = None;
    let mut from = 0;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &rest.as_bytes()[from..]) {
        let place = from + found;
        if rest.as_bytes()[place] == b'"' {
            let last = &rest[from..place];
            let text = match plain {
                Some(plain) => Cow::Owned(plain + last),
                None => Cow::Borrowed(last),
            };
            return Ok((text, at + 1 + place + 1));
        }
        let plain = plain.get_or_insert_default();
        plain.push_str(&rest[from..place]);
        let Some(escaped) = rest[place + 1..].chars().next() else { break };
        match escaped {
            'n' => plain.push('\n'),
            '"' | '\\' => plain.push(escaped),
            other => plain.extend(['\\', other]),
        }
        from = place + 1 + escaped.len_utf8();
    }
    Err(Fault { reason: RejectReason::Truncated, at, what: "a text has no end" })
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | ':')
}

/// Whether it is a plain metric name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(is_name_char)
}
