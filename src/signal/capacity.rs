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
/// And what else is told as what is used and what is left: the connections of MongoDB.
const SHARED_OUT: &str = "mongodb_connections";
const MEMORY: [&str; 2] = ["memory", "mem"];
/// What stands between the words of a name.
const BREAKS: [char; 4] = ['.', '_', ':', '-'];

/// Names off the pattern: of the whole, and of what is used or left of it. From the documentation of the exporters of Prometheus
/// (node, kubelet, cAdvisor, redis, mysqld, Tomcat, Micrometer, RabbitMQ, etcd, Ceph, MinIO, Oracle, Windows), the semantic conventions and
/// receivers of OpenTelemetry, and Telegraf's inputs.
const LISTED: [(&str, &str, Part); 30] = [
    ("container_spec_memory_limit_bytes", "container_memory_working_set_bytes", Part::Used),
    ("container.memory.usage.limit", "container.memory.usage.total", Part::Used),
    ("system.memory.limit", "system.memory.usage:used", Part::Used),
    ("node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes", Part::Left),
    ("node_memory_SwapTotal_bytes", "node_memory_SwapFree_bytes", Part::Left),
    ("windows_cs_physical_memory_bytes", "windows_memory_available_bytes", Part::Left),
    ("node_filesystem_files", "node_filesystem_files_free", Part::Left),
    ("kubelet_volume_stats_inodes", "kubelet_volume_stats_inodes_used", Part::Used),
    ("ceph_cluster_total_bytes", "ceph_cluster_total_used_bytes", Part::Used),
    ("minio_cluster_capacity_usable_total_bytes", "minio_cluster_capacity_usable_free_bytes", Part::Left),
    ("node_nf_conntrack_entries_limit", "node_nf_conntrack_entries", Part::Used),
    ("conntrack_nf_conntrack_max", "conntrack_nf_conntrack_count", Part::Used),
    ("conntrack_ip_conntrack_max", "conntrack_ip_conntrack_count", Part::Used),
    ("linux_sysctl_fs_file-max", "linux_sysctl_fs_file-nr", Part::Used),
    ("procstat_rlimit_num_fds_soft", "procstat_num_fds", Part::Used),
    ("jvm.memory.limit", "jvm.memory.used_after_last_gc", Part::Used),
    ("tomcat_threads_config_max_threads", "tomcat_threads_busy_threads", Part::Used),
    ("executor_pool_max_threads", "executor_active_threads", Part::Used),
    ("haproxy_slim", "haproxy_scur", Part::Used),
    ("db.client.connection.max", "db.client.connection.count:used", Part::Used),
    ("mysql_global_variables_max_connections", "mysql_global_status_threads_connected", Part::Used),
    ("mysql_variables_max_connections", "mysql_threads_connected", Part::Used),
    ("mysql_global_variables_open_files_limit", "mysql_global_status_open_files", Part::Used),
    ("oracledb_resource_limit_value", "oracledb_resource_current_utilization", Part::Used),
    ("redis.maxmemory", "redis.memory.used", Part::Used),
    ("redis_maxmemory", "redis_used_memory", Part::Used),
    ("redis_config_maxclients", "redis_connected_clients", Part::Used),
    ("redis_maxclients", "redis_clients", Part::Used),
    ("rabbitmq_resident_memory_limit_bytes", "rabbitmq_process_resident_memory_bytes", Part::Used),
    ("etcd_server_quota_backend_bytes", "etcd_mvcc_db_total_size_in_bytes", Part::Used),
];

/// What tells of the memory of a container: in Kubernetes its use and its limit come from two programs, each with labels of its
/// own. From the documentation of cAdvisor, kube-state-metrics, the collector's kubeletstats and k8s_cluster receivers (as
/// OpenTelemetry and as Prometheus write the names), and Telegraf's kubernetes and kube_inventory inputs.
const CONTAINER_MEMORY: [(&str, Part, u8); 13] = [
    ("container_memory_working_set_bytes", Part::Used, 0),
    ("container.memory.working_set", Part::Used, 0),
    ("container_memory_working_set", Part::Used, 0),
    ("kubernetes_pod_container_memory_working_set_bytes", Part::Used, 0),
    ("container_memory_usage_bytes", Part::Used, 1),
    ("container.memory.usage", Part::Used, 1),
    ("container_memory_usage", Part::Used, 1),
    ("kube_pod_container_resource_limits", Part::Whole, 0),
    ("kube_pod_container_resource_limits_memory_bytes", Part::Whole, 0),
    ("kubernetes_pod_container_resource_limits_memory_bytes", Part::Whole, 0),
    ("k8s.container.memory_limit", Part::Whole, 0),
    ("k8s_container_memory_limit_bytes", Part::Whole, 0),
    ("container_spec_memory_limit_bytes", Part::Whole, 1),
];

