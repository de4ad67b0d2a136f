//! Bounds as older releases saved them.

use serde::Deserialize;

use super::super::kept::KeptV1;
use super::super::tally::Tally;
use super::Bounded;
use crate::finding::Target;
use crate::forecast::{Forecaster, ForecasterV1, ForecasterV2};
use crate::plan::Bound;
use crate::time::{Span, Timestamp};

/// The same as version 5 had it: what was kept up in two blocks.
#[derive(Debug, Deserialize)]
pub(in super::super) struct BoundedV5 {
    target: Target,
    bound: Bound,
    hold: Span,
    forecaster: Box<Forecaster>,
    kept: KeptV1,
    passed_since: Option<Timestamp>,
    good: u8,
    passed: bool,
    tally: Tally,
}

impl From<BoundedV5> for Bounded {
    fn from(old: BoundedV5) -> Self {
        let BoundedV5 { target, bound, hold, forecaster, kept, passed_since, good, passed, tally } = old;
        let kept = kept.of(hold);
        Bounded { target, bound, hold, forecaster, kept, passed_since, good, passed, tally, likely: false }
    }
}

/// The same as version 4 had it: another forecaster.
#[derive(Debug, Deserialize)]
pub(in super::super) struct BoundedV4 {
    target: Target,
    bound: Bound,
    hold: Span,
    forecaster: Box<ForecasterV2>,
    kept: KeptV1,
    passed_since: Option<Timestamp>,
    good: u8,
    passed: bool,
    tally: Tally,
}

impl From<BoundedV4> for Bounded {
    fn from(old: BoundedV4) -> Self {
        let BoundedV4 { target, bound, hold, forecaster, kept, passed_since, good, passed, tally } = old;
        let (forecaster, kept) = (Box::new((*forecaster).into()), kept.of(hold));
        Bounded { target, bound, hold, forecaster, kept, passed_since, good, passed, tally, likely: false }
    }
}

/// The same as version 3 had it: no record, and another forecaster.
#[derive(Debug, Deserialize)]
pub(in super::super) struct BoundedV3 {
    target: Target,
    bound: Bound,
    hold: Span,
    forecaster: Box<ForecasterV1>,
    kept: KeptV1,
    passed_since: Option<Timestamp>,
    good: u8,
    passed: bool,
}

impl From<BoundedV3> for Bounded {
    fn from(old: BoundedV3) -> Self {
        let BoundedV3 { target, bound, hold, forecaster, kept, passed_since, good, passed } = old;
        let (forecaster, kept) = (Box::new((*forecaster).into()), kept.of(hold));
        Bounded {
            target,
            bound,
            hold,
            forecaster,
            kept,
            passed_since,
            good,
            passed,
            tally: Tally::default(),
            likely: false,
        }
    }
}
