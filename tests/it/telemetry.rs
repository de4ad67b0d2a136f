//! Telemetry that stops for a while is not the silence of a service; one that stays away when the others speak again is.

use std::sync::Arc;

use forewarn::alert::{AlertRecord, State, Urgency};
use forewarn::engine::{Engine, Output};
use forewarn::plan::{Plan, Preset};
use forewarn::time::{Span, Timestamp};

use super::drive::observe;

const START: Timestamp = Timestamp::from_secs(1_790_000_000);
const SERVICES: [&str; 4] = ["web", "cart", "search", "mail"];
/// When all stop, in minutes.
const STOP: i64 = 3 * 1440;

/// What is told when each service speaks but where `silent` says not. The clock goes on meanwhile, as it does at the head of a
/// stream; where `saves` is true the engine is saved and restored in the middle of the silence.
fn told(silent: impl Fn(i64, usize) -> bool, saves: bool) -> Vec<AlertRecord> {
    let plan = Arc::new(Plan { presets: vec![Preset::default()], ..Plan::default() });
    let mut engine = Engine::new(Arc::clone(&plan));
    let mut out = Output::default();
    for minute in 0..STOP + 120 {
        let at = START + Span::from_mins(minute);
        let speaking = SERVICES.iter().enumerate().filter(|(n, _)| !silent(minute, *n));
        let values = speaking.flat_map(|(n, service)| {
            let noise = ((minute * 7 + n as i64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            let value = 50.0 + noise as f64 / (1u64 << 24) as f64;
            ["latency_ms", "queue_length"].map(|name| (name, [("service", *service)], value))
        });
        observe(&mut engine, at, at + Span::from_nanos(1), values, &mut out);
        if saves && minute == STOP + 9 {
            engine = Engine::restore(Arc::clone(&plan), &engine.snapshot()).0;
        }
    }
    out.alerts
}

/// Minutes after the stop at which somebody is paged, and for whom.
fn pages(alerts: &[AlertRecord]) -> Vec<(i64, &str)> {
    let page = |alert: &&AlertRecord| alert.state == State::Firing && alert.urgency == Urgency::Page;
    let minute = |alert: &AlertRecord| alert.at.since(START).nanos() / 60_000_000_000 - STOP;
    alerts.iter().filter(page).map(|alert| (minute(alert), alert.service.as_str())).collect()
}

#[test]
fn when_all_fall_silent_for_twenty_minutes_nobody_is_told() {
    let gap = |minute: i64, _| (STOP..STOP + 20).contains(&minute);
    let alerts = told(gap, false);
    assert!(alerts.is_empty(), "{alerts:#?}");
}

#[test]
fn after_half_an_hour_of_nothing_somebody_is_paged() {
    let alerts = told(|minute, _| STOP <= minute, false);
    let first = pages(&alerts)[0];
    assert!((28..=31).contains(&first.0), "{alerts:#?}");
    assert_eq!(told(|minute, _| STOP <= minute, true), alerts, "saved and restored in the middle");
}

#[test]
fn who_stays_away_when_the_others_speak_again_is_told() {
    let silent = |minute: i64, service: usize| (STOP..STOP + if service == 1 { 90 } else { 12 }).contains(&minute);
    let alerts = told(silent, false);
    let pages = pages(&alerts);
    assert!((12..=17).contains(&pages[0].0), "{alerts:#?}");
    assert!(pages.iter().all(|(_, service)| *service == "cart"), "{alerts:#?}");
    assert_eq!(told(silent, true), alerts, "saved and restored in the middle");
}

#[test]
fn one_service_that_falls_silent_alone_is_told_at_once() {
    let alerts = told(|minute, service| service == 2 && STOP <= minute, false);
    let first = pages(&alerts)[0];
    assert!(first.0 <= 5 && first.1 == "search", "{alerts:#?}");
}
