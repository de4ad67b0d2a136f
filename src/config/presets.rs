//! The presets of `models/`: what each kind of signal means, one file for each kind that an operator would name.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};
use toml::de::DeTable;

use super::outside::Outside;
use super::problem::Problem;
use super::reader::{Desk, Table};
use super::resolve;
use super::sections;
use super::text;
use crate::plan::{Bound, Preset, Side};
use crate::signal::Signal;

/// The files, embedded.
const FILES: [(&str, &str); 18] = [
    ("anything", include_str!("../../models/anything.toml")),
    ("business", include_str!("../../models/business.toml")),
    ("cpu", include_str!("../../models/cpu.toml")),
    ("disk", include_str!("../../models/disk.toml")),
    ("errors", include_str!("../../models/errors.toml")),
    ("headroom", include_str!("../../models/headroom.toml")),
    ("heartbeat", include_str!("../../models/heartbeat.toml")),
    ("latency", include_str!("../../models/latency.toml")),
    ("log-value", include_str!("../../models/log-value.toml")),
    ("log-volume", include_str!("../../models/log-volume.toml")),
    ("log-whole", include_str!("../../models/log-whole.toml")),
    ("memory", include_str!("../../models/memory.toml")),
    ("parts", include_str!("../../models/parts.toml")),
    ("pool", include_str!("../../models/pool.toml")),
    ("queue", include_str!("../../models/queue.toml")),
    ("saturation", include_str!("../../models/saturation.toml")),
    ("success", include_str!("../../models/success.toml")),
    ("traffic", include_str!("../../models/traffic.toml")),
];

/// One file of `models/`.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its name, the file's stem.
    pub name: String,
    /// The kind of signal in words.
    pub about: String,
    /// Its place among the others: the first that takes a signal has it.
    pub order: usize,
    /// What it takes, unit by unit.
    pub units: Vec<Unit>,
}

/// The signals of one unit within a [`Model`], and how they are judged.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The regular expressions as the file writes them.
    pub patterns: Vec<String>,
    /// The preset that they lead to; its `names` is the one expression that joins them.
    pub preset: Preset,
}

/// Why a model takes a signal.
#[derive(Clone, Debug)]
pub struct Taken<'a> {
    /// The model.
    pub model: &'a Model,
    /// The preset within it.
    pub preset: &'a Preset,
    /// What it takes: the name with its state, as it is written or word by word.
    pub kind: String,
    /// The first of its patterns that fits.
    pub pattern: &'a str,
}

/// The models in the order in which they are asked.
pub fn models() -> &'static [Model] {
    static MODELS: LazyLock<Vec<Model>> = LazyLock::new(|| {
        let mut models: Vec<Model> = FILES.iter().filter_map(|(name, text)| parse(name, text).0).collect();
        models.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
        models
    });
    &MODELS
}

/// The presets of these models, first match first.
pub fn presets_of(models: &[Model]) -> Vec<Preset> {
    models.iter().flat_map(|model| &model.units).map(|unit| unit.preset.clone()).collect()
}

/// Which of the models takes a signal, and why.
pub fn taken<'a>(models: &'a [Model], signal: &Signal) -> Option<Taken<'a>> {
    let all = models.iter().flat_map(|model| model.units.iter().map(move |unit| (model, unit)));
    let ((model, unit), kind) = Preset::first(all, |(_, unit)| &unit.preset, signal.kind_text())?;
    let fits = |pattern: &&String| compile(pattern).is_ok_and(|regex| regex.is_match(&kind));
    let pattern = unit.patterns.iter().find(fits)?;
    Some(Taken { model, preset: &unit.preset, pattern, kind })
}

/// The operator's own presets, `[[preset]]`: they are asked before those of `models/`.
pub(super) fn own(tables: Vec<Table<'_>>) -> Vec<Model> {
    tables.into_iter().filter_map(own_model).collect()
}

fn own_model(mut table: Table<'_>) -> Option<Model> {
    let name = table.need("name", "\"furnace\"").and_then(|value| value.text()).map(str::to_owned);
    let about =
        table.get("about").and_then(|value| value.text()).unwrap_or("a preset of this configuration").to_owned();
    let absence = table.get("absence").and_then(|value| value.flag()).unwrap_or(true);
    let rests = table.get("rests").and_then(|value| value.flag()).unwrap_or(false);
    let common = Common { about: about.clone(), harm: None, floor_share: 0.0, absence, rests };
    let unit = unit(name.as_deref().unwrap_or_default(), &common, table);
    Some(Model { name: name?, about, order: 0, units: vec![unit?] })
}

/// Reads one file.
pub(super) fn parse(name: &str, source: &str) -> (Option<Model>, Vec<Problem>) {
    let desk = Desk::new(source, Outside::at(Default::default(), false));
    let (tree, errors) = DeTable::parse_recoverable(source);
    for error in &errors {
        desk.error(error.span().unwrap_or(0..0), resolve::syntax(source, error));
    }
    let model = model(name, Table::root(tree.get_ref(), &desk));
    (model, desk.into_problems())
}

