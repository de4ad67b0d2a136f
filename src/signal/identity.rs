//! Who a signal is: a name and its labels, in one canonical order.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::capacity::{Part, container_memory, part_of};

/// The labels that name a service, in the order of INTERFACE "Names".
pub const SERVICE_LABELS: [&str; 7] = ["service.name", "service_name", "service", "job", "app", "host.name", "host"];

/// The labels that tell one instance of a service from another.
pub const INSTANCE_LABELS: [&str; 15] = [
    "serial",
    "instance",
    "host",
    "host.name",
    "hostname",
    "pod",
    "k8s.pod.name",
    "node",
    "k8s.node.name",
    "container",
    "container.id",
    "service.instance.id",
    "replica",
    "server",
    "task",
];

/// The labels that tell more of an instance that others name: which build it is, and of which set of like ones.
const BUILD_LABELS: [&str; 9] = [
    "service.version",
    "version",
    "image",
    "image_id",
    "container.image.tag",
    "container.image.name",
    "k8s.pod.uid",
    "k8s.replicaset.name",
    "pod_template_hash",
];

/// What the hashes of a container's memory begin with.
const CONTAINER_MEMORY: &str = "memory of a container";

/// The last word of the label that tells what is used from what is free: `state` of a host's metrics, `db.client.connection.state`.
const STATE: &str = "state";
/// And of the one that tells what a processor is busy with: `mode` of node-exporter, `cpu.mode`.
const MODE: &str = "mode";

/// The identity of a watched series: a name and labels sorted by key, keys unique.
///
/// Its `Display` is the Prometheus selector form with all labels: `disk_used_ratio{host="db-1"}`; names and keys that are
/// not plain identifiers are quoted (`{"system.cpu.utilization", state="idle"}`), as Prometheus 3 writes them.
/// Ordered by name, then labels: this order decides wherever two signals tie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Signal {
    name: Box<str>,
    labels: Box<[(Box<str>, Box<str>)]>,
}

impl Signal {
    /// Builds the identity; labels with an empty value are dropped (as Prometheus does), of equal keys the last one stays.
    pub fn new<K, V>(name: &str, labels: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let mut sorted: Vec<(Box<str>, Box<str>)> = Vec::new();
        for (key, value) in labels {
            let (key, value) = (key.as_ref(), value.as_ref());
            match sorted.binary_search_by(|(have, _)| (**have).cmp(key)) {
                Ok(at) => sorted[at].1 = value.into(),
                Err(at) => sorted.insert(at, (key.into(), value.into())),
            }
        }
        sorted.retain(|(_, value)| !value.is_empty());
        Signal { name: name.into(), labels: sorted.into() }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The labels, sorted by key.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The value of one label.
    pub fn label(&self, key: &str) -> Option<&str> {
        let at = self.labels.binary_search_by(|(have, _)| (**have).cmp(key)).ok()?;
        Some(&self.labels[at].1)
    }

    /// The same signal with one label more (or another value for it).
    pub fn with(&self, key: &str, value: &str) -> Signal {
        Signal::new(&self.name, self.labels().chain([(key, value)]))
    }

    /// How many labels it has in common with another.
    pub fn shared_labels(&self, other: &Signal) -> usize {
        self.labels().filter(|(key, value)| other.label(key) == Some(*value)).count()
    }

    /// The service this signal belongs to: the first label of [`SERVICE_LABELS`] that exists.
    pub fn service(&self) -> Option<&str> {
        SERVICE_LABELS.iter().find_map(|key| self.label(key))
    }

    /// A hash that is the same on every platform and in every release.
    pub fn stable_hash(&self) -> u64 {
        let mut hasher = Xxh3::new();
        feed(&mut hasher, &self.name);
        for (key, value) in self.labels() {
            feed(&mut hasher, key);
            feed(&mut hasher, value);
        }
        hasher.digest()
    }

    /// The hash that places a signal: service and name alone, so that like instances are neighbours, and so are the parts of
    /// one capacity.
    pub fn placement_hash(&self) -> u64 {
        let mut hasher = Xxh3::new();
        // Two services tell of one container; its namespace is all that it shares with its like and with them.
        if let Some((_, [namespace, ..])) = container_memory(&self.name, |key| self.label(key)) {
            feed(&mut hasher, CONTAINER_MEMORY);
            feed(&mut hasher, namespace);
            return hasher.digest();
        }
        feed(&mut hasher, self.service().unwrap_or(""));
        match part_of(&self.with_state()) {
            Some((_, pattern)) => feed(&mut hasher, &pattern),
            None => feed(&mut hasher, &self.name),
        }
        hasher.digest()
    }

    /// What it tells of a capacity (of two signals that tell the same the lower rank comes first), and the hash that all parts of
    /// this capacity share: labels and name but for the part; of a container's memory its namespace, pod and name.
    pub fn capacity_hash(&self) -> Option<((Part, u8), u64)> {
        let mut hasher = Xxh3::new();
        if let Some((part, place)) = container_memory(&self.name, |key| self.label(key)) {
            feed(&mut hasher, CONTAINER_MEMORY);
            place.iter().for_each(|name| feed(&mut hasher, name));
            return Some((part, hasher.digest()));
        }
        let (part, pattern) = part_of(&self.with_state())?;
        feed(&mut hasher, &pattern);
        let state = self.by_word(STATE).map(|(key, _)| key);
        for (key, value) in self.labels().filter(|(key, _)| Some(*key) != state) {
            feed(&mut hasher, key);
            feed(&mut hasher, value);
        }
        Some((part, hasher.digest()))
    }

    /// The state or mode that it tells of: what a label `state` says, else one whose name ends with that word.
    pub fn state(&self) -> Option<&str> {
        self.by_word(STATE).or_else(|| self.by_word(MODE)).map(|(_, value)| value)
    }

    /// The name with the state that it is told of: `system.filesystem.usage:used`.
    fn with_state(&self) -> Cow<'_, str> {
        self.by_word(STATE)
            .map_or(Cow::Borrowed(self.name()), |(_, state)| Cow::Owned(format!("{}:{state}", self.name)))
    }

