//! Which line follows which in one flow (a trace, a session, a request, a thread): flows that break off, and paths never taken.
//!
//! A table of pairs, as in a first-order Markov chain over templates (the workflow view of DeepLog, Du et al. 2017, without its
//! network). From a line after which nearly every flow goes on, a flow that does not is broken off; a step from a line well known
//! to one never seen after it is a new path. Both are counted by the minute and judged like any count. Where the next line cannot
//! be told from the last one the table does not pay, and is left alone for a day.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::signal::template::TemplateId;
use crate::time::{Span, Timestamp};

/// What is known of the flows of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Flows {
    open: BTreeMap<u64, Open>,
    states: BTreeMap<TemplateId, State>,
    /// Steps counted, and those to a line that was known to follow.
    steps: u32,
    foretold: u32,
    off_until: Option<Timestamp>,
    minute: Minute,
    /// Flows that were not followed for want of room.
    pub(super) refused: u64,
}

/// What happened in a minute.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Minute {
    pub(super) broken: u32,
    pub(super) strange: u32,
    /// The line after which most flows broke off, or the last step of a new kind: from, and to where there is a way on.
    pub(super) at: Option<(TemplateId, Option<TemplateId>)>,
}

/// The last line of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    last: TemplateId,
    at: Timestamp,
}

/// What follows one template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct State {
    went_on: u32,
    ended: u32,
    followers: Vec<Follower>,
    longest: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Follower {
    template: TemplateId,
    count: u32,
    since: Timestamp,
}

/// Fields that name a flow, the narrowest first.
pub(super) const FIELDS: [&str; 17] = [
    "trace_id",
    "traceId",
    "trace.id",
    "traceid",
    "request_id",
    "requestId",
    "request.id",
    "correlation_id",
    "correlationId",
    "transaction.id",
    "session.id",
    "session_id",
    "sessionId",
    "thread.name",
    "process.thread.name",
    "thread_name",
    "thread",
];
/// Templates that are states, as a share of the flows followed at a time, and followers known of each; what is beyond is not
/// followed.
const STATES: usize = 8;
const FOLLOWERS: usize = 8;
/// A line is well known after so many flows came by it; they nearly always go on where this share did.
const KNOWN: u32 = 50;
const GOES_ON: f64 = 0.95;
/// A flow has broken off after twice the longest gap there was, within these bounds.
const SHORTEST: f64 = 10.0;
const LONGEST: f64 = 3_600.0;
/// A path is new for so long.
const NEW: Span = Span::from_hours(1);
/// After so many steps the table must have foretold this share of them, else it rests.
const TRIED: u32 = 2_000;
const PAYS: f64 = 0.9;
const REST: Span = Span::from_days(1);
/// Counts are halved here: what was is forgotten as new ways come.
const MEMORY: u32 = 1 << 15;

impl Flows {
    /// A line of a flow; at most `bound` flows are followed at a time.
    pub(super) fn step(&mut self, flow: u64, template: TemplateId, at: Timestamp, bound: usize) {
        if self.off_until.is_some_and(|until| at < until) {
            return;
        }
        self.off_until = None;
        let next = Open { last: template, at };
        if let Some(open) = self.open.get_mut(&flow) {
            let from = std::mem::replace(open, next);
            self.go_on(&from, template, at, bound / STATES);
        } else if self.open.len() < bound {
            self.open.insert(flow, next);
        } else {
            self.refused += 1;
        }
        if TRIED <= self.steps {
            self.weigh(at);
        }
    }

    fn go_on(&mut self, from: &Open, to: TemplateId, at: Timestamp, bound: usize) {
        if bound <= self.states.len() && !self.states.contains_key(&from.last) {
            return;
        }
        let Flows { states, steps, foretold, minute, .. } = self;
        let state = states.entry(from.last).or_default();
        let is_known = KNOWN <= state.went_on + state.ended;
        state.went_on += 1;
        state.longest = state.longest.max(at.since(from.at).as_secs_f64());
        *steps += 1;
        let since = match state.followers.iter().position(|follower| follower.template == to) {
            Some(known) => {
                state.followers[known].count += 1;
                *foretold += 1;
                Some(state.followers[known].since)
            }
            None if state.followers.len() < FOLLOWERS => {
                let since = if is_known { at } else { Timestamp::MIN };
                state.followers.push(Follower { template: to, count: 1, since });
                Some(since)
            }
            None => None,
        };
        if is_known && since.is_some_and(|since| since != Timestamp::MIN && at.since(since) < NEW) {
            minute.strange += 1;
            minute.at = Some((from.last, Some(to)));
        }
        state.forget();
    }

    /// Whether the table pays is decided now and then.
    fn weigh(&mut self, at: Timestamp) {
        if f64::from(self.foretold) < PAYS * f64::from(self.steps) {
            *self = Flows { off_until: Some(at + REST), refused: self.refused, ..Flows::default() };
        }
        self.steps /= 2;
        self.foretold /= 2;
    }

