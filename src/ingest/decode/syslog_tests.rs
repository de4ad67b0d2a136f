use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::ingest::decode::testing::Log;
use crate::ingest::decode::{Format, recognise};

fn decoded(bytes: &[u8]) -> Log {
    let mut log = Log::default();
    let near = Timestamp::parse_rfc3339("2026-11-23T09:00:00Z");
    decode(bytes, &Context { topic: "t", default_time: near, longest: usize::MAX }, &mut log);
    log
}

fn check(text: &str, expected: Expect) {
    assert_eq!(recognise(text.as_bytes()), Some(Format::Syslog));
    expected.assert_eq(&decoded(text.as_bytes()).text());
}

#[test]
fn the_examples_of_rfc_5424_are_read() {
    check(
        "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{FEFF}'su root' failed for lonvick on /dev/pts/8\n\
         <165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.\n\
         <165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\" eventSource=\"App\\\"]lication\" eventID=\"1011\"] \u{FEFF}An application event log entry...\n\
         <165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\"][examplePriority@32473 class=\"high\"]\n\
         <0>1 - - - - - - text\nand more\n",
        expect![[r#"
            line @2003-10-11T22:14:15.003Z su fatal: 'su root' failed for lonvick on /dev/pts/8 (host=mymachine.example.com)
            line @2003-08-24T12:14:15.000003Z myproc info: %% It's time to make the do-nuts. (host=192.0.2.1)
            line @2003-10-11T22:14:15.003Z evntslog info: An application event log entry... (host=mymachine.example.com)
            line @2003-10-11T22:14:15.003Z evntslog info: ID47 [exampleSDID@32473 iut="3"][examplePriority@32473 class="high"] (host=mymachine.example.com)
            line @2026-11-23T09:00:00Z - fatal: text
            and more
        "#]],
    );
}

#[test]
fn rfc_3164_is_read_as_daemons_write_it() {
    check(
        "<34>Nov 22 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8\n\
         <13>Feb  5 17:32:18 10.0.0.99 Use the BFG!\n\
         <11>Nov 23 08:00:00 web-1 nginx[123]: upstream timed out\n\
         <30>Nov 23 08:00:00 dockerd[7]: no host here\n\
         <27>2026-11-23T08:00:00.5+01:00 web-1 postgres[9]: FATAL: no\n\
         <14>just text: here\0",
        expect![[r#"
            line @2026-11-22T22:14:15Z su fatal: 'su root' failed for lonvick on /dev/pts/8 (host=mymachine)
            line @2026-02-05T17:32:18Z 10.0.0.99 info: Use the BFG! (host=10.0.0.99)
            line @2026-11-23T08:00:00Z nginx error: upstream timed out (host=web-1)
            line @2026-11-23T08:00:00Z dockerd info: no host here
            line @2026-11-23T07:00:00.5Z postgres error: FATAL: no (host=web-1)
            line @2026-11-23T09:00:00Z - info: just text: here
        "#]],
    );
    check(
        "Nov 23 08:00:00 web-1 sshd[77]: error: kex failed",
        expect![[r#"
            line @2026-11-23T08:00:00Z sshd error: error: kex failed (host=web-1)
        "#]],
    );
    check(
        "2026-11-23T08:00:00.123456+00:00 web-1 systemd[1]: Started x.",
        expect![[r#"
            line @2026-11-23T08:00:00.123456Z systemd unknown: Started x. (host=web-1)
        "#]],
    );
}

#[test]
fn what_is_broken_says_so() {
    let mut said = decoded(b"<34>1 2003-10-11T22:14:15.003Z host app").text();
    said += &decoded(b"<34>1 soon host app - - - x").text();
    said += &decoded(b"<34>1 - host app - - [x y=\"]").text();
    said += &decoded(b"<34>1 - host app - - - \xFF").text();
    let mut log = Log::default();
    decode(b"<34>Nov 22 22:14:15 h a: x", &Context { topic: "", default_time: None, longest: 99 }, &mut log);
    said += &log.text();
    expect![[r#"
        reject truncated: syslog (RFC 5424): ends within its header: <34>1 2003-10-11T22:14:15.003Z host app
        reject no_time: syslog (RFC 5424): no time that can be read: <34>1 soon host app - - - x
        reject truncated: syslog (RFC 5424): its structured data has no end: <34>1 - host app - - [x y="]
        reject invalid_utf8: syslog: invalid UTF-8: <34>1 - host app - - - 
        reject no_time: syslog (RFC 3164): no time, and none of the message to take its year from: <34>Nov 22 22:14:15 h a: x
    "#]]
    .assert_eq(&said);
}

#[test]
fn other_text_is_not_taken_for_syslog() {
    for text in ["<html>", "<192>x", "<1a>x", "<>x", "hello", "2026-11-23T08:00:00Z ERROR x failed", "Nov 23 is a day"]
    {
        assert!(!fits(text.as_bytes()), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_mutation_costs_its_record_alone(at in 0usize..120, byte in any::<u8>(), cut in 0usize..120, which in 0usize..2) {
        let records = [
            "<165>1 2003-10-11T22:14:15.003Z host evntslog - ID47 [ex@1 iut=\"3\\\"\"] entry",
            "<34>Nov 22 22:14:15 mymachine su[5]: 'su root' failed",
        ];
        let mut record = records[which].as_bytes().to_vec();
        let (at, cut) = (at % record.len(), cut % record.len());
        record[at] = byte;
        record.truncate(record.len() - cut);
        let around = b"<13>1 2003-10-11T22:14:15Z h around - - - x";
        let log = decoded(&[around, &b"\n"[..], &record, b"\n", around].concat());
        let lines = log.said.iter().filter(|said| said.starts_with("line @2003-10-11T22:14:15Z around")).count();
        // A record whose priority is broken goes on the line before, which then holds more text, or is no UTF-8.
        prop_assert!(lines == 2 || lines == 1 && log.rejects.iter().any(|reject| reject.reason == RejectReason::InvalidUtf8));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), text in "[<>0-9A-Za-z:\\[\\]\" \n\\\\-]{0,60}") {
        for bytes in [&bytes[..], text.as_bytes(), &[b"<1>1 ", text.as_bytes()].concat()] {
            decoded(bytes);
            fits(bytes);
        }
    }
}
