use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::engine::{Sample, SeriesIx};
use crate::signal::{Change, ChangeKind, Reading};

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn samples(times: &[i64]) -> Batch {
    let mut batch = Batch::default();
    for (row, &secs) in times.iter().enumerate() {
        batch.samples.push(Sample { series: SeriesIx(0), at: at(secs), reading: Reading::Gauge(0.0), row: row as u64 });
    }
    batch
}

fn change(secs: i64) -> Batch {
    let mut batch = Batch::default();
    batch.changes.push(Change {
        at: at(secs),
        id: "c".into(),
        service: "s".into(),
        kind: ChangeKind::Deployed,
        what: "w".into(),
        version: None,
    });
    batch
}

fn times(batch: &Batch) -> Vec<i64> {
    batch.samples.iter().map(|sample| sample.at.nanos() / 1_000_000_000).collect()
}

fn gate() -> Gate {
    Gate::new(Lateness::default())
}

fn id(name: &str) -> PartitionId {
    PartitionId::new(name, 0)
}

#[test]
fn late_is_strictly_older_than_the_partitions_highest_less_lateness() {
    let table: [(&[i64], &[i64], u64); 5] = [
        (&[100, 70, 69], &[100, 70], 1),
        (&[100, 131, 100, 101], &[100, 131, 101], 1),
        (&[5, 4, 3], &[5, 4, 3], 0),
        (&[i64::MIN, i64::MAX, 0], &[i64::MIN, i64::MAX], 1),
        (&[], &[], 0),
    ];
    for (given, kept, late) in table {
        let mut batch = samples(given);
        let seen = gate().admit(&id("a"), None, &mut batch);
        let kept = samples(kept);
        assert_eq!(times(&batch), times(&kept), "{given:?}");
        assert_eq!(seen, Admitted { admitted: kept.samples.len() as u64, late, absurd: 0 }, "{given:?}");
    }
}

#[test]
fn lateness_is_by_topic_and_another_partition_makes_nothing_late() {
    let by_topic = BTreeMap::from([("slow".to_owned(), Span::from_mins(10))]);
    let mut gate = Gate::new(Lateness { by_topic, ..Lateness::default() });
    gate.admit(&id("fast"), None, &mut samples(&[10_000]));
    assert_eq!(gate.admit(&id("slow"), None, &mut samples(&[1000, 400, 399])).late, 1);
    assert_eq!(gate.watermark(), Some(at(400)));
    assert_eq!(gate.counts().collect::<Vec<_>>().len(), 2);
}

#[test]
fn absurd_is_more_than_ten_minutes_after_the_broker_and_moves_nothing() {
    let mut gate = gate();
    let mut batch = samples(&[1600, 1601, -5, 1000]);
    batch.changes.extend(change(1601).changes);
    let seen = gate.admit(&id("a"), Some(at(1000)), &mut batch);
    assert_eq!(seen, Admitted { admitted: 1, late: 2, absurd: 2 });
    assert_eq!(times(&batch), [1600]);
    assert_eq!(batch.rejects[0].0, 1, "the row of the sample");
    expect_test::expect![
        "the time 1970-01-01T00:26:41Z lies 10m1s after the Kafka record's own 1970-01-01T00:16:40Z, at most 10m is believed"
    ]
    .assert_eq(&batch.rejects[0].1.detail);
    assert_eq!(batch.rejects[0].1.reason, RejectReason::AbsurdTime);
    assert_eq!(gate.newest(), Some(at(1600)));
}

#[test]
fn the_watermark_is_the_least_of_the_partitions_with_records_unread() {
    let mut gate = gate();
    assert_eq!(gate.watermark(), None);
    gate.unread(&id("sparse"));
    gate.admit(&id("a"), None, &mut samples(&[1000]));
    assert_eq!(gate.watermark(), None, "nothing of `sparse` is known yet");
    gate.admit(&id("sparse"), None, &mut samples(&[500]));
    assert_eq!(gate.watermark(), Some(at(470)));
    gate.ended(&id("sparse"));
    assert_eq!(gate.watermark(), Some(at(970)));
    gate.admit(&id("sparse"), None, &mut samples(&[501]));
    assert_eq!(gate.watermark(), Some(at(970)), "never retreats");
    gate.ended(&id("a"));
    gate.ended(&id("sparse"));
    assert_eq!(gate.watermark(), Some(at(970)), "all at their end: the greatest");
}

#[test]
fn whichever_partition_ends_last_the_watermark_is_the_same() {
    for order in [["a", "b"], ["b", "a"]] {
        let mut gate = gate();
        gate.admit(&id("a"), None, &mut samples(&[200]));
        gate.admit(&id("b"), None, &mut samples(&[300]));
        for name in order {
            gate.ended(&id(name));
            gate.watermark();
        }
        assert_eq!(gate.watermark(), Some(at(270)), "{order:?}");
    }
}

#[test]
fn changes_never_hold_and_stalled_partitions_are_let_go() {
    let mut gate = gate();
    gate.admit(&id("changes"), None, &mut change(5));
    gate.admit(&id("a"), None, &mut samples(&[1000]));
    assert_eq!(gate.watermark(), Some(at(970)));
    gate.unread(&id("dead"));
    gate.admit(&id("a"), None, &mut samples(&[2000]));
    assert_eq!(gate.watermark(), Some(at(970)));
    gate.stalled(&id("dead"));
    assert_eq!(gate.watermark(), Some(at(1970)));
    assert_eq!(gate.blind_spots().collect::<Vec<_>>(), [&id("dead")]);
    gate.ended(&id("dead"));
    assert_eq!(gate.blind_spots().count(), 0);
}

