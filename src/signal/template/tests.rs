//! What the miner promises: templates that people would write, ids that depend on nothing but lines, bounds that hold.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// `lines text` of each template of these lines, in the order of their texts.
fn check(lines: &[&str], expected: Expect) {
    let mut miner = Miner::default();
    for line in lines {
        miner.learn(line.as_bytes());
    }
    miner.settle();
    let mut shown: Vec<String> = miner.templates().iter().map(|t| format!("{} {}\n", t.lines, t.text)).collect();
    shown.sort();
    expected.assert_eq(&shown.concat());
}

#[test]
fn variables_are_known_by_what_they_are() {
    check(
        &[
            "GET https://shop.example/cart?id=7 from 10.0.0.7:4711 took 350 ms",
            "GET https://shop.example/pay?x=y&z=1 from 10.0.0.9:4712 took 12 ms",
            "opened /var/lib/db/wal.0001 for request 6f1c2b8e-9d7a-4f0e-8a1b-0c2d3e4f5a6b at 2026-03-01 12:00:05",
            "connection from host-7.example.com () at Wed Jun 29 14:44:35 2005",
            "connection from mail.example.org (mail.example.org) at Sat Jul 9 11:35:59 2005",
            "eth0: link address aa:bb:cc:dd:ee:ff, mail to ops@example.com",
            "sent 1103 bytes (1.07 KB), 0 left",
            "temperature is -7 or 0xdeadbeef",
        ],
        expect![[r#"
            1 eth0: link address <mac>, mail to <mail>
            1 opened <path> for request <uuid> at <date> <time>
            1 sent <num> bytes (<num> KB), <num> left
            1 temperature is <num> or <hex>
            2 GET https://<url> from <ip>:<num> took <num> ms
            2 connection from <host> (<host>) at <date> <date> <num> <time> <num>
        "#]],
    );
}

#[test]
fn words_that_vary_are_values_and_events_are_not() {
    let users = ["anna", "boris", "chen", "dora", "emil", "fritz"];
    let mut lines: Vec<String> = Vec::new();
    for user in users {
        lines.push(format!("session opened for user {user} by root"));
        lines.push(format!("session closed for user {user} by root"));
    }
    for state in ["starting", "started", "stopping", "stopped", "failed", "restarted"] {
        lines.push(format!("the payment worker has {state} now"));
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    check(
        &lines,
        expect![[r#"
            1 the payment worker has failed now
            1 the payment worker has restarted now
            1 the payment worker has started now
            1 the payment worker has starting now
            1 the payment worker has stopped now
            1 the payment worker has stopping now
            6 session closed for user <word> by root
            6 session opened for user <word> by root
        "#]],
    );
}

#[test]
fn payloads_are_one_value_where_their_shapes_differ_and_wording_where_they_do_not() {
    check(
        &[
            "compaction buckets are []",
            "compaction buckets are [[file(path='/a/1')]]",
            "compaction buckets are [[file(path='/a/1'), file(path='/a/2')]]",
            "compaction buckets are [[file(path='/a/1'), file(path='/a/2')], [file(path='/a/3')]]",
            "done with request:{\"kind\":\"read\",\"topics\":[]} in 5 ms",
            "done with request:{\"kind\":\"read\",\"topics\":[\"orders\"]} in 6 ms",
            "done with request:{\"kind\":\"write\",\"topics\":[{\"name\":\"orders\",\"acks\":1}]} in 7 ms",
            "done with request:{\"kind\":\"join\",\"member\":\"a\"} in 7 ms",
            "started Server(port=1, host=local)",
            "started Server(port=2, host=local)",
            "handing cart shop.Cart@1b6d3586{STARTED,8<=0}[x] to shop.Pay$1@7f2c01aa",
            "handing cart shop.Cart@77ad2c10 to shop.Pay$1@7f2c01bb",
            "unpacking webapps/",
            "unpacking META-INF/maven/org.apache/",
        ],
        expect![[r#"
            2 handing cart <object> to <object>
            2 started Server(port=<num>, host=local)
            2 unpacking <path>
            4 compaction buckets are [<fields>]
            4 done with request:{<fields>} in <num> ms
        "#]],
    );
}

#[test]
fn values_of_a_record_differ_together() {
    let (operations, kinds) = (["ALTER", "DESCRIBE", "INSPECT", "RENAME"], ["Fetch", "Produce", "Topics", "Metadata"]);
    let lines: Vec<String> = (0..4)
        .map(|n| format!("alice is allowed operation = {} for request = {} by rule", operations[n], kinds[n]))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    check(
        &lines,
        expect![[r#"
        4 alice is allowed operation = <word> for request = <word> by rule
    "#]],
    );
}

#[test]
fn names_before_an_equals_sign_are_wording() {
    check(
        &[
            "login failed tty=ssh rhost=10.0.0.1",
            "login failed tty=ssh rhost=10.0.0.2",
            "login failed tty=ssh rhost=10.0.0.3 user=77",
            "level=info msg=\"ready\" took=5ms",
            "level=info msg=\"ready\" took=7ms",
        ],
        expect![[r#"
            1 login failed tty=ssh rhost=<ip> user=<num>
            2 level=info msg="ready" took=<duration>
            2 login failed tty=ssh rhost=<ip>
        "#]],
    );
}

#[test]
fn where_templates_meet_the_old_id_is_an_alias() {
    let mut miner = Miner::default();
    let early = miner.learn(b"job alpha was queued for the night").id;
    for job in ["bravo", "carol", "delta", "echo", "foxtrot", "golf"] {
        miner.learn(format!("job {job} was queued for the night").as_bytes());
    }
    miner.settle();
    let now = miner.classify(b"job hotel was queued for the night");
    assert_ne!(early, now);
    assert_eq!(miner.resolve(early), now);
    assert_eq!(miner.classify(b"job alpha was queued for the night"), now);
    assert!(!miner.learn(b"job hotel was queued for the night").is_new, "its template is known");
}

/// Random words, few templates' worth: they cannot be learned, only borne.
fn flood(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut line = Vec::new();
    for _ in 0..(state >> 7) % 30 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        line.extend(
            (0..1 + state % 11).map(|at| b"abcdefghijklmnopqrstuvwxyz0/=:.-"[(state >> (5 * at) & 31) as usize]),
        );
        line.push(b' ');
    }
    line
}

#[test]
fn a_flood_of_random_text_stays_within_the_bounds() {
    let mut miner = Miner::default();
    let beat = b"heartbeat of the ledger is fine";
    let id = miner.learn(beat).id;
    let mut most = 0;
    for number in 0..60_000 {
        miner.learn(&flood(number));
        if number % 1_000 == 0 {
            assert_eq!(miner.learn(beat), Mined { id, is_new: false }, "what comes ever again outlives the flood");
            most = most.max(miner.counts().bytes);
        }
    }
    let counts = miner.counts();
    assert!(counts.keys <= 4_096 && most < 16 << 20, "{counts:?}, at most {most} bytes");
    assert!(10_000 < counts.evicted && 0 < counts.slots_forgotten, "{counts:?}");
}

/// Lines of a small world: few words, so that keys meet, values are found and siblings are counted.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let word = prop::sample::select(vec![
        "open", "user", "for", "from", "session", "alpha", "beta", "gamma", "delta", "a.b.C", "a.b.D", "x=7", "10",
        "/v/w",
    ]);
    prop::collection::vec(prop::collection::vec(word, 1..7).prop_map(|words| words.join(" ")), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_are_lines(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..60)) {
        let mut miner = Miner::new(MinerBounds { templates: 64, line_bytes: 128 });
        for line in &lines {
            let id = miner.learn(line).id;
            let _ = (miner.describe(line), miner.resolve(id));
        }
        miner.settle();
        let held: u64 = miner.templates().iter().map(|template| template.lines).sum();
        prop_assert!(held <= lines.len() as u64);
    }

    #[test]
    fn a_snapshot_in_the_middle_changes_nothing(lines in lines(), cut in 0usize..150) {
        let bounds = MinerBounds { templates: 64, line_bytes: 256 };
        let mut whole = Miner::new(bounds);
        let mut parted = Miner::new(bounds);
        for (at, line) in lines.iter().enumerate() {
            if at == cut {
                let bytes = postcard::to_allocvec(&parted.save()).unwrap();
                parted = Miner::restore(postcard::from_bytes(&bytes).unwrap());
            }
            prop_assert_eq!(whole.learn(line.as_bytes()), parted.learn(line.as_bytes()));
        }
        whole.settle();
        parted.settle();
        prop_assert_eq!(whole.save(), parted.save());
        prop_assert_eq!(whole.templates(), parted.templates());
    }

    /// Everything the miner learns of words only grows, so the end is the same whatever came first.
    #[test]
    fn the_order_of_lines_does_not_matter_in_the_end(lines in lines(), turn in 0usize..150) {
        let mut forward = Miner::default();
        let mut turned = Miner::default();
        lines.iter().for_each(|line| { forward.learn(line.as_bytes()); });
        let mut other = lines.clone();
        other.rotate_left(turn % lines.len());
        other.reverse();
        other.iter().for_each(|line| { turned.learn(line.as_bytes()); });
        forward.settle();
        turned.settle();
        for line in &lines {
            prop_assert_eq!(forward.classify(line.as_bytes()), turned.classify(line.as_bytes()), "{}", line);
        }
    }
}