    /// The minute before `end` is over: flows that did not go on in time are over too. None where there are no flows.
    pub(super) fn close(&mut self, end: Timestamp, bound: usize) -> Option<Minute> {
        let mut minute = std::mem::take(&mut self.minute);
        if self.open.is_empty() && self.states.is_empty() {
            return None;
        }
        let mut most = BTreeMap::<TemplateId, u32>::new();
        let states = &mut self.states;
        self.open.retain(|_, open| {
            let wait = states.get(&open.last).map_or(LONGEST, State::wait);
            let is_over = open.at + Span::from_secs_f64(wait) <= end;
            if is_over && (states.len() < bound / STATES || states.contains_key(&open.last)) {
                let state = states.entry(open.last).or_default();
                if state.goes_on() {
                    minute.broken += 1;
                    *most.entry(open.last).or_default() += 1;
                }
                state.ended += 1;
                state.forget();
            }
            !is_over
        });
        if let Some((template, _)) = most.iter().max_by_key(|(_, count)| **count) {
            let usual = self.states[template].followers.iter().max_by_key(|follower| follower.count);
            minute.at = Some((*template, usual.map(|follower| follower.template)));
        }
        Some(minute)
    }

    /// A template is forgotten.
    pub(super) fn forget(&mut self, template: TemplateId) {
        self.states.remove(&template);
        self.open.retain(|_, open| open.last != template);
        self.states.values_mut().for_each(|state| state.followers.retain(|follower| follower.template != template));
    }
}

impl State {
    fn goes_on(&self) -> bool {
        let all = self.went_on + self.ended;
        KNOWN <= all && GOES_ON * f64::from(all) <= f64::from(self.went_on)
    }

    fn wait(&self) -> f64 {
        // Where no flow went on yet, nobody knows how long it takes.
        if self.went_on == 0 { LONGEST } else { (2.0 * self.longest).clamp(SHORTEST, LONGEST) }
    }

    fn forget(&mut self) {
        if MEMORY <= self.went_on + self.ended {
            self.went_on /= 2;
            self.ended /= 2;
            self.followers.iter_mut().for_each(|follower| follower.count /= 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: usize = 4_096;

    const PLACED: TemplateId = TemplateId(1);
    const PAID: TemplateId = TemplateId(2);
    const SENT: TemplateId = TemplateId(3);
    const FAILED: TemplateId = TemplateId(4);

    /// Orders that are placed, paid and sent, one each second; what each does is said by `way`.
    fn orders(flows: &mut Flows, from: i64, count: i64, way: fn(i64) -> &'static [TemplateId]) -> Vec<Minute> {
        let mut minutes = Vec::new();
        for second in from..from + count {
            for (step, template) in way(second).iter().enumerate() {
                flows.step(second as u64, *template, Timestamp::from_secs(second + step as i64), BOUND);
            }
            if second % 60 == 59 {
                minutes.extend(flows.close(Timestamp::from_secs(second + 1), BOUND));
            }
        }
        minutes
    }

    #[test]
    fn flows_that_break_off_and_new_paths_are_counted() {
        let mut flows = Flows::default();
        let usual = orders(&mut flows, 0, 3_600, |_| &[PLACED, PAID, SENT]);
        assert!(usual.iter().all(|minute| minute.broken == 0 && minute.strange == 0), "{usual:?}");
        let broken =
            orders(&mut flows, 3_600, 120, |n| if n % 4 == 0 { &[PLACED, PAID] } else { &[PLACED, PAID, SENT] });
        assert!((13..=16).contains(&broken[1].broken), "{broken:?}");
        assert_eq!(broken[1].at, Some((PAID, Some(SENT))));
        let strange =
            orders(&mut flows, 3_720, 60, |n| if n % 3 == 0 { &[PLACED, FAILED] } else { &[PLACED, PAID, SENT] });
        assert_eq!(strange[0].strange, 20, "{strange:?}");
        // After an hour it is a path like others.
        let later =
            orders(&mut flows, 3_780, 7_200, |n| if n % 3 == 0 { &[PLACED, FAILED] } else { &[PLACED, PAID, SENT] });
        assert_eq!(later.last().unwrap().strange, 0, "{later:?}");
    }

    #[test]
    fn where_the_next_line_cannot_be_told_it_rests() {
        let mut flows = Flows::default();
        for n in 0..5_000u64 {
            let mixed = xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes());
            flows.step(mixed % 7, TemplateId(mixed >> 32 & 63), Timestamp::from_secs(n as i64), BOUND);
        }
        assert!(flows.off_until.is_some());
        assert!(flows.open.is_empty() && flows.states.is_empty());
        assert_eq!(flows.close(Timestamp::from_secs(5_001), BOUND), None);
    }

    #[test]
    fn it_is_bounded_whatever_comes() {
        let mut flows = Flows::default();
        for n in 0..20_000u64 {
            flows.step(n, TemplateId(n % 3_000), Timestamp::from_secs(0), BOUND);
        }
        assert!(flows.open.len() <= BOUND && flows.states.len() <= BOUND / STATES);
        assert_eq!(flows.refused, 20_000 - BOUND as u64);
    }
}
