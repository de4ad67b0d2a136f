//! What the outbox was asked to do: receivers, routes, calendar and bounds. Never saved; it comes from the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Time;

use crate::alert::AlertRecord;
use crate::calendar::Calendar;
use crate::config::{self, Pace, Route, Settings};
use crate::deliver::{Wall, own};
use crate::time::{Span, Timestamp};

/// How far ahead a start of work is looked for; beyond it a day is as good as any other.
const DAYS_AHEAD: usize = 400;

/// Where people work around the clock the digest still needs an hour at which they read.
const DIGEST_HOUR: Time = Time::constant(9, 0, 0, 0);

/// Receivers, routes, calendar and bounds.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The receivers' names and what reaches them.
    pub receivers: Vec<(String, Reach)>,
    /// Routes, first match; none: every receiver gets everything.
    pub routes: Vec<Route>,
    /// The pace of those receivers that have one.
    pub paces: BTreeMap<String, Pace>,
    /// Work hours, holidays, zone.
    pub calendar: Calendar,
    /// Older news is not sent.
    pub stale: Span,
    /// How long delivery is tried.
    pub expiry: Span,
    /// What the outbox may hold.
    pub bounds: OutboxBounds,
}

/// What kind of message reaches a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A message to people (mail, Slack, Teams): the digest is one message.
    Mail,
    /// A request to a program: the digest is one request per alert.
    Hook,
    /// The same to one that keeps incidents, which hears of acknowledgements too.
    Pager,
}

/// What the outbox may hold; each bound has a counter and a named victim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxBounds {
    /// Messages waiting for one receiver; beyond it the oldest of the least urgent goes.
    pub waiting: usize,
    /// Alerts remembered; beyond it the oldest resolved one is forgotten, then the oldest digest.
    pub cases: usize,
    /// Decisions remembered; beyond it the oldest is forgotten.
    pub decisions: usize,
    /// Receipts remembered for messages that are not known (again) yet; beyond it the first by key is forgotten.
    pub receipts: usize,
    /// Alerts listed in one digest; the others are counted in it.
    pub listed: usize,
}

impl Default for OutboxBounds {
    fn default() -> Self {
        OutboxBounds { waiting: 1_000, cases: 10_000, decisions: 4_096, receipts: 4_096, listed: 200 }
    }
}

impl Policy {
    /// The policy of a configuration.
    pub fn new(settings: &Settings) -> Arc<Policy> {
        let reach = |channel: &config::Channel| match channel {
            config::Channel::Email(_) | config::Channel::Slack(_) | config::Channel::Teams(_) => Reach::Mail,
            config::Channel::Webhook(_) | config::Channel::Alertmanager(_) => Reach::Hook,
            config::Channel::PagerDuty(_) => Reach::Pager,
        };
        Arc::new(Policy {
            receivers: settings.receivers.iter().map(|r| (r.name.clone(), reach(&r.channel))).collect(),
            routes: settings.routes.clone(),
            paces: settings.receivers.iter().filter_map(|r| Some((r.name.clone(), r.pace?))).collect(),
            calendar: settings.plan.calendar.clone(),
            stale: settings.deliver.stale,
            expiry: settings.deliver.expiry,
            bounds: OutboxBounds::default(),
        })
    }

    /// The same for a report of what would have been sent: where nobody is configured, one receiver `anyone` stands in.
    pub fn planning(settings: &Settings) -> Arc<Policy> {
        Arc::new(Arc::unwrap_or_clone(Policy::new(settings)).or_anyone())
    }

    /// The same policy; where nobody is configured, one receiver `anyone` stands in.
    pub fn or_anyone(mut self) -> Policy {
        if self.receivers.is_empty() {
            self.receivers.push(("anyone".to_owned(), Reach::Mail));
            self.routes.clear();
        }
        self
    }

    /// How a receiver is reached; none for a name that is not configured.
    pub(super) fn reach(&self, receiver: &str) -> Option<Reach> {
        self.receivers.iter().find(|(name, _)| name == receiver).map(|(_, reach)| *reach)
    }

    /// Who is to hear of a record: the first route that takes it, or everyone where there are no routes. What concerns
    /// forewarn itself always reaches someone, and where a receiver fails, another one if there is any.
    pub fn receivers_of(&self, record: &AlertRecord) -> Vec<String> {
        let routed: Vec<String> = self.ways(record).into_iter().map(|way| way.receiver).collect();
        if record.service != own::SERVICE || !record.labels.contains_key(own::TROUBLE) {
            return routed;
        }
        let failing = record.labels.get(own::RECEIVER);
        let everyone = || self.receivers.iter().map(|(name, _)| name.clone());
        let others = |names: &mut dyn Iterator<Item = String>| -> Vec<String> {
            names.filter(|name| Some(name) != failing).collect()
        };
        let told = [others(&mut routed.into_iter()), others(&mut everyone())];
        told.into_iter().find(|names| !names.is_empty()).unwrap_or_else(|| everyone().collect())
    }

    /// When a held alert may be told: now in work hours, else at the next start of work.
    pub(super) fn next_work(&self, now: Wall) -> Wall {
        Wall(self.calendar.next_work(now.0))
    }

    /// The first start of a working day after `after`: the hour of the digest.
    pub(super) fn next_start(&self, after: Wall) -> Wall {
        let zone = &self.calendar.zone;
        let mut date = after.0.to_jiff().to_zoned(zone.clone()).date();
        for _ in 0..DAYS_AHEAD {
            if let Some(from) = self.start_of(date)
                && let Ok(zoned) = date.to_datetime(from).to_zoned(zone.clone())
            {
                let start = Wall(Timestamp::from(zoned.timestamp()));
                if after < start {
                    return start;
                }
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        after + Span::from_days(1)
    }

    fn start_of(&self, date: jiff::civil::Date) -> Option<Time> {
        if self.calendar.holidays.contains(&date) {
            return None;
        }
        if self.calendar.work.is_empty() {
            return Some(DIGEST_HOUR);
        }
        let today = self.calendar.work.iter().filter(|hours| hours.days.contains(&date.weekday()));
        today.map(|hours| hours.from).min()
    }
}
