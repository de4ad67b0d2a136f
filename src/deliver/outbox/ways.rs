//! The ways of an alert: which routes take it, to whom they lead, and how urgent it is to those people.

use super::policy::Policy;
use super::subject::{is_meant, subjects};
use crate::alert::{AlertRecord, State, Urgency, too_late_from};
use crate::config::Route;
use crate::deliver::Wall;
use crate::finding::Kind;
use crate::signal::Signal;
use crate::time::{Span, Timestamp};

/// One way of an alert: to whom, and what the route says of urgency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) receiver: String,
    /// The urgency that the route gives everything that goes this way.
    pub(super) urgency: Option<Urgency>,
    /// What these people need to act, where it is not what everyone needs.
    pub(super) reaction: Option<Span>,
}

/// How urgent an alert is to one receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pressing {
    pub(super) urgency: Urgency,
    /// When waiting would leave these people too little time, where the route says how much they need.
    pub(super) late_from: Option<Wall>,
}

impl Policy {
    /// The ways of a record by the routes alone: of each list of routes the first that takes it, and further ones after a
    /// route that says `continue`; a route's own receivers where none of the routes within it takes it. A receiver that
    /// several ways lead to is told once, by the first.
    pub(super) fn ways(&self, record: &AlertRecord) -> Vec<Way> {
        let mut found = Vec::new();
        if self.routes.is_empty() {
            let way = |(name, _): &(String, _)| Way { receiver: name.clone(), urgency: None, reaction: None };
            found.extend(self.receivers.iter().map(way));
        } else {
            follow(&self.routes, record, &subjects(record), &mut found);
        }
        let mut ways: Vec<Way> = Vec::with_capacity(found.len());
        for way in found {
            if self.reach(&way.receiver).is_some() && ways.iter().all(|have| have.receiver != way.receiver) {
                ways.push(way);
            }
        }
        ways
    }

    /// How urgent a record is to a receiver without regard to the time that is left.
    pub(super) fn urgency_to(&self, record: &AlertRecord, receiver: &str) -> Urgency {
        if !self.routes.iter().any(Route::says_urgency) {
            return record.urgency;
        }
        let way = self.ways(record).into_iter().find(|way| way.receiver == receiver);
        way.and_then(|way| way.urgency).unwrap_or(record.urgency)
    }

    /// How urgent a record is to a receiver now: what its route says, else what the record says.
    pub(super) fn pressing(&self, record: &AlertRecord, receiver: &str, now: Wall) -> Pressing {
        let plain = Pressing { urgency: record.urgency, late_from: None };
        if !self.routes.iter().any(Route::says_urgency) {
            return plain;
        }
        let Some(way) = self.ways(record).into_iter().find(|way| way.receiver == receiver) else { return plain };
        if let Some(urgency) = way.urgency {
            return Pressing { urgency, late_from: None };
        }
        let Some((reaction, earliest)) = way.reaction.zip(foreseen(record)) else { return plain };
        let late_from = Wall(too_late_from(earliest, &self.calendar, reaction, now.0));
        let urgency = if late_from <= now { Urgency::Page } else { Urgency::Hold };
        Pressing { urgency, late_from: Some(late_from) }
    }
}

/// When a bound may be passed at the earliest, for alerts whose urgency is a question of time alone.
fn foreseen(record: &AlertRecord) -> Option<Timestamp> {
    let breach = record.breach.as_ref().filter(|_| record.kind == Kind::Forecast && record.state == State::Firing)?;
    (record.at < breach.earliest && record.urgency != Urgency::Digest).then_some(breach.earliest)
}

/// Collects the ways; whether any route took it.
fn follow(routes: &[Route], record: &AlertRecord, subjects: &[Signal], ways: &mut Vec<Way>) -> bool {
    let takes = |route: &&Route| {
        route.at_least <= record.urgency
            && is_meant(&route.matches, subjects)
            && !route.except.iter().any(|except| is_meant(except, subjects))
    };
    let mut taken = false;
    for route in routes.iter().filter(takes) {
        taken = true;
        if !follow(&route.within, record, subjects, ways) {
            let way = |name: &String| Way { receiver: name.clone(), urgency: route.urgency, reaction: route.reaction };
            ways.extend(route.to.iter().map(way));
        }
        if !route.goes_on {
            break;
        }
    }
    taken
}
