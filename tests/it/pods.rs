//! Pods that come and go: nobody misses who was replaced, and who comes is judged by what was known of the others.

use std::sync::Arc;

use forewarn::alert::{AlertRecord, State, Urgency};
use forewarn::engine::{Engine, Output};
use forewarn::finding::Kind;
use forewarn::plan::{Plan, Preset};
use forewarn::time::{Span, Timestamp};

use super::drive::observe;

const START: Timestamp = Timestamp::from_secs(1_790_000_000);
const DAY: i64 = 1440;

/// A pod of a service: from when until when it lives, in minutes; its name tells the first.
#[derive(Clone, Copy)]
struct Pod {
    born: i64,
    gone: i64,
}

/// Three pods, replaced one after the other each day at 10:00, each new one ready before the old one goes.
fn replaced_daily(days: i64) -> Vec<Pod> {
    let generation = |day: i64, nth: i64| {
        let born = if day == 0 { 0 } else { day * DAY + 600 + 3 * nth };
        let gone = if day + 1 == days { i64::MAX } else { (day + 1) * DAY + 602 + 3 * nth };
        // Two of one minute would be one name.
        Pod { born: born * 3 + nth, gone }
    };
    (0..days).flat_map(|day| (0..3).map(move |nth| generation(day, nth))).collect()
}

/// How an engine is driven: saved and restored every so many minutes, over how many shards.
#[derive(Clone, Copy)]
struct Manner {
    saved_every: Option<i64>,
    shards: usize,
}

const PLAIN: Manner = Manner { saved_every: None, shards: 1 };

/// What is told in the minutes from `from` to `to` of what these pods use; two other services speak all the time.
fn told(pods: &[Pod], minutes: i64, manner: Manner, use_of: impl Fn(&Pod, i64) -> f64) -> Vec<AlertRecord> {
    let plan = Arc::new(Plan { presets: vec![Preset::default()], shards: manner.shards, ..Plan::default() });
    let mut engine = Engine::new(Arc::clone(&plan));
    let mut out = Output::default();
    let noise = |seed: i64| ((seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / (1u64 << 24) as f64;
    for minute in 0..minutes {
        let at = START + Span::from_mins(minute);
        let living = pods.iter().filter(|pod| (pod.born / 3..pod.gone).contains(&minute));
        let names: Vec<(String, f64)> = living
            .map(|pod| (format!("cart-{}", pod.born), use_of(pod, minute) + 4.0 * noise(minute * 31 + pod.born)))
            .collect();
        let own = names.iter().flat_map(|(pod, value)| {
            [("open_files", *value), ("heap_used", 2.0 * value)]
                .map(|(name, value)| (name, [("service", "cart"), ("pod", pod.as_str())], value))
        });
        let others = [("web", 11), ("db", 13)]
            .into_iter()
            .map(|(service, seed)| ("open_files", [("service", service), ("pod", "one")], 50.0 + noise(minute * seed)));
        observe(&mut engine, at, at + Span::from_nanos(1), own.chain(others), &mut out);
        if manner.saved_every.is_some_and(|every| minute % every == every - 1) {
            let (restored, lost) = Engine::restore(Arc::clone(&plan), &engine.snapshot());
            assert_eq!(lost, Vec::<String>::new());
            engine = restored;
        }
    }
    out.alerts
}

fn steady(_: &Pod, minute: i64) -> f64 {
    100.0 + 20.0 * libm::sin(minute as f64 / DAY as f64 * std::f64::consts::TAU)
}

#[test]
fn who_is_replaced_is_not_missed() {
    let alerts = told(&replaced_daily(8), 8 * DAY, PLAIN, steady);
    assert!(alerts.is_empty(), "{alerts:#?}");
}

#[test]
fn where_names_are_replaced_who_leaves_is_not_missed_but_all_are() {
    let mut pods = replaced_daily(6);
    let last = pods.len() - 1;
    pods[last].gone = 5 * DAY + 1200;
    let alerts = told(&pods, 6 * DAY, PLAIN, steady);
    assert!(alerts.is_empty(), "scaled down: {alerts:#?}");
    pods.iter_mut().for_each(|pod| pod.gone = pod.gone.min(5 * DAY + 1200));
    let alerts = told(&pods, 6 * DAY, PLAIN, steady);
    let page = alerts.iter().find(|alert| alert.urgency == Urgency::Page && alert.kind == Kind::Absence);
    let page = page.unwrap_or_else(|| panic!("{alerts:#?}"));
    assert_eq!(page.service, "cart");
    assert!(page.at.since(START) < Span::from_mins(5 * DAY + 1210), "{page:#?}");
}

#[test]
fn a_host_that_was_there_from_the_start_is_missed() {
    let hosts = [Pod { born: 0, gone: i64::MAX }, Pod { born: 1, gone: 4 * DAY }, Pod { born: 2, gone: i64::MAX }];
    let alerts = told(&hosts, 4 * DAY + 60, PLAIN, steady);
    let [alert] = alerts.as_slice() else { panic!("{alerts:#?}") };
    assert!(alert.kind == Kind::Absence && alert.summary.contains("cart-1"), "{alert:#?}");
}

/// Two hours after it came, in the seventh generation, one pod begins to leak.
fn leaking(pods: &[Pod]) -> impl Fn(&Pod, i64) -> f64 {
    let bad = pods[pods.len() - 2].born;
    move |pod, minute| {
        let age = minute - pod.born / 3;
        steady(pod, minute) + if pod.born == bad { 0.5 * (age - 120).max(0) as f64 } else { 0.0 }
    }
}

#[test]
fn who_comes_is_judged_by_what_is_known_of_the_others() {
    let pods = replaced_daily(7);
    let alerts = told(&pods, 7 * DAY, PLAIN, leaking(&pods));
    let first = alerts.iter().find(|alert| alert.state == State::Firing).expect("an alert in its first day");
    let name = format!("cart-{}", pods[pods.len() - 2].born);
    assert!(first.signals[0].signal.contains(&name), "{first:#?}");
    let age = first.at.since(START).nanos() / 60_000_000_000 - pods[pods.len() - 2].born / 3;
    assert!((120..420).contains(&age), "told at the age of {age} minutes");
}

#[test]
fn saved_and_restored_and_over_several_shards_it_is_the_same() {
    let pods = replaced_daily(7);
    let plain = told(&pods, 7 * DAY, PLAIN, leaking(&pods));
    for (saved_every, shards) in [(Some(211), 1), (None, 3), (Some(7 * 60 + 1), 2)] {
        assert_eq!(
            told(&pods, 7 * DAY, Manner { saved_every, shards }, leaking(&pods)),
            plain,
            "{saved_every:?} {shards}"
        );
    }
}
