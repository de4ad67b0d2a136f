//! Payloads: records and lists in brackets, such as `{"a":1}`, `[x=1, y=2]` or `(a, b, c)`.
//!
//! What stands in them is data that some object wrote of itself: of any length, and of a shape that is its own. A payload takes part in
//! the key like a word does, and turns out to be a value by the same rules: where enough different shapes were seen in its place, the
//! whole of it is one variable.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::key::{self, Part, Parts};
use super::lexer::{TOKENS, Token};
use super::slots::Word;

/// A payload: its tokens, those at `first..end`; none where the brackets are empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) first: u8,
    pub(super) end: u8,
    /// Its bytes in the line.
    pub(super) from: u32,
    pub(super) to: u32,
}

pub(super) type Groups = SmallVec<[Group; 4]>;

/// The outermost payloads of a line, in order; neighbours are one. Where the line is cut off, so may be the last.
pub(super) fn groups(line: &[u8], tokens: &[Token], is_cut: bool) -> Groups {
    let mut groups = Groups::new();
    let (mut depth, mut open, mut token) = (0usize, 0, 0usize);
    let index_at = |token: &mut usize, at: usize| {
        while tokens.get(*token).is_some_and(|token| (token.start as usize) < at) {
            *token += 1;
        }
        *token as u8
    };
    let mut first = 0;
    let mut at = 0;
    while let Some(step) = memchr_bracket(&line[at..]) {
        at += step;
        match line[at] {
            b'(' | b'[' | b'{' => {
                if depth == 0 {
                    open = at + 1;
                    first = index_at(&mut token, at);
                }
                depth += 1;
            }
            _ if depth == 1 => {
                depth = 0;
                if is_payload(&line[open..at]) {
                    let end = index_at(&mut token, at);
                    add(&mut groups, Group { first, end, from: open as u32, to: at as u32 });
                }
            }
            _ => depth = depth.saturating_sub(1),
        }
        at += 1;
    }
    // A payload that is cut off goes on to the end.
    if 0 < depth && (is_cut || tokens.len() == TOKENS) && is_payload(&line[open..]) {
        add(&mut groups, Group { first, end: tokens.len() as u8, from: open as u32, to: line.len() as u32 });
    }
    groups
}

/// A line of at most `most` bytes, at least 64, and no half of a character. Where the cut falls into a payload, what follows that payload
/// is kept rather than its end.
pub fn cut(line: &[u8], most: usize) -> Cow<'_, [u8]> {
    if line.len() <= most {
        return Cow::Borrowed(line);
    }
    let head = &line[..whole(line, most - most / TAIL)];
    let change = |byte: &u8| match byte {
        b'(' | b'[' | b'{' => 1,
        b')' | b']' | b'}' => -1,
        _ => 0,
    };
    let open = head.iter().fold(0i32, |depth, byte| (depth + change(byte)).max(0));
    if open == 0 {
        return Cow::Borrowed(&line[..whole(line, most)]);
    }
    let mut depth = open;
    let close = line[head.len()..].iter().position(|byte| {
        depth += change(byte);
        depth == 0
    });
    let Some(close) = close else { return Cow::Borrowed(&line[..whole(line, most)]) };
    // All that is open is closed at once.
    let closing = &b")".repeat((open as usize).min(most / TAIL) - 1)[..];
    let tail = &line[head.len() + close..];
    Cow::Owned([head, closing, &tail[..whole(tail, most / TAIL - closing.len())]].concat())
}

/// The greatest length up to `most` that does not end within a character of UTF-8.
fn whole(text: &[u8], most: usize) -> usize {
    let is_within = |at: &usize| text.get(*at).is_some_and(|byte| byte & 0xC0 == 0x80);
    (0..=most.min(text.len())).rev().find(|at| !is_within(at)).unwrap_or(0)
}

/// This part of a long line is left for what follows a long payload.
const TAIL: usize = 8;

fn memchr_bracket(rest: &[u8]) -> Option<usize> {
    rest.iter().position(|byte| matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}'))
}

fn add(groups: &mut Groups, group: Group) {
    match groups.last_mut() {
        Some(last) if last.end == group.first => (last.end, last.to) = (group.end, group.to),
        _ => groups.push(group),
    }
}

/// A record (`=`, `:` behind a name in quotation marks), a list, or one that is empty.
fn is_payload(inside: &[u8]) -> bool {
    inside.iter().all(|byte| *byte == b' ')
        || inside.iter().any(|byte| matches!(byte, b'=' | b',' | b'[' | b'{'))
        || memchr::memmem::find(inside, b"\":").is_some()
}

/// The shape of a payload, as a word.
pub(super) fn shape(group: Group, tokens: &[Token]) -> Word {
    let inside = &tokens[usize::from(group.first).min(tokens.len())..usize::from(group.end).min(tokens.len())];
    Word { hash: key::of_tokens(inside).0, ..Word::default() }
}

/// Makes payloads variables and folds them with their neighbours.
pub(super) fn generalise(parts: &mut Parts, groups: impl Iterator<Item = Group>) {
    for group in groups {
        let from = parts.iter().position(|part| group.first <= part.token).unwrap_or(parts.len());
        let to = parts.iter().position(|part| group.end <= part.token).unwrap_or(parts.len());
        parts.drain(from..to);
        parts.insert(from, Part { word: 0, token: group.first });
        parts.dedup_by(|b, a| a.word == 0 && b.word == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer;
    use super::*;

    fn shown(line: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        lexer::lex(line.as_bytes(), &mut tokens);
        let text = |group: &Group| {
            let inside = &tokens[usize::from(group.first)..usize::from(group.end)];
            inside.iter().map(|token| String::from_utf8_lossy(token.of(line.as_bytes()))).collect::<Vec<_>>().join(" ")
        };
        groups(line.as_bytes(), &tokens, false).iter().map(text).collect()
    }

    #[test]
    fn what_follows_a_long_payload_is_kept() {
        let long = format!("wrote key({}) at 7, {}", "x".repeat(200), "y".repeat(200));
        let short = cut(long.as_bytes(), 128);
        assert!(short.starts_with(b"wrote key(xxx") && short.len() == 128, "{short:?}");
        assert!(String::from_utf8_lossy(&short).contains("xx) at 7, yyy"), "{short:?}");
        assert_eq!(cut(&[b'('; 200], 128).len(), 128);
        for shift in 0..4 {
            let long = format!("{}wrote ({}) to {}", "-".repeat(shift), "ä€".repeat(60), "ä€".repeat(60));
            assert!(
                std::str::from_utf8(&cut(long.as_bytes(), 128)).is_ok_and(|text| text.contains(") to ä")),
                "{long}"
            );
        }
        assert_eq!(cut(b"short (a", 128), &b"short (a"[..]);
    }

    #[test]
    fn records_and_lists_are_payloads_and_remarks_are_none() {
        assert_eq!(shown("done {\"a\":1,\"b\":[2,3]} in 5 ms"), ["a 1 b 2 3"]);
        assert_eq!(shown("[Group id=1] completing Events(names=[a, b(c)])."), ["Group id 1", "names a b c"]);
        assert_eq!(shown("buckets are []"), [""]);
        assert_eq!(shown("rows [a, b][c, d] | end"), ["a b c d"]);
        assert_eq!(shown("sent (1.07 KB) to [web] (started)"), Vec::<String>::new());
        assert_eq!(shown("never closed (a, b"), Vec::<String>::new());
        assert_eq!(shown("closed twice) and (a, b)) again"), ["a b"]);
    }
}
