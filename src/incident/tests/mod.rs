//! Findings as text in, alert records as text out.
//!
//! One step per line: `DAY HH:MM VERB …` in November 2026, UTC (the 23rd is a Monday). A signal is `name@service` or
//! `name@service/instance`. Verbs: `+` raised, `~` updated, `-` cleared, `w` withdrawn, `g` gone, with
//! `c=` rarity, `limit=` or `objective=` and `now` or `in=1h` (earliest; likely twice, latest three times as far),
//! `p=` probability, `since=DAY/HH:MM`; `change ID service kind what version`; `ack #N`; `heard` (somebody
//! spoke); `to` (time passes).

mod grouping;
mod laws;
mod lifecycle;
mod precursors;

use std::collections::BTreeMap;
use std::sync::Arc;

use expect_test::Expect;
use jiff::civil::{Weekday, time};

use super::*;
use crate::alert::AlertRecord;
use crate::calendar::{Calendar, WorkHours};
use crate::finding::{Breach, Finding, Kind, Phase, Target};
use crate::forecast::Outlook;
use crate::plan::{Bound, Bounds, Objective, Plan, Side};
use crate::signal::{Change, ChangeKind, Selector, Signal};
use crate::time::{Span, Timestamp};

/// Work from Monday to Friday, 09:00 to 17:00 UTC; an hour to react; `lat` of checkout is promised.
fn plan() -> Plan {
    let days = vec![Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    let work = vec![WorkHours { days, from: time(9, 0, 0, 0), to: time(17, 0, 0, 0) }];
    let objective = Objective {
        name: "checkout is slow".into(),
        service: Some("checkout".into()),
        signal: Selector::parse("lat").unwrap(),
        bound: Bound { level: 500.0, side: Side::Above },
        hold: Span::from_mins(5),
    };
    Plan { calendar: Calendar { work, ..Calendar::default() }, objectives: vec![objective], ..Plan::default() }
}

/// A stage that watches 100 signals over five services.
fn stage() -> Incidents {
    let mut stage = Incidents::new();
    for service in ["checkout", "billing", "search", "db", "mail"] {
        stage.watched(service, 20, 2);
    }
    stage
}

/// One line of a script.
#[derive(Clone, Debug)]
enum Step {
    Find(Finding),
    Change(Change),
    Acknowledge(usize),
    /// Somebody was heard.
    Heard(Timestamp),
    To(Timestamp),
}

impl Step {
    fn read(line: &str) -> Step {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = moment(&format!("{}/{}", words[0], words[1]));
        match words[2] {
            "to" => Step::To(at),
            "heard" => Step::Heard(at),
            "ack" => Step::Acknowledge(words[3].trim_start_matches('#').parse().unwrap()),
            "change" => Step::Change(Change {
                at,
                id: words[3].into(),
                service: words[4].into(),
                kind: match words[5] {
                    "upgraded" => ChangeKind::Upgraded,
                    "removed" => ChangeKind::Removed,
                    "rolledback" => ChangeKind::RolledBack,
                    "flag" => ChangeKind::Flag,
                    "scale" => ChangeKind::Scale,
                    other => panic!("no kind of change: {other}"),
                },
                what: words.get(6).copied().unwrap_or("").into(),
                version: words.get(7).map(|version| version.to_string()),
            }),
            verb => Step::Find(finding(at, verb, &words[3..])),
        }
    }
}

fn moment(text: &str) -> Timestamp {
    let (day, clock) = text.split_once('/').unwrap();
    Timestamp::parse_rfc3339(&format!("2026-11-{day}T{clock}:00Z")).unwrap_or_else(|| panic!("no time: {text}"))
}

pub(super) fn finding(at: Timestamp, verb: &str, words: &[&str]) -> Finding {
    let phase = match verb {
        "+" => Phase::Raised,
        "~" => Phase::Updated,
        "-" => Phase::Cleared,
        "w" => Phase::Withdrawn,
        "g" => Phase::Gone,
        other => panic!("no verb: {other}"),
    };
    let options: BTreeMap<&str, &str> =
        words[1..].iter().map(|word| word.split_once('=').unwrap_or((word, ""))).collect();
    let number = |key: &str| options.get(key).map(|text| text.parse::<f64>().unwrap());
    let (target, level) = match (number("limit"), number("objective")) {
        (Some(level), _) => (Some(Target::Limit), level),
        (_, Some(level)) => {
            (Some(Target::Objective { name: "checkout is slow".into(), service: Some("checkout".into()) }), level)
        }
        _ => (None, 0.0),
    };
    let lead = options.get("in").map_or(Span::ZERO, |text| Span::parse(text).unwrap());
    let outlook = Outlook {
        probability: number("p").unwrap_or(0.9),
        earliest: at + lead,
        likely: at + lead.times(2),
        latest: at + lead.times(3),
    };
    let now = options.contains_key("now");
    let kind = match () {
        () if options.contains_key("silent") => Kind::Absence,
        () if target.is_some() && !options.contains_key("now") => Kind::Forecast,
        () => Kind::Anomaly,
    };
    let kind = if options.contains_key("forecast") { Kind::Forecast } else { kind };
    Finding {
        peers: 1,
        signal: Arc::new(signal(words[0])),
        kind,
        phase,
        at,
        since: options.get("since").map_or(at, |text| moment(text)),
        value: (kind != Kind::Absence).then_some(0.9),
        expected: Some((0.2, 0.4)),
        score: 0.9,
        rarity: number("c").unwrap_or(0.0),
        unit: None,
        breach: target.map(|target| Breach { target, level, side: Side::Above, now, outlook }),
        words: options.get("words").map_or(String::new(), |text| text.replace('_', " ")),
    }
}

fn signal(text: &str) -> Signal {
    let (name, place) = text.split_once('@').unwrap_or((text, ""));
    let (service, instance) = place.split_once('/').unwrap_or((place, ""));
    Signal::new(name, [("service", service), ("instance", instance), ("runbook", "wiki/fix")])
}

/// Runs steps and gives back the records.
fn run(stage: &mut Incidents, steps: &[Step], plan: &Plan, out: &mut Vec<AlertRecord>) {
    for step in steps {
        match step.clone() {
            Step::Find(finding) => stage.take(finding, plan, out),
            Step::Change(change) => stage.change(change, plan),
            Step::Acknowledge(nth) => {
                assert!(stage.acknowledge(&first_ids(out)[nth - 1], plan), "alert #{nth} is not open");
            }
            Step::Heard(at) => stage.heard(at, plan),
            Step::To(at) => stage.advance(at, plan, out),
        }
    }
}

/// The ids in order of their first record.
fn first_ids(records: &[AlertRecord]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for record in records {
        if !ids.contains(&record.id) {
            ids.push(record.id.clone());
        }
    }
    ids
}

fn steps(script: &str) -> Vec<Step> {
    script.lines().map(str::trim).filter(|line| !line.is_empty()).map(Step::read).collect()
}

/// `DAY HH:MM #alert/revision reason urgency kind service [signals] suspects`.
fn line(record: &AlertRecord, ids: &[String]) -> String {
    let nth = |id: &str| ids.iter().position(|known| known == id).map_or(0, |at| at + 1);
    let at = record.at.to_string();
    let signals: Vec<&str> = record.signals.iter().map(|note| note.signal.as_str()).collect();
    let mut signals = signals.join(" ");
    for noise in ["runbook=\"wiki/fix\",", "service=", "instance=", "\""] {
        signals = signals.replace(noise, "");
    }
    let breach = record.breach.as_ref().map_or(String::new(), |breach| {
        let what = if breach.objective.is_some() { "objective" } else { "limit" };
        format!(" {what} {}", &breach.earliest.to_string()[8..16])
    });
    let suspects: Vec<String> = record.suspects.iter().map(|s| format!("{} {}", s.change, s.confidence)).collect();
    let suspects = if suspects.is_empty() { String::new() } else { format!(" suspects {}", suspects.join(", ")) };
    let into = record.merged_into.as_ref().map_or(String::new(), |id| format!(" into #{}", nth(id)));
    format!(
        "{} {} #{}/{} {:?}{into} {:?} {:?} {} [{signals}]{breach}{suspects}\n",
        &at[8..10],
        &at[11..16],
        nth(&record.id),
        record.revision,
        record.reason,
        record.urgency,
        record.kind,
        record.service,
    )
}

fn check(script: &str, expect: Expect) {
    check_with(&plan(), script, expect);
}

fn check_with(plan: &Plan, script: &str, expect: Expect) {
    let (mut stage, mut out) = (stage(), Vec::new());
    run(&mut stage, &steps(script), plan, &mut out);
    let ids = first_ids(&out);
    expect.assert_eq(&out.iter().map(|record| line(record, &ids)).collect::<String>());
    laws::hold(&out);
}

/// The sentences alone.
fn check_words(script: &str, expect: Expect) {
    let (mut stage, mut out) = (stage(), Vec::new());
    run(&mut stage, &steps(script), &plan(), &mut out);
    expect.assert_eq(&out.iter().map(|record| format!("{}\n", record.summary)).collect::<String>());
}

/// The reasons for silence.
fn check_held(script: &str, expect: Expect) {
    let (mut stage, mut out) = (stage(), Vec::new());
    run(&mut stage, &steps(script), &plan(), &mut out);
    assert_eq!(out, [], "something was told");
    let held = stage.held().map(|held| format!("{} {:?}\n", held.finding.signal.name(), held.why));
    expect.assert_eq(&held.collect::<String>());
}

fn crowded() -> Plan {
    Plan { bounds: Bounds { incidents: 2, ..Bounds::default() }, ..plan() }
}
