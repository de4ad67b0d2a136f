//! Old news, silences, acknowledgements, routes.

use expect_test::expect;

use super::*;
use Reason::*;
use Urgency::*;

fn decisions(story: &Story, alert: &str) -> String {
    let lines = story.outbox.explain(alert).filter(|d| d.receiver != "hook");
    lines.map(|d| format!("{} {}: {}\n", local(d.at), d.receiver, d.verdict)).collect()
}

#[test]
fn old_news_is_recorded_and_what_stands_at_the_head_is_told_once() {
    let mut s = Story::new(policy(), "2026-11-24 12:00");
    for (id, revision, reason, at) in [
        ("gone", 1, Opened, "2026-11-24 07:00"),
        ("gone", 2, Resolved, "2026-11-24 08:00"),
        ("open", 1, Opened, "2026-11-24 09:00"),
        ("open", 2, Worsened, "2026-11-24 10:59"),
        ("fresh", 1, Opened, "2026-11-24 11:00"),
    ] {
        s.outbox.take(&record(id, revision, reason, Page, berlin(at)), s.now);
        s.flush();
    }
    s.until("2026-11-24 12:05");
    s.outbox.at_head(s.now);
    s.outbox.at_head(s.now);
    s.flush();
    s.until("2026-11-24 13:00");
    expect![[r#"
        Tue 24 12:00:00 hook fresh/1 Firing: it is new
        Tue 24 12:00:00 mail fresh/1 Firing: it is new
        Tue 24 12:05:00 hook open/2 Firing: it was passed over while the stream was behind
        Tue 24 12:05:00 mail open/2 Firing: it was passed over while the stream was behind
    "#]]
    .assert_eq(&s.diary);
    expect![[r#"
        Tue 24 12:00:00 mail: not sent: it is old news; told when the stream is caught up, if it still stands
        Tue 24 12:00:00 mail: not sent: it is old news; told when the stream is caught up, if it still stands
        Tue 24 12:05:00 mail: sent: it was passed over while the stream was behind
    "#]]
    .assert_eq(&decisions(&s, "open"));
    assert!(!s.outbox.book.cases.contains_key("gone"));
}

#[test]
fn a_stale_end_reaches_those_who_were_told_at_the_head() {
    let mut s = Story::new(policy(), "2026-11-24 10:00");
    s.take("disk", 1, Opened, Page).restart();
    s.now = berlin("2026-11-24 18:00");
    s.outbox.take(&record("disk", 2, Resolved, Page, berlin("2026-11-24 11:00")), s.now);
    s.flush();
    s.outbox.at_head(s.now);
    s.flush();
    expect![[r#"
        Tue 24 10:00:00 hook disk/1 Firing: it is new
        Tue 24 10:00:00 mail disk/1 Firing: it is new
        Tue 24 18:00:00 hook disk/2 Resolved: it was passed over while the stream was behind
        Tue 24 18:00:00 mail disk/2 Resolved: it was passed over while the stream was behind
    "#]]
    .assert_eq(&s.diary);
    assert!(s.outbox.book.cases.is_empty());
}

#[test]
fn what_waited_while_nobody_was_there_is_told_as_it_stands_at_the_head() {
    let mut s = Story::new(policy(), "2026-11-24 07:00");
    s.take("held", 1, Opened, Hold).take("small", 1, Opened, Digest).restart();
    s.now = berlin("2026-11-24 11:00");
    s.flush();
    assert_eq!(s.diary, "", "the stream is not at its head yet");
    s.outbox.take(&record("held", 2, Worsened, Hold, berlin("2026-11-24 08:00")), s.now);
    s.outbox.at_head(s.now);
    s.flush();
    s.until("2026-11-26 00:00");
    expect![[r#"
        Tue 24 11:00:00 hook held/2 Firing: it was passed over while the stream was behind
        Tue 24 11:00:00 mail held/2 Firing: it was passed over while the stream was behind
        Tue 24 11:00:00 hook small/1 Firing: it is part of the daily digest
        Tue 24 11:00:00 mail digest [small Open, held Released]: it is part of the daily digest
    "#]]
    .assert_eq(&s.diary);
}

#[test]
fn a_silence_keeps_back_what_fires_lets_ends_pass_and_releases_what_stands() {
    let mut s = Story::new(policy(), "2026-11-24 10:00");
    s.take("told", 1, Opened, Page);
    let until = berlin("2026-11-24 12:00");
    let silence = s.outbox.silence("service=\"checkout\"", until, "ann", "disk swap", s.now).unwrap();
    assert_eq!(silence.id, "s1");
    s.until("2026-11-24 10:30").take("told", 2, Worsened, Page).take("quiet", 1, Opened, Page);
    s.until("2026-11-24 11:00").take("short", 1, Opened, Page).take("told", 3, Resolved, Page);
    s.until("2026-11-24 11:30").take("short", 2, Resolved, Page);
    s.restart().until("2026-11-24 13:00");
    expect![[r#"
        Tue 24 10:00:00 hook told/1 Firing: it is new
        Tue 24 10:00:00 mail told/1 Firing: it is new
        Tue 24 11:00:00 hook told/3 Resolved: it is over
        Tue 24 11:00:00 mail told/3 Resolved: it is over
        Tue 24 12:00:00 hook quiet/1 Firing: it is new
        Tue 24 12:00:00 mail quiet/1 Firing: it is new
    "#]]
    .assert_eq(&s.diary);
    expect![[r#"
        Tue 24 10:30:00 mail: not sent: silence s1 covers it
        Tue 24 12:00:00 mail: sent: it is new
    "#]]
    .assert_eq(&decisions(&s, "quiet"));
    assert_eq!(s.outbox.silences().count(), 0);
    assert!(s.outbox.silence("{broken", until, "ann", "", s.now).is_err());
}

#[test]
fn a_silence_is_matched_on_any_signal_and_can_be_ended() {
    let mut s = Story::new(policy(), "2026-11-24 10:00");
    s.outbox.silence("disk_used_ratio{host=~\"db-.*\"}", berlin("2026-11-25 10:00"), "ann", "", s.now).unwrap();
    s.take("db-1", 1, Opened, Page).take("web-1", 1, Opened, Page);
    s.until("2026-11-24 10:10");
    assert!(s.outbox.end_silence("s1", s.now));
    assert!(!s.outbox.end_silence("s1", s.now));
    s.flush();
    expect![[r#"
        Tue 24 10:00:00 hook web-1/1 Firing: it is new
        Tue 24 10:00:00 mail web-1/1 Firing: it is new
        Tue 24 10:10:00 hook db-1/1 Firing: it is new
        Tue 24 10:10:00 mail db-1/1 Firing: it is new
    "#]]
    .assert_eq(&s.diary);
}

#[test]
fn an_acknowledgement_stops_repeats_and_escalation_until_it_is_over() {
    let mut s = Story::new(policy(), "2026-11-24 10:00");
    assert!(!s.outbox.ack("disk", "ann", s.now));
    s.take("disk", 1, Opened, Hold);
    assert!(s.outbox.ack("disk", "ann", s.now));
    s.take("disk", 2, Repeated, Hold).take("disk", 3, Worsened, Hold).take("disk", 4, Promoted, Page);
    s.take("disk", 5, Resolved, Page);
    expect![[r#"
        Tue 24 10:00:00 hook disk/1 Firing: it is new
        Tue 24 10:00:00 mail disk/1 Firing: it is new
        Tue 24 10:00:00 hook disk/3 Firing: it got worse
        Tue 24 10:00:00 mail disk/3 Firing: it got worse
        Tue 24 10:00:00 hook disk/5 Resolved: it is over
        Tue 24 10:00:00 mail disk/5 Resolved: it is over
    "#]]
    .assert_eq(&s.diary);
    expect![[r#"
        Tue 24 10:00:00 mail: sent: it is new
        Tue 24 10:00:00 mail: not sent: ann is on it
        Tue 24 10:00:00 mail: sent: it got worse
        Tue 24 10:00:00 mail: not sent: ann is on it
        Tue 24 10:00:00 mail: sent: it is over
    "#]]
    .assert_eq(&decisions(&s, "disk"));
}

#[test]
fn the_first_route_that_takes_it_decides_and_without_receivers_all_is_shadow() {
    let route = |matches: &str, to: &[&str], at_least| Route {
        matches: crate::signal::Selector::parse(matches).unwrap(),
        to: to.iter().map(|name| (*name).to_owned()).collect(),
        at_least,
    };
    let mut routed = policy();
    routed.routes = vec![
        route("service=\"checkout\"", &["hook"], Page),
        route("{host=\"a\"}", &["mail"], Digest),
        route("urgency=\"hold\"", &["mail", "hook"], Digest),
    ];
    let mut s = Story::new(routed, "2026-11-24 10:00");
    s.take("a", 1, Opened, Page).take("a", 2, Worsened, Hold).take("b", 1, Opened, Hold).take("c", 1, Opened, Digest);
    s.take("a", 3, Resolved, Hold);
    expect![[r#"
        Tue 24 10:00:00 hook a/1 Firing: it is new
        Tue 24 10:00:00 mail a/2 Firing: it got worse
        Tue 24 10:00:00 hook b/1 Firing: it is new
        Tue 24 10:00:00 mail b/1 Firing: it is new
        Tue 24 10:00:00 hook a/3 Resolved: it is over
        Tue 24 10:00:00 mail a/3 Resolved: it is over
    "#]]
    .assert_eq(&s.diary);
    expect![[r#"
        Tue 24 10:00:00 : not sent: no route takes it
    "#]]
    .assert_eq(&decisions(&s, "c"));
    let mut nobody = policy();
    nobody.receivers.clear();
    let mut s = Story::new(nobody, "2026-11-24 10:00");
    s.take("a", 1, Opened, Page).take("a", 2, Resolved, Page);
    assert_eq!(s.diary, "");
    expect![[r#"
        Tue 24 10:00:00 : not sent: no receiver is configured (shadow)
    "#]]
    .assert_eq(&decisions(&s, "a"));
}
