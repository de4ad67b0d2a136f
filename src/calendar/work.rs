//! When people work, as moments of event time: right across daylight saving, holidays and midnight.
//!
//! A stretch of working time is turned into two moments once, and every question is answered from those moments, so that
//! the answers agree with one another. An hour that the clock skips is no work; one that it shows twice is work twice.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::AmbiguousOffset;

use super::Calendar;
use crate::time::{Span, Timestamp};

/// How many days ahead work is looked for; beyond two years there is none.
const SEARCH_DAYS: usize = 750;

impl Calendar {
    /// Whether people work at this moment.
    pub fn is_work(&self, at: Timestamp) -> bool {
        self.work.is_empty() || self.stretch(at).is_some_and(|(from, _)| from <= at)
    }

    /// The first moment at or after `at` at which people work; `at` itself within working time, [`Timestamp::MAX`] where
    /// nobody works within two years.
    pub fn next_work(&self, at: Timestamp) -> Timestamp {
        if self.work.is_empty() {
            return at;
        }
        self.stretch(at).map_or(Timestamp::MAX, |(from, _)| from.max(at))
    }

    /// The end of the working time that holds at `at`: the first moment after it without work. [`Timestamp::MAX`] where
    /// work goes on around the clock, `at` itself where nobody works.
    pub fn work_end(&self, at: Timestamp) -> Timestamp {
        if self.work.is_empty() {
            return Timestamp::MAX;
        }
        let mut end = at;
        // Stretches may touch at midnight or overlap; a year of them is around the clock.
        for _ in 0..SEARCH_DAYS {
            match self.stretch(end) {
                Some((from, to)) if from <= end => end = to,
                _ => return end,
            }
        }
        Timestamp::MAX
    }

