//! Keeps secrets out of messages: an error shows the line it is about, and the line may hold what it should not.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The text with each value of a key that ends in `password`, `secret`, `token`, … and each address's credentials
/// replaced by stars, byte for byte, so that every place stays where it was.
///
/// It works on the text and not on the tree: a text that cannot be parsed is shown too.
pub(super) fn secrets(text: &str) -> String {
    static VALUES: LazyLock<Regex> = LazyLock::new(|| {
        let key = r#"(?i)((?:password|passphrase|secret|token|key\.pem|routing_key)["']?[ \t]*=[ \t]*)"#;
        let value =
            r#"("""(?s:.*?)(?:"""|$)|'''(?s:.*?)(?:'''|$)|"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|[^\s"',}\{\[][^\n]*)"#;
        Regex::new(&format!("{key}{value}")).expect("the expression is a constant")
    });
    static CREDENTIALS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(://)([^/\s"'@]+)@"#).expect("the expression is a constant"));
    // Addresses that are keys themselves: Slack's incoming webhooks, and the signatures of Teams' workflows.
    static KEYS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(hooks\.slack\.com/|[?&]sig=)([^\s"'&]+)"#).expect("the expression is a constant")
    });
    let values = VALUES.replace_all(text, |found: &Captures<'_>| format!("{}{}", &found[1], stars(&found[2])));
    let values = KEYS.replace_all(&values, |found: &Captures<'_>| format!("{}{}", &found[1], stars(&found[2])));
    CREDENTIALS.replace_all(&values, |found: &Captures<'_>| format!("{}{}@", &found[1], stars(&found[2]))).into_owned()
}

/// As many stars as the text has bytes; quotes and line ends stay.
fn stars(text: &str) -> String {
    let star = |c: char| if matches!(c, '\n' | '\r' | '"' | '\'') { c.to_string() } else { "*".repeat(c.len_utf8()) };
    text.chars().map(star).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown_and_no_place_moves() {
        for (text, expected) in [
            ("password = \"hunter2\", to = 1", "password = \"*******\", to = 1"),
            ("password_file = \"smtp.pass\"", "password_file = \"smtp.pass\""),
            ("\"sasl.password\" = 'p\u{e4}ss'\nx = 1", "\"sasl.password\" = '*****'\nx = 1"),
            (
                "url = \"https://hooks.slack.com/services/T0/B0/x\"",
                "url = \"https://hooks.slack.com/****************\"",
            ),
            ("\"https://a.b/run?api=1&sig=s3cr3t&v=2\"", "\"https://a.b/run?api=1&sig=******&v=2\""),
            ("token=\"open ended\nx", "token=\"**********\nx"),
            ("secret = hunter2\nx = 2", "secret = *******\nx = 2"),
            ("secret = \"\"\"a\nb\"\"\"", "secret = \"\"\"*\n*\"\"\""),
            ("\"sasl.password\" = { file = \"f\" }", "\"sasl.password\" = { file = \"f\" }"),
            ("u = \"smtp://me:pw@host\"", "u = \"smtp://*****@host\""),
            ("to = [\"ops@example.org\"]", "to = [\"ops@example.org\"]"),
        ] {
            assert_eq!(secrets(text), expected);
            assert_eq!(secrets(text).len(), text.len());
        }
    }
}
