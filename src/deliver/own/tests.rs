//! Each row: minutes, how the process stands. What was said is golden.

use expect_test::{Expect, expect};

use super::*;
use crate::deliver::outbox::Tally;
use crate::time::Timestamp;

fn at(minute: i64) -> Wall {
    Wall(Timestamp::parse_rfc3339("2026-11-23T10:00:00Z").unwrap() + Span::from_mins(minute))
}

fn receiver(name: &str, failing_since: Option<i64>) -> ReceiverStatus {
    let last_error = failing_since.map(|_| "connecting failed: refused".to_owned());
    let tally = Tally { failing_since: failing_since.map(at), last_error, ..Tally::default() };
    ReceiverStatus { receiver: name.to_owned(), waiting: 2, held_back: Vec::new(), tally }
}

fn behind(minutes: i64) -> Health {
    Health { behind: Some(Span::from_mins(minutes)), ..Health::default() }
}

fn counts(records: u64, rejects: u64, lost: u64, refused: u64) -> Health {
    Health { counts: Counts { records, rejects, lost, refused }, ..Health::default() }
}

fn said(records: &[AlertRecord]) -> String {
    let line = |r: &AlertRecord| {
        let minute = r.at.since(at(0).0).nanos() / 60_000_000_000;
        format!("{minute} {}/{} {:?} {:?}: {}\n", &r.id[..4], r.revision, r.reason, r.urgency, r.summary)
    };
    records.iter().map(line).collect()
}

/// Goes through the rows with a restart from the saved state at each.
fn check(rows: Vec<(i64, Health)>, expected: Expect) {
    let (mut own, mut records) = (Own::default(), Vec::new());
    for (minute, health) in rows {
        let bytes = postcard::to_allocvec(&own).unwrap();
        own = postcard::from_bytes(&bytes).unwrap();
        records.extend(own.look(&health, at(minute)));
    }
    expected.assert_eq(&said(&records));
}

