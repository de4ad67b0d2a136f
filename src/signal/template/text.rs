//! A template as people read it: the line that shows it, with `<kind>` in the place of each variable.

use super::entries::Entry;
use super::kind::kind;
use super::lexer::Token;
use super::meet::{Met, Role};

/// Writes the line with its variables named; `met` says which words and payloads are values after all, `common` how many bytes of
/// such a word are the same in all lines.
pub(super) fn render(line: &[u8], tokens: &[Token], met: &Met, common: &[usize], entry: Option<&Entry>) -> String {
    let mut text = Vec::with_capacity(line.len());
    let (mut at, mut number) = (0, 0);
    for (which, token) in tokens.iter().enumerate() {
        let (start, end) = (token.start as usize, token.end as usize);
        let role = met.values.get(which).copied().unwrap_or(Role::Own);
        if let Role::Payload | Role::Inside = role {
            number += usize::from(token.is_variable());
            let group = met.groups.iter().find(|group| usize::from(group.first) == which);
            if let Some(group) = group {
                text.extend_from_slice(&line[at..group.from as usize]);
                name(&mut text, "fields");
                at = group.to as usize;
            }
            continue;
        }
        text.extend_from_slice(&line[at..start]);
        let shown = token.of(line);
        if token.is_variable() {
            let constant = entry.map_or(0, |entry| entry.constant(number)).min(shown.len());
            number += 1;
            text.extend_from_slice(&shown[..constant]);
            if constant < shown.len() {
                let is_url = shown[..constant].ends_with(b"://");
                name(&mut text, if is_url { "url" } else { kind(&shown[constant..]) });
            }
        } else if role == Role::Value {
            let constant = common.get(which).map_or(0, |length| *length).min(shown.len());
            text.extend_from_slice(&shown[..constant]);
            name(&mut text, kind(&shown[constant..]));
        } else {
            text.extend_from_slice(shown);
        }
        at = end;
    }
    text.extend_from_slice(&line[at..]);
    String::from_utf8_lossy(&text).into_owned()
}

fn name(text: &mut Vec<u8>, kind: &str) {
    text.push(b'<');
    text.extend_from_slice(kind.as_bytes());
    text.push(b'>');
}
