//! Local time: when people work, what day it is where the load comes from.
//!
//! Pure: the zone database is embedded and every question carries its time. Right across daylight saving.

mod clock;
mod work;

pub use clock::LocalClock;

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::time::{Span, Timestamp};

/// The calendar of the people who are told, and of the users whose days the signals follow.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The zone in which days and hours are meant.
    pub zone: TimeZone,
    /// Weekly working time; empty means around the clock, every day.
    pub work: Vec<WorkHours>,
    /// Days without work, and without the usual load.
    pub holidays: BTreeSet<Date>,
    /// What people need to act once they are told.
    pub reaction: Span,
}

/// One stretch of working time on some weekdays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkHours {
    /// The weekdays it holds on.
    pub days: Vec<Weekday>,
    /// Its begin, local time.
    pub from: Time,
    /// Its end, local time, exclusive; at most midnight of the same day (`24:00` is [`Time::MAX`]).
    pub to: Time,
}

/// A moment seen on the local calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Days since Monday, 0 to 6; a holiday counts as Sunday.
    pub weekday: u8,
    /// Seconds since local midnight, 0 to 86,399.
    pub second: u32,
    /// Whether the day is a holiday.
    pub holiday: bool,
}

impl Local {
    /// Whether it is a Saturday, a Sunday or a holiday.
    pub fn is_off(self) -> bool {
        5 <= self.weekday
    }
}

impl Default for Calendar {
    /// UTC, work around the clock, an hour to react.
    fn default() -> Self {
        Calendar { zone: TimeZone::UTC, work: Vec::new(), holidays: BTreeSet::new(), reaction: Span::from_hours(1) }
    }
}

impl Calendar {
    /// The local weekday and time of day.
    pub fn local(&self, at: Timestamp) -> Local {
        let zoned = at.to_jiff().to_zoned(self.zone.clone());
        let holiday = self.holidays.contains(&zoned.date());
        let second = zoned.hour() as u32 * 3600 + zoned.minute() as u32 * 60 + zoned.second() as u32;
        let weekday = if holiday { 6 } else { zoned.weekday().to_monday_zero_offset() as u8 };
        Local { weekday, second, holiday }
    }
}
