//! Small texts that mean a value: durations, budgets, topics, addresses, selectors.

use regex::Regex;
use reqwest::Url;

use super::nearest::nearest;
use super::reader::Fault;
use super::settings::{From, Pace};
use crate::signal::{Selector, SelectorError};
use crate::time::{Span, Timestamp};

/// A duration longer than nothing.
pub(super) fn span(text: &str) -> Result<Span, Fault> {
    let hint = "write a number and a unit, such as 250ms, 30s, 5m, 1h30m, 2d or 1w";
    let span = Span::parse(text).ok_or_else(|| Fault::new(format!("`{text}` is not a duration")).hint(hint))?;
    if span <= Span::ZERO {
        return Err(Fault::new("a duration must be longer than nothing").hint(hint));
    }
    Ok(span)
}

/// A duration that may be nothing (`0s`).
pub(super) fn span_or_zero(text: &str) -> Result<Span, Fault> {
    match Span::parse(text) {
        Some(Span::ZERO) => Ok(Span::ZERO),
        _ => span(text),
    }
}

/// Days in a mean month of the Gregorian calendar.
const MONTH_DAYS: f64 = 30.436_875;

/// A number of bytes: `64MiB`, `1GiB`, `500MB`; at least one.
pub(super) fn bytes(text: &str) -> Result<u64, Fault> {
    const UNITS: [(&str, u64); 9] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("kB", 1000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("B", 1),
    ];
    let parsed = UNITS.iter().find_map(|(unit, factor)| {
        let number: f64 = text.trim().strip_suffix(unit)?.trim_end().parse().ok()?;
        let bytes = number * *factor as f64;
        (1.0..=9e18).contains(&bytes).then_some(bytes as u64)
    });
    let hint = "write a number and a unit, such as 64MiB, 1GiB or 500MB";
    parsed.ok_or_else(|| Fault::new(format!("`{text}` is no size")).hint(hint))
}

/// A budget such as `1/week`, as a number per week.
pub(super) fn per_week(text: &str) -> Result<f64, Fault> {
    let hint = "write N/day, N/week or N/month, such as \"1/week\"";
    let bad = || Fault::new(format!("`{text}` is not a budget")).hint(hint);
    let (number, period) = text.split_once('/').ok_or_else(bad)?;
    let number: f64 = number.trim().parse().map_err(|_| bad())?;
    let weeks = match period.trim() {
        "day" => 1.0 / 7.0,
        "week" => 1.0,
        "month" => MONTH_DAYS / 7.0,
        _ => return Err(bad()),
    };
    if !(number.is_finite() && 0.0 < number) {
        let hint = "some false pages are the price of any warning; 1/month is a small budget";
        return Err(Fault::new("a budget must be greater than 0").hint(hint));
    }
    Ok(number / weeks)
}

/// So many messages in so long a time: `10/hour`, `3/15m`.
pub(super) fn pace(text: &str) -> Result<Pace, Fault> {
    let hint = "write a whole number and a time, such as \"10/hour\", \"30/day\" or \"3/15m\"";
    let bad = || Fault::new(format!("`{text}` is not a pace")).hint(hint);
    let (number, period) = text.split_once('/').ok_or_else(bad)?;
    let most: u32 = number.trim().parse().map_err(|_| bad())?;
    let per = match period.trim() {
        "minute" => Span::from_mins(1),
        "hour" => Span::from_hours(1),
        "day" => Span::from_days(1),
        other => Span::parse(other).filter(|span| Span::ZERO < *span).ok_or_else(bad)?,
    };
    if most == 0 || PACE_MOST < most {
        let hint = "a receiver that is to get nothing is left out of the routes";
        return Err(Fault::new(format!("a pace is from 1 to {PACE_MOST} messages, not {most}")).hint(hint));
    }
    Ok(Pace { most, per, pages: false })
}

/// The times of so many messages are remembered.
const PACE_MOST: u32 = 10_000;

/// A selector of signals.
pub(super) fn selector(text: &str) -> Result<Selector, Fault> {
    Selector::parse(text).map_err(selector_fault)
}

/// A route's matchers; `{}` takes everything.
pub(super) fn route(text: &str) -> Result<Selector, Fault> {
    Selector::parse_route(text).map_err(selector_fault)
}

fn selector_fault(error: SelectorError) -> Fault {
    Fault { message: error.message, hint: error.hint, at: Some(error.at) }
}

/// `host:port`, comma separated.
pub(super) fn brokers(text: &str) -> Result<String, Fault> {
    for part in text.split(',') {
        let address = part.trim().rsplit("://").next().unwrap_or_default();
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (address, None),
        };
        let port_is_bad = port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port != 0));
        if host.is_empty() || host.contains(char::is_whitespace) || port_is_bad {
            let hint = "write host:port, several of them with commas: \"kafka-1:9092,kafka-2:9092\"";
            return Err(Fault::new(format!("`{}` is not a broker's address", part.trim())).hint(hint));
        }
    }
    Ok(text.to_owned())
}

