//! `[[objective]]` and `[[limit]]`: what must not be passed.

use super::super::reader::{Fault, Table};
use super::super::text;
use crate::plan::{Bound, Limit, Objective, Side};
use crate::time::Span;

/// The objectives.
pub(in super::super) fn objectives(tables: Vec<Table<'_>>) -> Vec<Objective> {
    tables.into_iter().filter_map(objective).collect()
}

fn objective(mut table: Table<'_>) -> Option<Objective> {
    let name = table.read("name", not_empty);
    let service = table.read("service", not_empty);
    let signal =
        table.need("signal", "'latency_ms{service=\"checkout\"}'").and_then(|value| value.read(text::selector));
    let bound = bound(&mut table);
    let hold = table.read("for", text::span_or_zero).unwrap_or(Span::from_mins(5));
    table.finish();
    let (signal, bound) = (signal?, bound?);
    let name = name.unwrap_or_else(|| {
        let side = match bound.side {
            Side::Above => "above",
            Side::Below => "below",
        };
        format!("{signal} {side} {}", bound.level)
    });
    Some(Objective { name, service, signal, bound, hold })
}

/// The limits.
pub(in super::super) fn limits(tables: Vec<Table<'_>>) -> Vec<Limit> {
    tables.into_iter().filter_map(limit).collect()
}

fn limit(mut table: Table<'_>) -> Option<Limit> {
    let signal = table.need("signal", "'disk_used_ratio'").and_then(|value| value.read(text::selector));
    let bound = bound(&mut table);
    table.refuse(
        "for",
        "a limit has no `for`: a full disk is full at once",
        "leave it out, or make it an [[objective]]",
    );
    table.finish();
    Some(Limit { signal: signal?, bound: bound? })
}

/// `above` or `below`, exactly one of them.
pub(in super::super) fn bound(table: &mut Table<'_>) -> Option<Bound> {
    let (above, below) = (table.get("above"), table.get("below"));
    match (above, below) {
        (Some(value), None) => Some(Bound { level: value.number()?, side: Side::Above }),
        (None, Some(value)) => Some(Bound { level: value.number()?, side: Side::Below }),
        (Some(_), Some(value)) => {
            let hint = "keep the side that hurts; for both write two tables";
            value.fail(Fault::new("`above` and `below` exclude each other").hint(hint));
            None
        }
        (None, None) => {
            let fault = Fault::new(format!("{} needs `above` or `below`", table.title()));
            table.desk.error(table.span.clone(), fault.hint("write the value that must not be passed: above = 500"));
            None
        }
    }
}

fn not_empty(text: &str) -> Result<String, Fault> {
    match text.trim() {
        "" => Err(Fault::new("it is empty").hint("leave it out, or say what it is")),
        text => Ok(text.to_owned()),
    }
}