#[test]
fn the_clock_goes_on_only_at_the_end_of_all_and_at_the_head() {
    // (age of the newest record on arrival, who is at the end, the step)
    let table: [(i64, &[&str], Option<i64>); 4] = [
        (120, &["a", "b"], Some(2000 - 30)),
        (121, &["a", "b"], None),
        (0, &["a"], None),
        (-300, &["a", "b"], Some(2000 - 30)),
    ];
    for (age, ended, step) in table {
        let mut gate = gate();
        gate.admit(&id("a"), None, &mut samples(&[1000]));
        gate.admit(&id("b"), None, &mut samples(&[900]));
        gate.arrived(at(1000 + age));
        gate.arrived(at(9999));
        for name in ended {
            gate.ended(&id(name));
        }
        assert!(gate.watermark().is_some());
        assert_eq!(gate.wall_step(at(2000)), step.map(at), "age {age}, {ended:?}");
        if let Some(step) = gate.wall_step(at(2000)) {
            gate.advance(step);
            assert_eq!((gate.watermark(), gate.wall_step(at(2000))), (Some(step), None));
        }
    }
}

#[test]
fn a_partition_let_go_is_not_read_to_its_end() {
    let mut gate = gate();
    gate.admit(&id("a"), None, &mut samples(&[1000]));
    gate.arrived(at(1000));
    gate.ended(&id("a"));
    gate.stalled(&id("b"));
    assert_eq!(gate.wall_step(at(2000)), None);
    gate.forget(&id("b"));
    assert_eq!(gate.wall_step(at(2000)), Some(at(1970)));
}

/// Three partitions, each its messages in order.
fn streams() -> impl Strategy<Value = Vec<Vec<Vec<i64>>>> {
    let message = prop::collection::vec(0i64..400, 0..4);
    prop::collection::vec(prop::collection::vec(message, 0..8), 3)
}

/// Feeds the partitions in the order of `picks`, what remains afterwards in turn; `check` sees each step.
fn feed(streams: &[Vec<Vec<i64>>], picks: &[usize], mut check: impl FnMut(&mut Gate, &str, &Batch)) -> Gate {
    let names = ["a", "b", "c"];
    let mut gate = gate();
    names.iter().for_each(|name| gate.unread(&id(name)));
    let mut next = [0; 3];
    let rest = (0..3).flat_map(|p| std::iter::repeat_n(p, streams[p].len() + 1));
    for p in picks.iter().copied().chain(rest) {
        match streams[p].get(next[p]) {
            Some(message) => {
                let mut batch = samples(message);
                gate.admit(&id(names[p]), None, &mut batch);
                check(&mut gate, names[p], &batch);
            }
            None => gate.ended(&id(names[p])),
        }
        next[p] += 1;
    }
    gate
}

proptest! {
    #[test]
    fn another_interleaving_admits_the_same(streams in streams(), picks in prop::collection::vec(0usize..3, 0..24)) {
        let outcome = |picks: &[usize]| {
            let mut admitted = BTreeMap::<String, Vec<i64>>::new();
            let mut gate = feed(&streams, picks, |_, name, batch| admitted.entry(name.into()).or_default().extend(times(batch)));
            (admitted, gate.counts().map(|(t, c)| (t.to_owned(), c)).collect::<Vec<_>>(), gate.watermark())
        };
        prop_assert_eq!(outcome(&picks), outcome(&[]));
    }

    #[test]
    fn the_watermark_never_retreats_nor_passes_what_comes(streams in streams(), picks in prop::collection::vec(0usize..3, 0..24)) {
        let mut before = None;
        feed(&streams, &picks, |gate, _, batch| {
            for sample in &batch.samples {
                assert!(before.is_none_or(|mark| mark <= sample.at));
            }
            let now = gate.watermark();
            assert!(before <= now);
            before = now;
        });
    }

    #[test]
    fn disorder_within_the_lateness_makes_nothing_late(mut jittered in prop::collection::vec((0i64..1000, 0i64..=30), 0..60)) {
        jittered.sort_by_key(|&(secs, delay)| secs + delay);
        let given: Vec<i64> = jittered.iter().map(|&(secs, _)| secs).collect();
        prop_assert_eq!(gate().admit(&id("a"), None, &mut samples(&given)).late, 0);
    }

    #[test]
    fn restored_it_goes_on_as_if_nothing_had_been(streams in streams(), cut in 0usize..12) {
        let mut step = 0;
        feed(&streams, &[], |gate, _, _| {
            if step == cut {
                gate.watermark();
                let bytes = postcard::to_allocvec(&gate.snapshot()).unwrap();
                let mut again = Gate::restore(Lateness::default(), postcard::from_bytes(&bytes).unwrap());
                for name in ["a", "b", "c"] {
                    let mut left = samples(&[17, 333, 200]);
                    let mut right = samples(&[17, 333, 200]);
                    assert_eq!(gate.clone().admit(&id(name), None, &mut left), again.clone().admit(&id(name), None, &mut right));
                    assert_eq!(left.samples, right.samples);
                }
                assert_eq!(gate.snapshot(), again.snapshot());
                assert_eq!(gate.watermark(), again.watermark());
            }
            step += 1;
        });
    }
}
