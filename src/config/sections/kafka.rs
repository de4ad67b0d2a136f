//! `[kafka]`.

use std::collections::BTreeMap;

use super::super::nearest::nearest;
use super::super::reader::{Fault, Table, Value};
use super::super::settings::{From, Kafka};
use super::super::text;
use super::registry::registry;
use super::secret;

/// librdkafka's settings that forewarn decides itself, and where the operator says them.
const OURS: [(&str, &str); 7] = [
    ("bootstrap.servers", "set `brokers` of [kafka]"),
    ("metadata.broker.list", "set `brokers` of [kafka]"),
    ("group.id", "set `group` of [kafka]"),
    ("auto.offset.reset", "set `from` of [kafka]"),
    ("enable.auto.commit", "leave it out: what has not been judged is never committed"),
    ("enable.auto.offset.store", "leave it out: what has not been judged is never committed"),
    ("enable.partition.eof", "leave it out: time without data goes on only at the end of a partition"),
];

/// The consumer; none where it cannot be read (the problems then say why).
pub(in super::super) fn kafka(mut table: Table<'_>) -> Option<Kafka> {
    let brokers = table.need("brokers", "\"127.0.0.1:9092\"").and_then(|value| value.read(text::brokers));
    let topics_value = table.need("topics", "[\"metrics\", \"logs\"]");
    let topics = topics_value.map(|value| value.texts(text::topic));
    let group = table.read("group", group);
    let alerts_at = table.get("alerts_topic");
    let alerts_topic = alerts_at.and_then(|value| value.read(text::topic_name));
    let dead_at = table.get("dead_letters");
    let dead_letters = dead_at.and_then(|value| value.read(text::topic_name));
    let from = table.read("from", text::from).unwrap_or(From::Earliest);
    let formats = table.section("formats");
    let formats =
        formats.entries().filter_map(|(topic, _, value)| Some((topic.to_owned(), value.read(format)?))).collect();
    let registry_at = table.get("schema_registry");
    let schema_registry = registry_at.and_then(Value::table).and_then(registry);
    let properties = properties(table.section("properties"));
    table.finish();

    if let (Some(value), Some([])) = (topics_value, topics.as_deref())
        && value.list().is_some_and(|items| items.is_empty())
    {
        value.fail(Fault::new("`topics` names no topic").hint("name one at least, or \"^.*\" for all"));
    }
    for (value, own) in [(alerts_at, &alerts_topic), (dead_at, &dead_letters)] {
        if let (Some(value), Some(own), Some(topics)) = (value, own, &topics)
            && topics.contains(own)
        {
            let message = format!("`{own}` is read and written: forewarn would judge its own words");
            value.fail(Fault::new(message).hint("take it out of `topics`, or name another"));
        }
    }
    if let (Some(value), true) = (dead_at, alerts_topic.is_some() && alerts_topic == dead_letters) {
        let hint = "readers of alerts must not meet rejects: name another topic";
        value.fail(Fault::new("`dead_letters` is the same as `alerts_topic`").hint(hint));
    }
    Some(Kafka {
        brokers: brokers?,
        topics: topics?,
        group: group.unwrap_or_else(|| Kafka::GROUP.to_owned()),
        alerts_topic,
        dead_letters,
        from,
        formats,
        schema_registry,
        properties,
    })
}

fn format(text: &str) -> Result<String, Fault> {
    if Kafka::FORMATS.contains(&text) {
        return Ok(text.to_owned());
    }
    let hint = match nearest(text, Kafka::FORMATS) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("one of {}; leave it out where messages can be recognised", Kafka::FORMATS.join(", ")),
    };
    Err(Fault::new(format!("`{text}` is not a format")).hint(hint))
}

fn group(text: &str) -> Result<String, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new("a consumer group has a name").hint("leave it out for \"forewarn\""));
    }
    Ok(text.to_owned())
}

/// librdkafka's settings; numbers and truth values are taken as their text. What forewarn decides itself is left out.
fn properties(table: Table<'_>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    flatten("", table, &mut all);
    all
}

/// A key without quotes (`security.protocol = "ssl"`) is a table within a table to TOML: its parts are joined again.
fn flatten(prefix: &str, table: Table<'_>, all: &mut BTreeMap<String, String>) {
    for (part, key_span, value) in table.entries() {
        let key = format!("{prefix}{part}");
        if let Some((_, hint)) = OURS.iter().find(|(ours, _)| *ours == key) {
            let fault = Fault::new(format!("`{key}` is decided by forewarn: it is ignored here")).hint(*hint);
            table.desk.warning(key_span, fault);
        } else if value.is_table() && !is_secret(&key) {
            value.table().into_iter().for_each(|inner| flatten(&format!("{key}."), inner, all));
        } else if let Some(text) = property(&key, value) {
            all.insert(key, text);
        }
    }
}

fn is_secret(key: &str) -> bool {
    ["password", "secret", "passphrase", "key.pem"].iter().any(|word| key.ends_with(word))
}

/// One setting: a text, or for secrets `{ file = "…" }` and `{ env = "…" }`.
fn property(key: &str, value: Value<'_>) -> Option<String> {
    if !is_secret(key) {
        return value.scalar();
    }
    let hint = format!("write \"{key}\" = {{ file = \"…\" }} or {{ env = \"NAME\" }}");
    if value.is_table() {
        let mut table = value.table()?;
        let (file, variable) = (table.get("file"), table.get("env"));
        table.finish();
        let Some(named) = file.or(variable) else {
            value.fail(Fault::new(format!("`{key}` names neither a file nor a variable")).hint(hint));
            return None;
        };
        return secret::fetch(named, file.is_some()).map(|secret| secret.reveal().to_owned());
    }
    let text = value.scalar()?;
    value.desk.warning(value.span(), Fault::new(format!("`{key}` stands here in clear text")).hint(hint));
    Some(text)
}
