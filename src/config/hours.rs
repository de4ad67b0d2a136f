//! Working hours as people write them: `Mon-Fri 09:00-17:30`.

use jiff::civil::{Time, Weekday};

use super::reader::Fault;
use crate::calendar::WorkHours;

const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Reads `DAYS FROM-TO`; days are `Mon-Fri`, `Sat`, `Mon,Wed`, or left out for every day. Hours over midnight
/// (`22:00-06:00`) become two stretches, the second on the following days.
pub(super) fn work_hours(text: &str) -> Result<Vec<WorkHours>, Fault> {
    let mut words = text.split_whitespace();
    let (days, hours) = match (words.next(), words.next(), words.next()) {
        (Some(hours), None, _) => (WEEK.map(|(_, day)| day).to_vec(), hours),
        (Some(days), Some(hours), None) => (weekdays(days)?, hours),
        _ => return Err(bad(text)),
    };
    let (from, to) = hours.split_once(['-', '–']).ok_or_else(|| bad(text))?;
    let (from, to) = (clock(from).ok_or_else(|| bad(from))?, clock(to).ok_or_else(|| bad(to))?);
    if from == to || from == Time::MAX {
        return Err(Fault::new(format!("`{hours}` is no stretch of time")).hint("the whole day is 00:00-24:00"));
    }
    if from < to {
        return Ok(vec![WorkHours { days, from, to }]);
    }
    let mut parts = vec![WorkHours { days: days.clone(), from, to: Time::MAX }];
    if to != Time::midnight() {
        let days = days.iter().map(|day| day.next()).collect();
        parts.push(WorkHours { days, from: Time::midnight(), to });
    }
    Ok(parts)
}

fn bad(text: &str) -> Fault {
    Fault::new(format!("`{text}` says no working hours")).hint("write days and hours: \"Mon-Fri 09:00-17:30\"")
}

fn weekdays(text: &str) -> Result<Vec<Weekday>, Fault> {
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once(['-', '–']).unwrap_or((part, part));
        let (mut day, last) = (weekday(first)?, weekday(last)?);
        days.push(day);
        while day != last {
            day = day.next();
            days.push(day);
        }
    }
    days.sort_by_key(|day| day.to_monday_zero_offset());
    days.dedup();
    Ok(days)
}

/// `Mon`, `monday`: the first three letters at least.
fn weekday(text: &str) -> Result<Weekday, Fault> {
    let lower = text.trim().to_lowercase();
    let full = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let found = full.iter().zip(WEEK).find(|(name, _)| 3 <= lower.len() && name.starts_with(&lower));
    let hint = "days are Mon, Tue, Wed, Thu, Fri, Sat, Sun: one, a range (Mon-Fri) or a list (Mon,Wed)";
    found.map(|(_, (_, day))| day).ok_or_else(|| Fault::new(format!("`{text}` is not a weekday")).hint(hint))
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| (part.len() <= 2).then(|| part.parse::<i8>().ok()).flatten();
    match (digits(hour)?, digits(minute)?) {
        (24, 0) => Some(Time::MAX),
        (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let letters = |days: &[Weekday]| days.iter().map(|day| format!("{day:?}")[..2].to_owned()).collect::<String>();
        let shown: Vec<(String, String)> = work_hours(text)
            .unwrap()
            .iter()
            .map(|part| (letters(&part.days), format!("{}-{}", part.from.strftime("%H:%M"), part.to.strftime("%H:%M"))))
            .collect();
        let shown: Vec<(&str, &str)> = shown.iter().map(|(days, hours)| (&**days, &**hours)).collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn hours_are_read_as_people_write_them() {
        check("Mon-Fri 09:00-17:30", &[("MoTuWeThFr", "09:00-17:30")]);
        check("Mon,Wed 8:00-12:00", &[("MoWe", "08:00-12:00")]);
        check("saturday 10:00-24:00", &[("Sa", "10:00-23:59")]);
        check("Fri-Mon,Sun 22:00-06:00", &[("MoFrSaSu", "22:00-23:59"), ("TuSaSuMo", "00:00-06:00")]);
        check("09:00-17:00", &[("MoTuWeThFrSaSu", "09:00-17:00")]);
        check("Sun 18:00-00:00", &[("Su", "18:00-23:59")]);
    }

    #[test]
    fn what_says_no_hours_is_refused() {
        for bad in ["", "Mon", "Mon 9-17", "Mon 25:00-26:00", "Mon 09:00-09:00", "Funday 09:00-17:00", "Mo 09:00-17:00"]
        {
            assert!(work_hours(bad).is_err(), "{bad}");
        }
    }
}
