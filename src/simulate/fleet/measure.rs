//! What an alert is worth: said in time, of the right thing, and not too often. Pure.

use super::{Fleet, Told};
use crate::alert::{AlertRecord, Reason, State, Urgency};
use crate::calendar::Calendar;
use crate::signal::{Selector, Signal};
use crate::simulate::fault::{Fault, FaultKind};
use crate::simulate::shape::Shape;
use crate::time::{Span, Timestamp};

/// One fault and what was said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What happened.
    pub fault: Fault,
    /// When users felt it, if they did.
    pub impact_at: Option<Timestamp>,
    /// The first record that concerns it, from its begin on and before users felt it.
    pub first_at: Option<Timestamp>,
    /// Whether it was said fifteen minutes or more before users felt it.
    pub foreseen: bool,
    /// Whether a record before the impact named the signal where it starts among its first three.
    pub origin: bool,
    /// Records that interrupted people because of it.
    pub interruptions: usize,
    /// Off hours only: it could not wait for people at work, and was paged before users felt it.
    pub paged: Option<bool>,
    /// Off hours only: it could wait, and nobody was paged.
    pub let_sleep: Option<bool>,
}

/// How a fleet was judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Every fault of the judged time.
    pub cases: Vec<Case>,
    /// The probability that an impact would have been foreseen by the same interruptions at other times.
    pub chance: f64,
    /// Interruptions that no fault explains: when, and whether it was a page.
    pub unneeded: Vec<(Timestamp, bool)>,
    /// Weeks judged.
    pub weeks: f64,
}

/// The least lead that counts.
const LEAD: Span = Span::from_mins(15);
/// What is said so long after a fault was mended is still about it.
const AFTERMATH: Span = Span::from_hours(2);
/// Shifts in time by which chance is measured.
const SHIFTS: i64 = 97;

/// One interruption of people.
struct Word<'a> {
    at: Timestamp,
    record: &'a AlertRecord,
    signals: Vec<Signal>,
    services: Vec<String>,
}

/// Holds what was said against what is true.
pub fn score(fleet: &Fleet, told: &Told) -> Score {
    let (from, calendar) = (fleet.judged_from, &fleet.scenario.calendar_of_people());
    let to = fleet.scenario.start + fleet.scenario.length;
    let words: Vec<Word<'_>> = told.records.iter().filter(|r| from <= r.at).filter_map(word).collect();
    let loud = told.faults.iter().filter(|fault| !fault.kind.is_quiet() && from <= fault.begins);
    let mut cases: Vec<Case> = Vec::new();
    for fault in loud {
        let impact_at = told.failures.iter().find(|failure| failure.begins == fault.begins).map(|f| f.impact_at);
        let touched = touched(fault.service, &fleet.scenario.shapes);
        let of_it: Vec<&Word<'_>> = words.iter().filter(|word| word.is_of(fault, &touched)).collect();
        cases.push(case(fault, impact_at, &of_it, calendar));
    }
    let explained = |word: &Word<'_>| {
        told.faults
            .iter()
            .filter(|fault| !fault.kind.is_quiet())
            .any(|fault| word.is_of(fault, &touched(fault.service, &fleet.scenario.shapes)))
    };
    let unneeded = words.iter().filter(|word| !explained(word));
    let unneeded = unneeded.map(|word| (word.at, word.record.urgency == Urgency::Page)).collect();
    let chance = chance(fleet, &cases, &words, to);
    Score { cases, chance, unneeded, weeks: to.since(from).as_secs_f64() / 604_800.0 }
}

fn word(record: &AlertRecord) -> Option<Word<'_>> {
    let news = record.state == State::Firing && record.reason != Reason::Repeated;
    news.then(|| {
        let parsed = |text: &str| Selector::parse(text).ok().and_then(|selector| selector.to_signal());
        let signals: Vec<Signal> = record.signals.iter().filter_map(|note| parsed(&note.signal)).collect();
        let of_signals = signals.iter().filter_map(Signal::service).map(str::to_owned);
        let services = std::iter::once(record.service.clone()).chain(of_signals).collect();
        Word { at: record.at, record, signals, services }
    })
}

