//! What holds for any findings at all.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::alert::{Reason, State, Urgency};

/// Revisions count from 1 without gaps, nothing follows a resolve, urgency never falls, kinds and ids stay.
pub(super) fn hold(records: &[AlertRecord]) {
    let mut alerts: BTreeMap<&str, Vec<&AlertRecord>> = BTreeMap::new();
    for record in records {
        alerts.entry(&record.id).or_default().push(record);
    }
    for (id, told) in alerts {
        for (nth, record) in told.iter().enumerate() {
            let last = nth + 1 == told.len();
            assert_eq!(record.revision as usize, nth + 1, "{id}: revisions");
            assert_eq!(record.reason == Reason::Opened, nth == 0, "{id}: opened first and once");
            assert!(last || record.state == State::Firing, "{id}: resolved in the middle");
            assert_eq!(record.kind, told[0].kind, "{id}: the kind");
            assert_eq!(record.merged_into.is_some(), record.reason == Reason::Merged, "{id}");
            assert!(record.signals.len() <= 10 && !record.signals.is_empty(), "{id}: {} signals", record.signals.len());
            assert!(!record.summary.is_empty(), "{id}: no sentence");
        }
        for pair in told.windows(2) {
            assert!(pair[0].at <= pair[1].at, "{id}: dated backwards");
            assert!(pair[0].urgency <= pair[1].urgency, "{id}: urgency fell");
        }
    }
}

/// How many alerts the records leave open.
fn left_open(records: &[AlertRecord]) -> usize {
    let ids = first_ids(records);
    let resolved = records.iter().filter(|record| record.state == State::Resolved).count();
    ids.len() - resolved
}

const SERVICES: [&str; 4] = ["checkout", "billing", "db", "mail"];

prop_compose! {
    fn any_step()(
        gap in prop::sample::select(vec![0i64, 0, 30, 60, 120, 300, 900, 7_200, 30_000]),
        service in 0usize..4,
        name in prop::sample::select(vec!["lat", "disk", "up"]),
        phase in 0usize..8,
        lead in prop::sample::select(vec![0i64, 600, 20_000, 80_000, 200_000]),
        shape in 0usize..6,
        rarity in prop::sample::select(vec![-1.0, 0.5, 1.5, 4.0, f64::NAN, f64::INFINITY]),
    ) -> (i64, Step) {
        let mut words = vec![format!("{name}@{}", SERVICES[service]), format!("in={lead}s"), format!("p=0.{}", lead % 7)];
        match shape {
            0 => words.push("limit=0.95".into()),
            1 => words.extend(["limit=0.95".into(), "now".into()]),
            2 => words.extend(["objective=500".into(), "now".into()]),
            3 => words.push("silent".into()),
            _ => {}
        }
        let verb = ["+", "+", "+", "~", "~", "-", "w", "g"][phase];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut finding = finding(Timestamp::from_secs(0), verb, &words);
        finding.rarity = rarity;
        (gap, Step::Find(finding))
    }
}

/// Steps in order of time, with changes and passing time in between.
fn any_script() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((any_step(), 0usize..12), 1..60).prop_map(|parts| {
        let mut at = moment("23/00:00");
        let mut steps = Vec::new();
        for (nth, ((gap, step), extra)) in parts.into_iter().enumerate() {
            at = at + Span::from_secs(gap);
            if let Step::Find(mut finding) = step {
                let lead = finding.breach.as_ref().map(|b| (b.outlook.earliest, b.outlook.likely, b.outlook.latest));
                finding.at = at;
                finding.since = at - Span::from_secs(gap);
                if let (Some(breach), Some((earliest, likely, latest))) = (&mut finding.breach, lead) {
                    let shift = at.since(Timestamp::from_secs(0));
                    let outlook = &mut breach.outlook;
                    (outlook.earliest, outlook.likely, outlook.latest) =
                        (earliest + shift, likely + shift, latest + shift);
                }
                steps.push(Step::Find(finding));
            }
            let service = SERVICES[nth % 4];
            match extra {
                0 => steps.push(Step::To(at)),
                1 => steps.push(Step::read(&format!("23 00:00 change c{nth} {service} upgraded {service} v{nth}"))),
                2 => steps.push(Step::read(&format!("24 00:00 change c{nth} {service} removed"))),
                3 | 4 => steps.push(Step::Heard(at)),
                _ => {}
            }
        }
        steps
    })
}

/// What is written, read again.
fn reread<T: Serialize + DeserializeOwned>(of: &T) -> T {
    postcard::from_bytes(&postcard::to_stdvec(of).unwrap()).unwrap()
}

/// A stage as a snapshot saves it: some of its parts are sections of their own.
fn restored(stage: &Incidents) -> Incidents {
    let mut restored = reread(stage);
    restored.precursors = reread(&stage.precursors);
    restored.aftermath = reread(&stage.aftermath);
    restored.load_unheard(reread(&stage.save_unheard()));
    restored
}

/// Runs the steps, with `each` between any two, and then a week without news.
fn records(
    steps: &[Step],
    plan: &Plan,
    mut each: impl FnMut(&mut Incidents, &mut Vec<AlertRecord>),
) -> Vec<AlertRecord> {
    let (mut stage, mut out) = (stage(), Vec::new());
    for step in steps {
        run(&mut stage, std::slice::from_ref(step), plan, &mut out);
        each(&mut stage, &mut out);
    }
    stage.advance(moment("30/23:00"), plan, &mut out);
    assert_eq!(left_open(&out), stage.open(), "every opened alert is resolved or still open");
    out
}

proptest! {
    #[test]
    fn any_findings_keep_the_laws(steps in any_script(), tight in any::<bool>()) {
        let plan = if tight { crowded() } else { plan() };
        let told = records(&steps, &plan, |_, _| ());
        hold(&told);
        // Saved and restored between any two steps: the same.
        let restored = records(&steps, &plan, |stage, _| *stage = restored(stage));
        prop_assert_eq!(&restored, &told);
        // More calls that bring no news: the same.
        let mut passed = Timestamp::MIN;
        let mut ahead = steps.iter();
        let nudged = records(&steps, &plan, |stage, out| {
            if let Some(Step::Find(finding)) = ahead.next() {
                passed = passed.max(finding.at);
            }
            stage.advance(passed, &plan, out);
            stage.advance(Timestamp::MIN, &plan, out);
        });
        prop_assert_eq!(&nudged, &told);
    }

    #[test]
    fn a_page_is_told_by_the_time_it_is_one(hours in 1i64..23, start in 0i64..168) {
        let plan = plan();
        let at = moment("23/00:00") + Span::from_hours(start);
        let mut finding = finding(at, "+", &["disk@db", "limit=0.95"]);
        let earliest = at + Span::from_hours(hours);
        finding.breach.as_mut().unwrap().outlook.earliest = earliest;
        let (mut stage, mut out) = (stage(), Vec::new());
        stage.take(finding, &plan, &mut out);
        stage.advance(earliest, &plan, &mut out);
        prop_assert!(out.iter().any(|record| record.urgency == Urgency::Page), "{out:?}");
        prop_assert!(out.len() <= 2 + 6, "{} records", out.len());
    }
}