#[test]
fn lag_that_shrinks_is_not_told_and_lag_that_stays_is() {
    let mut rows: Vec<(i64, Health)> = (0..20).map(|minute| (minute, behind(100 - 4 * minute))).collect();
    check(rows.clone(), expect![[r#""#]]);
    rows.extend((20..40).map(|minute| (minute, behind(30))));
    rows.extend([(40, Health::default()), (41, Health::default()), (42, behind(7)), (43, Health::default())]);
    check(
        rows,
        expect![[r#"
             25 4c11/1 Opened Hold: forewarn is 30 minutes behind the present and does not catch up, so that its warnings come late: give it more processor, or fewer signals
             40 4c11/2 Resolved Hold: over: forewarn is 30 minutes behind the present and does not catch up, so that its warnings come late: give it more processor, or fewer signals
        "#]],
    );
}

#[test]
fn a_receiver_that_fails_is_told_after_a_quarter_of_an_hour_and_all_of_them_wake_someone() {
    let stands = |minute, mail, hook| {
        let receivers = vec![receiver("mail", mail), receiver("hook", hook)];
        (minute, Health { receivers, ..Health::default() })
    };
    let rows = vec![
        stands(0, None, None),
        stands(5, Some(3), None),
        stands(17, Some(3), None),
        stands(18, Some(3), None),
        stands(30, Some(3), Some(20)),
        stands(36, Some(3), Some(20)),
        stands(40, Some(3), None),
        stands(42, None, None),
    ];
    check(
        rows,
        expect![[r#"
             18 7383/1 Opened Hold: mail gets no alerts, 2 wait: connecting failed: refused
             30 7383/2 Promoted Page: mail gets no alerts, 2 wait; nobody can be told of anything: connecting failed: refused
             36 474d/1 Opened Page: hook gets no alerts, 2 wait; nobody can be told of anything: connecting failed: refused
             40 474d/2 Resolved Page: over: hook gets no alerts, 2 wait; nobody can be told of anything: connecting failed: refused
             42 7383/3 Resolved Page: over: mail gets no alerts, 2 wait; nobody can be told of anything: connecting failed: refused
        "#]],
    );
}

#[test]
fn what_is_lost_is_told_at_once_and_over_after_an_hour() {
    let rows = vec![
        (0, counts(100, 0, 0, 0)),
        (1, counts(200, 0, 7, 0)),
        (30, counts(300, 0, 9, 3)),
        (80, counts(400, 0, 9, 3)),
        (91, counts(500, 0, 9, 3)),
    ];
    check(
        rows,
        expect![[r#"
            1 7566/1 Opened Hold: 7 records were gone from the broker before forewarn read them: keep them longer there, or give forewarn more processor
            30 1a33/1 Opened Hold: 3 new signals are not watched, for forewarn watches as many as it may: look for a label that has ever new values
            91 7566/2 Resolved Hold: over: 7 records were gone from the broker before forewarn read them: keep them longer there, or give forewarn more processor
            91 1a33/2 Resolved Hold: over: 3 new signals are not watched, for forewarn watches as many as it may: look for a label that has ever new values
        "#]],
    );
}

#[test]
fn rejects_are_judged_by_their_share() {
    let rows = vec![
        (0, counts(0, 0, 0, 0)),
        (5, counts(1_000, 50, 0, 0)),
        (10, counts(2_000, 450, 0, 0)),
        (15, counts(2_100, 460, 0, 0)),
        (16, counts(3_000, 460, 0, 0)),
    ];
    check(
        rows,
        expect![[r#"
             10 3b69/1 Opened Hold: forewarn cannot understand 40 % of what it reads: the dead letters say why; what they hold is not watched
             15 3b69/2 Resolved Hold: over: forewarn cannot understand 40 % of what it reads: the dead letters say why; what they hold is not watched
        "#]],
    );
}

#[test]
fn blindness_and_what_cannot_be_written() {
    let sick = Health {
        unreadable: Some("the broker does not answer: no route".to_owned()),
        blind: vec!["metrics[0]".to_owned(), "metrics[1]".to_owned()],
        topic: Some("message too large".to_owned()),
        dead_letters: Some("disk full".to_owned()),
        disk: Some("no space left".to_owned()),
        ..Health::default()
    };
    let rows = vec![(0, sick.clone()), (4, sick.clone()), (5, sick.clone()), (15, sick), (17, Health::default())];
    check(
        rows,
        expect![[r#"
            5 6fa2/1 Opened Page: forewarn can read nothing, so that nothing is watched: the broker does not answer: no route
            5 83a2/1 Opened Hold: forewarn is blind to 2 partitions, metrics[0] among them: there are records, and they cannot be read
            5 09c2/1 Opened Hold: what forewarn cannot understand cannot be kept either, and no checkpoint is written: disk full
            5 c6b1/1 Opened Hold: forewarn cannot keep what it knows; it goes on, but what needs the disk waits: no space left
            15 629e/1 Opened Hold: the alerts topic takes no alerts: message too large
            17 629e/2 Resolved Hold: over: the alerts topic takes no alerts: message too large
            17 83a2/2 Resolved Hold: over: forewarn is blind to 2 partitions, metrics[0] among them: there are records, and they cannot be read
            17 09c2/2 Resolved Hold: over: what forewarn cannot understand cannot be kept either, and no checkpoint is written: disk full
            17 c6b1/2 Resolved Hold: over: forewarn cannot keep what it knows; it goes on, but what needs the disk waits: no space left
            17 6fa2/2 Resolved Page: over: forewarn can read nothing, so that nothing is watched: the broker does not answer: no route
        "#]],
    );
}

#[test]
fn after_a_crash_the_history_says_what_was_told_since_the_checkpoint() {
    let saved = Own::default();
    let mut own = saved.clone();
    let opened = own.look(&counts(1, 0, 5, 0), at(0));
    let mut again = saved.clone();
    assert_eq!(again.recall(opened.iter(), at(1)), opened, "the outbox takes it once more");
    let mut resolved = again.look(&counts(1, 0, 5, 0), at(2));
    assert_eq!(resolved, [], "the same loss is not told twice");
    resolved = again.look(&counts(1, 0, 5, 0), at(63));
    assert_eq!((resolved[0].id.as_str(), resolved[0].revision), (opened[0].id.as_str(), 2));
    assert_eq!(own.recall(resolved.iter(), at(63)), resolved);
    assert_eq!(own.look(&counts(1, 0, 5, 0), at(200)), [], "its end was told by the process before");
    let stranger = AlertRecord { labels: BTreeMap::new(), ..opened[0].clone() };
    assert_eq!(again.recall([stranger].iter(), at(64)), [], "somebody's service of that name");
}