/// The service and all that wait for it.
fn touched(service: &'static str, shapes: &[Shape]) -> Vec<&'static str> {
    let mut all = vec![service];
    let mut next = 0;
    while let Some(&name) = all.get(next) {
        all.extend(shapes.iter().filter(|shape| shape.behind.contains(&name)).map(|shape| shape.name));
        next += 1;
    }
    all
}

impl Word<'_> {
    fn is_of(&self, fault: &Fault, touched: &[&str]) -> bool {
        let in_time = fault.begins <= self.at && self.at <= fault.ends + AFTERMATH;
        in_time && self.concerns(touched)
    }

    fn concerns(&self, touched: &[&str]) -> bool {
        self.services.iter().any(|service| touched.contains(&service.as_str()))
    }

    fn is_page(&self) -> bool {
        self.record.urgency == Urgency::Page
    }
}

fn case(fault: &Fault, impact_at: Option<Timestamp>, words: &[&Word<'_>], calendar: &Calendar) -> Case {
    let before = |word: &&&Word<'_>| impact_at.is_none_or(|impact| word.at < impact);
    let first_at = words.iter().find(before).map(|word| word.at);
    let origin = words.iter().filter(before).any(|word| {
        word.signals
            .iter()
            .take(3)
            .any(|signal| signal.service() == Some(fault.service) && shows(fault.kind, signal.name()))
    });
    let (mut paged, mut let_sleep) = (None, None);
    if let Some(impact) = impact_at {
        let off = first_at.unwrap_or(fault.begins);
        if !calendar.is_work(off) {
            let work = calendar.next_work(off);
            if impact < work + calendar.reaction {
                paged = Some(words.iter().any(|word| word.is_page() && word.at < impact));
            } else {
                let_sleep = Some(!words.iter().any(|word| word.is_page() && word.at < work));
            }
        }
    }
    Case {
        fault: fault.clone(),
        impact_at,
        first_at,
        foreseen: impact_at.is_some_and(|impact| first_at.is_some_and(|first| first + LEAD <= impact)),
        origin,
        interruptions: words.len(),
        paged,
        let_sleep,
    }
}

/// Whether a signal of this name, at the service where the fault is, shows it at its root.
fn shows(kind: FaultKind, name: &str) -> bool {
    let any = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    match kind {
        FaultKind::DiskFills => any(&["disk"]),
        FaultKind::PoolLeak => any(&["pool"]),
        FaultKind::MemoryLeak => any(&["memory"]),
        FaultKind::BadDeploy => any(&["error", "latency"]),
        FaultKind::QueueRunaway => any(&["queue"]),
        FaultKind::CredentialExpiry => any(&["credential", "error"]),
        FaultKind::SlowFlag | FaultKind::LatencyCreep => any(&["latency"]),
        FaultKind::KpiFalls => any(&["conversion", "orders"]),
        FaultKind::TrafficPeak => any(&["requests", "cpu", "pool", "latency"]),
        _ => true,
    }
}

/// How often the same words, moved in time around the judged span, would have foreseen what users felt.
fn chance(fleet: &Fleet, cases: &[Case], words: &[Word<'_>], to: Timestamp) -> f64 {
    let (from, length) = (fleet.judged_from, to.since(fleet.judged_from));
    let (mut hits, mut tries) = (0.0, 0.0);
    for case in cases {
        let Some(impact) = case.impact_at else { continue };
        let touched = touched(case.fault.service, &fleet.scenario.shapes);
        let of_it: Vec<Timestamp> = words.iter().filter(|word| word.concerns(&touched)).map(|word| word.at).collect();
        for shift in 1..SHIFTS {
            let by = Span::from_nanos(length.nanos() / SHIFTS * shift);
            let moved = |at: Timestamp| {
                let at = at + by;
                if to <= at { from + to.since(from).min(at.since(to)) } else { at }
            };
            let foreseen = of_it.iter().any(|&at| case.fault.begins <= moved(at) && moved(at) + LEAD <= impact);
            hits += f64::from(u8::from(foreseen));
            tries += 1.0;
        }
    }
    if tries == 0.0 { 0.0 } else { hits / tries }
}
