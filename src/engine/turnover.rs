//! Instances that come and go: pods live for a day, and nobody says goodbye for them.
//!
//! An instance whose name was never seen before takes the place of one that was; where names are replaced, the silence of one of
//! them is no news as long as others of the same signal speak. Where all of them fall silent it is, and where names stay (hosts,
//! members of a stateful set) each is missed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// The instances of one signal, as of the end of the last tick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Group {
    /// When the first of them came.
    first: Timestamp,
    /// When the two newest came of those who came later.
    born: [Option<Timestamp>; 2],
    /// When any of them spoke last.
    heard: Timestamp,
}

/// How the instances of each signal come and go, by the hash that they share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Turnover {
    groups: BTreeMap<u64, Group>,
}

/// Who comes within this of the first one is one of the first.
const FOUNDING: Span = Span::from_hours(1);
/// Who comes so long before another falls silent, or later, replaces it: the new one is ready before the old one is stopped.
const REPLACES: Span = Span::from_mins(15);
/// Where none spoke for so long, and some do again, who of them has left can be told.
const WHILE: Span = Span::from_mins(3);
/// Names are replaced where two new ones came within this.
const OF_LATE: Span = Span::from_days(14);

impl Turnover {
    /// An instance came in the tick that ends.
    pub(super) fn born(&mut self, kin: u64, end: Timestamp) {
        let group = self.groups.entry(kin).or_insert(Group { first: end, born: [None; 2], heard: end });
        if group.first + FOUNDING < end {
            group.born = [Some(end), group.born[0]];
        }
    }

    /// One of an older snapshot, which did not say how they came.
    pub(super) fn found(&mut self, kin: u64, first: Timestamp) {
        let group = self.groups.entry(kin).or_insert(Group { first, born: [None; 2], heard: first });
        group.first = group.first.min(first);
    }

    /// Takes what was saved of one signal.
    pub(super) fn load(&mut self, kin: u64, saved: &Turnover) {
        if let Some(group) = saved.groups.get(&kin) {
            self.groups.insert(kin, *group);
        }
    }

    /// Takes over what another knows.
    pub(super) fn join(&mut self, other: &Turnover) {
        self.groups.extend(&other.groups);
    }

    /// Some of them spoke by the end of a tick; whether none had for a while.
    pub(super) fn heard(&mut self, kin: u64, at: Timestamp) -> bool {
        let Some(group) = self.groups.get_mut(&kin) else { return false };
        let was_silent = group.heard + WHILE <= at;
        group.heard = group.heard.max(at);
        was_silent
    }

    /// Whether any came before this tick.
    pub(super) fn knows(&self, kin: u64) -> bool {
        self.groups.contains_key(&kin)
    }

    /// There are none any more.
    pub(super) fn end(&mut self, kin: u64) {
        self.groups.remove(&kin);
    }

    /// Whether it is no news at `due` that an instance which spoke at `spoke` for the last time is silent.
    pub(super) fn is_usual(&self, kin: u64, spoke: Timestamp, due: Timestamp) -> bool {
        let Some(group) = self.groups.get(&kin) else { return false };
        let others_speak = spoke + Span::from_nanos(due.since(spoke).nanos() / 2) <= group.heard;
        let is_replaced = group.born[0].is_some_and(|born| spoke - REPLACES <= born);
        let is_of_late = group.born[1].is_some_and(|born| due - OF_LATE <= born);
        others_speak && (is_replaced || is_of_late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_secs(1_700_000_000) + Span::from_mins(minute)
    }

    /// Three instances from the first minute on, and one for each of `born`.
    fn with(born: &[i64]) -> Turnover {
        let mut turnover = Turnover::default();
        [0, 0, 1].iter().chain(born).for_each(|at| turnover.born(7, minute(*at)));
        turnover
    }

    #[test]
    fn one_that_is_replaced_is_not_missed() {
        let mut turnover = with(&[5000]);
        turnover.heard(7, minute(5010));
        assert!(turnover.is_usual(7, minute(5005), minute(5010)));
        assert!(!turnover.is_usual(7, minute(6005), minute(6010)), "nobody took its place");
        assert!(!turnover.is_usual(8, minute(5005), minute(5010)), "another signal");
    }

    #[test]
    fn where_names_are_replaced_one_that_leaves_is_not_missed_but_all_are() {
        let mut turnover = with(&[5000, 5000]);
        turnover.heard(7, minute(9010));
        assert!(turnover.is_usual(7, minute(9005), minute(9010)));
        assert!(!turnover.is_usual(7, minute(9009), minute(9014)), "all are silent");
        turnover.heard(7, minute(60_000));
        assert!(!turnover.is_usual(7, minute(59_998), minute(60_001)), "weeks ago");
    }

    #[test]
    fn who_was_there_from_the_start_is_missed() {
        let mut turnover = with(&[30]);
        turnover.heard(7, minute(5010));
        assert!(!turnover.is_usual(7, minute(5005), minute(5010)));
        turnover.end(7);
        assert!(turnover.groups.is_empty());
    }
}
