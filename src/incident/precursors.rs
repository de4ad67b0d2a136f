//! What came before an objective broke: learned from this installation's own history, and used as evidence the next time.
//!
//! A signal's trouble that was followed by a broken objective within [`WINDOW`], far more often than chance explains, is a precursor
//! of it. When it comes again, and another signal bears witness, the alert stands under a forecast with the lead that was seen
//! before, and says so. Sequences of events before failures are an old source of prediction (Salfner, Lenk and Malek, A survey of
//! online failure prediction methods, ACM Computing Surveys 2010); what is ours is the proof asked of a pair, which is that of
//! `links`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::gate::WITNESS;
use super::links::tail;
use super::trouble::group_of;
use crate::alert::words::length;
use crate::finding::{Breach, Finding, Kind, Phase, Target};
use crate::forecast::Outlook;
use crate::plan::{Bound, Plan};
use crate::time::{Span, Timestamp};

/// How long before a broken objective a trouble may have begun to count as having come before it; troubles of a signal closer
/// than this are one.
const WINDOW: Span = Span::from_hours(6);
/// What follows within a moment is the same moment.
const AHEAD: Span = Span::from_mins(2);
/// So often at least, in so great a share of all times (by the rule of succession), and so unlikely by chance.
const TIMES: u32 = 3;
const SHARE: f64 = 0.5;
const UNLIKELY: f64 = 1e-3;
/// Leads remembered of a pair.
const LEADS: usize = 9;
/// Sources and pairs remembered; beyond it the source that was silent longest is forgotten.
const SOURCES: usize = 4_096;

/// The name of a signal and its service: instances come and go.
type Source = (String, String);
/// An objective: its name and service.
type Promise = (String, Option<String>);

/// Which troubles come before which broken objectives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Precursors {
    first: Option<Timestamp>,
    sources: BTreeMap<Source, Past>,
    broken: BTreeMap<Promise, Broken>,
    forgotten: u64,
}

/// What is known of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Past {
    /// When its newest trouble began; those within [`WINDOW`] of it belong to it.
    began: Timestamp,
    times: u32,
    before: BTreeMap<Promise, Pair>,
}

/// A source and an objective.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Pair {
    /// How often the objective broke after it.
    times: u32,
    /// The trouble that was counted last.
    counted: Option<Timestamp>,
    /// How long after it, in seconds, the newest last.
    leads: Vec<u32>,
}

/// How often an objective broke, and when it was seen broken last.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Broken {
    times: u32,
    last: Timestamp,
}

impl Precursors {
    /// Learns from a finding, in order of time.
    pub(super) fn learn(&mut self, finding: &Finding) {
        if !matches!(finding.phase, Phase::Raised | Phase::Updated) {
            return;
        }
        self.first = self.first.or(Some(finding.at));
        match &finding.breach {
            Some(Breach { target: Target::Objective { name, service }, now: true, .. }) => {
                self.broke((name.clone(), service.clone()), finding);
            }
            _ if finding.phase == Phase::Raised && is_sign(finding) => self.began(finding),
            _ => {}
        }
    }

    /// The finding with the objective that broke after such troubles before, if it is proved; `borne_out` says that another signal
    /// bears witness.
    pub(super) fn carry(&self, finding: Finding, borne_out: impl FnOnce() -> bool, plan: &Plan) -> Finding {
        let stands = matches!(finding.phase, Phase::Raised | Phase::Updated);
        if !stands || finding.breach.is_some() || !is_sign(&finding) {
            return finding;
        }
        let Some(past) = self.sources.get(&source(&finding)) else { return finding };
        let proved =
            past.before.iter().filter_map(|(promise, pair)| self.foretells(past, promise, pair, &finding, plan));
        let likeliest = proved.max_by(|(a, _), (b, _)| a.outlook.probability.total_cmp(&b.outlook.probability));
        let Some((breach, words)) = likeliest.filter(|_| borne_out()) else { return finding };
        let words = if finding.words.is_empty() { words } else { format!("{}; {words}", finding.words) };
        Finding { breach: Some(breach), words, ..finding }
    }

