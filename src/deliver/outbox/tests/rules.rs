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
    let route = |matches: &str, to: &[&str], at_least| Route { at_least, ..way(matches, to) };
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

fn selector(text: &str) -> crate::signal::Selector {
    match text {
        "" => crate::signal::Selector::everything(),
        text => crate::signal::Selector::parse_route(text).unwrap(),
    }
}

fn way(matches: &str, to: &[&str]) -> Route {
    Route::new(selector(matches), to.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn a_route_within_another_decides_before_it_and_exceptions_and_further_routes_are_kept() {
    let mut routed = policy();
    routed.receivers.push(("pager".to_owned(), Reach::Pager));
    routed.routes = vec![
        Route {
            except: vec![selector("{host=\"canary\"}")],
            within: vec![
                way("{host=\"a\"}", &["hook"]),
                Route { at_least: Page, ..way("{host=~\"b.*\"}", &["pager", "hook"]) },
            ],
            ..way("service=\"checkout\"", &["mail"])
        },
        Route { goes_on: true, ..way("", &["pager"]) },
        way("", &["mail", "pager"]),
    ];
    let told = |id: &str, urgency| routed.receivers_of(&record(id, 1, Opened, urgency, berlin("2026-11-24 10:00")));
    assert_eq!(told("a", Hold), ["hook"]);
    assert_eq!(told("b1", Page), ["pager", "hook"]);
    assert_eq!(told("b1", Hold), ["mail"], "no route within takes it: the outer one does");
    assert_eq!(told("c", Page), ["mail"]);
    assert_eq!(told("canary", Hold), ["pager", "mail"], "each receiver once");
}

#[test]
fn a_route_may_say_how_urgent_its_alerts_are() {
    let mut routed = policy();
    routed.routes = vec![
        Route { urgency: Some(Page), ..way("{host=\"a\"}", &["mail"]) },
        Route { urgency: Some(Digest), ..way("{host=\"b\"}", &["mail"]) },
    ];
    let mut s = Story::new(routed, "2026-11-24 20:00");
    s.take("a", 1, Opened, Hold).take("b", 1, Opened, Page).until("2026-11-25 10:00");
    expect![[r#"
        Tue 24 20:00:00 mail a/1 Firing: it is new
        Wed 25 09:00:00 mail digest [b Open]: it is part of the daily digest
    "#]]
    .assert_eq(&s.diary);
}

#[test]
fn who_needs_longer_to_act_is_told_earlier() {
    let mut routed = policy();
    routed.routes = vec![
        Route { reaction: Some(Span::from_hours(10)), ..way("{host=\"far\"}", &["mail"]) },
        Route { reaction: Some(Span::from_mins(10)), ..way("{host=\"near\"}", &["mail"]) },
        way("", &["mail"]),
    ];
    let mut s = Story::new(routed, "2026-11-24 20:00");
    let mut take = |id: &str, urgency, earliest: &str| {
        let mut record = record(id, 1, Opened, urgency, s.now);
        let at = berlin(earliest).0;
        record.breach = Some(crate::alert::BreachNote {
            objective: None,
            limit: Some(record.signals[0].signal.clone()),
            name: None,
            level: 1.0,
            probability: 0.9,
            earliest: at,
            likely: at + Span::from_hours(1),
            latest: at + Span::from_hours(2),
        });
        s.outbox.take(&record, s.now);
        s.flush();
    };
    // Work begins at 9. Ten hours to act: what comes at 18 o'clock cannot wait for it. Ten minutes: what comes at 9:30 can.
    take("far", Hold, "2026-11-25 18:00");
    take("near", Page, "2026-11-25 09:30");
    take("plain", Hold, "2026-11-25 18:00");
    s.until("2026-11-25 10:00");
    expect![[r#"
        Tue 24 20:00:00 mail far/1 Firing: it is new
        Wed 25 09:00:00 mail near/1 Firing held since Tue 24 20:00:00: it was held and still stands at the start of work
        Wed 25 09:00:00 mail plain/1 Firing held since Tue 24 20:00:00: it was held and still stands at the start of work
    "#]].assert_eq(&s.diary);
}

#[test]
fn a_receiver_with_a_pace_gets_no_more_and_hears_what_was_held_back() {
    let mut paced = policy();
    paced.receivers = vec![("mail".to_owned(), Reach::Mail)];
    paced.paces = [("mail".to_owned(), crate::config::Pace { most: 2, per: Span::from_mins(30), pages: false })].into();
    let mut s = Story::new(paced, "2026-11-24 10:00");
    for id in ["a", "b", "c", "d", "e"] {
        s.take(id, 1, Opened, Hold);
    }
    s.take("fire", 1, Opened, Page);
    assert_eq!(s.outbox.status()[0].held_back.len(), 3, "{:?}", s.outbox.status());
    s.restart();
    s.until("2026-11-24 12:00");
    expect![[r#"
        Tue 24 10:00:00 mail a/1 Firing: it is new
        Tue 24 10:00:00 mail b/1 Firing: it is new
        Tue 24 10:00:00 mail fire/1 Firing: it is new, held back: c will hurt (alert c); d will hurt (alert d); e will hurt (alert e)
        Tue 24 10:30:00 mail c/1 Firing: it is new
        Tue 24 10:30:00 mail d/1 Firing: it is new, held back: e will hurt (alert e)
        Tue 24 11:00:00 mail e/1 Firing: it is new
    "#]].assert_eq(&s.diary);
    assert!(s.outbox.status()[0].held_back.is_empty());
    expect![[r#"
        Tue 24 10:00:00 mail: sent: it is new
        Tue 24 10:00:00 mail: not sent: the receiver's limit of messages is reached until 2026-11-24T09:30:00Z
        Tue 24 10:30:00 mail: sent: it is new
    "#]]
    .assert_eq(&decisions(&s, "c"));
}
