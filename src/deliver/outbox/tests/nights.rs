//! Urgency and the calendar: what waits for the morning, what does not, and the digest.

use expect_test::{Expect, expect};

use super::*;
use Reason::*;
use Urgency::*;

fn check(begin: &str, tell: impl FnOnce(&mut Story), expected: Expect) {
    let mut story = Story::new(policy(), begin);
    tell(&mut story);
    expected.assert_eq(&story.diary);
}

#[test]
fn a_page_goes_out_at_once_and_its_end_to_those_who_were_told() {
    check(
        "2026-11-24 02:10",
        |s| {
            s.take("disk", 1, Opened, Page).take("disk", 1, Opened, Page);
            s.until("2026-11-24 02:30").take("disk", 2, Joined, Page);
            s.until("2026-11-24 03:00").take("disk", 3, Resolved, Page);
            s.until("2026-11-25 12:00");
            assert!(s.outbox.book.cases.is_empty());
        },
        expect![[r#"
            Tue 24 02:10:00 hook disk/1 Firing: it is new
            Tue 24 02:10:00 mail disk/1 Firing: it is new
            Tue 24 02:30:00 hook disk/2 Firing: more signals joined it
            Tue 24 02:30:00 mail disk/2 Firing: more signals joined it
            Tue 24 03:00:00 hook disk/3 Resolved: it is over
            Tue 24 03:00:00 mail disk/3 Resolved: it is over
        "#]],
    );
}

#[test]
fn a_hold_waits_for_the_start_of_work_and_is_told_at_once_in_work_hours() {
    check(
        "2026-11-24 02:10",
        |s| {
            s.take("night", 1, Opened, Hold);
            s.until("2026-11-24 10:00").take("day", 1, Opened, Hold);
            s.until("2026-11-24 23:00").take("night", 2, Resolved, Hold);
        },
        expect![[r#"
            Tue 24 09:00:00 hook night/1 Firing held since Tue 24 02:10:00: it was held and still stands at the start of work
            Tue 24 09:00:00 mail night/1 Firing held since Tue 24 02:10:00: it was held and still stands at the start of work
            Tue 24 10:00:00 hook day/1 Firing: it is new
            Tue 24 10:00:00 mail day/1 Firing: it is new
            Tue 24 23:00:00 hook night/2 Resolved: it is over
            Tue 24 23:00:00 mail night/2 Resolved: it is over
        "#]],
    );
}

#[test]
fn a_held_alert_that_becomes_a_page_is_told_at_once_and_mentioned_in_the_digest() {
    check(
        "2026-11-24 01:00",
        |s| {
            s.take("disk", 1, Opened, Hold).take("small", 1, Opened, Digest);
            s.until("2026-11-24 04:00").take("disk", 2, Promoted, Page);
            s.until("2026-11-24 12:00");
        },
        expect![[r#"
            Tue 24 04:00:00 hook disk/2 Firing: it can no longer wait
            Tue 24 04:00:00 mail disk/2 Firing: it can no longer wait
            Tue 24 09:00:00 hook small/1 Firing: it is part of the daily digest
            Tue 24 09:00:00 mail digest [small Open, disk Promoted]: it is part of the daily digest
        "#]],
    );
}

#[test]
fn what_came_and_went_overnight_is_told_in_the_digest_only() {
    check(
        "2026-11-24 01:00",
        |s| {
            s.take("held", 1, Opened, Hold).take("small", 1, Opened, Digest).take("stays", 1, Opened, Digest);
            s.until("2026-11-24 04:00").take("held", 2, Withdrawn, Hold).take("small", 2, Resolved, Digest);
            s.until("2026-11-24 12:00").take("stays", 2, Resolved, Digest);
            s.until("2026-11-27 12:00");
            assert!(s.outbox.book.cases.is_empty());
        },
        expect![[r#"
            Tue 24 09:00:00 hook stays/1 Firing: it is part of the daily digest
            Tue 24 09:00:00 mail digest [stays Open, held CameAndWent, small CameAndWent]: it is part of the daily digest
            Tue 24 12:00:00 hook stays/2 Resolved: it is over
            Wed 25 09:00:00 mail digest [stays Ended]: it is part of the daily digest
        "#]],
    );
}

#[test]
fn weekends_holidays_and_the_clock_change_are_not_work() {
    let mut holidays = policy();
    holidays.calendar.holidays.insert(jiff::civil::date(2026, 10, 26));
    let mut story = Story::new(holidays, "2026-10-23 18:00");
    story.take("friday", 1, Opened, Hold).take("small", 1, Opened, Digest);
    story.until("2026-10-25 03:30").take("dst", 1, Opened, Hold);
    story.until("2026-10-28 00:00");
    expect![[r#"
        Tue 27 09:00:00 hook friday/1 Firing held since Fri 23 18:00:00: it was held and still stands at the start of work
        Tue 27 09:00:00 mail friday/1 Firing held since Fri 23 18:00:00: it was held and still stands at the start of work
        Tue 27 09:00:00 hook dst/1 Firing held since Sun 25 03:30:00: it was held and still stands at the start of work
        Tue 27 09:00:00 mail dst/1 Firing held since Sun 25 03:30:00: it was held and still stands at the start of work
        Tue 27 09:00:00 hook small/1 Firing: it is part of the daily digest
        Tue 27 09:00:00 mail digest [small Open, friday Released, dst Released]: it is part of the daily digest
    "#]].assert_eq(&story.diary);
    let mut spring = Story::new(policy(), "2026-03-29 01:30");
    spring.take("dst", 1, Opened, Hold).until("2026-03-31 00:00");
    expect![[r#"
        Mon 30 09:00:00 hook dst/1 Firing held since Sun 29 01:30:00: it was held and still stands at the start of work
        Mon 30 09:00:00 mail dst/1 Firing held since Sun 29 01:30:00: it was held and still stands at the start of work
    "#]]
    .assert_eq(&spring.diary);
}

#[test]
fn around_the_clock_there_is_still_one_digest_a_day() {
    let mut always = policy();
    always.calendar.work.clear();
    let mut story = Story::new(always, "2026-11-28 02:00");
    story.take("held", 1, Opened, Hold).take("small", 1, Opened, Digest);
    story.until("2026-11-29 12:00");
    expect![[r#"
        Sat 28 02:00:00 hook held/1 Firing: it is new
        Sat 28 02:00:00 mail held/1 Firing: it is new
        Sat 28 09:00:00 hook small/1 Firing: it is part of the daily digest
        Sat 28 09:00:00 mail digest [small Open]: it is part of the daily digest
    "#]]
    .assert_eq(&story.diary);
}

#[test]
fn a_digest_that_is_underway_when_its_alert_ends_is_followed_by_the_end() {
    check(
        "2026-11-24 08:00",
        |s| {
            s.take("small", 1, Opened, Digest);
            s.outcome = Outcome::Retry { after: Some(Span::from_hours(3)), error: "down".to_owned() };
            s.until("2026-11-24 09:01").take("small", 2, Resolved, Digest);
            s.outcome = Outcome::Delivered;
            s.until("2026-11-26 00:00");
            assert!(s.outbox.book.cases.is_empty());
        },
        expect![[r#"
            Tue 24 09:00:00 hook small/1 Firing: it is part of the daily digest
            Tue 24 09:00:00 mail digest [small Open]: it is part of the daily digest
            Tue 24 12:00:00 mail digest [small Open]: it is part of the daily digest
            Wed 25 09:00:00 mail digest [small Ended]: it is part of the daily digest
        "#]],
    );
}

#[test]
fn a_restart_at_any_moment_changes_nothing() {
    let tell = |restart: bool| {
        let mut s = Story::new(policy(), "2026-11-24 01:00");
        let mut step = |id: &str, revision, reason, urgency, until: &str| {
            if restart {
                s.restart();
            }
            s.take(id, revision, reason, urgency).until(until);
        };
        step("a", 1, Opened, Hold, "2026-11-24 02:00");
        step("b", 1, Opened, Digest, "2026-11-24 03:00");
        step("a", 2, Promoted, Page, "2026-11-24 08:00");
        step("c", 1, Opened, Hold, "2026-11-24 12:00");
        step("b", 2, Resolved, Digest, "2026-11-24 23:00");
        step("a", 3, Resolved, Page, "2026-11-25 12:00");
        s.diary
    };
    assert_eq!(tell(true), tell(false));
    assert!(tell(false).contains("digest"));
}