    /// How many sources were forgotten because too many were remembered.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// A trouble began.
    fn began(&mut self, finding: &Finding) {
        let at = finding.at;
        let past = self.sources.entry(source(finding)).or_insert(Past {
            began: Timestamp::MIN,
            times: 0,
            before: BTreeMap::new(),
        });
        if at < past.began + WINDOW {
            return;
        }
        (past.began, past.times) = (at, past.times.saturating_add(1));
        if SOURCES < self.sources.len()
            && let Some(oldest) = self.sources.iter().min_by_key(|(_, past)| past.began).map(|(key, _)| key.clone())
        {
            self.sources.remove(&oldest);
            self.forgotten += 1;
        }
    }

    /// An objective is broken: what began in the window before came before it, once each.
    fn broke(&mut self, promise: Promise, finding: &Finding) {
        let at = finding.since;
        let broken = self.broken.entry(promise.clone()).or_insert(Broken { times: 0, last: Timestamp::MIN });
        let is_new = broken.times == 0 || broken.last + WINDOW < at;
        broken.last = finding.at;
        if !is_new {
            return;
        }
        broken.times = broken.times.saturating_add(1);
        let own = source(finding);
        for (source, past) in &mut self.sources {
            if *source == own || past.began + WINDOW < at || at < past.began + AHEAD {
                continue;
            }
            let pair = past.before.entry(promise.clone()).or_default();
            if pair.counted != Some(past.began) {
                pair.counted = Some(past.began);
                pair.times = pair.times.saturating_add(1);
                pair.leads.push(at.since(past.began).as_secs_f64() as u32);
                if LEADS < pair.leads.len() {
                    pair.leads.remove(0);
                }
            }
        }
    }

    /// The breach that a source foretells, and in words how often it came: none while chance explains it, or its time has gone.
    fn foretells(
        &self,
        past: &Past,
        promise: &Promise,
        pair: &Pair,
        finding: &Finding,
        plan: &Plan,
    ) -> Option<(Breach, String)> {
        let objective = plan.objectives.iter().find(|o| (&o.name, &o.service) == (&promise.0, &promise.1))?;
        let broken = self.broken.get(promise)?;
        // The trouble that goes on is not yet among those that could be followed.
        let open = finding.at < past.began + WINDOW && pair.counted != Some(past.began);
        let made = past.times - u32::from(open);
        let probability = (f64::from(pair.times) + 1.0) / (f64::from(made) + 2.0);
        let lived = finding.at.since(self.first?).as_secs_f64().max(WINDOW.as_secs_f64());
        let chance = f64::from(made) * (f64::from(broken.times) * WINDOW.as_secs_f64() / lived).min(1.0);
        let is_proved = TIMES <= pair.times && SHARE <= probability && tail(pair.times, chance) <= UNLIKELY;
        let mut leads = pair.leads.clone();
        leads.sort_unstable();
        let [least, middle, most] =
            [0, leads.len() / 2, leads.len().checked_sub(1)?].map(|i| Span::from_secs(i64::from(leads[i])));
        let [earliest, likely, latest] = [least, middle, most].map(|lead| past.began + lead);
        if !is_proved || !open || latest <= finding.at {
            return None;
        }
        let next = finding.at + Span::from_secs(1);
        let outlook = Outlook { probability, earliest: earliest.max(next), likely: likely.max(next), latest };
        let target = Target::Objective { name: promise.0.clone(), service: promise.1.clone() };
        let Bound { level, side } = objective.bound;
        let name = if promise.0.is_empty() { "an objective".to_owned() } else { format!("\"{}\"", promise.0) };
        let (least, most) = (length(least), length(most));
        let when = if least == most { most } else { format!("{least} to {most}") };
        let words = format!("{} of {made} times before, {name} was broken {when} later", pair.times);
        Some((Breach { target, level, side, now: false, outlook }, words))
    }
}

/// Whether a finding may announce something: an oddity, or a capacity that runs out.
fn is_sign(finding: &Finding) -> bool {
    let odd = matches!(finding.kind, Kind::Anomaly | Kind::Log) && WITNESS <= finding.rarity;
    let target = finding.breach.as_ref().map(|breach| &breach.target);
    finding.kind != Kind::Change
        && (odd || target == Some(&Target::Limit))
        && !matches!(target, Some(Target::Objective { .. }))
}

fn source(finding: &Finding) -> Source {
    (group_of(&finding.signal).to_owned(), finding.signal.name().to_owned())
}
