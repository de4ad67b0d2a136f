//! Reads a TOML tree key by key and gathers every problem on the way.
//!
//! serde would stop at its first error; here each value is read by itself, so that one slip hides no other.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::nearest::nearest;
use super::outside::Outside;
use super::problem::{Problem, Severity};

/// Why a text cannot be read as what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// The byte within the text, where one is to blame.
    pub(super) at: Option<usize>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Fault { message: message.into(), hint: None, at: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Where the problems are put.
#[derive(Debug)]
pub(super) struct Desk<'t> {
    text: &'t str,
    pub(super) outside: Outside,
    problems: RefCell<Vec<Problem>>,
}

impl<'t> Desk<'t> {
    pub(super) fn new(text: &'t str, outside: Outside) -> Self {
        Desk { text, outside, problems: RefCell::new(Vec::new()) }
    }

    /// Puts an error down.
    pub(super) fn error(&self, span: Range<usize>, fault: Fault) {
        self.put(Severity::Error, span, fault);
    }

    /// Puts a warning down.
    pub(super) fn warning(&self, span: Range<usize>, fault: Fault) {
        self.put(Severity::Warning, span, fault);
    }

    fn put(&self, severity: Severity, span: Range<usize>, fault: Fault) {
        let problem = Problem { severity, message: fault.message, hint: fault.hint, span: Some(span) };
        self.problems.borrow_mut().push(problem);
    }

    /// The problems by place, each said once.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut list = self.problems.into_inner();
        list.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
        list.dedup();
        list
    }
}

/// A table being read: it remembers which keys were asked for, so that the others are known to be wrong.
#[derive(Debug)]
pub(super) struct Table<'t> {
    entries: &'t DeTable<'t>,
    /// Where the table is named.
    pub(super) span: Range<usize>,
    title: String,
    pub(super) desk: &'t Desk<'t>,
    known: Vec<&'static str>,
}

impl<'t> Table<'t> {
    /// The whole document.
    pub(super) fn root(entries: &'t DeTable<'t>, desk: &'t Desk<'t>) -> Self {
        Table { entries, span: 0..0, title: "the configuration".to_owned(), desk, known: Vec::new() }
    }

    /// How it is called in messages: `[kafka]`.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.known.push(key);
        let inner = self.entries.get(key)?;
        Some(Value { inner, desk: self.desk, name: key })
    }

    /// The value of a key that must be there; `example` shows how it is written.
    pub(super) fn need(&mut self, key: &'static str, example: &str) -> Option<Value<'t>> {
        let value = self.get(key);
        if value.is_none() {
            let fault = Fault::new(format!("{} needs `{key}`", self.title)).hint(format!("write {key} = {example}"));
            self.desk.error(self.span.clone(), fault);
        }
        value
    }

    /// Reads the text of a key, if it is there.
    pub(super) fn read<T>(&mut self, key: &'static str, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        self.get(key)?.read(parse)
    }

    /// The table of a key; an empty one where it is missing.
    pub(super) fn section(&mut self, key: &'static str) -> Table<'t> {
        let missing =
            Table { entries: empty(), span: 0..0, title: format!("[{key}]"), desk: self.desk, known: Vec::new() };
        self.get(key).and_then(Value::table).unwrap_or(missing)
    }

    /// The tables of a key written `[[key]]`.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Table<'t>> {
        self.get(key).map(Value::tables).unwrap_or_default()
    }

    /// Every key and value, for tables whose keys the operator chooses.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'t str, Range<usize>, Value<'t>)> + use<'t> {
        let desk = self.desk;
        self.entries.iter().map(move |(key, inner)| {
            let name: &'t str = key.get_ref();
            (name, key.span(), Value { inner, desk, name })
        })
    }

    /// Refuses a key that looks right and is not, with what to do instead; whether it was there.
    pub(super) fn refuse(&mut self, key: &'static str, message: &str, hint: &str) -> bool {
        let Some((name, _)) = self.entries.get_key_value(key) else { return false };
        self.known.push(key);
        self.desk.error(name.span(), Fault::new(message).hint(hint));
        true
    }

    /// Names the keys that nobody asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.entries.iter() {
            let name = key.get_ref().as_ref();
            if self.known.contains(&name) {
                continue;
            }
            let hint = match nearest(name, self.known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => {
                    let mut known = self.known.clone();
                    known.sort_unstable();
                    known.dedup();
                    format!("it may have {}", known.join(", "))
                }
            };
            self.desk.error(key.span(), Fault::new(format!("{} has no `{name}`", self.title)).hint(hint));
        }
    }
}

/// A value being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'t> {
    inner: &'t Spanned<DeValue<'t>>,
    pub(super) desk: &'t Desk<'t>,
    name: &'t str,
}

impl<'t> Value<'t> {
    /// Where it stands.
    pub(super) fn span(self) -> Range<usize> {
        self.inner.span()
    }

    /// Puts an error about it down.
    pub(super) fn fail(self, fault: Fault) {
        self.desk.error(self.span(), fault);
    }

    fn mismatch(self, wanted: &str, hint: &str) {
        let got = match self.inner.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.fail(Fault::new(format!("`{}` must be {wanted}, got {got}", self.name)).hint(hint));
    }

