//! Times, values and shares as people say them.

use jiff::tz::TimeZone;

use crate::time::{Span, Timestamp};

/// A moment in local time with its zone: `Mon 23 Nov 14:10 CET`.
pub(in crate::deliver) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned(zone.clone()).strftime("%a %-d %b %H:%M %Z").to_string()
}

/// A moment and how far it is from another: `Mon 23 Nov 14:10 CET (in 3h)`, or `(5m ago)`.
pub(in crate::deliver) fn moment_from(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let gap = at.since(now);
    let gap = match gap {
        gap if gap < Span::ZERO => format!("{} ago", coarse(now.since(at))),
        Span::ZERO => "now".to_owned(),
        gap => format!("in {}", coarse(gap)),
    };
    format!("{} ({gap})", moment(at, zone))
}

/// A length without more exactness than a forecast has: whole minutes above one minute.
pub(in crate::deliver) fn coarse(span: Span) -> String {
    let minute = Span::from_mins(1).nanos();
    if span.nanos() < minute {
        return span.to_string();
    }
    Span::from_nanos(span.nanos() / minute * minute).to_string()
}

/// A value with its unit, to three digits: `812 ms`, `93 %`, `1.2 GB`.
pub(in crate::deliver) fn quantity(value: f64, unit: Option<&str>) -> String {
    match unit {
        Some("ratio") => format!("{} %", digits(value * 100.0)),
        Some("bytes") => {
            let steps = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
            let step = steps.iter().find(|(size, _)| *size <= value.abs());
            step.map_or_else(
                || format!("{} B", digits(value)),
                |(size, name)| format!("{} {name}", digits(value / size)),
            )
        }
        Some("1/s") => format!("{}/s", digits(value)),
        Some(unit) if !unit.is_empty() => format!("{} {unit}", digits(value)),
        _ => digits(value),
    }
}

/// A number to three digits, without an exponent where it can be read without one.
fn digits(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if !value.is_finite() => return value.to_string(),
        _ if size != 0.0 && !(1e-4..1e15).contains(&size) => return format!("{value:.2e}"),
        _ if 100.0 <= size => format!("{value:.0}"),
        _ if 10.0 <= size => format!("{value:.1}"),
        _ if 1.0 <= size => format!("{value:.2}"),
        _ if 0.1 <= size => format!("{value:.3}"),
        _ => format!("{value:.6}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A probability as a share that does not promise more than is known: 1 to 99 %, `certain` at 1.
pub(in crate::deliver) fn share(probability: f64) -> String {
    match probability {
        p if p.is_nan() => "unknown".to_owned(),
        p if 0.995 < p => "all but certain".to_owned(),
        p => format!("{:.0} %", (p * 100.0).clamp(1.0, 99.0)),
    }
}

/// `1 alert`, `2 alerts`.
pub(in crate::deliver) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
