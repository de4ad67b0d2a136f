//! Why a message went out or did not: every decision in a form that people can read.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::alert::Reason;
use crate::deliver::Wall;

/// What was decided for one alert and one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// A message goes out.
    Send(Cause),
    /// Nothing goes out, or not yet.
    Hold(Why),
}

/// Why a message goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The alert changed, and its urgency says now.
    News(Reason),
    /// It was held and still stands when people are back at work.
    Released,
    /// The daily digest.
    Digest,
    /// Someone asked for a test message.
    Test,
    /// The stream reached its head; this was passed over on the way.
    AtHead,
    /// Someone is on it, and this receiver keeps incidents of its own.
    Acknowledged,
}

/// Why nothing goes out, or not yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// It can wait until people work.
    UntilWork(Wall),
    /// It goes into the digest of that time.
    UntilDigest(Wall),
    /// Its deciding time is too long ago; told at the head of the stream if it still stands.
    Stale,
    /// A silence covers it.
    Silenced(String),
    /// Someone is on it.
    Acknowledged(String),
    /// This receiver never heard that it began.
    NeverTold,
    /// This receiver has already been told this revision, or delivery was given up.
    Settled,
    /// There are routes and none takes it.
    NoRoute,
    /// No receiver is configured.
    Shadow,
    /// The queue was full; this was its least urgent, oldest message.
    QueueFull,
    /// It could not be delivered before its expiry.
    Expired,
    /// The receiver refused it for good.
    Refused(String),
    /// It can wait until then for the people of this route.
    UntilLate(Wall),
    /// The receiver's limit is reached until then.
    Paced(Wall),
}

/// One line of the record of decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When it was decided.
    pub at: Wall,
    /// The alert.
    pub alert: String,
    /// Its revision.
    pub revision: u32,
    /// The receiver; empty where none was found.
    pub receiver: String,
    /// What was decided.
    pub verdict: Verdict,
}

/// The latest decisions; the oldest go first when it is full.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct DecisionLog {
    lines: VecDeque<Decision>,
}

impl DecisionLog {
    pub(super) fn push(&mut self, decision: Decision, bound: usize) {
        while !self.lines.is_empty() && bound <= self.lines.len() {
            self.lines.pop_front();
        }
        self.lines.push_back(decision);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Decision> {
        self.lines.iter()
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receiver = if self.receiver.is_empty() { "nobody" } else { &self.receiver };
        write!(f, "{} {}/{} {receiver}: {}", self.at, self.alert, self.revision, self.verdict)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Send(cause) => write!(f, "sent: {cause}"),
            Verdict::Hold(why) => write!(f, "not sent: {why}"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::News(reason) => reason_words(*reason),
            Cause::Released => "it was held and still stands at the start of work",
            Cause::Test => "someone asked for a test",
            Cause::Digest => "it is part of the daily digest",
            Cause::Acknowledged => "someone is on it",
            Cause::AtHead => "it was passed over while the stream was behind",
        })
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::UntilWork(until) => write!(f, "it can wait until people work again, {until}"),
            Why::UntilDigest(until) => write!(f, "it disturbs nobody and goes into the digest of {until}"),
            Why::Stale => f.write_str("it is old news; told when the stream is caught up, if it still stands"),
            Why::Silenced(id) => write!(f, "silence {id} covers it"),
            Why::Acknowledged(by) => write!(f, "{by} is on it"),
            Why::NeverTold => f.write_str("it is over and this receiver never heard of it"),
            Why::Settled => f.write_str("this receiver has been told this already"),
            Why::NoRoute => f.write_str("no route takes it"),
            Why::Shadow => f.write_str("no receiver is configured (shadow)"),
            Why::QueueFull => {
                f.write_str("the receiver's queue was full and this was the least urgent, oldest message")
            }
            Why::Expired => f.write_str("it could not be delivered before its expiry"),
            Why::UntilLate(until) => {
                write!(f, "the people of this route can act in time if they hear of it at {until}")
            }
            Why::Paced(until) => write!(f, "the receiver's limit of messages is reached until {until}"),
            Why::Refused(error) => write!(f, "the receiver refused it: {error}"),
        }
    }
}

/// A record's reason as people say it.
pub fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Opened => "it is new",
        Reason::Worsened => "it got worse",
        Reason::Joined => "more signals joined it",
        Reason::Promoted => "it can no longer wait",
        Reason::Repeated => "it is still open",
        Reason::Resolved => "it is over",
        Reason::Withdrawn => "the forecast receded",
        Reason::Merged => "it is one with another alert",
        Reason::Split => "it proved to be two problems",
        Reason::Gone => "the signal was removed for good",
    }
}
