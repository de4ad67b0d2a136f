//! The presets of `models/`: what each kind of signal means, one file for each kind that an operator would name.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};
use toml::de::DeTable;

use super::outside::Outside;
use super::problem::Problem;
use super::reader::{Desk, Fault, Table};
use super::resolve;
use super::sections;
use super::text;
use crate::plan::{Bound, Preset, Side};
use crate::signal::Signal;

/// The files, embedded.
const FILES: [(&str, &str); 14] = [
    ("anything", include_str!("../../models/anything.toml")),
    ("business", include_str!("../../models/business.toml")),
    ("cpu", include_str!("../../models/cpu.toml")),
    ("disk", include_str!("../../models/disk.toml")),
    ("errors", include_str!("../../models/errors.toml")),
    ("headroom", include_str!("../../models/headroom.toml")),
    ("heartbeat", include_str!("../../models/heartbeat.toml")),
    ("latency", include_str!("../../models/latency.toml")),
    ("log-volume", include_str!("../../models/log-volume.toml")),
    ("memory", include_str!("../../models/memory.toml")),
    ("pool", include_str!("../../models/pool.toml")),
    ("queue", include_str!("../../models/queue.toml")),
    ("saturation", include_str!("../../models/saturation.toml")),
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
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// The model.
    pub model: &'a Model,
    /// The preset within it.
    pub preset: &'a Preset,
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

/// The presets of all models, first match first; the last one takes everything.
pub fn built_in() -> Vec<Preset> {
    models().iter().flat_map(|model| &model.units).map(|unit| unit.preset.clone()).collect()
}

/// Which model takes a signal, and why.
pub fn taken(signal: &Signal) -> Option<Taken<'static>> {
    let kind = Preset::kind_text(signal);
    let all = models().iter().flat_map(|model| model.units.iter().map(move |unit| (model, unit)));
    let (model, unit) = all.into_iter().find(|(_, unit)| unit.preset.takes_kind(&kind))?;
    let fits = |pattern: &&String| compile(pattern).is_ok_and(|regex| regex.is_match(&kind));
    let pattern = unit.patterns.iter().find(fits)?;
    Some(Taken { model, preset: &unit.preset, pattern })
}

/// Reads one file.
pub(super) fn parse(name: &str, source: &str) -> (Option<Model>, Vec<Problem>) {
    let desk = Desk::new(source, Outside { base: Default::default(), secrets: false });
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
}

fn model(name: &str, mut root: Table<'_>) -> Option<Model> {
    let order = root.need("order", "100").and_then(|value| value.count());
    let about = root.need("about", "\"what it is\"").and_then(|value| value.text()).unwrap_or_default().to_owned();
    let common = Common {
        about: about.clone(),
        harm: harm(&mut root),
        floor_share: root.get("floor_share").and_then(|value| value.number()).unwrap_or(0.0),
        absence: root.get("absence").and_then(|value| value.flag()).unwrap_or(false),
    };
    let units = root.sections("units").into_iter().filter_map(|table| unit(name, &common, table)).collect();
    root.finish();
    Some(Model { name: name.to_owned(), about, order: order?, units })
}

fn unit(name: &str, common: &Common, mut table: Table<'_>) -> Option<Unit> {
    let names_at = table.need("names", "['.*_ratio']");
    let patterns: Vec<String> = names_at.map(|value| value.texts(pattern)).unwrap_or_default();
    let unit = table.get("unit").and_then(|value| value.text()).map(str::to_owned);
    let harm = harm(&mut table).or(common.harm);
    let floor = table.get("floor").and_then(|value| value.number()).unwrap_or(0.0);
    let floor_share = table.get("floor_share").and_then(|value| value.number()).unwrap_or(common.floor_share);
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
        absence: common.absence,
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

fn pattern(text: &str) -> Result<String, Fault> {
    compile(text).map(|_| text.to_owned()).map_err(|error| Fault::new(error.to_string()))
}

/// Anchored and blind to case. A pattern that names no state takes every state: `:idle` may follow.
fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&format!("^(?:{pattern})(?::[^:]*)?$")).case_insensitive(true).build()
}
