//! The laws of the engine for log lines: shards, steps of the watermark and restarts decide nothing of what is told of them, and
//! flows that break off on one host are told with that host.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use forewarn::alert::{AlertRecord, State};
use forewarn::config::{self, Purpose};
use forewarn::engine::{Batch, Engine, Input, Output};
use forewarn::plan::Plan;
use forewarn::signal::{Level, Line, Sink};
use forewarn::time::{Span, Timestamp};

/// Orders begin every five seconds; after so many hours, for one hour, most are paid and never sent.
const ORDERS_A_MINUTE: i64 = 12;
const TROUBLE_HOURS: i64 = 54;
const HOURS: i64 = 64;

/// One line: when, how bad, what, and on which host.
struct Said {
    at: Timestamp,
    level: Level,
    body: String,
    host: String,
}

fn shop() -> Vec<Said> {
    let mut said = Vec::new();
    for n in 0..HOURS * 60 * ORDERS_A_MINUTE {
        let at = |seconds: i64| Timestamp::from_secs(1_772_000_000 + n * 60 / ORDERS_A_MINUTE + seconds);
        let hour = n / (60 * ORDERS_A_MINUTE);
        let mixed = xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes());
        let is_broken = hour == TROUBLE_HOURS && mixed % 10 < 8;
        let host = if is_broken { "web-3".to_owned() } else { format!("web-{}", mixed >> 8 & 3) };
        let mut say = |seconds, level, body: String| {
            said.push(Said { at: at(seconds), level, body, host: host.clone() });
        };
        say(0, Level::Info, format!("order {n} was placed by user u{}", mixed >> 16 & 255));
        say(1, Level::Info, format!("order {n} is paid, took {} ms", 20 + (mixed >> 24) % 40));
        match (is_broken, mixed % 3) {
            (true, 0) => say(2, Level::Info, format!("order {n} is put aside")),
            (true, _) => say(2, Level::Warn, "stock does not answer within 200 ms".to_owned()),
            (false, _) => say(2, Level::Info, format!("order {n} is sent")),
        }
        if mixed.is_multiple_of(300) {
            say(2, Level::Warn, "stock does not answer within 200 ms".to_owned());
        }
    }
    said.sort_by_key(|said| said.at);
    said
}

fn drive(said: &[Said], shards: usize, chunk: usize, restart_every: usize) -> Vec<AlertRecord> {
    let settings = config::parse("", "test", Path::new(""), Purpose::Replay).unwrap().settings;
    let plan = Arc::new(Plan { shards, ..Plan::clone(&settings.plan) });
    let mut engine = Engine::new(Arc::clone(&plan));
    let (mut out, mut batch) = (Output::default(), Batch::default());
    for (n, lines) in said.chunks(chunk).enumerate() {
        let mut intake = engine.intake(&mut batch);
        for (row, Said { at, level, body, host }) in lines.iter().enumerate() {
            intake.row = (n * chunk + row) as u64;
            let fields = [("host", host.as_str()), ("version", "1.4")].into_iter().collect();
            let (service, body) = (Some(Cow::Borrowed("shop")), Cow::Borrowed(body.as_str()));
            intake.line(Line { at: *at, service, level: *level, body, fields });
        }
        engine.apply(Input::Observe(&mut batch), &mut out);
        engine.apply(Input::Advance(lines[lines.len() - 1].at - Span::from_secs(30)), &mut out);
        if n % restart_every == restart_every - 1 {
            let (restored, lost) = Engine::restore(Arc::clone(&plan), &engine.snapshot());
            assert_eq!(lost, Vec::<String>::new());
            engine = restored;
        }
    }
    engine.apply(Input::Advance(said[said.len() - 1].at + Span::from_mins(2)), &mut out);
    out.alerts
}

#[test]
fn shards_steps_and_restarts_change_nothing_and_a_host_is_named() {
    let said = shop();
    let whole = drive(&said, 64, 500, usize::MAX);
    let began = said[0].at + Span::from_hours(TROUBLE_HOURS);
    let firing: Vec<&AlertRecord> = whole.iter().filter(|alert| alert.state == State::Firing).collect();
    assert!(firing.iter().all(|alert| began <= alert.at), "something was told before: {firing:#?}");
    let has = |what: &str| whole.iter().any(|alert| format!("{alert:?}").contains(what));
    for what in ["log_flows_broken_rate", "host=web-3 in "] {
        assert!(has(what), "{what} is not told: {whole:#?}");
    }
    let over = began + Span::from_hours(5);
    assert!(whole.last().is_some_and(|last| last.state == State::Resolved && last.at < over), "not over: {whole:#?}");
    for (shards, chunk, restart_every) in [(1, 500, usize::MAX), (64, 61, usize::MAX), (64, 500, 7)] {
        let told = drive(&said, shards, chunk, restart_every);
        assert_eq!(whole, told, "{shards} shards, chunks of {chunk}, a restart every {restart_every}");
    }
}
