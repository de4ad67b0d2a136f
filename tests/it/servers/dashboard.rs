//! The metrics as Prometheus users expect them, and the dashboard that shows them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use forewarn::telemetry::{ByAlert, ByDelivery, ByPartition, ByReason, ByTopic, Metrics};

/// Every metric with a value, as `/metrics` shows it.
fn text() -> String {
    let metrics = Metrics::new();
    let word = || "x".to_owned();
    metrics.records.get_or_create(&ByTopic { topic: word() }).inc();
    metrics.rejects.get_or_create(&ByReason { reason: word() }).inc();
    metrics.partition_lag.get_or_create(&ByPartition { topic: word(), partition: 0 }).set(1);
    metrics.alerts.get_or_create(&ByAlert { kind: word(), urgency: word() }).inc();
    metrics.deliveries.get_or_create(&ByDelivery { receiver: word(), result: word() }).inc();
    metrics.text()
}

/// The names of the series, with the type of each.
fn series() -> BTreeMap<String, String> {
    let text = text();
    let types: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let names = text.lines().filter(|line| !line.starts_with('#'));
    let names = names.filter_map(|line| line.split(['{', ' ']).next());
    let kind = |name: &str| {
        let family = name.strip_suffix("_total").filter(|family| types.contains_key(family)).unwrap_or(name);
        types.get(family).map(|kind| (name.to_owned(), (*kind).to_owned()))
    };
    names.map(|name| kind(name).unwrap_or_else(|| panic!("{name} has no type"))).collect()
}

/// What `promtool check metrics` looks at.
#[test]
fn the_names_keep_to_the_conventions() {
    let text = text();
    let helps: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' ')).collect();
    let all = series();
    assert!(25 <= all.len(), "{all:#?}");
    const NO_UNITS: [&str; 14] = [
        "_ms",
        "_millis",
        "_milliseconds",
        "_minutes",
        "_hours",
        "_days",
        "_kb",
        "_mb",
        "_kilobytes",
        "_megabytes",
        "_percent",
        "_pct",
        "_gauge",
        "_counter",
    ];
    for (name, kind) in &all {
        let fits = name.starts_with("forewarn_") && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        assert!(fits, "{name}: lower case letters and underscores");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
        assert!(!name.ends_with("_count") && !name.ends_with("_sum") && !name.ends_with("_bucket"), "{name}");
        assert!(
            NO_UNITS.iter().all(|unit| !name.trim_end_matches("_total").ends_with(unit)),
            "{name}: base units only"
        );
        let family = name.strip_suffix("_total").unwrap_or(name);
        let help = helps.get(family).or(helps.get(name.as_str())).unwrap_or(&"");
        assert!(10 < help.len(), "{name} has no help: {help}");
    }
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let dashboard = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dashboard.json");
    let python = super::setting("FOREWARN_TEST_PYTHON");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/promql.py");
    let output = Command::new(python).arg(script).arg(&dashboard).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let asked: BTreeSet<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    let all: BTreeSet<String> = series().into_keys().collect();
    let unknown: Vec<&String> = asked.difference(&all).collect();
    assert!(unknown.is_empty(), "the dashboard asks for what is not there: {unknown:?}");
    assert!(20 <= asked.len(), "the dashboard shows {} metrics", asked.len());
}
