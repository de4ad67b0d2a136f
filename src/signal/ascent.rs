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

/// How the last words of running totals read, of clients everywhere.
const ENDINGS: [&str; 10] = [
    "_total",
    "_counter",
    "_bytes_sent",
    "_bytes_recv",
    "_packets_sent",
    "_packets_recv",
    "_read_bytes",
    "_write_bytes",
    "_io_time",
    "_context_switches",
];

/// Telegraf's inputs and those of their fields that its documentation calls counters; a star stands for any one ending.
const INPUTS: [(&str, &[&str]); 13] = [
    ("net_", &["err_in", "err_out", "drop_in", "drop_out"]),
    ("diskio_", &["reads", "writes", "read_time", "write_time", "weighted_io_time"]),
    ("kernel_", &["interrupts", "processes_forked"]),
    ("nginx_", &["requests", "accepts", "handled"]),
    (
        "redis_",
        &["keyspace_hits", "keyspace_misses", "evicted_keys", "expired_keys", "rejected_connections", "total_*"],
    ),
    (
        "mysql_",
        &[
            "queries",
            "questions",
            "slow_queries",
            "connections",
            "bytes_*",
            "com_*",
            "handler_*",
            "aborted_*",
            "innodb_row_lock_waits",
            "innodb_row_lock_time",
            "innodb_rows_*",
            "table_locks_*",
            "created_tmp_*",
            "select_*",
            "sort_*",
        ],
    ),
    ("postgresql_", &["xact_*", "blks_*", "tup_*", "conflicts", "deadlocks", "temp_bytes", "temp_files"]),
    ("memcached_", &["get_hits", "get_misses", "cmd_*", "evictions", "total_*", "bytes_read", "bytes_written"]),
    ("rabbitmq_", &["messages_*ed", "messages_deliver_get"]),
    (
        "haproxy_",
        &[
            "stot",
            "bin",
            "bout",
            "dreq",
            "dresp",
            "ereq",
            "econ",
            "eresp",
            "wretr",
            "wredis",
            "req_tot",
            "http_response.*",
        ],
    ),
    ("apache_", &["TotalAccesses", "TotalkBytes"]),
    ("docker_container_", &["net_rx_*", "net_tx_*", "blkio_io_*"]),
    ("zookeeper_", &["packets_*"]),
];

/// Whether a name reads like a pattern, in which one star may stand for anything.
fn reads_like(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        Some((begin, end)) => name.strip_prefix(begin).is_some_and(|rest| rest.ends_with(end)),
        None => name == pattern,
    }
}

impl Ascent {
    /// Whether a signal of this name may be a running total.
    pub fn is_asked(name: &str) -> bool {
        let is_field = |(input, fields): &(&str, &[&str])| {
            let field = name.strip_prefix(input);
            field.is_some_and(|field| fields.iter().any(|pattern| reads_like(field, pattern)))
        };
        ENDINGS.iter().any(|end| name.ends_with(end)) || INPUTS.iter().any(is_field)
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

    /// The same course, with what an elder instance has proved.
    pub fn heir(self, elder: Ascent) -> Ascent {
        Ascent { last: self.last, ..elder }
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
        for name in ["http_requests_total", "net_bytes_recv", "diskio_reads", "diskio_io_time", "mysql_com_select"] {
            assert!(Ascent::is_asked(name), "{name}");
        }
        for name in ["disk_used_bytes", "queue_depth", "threads", "spreads", "mysql_threads_connected"] {
            assert!(!Ascent::is_asked(name), "{name}");
        }
    }
}