    /// The stretch of work that holds at `at` and ends last, else the next one.
    fn stretch(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        // One day back: a stretch that ends at midnight may hold into the next local day where the clock is set back.
        let mut date = self.zone.to_datetime(at.to_jiff()).date().yesterday().ok()?;
        for _ in 0..SEARCH_DAYS {
            let on_day = self.stretches_of(date).filter(|&(_, to)| at < to);
            let holding = |from: Timestamp| from <= at;
            if let Some(found) = on_day.reduce(|a, b| match (holding(a.0), holding(b.0)) {
                (true, true) => (a.0, a.1.max(b.1)),
                (true, false) => a,
                (false, true) => b,
                (false, false) => a.min(b),
            }) {
                return Some(found);
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The stretches of work of one local day as moments, those that the clock skips left out.
    fn stretches_of(&self, date: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let day = (!self.holidays.contains(&date)).then_some(date);
        day.into_iter().flat_map(move |date| {
            let today = self.work.iter().filter(move |hours| hours.days.contains(&date.weekday()));
            today.filter_map(move |hours| {
                let from = self.moment(date.to_datetime(hours.from), Side::First);
                let to = match hours.to {
                    Time::MAX => self.moment(date.tomorrow().ok()?.to_datetime(Time::MIN), Side::First),
                    to => self.moment(date.to_datetime(to), Side::Last),
                };
                (from < to).then_some((from, to))
            })
        })
    }

    /// The moment at which the local clock comes to `shown`. Where it never shows it, the moment of the leap.
    fn moment(&self, shown: DateTime, side: Side) -> Timestamp {
        let ambiguous = self.zone.to_ambiguous_timestamp(shown);
        let offset = ambiguous.offset();
        let found = match side {
            Side::First => ambiguous.earlier(),
            Side::Last => ambiguous.later(),
        };
        let Ok(found) = found else { return Timestamp::MAX };
        if let AmbiguousOffset::Gap { before, .. } = offset
            && let Ok(after_leap) = before.to_timestamp(shown)
            && let Some(leap) = self.zone.preceding(just_after(after_leap)).next()
        {
            return Timestamp::from(leap.timestamp());
        }
        Timestamp::from(found)
    }
}

/// Which of two moments is meant where the clock shows a time twice.
#[derive(Clone, Copy)]
enum Side {
    First,
    Last,
}

/// Transitions are asked for strictly before a moment.
fn just_after(moment: jiff::Timestamp) -> jiff::Timestamp {
    (Timestamp::from(moment) + Span::from_nanos(1)).to_jiff()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, time};
    use jiff::tz::TimeZone;

    use super::super::WorkHours;
    use super::*;

    const WEEK: [Weekday; 5] =
        [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

    fn calendar(zone: &str, days: &[Weekday], from: Time, to: Time) -> Calendar {
        Calendar {
            zone: TimeZone::get(zone).unwrap(),
            work: vec![WorkHours { days: days.to_vec(), from, to }],
            holidays: ["2026-12-25".parse().unwrap()].into(),
            ..Calendar::default()
        }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    /// Each row: asked at, next work, end of the work that holds there (or `-`).
    fn check(calendar: &Calendar, rows: &[(&str, &str, &str)]) {
        for &(asked, next, end) in rows {
            let asked = at(asked);
            assert_eq!(calendar.next_work(asked), at(next), "next work after {asked}");
            assert_eq!(calendar.is_work(asked), asked == at(next), "work at {asked}");
            let end = if end == "-" { asked } else { at(end) };
            assert_eq!(calendar.work_end(asked), end, "end of work at {asked}");
        }
    }

    #[test]
    fn nights_weekends_and_holidays_are_without_work() {
        check(
            &calendar("Europe/Berlin", &WEEK, time(9, 0, 0, 0), time(17, 30, 0, 0)),
            &[
                ("2026-11-23T07:59:59Z", "2026-11-23T08:00:00Z", "-"),
                ("2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z", "2026-11-23T16:30:00Z"),
                ("2026-11-23T16:29:59.999Z", "2026-11-23T16:29:59.999Z", "2026-11-23T16:30:00Z"),
                ("2026-11-23T16:30:00Z", "2026-11-24T08:00:00Z", "-"),
                // Friday evening to Monday; Christmas falls on a Friday.
                ("2026-11-27T20:00:00Z", "2026-11-30T08:00:00Z", "-"),
                ("2026-12-24T17:00:00Z", "2026-12-28T08:00:00Z", "-"),
            ],
        );
    }

    #[test]
    fn nine_o_clock_is_nine_o_clock_across_daylight_saving() {
        let berlin = calendar("Europe/Berlin", &WEEK, time(9, 0, 0, 0), time(17, 30, 0, 0));
        check(
            &berlin,
            &[
                ("2026-03-27T20:00:00Z", "2026-03-30T07:00:00Z", "-"),
                ("2026-10-23T20:00:00Z", "2026-10-26T08:00:00Z", "-"),
            ],
        );
        let sunday = calendar("Europe/Berlin", &[Weekday::Sunday], time(2, 15, 0, 0), time(2, 45, 0, 0));
        check(
            &sunday,
            &[
                // 29 March shows no 02:15 to 02:45; the Sunday after does.
                ("2026-03-28T12:00:00Z", "2026-04-05T00:15:00Z", "-"),
                // 25 October shows it twice.
                ("2026-10-25T00:00:00Z", "2026-10-25T00:15:00Z", "-"),
                ("2026-10-25T00:15:00Z", "2026-10-25T00:15:00Z", "2026-10-25T01:45:00Z"),
            ],
        );
        let skipped = calendar("Europe/Berlin", &[Weekday::Sunday], time(2, 30, 0, 0), time(10, 0, 0, 0));
        check(&skipped, &[("2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "-")]);
    }

    #[test]
    fn shifts_that_touch_at_midnight_are_one_and_far_zones_have_their_own_days() {
        let mut night = calendar("Pacific/Auckland", &[Weekday::Monday], time(22, 0, 0, 0), Time::MAX);
        night.work.push(WorkHours { days: vec![Weekday::Tuesday], from: time(0, 0, 0, 0), to: time(6, 0, 0, 0) });
        check(
            &night,
            &[
                ("2026-11-22T20:00:00Z", "2026-11-23T09:00:00Z", "-"),
                ("2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z", "2026-11-23T17:00:00Z"),
                ("2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z", "2026-11-23T17:00:00Z"),
            ],
        );
        // Apia skipped Friday 30 December 2011 whole.
        let apia = calendar("Pacific/Apia", &WEEK, time(8, 0, 0, 0), time(16, 0, 0, 0));
        check(&apia, &[("2011-12-30T02:30:00Z", "2012-01-01T18:00:00Z", "-")]);
    }

    #[test]
    fn no_hours_at_all_means_always_and_no_days_means_never() {
        let always = Calendar::default();
        let now = at("2026-12-25T03:00:00Z");
        assert!(always.is_work(now));
        assert_eq!((always.next_work(now), always.work_end(now)), (now, Timestamp::MAX));
        let clock = calendar("UTC", &[Weekday::Monday], time(0, 0, 0, 0), Time::MAX);
        let never = Calendar { work: vec![WorkHours { days: vec![], ..clock.work[0].clone() }], ..clock };
        assert!(!never.is_work(now));
        assert_eq!((never.next_work(now), never.work_end(now)), (Timestamp::MAX, now));
        for end in [Timestamp::MIN, Timestamp::MAX] {
            let _ = (never.next_work(end), never.work_end(end), always.next_work(end));
        }
    }
}