/// The labels that say which container it is, each under its names; one that Prometheus renamed comes before the one that took
/// its place.
const NAMESPACE: [&str; 4] = ["exported_namespace", "k8s.namespace.name", "k8s_namespace_name", "namespace"];
const POD: [&str; 5] = ["exported_pod", "k8s.pod.name", "k8s_pod_name", "pod_name", "pod"];
const CONTAINER: [&str; 5] =
    ["exported_container", "k8s.container.name", "k8s_container_name", "container_name", "container"];

/// The part that a signal tells of a container's memory, its rank, and the container: namespace, pod and name.
pub(super) fn container_memory<'a>(
    name: &str,
    label: impl Fn(&str) -> Option<&'a str>,
) -> Option<((Part, u8), [&'a str; 3])> {
    let (_, part, rank) = CONTAINER_MEMORY.iter().find(|(known, ..)| *known == name)?;
    if label("resource").is_some_and(|resource| resource != "memory") {
        return None;
    }
    let first = |names: &[&str]| names.iter().find_map(|name| label(name));
    Some(((*part, *rank), [first(&NAMESPACE)?, first(&POD)?, first(&CONTAINER)?]))
}

/// The part that a name tells, its rank among names of the same part, and the pattern that it shares with the other parts;
/// none where it tells of no capacity.
pub(super) fn part_of(name: &str) -> Option<((Part, u8), String)> {
    if let Some((whole, other, part)) = LISTED.iter().find(|(whole, other, _)| [*whole, *other].contains(&name)) {
        let part = if name == *whole { Part::Whole } else { *part };
        return Some(((part, 0), format!("{whole} {other}")));
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
pub fn is_shared_out(name: &str) -> bool {
    is_space(name) || name.starts_with(SHARED_OUT)
}

fn is_space(name: &str) -> bool {
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
            ("redis.memory.used", "redis.maxmemory"),
            ("node_nf_conntrack_entries", "node_nf_conntrack_entries_limit"),
        ] {
            let (a, b) = (part_of(used).unwrap(), part_of(whole).unwrap());
            assert_eq!((a.0.0, b.0.0, &a.1), (Part::Used, Part::Whole, &b.1), "{used} {whole}");
        }
        for (left, whole) in [
            ("node_filesystem_avail_bytes", "node_filesystem_size_bytes"),
            ("elasticsearch_filesystem_data_available_bytes", "elasticsearch_filesystem_data_size_bytes"),
            ("node_filesystem_files_free", "node_filesystem_files"),
            ("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes"),
        ] {
            let (a, b) = (part_of(left).unwrap(), part_of(whole).unwrap());
            assert_eq!((a.0.0, b.0.0, &a.1), (Part::Left, Part::Whole, &b.1), "{left} {whole}");
        }
        let state = |state| part_of(&format!("system.filesystem.usage:{state}")).unwrap();
        assert_eq!((state("used").0.0, state("free").0.0, state("used").1), (Part::Used, Part::Left, state("free").1));
    }

    #[test]
    fn a_listed_name_tells_of_one_capacity_alone() {
        let mut names: Vec<&str> = LISTED.iter().flat_map(|(whole, other, _)| [*whole, *other]).collect();
        names.sort_unstable();
        let twice: Vec<&[&str]> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
        for (whole, other, part) in LISTED {
            let (a, b) = (part_of(whole).unwrap(), part_of(other).unwrap());
            assert_eq!((a.0.0, b.0.0, &a.1), (Part::Whole, part, &b.1), "{whole} {other}");
        }
    }

    #[test]
    fn the_memory_of_a_container_is_known_by_its_place_whoever_tells() {
        let place = |name: &str, labels: &[(&str, &'static str)]| {
            container_memory(name, |key| labels.iter().find(|(have, _)| *have == key).map(|(_, value)| *value))
        };
        let at = ["shop", "web-1", "web"];
        let used = [("namespace", at[0]), ("pod", at[1]), ("container", at[2]), ("id", "/kubepods/7")];
        assert_eq!(place("container_memory_working_set_bytes", &used), Some(((Part::Used, 0), at)));
        let limit = [
            ("exported_namespace", at[0]),
            ("exported_pod", at[1]),
            ("exported_container", at[2]),
            ("namespace", "monitoring"),
            ("pod", "kube-state-metrics-0"),
            ("container", "kube-state-metrics"),
        ];
        let of = |resource| [&limit[..], &[("resource", resource)]].concat();
        let limits = "kube_pod_container_resource_limits";
        assert_eq!(place(limits, &of("memory")), Some(((Part::Whole, 0), at)));
        assert_eq!(place(limits, &of("cpu")), None);
        let otel = [("k8s.namespace.name", at[0]), ("k8s.pod.name", at[1]), ("k8s.container.name", at[2])];
        assert_eq!(place("k8s.container.memory_limit", &otel), Some(((Part::Whole, 0), at)));
        assert_eq!(place("container.memory.usage", &otel[..1]), None);
    }

    #[test]
    fn what_counts_or_measures_is_no_capacity() {
        for name in ["http_requests_total", "http_request_size", "http_latency_p99_ms", "queue_depth", "", "a..b"] {
            assert_eq!(part_of(name), None, "{name}");
        }
    }
}
