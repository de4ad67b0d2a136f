//! The two forms of a letter, by the built-in templates: plain text and HTML.

use super::Letter;
use super::wording::Templates;

impl Letter {
    /// The plain text form.
    pub fn text(&self) -> String {
        Templates::default().plain("mail.txt", self)
    }

    /// The HTML form: no script, nothing loaded from elsewhere; all that comes from data is escaped.
    pub fn html(&self) -> String {
        Templates::default().plain("mail.html", self)
    }
}

/// Text that means itself in HTML, in attributes too.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
