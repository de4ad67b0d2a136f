//! Metricbeat's events: the numbers under the module's own key, named by their path (`system.cpu.total.pct`).
//!
//! <https://www.elastic.co/guide/en/beats/metricbeat/current/exported-fields.html>. Labels are the host, the service, what Kubernetes
//! and the cloud say of the place, and the module's own texts that name an instance (a mount point, a device, a topic).
//! Metricbeat tells no types: the counters of its system module are known by name, others as everywhere by `_total`.

use serde_json::Value;

use super::json::fault;
use super::moment::moment_text;
use super::quote;
use crate::signal::{Fingerprint, Reading, Reject, RejectReason, Signal, Sink};
use crate::time::Timestamp;

/// Keeps these fingerprints apart from those of other decoders.
const PRINTS: u64 = 0x6265_6174;

/// Where an event says where it comes from.
const PLACES: [&str; 9] = [
    "host.name",
    "service.name",
    "service.address",
    "container.name",
    "kubernetes.namespace",
    "kubernetes.node.name",
    "kubernetes.pod.name",
    "kubernetes.container.name",
    "cloud.instance.name",
];

/// The last part of a path whose text tells one instance of a module's thing from another.
const INSTANCES: [&str; 16] = [
    "name",
    "mount_point",
    "device_name",
    "interface",
    "topic",
    "database",
    "queue",
    "index",
    "node",
    "pod",
    "container",
    "client",
    "group",
    "path",
    "vhost",
    "collection",
];

/// Running totals of the system module.
const COUNTERS: [&str; 16] = [
    "system.network.in.bytes",
    "system.network.in.packets",
    "system.network.in.errors",
    "system.network.in.dropped",
    "system.network.out.bytes",
    "system.network.out.packets",
    "system.network.out.errors",
    "system.network.out.dropped",
    "system.diskio.read.bytes",
    "system.diskio.read.count",
    "system.diskio.read.time",
    "system.diskio.write.bytes",
    "system.diskio.write.count",
    "system.diskio.write.time",
    "system.diskio.io.time",
    "system.diskio.io.ops",
];

/// A path longer than this is nobody's.
const PATH_MAX: usize = 1024;

/// Reads one event.
pub(super) fn read<S: Sink>(text: &str, default_time: Option<Timestamp>, sink: &mut S) -> Result<(), Reject> {
    let event: Value = serde_json::from_str(text).map_err(|error| fault("Metricbeat event", &error))?;
    let at = match event.get("@timestamp") {
        Some(Value::String(time)) => moment_text(time),
        _ => default_time,
    };
    let Some(at) = at else {
        let detail = format!("Metricbeat event: no @timestamp that can be read: {}", quote(text.as_bytes()));
        return Err(Reject::new(RejectReason::NoTime, detail));
    };
    let module =
        ["event.module", "metricset.module", "service.type"].iter().find_map(|path| at_path(&event, path)?.as_str());
    let Some((module, values)) = module.and_then(|module| Some((module, event.get(module)?))) else {
        let detail = format!("Metricbeat event: nothing stands under its module's name: {}", quote(text.as_bytes()));
        return Err(Reject::new(RejectReason::Malformed, detail));
    };
    let mut found = Found::default();
    found.walk(module, values);
    for place in PLACES {
        if let Some(Value::String(value)) = at_path(&event, place) {
            found.labels.push((place.to_owned(), value.clone()));
        }
    }
    let print = found
        .labels
        .iter()
        .fold(Fingerprint::new(PRINTS, b""), |print, (key, value)| print.and(key.as_bytes()).and(value.as_bytes()));
    for (name, value) in &found.numbers {
        let total = COUNTERS.contains(&name.as_str()) || name.ends_with("_total");
        let reading = if total { Reading::Total { value: *value, start: None } } else { Reading::Gauge(*value) };
        let identity = || Signal::new(name, found.labels.iter().map(|(key, value)| (key, value)));
        sink.sample(print.and(name.as_bytes()), identity, at, reading);
    }
    Ok(())
}

/// The numbers and labels of a module's object.
#[derive(Default)]
struct Found {
    numbers: Vec<(String, f64)>,
    labels: Vec<(String, String)>,
}

