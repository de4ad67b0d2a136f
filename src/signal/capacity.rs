//! Which names speak of one capacity: what is used of it, what is left, and how much there is.
//!
//! Most telemetry tells a use and its limit as two metrics (`process_open_fds` and `process_max_fds`, `kubelet_volume_stats_used_bytes`
//! and `…_capacity_bytes`, OpenTelemetry's `system.filesystem.usage` by state), and only a few tell the share. Names follow one
//! pattern: they are equal but for the word that says the part. What does not follow it is listed.

/// What a signal tells of a capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// How much is in use.
    Used,
    /// How much is left; of two such (`avail` and `free` of a file system) what programs can get comes first.
    Left,
    /// How much there is.
    Whole,
}

const USED: [&str; 9] = ["used", "usage", "open", "active", "busy", "current", "connected", "allocated", "acquired"];
const LEFT: [&str; 4] = ["avail", "available", "free", "remaining"];
const WHOLE: [&str; 5] = ["limit", "max", "maximum", "capacity", "quota"];
/// Words that mean the whole where it is one of space: elsewhere a total is a counter, and a size in use.
const WHOLE_SPACE: [&str; 2] = ["total", "size"];
/// Space of which nothing else takes a share, so that what is used and what is left make the whole.
const SPACE: [&str; 8] = ["disk", "filesystem", "fs", "volume", "storage", "inodes", "swap", "paging"];
const MEMORY: [&str; 2] = ["memory", "mem"];
/// What stands between the words of a name.
const BREAKS: [char; 4] = ['.', '_', ':', '-'];

/// Names off the pattern: of the whole, and of the use. From the documentation of cAdvisor, Tomcat's exporter and the semantic
/// conventions of OpenTelemetry (JVM, containers).
const LISTED: [(&str, &str); 5] = [
    ("container_spec_memory_limit_bytes", "container_memory_working_set_bytes"),
    ("container.memory.usage.limit", "container.memory.usage.total"),
    ("tomcat_threads_config_max_threads", "tomcat_threads_busy_threads"),
    ("jvm.memory.limit", "jvm.memory.used_after_last_gc"),
    ("db.client.connection.max", "db.client.connection.count:used"),
];

/// The part that a name tells, its rank among names of the same part, and the pattern that it shares with the other parts;
/// none where it tells of no capacity.
pub(super) fn part_of(name: &str) -> Option<((Part, u8), String)> {
    if let Some((whole, used)) = LISTED.iter().find(|(whole, used)| [*whole, *used].contains(&name)) {
        let part = if name == *whole { Part::Whole } else { Part::Used };
        return Some(((part, 0), format!("{whole} {used}")));
    }
    let has_size = || is_space(name) || words(name).any(|word| MEMORY.contains(&word));
    let role = |word: &str| {
        let among = |part, list: &[&str]| Some((part, list.iter().position(|have| *have == word)? as u8));
        let whole = || among(Part::Whole, &WHOLE_SPACE).filter(|_| has_size());
        among(Part::Used, &USED).or(among(Part::Left, &LEFT)).or(among(Part::Whole, &WHOLE)).or_else(whole)
    };
    // The last such word decides: in `filesystem.usage:free` the first one names the metric.
    let mut end = name.len();
    for word in name.rsplit(BREAKS) {
        let start = end - word.len();
        if let Some(part) = role(word) {
            return Some((part, format!("{}*{}", &name[..start], &name[end..])));
        }
        end = start.saturating_sub(1);
    }
    None
}

/// Whether what is used and what is left make up the whole.
pub fn is_space(name: &str) -> bool {
    words(name).any(|word| SPACE.contains(&word))
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(BREAKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_one_capacity_share_a_pattern() {
        for (used, whole) in [
            ("process_open_fds", "process_max_fds"),
            ("kubelet_volume_stats_used_bytes", "kubelet_volume_stats_capacity_bytes"),
            ("hikaricp_connections_active", "hikaricp_connections_max"),
            ("redis_memory_used_bytes", "redis_memory_max_bytes"),
            ("container_memory_working_set_bytes", "container_spec_memory_limit_bytes"),
            ("jvm.memory.used_after_last_gc", "jvm.memory.limit"),
            ("mem_used", "mem_total"),
        ] {
            let (a, b) = (part_of(used).unwrap(), part_of(whole).unwrap());
            assert_eq!((a.0.0, b.0.0, &a.1), (Part::Used, Part::Whole, &b.1), "{used} {whole}");
        }
        for (left, whole) in [
            ("node_filesystem_avail_bytes", "node_filesystem_size_bytes"),
            ("elasticsearch_filesystem_data_available_bytes", "elasticsearch_filesystem_data_size_bytes"),
        ] {
            let (a, b) = (part_of(left).unwrap(), part_of(whole).unwrap());
            assert_eq!((a.0.0, b.0.0, &a.1), (Part::Left, Part::Whole, &b.1), "{left} {whole}");
        }
        let state = |state| part_of(&format!("system.filesystem.usage:{state}")).unwrap();
        assert_eq!((state("used").0.0, state("free").0.0, state("used").1), (Part::Used, Part::Left, state("free").1));
    }

    #[test]
    fn what_counts_or_measures_is_no_capacity() {
        for name in ["http_requests_total", "http_request_size", "http_latency_p99_ms", "queue_depth", "", "a..b"] {
            assert_eq!(part_of(name), None, "{name}");
        }
    }
}
