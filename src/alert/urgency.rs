//! Whom an alert may disturb: a pure function of what is known, the calendar and the time.
//!
//! "The next start of work" is read as the next moment at which people work. Outside working hours that is the coming
//! start. Within working hours it is the present moment: people are there and a hold is told at once, so only what
//! breaks within `reaction` pages. The other reading (always the start of the next working day) would page at ten in
//! the morning for whatever breaks tonight; here that is a hold told at ten, and if it still stands when people go
//! home it becomes a page then ([`page_from`] says when).

use crate::alert::Urgency;
use crate::calendar::Calendar;
use crate::finding::{Breach, Target};
use crate::time::{Span, Timestamp};

/// What is known of a trouble as far as urgency needs it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Concern<'a> {
    /// The bound that is or will be passed; credible, else there would be none.
    pub breach: Option<&'a Breach>,
    /// A whole service is silent.
    pub silent_service: bool,
    /// An instance behaves unlike its peers.
    pub unlike_peers: bool,
}

/// The urgency as of `now`; forecasts count as far as `horizon` reaches.
pub fn urgency(concern: Concern<'_>, calendar: &Calendar, horizon: Span, now: Timestamp) -> Urgency {
    match page_from(concern, calendar, now) {
        Some(from) if from <= now => Urgency::Page,
        _ if concern.unlike_peers => Urgency::Hold,
        _ => match concern.breach {
            Some(breach) if breach.now || breach.outlook.earliest <= now + horizon => Urgency::Hold,
            _ => Urgency::Digest,
        },
    }
}

/// The first moment at or after `now` at which it is a page if nothing new is learned; none where time alone never
/// makes it one.
pub fn page_from(concern: Concern<'_>, calendar: &Calendar, now: Timestamp) -> Option<Timestamp> {
    if concern.silent_service {
        return Some(now);
    }
    let breach = concern.breach?;
    let broken = breach.now && matches!(breach.target, Target::Objective { .. });
    Some(if broken { now } else { too_late_from(breach.outlook.earliest, calendar, calendar.reaction, now) })
}

