//! The names of variables: what a value is, for people. Looked at only when a template is shown.

use super::shape;

/// The kind of a variable's value, as it stands between `<` and `>`.
pub(super) fn kind(text: &[u8]) -> &'static str {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let all = |allowed: fn(&u8) -> bool| text.iter().all(allowed);
    if memchr::memmem::find(text, b"://").is_some() {
        "url"
    } else if shape::is_object(text.split(|byte| matches!(byte, b'{' | b'[')).next().unwrap_or_default()) {
        "object"
    } else if text.contains(&b'@') && all(|b| b.is_ascii_graphic() && *b != b'/') {
        "mail"
    } else if text.starts_with(b"/") || text.starts_with(b"~/") || text.contains(&b'\\') || text.contains(&b'/') {
        "path"
    } else if is_uuid(text) {
        "uuid"
    } else if is_ip(text) {
        "ip"
    } else if text.contains(&b':') {
        if all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.')) {
            "time"
        } else if text.len() == 17 && all(|b| b.is_ascii_hexdigit() || *b == b':') {
            "mac"
        } else if all(|b| b.is_ascii_hexdigit() || *b == b':') {
            "ip"
        } else {
            "host"
        }
    } else if shape::is_date_word(text) || shape::is_zone(text) || is_date(text) {
        "date"
    } else if digits == text.len() || (0 < digits && all(|b| b.is_ascii_digit() || *b == b'.')) {
        "num"
    } else if text.starts_with(b"0x") || text.starts_with(b"0X") {
        "hex"
    } else if let Some((_, unit)) = shape::number_with_unit(text) {
        unit.map_or("num", shape::Unit::kind)
    } else if digits == 0 {
        shape::unit(text).map_or(if text.contains(&b'.') { "host" } else { "word" }, |_| "unit")
    } else if 8 <= text.len() && all(u8::is_ascii_hexdigit) {
        "hex"
    } else {
        "id"
    }
}

fn is_uuid(text: &[u8]) -> bool {
    let mut groups = text.split(|byte| *byte == b'-');
    text.len() == 36
        && [8, 4, 4, 4, 12].iter().all(|length| {
            groups.next().is_some_and(|group| group.len() == *length && group.iter().all(u8::is_ascii_hexdigit))
        })
}

fn is_ip(text: &[u8]) -> bool {
    let mut parts = 0;
    text.split(|byte| *byte == b'.').all(|part| {
        parts += 1;
        (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit)
    }) && parts == 4
}

/// `2005-06-14` and the like.
fn is_date(text: &[u8]) -> bool {
    matches!(text, [a, b, c, d, b'-', e, f, b'-', g, h, ..] if [a, b, c, d, e, f, g, h].iter().all(|x| x.is_ascii_digit()))
}
