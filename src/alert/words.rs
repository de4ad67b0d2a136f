//! Numbers, times and names as people say them: short, with units, in local time.

use std::fmt::Write as _;

use crate::calendar::Calendar;
use crate::signal::{SERVICE_LABELS, Signal};
use crate::time::{Span, Timestamp};

/// Labels that are said elsewhere or tell nobody which signal is meant.
const UNSAID: [&str; 4] = ["stat", "runbook", "owner", "team"];

/// A value with its unit, three significant digits: `812 ms`, `12.3 GB`, `0.953`, `1.25k`.
pub fn quantity(value: f64, unit: Option<&str>) -> String {
    match unit.unwrap_or("") {
        "bytes" | "byte" | "B" | "By" => format!("{}B", scaled(value, " ")),
        "ms" if value.abs() >= 10_000.0 => format!("{} s", digits(value / 1000.0)),
        "" | "ratio" | "1" => scaled(value, ""),
        "1/s" | "/s" => format!("{}/s", scaled(value, "")),
        "percent" | "%" => format!("{} %", digits(value)),
        unit => format!("{} {unit}", scaled(value, "")),
    }
}

/// The level of a bound: as it was written where that is short, else like any value.
pub fn level(value: f64, unit: Option<&str>) -> String {
    let exact = value.to_string();
    let plain = matches!(unit.unwrap_or(""), "" | "ratio" | "1");
    if plain && exact.len() <= 6 { exact } else { quantity(value, unit) }
}

fn scaled(value: f64, gap: &str) -> String {
    let size = value.abs();
    for (factor, prefix) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] {
        // Four digits are still easier to read in full.
        if size >= factor * if factor == 1e3 { 10.0 } else { 1.0 } && size.is_finite() {
            return format!("{}{gap}{prefix}", digits(value / factor));
        }
    }
    format!("{}{gap}", digits(value))
}

/// Three significant digits without trailing zeros; whole numbers below 10,000 in full.
fn digits(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "not a number".into() } else { format!("{value}") };
    }
    let size = value.abs();
    if size == 0.0 {
        return "0".into();
    }
    if !(1e-4..1e7).contains(&size) {
        return format!("{value:.2e}");
    }
    let before_point = if size >= 1.0 { libm::floor(libm::log10(size)) as i32 + 1 } else { 0 };
    let leading_zeros = if size < 1.0 { (-libm::floor(libm::log10(size)) as i32) - 1 } else { 0 };
    let decimals = (3 - before_point + leading_zeros).clamp(0, 8) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A local time as seen from `now`: `14:20 CET`, `Tue 14:20 CET` on another day, with the date beyond a week.
pub fn clock(at: Timestamp, now: Timestamp, calendar: &Calendar) -> String {
    let local = at.to_jiff().to_zoned(calendar.zone.clone());
    let today = now.to_jiff().to_zoned(calendar.zone.clone()).date();
    let far = Span::from_days(6) < at.since(now) || Span::from_days(6) < now.since(at);
    let form = if local.date() == today {
        "%H:%M %Z"
    } else if far {
        "%Y-%m-%d %H:%M %Z"
    } else {
        "%a %H:%M %Z"
    };
    local.strftime(form).to_string()
}

