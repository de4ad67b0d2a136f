//! Receipts, retries, expiry, bounds and restarts.

use expect_test::expect;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::*;
use Reason::*;
use Urgency::*;

fn retry(after: Option<i64>) -> Outcome {
    Outcome::Retry { after: after.map(Span::from_secs), error: "451 busy".to_owned() }
}

fn only_mail() -> Policy {
    Policy { receivers: vec![("mail".to_owned(), Reach::Mail)], ..policy() }
}

#[test]
fn a_failing_receiver_is_tried_again_ever_slower_and_blocks_nobody() {
    let mut s = Story::new(policy(), "2026-11-24 10:00");
    s.outbox.take(&record("disk", 1, Opened, Page, s.now), s.now);
    let mut waits = Vec::new();
    for _ in 0..9 {
        for sent in s.outbox.due(s.now) {
            let outcome = if sent.receiver == "mail" { retry(None) } else { Outcome::Delivered };
            s.outbox.receipt(&sent.key, outcome, s.now);
        }
        let next = s.outbox.next_deadline().unwrap();
        waits.push(next.since(s.now).to_string());
        s.now = next;
    }
    expect!["5s 9s 18s 37s 1m18s 2m46s 4m11s 9m34s 8m36s"].assert_eq(&waits.join(" "));
    let status = s.outbox.status();
    assert_eq!((status[0].tally.retried, status[0].waiting, status[1].tally.delivered), (9, 1, 1));
    assert_eq!(status[0].tally.last_error.as_deref(), Some("451 busy"));
}

