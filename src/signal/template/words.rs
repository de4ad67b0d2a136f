//! What a word is beside its letters: a dotted name, or a word that tells of an event.

use xxhash_rust::xxh3::xxh3_64;

use super::lexer::{self, Token};
use super::shape;
use super::slots::{Place, Word};

/// Short words of states and answers; longer ones are known by their ending.
const EVENTS: [&[u8]; 44] = [
    b"true",
    b"false",
    b"yes",
    b"no",
    b"on",
    b"off",
    b"null",
    b"none",
    b"ok",
    b"up",
    b"down",
    b"in",
    b"out",
    b"start",
    b"stop",
    b"open",
    b"close",
    b"begin",
    b"end",
    b"fail",
    b"success",
    b"failure",
    b"error",
    b"warning",
    b"warn",
    b"info",
    b"lost",
    b"dead",
    b"alive",
    b"read",
    b"write",
    b"put",
    b"get",
    b"add",
    b"remove",
    b"create",
    b"delete",
    b"enable",
    b"disable",
    b"active",
    b"inactive",
    b"ready",
    b"busy",
    b"idle",
];

/// What is known of the word at `token`.
pub(super) fn word(token: Token, line: &[u8]) -> Word {
    let text = token.of(line);
    let dotted = is_dotted(text);
    let numbered = shape::is_numbered_name(text) && !shape::is_versioned(&text[..shape::stem(text)]);
    let family = numbered.then(|| xxh3_64(&text[..shape::stem(text)]) as u32);
    Word { hash: token.word, dotted, event: !dotted && is_event(text), family }
}

/// A dotted name, such as that of a class or a host.
fn is_dotted(text: &[u8]) -> bool {
    text.windows(3).any(|w| w[1] == b'.' && w[0].is_ascii_alphanumeric() && w[2].is_ascii_alphanumeric())
}

/// Whether a word is one that tends to differ together with others of the line: a value after `=`, a dotted name.
pub(super) fn is_of_data(token: Token, line: &[u8]) -> bool {
    place(token, line).value || is_dotted(token.of(line))
}

/// Whether a word names what follows (`user=`): such a word is never a value.
pub(super) fn is_name_of_value(token: Token, line: &[u8]) -> bool {
    let after = line.get(token.end as usize..).unwrap_or_default();
    after.starts_with(b"=") || after.starts_with(b" = ")
}

/// Whether a word may give way to a variable that a sibling has in its place: not where it tells of an event.
pub(super) fn may_be_value(token: Token, line: &[u8]) -> bool {
    !is_event(token.of(line))
}

/// How many bytes a dotted name has in common with what all `lines` hold in its place, in whole parts and at least two of
/// them: `com.apple.` of `com.apple.ical` and `com.apple.icloud`. 0 where a line has no such place.
pub(super) fn common_prefix<'a>(name: &[u8], lines: impl Iterator<Item = &'a [u8]>, at: usize) -> usize {
    let (mut common, mut tokens) = (name, Vec::new());
    for line in lines {
        lexer::lex(line, &mut tokens);
        let other = tokens.get(at).map(|token| token.of(line)).unwrap_or_default();
        let same = common.iter().zip(other).take_while(|(a, b)| a == b).count();
        common = &common[..same];
    }
    let end = common.iter().rposition(|byte| *byte == b'.').map_or(0, |dot| dot + 1);
    if common[..end].iter().filter(|byte| **byte == b'.').count() < 2 { 0 } else { end }
}

/// Participles (`started`, `closing`) and the words of states.
fn is_event(text: &[u8]) -> bool {
    let ends = |ending: &[u8]| {
        ending.len() + 2 <= text.len() && text[text.len() - ending.len()..].eq_ignore_ascii_case(ending)
    };
    ends(b"ed") || ends(b"ing") || EVENTS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Where the word at `token` lies in its line; `first` is for the caller to say.
pub(super) fn place(token: Token, line: &[u8]) -> Place {
    let (start, end) = (token.start as usize, token.end as usize);
    let before = start.checked_sub(1).and_then(|at| line.get(at));
    let after = line.get(end);
    let enclosed = matches!(
        (before, after),
        (Some(b'('), Some(b')')) | (Some(b'['), Some(b']')) | (Some(b'"'), Some(b'"')) | (Some(b'\''), Some(b'\''))
    );
    let value = before == Some(&b'=') || line[..start].ends_with(b" = ");
    Place { value, enclosed, ..Place::default() }
}
