//! The level of a line that tells it in a number or in its text.

use crate::signal::Level;

/// So many words at the start of a text may tell the level.
const LEVEL_WORDS: usize = 6;

/// The severity in a syslog priority (RFC 5424, 6.2.1).
pub(in crate::ingest) fn level_of_priority(priority: u8) -> Level {
    match priority % 8 {
        0..=2 => Level::Fatal,
        3 => Level::Error,
        4 => Level::Warn,
        5 | 6 => Level::Info,
        _ => Level::Debug,
    }
}

/// The first word that names a level; words that are ordinary English too count only in capitals or brackets.
pub(in crate::ingest) fn level_in(body: &str) -> Level {
    for token in body.split_ascii_whitespace().take(LEVEL_WORDS) {
        let token = match token.split_once('=') {
            Some((key, value)) if ["level", "lvl", "severity"].iter().any(|name| key.eq_ignore_ascii_case(name)) => {
                value
            }
            Some(_) => continue,
            None => token,
        };
        let word = token.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let level = Level::parse(word);
        let ordinary =
            ["fine", "finer", "alert", "panic", "severe", "notice", "information", "emergency"].contains(&word);
        let marked = word.len() < token.len() && !token.ends_with(['.', ',', ';', '!', '?']);
        if level != Level::Unknown && (marked || !ordinary) {
            return level;
        }
    }
    Level::Unknown
}
