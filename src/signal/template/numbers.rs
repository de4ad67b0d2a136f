//! Numbers in lines that behave as quantities: how long, how much, how many.

use super::lexer::{self, Token};
use super::shape::{self, Unit};

/// A number in a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// The word before it, in lower case: what it is called.
    pub name: String,
    /// The value, in seconds or bytes where its unit is one of time or size.
    pub value: f64,
    /// The unit of the value: `s`, `bytes`, `%`.
    pub unit: Option<&'static str>,
    /// How much one of its own unit is: 86,400 where it counts days.
    pub grain: f64,
}

impl Number {
    pub(super) fn new(name: String, value: f64, unit: Option<Unit>) -> Self {
        let (grain, unit) = match unit {
            Some(Unit::Time(seconds)) => (seconds, Some("s")),
            Some(Unit::Bytes(bytes)) => (bytes, Some("bytes")),
            Some(Unit::Percent) => (1.0, Some("%")),
            Some(Unit::Other) | None => (1.0, None),
        };
        // Divided where the unit is a part of a second: 350 ms are 0.35 s and no bit more.
        let value = if grain < 1.0 { value / libm::round(1.0 / grain) } else { value * grain };
        Number { name, value, unit, grain }
    }
}

/// Names whose numbers tell things apart and measure nothing.
const IDENTIFIERS: [&str; 30] = [
    "id", "pid", "tid", "uid", "gid", "euid", "port", "line", "code", "status", "errno", "version", "seq", "session",
    "thread", "user", "order", "request", "trace", "span", "process", "number", "no", "step", "page", "block", "task",
    "job", "node", "host",
];

/// Words that name nothing.
const LITTLE: [&[u8]; 12] =
    [b"in", b"is", b"at", b"of", b"to", b"by", b"for", b"after", b"with", b"was", b"are", b"has"];

/// The numbers of a line, at most `most`; of equal names the first counts.
pub fn numbers(line: &[u8], most: usize) -> Vec<Number> {
    let (mut tokens, mut found) = (Vec::new(), Vec::<Number>::new());
    lexer::lex(line, &mut tokens);
    let (mut name, mut end): (Option<Token>, u32) = (None, 0);
    for (at, &token) in tokens.iter().enumerate() {
        let gap = token.start.saturating_sub(std::mem::replace(&mut end, token.end));
        if !token.is_variable() {
            // `expires in 12 days` is of what expires, not of `in`.
            name = name.filter(|_| LITTLE.contains(&token.of(line))).or(Some(token));
            continue;
        }
        let (Some(named), Some((value, own))) = (name.take(), shape::number_with_unit(token.of(line))) else {
            continue;
        };
        let text = String::from_utf8_lossy(named.of(line)).to_ascii_lowercase();
        let next = tokens.get(at + 1).filter(|next| next.start == token.end + 1).map(|next| next.of(line));
        let percent = (line.get(token.end as usize) == Some(&b'%')).then_some(Unit::Percent);
        let unit = own.or(percent).or_else(|| shape::unit(next?));
        // A minus belongs to the number, and a number with leading zeros is a name.
        let is_padded = 1 < token.of(line).len() && token.of(line)[0] == b'0' && token.of(line)[1].is_ascii_digit();
        let is_identifier = unit.is_none() && (IDENTIFIERS.contains(&&*text) || text.ends_with("id"));
        if 3 < gap || is_padded || is_identifier || most <= found.len() || found.iter().any(|n| n.name == text) {
            continue;
        }
        found.push(Number::new(text, value, unit));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_found_and_identifiers_are_not() {
        let show = |line: &str| -> Vec<String> {
            let unit = |n: &Number| n.unit.map(|unit| format!(" {unit}")).unwrap_or_default();
            numbers(line.as_bytes(), 4).iter().map(|n| format!("{}={}{}", n.name, n.value, unit(n))).collect()
        };
        assert_eq!(show("request 4711 took 350 ms"), ["took=0.35 s"]);
        assert_eq!(show("took=5ms size=2KB pid=7"), ["took=0.005 s", "size=2048 bytes"]);
        assert_eq!(show("queue size 812, retry 3/5"), ["size=812", "retry=3"]);
        assert_eq!(show("certificate expires in 12 days"), ["expires=1036800 s"]);
        assert_eq!(show("order 17 at 10.0.0.1:80 code 0042"), Vec::<String>::new());
        assert_eq!(show("disk is at 93%"), ["disk=93 %"]);
    }
}