/// A topic's name, or `^` and a regular expression.
pub(super) fn topic(text: &str) -> Result<String, Fault> {
    if text.starts_with('^') {
        let hint = "a topic that starts with ^ is a regular expression over the names of topics";
        return regex(text).map_err(|fault| fault.hint(hint));
    }
    topic_name(text)
}

/// A regular expression, as its text.
pub(super) fn regex(text: &str) -> Result<String, Fault> {
    Regex::new(text).map(|_| text.to_owned()).map_err(|error| {
        let shown = error.to_string();
        let why = shown.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Fault::new(format!("`{text}` is not a regular expression: {why}"))
    })
}

/// A topic's name, by Kafka's rules.
pub(super) fn topic_name(text: &str) -> Result<String, Fault> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let hint = "names have letters, digits, `.`, `_` and `-`, at most 249; a regular expression starts with ^";
    if text.is_empty() || 249 < text.len() || matches!(text, "." | "..") || !text.chars().all(legal) {
        return Err(Fault::new(format!("`{text}` is not a topic's name")).hint(hint));
    }
    Ok(text.to_owned())
}

/// Where reading begins.
pub(super) fn from(text: &str) -> Result<From, Fault> {
    let other = || Span::parse(text).map(From::Back).or_else(|| Timestamp::parse_rfc3339(text).map(From::At));
    let bad = || {
        let hint = match nearest(text, ["earliest", "latest"]) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "write earliest, latest, a duration back (6h) or a time (2026-11-23T08:00:00Z)".to_owned(),
        };
        Fault::new(format!("`{text}` says no place to begin")).hint(hint)
    };
    match text {
        "earliest" => Ok(From::Earliest),
        "latest" => Ok(From::Latest),
        _ => other().ok_or_else(bad),
    }
}

/// One of a few words.
pub(super) fn one_of<T: Copy>(words: &[(&str, T)], text: &str) -> Result<T, Fault> {
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let names = words.iter().map(|(word, _)| *word);
    let hint = match nearest(text, names.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("it may be {}", names.collect::<Vec<_>>().join(", ")),
    };
    Err(Fault::new(format!("`{text}` is none of the words for it")).hint(hint))
}

/// An address that starts with one of `schemes`, with a host and without credentials.
pub(super) fn url(text: &str, schemes: &[&str]) -> Result<Url, Fault> {
    let forms: Vec<String> = schemes.iter().map(|scheme| format!("{scheme}://host")).collect();
    let hint = format!("write {}", forms.join(" or "));
    // First, so that no message below repeats them.
    if text.split('/').nth(2).is_some_and(|host| host.contains('@')) {
        let message = "credentials do not belong in an address: it is shown in logs";
        return Err(Fault::new(message).hint("name a file that holds them (password_file, secret_file)"));
    }
    let parsed =
        Url::parse(text).map_err(|error| Fault::new(format!("`{text}` is no address: {error}")).hint(&hint))?;
    if !schemes.contains(&parsed.scheme()) || parsed.host_str().is_none_or(str::is_empty) {
        return Err(Fault::new(format!("`{text}` is no address that can be used here")).hint(hint));
    }
    Ok(parsed)
}

/// A mail address, with or without a name: `ops@example` or `Ops <ops@example>`.
pub(super) fn mailbox(text: &str) -> Result<String, Fault> {
    let parsed: Result<lettre::message::Mailbox, _> = text.parse();
    let bad = |_| Fault::new(format!("`{text}` is no mail address")).hint("write someone@example.org");
    parsed.map(|_| text.to_owned()).map_err(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_counted_by_the_week() {
        for (text, expected) in [("1/week", 1.0), ("2/day", 14.0), ("1/month", 7.0 / MONTH_DAYS), ("0.5/week", 0.5)] {
            assert!((per_week(text).unwrap() - expected).abs() < 1e-12, "{text}");
        }
        for bad in ["1", "1/year", "week", "0/week", "-1/week", "inf/week", "NaN/day"] {
            assert!(per_week(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_and_topics_follow_kafkas_rules() {
        for good in ["k:9092", "k", "a:1,b:2", "SASL_SSL://k:9093", "[::1]:9092", "127.0.0.1:9092, b:1"] {
            assert!(brokers(good).is_ok(), "{good}");
        }
        for bad in ["", "k:", "k:0", "k:99999", "a b:9092", "k:9092,", ":9092"] {
            assert!(brokers(bad).is_err(), "{bad}");
        }
        for (text, good) in [("metrics.v1", true), ("^log-.*", true), ("^(", false), ("a b", false), ("..", false)] {
            assert_eq!(topic(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn beginnings_are_read() {
        assert_eq!(from("earliest").unwrap(), From::Earliest);
        assert_eq!(from("6h").unwrap(), From::Back(Span::from_hours(6)));
        assert!(matches!(from("2026-11-23T08:00:00Z").unwrap(), From::At(_)));
        assert_eq!(from("lastest").unwrap_err().hint.unwrap(), "did you mean `latest`?");
    }
}
