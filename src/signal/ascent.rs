//! Counters that nobody calls so.
//!
//! Line protocol, CSV and bare JSON tell no types. Under the names by which exporters write running totals (`diskio
//! read_bytes`, `net packets_recv`, `http_requests total`) sizes are written too (`mem total`), so the name only raises the
//! question; what the values do answers it: a counter only rises, but for falls to next to nothing when its process restarts.

use serde::{Deserialize, Serialize};

/// What the values of one series did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ascent {
    last: Option<f64>,
    rises: u8,
    is_gauge: bool,
}

/// So many rises and no fall of a gauge's make a counter: a quantity that wanders rises so often in a row once in 10⁹ times.
const RISES: u8 = 30;
/// A fall to less than this share of the value before is a restart.
const RESTART: f64 = 0.1;

/// How the last words of running totals read: of clients everywhere, then of Telegraf's own inputs (`net`, `diskio`, `kernel`,
/// `nginx`, `redis`), whose documentation calls these fields counters.
const NAMES: [&str; 20] = [
    "_total",
    "_counter",
    "_bytes_sent",
    "_bytes_recv",
    "_packets_sent",
    "_packets_recv",
    "_read_bytes",
    "_write_bytes",
    "diskio_reads",
    "diskio_writes",
    "_read_time",
    "_write_time",
    "_io_time",
    "_context_switches",
    "_interrupts",
    "_processes_forked",
    "nginx_requests",
    "nginx_accepts",
    "_keyspace_hits",
    "_keyspace_misses",
];

impl Ascent {
    /// Whether a signal of this name may be a running total.
    pub fn is_asked(name: &str) -> bool {
        NAMES.iter().any(|end| name.ends_with(end))
    }

    /// Takes the next value; whether the series is a counter by all that is known now. What once fell like a gauge is one.
    pub fn take(&mut self, value: f64) -> bool {
        if self.is_gauge || !value.is_finite() {
            return self.is_counter();
        }
        let last = *self.last.get_or_insert(value);
        self.last = Some(value);
        if last < value {
            self.rises = self.rises.saturating_add(1);
        } else if value < last {
            self.is_gauge = value < 0.0 || RESTART * last < value;
        }
        self.is_counter()
    }

    fn is_counter(&self) -> bool {
        RISES <= self.rises && !self.is_gauge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(values: impl IntoIterator<Item = f64>) -> bool {
        let mut ascent = Ascent::default();
        values.into_iter().map(|value| ascent.take(value)).last().unwrap()
    }

    #[test]
    fn what_only_rises_is_a_counter_across_restarts_and_idle_hours() {
        let counted = |n: i32| f64::from(n - if 20 < n { 21 } else { 0 }) * 7.0;
        assert!(ends((0..40).map(counted)));
        assert!(ends((0..900).map(|n| f64::from(n / 25))), "it rests between");
        assert!(!ends((0..900).map(|_| 16e9)), "a size");
        assert!(!ends((0..900).map(|n| f64::from(n % 100) + 100.0)), "a sawtooth on a level");
        assert!(!ends((0..900).map(|n| if n == 3 { 1.5 } else { f64::from(n) })), "it fell once by a little");
    }

    #[test]
    fn a_name_raises_the_question() {
        for name in ["http_requests_total", "net_bytes_recv", "diskio_reads", "diskio_io_time"] {
            assert!(Ascent::is_asked(name), "{name}");
        }
        for name in ["disk_used_bytes", "queue_depth", "threads", "spreads"] {
            assert!(!Ascent::is_asked(name), "{name}");
        }
    }
}
