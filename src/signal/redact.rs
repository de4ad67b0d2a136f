//! Secrets in sample lines: what must not leave the house in a message is struck out.
//!
//! Struck out are the values of names that mean a secret (`password=…`, `Authorization: Bearer …`), mail addresses, card
//! numbers (13 to 19 digits with a valid Luhn sum), and long runs without a blank that look like keys.

/// The line with its secrets struck out, at most `most` bytes of it.
pub fn redact(line: &str, most: usize) -> String {
    let mut out = String::with_capacity(line.len().min(most));
    let mut secret_follows = false;
    for (at, word) in line.split(' ').enumerate() {
        if most <= out.len() {
            out.push('…');
            break;
        }
        if at != 0 {
            out.push(' ');
        }
        let lower = word.to_ascii_lowercase();
        let bare = lower.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if secret_follows && !word.is_empty() && !is_scheme(bare) {
            out.push_str(STRUCK);
            secret_follows = false;
        } else {
            // `authorization=Bearer` and what follows it.
            let scheme = bare.rsplit(['=', ':', '"', '\'']).next().filter(|word| *word == "bearer" || *word != bare);
            let is_announced = scheme.is_some_and(|word| matches!(word, "bearer" | "basic"));
            secret_follows = (secret_follows && is_scheme(bare)) || is_announced || names_secret(&lower);
            out.push_str(&strike(word));
        }
    }
    out
}

/// The value of a field with its secrets struck out: all of it where the name means a secret.
pub fn redact_field(key: &str, value: &str) -> String {
    let key = key.to_ascii_lowercase();
    if SECRETS.iter().any(|secret| key.ends_with(secret)) { STRUCK.to_owned() } else { redact(value, value.len() + 1) }
}

const STRUCK: &str = "[redacted]";
const SECRETS: [&str; 13] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "authorization",
    "credential",
    "private_key",
    "access_key",
    "cookie",
];

fn is_scheme(word: &str) -> bool {
    matches!(word, "bearer" | "basic" | "is" | "")
}

/// Whether a word announces a secret in the next one: `password:`, `token =`.
fn names_secret(lower: &str) -> bool {
    let name = lower.trim_end_matches([':', '=', '"', '\'']);
    name.len() < lower.len() && SECRETS.iter().any(|secret| name.ends_with(secret))
}

/// One word with what is secret in it struck out.
fn strike(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    for secret in SECRETS {
        let Some(at) = lower.find(secret) else { continue };
        let rest = &word[at + secret.len()..];
        let marks: usize = rest.chars().take_while(|c| matches!(c, '"' | '\'' | ':' | '=')).map(char::len_utf8).sum();
        if 0 < marks && marks < rest.len() {
            let value = &rest[marks..];
            let end = value.find(['&', ',', ';', '"', '\'', '}', ')']).unwrap_or(value.len());
            return format!("{}{STRUCK}{}", &word[..word.len() - value.len()], strike(&value[end..]));
        }
    }
    let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let value = core.rsplit(['=', '"']).next().unwrap_or(core);
    let is_mail = value.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if !value.is_empty() && (is_mail || is_card(value) || is_key(value)) {
        return word.replace(value, STRUCK);
    }
    word.to_owned()
}

fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter(|c| *c != '-').map_while(|c| c.to_digit(10)).collect();
    let whole = digits.len() == text.chars().filter(|c| *c != '-').count();
    let luhn = digits.iter().rev().enumerate().map(|(at, digit)| match at % 2 {
        0 => *digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    });
    whole && (13..=19).contains(&digits.len()) && luhn.sum::<u32>() % 10 == 0
}

/// At least 32 letters and digits of both kinds and cases without a mark that paths and names have: a key, or a token.
fn is_key(text: &str) -> bool {
    let count = |is: fn(char) -> bool| text.chars().filter(|c| is(*c)).count();
    32 <= text.len()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '_' | '-' | '.'))
        && 2 <= count(|c| c.is_ascii_digit())
        && 4 <= count(|c| c.is_ascii_uppercase())
        && 4 <= count(|c| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_struck_out_and_nothing_else() {
        let rows = [
            ("login of anna password=hunter2 ok", "login of anna password=[redacted] ok"),
            ("password: hunter2", "password: [redacted]"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
            ("authorization=Bearer abc.def ok", "authorization=[redacted] [redacted] ok"),
            ("a basic check", "a basic check"),
            ("GET /pay?api_key=xyz&n=1 200", "GET /pay?api_key=[redacted]&n=1 200"),
            ("mail to anna.b@example.com failed", "mail to [redacted] failed"),
            ("card 4111-1111-1111-1111, order 4111111111111112", "card [redacted], order 4111111111111112"),
            ("key AKIAiosfodnn7EXAMPLEKEYwJalrXUtnFEMIK7MDENG", "key [redacted]"),
            ("trace 4bf92f3577b34da6a3ce929d0e0e4736 took 5 ms", "trace 4bf92f3577b34da6a3ce929d0e0e4736 took 5 ms"),
            ("{\"token\":\"s3cr3t\",\"n\":1}", "{\"token\":\"[redacted]\",\"n\":1}"),
        ];
        for (line, expected) in rows {
            assert_eq!(redact(line, 200), expected);
        }
        assert_eq!(redact("one two three four", 7), "one two…");
    }
}
