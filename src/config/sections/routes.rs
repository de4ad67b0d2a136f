//! `[[route]]`: who gets what; the first match decides, and within it the first of its own routes.

use super::super::nearest::nearest;
use super::super::reader::{Fault, Table, Value};
use super::super::settings::Route;
use super::super::text;
use crate::alert::Urgency;
use crate::signal::Selector;

/// The routes, checked against the receivers' names; a receiver that no route reaches is warned about.
pub(in super::super) fn routes(tables: Vec<Table<'_>>, receivers: &[(String, Value<'_>)]) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut closed = false;
    let written = tables.len();
    for table in tables {
        if closed {
            let hint = "put the route without `match` last";
            table.desk.warning(table.span.clone(), Fault::new("a route before this one takes everything").hint(hint));
        }
        let Some(route) = route(table, receivers, None) else { continue };
        let takes_all = route.matches.is_everything() && route.except.is_empty() && route.at_least == Urgency::Digest;
        closed |= takes_all && !route.goes_on;
        routes.push(route);
    }
    let all_read = routes.len() == written && routes.iter().all(|route| !route.to.is_empty());
    for (name, value) in receivers.iter().filter(|_| all_read && !routes.is_empty()) {
        let reached = routes.iter().any(|route: &Route| route.leads_to(name));
        if !reached {
            let hint = "name it in the `to` of a [[route]], or take it out";
            value.desk.warning(value.span(), Fault::new(format!("no route leads to `{name}`")).hint(hint));
        }
    }
    routes
}

/// One route; what one within another does not say, it takes from that (`outer`).
fn route(mut table: Table<'_>, receivers: &[(String, Value<'_>)], outer: Option<&Route>) -> Option<Route> {
    let matches = match table.get("match") {
        Some(value) => value.read(text::route),
        None => Some(Selector::everything()),
    };
    let except = table.get("except").map(|value| match value.list() {
        Some(_) => value.texts(text::route),
        None => value.read(text::route).into_iter().collect(),
    });
    let words = [("digest", Urgency::Digest), ("hold", Urgency::Hold), ("page", Urgency::Page)];
    let at_least = table.read("at_least", |text| text::one_of(&words, text)).unwrap_or(Urgency::Digest);
    let urgency = table.read("urgency", |text| text::one_of(&words, text));
    let reaction = table.read("reaction", text::span);
    let goes_on = table.get("continue").and_then(Value::flag).unwrap_or(false);
    let to_at = if outer.is_some() { table.get("to") } else { table.need("to", "[\"ops-mail\"]") };
    let to =
        to_at.map(|value| value.texts(|name| known(name, receivers))).or_else(|| outer.map(|outer| outer.to.clone()));
    let within = table.sections("route");
    let (span, desk) = (table.span.clone(), table.desk);
    table.finish();
    if urgency.is_some() && reaction.is_some() {
        let hint = "with a fixed urgency nobody asks how much time is left: keep one of them";
        desk.error(span, Fault::new("a route has `urgency` and `reaction`").hint(hint));
    }
    let own = Route {
        except: except.unwrap_or_default(),
        at_least,
        urgency: urgency.or_else(|| outer.filter(|_| reaction.is_none()).and_then(|outer| outer.urgency)),
        reaction: reaction.or_else(|| outer.filter(|_| urgency.is_none()).and_then(|outer| outer.reaction)),
        goes_on,
        ..Route::new(matches?, to?)
    };
    let within = within.into_iter().filter_map(|table| route(table, receivers, Some(&own))).collect();
    Some(Route { within, ..own })
}

fn known(name: &str, receivers: &[(String, Value<'_>)]) -> Result<String, Fault> {
    let names = || receivers.iter().map(|(name, _)| name.as_str());
    if names().any(|have| have == name) {
        return Ok(name.to_owned());
    }
    let hint = match nearest(name, names()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if receivers.is_empty() => "there is no [[receiver]] yet: add one with this name".to_owned(),
        None => format!("the receivers are {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err(Fault::new(format!("there is no receiver `{name}`")).hint(hint))
}