    /// The label of this name, else the first whose name ends with this word.
    fn by_word<'a>(&'a self, word: &'a str) -> Option<(&'a str, &'a str)> {
        let ends = |key: &str| key.strip_suffix(word).is_some_and(|rest| rest.ends_with(['.', '_']));
        let own = self.label(word).map(|value| (word, value));
        own.or_else(|| self.labels().find(|(key, _)| ends(key)))
    }

    /// The hash that all instances of one signal share: name and labels but for [`INSTANCE_LABELS`] and what tells of the build of
    /// one. None where no label names an instance, or where it is the service's only name (then it has no like in its service).
    pub fn kin_hash(&self) -> Option<u64> {
        let own = SERVICE_LABELS.iter().find(|key| self.label(key).is_some());
        let names_instance = |key: &str| INSTANCE_LABELS.contains(&key) && own != Some(&key);
        if !self.labels().any(|(key, _)| names_instance(key)) {
            return None;
        }
        let mut hasher = Xxh3::new();
        feed(&mut hasher, &self.name);
        for (key, value) in self.labels().filter(|(key, _)| !names_instance(key) && !BUILD_LABELS.contains(key)) {
            feed(&mut hasher, key);
            feed(&mut hasher, value);
        }
        Some(hasher.digest())
    }
}

impl Signal {
    /// The hash that all signals of one unit share: the labels that name an instance.
    pub fn unit_hash(&self) -> u64 {
        let mut hasher = Xxh3::new();
        for (key, value) in self.labels().filter(|(key, _)| INSTANCE_LABELS.contains(key)) {
            feed(&mut hasher, key);
            feed(&mut hasher, value);
        }
        feed(&mut hasher, self.service().unwrap_or(""));
        hasher.digest()
    }
}

/// Length first, so that two strings never run into one another.
fn feed(hasher: &mut Xxh3, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

fn plain(name: &str, colons: bool) -> bool {
    let mut bytes = name.bytes();
    let first = |b: u8| b.is_ascii_alphabetic() || b == b'_' || (colons && b == b':');
    bytes.next().is_some_and(first) && bytes.all(|b| first(b) || b.is_ascii_digit())
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = plain(&self.name, true);
        if bare {
            f.write_str(&self.name)?;
            if self.labels.is_empty() {
                return Ok(());
            }
        }
        f.write_str("{")?;
        let mut first = true;
        if !bare {
            write!(f, "{}", Quoted(&self.name))?;
            first = false;
        }
        for (key, value) in self.labels() {
            if !first {
                f.write_str(",")?;
            }
            first = false;
            if plain(key, false) {
                write!(f, "{key}={}", Quoted(value))?;
            } else {
                write!(f, "{}={}", Quoted(key), Quoted(value))?;
            }
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_canonical_and_shown_as_a_selector() {
        let a = Signal::new("disk_used_ratio", [("host", "db-1"), ("device", "sda"), ("empty", "")]);
        let b = Signal::new("disk_used_ratio", [("device", "sda"), ("host", "db-1")]);
        assert_eq!(a, b);
        assert_eq!(a.to_string(), r#"disk_used_ratio{device="sda",host="db-1"}"#);
        let dotted = Signal::new("system.cpu.utilization", [("service.name", "a\"b")]);
        assert_eq!(dotted.to_string(), r#"{"system.cpu.utilization","service.name"="a\"b"}"#);
        assert_eq!(Signal::new("up", [("", "")]).to_string(), "up");
    }

    #[test]
    fn hashes_are_frozen() {
        let signal = Signal::new("up", [("job", "api"), ("instance", "1")]);
        assert_eq!(signal.service(), Some("api"));
        assert_eq!(signal.placement_hash(), Signal::new("up", [("job", "api"), ("instance", "2")]).placement_hash());
        assert_ne!(signal.stable_hash(), signal.with("instance", "2").stable_hash());
        assert_eq!(signal.kin_hash(), signal.with("instance", "2").kin_hash());
        assert_eq!(signal.kin_hash(), signal.with("service.version", "2").kin_hash());
        assert_ne!(signal.kin_hash(), signal.with("path", "/").kin_hash());
        assert_eq!(Signal::new("cpu", [("host", "db-1")]).kin_hash(), None);
    }
}
