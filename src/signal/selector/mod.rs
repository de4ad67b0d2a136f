//! Prometheus selectors: which signals are meant.

mod parse;
mod string;
#[cfg(test)]
mod tests;

use regex::Regex;

use super::Signal;

/// A parsed selector: a name and label matchers (`=`, `!=`, `=~`, `!~`), regular expressions anchored.
///
/// The grammar is Prometheus's, UTF-8 names included. Two selectors are equal if their texts are.
#[derive(Clone, Debug)]
pub struct Selector {
    text: String,
    /// On the name first: most signals part there.
    name: Vec<Test>,
    labels: Vec<(Box<str>, Test)>,
    /// Of a route or written like one, without braces: `service` then means the signal's service, whatever label
    /// names it.
    bare: bool,
}

/// Why a selector cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SelectorError {
    /// The byte of the text at which reading failed.
    pub at: usize,
    /// What was expected there.
    pub message: String,
    /// The next move, where one is known.
    pub hint: Option<String>,
}

/// One matcher's condition on a value.
#[derive(Clone, Debug)]
enum Test {
    Is(Box<str>),
    IsNot(Box<str>),
    Like(Regex),
    Unlike(Regex),
}

impl Test {
    fn accepts(&self, value: &str) -> bool {
        match self {
            Test::Is(want) => **want == *value,
            Test::IsNot(bar) => **bar != *value,
            Test::Like(regex) => regex.is_match(value),
            Test::Unlike(regex) => !regex.is_match(value),
        }
    }
}

impl Selector {
    /// Reads `name{label="value",…}`, `{…}`, `{"utf8.name",…}`, or bare matchers as routes have them (`service="checkout"`).
    ///
    /// At least one matcher in braces must refuse the empty string, as in Prometheus: `{}` would mean every signal
    /// (see [`Selector::everything`]).
    pub fn parse(text: &str) -> Result<Selector, SelectorError> {
        parse::selector(text, false)
    }

    /// Reads what a route matches on: as [`Selector::parse`], but matchers may take everything (`{}`,
    /// `urgency!="digest"`), and `service` means the signal's service with braces or without.
    pub fn parse_route(text: &str) -> Result<Selector, SelectorError> {
        parse::selector(text, true)
    }

    /// Matches every signal; its text is `{}`.
    pub fn everything() -> Selector {
        Selector { text: "{}".to_owned(), name: Vec::new(), labels: Vec::new(), bare: true }
    }

    /// Whether the signal is meant. A missing label is the empty string.
    pub fn matches(&self, signal: &Signal) -> bool {
        self.matches_with(signal, &[])
    }

    /// Whether the signal is meant if it had the labels `extra` besides its own; an extra label hides the signal's.
    ///
    /// This is how routes and silences match an alert: with its `service`, `kind` and `urgency`.
    pub fn matches_with(&self, signal: &Signal, extra: &[(&str, &str)]) -> bool {
        self.name.iter().all(|test| test.accepts(signal.name()))
            && self.labels.iter().all(|(key, test)| test.accepts(self.value(signal, extra, key)))
    }

    fn value<'a>(&self, signal: &'a Signal, extra: &[(&str, &'a str)], key: &str) -> &'a str {
        let given = extra.iter().find(|(have, _)| *have == key).map(|(_, value)| *value);
        let own = given.or_else(|| signal.label(key));
        own.or_else(|| if self.bare && key == "service" { signal.service() } else { None }).unwrap_or("")
    }

    /// Whether it has no matcher at all.
    pub fn is_everything(&self) -> bool {
        self.name.is_empty() && self.labels.is_empty()
    }

    /// The one signal it names, if it has a name and each matcher is `=`: the inverse of the signal's `Display`.
    pub fn to_signal(&self) -> Option<Signal> {
        let [Test::Is(name)] = &*self.name else { return None };
        let labels: Option<Vec<(&str, &str)>> = self
            .labels
            .iter()
            .map(|(key, test)| match test {
                Test::Is(value) => Some((&**key, &**value)),
                _ => None,
            })
            .collect();
        Some(Signal::new(name, labels?))
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Selector {}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        Selector::parse(text)
    }
}
