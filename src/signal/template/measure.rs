//! Fields of a record that measure something: what structured logs say instead of putting numbers into words.

use super::numbers::Number;
use super::shape;

/// What a name ends with that counts or measures without a unit.
const COUNTS: [&str; 26] = [
    "active",
    "attempt",
    "attempts",
    "backlog",
    "count",
    "depth",
    "duration",
    "elapsed",
    "errors",
    "failures",
    "free",
    "idle",
    "lag",
    "latency",
    "len",
    "length",
    "misses",
    "pending",
    "queued",
    "remaining",
    "retries",
    "retry",
    "size",
    "took",
    "total",
    "used",
];
/// Bytes of a name, and of a number.
const NAME_BYTES: usize = 64;
const NUMBER_BYTES: usize = 24;

/// The number of a field that measures something: it has a unit, in its value (`took=5ms`) or at the end of its name (`duration_ms`,
/// `latencyMs`), or its name says what is counted (`queue.size`, `retries`). All other numbers tell things apart.
pub fn measure(key: &str, value: &str) -> Option<Number> {
    if NAME_BYTES < key.len() || NUMBER_BYTES < value.len() || !value.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let last = last_part(key);
    let (value, own) = match value.parse::<f64>() {
        Ok(value) => (value, None),
        Err(_) => shape::number_with_unit(value.as_bytes())?,
    };
    let is_unit = last.len() < key.len() && (1 < last.len() || last == "s");
    let unit = own.or_else(|| shape::unit(last.as_bytes()).filter(|_| is_unit));
    let is_told = unit.is_some() || COUNTS.contains(&&*last);
    (is_told && value.is_finite()).then(|| Number::new(key.to_ascii_lowercase(), value, unit))
}

/// The last word of a name in lower case: `ms` of `duration_ms`, `request.ms` and `durationMs`.
fn last_part(key: &str) -> String {
    let from = key.rfind(['_', '.', '-', ':']).map_or(0, |at| at + 1);
    let word = &key[from..];
    let bytes = word.as_bytes();
    let camel = (1..bytes.len()).rev().find(|at| bytes[*at].is_ascii_uppercase() && bytes[at - 1].is_ascii_lowercase());
    word[camel.unwrap_or(0)..].to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_a_unit_or_a_count_are_quantities_and_ids_are_not() {
        let show = |key: &str, value: &str| {
            measure(key, value).map(|n| format!("{}={} {}", n.name, n.value, n.unit.unwrap_or("-")))
        };
        for (key, value, expected) in [
            ("duration_ms", "350", "duration_ms=0.35 s"),
            ("latencyMs", "12.5", "latencyms=0.0125 s"),
            ("took", "5ms", "took=0.005 s"),
            ("http.response.body.bytes", "2048", "http.response.body.bytes=2048 bytes"),
            ("queue.size", "812", "queue.size=812 -"),
            ("retries", "3", "retries=3 -"),
            ("cpu_percent", "93.5", "cpu_percent=93.5 %"),
            ("expires_in_days", "12", "expires_in_days=1036800 s"),
            ("elapsed", "-1.5e-3", "elapsed=-0.0015 -"),
        ] {
            assert_eq!(show(key, value).as_deref(), Some(expected));
        }
        for (key, value) in [
            ("process.pid", "9619"),
            ("item", "7"),
            ("status", "200"),
            ("ms", "350"),
            ("took", "long"),
            ("_order", "7"),
            ("elapsed", "inf"),
            ("size", "NaN"),
            ("version", "1.4.2"),
        ] {
            assert_eq!(show(key, value), None, "{key}={value}");
        }
    }
}
