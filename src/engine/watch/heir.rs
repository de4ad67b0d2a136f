//! What an instance that comes takes over from one of the same signal: pods live for a day, what is usual of them is known for weeks.
//!
//! The judge, the forecasters and how far instances stand apart are the service's, not the name's. Its own course begins anew, and
//! so do its troubles. In its first hour it starts, which is no habit and no news: caches fill, connections are made.

use super::super::kin::Standing;
use super::{Bounded, FlatTop, Learned, Watch};
use crate::detect::Judge;
use crate::time::{Span, Timestamp};

/// What one watch leaves to another.
#[derive(Debug)]
pub(in super::super) struct Legacy {
    judge: Judge,
    bounds: Vec<Bounded>,
    learned: Option<Box<Learned>>,
    top: Option<Box<FlatTop>>,
    standing: Standing,
}

/// So long an instance starts.
const STARTS: Span = Span::from_hours(1);

impl Watch {
    /// What others may take over.
    pub(in super::super) fn legacy(&self) -> Legacy {
        Legacy {
            judge: self.judge.heir(),
            bounds: self.bounds.iter().map(Bounded::heir).collect(),
            learned: self.learned.as_ref().map(|learned| Box::new(learned.heir())),
            top: self.top.clone(),
            standing: self.troubles.standing.heir(),
        }
    }

    /// Takes over what another instance has learned; this one came at `at`.
    pub(in super::super) fn inherit(&mut self, legacy: Legacy, at: Timestamp) {
        let Legacy { judge, bounds, learned, top, standing } = legacy;
        self.judge = judge;
        for bounded in &mut self.bounds {
            if let Some(same) = bounds.iter().find(|other| bounded.is_same(other)) {
                bounded.take(same.clone());
            }
        }
        self.learned = self.learned.take().or(learned);
        self.top = self.top.take().or(top);
        self.troubles.standing = standing;
        self.starts_until = Some(at + STARTS);
    }

    /// Whether it has only just come.
    pub(super) fn is_starting(&self, at: Timestamp) -> bool {
        self.starts_until.is_some_and(|until| at < until)
    }

    /// How much it knows: points its judge has seen.
    pub(in super::super) fn experience(&self) -> u32 {
        self.judge.points()
    }
}