    /// As text.
    pub(super) fn text(self) -> Option<&'t str> {
        let text = self.inner.get_ref().as_str();
        if text.is_none() {
            let hint = match self.inner.get_ref() {
                DeValue::Integer(_) | DeValue::Float(_) => "put it in quotes; a duration needs its unit: \"30s\"",
                DeValue::Array(_) => "write a single text in quotes, without brackets",
                _ => "put it in quotes",
            };
            self.mismatch("a text", hint);
        }
        text
    }

    /// As a text that `parse` understands; a fault is shown at its very byte where that can be found.
    pub(super) fn read<T>(self, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        let text = self.text()?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(mut fault) => {
                fault.message = format!("`{}`: {}", self.name, fault.message);
                self.desk.error(self.place(text, fault.at), fault);
                None
            }
        }
    }

    /// The span of one byte of the text, where the file writes it without escapes; else of the whole value.
    fn place(self, text: &str, at: Option<usize>) -> Range<usize> {
        let whole = self.span();
        let raw = self.desk.text.get(whole.clone()).unwrap_or_default();
        let (Some(at), Some(begin)) = (at, raw.find(text)) else { return whole };
        let start = whole.start + begin + at;
        let width = self.desk.text.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        start..start + width
    }

    /// A text, number or truth value, as its text.
    pub(super) fn scalar(self) -> Option<String> {
        match self.inner.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(integer) => Some(integer.to_string()),
            DeValue::Float(float) => Some(float.to_string()),
            DeValue::Boolean(flag) => Some(flag.to_string()),
            _ => {
                self.mismatch("a text", "write a single text, number or truth value");
                None
            }
        }
    }

    /// A date or time written without quotes, as its text.
    pub(super) fn bare_date(self) -> Option<String> {
        self.inner.get_ref().as_datetime().map(ToString::to_string)
    }

    /// As a finite number.
    pub(super) fn number(self) -> Option<f64> {
        let number = match self.inner.get_ref() {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|n| n as f64),
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            _ => {
                self.mismatch("a number", "write it without quotes and without a unit");
                return None;
            }
        };
        let finite = number.filter(|number| number.is_finite());
        if finite.is_none() {
            self.fail(Fault::new(format!("`{}` must be a finite number", self.name)));
        }
        finite
    }

    /// As a whole number of at least 1.
    pub(super) fn count(self) -> Option<usize> {
        let number = self.number()?;
        let whole = 1.0 <= number && number.fract() == 0.0 && number < 1e15;
        if !whole {
            self.fail(Fault::new(format!("`{}` must be a whole number of at least 1, got {number}", self.name)));
        }
        whole.then_some(number as usize)
    }

    /// As yes or no.
    pub(super) fn flag(self) -> Option<bool> {
        let flag = self.inner.get_ref().as_bool();
        if flag.is_none() {
            self.mismatch("true or false", "write it without quotes");
        }
        flag
    }

    /// As a list; a single text is no list.
    pub(super) fn list(self) -> Option<Vec<Value<'t>>> {
        let Some(array) = self.inner.get_ref().as_array() else {
            self.mismatch("a list", "put it in brackets: [\"…\"]");
            return None;
        };
        Some(array.iter().map(|inner| Value { inner, ..self }).collect())
    }

    /// As a list of texts that `parse` understands; those that it does not are reported and left out.
    pub(super) fn texts<T>(self, mut parse: impl FnMut(&str) -> Result<T, Fault>) -> Vec<T> {
        self.list().unwrap_or_default().into_iter().filter_map(|item| item.read(&mut parse)).collect()
    }

    /// Whether it is a table.
    pub(super) fn is_table(self) -> bool {
        self.inner.get_ref().is_table()
    }

    /// As a table.
    pub(super) fn table(self) -> Option<Table<'t>> {
        let Some(entries) = self.inner.get_ref().as_table() else {
            self.mismatch("a table", &format!("write [{}] on a line of its own, with one pair of brackets", self.name));
            return None;
        };
        let is_inline = !self.desk.text.get(self.span()).is_some_and(|raw| raw.starts_with('['));
        let title = if is_inline { format!("`{}`", self.name) } else { format!("[{}]", self.name) };
        Some(self.table_of(entries, title))
    }

    /// As a list of tables.
    pub(super) fn tables(self) -> Vec<Table<'t>> {
        let wrong = |value: Value<'t>| {
            value.mismatch(
                "a list of tables",
                &format!("write [[{}]] on a line of its own, with two pairs of brackets", self.name),
            )
        };
        let Some(array) = self.inner.get_ref().as_array() else {
            wrong(self);
            return Vec::new();
        };
        let items = array.iter().map(|inner| Value { inner, ..self });
        items
            .filter_map(|item| match item.inner.get_ref().as_table() {
                Some(entries) => Some(item.table_of(entries, format!("[[{}]]", self.name))),
                None => {
                    wrong(item);
                    None
                }
            })
            .collect()
    }

    fn table_of(self, entries: &'t DeTable<'t>, title: String) -> Table<'t> {
        Table { entries, span: self.span(), title, desk: self.desk, known: Vec::new() }
    }
}

/// What a missing table reads as.
fn empty() -> &'static DeTable<'static> {
    static EMPTY: std::sync::LazyLock<DeTable<'static>> = std::sync::LazyLock::new(DeTable::new);
    &EMPTY
}