/// A length of time in one word and a number: `12 minutes`, `3 hours`, `2 days`.
pub fn length(span: Span) -> String {
    let secs = span.nanos().unsigned_abs() / 1_000_000_000;
    let (count, word) = match secs {
        0..120 => (secs, "second"),
        120..7_170 => ((secs + 30) / 60, "minute"),
        7_170..171_000 => ((secs + 1_800) / 3_600, "hour"),
        _ => ((secs + 43_200) / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {word}{plural}")
}

/// How rare something is, from log10 of its return period in weeks: `about once in 3 weeks`.
pub fn rarity(log10_weeks: f64) -> Option<String> {
    // Beyond a century the number says more about the model than about the signal.
    let weeks = libm::pow(10.0, log10_weeks.clamp(0.0, 3.7));
    Some(match log10_weeks {
        c if c.is_nan() || c < 0.0 => return None,
        c if c > 3.7 => "never seen before".into(),
        _ if weeks < 1.5 => "about once a week".into(),
        _ if weeks < 52.0 => format!("about once in {weeks:.0} weeks"),
        _ if weeks < 78.0 => "about once a year".into(),
        _ => format!("about once in {:.0} years", weeks / 52.0),
    })
}

/// A signal in words: `disk_used_ratio of db-1 (device sda)`; what the labels of a distribution say comes first.
pub fn title(signal: &Signal) -> String {
    let mut out = String::new();
    // The line itself is in the words of the finding.
    if signal.name() == "log_template_rate" {
        return format!("a log line of {}", signal.service().unwrap_or("a service"));
    }
    if let Some(stat) = signal.label("stat") {
        let _ = write!(out, "{stat} of ");
    }
    out.push_str(signal.name());
    let said = SERVICE_LABELS.iter().find(|key| signal.label(key).is_some());
    if let Some(service) = signal.service() {
        let _ = write!(out, " of {service}");
    }
    let others = signal.labels().filter(|(key, _)| said != Some(key) && !UNSAID.contains(key));
    for (nth, (key, value)) in others.take(3).enumerate() {
        out.push_str(if nth == 0 { " (" } else { ", " });
        let _ = write!(out, "{key} {value}");
    }
    if signal.labels().any(|(key, _)| said != Some(&key) && !UNSAID.contains(&key)) {
        out.push(')');
    }
    out
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn quantities_are_short_and_carry_their_unit() {
        for (value, unit, expected) in [
            (812.4, Some("ms"), "812 ms"),
            (12_345.0, Some("ms"), "12.3 s"),
            (12_345_678_901.0, Some("bytes"), "12.3 GB"),
            (512.0, Some("bytes"), "512 B"),
            (0.953_4, Some("ratio"), "0.953"),
            (0.000_512_3, None, "0.000512"),
            (1_250.0, None, "1250"),
            (1_250_000.0, None, "1.25M"),
            (-20.0, Some("1/s"), "-20/s"),
            (99.5, Some("percent"), "99.5 %"),
            (3e-9, None, "3.00e-9"),
            (0.0, Some("s"), "0 s"),
            (f64::INFINITY, None, "inf"),
            (f64::MAX, None, "1.80e296T"),
        ] {
            assert_eq!(quantity(value, unit), expected, "{value} {unit:?}");
        }
        assert_eq!((level(99.95, None).as_str(), level(0.95, Some("ratio")).as_str()), ("99.95", "0.95"));
    }

    #[test]
    fn times_are_local_and_lengths_are_words() {
        let at = |text| Timestamp::parse_rfc3339(text).unwrap();
        let berlin = Calendar { zone: TimeZone::get("Europe/Berlin").unwrap(), ..Calendar::default() };
        let now = at("2026-10-24T12:00:00Z");
        assert_eq!(clock(at("2026-10-24T13:20:00Z"), now, &berlin), "15:20 CEST");
        assert_eq!(clock(at("2026-10-25T13:20:00Z"), now, &berlin), "Sun 14:20 CET");
        assert_eq!(clock(at("2026-11-25T13:20:00Z"), now, &berlin), "2026-11-25 14:20 CET");
        let said = [1, 90, 720, 7_200, 200_000].map(|secs| length(Span::from_secs(secs)));
        assert_eq!(said, ["1 second", "90 seconds", "12 minutes", "2 hours", "2 days"]);
        let rare = [-1.0, 0.1, 0.5, 2.0, 3.0, 9.0].map(|c| rarity(c).unwrap_or_default());
        assert_eq!(
            rare,
            [
                "",
                "about once a week",
                "about once in 3 weeks",
                "about once in 2 years",
                "about once in 19 years",
                "never seen before"
            ]
        );
    }

    #[test]
    fn titles_name_the_service_and_what_tells_instances_apart() {
        let disk = Signal::new("disk_used_ratio", [("host", "db-1"), ("device", "sda"), ("team", "storage")]);
        assert_eq!(title(&disk), "disk_used_ratio of db-1 (device sda)");
        let latency = Signal::new("latency", [("service", "checkout"), ("stat", "p99")]);
        assert_eq!(title(&latency), "p99 of latency of checkout");
        assert_eq!(title(&Signal::new("up", [("", "")])), "up");
    }
}