#[test]
fn retry_after_is_honoured_for_the_whole_receiver() {
    let mut s = Story::new(only_mail(), "2026-11-24 10:00");
    s.outcome = retry(Some(1800));
    s.take("a", 1, Opened, Page);
    s.outcome = Outcome::Delivered;
    s.until("2026-11-24 10:10").take("b", 1, Opened, Page);
    s.until("2026-11-24 11:00");
    expect![[r#"
        Tue 24 10:00:00 mail a/1 Firing: it is new
        Tue 24 10:30:00 mail a/1 Firing: it is new
        Tue 24 10:30:00 mail b/1 Firing: it is new
    "#]]
    .assert_eq(&s.diary);
}

#[test]
fn a_newer_revision_replaces_an_unsent_one_and_an_end_nobody_needs_is_dropped() {
    let mut s = Story::new(only_mail(), "2026-11-24 10:00");
    s.outcome = retry(None);
    s.take("a", 1, Opened, Page).take("b", 1, Opened, Page);
    s.take("a", 2, Worsened, Page).take("b", 2, Resolved, Page);
    s.outcome = Outcome::Delivered;
    s.until("2026-11-24 11:00");
    expect![[r#"
        Tue 24 10:00:00 mail a/1 Firing: it is new
        Tue 24 10:00:00 mail b/1 Firing: it is new
        Tue 24 10:00:00 mail a/2 Firing: it got worse
        Tue 24 10:00:03 mail a/2 Firing: it got worse
    "#]]
    .assert_eq(&s.diary);
    assert_eq!(s.outbox.waiting(), []);
}

#[test]
fn an_end_that_comes_while_the_beginning_is_on_its_way_follows_it_if_that_arrived() {
    for (outcome, expected) in [(Outcome::Delivered, 1), (Outcome::Refused { error: "no".to_owned() }, 0)] {
        let mut s = Story::new(only_mail(), "2026-11-24 10:00");
        s.outbox.take(&record("a", 1, Opened, Page, s.now), s.now);
        let flying = s.outbox.due(s.now).remove(0);
        s.outbox.take(&record("a", 2, Resolved, Page, s.now), s.now);
        assert_eq!(s.outbox.due(s.now), [], "one message at a time");
        s.outbox.receipt(&flying.key, outcome, s.now);
        let follows = s.outbox.due(s.now);
        assert_eq!(follows.len(), expected);
        for sent in follows {
            assert_eq!(sent.thread, Some(flying.key.clone()));
            s.outbox.receipt(&sent.key, Outcome::Delivered, s.now);
        }
        assert!(s.outbox.book.cases.is_empty());
    }
}

#[test]
fn what_cannot_be_delivered_is_given_up_counted_and_said() {
    let mut s = Story::new(only_mail(), "2026-11-24 10:00");
    s.outcome = Outcome::Refused { error: "550 no such user".to_owned() };
    s.take("refused", 1, Opened, Page);
    s.outcome = retry(None);
    s.take("expired", 1, Opened, Page).until("2026-11-26 10:00");
    let tally = s.outbox.status().remove(0).tally;
    assert_eq!((tally.refused, tally.expired, tally.delivered), (1, 1, 0));
    assert_eq!(tally.failing_since, Some(berlin("2026-11-24 10:00")));
    let said: Vec<String> = s
        .outbox
        .decisions()
        .filter(|d| d.verdict != Verdict::Send(Cause::News(Opened)))
        .map(|d| d.to_string())
        .collect();
    expect![[r#"
        2026-11-24T09:00:00Z refused/1 mail: not sent: the receiver refused it: 550 no such user
        2026-11-25T08:59:45.36Z expired/1 mail: not sent: it could not be delivered before its expiry"#]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn a_full_queue_drops_the_oldest_of_the_least_urgent() {
    let mut small = Policy { receivers: vec![("hook".to_owned(), Reach::Hook)], ..policy() };
    small.bounds.waiting = 3;
    small.bounds.cases = 4;
    let mut s = Story::new(small, "2026-11-24 18:00");
    s.outcome = retry(Some(3600));
    s.take("page", 1, Opened, Page).take("small-1", 1, Opened, Digest).take("small-2", 1, Opened, Digest);
    s.take("held", 1, Opened, Hold);
    let left: Vec<_> = s.outbox.waiting().into_iter().filter_map(|w| w.alert).collect();
    assert_eq!(left, ["held", "page", "small-2"]);
    assert_eq!(s.outbox.status()[0].tally.dropped, 1);
    s.take("more", 1, Opened, Page);
    assert_eq!((s.outbox.forgotten(), s.outbox.book.cases.len()), (1, 4));
}

#[test]
fn after_a_crash_the_same_keys_come_again_and_known_receipts_settle_them() {
    let mut s = Story::new(policy(), "2026-11-24 10:00");
    let saved = s.outbox.book().clone();
    s.outbox.take(&record("a", 1, Opened, Page, s.now), s.now);
    let sent = s.outbox.due(s.now);
    let keys = |sent: &[Notification]| sent.iter().map(|n| n.key.to_string()).collect::<Vec<_>>();
    let in_flight = s.outbox.book().clone();

    let mut after = Outbox::resume(Arc::new(policy()), saved);
    after.receipt(&sent[0].key, Outcome::Delivered, s.now);
    after.take(&record("a", 1, Opened, Page, s.now), s.now);
    let again = after.due(s.now);
    assert_eq!(keys(&again), keys(&sent[1..]), "the delivered one is not repeated");

    let bytes = postcard::to_allocvec(&in_flight).unwrap();
    let mut after = Outbox::resume(Arc::new(policy()), postcard::from_bytes(&bytes).unwrap());
    after.receipt(&sent[1].key, Outcome::Delivered, s.now);
    assert_eq!(keys(&after.due(s.now)), keys(&sent[..1]));
    expect!["fw_4a583d622e601f2807ade445c0ae7e68 fw_ff8b459e3c057b95ce333d6788d848a4"]
        .assert_eq(&keys(&sent).join(" "));
}

#[test]
fn an_end_in_a_digest_that_could_not_be_sent_in_its_hour_is_told_in_the_next() {
    let mut s = Story::new(only_mail(), "2026-11-23 08:00");
    s.take("a", 1, Opened, Digest).until("2026-11-23 12:00").take("a", 2, Resolved, Digest);
    s.take("other", 1, Opened, Digest);
    s.outcome = retry(None);
    s.until("2026-11-24 09:00");
    // Nobody is there for more than an hour.
    s.now = berlin("2026-11-24 10:01");
    s.outcome = Outcome::Delivered;
    s.flush();
    s.outbox.at_head(s.now);
    s.flush();
    expect![[r#"
        Mon 23 09:00:00 mail digest [a Open]: it is part of the daily digest
        Tue 24 09:00:00 mail digest [other Open, a Ended]: it is part of the daily digest
        Tue 24 10:01:00 mail digest [other Open, a Ended]: it is part of the daily digest
    "#]]
    .assert_eq(&s.diary);
    assert_eq!(s.outbox.book.cases.keys().collect::<Vec<_>>(), ["other"]);
}

/// One step: which alert, reason, urgency, minutes since the step before, restart, and the fate of what is sent.
type Move = (usize, usize, usize, i64, bool, u8);

fn moves() -> impl Strategy<Value = Vec<Move>> {
    proptest::collection::vec((0..4usize, 0..8usize, 0..3usize, 0..200i64, any::<bool>(), 0..6u8), 1..60)
}

/// What the receivers were told, as they could write it down.
#[derive(Default)]
struct Heard {
    last: BTreeMap<(String, String), (u32, State)>,
    keys: BTreeSet<Key>,
    refused: BTreeSet<(String, String)>,
}

impl Heard {
    /// Hears one message; the error says which law it breaks.
    fn hear(&mut self, sent: &Notification, outcome: &Outcome) -> Result<(), TestCaseError> {
        let alone = matches!(sent.content, Content::Alert { .. });
        let records: Vec<&AlertRecord> = match &sent.content {
            Content::Alert { record, .. } => vec![record],
            Content::Digest(d) => d.entries.iter().filter(|e| e.fate.is_news()).map(|entry| &entry.record).collect(),
            Content::Test | Content::Acknowledged { .. } => vec![],
        };
        if *outcome == Outcome::Delivered {
            prop_assert!(self.keys.insert(sent.key.clone()), "told twice");
        }
        for record in records {
            let who = (sent.receiver.clone(), record.id.clone());
            match outcome {
                Outcome::Delivered => {
                    let (known, before) = self.last.get(&who).copied().unwrap_or((0, State::Resolved));
                    let needed = record.state == State::Firing || before == State::Firing || !alone;
                    prop_assert!(needed, "an end that nobody waited for");
                    // A digest may come late and then says nothing new.
                    if known < record.revision {
                        self.last.insert(who, (record.revision, record.state));
                    }
                }
                Outcome::Refused { .. } => {
                    self.refused.insert(who);
                }
                Outcome::Retry { .. } => {}
            }
        }
        Ok(())
    }
}

fn flush(s: &mut Story, heard: &mut Heard, outcome: &Outcome) -> Result<(), TestCaseError> {
    loop {
        let due = s.outbox.due(s.now);
        if due.is_empty() {
            break;
        }
        for sent in due {
            heard.hear(&sent, outcome)?;
            s.outbox.receipt(&sent.key, outcome.clone(), s.now);
        }
    }
    if let Some(next) = s.outbox.next_deadline() {
        prop_assert!(s.now < next, "a deadline that does nothing: {next} at {}", s.now);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        // `delivery.seeds` beside this file: what failed once is tried again.
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("seeds"))),
        ..ProptestConfig::default()
    })]

    /// Whatever happens: nothing is told twice for one revision, ends go to those who were told and to nobody else, no
    /// deadline is one that does nothing, and in the end everyone knows what stands and what is over.
    #[test]
    fn the_laws_hold(moves in moves()) {
        hold(moves)?;
    }
}

/// Plays the moves, and judges by the laws.
fn hold(moves: Vec<Move>) -> Result<(), TestCaseError> {
    let mut s = Story::new(policy(), "2026-11-27 14:00");
    let mut heard = Heard::default();
    let mut latest: BTreeMap<String, AlertRecord> = BTreeMap::new();
    for (who, reason, urgency, minutes, restart, outcome) in moves {
        s.now = s.now + Span::from_mins(minutes);
        if restart {
            s.restart();
        }
        let id = format!("a{who}");
        let reason = [Opened, Worsened, Joined, Promoted, Repeated, Resolved, Withdrawn, Gone][reason];
        let revision = latest.get(&id).map_or(1, |before| before.revision + 1);
        let record = record(&id, revision, reason, [Digest, Hold, Page][urgency], s.now);
        s.outbox.take(&record, s.now);
        latest.insert(id, record);
        if minutes % 5 == 0 {
            s.outbox.at_head(s.now);
        }
        let outcome = match outcome {
            0 => retry(None),
            1 => Outcome::Refused { error: "no".to_owned() },
            _ => Outcome::Delivered,
        };
        flush(&mut s, &mut heard, &outcome)?;
    }
    for _ in 0..200 {
        s.outbox.at_head(s.now);
        flush(&mut s, &mut heard, &Outcome::Delivered)?;
        let Some(next) = s.outbox.next_deadline() else { break };
        s.now = next;
    }
    let expired: u64 = s.outbox.status().iter().map(|status| status.tally.expired).sum();
    for (id, record) in &latest {
        for receiver in ["mail", "hook"] {
            let who = (receiver.to_owned(), id.clone());
            let knows = heard.last.get(&who).map(|(_, state)| *state);
            let lost = 0 < expired || heard.refused.contains(&who);
            let is_right = match record.state {
                State::Firing => knows == Some(State::Firing),
                State::Resolved => knows != Some(State::Firing),
            };
            prop_assert!(lost || is_right, "{receiver} knows {knows:?} of {record:?}");
        }
    }
    prop_assert_eq!(s.outbox.next_deadline(), None);
    Ok(())
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let mut s = Story::new(only_mail(), "2026-11-24 10:00");
    s.outcome = retry(None);
    s.take("tried", 1, Opened, Page);
    s.take("held", 1, Opened, Hold);
    s.until("2026-11-24 10:05");
    let next = |s: &Story| s.outbox.next_deadline().unwrap().since(s.now);
    let wait = next(&s);
    assert!(Span::ZERO < wait && wait < Span::from_mins(30), "{wait}");
    let from = s.now;
    s.now = Wall(from.0 - Span::from_hours(2));
    assert!(Span::from_hours(2) <= next(&s), "else there is nothing to mend");
    s.outbox.set_back(from, s.now);
    assert!(next(&s) <= wait, "{} is longer than {wait}", next(&s));
    s.outcome = Outcome::Delivered;
    s.until("2026-11-24 09:00");
    assert_eq!(s.outbox.status().remove(0).tally.delivered, 2);
}