/// What a unit says nothing of, its model says.
struct Common {
    about: String,
    harm: Option<Side>,
    floor_share: f64,
    absence: bool,
    rests: bool,
}

fn model(name: &str, mut root: Table<'_>) -> Option<Model> {
    let order = root.need("order", "100").and_then(|value| value.count());
    let about = root.need("about", "\"what it is\"").and_then(|value| value.text()).unwrap_or_default().to_owned();
    let common = Common {
        about: about.clone(),
        harm: harm(&mut root),
        floor_share: root.get("floor_share").and_then(|value| value.number()).unwrap_or(0.0),
        absence: root.get("absence").and_then(|value| value.flag()).unwrap_or(true),
        rests: root.get("rests").and_then(|value| value.flag()).unwrap_or(false),
    };
    let units = root.sections("units").into_iter().filter_map(|table| unit(name, &common, table)).collect();
    root.finish();
    Some(Model { name: name.to_owned(), about, order: order?, units })
}

fn unit(name: &str, common: &Common, mut table: Table<'_>) -> Option<Unit> {
    let names_at = table.need("names", "['.*_ratio']");
    let patterns: Vec<String> = names_at.map(|value| value.texts(text::regex)).unwrap_or_default();
    let unit = table.get("unit").and_then(|value| value.text()).map(str::to_owned);
    let harm = harm(&mut table).or(common.harm);
    let floor = table.get("floor").and_then(|value| value.number()).unwrap_or(0.0);
    let floor_share = table.get("floor_share").and_then(|value| value.number()).unwrap_or(common.floor_share);
    let finite = table.get("finite").and_then(|value| value.flag()).unwrap_or(false);
    let limit = default_limit(&mut table);
    table.finish();
    let joined = compile(&patterns.join("|")).ok()?;
    let preset = Preset {
        name: name.to_owned(),
        about: common.about.clone(),
        names: vec![joined],
        harm,
        unit,
        floor,
        floor_share,
        limit,
        finite,
        absence: common.absence,
        rests: common.rests,
    };
    Some(Unit { patterns, preset })
}

fn harm(table: &mut Table<'_>) -> Option<Side> {
    table.read("harm", |text| text::one_of(&[("above", Side::Above), ("below", Side::Below)], text))
}

fn default_limit(table: &mut Table<'_>) -> Option<Bound> {
    let given = table.get("above").is_some() || table.get("below").is_some();
    if given { sections::bound(table) } else { None }
}

