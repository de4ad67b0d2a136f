//! An outage that people felt is no habit: the next one is as rare as the first. And beside what an alert is about stands what else is
//! odd in its service.

use std::sync::Arc;

use forewarn::alert::{AlertRecord, State};
use forewarn::engine::{Engine, Output};
use forewarn::plan::{Bound, Objective, Plan, Preset, Side};
use forewarn::signal::Selector;
use forewarn::time::{Span, Timestamp};

use super::drive::observe;

const START: Timestamp = Timestamp::from_secs(1_790_000_000);
const DAY: i64 = 1440;
/// Two outages of a night each, the first minute that is not as always.
const OUTAGES: [i64; 2] = [9 * DAY, 12 * DAY];

fn plan() -> Arc<Plan> {
    let objective = Objective {
        name: "the shop is slow".into(),
        service: Some("shop".into()),
        signal: Selector::parse("latency_ms").unwrap(),
        bound: Bound { level: 500.0, side: Side::Above },
        hold: Span::from_mins(5),
    };
    Arc::new(Plan { objectives: vec![objective], presets: vec![Preset::default()], ..Plan::default() })
}

/// A queue that grows to hundreds of times its length, and a latency that people feel half an hour later.
fn values(minute: i64) -> [(&'static str, f64); 2] {
    let mixed =
        |n: i64| (((minute * 7 + n) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / (1u64 << 24) as f64;
    let since = OUTAGES.iter().map(|begin| minute - begin).find(|since| (0..600).contains(since)).unwrap_or(-1);
    let queue = 16.0 + 9.0 * mixed(1) + 40.0 * (since + 1) as f64;
    let latency = if 30 <= since { 900.0 } else { 90.0 } + 20.0 * mixed(2);
    [("queue_length", queue.round()), ("latency_ms", latency)]
}

fn drive(engine: &mut Engine, minutes: std::ops::Range<i64>) -> Output {
    drive_with("shop", engine, minutes)
}

/// The same where the queue is of this service.
fn drive_with(queue_of: &str, engine: &mut Engine, minutes: std::ops::Range<i64>) -> Output {
    let mut out = Output::default();
    for minute in minutes {
        let at = START + Span::from_mins(minute);
        let service = |name: &str| if name == "queue_length" { queue_of } else { "shop" };
        let values = values(minute).map(|(name, value)| (name, [("service", service(name))], value));
        observe(engine, at, at + Span::from_nanos(1), values, &mut out);
    }
    out
}

/// The greatest rarity of the queue in the first half hour of an outage.
fn rarity(out: &Output, outage: i64) -> f64 {
    let begin = START + Span::from_mins(outage);
    let early = out
        .scores
        .iter()
        .filter(|scored| scored.series.0 == 0 && begin <= scored.at && scored.at.since(begin) <= Span::from_mins(30));
    early.filter_map(|scored| scored.rarity).fold(f64::MIN, f64::max)
}

fn told_from(out: &Output, outage: i64) -> Vec<&AlertRecord> {
    let begin = START + Span::from_mins(outage);
    let lasts = Span::from_mins(120);
    let within = |alert: &&AlertRecord| begin <= alert.at && alert.at.since(begin) < lasts;
    out.alerts.iter().filter(within).filter(|alert| alert.state == State::Firing).collect()
}

#[test]
fn an_outage_that_people_felt_is_no_habit() {
    let mut engine = Engine::with_scores(plan());
    let out = drive(&mut engine, 0..13 * DAY);
    let [first, second] = OUTAGES.map(|outage| rarity(&out, outage));
    assert!(2.0 < first.min(second), "once in 10 to this weeks: {first} the first time, {second} the second");
}

#[test]
fn what_is_odd_beside_it_is_shown() {
    let out = drive(&mut Engine::new(plan()), 0..13 * DAY);
    for outage in OUTAGES {
        let told = told_from(&out, outage);
        let signals: Vec<Vec<&str>> =
            told.iter().map(|alert| alert.signals.iter().map(|note| note.signal.as_str()).collect()).collect();
        let is_shown = signals.iter().any(|signals| signals.iter().any(|signal| signal.starts_with("queue_length")));
        assert!(is_shown, "{signals:?}");
    }
}

/// A broker that nobody is told of by itself, since the budget is next to nothing.
#[test]
fn what_is_odd_elsewhere_and_told_by_nobody_is_shown_beside_a_promise_that_breaks() {
    let plan = Arc::new(Plan { false_pages_per_week: 1e-9, ..(*plan()).clone() });
    let out = drive_with("broker", &mut Engine::new(plan), 0..OUTAGES[0] + 120);
    let told = told_from(&out, OUTAGES[0]);
    let [first, ..] = told.as_slice() else { panic!("nothing was told") };
    let signals: Vec<&str> = first.signals.iter().map(|note| note.signal.as_str()).collect();
    assert!(signals[0].starts_with("latency_ms"), "{signals:?}");
    assert!(signals.contains(&"queue_length{service=\"broker\"}"), "{signals:?}");
    assert!(told.iter().all(|alert| alert.service == "shop"), "{told:#?}");
}

/// Nothing links the mill to the shop, but it is told of while people feel the outage.
#[test]
fn what_is_told_elsewhere_while_people_feel_an_outage_is_no_habit_either() {
    let mut engine = Engine::with_scores(plan());
    let out = drive_with("mill", &mut engine, 0..13 * DAY);
    let [first, second] = OUTAGES.map(|outage| rarity(&out, outage));
    // the half hour before anybody felt it was learned
    assert!(3.0 < first && 2.0 < second, "once in 10 to this weeks: {first} the first time, {second} the second");
}

/// A running total under a name that nobody lists (bare JSON and line protocol tell no types): what it counts stops, and that is told,
/// with the rate. Also where what was learned was saved and restored on the way.
#[test]
fn what_only_rises_is_judged_by_its_rate() {
    let counted = |minute: i64| {
        let since = (minute - 9 * DAY).max(0);
        let (full, noise) = (minute - since + since / 20, (minute * 7919 % 23) as f64);
        40.0 * full as f64 + noise
    };
    let run = |saves: bool| {
        let mut engine = Engine::with_scores(plan());
        let mut out = Output::default();
        for minute in 0..9 * DAY + 120 {
            if saves && minute == 4 * DAY {
                engine = Engine::restore(plan(), &engine.snapshot()).0;
            }
            let at = START + Span::from_mins(minute);
            let values = [("letters_sorted", [("service", "shop")], counted(minute))];
            observe(&mut engine, at, at + Span::from_nanos(1), values, &mut out);
        }
        out
    };
    let out = run(false);
    let told = told_from(&out, 9 * DAY);
    let [first, ..] = told.as_slice() else { panic!("nothing told: {:?}", out.alerts) };
    assert_eq!(first.signals[0].expected_low.map(|low| low.round()), Some(1.0), "{first:?}");
    assert!(first.at.since(START + Span::from_mins(9 * DAY)) <= Span::from_mins(30), "{first:?}");
    assert_eq!(
        told.iter().map(|alert| &alert.summary).next(),
        told_from(&run(true), 9 * DAY).iter().map(|alert| &alert.summary).next()
    );
}

/// What fills drop by drop for days, and never falls, is no running total where its kind has a limit.
#[test]
fn what_fills_towards_a_limit_is_foreseen_however_steadily() {
    let limit = Some(Bound { level: 0.95, side: Side::Above });
    let fill = Preset { names: vec![regex::Regex::new("^tank_fill$").unwrap()], limit, ..Preset::default() };
    let mut engine = Engine::new(Arc::new(Plan { presets: vec![fill, Preset::default()], ..Plan::default() }));
    let mut out = Output::default();
    for minute in 0..9 * DAY {
        let at = START + Span::from_mins(minute);
        let level = (3 * minute + minute * minute % 3) as f64 / (30 * DAY) as f64;
        observe(&mut engine, at, at + Span::from_nanos(1), [("tank_fill", [("service", "shop")], level)], &mut out);
    }
    let foretold = |alert: &&AlertRecord| alert.summary.contains("will reach 0.95");
    let first = out.alerts.iter().find(foretold).unwrap_or_else(|| panic!("not foretold: {:?}", out.alerts));
    assert!((8 * DAY..9 * DAY).contains(&(first.at.since(START).as_secs_f64() as i64 / 60)), "{first:?}");
}
