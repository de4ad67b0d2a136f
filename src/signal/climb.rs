//! Running totals under any name.
//!
//! What people count themselves (`orders placed`, `cart views`) has no name that anybody could list ([`super::Ascent`] asks those
//! that are listed). What such a series does tells it all the same, only later: it rises for a day and longer, by steps that differ,
//! and never falls. A size or a state that does so (a disk that fills, an age) is not read as a total; their names are few.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// What the values of one series did since it last fell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Climb {
    last: f64,
    step: f64,
    rises: u16,
    since: Option<Timestamp>,
    is_total: bool,
}

/// So many rises of differing size, over so long, without a fall. By then what begins anew each day has fallen.
const RISES: u16 = 500;
const LONG: Span = Span::from_hours(26);
/// A fall to less than this share of the value before is a restart, once it is known for a total.
const RESTART: f64 = 0.1;

/// Words of sizes, states and ages, which may rise for days without being totals.
const STATES: [&str; 64] = [
    "active",
    "age",
    "allocated",
    "available",
    "avg",
    "backlog",
    "behind",
    "busy",
    "capacity",
    "clients",
    "connected",
    "connections",
    "current",
    "delay",
    "depth",
    "disk",
    "epoch",
    "expires",
    "expiry",
    "fds",
    "files",
    "fraction",
    "free",
    "freshness",
    "heap",
    "height",
    "held",
    "inodes",
    "lag",
    "latency",
    "left",
    "length",
    "level",
    "limit",
    "load",
    "max",
    "mem",
    "memory",
    "min",
    "offset",
    "oldest",
    "open",
    "pending",
    "percent",
    "pool",
    "position",
    "queue",
    "queued",
    "ratio",
    "remaining",
    "resident",
    "rss",
    "sessions",
    "since",
    "size",
    "space",
    "state",
    "swap",
    "temperature",
    "threads",
    "timestamp",
    "uptime",
    "usage",
    "used",
];

impl Climb {
    /// Whether a signal of this name may be a running total.
    pub fn is_asked(name: &str) -> bool {
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
        words.all(|word| STATES.binary_search(&word.to_ascii_lowercase().as_str()).is_err())
    }

    /// The same course, with what an elder instance has proved.
    pub fn heir(self, elder: Climb) -> Climb {
        Climb { is_total: self.is_total || elder.is_total, ..self }
    }

    /// Takes the next value; whether the series is a running total by all that is known now.
    pub fn take(&mut self, at: Timestamp, value: f64) -> bool {
        if !value.is_finite() {
            return self.is_total;
        }
        let since = *self.since.get_or_insert(at);
        let step = value - self.last;
        if 0.0 < step && step != self.step {
            self.rises = self.rises.saturating_add(1);
        } else if step < 0.0 {
            let is_restart = self.is_total && 0.0 <= value && value <= RESTART * self.last;
            *self = Climb { since: Some(at), is_total: is_restart, ..Climb::default() };
        }
        (self.last, self.step) = (value, step);
        self.is_total |= RISES <= self.rises && LONG <= at.since(since);
        self.is_total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(minutes: i64, value: impl Fn(i64) -> f64) -> bool {
        let mut climb = Climb::default();
        (0..minutes).map(|m| climb.take(Timestamp::from_secs(60 * m), value(m))).last().unwrap()
    }

    /// By the minute, in steps of one to seven.
    fn counted(minute: i64) -> f64 {
        (4 * minute + minute * minute % 3) as f64
    }

    #[test]
    fn what_rises_for_longer_than_a_day_is_a_total() {
        assert!(!ends(1500, counted), "a day and an hour: what is counted by the day has not yet begun anew");
        assert!(ends(1600, counted));
        assert!(ends(4000, |m| counted(m / 5)), "it rests between");
        assert!(ends(4000, |m| counted(if m < 2000 { m } else { m - 1990 })), "a restart, once it is known");
    }

    #[test]
    fn what_falls_or_only_tells_the_time_is_none() {
        assert!(!ends(9000, |m| counted(m % 1440)), "counted by the day");
        assert!(!ends(9000, |m| counted(m) - if m % 300 == 0 { 9.0 } else { 0.0 }), "it falls now and then");
        assert!(!ends(9000, |m| m as f64), "as time goes by");
        assert!(!ends(9000, |m| if m < 8990 { counted(m) } else { counted(m) / 2.0 }), "it was no total after all");
    }

    #[test]
    fn names_of_sizes_and_states_are_not_asked() {
        assert!(STATES.is_sorted());
        for name in ["disk_used_bytes", "queue.size", "backup_age", "jvm.heap", "mysql_threads_connected", "lag"] {
            assert!(!Climb::is_asked(name), "{name}");
        }
        for name in ["shop_orders", "events_received", "cart.views", "rows_written"] {
            assert!(Climb::is_asked(name), "{name}");
        }
    }
}
