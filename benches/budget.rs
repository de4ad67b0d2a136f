//! What the budget is worth: 10,000 quiet signals of nineteen kinds over eight weeks, at budgets of 1, 5 and 20 false alerts a
//! week over all of them.
//!
//! The signals are judged once (a point each five minutes, in 500 services of 20 unlike ones); their findings then pass the
//! incident stage with each budget. Somebody answers the first alert, so that the controller may spend what is left. Asserted:
//! never more than twice the budget in four weeks. Prints alerts by week; takes minutes.

#[path = "../src/detect/tests/kinds.rs"]
mod kinds;

use std::sync::Arc;

use forewarn::alert::{Reason, State};
use forewarn::calendar::{Calendar, LocalClock};
use forewarn::detect::Judge;
use forewarn::finding::{Finding, Kind, Phase};
use forewarn::incident::Incidents;
use forewarn::plan::{Plan, Preset};
use forewarn::signal::Signal;
use forewarn::time::{Span, Timestamp};
use kinds::{KINDS, Quiet};
use rayon::prelude::*;

const SIGNALS: usize = 10_000;
const SERVICE: usize = 20;
const STEP: i64 = 300;
const WEEK: i64 = 604_800 / STEP;
/// One of warm-up, eight that count.
const WEEKS: i64 = 9;
const BUDGETS: [f64; 3] = [1.0, 5.0, 20.0];
const START: Timestamp = Timestamp::from_secs(1_772_409_600);

fn signal(number: usize) -> Arc<Signal> {
    let service = format!("service-{}", number / SERVICE);
    Arc::new(Signal::new(&format!("signal_{}", number % SERVICE), [("service", service.as_str())]))
}

/// Everything odd about one quiet signal.
fn findings(number: usize) -> Vec<Finding> {
    let (calendar, preset, mut clock) = (Calendar::default(), Preset::default(), LocalClock::default());
    let (mut judge, mut quiet) = (Judge::default(), Quiet::new(number % KINDS.len(), number as u64));
    let signal = signal(number);
    let (mut told, mut open) = (Vec::new(), false);
    for point in 0..WEEKS * WEEK {
        let at = START + Span::from_secs(point * STEP);
        let value = quiet.next(point * STEP, STEP);
        let judgement = judge.observe(at, value, clock.local(&calendar, at), &preset);
        let rarity = judgement.news().filter(|rarity| 0.0 <= *rarity);
        let phase = match (open, rarity) {
            (false, Some(_)) => Phase::Raised,
            (true, Some(_)) => Phase::Updated,
            (true, None) if judgement.calm => Phase::Cleared,
            _ => continue,
        };
        open = phase != Phase::Cleared;
        told.push(Finding {
            signal: Arc::clone(&signal),
            kind: Kind::Anomaly,
            phase,
            at,
            since: at,
            value: Some(value),
            expected: judgement.expected,
            score: judgement.onset,
            rarity: rarity.unwrap_or(0.0),
            peers: 1,
            unit: None,
            breach: None,
            words: String::new(),
        });
    }
    told
}

/// Alerts opened in each week after the first.
fn alerts(findings: &[Finding], per_week: f64) -> Vec<u32> {
    let plan = Plan { false_pages_per_week: per_week, ..Plan::default() };
    let mut incidents = Incidents::new();
    for service in 0..SIGNALS / SERVICE {
        incidents.watched(&format!("service-{service}"), SERVICE as u64, SERVICE as u64);
    }
    let (mut weeks, mut out, mut answered) = (vec![0; WEEKS as usize], Vec::new(), false);
    let end = START + Span::from_secs(WEEKS * WEEK * STEP);
    for finding in findings.iter().cloned() {
        incidents.take(finding, &plan, &mut out);
        for record in out.drain(..) {
            if record.state == State::Firing && record.reason == Reason::Opened {
                let week = record.at.since(START).nanos() / Span::from_days(7).nanos();
                weeks[week as usize] += 1;
                answered = answered || incidents.acknowledge(&record.id, &plan);
            }
        }
    }
    incidents.advance(end, &plan, &mut out);
    weeks.split_off(1)
}

fn main() {
    let mut all: Vec<Finding> = (0..SIGNALS).into_par_iter().flat_map_iter(findings).collect();
    all.sort_by(|a, b| (a.at, &a.signal).cmp(&(b.at, &b.signal)));
    println!("{} findings of {SIGNALS} signals in {WEEKS} weeks", all.len());
    for budget in BUDGETS {
        let weeks = alerts(&all, budget);
        println!("budget {budget} a week: {weeks:?}");
        for four in weeks.windows(4) {
            let sum = f64::from(four.iter().sum::<u32>());
            assert!(sum <= 8.0 * budget, "{sum} alerts in four weeks at a budget of {budget} a week");
        }
    }
}