/// Anchored and blind to case. A pattern that names no state takes every state: `:idle` may follow.
fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&format!("^(?:{pattern})(?::[^:]*)?$")).case_insensitive(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_clean_and_the_last_takes_all() {
        for (name, text) in FILES {
            let (_, problems) = parse(name, text);
            assert!(problems.is_empty(), "models/{name}.toml: {problems:#?}");
        }
        assert_eq!(models().len(), FILES.len());
        let orders: Vec<usize> = models().iter().map(|model| model.order).collect();
        assert!(orders.windows(2).all(|pair| pair[0] < pair[1]), "two models share a place: {orders:?}");
        assert!(presets_of(models()).last().unwrap().takes_kind("no such name: at all"));
    }

    /// Each row: a signal, the model that must take it, the unit.
    const TAKEN: &[(&str, &str, &str)] = &[
        ("up{job=\"api\"}", "heartbeat", ""),
        ("probe_success", "heartbeat", ""),
        ("log_lines_rate{service=\"a\",level=\"error\"}", "log-volume", "1/s"),
        ("log_error_ratio{service=\"a\"}", "errors", "ratio"),
        ("http_requests_errors_total", "errors", "1/s"),
        ("http_5xx_ratio", "errors", "ratio"),
        ("checkout_errors", "errors", "1/s"),
        ("net_err_in{interface=\"eth0\"}", "errors", "1/s"),
        ("http_requests_total", "traffic", "1/s"),
        ("{\"http.server.request.duration\",stat=\"rate\"}", "traffic", "1/s"),
        ("{\"http.server.request.duration\",stat=\"p99\"}", "latency", "s"),
        ("http_request_duration_seconds{stat=\"p50\"}", "latency", "s"),
        ("http_latency_p99_ms{service=\"checkout\"}", "latency", "ms"),
        ("checkout_latency_ms", "latency", "ms"),
        ("http_server_p95_seconds", "latency", "s"),
        ("log_value{slot=\"took\"}", "log-value", ""),
        ("http_response_response_time", "latency", ""),
        ("db_query_duration_us_mean", "latency", "us"),
        ("{\"system.network.io\",direction=\"receive\"}", "traffic", "bytes/s"),
        ("kafka_consumergroup_lag{group=\"g\"}", "queue", "items"),
        ("orders_queue_depth", "queue", "items"),
        ("kafka_under_replicated_partitions", "parts", "parts"),
        ("ready_replicas", "parts", "parts"),
        ("hosts_unhealthy", "parts", "parts"),
        ("{\"system.cpu.utilization\",state=\"user\"}", "cpu", "ratio"),
        ("{\"system.cpu.utilization\",state=\"idle\"}", "headroom", "ratio"),
        ("cpu_usage_idle{cpu=\"cpu-total\"}", "headroom", "percent"),
        ("cpu_usage_user", "cpu", "percent"),
        ("node_cpu_seconds_total{mode=\"idle\"}", "headroom", "ratio"),
        ("node_load1", "cpu", ""),
        ("{\"system.filesystem.utilization\",state=\"used\"}", "disk", "ratio"),
        ("disk_used_ratio{host=\"db-1\"}", "disk", "ratio"),
        ("disk_used_percent{path=\"/\"}", "disk", "percent"),
        ("disk_inodes_used_percent", "disk", "percent"),
        ("node_filesystem_avail_bytes{mountpoint=\"/\"}", "headroom", "bytes"),
        ("{\"system.memory.utilization\",state=\"used\"}", "memory", "ratio"),
        ("{\"system.memory.utilization\",state=\"free\"}", "headroom", "ratio"),
        ("mem_used_percent", "memory", "percent"),
        ("process_resident_memory_bytes", "memory", "bytes"),
        ("node_memory_MemAvailable_bytes", "headroom", "bytes"),
        ("hikaricp_connections_active{pool=\"main\"}", "pool", ""),
        ("db_pool_used_ratio", "pool", "ratio"),
        ("process_open_fds", "pool", ""),
        ("gpu_memory_utilization", "memory", ""),
        ("link_utilization", "saturation", ""),
        ("{\"network.link.utilization\"}", "saturation", "ratio"),
        ("node_filesystem_files_free{mountpoint=\"/\"}", "headroom", ""),
        ("disk_used{path=\"/\"}", "disk", "bytes"),
        ("disk_usage", "disk", "bytes"),
        ("db_connections_used", "pool", ""),
        ("{\"k8s.container.cpu_limit_utilization\"}", "cpu", "ratio"),
        ("{\"k8s.container.memory_limit_utilization\"}", "memory", "ratio"),
        ("{\"system.memory.usage\",state=\"free\"}", "headroom", "bytes"),
        ("{\"db.client.connection.count\",state=\"idle\"}", "headroom", ""),
        ("{\"db.client.connection.count\",state=\"used\"}", "pool", ""),
        ("{\"db.client.connection.count\",\"db.client.connection.state\"=\"idle\"}", "headroom", ""),
        ("{\"process.cpu.utilization\",\"cpu.mode\"=\"idle\"}", "headroom", "ratio"),
        ("db_pool_pending_requests", "queue", "items"),
        ("hikaricp_connections_pending", "queue", "items"),
        ("replication_lag_seconds", "latency", "s"),
        ("kafka_consumer_records_lag_max", "queue", "items"),
        ("user_sign_up", "business", ""),
        ("mysql_up", "heartbeat", ""),
        ("room_bookings", "business", ""),
        ("bloom_filter_size", "anything", ""),
        ("remembered_users", "anything", ""),
        ("borders_crossed", "anything", ""),
        ("jvm_memory_used_bytes{area=\"heap\"}", "memory", "bytes"),
        ("go_memstats_heap_alloc_bytes", "memory", "bytes"),
        ("container_memory_working_set_bytes", "memory", "bytes"),
        ("cache_hit_ratio", "success", "ratio"),
        ("nginx_connections_active", "pool", ""),
        ("orders_total{country=\"de\"}", "business", ""),
        ("payments_per_minute", "business", ""),
        ("temperature_celsius", "anything", "°C"),
        ("something_strange", "anything", ""),
    ];

    #[test]
    fn signals_find_their_model() {
        let mut wrong = Vec::new();
        for &(text, model, unit) in TAKEN {
            let signal = crate::signal::Selector::parse(text).unwrap().to_signal().unwrap();
            let taken = taken(models(), &signal).unwrap();
            let got = (taken.model.name.as_str(), taken.preset.unit.as_deref().unwrap_or_default());
            if got != (model, unit) {
                wrong.push(format!("{text}: {got:?} by {}, expected {:?}", taken.pattern, (model, unit)));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_limit_that_nobody_set_is_only_one_of_a_share_or_of_space() {
        for preset in presets_of(models()) {
            let Some(limit) = preset.limit else { continue };
            assert_eq!(Some(limit.side), preset.harm, "{}", preset.name);
            assert!(preset.unit.is_some() || limit.side == Side::Below, "{}: a share of what?", preset.name);
            assert!(matches!(limit.level, 0.95 | 95.0) || limit.side == Side::Below, "{}", preset.name);
        }
    }
}
