//! `[calendar]`.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::{TimeZone, db};

use super::super::nearest::nearest;
use super::super::reader::{Fault, Table, Value};
use super::super::{holidays, hours, text};
use crate::calendar::Calendar;

/// The calendar of the people who are told.
pub(in super::super) fn calendar(mut table: Table<'_>) -> Calendar {
    let default = Calendar::default();
    let zone = table.read("time_zone", zone).unwrap_or(default.zone);
    let work = table.get("work_hours").map(|value| value.texts(hours::work_hours).concat()).unwrap_or_default();
    let holidays = table.get("holidays").map(all_holidays).unwrap_or_default();
    let reaction = table.read("reaction", text::span_or_zero).unwrap_or(default.reaction);
    table.finish();
    Calendar { zone, work, holidays, reaction }
}

fn zone(name: &str) -> Result<TimeZone, Fault> {
    TimeZone::get(name).map_err(|_| {
        let names: Vec<String> = db().available().map(|name| name.to_string()).collect();
        let hint = match nearest(name, names.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "write an IANA name, such as Europe/Berlin or UTC".to_owned(),
        };
        Fault::new(format!("`{name}` is not a time zone")).hint(hint)
    })
}

fn all_holidays(value: Value<'_>) -> BTreeSet<Date> {
    value.list().unwrap_or_default().into_iter().flat_map(holiday).collect()
}

/// The days of one entry: a date, in quotes or not, or an iCalendar file.
fn holiday(value: Value<'_>) -> BTreeSet<Date> {
    if let Some(bare) = value.bare_date() {
        return match holidays::date(&bare) {
            Ok(day) => BTreeSet::from([day]),
            Err(fault) => {
                value.fail(fault);
                BTreeSet::new()
            }
        };
    }
    let days = |text: &str| {
        if !text.to_lowercase().ends_with(".ics") {
            return holidays::date(text).map(|day| BTreeSet::from([day]));
        }
        let (days, doubts) = holidays::calendar(&value.desk.outside.read(text)?)?;
        for doubt in doubts {
            let hint = "write the other days as dates beside the file";
            value.desk.warning(value.span(), Fault::new(format!("`{text}`, {doubt}")).hint(hint));
        }
        Ok(days)
    };
    value.read(days).unwrap_or_default()
}