impl Found {
    /// Goes through the tree; serde bounds its depth, and a path that is longer than any label may be leads nowhere.
    fn walk(&mut self, path: &str, value: &Value) {
        match value {
            _ if PATH_MAX < path.len() => {}
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| self.walk(&format!("{path}.{key}"), value))
            }
            Value::Number(number) => match (last(path), number.as_f64()) {
                ("id", _) => self.labels.push((path.to_owned(), number.to_string())),
                // Another one after each start.
                ("pid" | "ppid" | "pgid", _) | (_, None) => {}
                (_, Some(value)) => self.numbers.push((path.to_owned(), value)),
            },
            Value::String(text) if INSTANCES.contains(&last(path)) || path.contains(".labels.") => {
                self.labels.push((path.to_owned(), text.clone()));
            }
            _ => {}
        }
    }
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// The value at a path, whether it is nested or written with dots.
fn at_path<'a>(event: &'a Value, path: &str) -> Option<&'a Value> {
    event.get(path).or_else(|| path.split('.').try_fold(event, |value, key| value.get(key)))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::ingest::decode::testing::Log;
    use crate::ingest::decode::{Format, json, recognise};

    /// The example event of Metricbeat's documentation of `system.network`, shortened, and one of `system.filesystem`.
    const EVENTS: &str = r#"{"@timestamp":"2017-10-12T08:05:34.853Z","event":{"dataset":"system.network","duration":115000,"module":"system"},"metricset":{"name":"network","period":10000},"service":{"type":"system"},"host":{"name":"web-1","os":{"version":"12"}},"agent":{"version":"8.0.0"},"system":{"network":{"in":{"bytes":37904869172,"dropped":32},"name":"eth0","out":{"bytes":25147108,"errors":0}}}}
{"@timestamp":"2017-10-12T08:05:34.853Z","event":{"module":"system"},"metricset":{"name":"filesystem"},"host.name":"web-1","system":{"filesystem":{"mount_point":"/var","used":{"pct":0.75,"bytes":7},"type":"ext4","files":10}}}
"#;

    #[test]
    fn numbers_are_named_by_their_path() {
        assert_eq!(recognise(EVENTS.as_bytes()), Some(Format::Metricbeat));
        let mut log = Log::default();
        json::decode(EVENTS.as_bytes(), None, &mut log);
        expect![[r#"
            {"system.network.in.bytes","host.name"="web-1","system.network.name"="eth0"} @1507795534853000000 Total { value: 37904869172.0, start: None }
            {"system.network.in.dropped","host.name"="web-1","system.network.name"="eth0"} @1507795534853000000 Total { value: 32.0, start: None }
            {"system.network.out.bytes","host.name"="web-1","system.network.name"="eth0"} @1507795534853000000 Total { value: 25147108.0, start: None }
            {"system.network.out.errors","host.name"="web-1","system.network.name"="eth0"} @1507795534853000000 Total { value: 0.0, start: None }
            {"system.filesystem.files","host.name"="web-1","system.filesystem.mount_point"="/var"} @1507795534853000000 Gauge(10.0)
            {"system.filesystem.used.bytes","host.name"="web-1","system.filesystem.mount_point"="/var"} @1507795534853000000 Gauge(7.0)
            {"system.filesystem.used.pct","host.name"="web-1","system.filesystem.mount_point"="/var"} @1507795534853000000 Gauge(0.75)
        "#]].assert_eq(&log.text());
    }

    #[test]
    fn what_is_missing_is_named() {
        let mut log = Log::default();
        let text = br#"{"metricset":{"name":"x"},"event":{"module":"system"},"system":{"a":1}}
            {"@timestamp":"2017-10-12T08:05:34.853Z","metricset":{"name":"x"},"event":{"module":"system"}}"#;
        json::decode(text, None, &mut log);
        expect![[r#"
            reject no_time: Metricbeat event: no @timestamp that can be read: {"metricset":{"name":"x"},"event":{"module":"system"},"system":{"a":1}}
            reject malformed: Metricbeat event: nothing stands under its module's name: {"@timestamp":"2017-10-12T08:05:34.853Z","metricset":{"name":"x"},"event":{"modu…
        "#]].assert_eq(&log.text());
    }
}
