//! `[[route]]`: who gets what; the first match decides.

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
        let Some(route) = route(table, receivers) else { continue };
        closed |= route.matches.is_everything() && route.at_least == Urgency::Digest;
        routes.push(route);
    }
    let all_read = routes.len() == written && routes.iter().all(|route| !route.to.is_empty());
    for (name, value) in receivers.iter().filter(|_| all_read && !routes.is_empty()) {
        let reached = routes.iter().any(|route: &Route| route.to.contains(name));
        if !reached {
            let hint = "name it in the `to` of a [[route]], or take it out";
            value.desk.warning(value.span(), Fault::new(format!("no route leads to `{name}`")).hint(hint));
        }
    }
    routes
}

fn route(mut table: Table<'_>, receivers: &[(String, Value<'_>)]) -> Option<Route> {
    let matches = match table.get("match") {
        Some(value) => value.read(text::route),
        None => Some(Selector::everything()),
    };
    let words = [("digest", Urgency::Digest), ("hold", Urgency::Hold), ("page", Urgency::Page)];
    let at_least = table.read("at_least", |text| text::one_of(&words, text)).unwrap_or(Urgency::Digest);
    let to = table.need("to", "[\"ops-mail\"]").map(|value| value.texts(|name| known(name, receivers)));
    table.finish();
    Some(Route { matches: matches?, to: to?, at_least })
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