/// From when on waiting for the next moment of work would leave less than `reaction` until `earliest`.
pub fn too_late_from(earliest: Timestamp, calendar: &Calendar, reaction: Span, now: Timestamp) -> Timestamp {
    let mut at = now;
    while at < earliest {
        let work = calendar.next_work(at);
        if at < work && earliest < work + reaction {
            return at;
        }
        let end = calendar.work_end(work);
        // Within working time: the moment at which only `reaction` is left, if that comes before people go home.
        let last_call = work.max(earliest - reaction);
        if last_call < end || end <= at {
            return last_call.max(now);
        }
        at = end;
    }
    at
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, time};
    use jiff::tz::TimeZone;

    use super::*;
    use crate::calendar::WorkHours;
    use crate::forecast::Outlook;
    use crate::plan::Side;

    fn berlin() -> Calendar {
        let days = vec![Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
        Calendar {
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            work: vec![WorkHours { days, from: time(9, 0, 0, 0), to: time(17, 30, 0, 0) }],
            holidays: ["2026-12-25".parse().unwrap()].into(),
            reaction: Span::from_hours(1),
        }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn limit(earliest: &str) -> Breach {
        let earliest = at(earliest);
        let outlook = Outlook { probability: 0.9, earliest, likely: earliest, latest: earliest };
        Breach { target: Target::Limit, level: 0.95, side: Side::Above, now: false, outlook }
    }

    /// Each row: now and the earliest breach in local time of Berlin, the urgency, when it becomes a page.
    fn check(calendar: &Calendar, rows: &[(&str, &str, Urgency, &str)]) {
        for &(now, earliest, expected, page) in rows {
            let breach = limit(earliest);
            let concern = Concern { breach: Some(&breach), ..Concern::default() };
            let got = urgency(concern, calendar, Span::from_hours(24), at(now));
            assert_eq!(got, expected, "{now}, earliest {earliest}");
            let from = page_from(concern, calendar, at(now));
            assert_eq!(from, Some(at(page)), "{now}, earliest {earliest}: page from {}", from.unwrap());
            // The promise of the deadline: a page there, none just before it.
            let judged = |now| urgency(concern, calendar, Span::from_hours(24), now);
            assert_eq!(judged(at(page)), Urgency::Page, "{now}: at {page}");
            let before = at(page) - Span::from_nanos(1);
            assert!(before < at(now) || judged(before) < Urgency::Page, "{now}: just before {page}");
        }
    }

    #[test]
    fn at_night_what_breaks_before_people_can_act_pages() {
        use Urgency::*;
        check(
            &berlin(),
            &[
                // Tuesday 03:00: work starts at 09:00, people can act by 10:00.
                ("2026-11-24T03:00:00+01:00", "2026-11-24T09:59:00+01:00", Page, "2026-11-24T03:00:00+01:00"),
                ("2026-11-24T03:00:00+01:00", "2026-11-24T10:00:00+01:00", Hold, "2026-11-24T09:00:00+01:00"),
                ("2026-11-24T03:00:00+01:00", "2026-11-24T14:00:00+01:00", Hold, "2026-11-24T13:00:00+01:00"),
                // Beyond the horizon it is for the digest.
                ("2026-11-24T03:00:00+01:00", "2026-11-25T14:00:00+01:00", Digest, "2026-11-25T13:00:00+01:00"),
                // Saturday: Sunday's breach cannot wait for Monday, Monday noon's can.
                ("2026-11-28T12:00:00+01:00", "2026-11-29T11:00:00+01:00", Page, "2026-11-28T12:00:00+01:00"),
                ("2026-11-29T13:00:00+01:00", "2026-11-30T12:00:00+01:00", Hold, "2026-11-30T11:00:00+01:00"),
                // Christmas is a Friday: no work until Monday.
                ("2026-12-24T18:00:00+01:00", "2026-12-25T12:00:00+01:00", Page, "2026-12-24T18:00:00+01:00"),
            ],
        );
    }

    #[test]
    fn in_working_hours_only_what_is_close_pages_until_people_go_home() {
        use Urgency::*;
        check(
            &berlin(),
            &[
                ("2026-11-24T10:00:00+01:00", "2026-11-24T10:50:00+01:00", Page, "2026-11-24T10:00:00+01:00"),
                ("2026-11-24T10:00:00+01:00", "2026-11-24T14:00:00+01:00", Hold, "2026-11-24T13:00:00+01:00"),
                // Tonight: a hold told at once (the other reading pages here), a page at the end of work.
                ("2026-11-24T10:00:00+01:00", "2026-11-24T22:00:00+01:00", Hold, "2026-11-24T17:30:00+01:00"),
                // Tomorrow at noon there is time tomorrow.
                ("2026-11-24T12:30:00+01:00", "2026-11-25T12:00:00+01:00", Hold, "2026-11-25T11:00:00+01:00"),
            ],
        );
        let always = Calendar { work: Vec::new(), ..berlin() };
        check(
            &always,
            &[
                ("2026-11-24T03:00:00+01:00", "2026-11-24T04:00:00+01:00", Page, "2026-11-24T03:00:00+01:00"),
                ("2026-11-24T03:00:00+01:00", "2026-11-24T09:00:00+01:00", Hold, "2026-11-24T08:00:00+01:00"),
            ],
        );
    }

    #[test]
    fn the_clock_change_moves_the_start_of_work_with_people() {
        use Urgency::*;
        check(
            &berlin(),
            &[
                // Sunday 25 October has 25 hours: Monday 09:00 is 08:00 UTC, a day before it was 07:00.
                ("2026-10-25T12:00:00Z", "2026-10-26T08:59:00Z", Page, "2026-10-25T12:00:00Z"),
                ("2026-10-25T12:00:00Z", "2026-10-26T09:00:00Z", Hold, "2026-10-26T08:00:00Z"),
                // Sunday 29 March has 23: Monday 09:00 is 07:00 UTC.
                ("2026-03-29T12:00:00Z", "2026-03-30T07:59:00Z", Page, "2026-03-29T12:00:00Z"),
                ("2026-03-29T12:00:00Z", "2026-03-30T08:00:00Z", Hold, "2026-03-30T07:00:00Z"),
            ],
        );
    }

    #[test]
    fn what_is_broken_or_silent_pages_and_what_has_no_bound_waits_for_the_digest() {
        let (calendar, now) = (berlin(), at("2026-11-24T10:00:00+01:00"));
        let judge = |concern: Concern<'_>| urgency(concern, &calendar, Span::from_hours(24), now);
        let target = Target::Objective { name: "checkout is slow".into(), service: None };
        let broken = Breach { target, now: true, ..limit("2026-11-24T10:00:00+01:00") };
        let full = Breach { now: true, ..limit("2026-11-24T09:00:00+01:00") };
        assert_eq!(judge(Concern { breach: Some(&broken), ..Concern::default() }), Urgency::Page);
        assert_eq!(judge(Concern { breach: Some(&full), ..Concern::default() }), Urgency::Page);
        assert_eq!(judge(Concern { silent_service: true, ..Concern::default() }), Urgency::Page);
        assert_eq!(judge(Concern { unlike_peers: true, ..Concern::default() }), Urgency::Hold);
        assert_eq!(judge(Concern::default()), Urgency::Digest);
    }
}
