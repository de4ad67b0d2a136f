//! Reads the text of a selector.

use regex::{Regex, RegexBuilder};

use super::string::quoted;
use super::{Selector, SelectorError, Test};

/// The label that stands for the name.
const NAME: &str = "__name__";

/// `route`: it may take everything, and `service` means the signal's service.
pub(super) fn selector(text: &str, route: bool) -> Result<Selector, SelectorError> {
    let mut parser = Parser { text, at: 0, name: None, matchers: Vec::new() };
    let bare = parser.whole()? || route;
    let (mut name, mut labels) = (Vec::new(), Vec::new());
    name.extend(parser.name.map(|name| Test::Is(name.into())));
    for (key, test) in parser.matchers {
        if key == NAME { name.push(test) } else { labels.push((key.into_boxed_str(), test)) }
    }
    let refuses_empty = name.iter().chain(labels.iter().map(|(_, test)| test)).any(|test| !test.accepts(""));
    if !bare && !refuses_empty {
        return Err(SelectorError {
            at: 0,
            message: "this matches every signal: at least one matcher must refuse the empty string".to_owned(),
            hint: Some(r#"name the signal, or write label=~".+" for "has this label""#.to_owned()),
        });
    }
    Ok(Selector { text: text.to_owned(), name, labels, bare })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    name: Option<String>,
    matchers: Vec<(String, Test)>,
}

impl Parser<'_> {
    /// The whole text; whether it was bare matchers.
    fn whole(&mut self) -> Result<bool, SelectorError> {
        self.space();
        if self.rest().is_empty() {
            return Err(self.error("a selector is empty", Some(r#"write a name and matchers: up{job="api"}"#)));
        }
        let name = self.word(true);
        if !name.is_empty() {
            self.space();
            if self.operator_follows() {
                self.at = 0;
                return self.list(None).map(|()| true);
            }
            self.name = Some(name);
        } else if matches!(self.peek(), Some(b'"' | b'\'' | b'`')) {
            let start = self.at;
            self.at = quoted(self.text, start)?.1;
            self.space();
            if !self.operator_follows() {
                self.at = start;
                return Err(self.error("a quoted name stands in braces", Some(r#"write {"the.name", label="value"}"#)));
            }
            self.at = start;
            return self.list(None).map(|()| true);
        }
        match self.peek() {
            None => return Ok(false),
            Some(b'{') => self.at += 1,
            Some(_) => return Err(self.after_name()),
        }
        self.list(Some(b'}'))?;
        self.space();
        match self.peek() {
            None => Ok(false),
            Some(_) => Err(self.after_end()),
        }
    }

    /// Matchers and commas, up to `end`, or to the end of the text.
    fn list(&mut self, end: Option<u8>) -> Result<(), SelectorError> {
        loop {
            self.space();
            match (self.peek(), end) {
                (Some(byte), Some(end)) if byte == end => {
                    self.at += 1;
                    return Ok(());
                }
                (None, None) => return Ok(()),
                (None, Some(_)) => return Err(self.error("the brace is never closed", Some("add a `}`"))),
                _ => {}
            }
            self.matcher(end.is_some())?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if Some(byte) == end => {}
                None if end.is_none() => {}
                None => return Err(self.error("the brace is never closed", Some("add a `}`"))),
                Some(_) => return Err(self.error("a comma must part matchers", None)),
            }
        }
    }

    /// `label op "value"`, `"label" op "value"`, or, in braces, `"name"`.
    fn matcher(&mut self, braces: bool) -> Result<(), SelectorError> {
        let start = self.at;
        let (key, was_quoted) = match self.peek() {
            Some(b'"' | b'\'' | b'`') => {
                let (key, after) = quoted(self.text, start)?;
                self.at = after;
                (key, true)
            }
            _ => (self.word(false), false),
        };
        if key.is_empty() {
            let hint = "a label is letters, digits and `_`, or any text in quotes";
            self.at = start;
            return Err(self.error("a label's name was expected", Some(hint)));
        }
        self.space();
        let operator_at = self.at;
        let Some(operator) = self.operator() else {
            if was_quoted && braces && matches!(self.peek(), None | Some(b',' | b'}')) {
                return self.set_name(start, key);
            }
            let hint = self.odd_label_hint(&key);
            return Err(self.error("one of =, !=, =~, !~ was expected", hint.as_deref()));
        };
        if key == NAME && self.name.is_some() {
            return Err(self.twice(start));
        }
        self.space();
        let value_at = self.at;
        if !matches!(self.peek(), Some(b'"' | b'\'' | b'`')) {
            return Err(self.error("a value in quotes was expected", Some(r#"write label="value""#)));
        }
        let (value, after) = quoted(self.text, value_at)?;
        self.at = after;
        let test = match operator {
            "=" => Test::Is(value.into()),
            "!=" => Test::IsNot(value.into()),
            "=~" => Test::Like(anchored(&value, value_at)?),
            "!~" => Test::Unlike(anchored(&value, value_at)?),
            _ => {
                self.at = operator_at;
                return Err(self.error("`==` is not an operator", Some("write `=`")));
            }
        };
        self.matchers.push((key, test));
        Ok(())
    }

    fn set_name(&mut self, start: usize, name: String) -> Result<(), SelectorError> {
        if self.name.is_some() || self.matchers.iter().any(|(key, _)| key == NAME) {
            return Err(self.twice(start));
        }
        self.name = Some(name);
        Ok(())
    }

    fn twice(&mut self, at: usize) -> SelectorError {
        self.at = at;
        self.error("the name is set twice", Some("keep one of them"))
    }

    /// Letters, digits and `_` (and `:` in names), not starting with a digit; empty where there is none.
    fn word(&mut self, colons: bool) -> String {
        let fits = |(i, b): (usize, u8)| {
            b.is_ascii_alphabetic() || b == b'_' || (colons && b == b':') || (0 < i && b.is_ascii_digit())
        };
        let rest = self.rest();
        let length = rest.bytes().enumerate().take_while(|&pair| fits(pair)).count();
        self.at += length;
        self.text[self.at - length..self.at].to_owned()
    }

    fn operator(&mut self) -> Option<&'static str> {
        let found = ["==", "=~", "!=", "!~", "="].into_iter().find(|op| self.rest().starts_with(op))?;
        self.at += found.len();
        Some(found)
    }

    fn operator_follows(&self) -> bool {
        matches!(self.peek(), Some(b'=' | b'!'))
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error(&self, message: &str, hint: Option<&str>) -> SelectorError {
        SelectorError { at: self.at, message: message.to_owned(), hint: hint.map(str::to_owned) }
    }

    /// What stands after a bare name and is no brace.
    fn after_name(&self) -> SelectorError {
        let odd = |c: char| matches!(c, '.' | '-' | '/' | '@') || !c.is_ascii();
        let whole: &str = self.text.trim().split(['{', '=']).next().unwrap_or_default().trim_end();
        match self.rest().chars().next() {
            Some('(') => {
                let hint =
                    "functions are not part of a selector: counters are watched as rates, histograms as quantiles";
                self.error("a selector ends here", Some(hint))
            }
            Some('[') => self.error("a selector ends here", Some("leave the range out: every value is watched")),
            Some(c) if odd(c) => {
                let hint = format!(r#"names beyond letters, digits, `_` and `:` are quoted in braces: {{"{whole}"}}"#);
                self.error(&format!("`{c}` cannot stand in a bare name"), Some(&hint))
            }
            _ => self.error("`{` or the end was expected", Some("one selector names one kind of signal")),
        }
    }

    fn after_end(&self) -> SelectorError {
        let hint = match self.peek() {
            Some(b'[') => "leave the range out: every value is watched",
            Some(b'<' | b'>' | b'=' | b'!') => "put the bound into `above` or `below`",
            _ => "a selector has no functions, ranges or arithmetic",
        };
        self.error("the selector ends at its brace", Some(hint))
    }

    fn odd_label_hint(&self, key: &str) -> Option<String> {
        let odd = matches!(self.peek(), Some(b'.' | b'-' | b'/' | b':'));
        let whole = || {
            let rest = self.rest();
            let end = rest.find(['=', '!', ',', '}', ' ']).unwrap_or(rest.len());
            format!(r#"quote a label that is more than letters, digits and `_`: "{key}{}"="…""#, &rest[..end])
        };
        odd.then(whole)
    }
}

/// The regular expression, anchored at both ends; `.` takes line ends too, as in Prometheus.
fn anchored(pattern: &str, at: usize) -> Result<Regex, SelectorError> {
    let build = |pattern: &str| RegexBuilder::new(pattern).size_limit(1 << 20).build();
    // First as it stands, so that an unbalanced bracket cannot close our own.
    build(pattern).and_then(|_| build(&format!("^(?s:{pattern})$"))).map_err(|error| SelectorError {
        at,
        message: format!("`{pattern}` is not a regular expression: {}", last_line(&error)),
        hint: Some("regular expressions have no look-around and no back-references here".to_owned()),
    })
}

fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").trim().to_owned()
}
