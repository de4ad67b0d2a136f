//! Which services keep company in trouble: learned from what was found, because nobody writes down who waits for whom.
//!
//! Two services are linked when oddities began in both within ten minutes, more than once, far more often than their own
//! numbers explain (the lift of a pair, as in association rules: Brin, Motwani, Ullman and Tsur, 1997), and so often that
//! chance hardly does it (the Poisson tail). What all services do at once, such as a busy night, raises all the numbers and
//! links nobody.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::gate::TOGETHER;
use crate::time::{Span, Timestamp};

/// Times together that prove a link at the least, how many times more often than by chance, and how unlikely by chance.
const TIMES: u32 = 2;
const LIFT: f64 = 4.0;
const UNLIKELY: f64 = 1e-3;
/// Pairs remembered; beyond it the rarest are forgotten.
const PAIRS: usize = 4_096;

/// Begins of troubles by service, alone and together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Links {
    /// What began within the last ten minutes, each service once.
    recent: VecDeque<(Timestamp, String)>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    alone: BTreeMap<String, u32>,
    together: BTreeMap<(String, String), u32>,
}

impl Links {
    /// Trouble began in a service. What goes on within ten minutes counts once.
    pub(super) fn began(&mut self, service: &str, at: Timestamp) {
        self.first = self.first.or(Some(at));
        self.last = self.last.max(Some(at));
        while self.recent.front().is_some_and(|(before, _)| *before < at - TOGETHER) {
            self.recent.pop_front();
        }
        if self.recent.iter().any(|(_, other)| other == service) {
            return;
        }
        *self.alone.entry(service.to_owned()).or_default() += 1;
        for (_, other) in &self.recent {
            *self.together.entry(pair(service, other)).or_default() += 1;
        }
        self.recent.push_back((at, service.to_owned()));
        if PAIRS < self.together.len() {
            self.together.retain(|_, times| 1 < *times);
            if PAIRS < self.together.len() {
                self.together.clear();
            }
        }
    }

    /// How often trouble began in both.
    pub(super) fn times(&self, a: &str, b: &str) -> u32 {
        self.together.get(&pair(a, b)).copied().unwrap_or(0)
    }

    /// Whether two services have kept company in trouble.
    pub(super) fn are_linked(&self, a: &str, b: &str) -> bool {
        let (Some(first), Some(last)) = (self.first, self.last) else { return false };
        let times = self.times(a, b);
        let of = |service: &str| f64::from(self.alone.get(service).copied().unwrap_or(0));
        let windows = (last.since(first).as_secs_f64() / Span::as_secs_f64(TOGETHER)).max(1.0);
        let by_chance = 2.0 * of(a) * of(b) / windows;
        TIMES <= times && LIFT * by_chance <= f64::from(times) && tail(times, by_chance) <= UNLIKELY
    }
}

/// A bound on how likely a Poisson count of this mean is to reach `times`, which lies above it: mean^times/times!.
pub(super) fn tail(times: u32, mean: f64) -> f64 {
    (1..=times).map(|n| mean / f64::from(n)).product()
}

fn pair(a: &str, b: &str) -> (String, String) {
    if a <= b { (a.to_owned(), b.to_owned()) } else { (b.to_owned(), a.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_that_fail_together_are_linked_and_a_busy_night_links_nobody() {
        let at = |hour: i64, minute: i64| Timestamp::from_secs(hour * 3600 + minute * 60);
        let mut links = Links::default();
        for day in 0..10 {
            links.began("front", at(24 * day, 3));
            links.began("store", at(24 * day, 1 + 3 * (day % 2) * 5));
            for service in ["night-a", "night-b"] {
                (0..24).for_each(|hour| (0..6).for_each(|ten| links.began(service, at(24 * day + hour, 10 * ten))));
            }
        }
        assert!(links.are_linked("store", "front"));
        assert!(links.are_linked("front", "store"));
        assert!(!links.are_linked("night-a", "night-b"));
        assert!(!links.are_linked("front", "night-a"));
        assert!(!links.are_linked("front", "nobody"));
    }

    #[test]
    fn twice_together_is_a_link_only_where_chance_hardly_does_it() {
        // Poisson of mean 0.1: 2 or more come with 0.0047, below the bound 0.1^2/2.
        assert!((tail(2, 0.1) - 0.005).abs() < 1e-12);
        assert!(tail(0, 0.1) == 1.0);
        let linked = |alone: i64| {
            let at = |hour: i64| Timestamp::from_secs(hour * 3600);
            let mut links = Links::default();
            links.began("clock", at(0));
            (1..=alone).for_each(|hour| links.began("store", at(2 * hour)));
            for hour in [500, 700] {
                links.began("front", at(hour));
                links.began("store", at(hour) + Span::from_mins(1));
            }
            links.began("clock", at(1_000));
            links.are_linked("store", "front")
        };
        assert!(linked(0), "each only with the other: 8 in 6,000 windows");
        assert!(!linked(200), "what is in trouble every two hours meets everybody");
    }
}
