//! The local calendar asked once per observation: an offset and a day are looked up when they change, not each time.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Calendar, Local};
use crate::time::{Span, Timestamp};

/// Answers as [`Calendar::local`] does, many times faster where questions come in about the order of time.
///
/// It remembers the zone's offset between two transitions and the facts of one local day. It belongs to one calendar: a
/// new plan needs a new clock. It holds no state that a decision depends on, so it need not be saved.
#[derive(Clone, Debug)]
pub struct LocalClock {
    /// The offset holds from here (inclusive) …
    from: Timestamp,
    /// … to here (exclusive).
    until: Timestamp,
    /// Local time less UTC, in seconds.
    offset: i64,
    /// The local day whose facts are known, in days since 1970-01-01.
    day: i64,
    /// The day's weekday; a holiday counts as Sunday.
    weekday: u8,
    holiday: bool,
}

const DAY_SECS: i64 = 86_400;

impl Default for LocalClock {
    /// A clock that has looked up nothing yet.
    fn default() -> Self {
        LocalClock { from: Timestamp::MAX, until: Timestamp::MIN, offset: 0, day: i64::MIN, weekday: 0, holiday: false }
    }
}

impl LocalClock {
    /// The local weekday and time of day.
    pub fn local(&mut self, calendar: &Calendar, at: Timestamp) -> Local {
        if at < self.from || self.until <= at {
            self.enter(calendar, at);
        }
        let secs = at.nanos().div_euclid(1_000_000_000) + self.offset;
        let day = secs.div_euclid(DAY_SECS);
        if day != self.day {
            self.turn(calendar, day);
        }
        Local { weekday: self.weekday, second: secs.rem_euclid(DAY_SECS) as u32, holiday: self.holiday }
    }

    /// Looks up the offset that holds at `at`, and for how long.
    fn enter(&mut self, calendar: &Calendar, at: Timestamp) {
        let moment = at.to_jiff();
        self.offset = i64::from(calendar.zone.to_offset(moment).seconds());
        let before = calendar.zone.preceding((at + Span::from_nanos(1)).to_jiff()).next();
        self.from = before.map_or(Timestamp::MIN, |transition| Timestamp::from(transition.timestamp())).min(at);
        let after = calendar.zone.following(moment).next();
        self.until = after.map_or(Timestamp::MAX, |transition| Timestamp::from(transition.timestamp()));
    }

    /// Looks up the facts of a local day.
    fn turn(&mut self, calendar: &Calendar, day: i64) {
        let epoch = Date::constant(1970, 1, 1);
        // Event time spans the years 1677 to 2262, so the date always exists.
        let date = epoch.checked_add(day.days()).unwrap_or(epoch);
        self.day = day;
        self.holiday = calendar.holidays.contains(&date);
        self.weekday = if self.holiday { 6 } else { date.weekday().to_monday_zero_offset() as u8 };
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_clock_answers_as_the_calendar_does(
            zone in prop::sample::select(vec!["Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu", "UTC"]),
            secs in prop::collection::vec(1_300_000_000i64..1_900_000_000, 1..40),
            steps in prop::collection::vec(0i64..40_000, 0..60),
        ) {
            let calendar = Calendar {
                zone: TimeZone::get(zone).unwrap(),
                holidays: ["2026-12-25".parse().unwrap(), "2015-01-01".parse().unwrap()].into(),
                ..Calendar::default()
            };
            let mut clock = LocalClock::default();
            for start in secs {
                let mut at = start;
                for step in &steps {
                    at += step;
                    let at = Timestamp::from_secs(at);
                    prop_assert_eq!(clock.local(&calendar, at), calendar.local(at), "{} {}", zone, at);
                }
            }
        }
    }

    #[test]
    fn both_ends_of_event_time_have_a_local_day() {
        let calendar = Calendar { zone: TimeZone::get("Europe/Berlin").unwrap(), ..Calendar::default() };
        let mut clock = LocalClock::default();
        for at in [Timestamp::MAX, Timestamp::MIN, Timestamp::from_secs(0)] {
            assert_eq!(clock.local(&calendar, at), calendar.local(at), "{at}");
        }
    }
}
