//! From the tree to [`Settings`]: each part by itself, then the rules between parts.

use std::sync::Arc;

use toml::de::DeTable;

use super::given::Given;
use super::outside::Outside;
use super::presets::Model;
use super::problem::Problem;
use super::reader::{Desk, Fault, Table, Value};
use super::settings::Settings;
use super::variables::Laid;
use super::{cross, mask, presets, sections, text};
use crate::plan::Plan;

/// Reads the whole text with the variables laid over it (whose lines follow the file's). Where the list has errors the
/// settings are not to be used.
pub(super) fn resolve(laid: &Laid, outside: Outside) -> (Option<Settings>, Vec<Problem>) {
    let source = laid.text.as_str();
    let desk = Desk::new(source, outside);
    let (mut tree, errors) = DeTable::parse_recoverable(laid.file());
    if !errors.is_empty() {
        // A broken tree would only give problems that are none.
        for error in errors {
            desk.error(error.span().unwrap_or(0..0), syntax(source, &error));
        }
        return (None, desk.into_problems());
    }
    laid.lay_over(tree.get_mut(), &desk);
    let mut settings = whole(Table::root(tree.get_ref(), &desk));
    cross::check(&settings, tree.get_ref(), &desk);
    let files = desk.outside.seen.borrow().clone();
    let (text, variables) = (mask::secrets(laid.file()), laid.shown());
    settings.given = Arc::new(Given { text, variables, files });
    (Some(settings), desk.into_problems())
}

pub(super) fn syntax(source: &str, error: &toml::de::Error) -> Fault {
    let fault = Fault::new(format!("this is not TOML: {}", error.message()));
    let word = error.span().and_then(|span| source.get(span.start..)?.chars().next());
    if word.is_some_and(char::is_alphabetic) { fault.hint("a text is put in quotes") } else { fault }
}

fn whole(mut root: Table<'_>) -> Settings {
    let kafka = root.get("kafka").and_then(Value::table).and_then(sections::kafka);
    let state = sections::state(root.section("state"));
    let time = sections::lateness(root.section("time"));
    let record = sections::record(root.section("record"));
    let mut models = presets::own(root.sections("preset"));
    models.extend_from_slice(presets::models());
    let plan = plan(&mut root, &models);
    let http = sections::http(root.section("http"));
    let heartbeat = root.get("heartbeat").and_then(Value::table);
    let deliver = sections::deliver(root.section("deliver"), heartbeat);
    let (receivers, names) = sections::receivers(root.sections("receiver"));
    let routes = sections::routes(root.sections("route"), &names);
    let templates = sections::templates(root.section("templates"));
    root.finish();
    Settings {
        plan: Arc::new(plan),
        models,
        kafka,
        state,
        time,
        record,
        http,
        deliver,
        receivers,
        routes,
        templates,
        given: Arc::default(),
    }
}

fn plan(root: &mut Table<'_>, models: &[Model]) -> Plan {
    let default = Plan::default();
    let objectives = sections::objectives(root.sections("objective"));
    let limits = sections::limits(root.sections("limit"));
    let mut forecast = root.section("forecast");
    let horizon = forecast.read("horizon", text::span).unwrap_or(default.horizon);
    forecast.finish();
    let calendar = sections::calendar(root.section("calendar"));
    let mut budget = root.section("budget");
    let false_pages_per_week = budget.read("false_pages", text::per_week).unwrap_or(default.false_pages_per_week);
    budget.finish();
    let mut alert = root.section("alert");
    let carry = alert.get("carry").map(|value| value.texts(label)).unwrap_or_default();
    alert.finish();
    let mut signals = root.section("signals");
    let exclude = signals.get("exclude").map(|value| value.texts(text::selector)).unwrap_or_default();
    signals.finish();
    let tenant_label = root.read("tenant_label", label);
    let bounds = sections::bounds(root.section("limits"));
    Plan {
        objectives,
        limits,
        presets: presets::presets_of(models),
        horizon,
        calendar,
        false_pages_per_week,
        carry,
        exclude,
        tenant_label,
        bounds,
        shards: default.shards,
    }
}

fn label(text: &str) -> Result<String, Fault> {
    match text {
        "" => Err(Fault::new("a label has a name").hint("write the label's name: \"region\"")),
        text => Ok(text.to_owned()),
    }
}
