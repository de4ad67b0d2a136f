//! A forecaster as older releases saved it: what it has learned lives on in the present one.

use serde::Deserialize;

use super::base::{BaseV1, BaseV2};
use super::forecaster::{Envelope, Forecast, Forecaster, Step};
use super::gap::Gap;
use super::ladder::Ladder;
use super::policy::Policy;
use super::pool::Pool;
use super::record::Record;
use super::trust::Trust;
use super::{HORIZONS, Minutes};
use crate::baseline::Bf16;
use crate::time::{Span, Timestamp};

/// Before it knew how much higher the last hours stood than a day and a week before.
#[derive(Debug, Deserialize)]
pub struct ForecasterV2 {
    gap: Gap,
    horizon: Span,
    last: Option<Timestamp>,
    passed_since: Option<Minutes>,
    step: Step,
    usual: Option<[Bf16; HORIZONS.len()]>,
    envelope: Envelope,
    base: BaseV2,
    record: Record,
    ladder: Ladder,
    trust: Trust,
    pool: Pool,
    policy: Policy,
    forecast: Option<Forecast>,
}

impl From<ForecasterV2> for Forecaster {
    fn from(old: ForecasterV2) -> Self {
        Forecaster {
            gap: old.gap,
            horizon: old.horizon,
            last: old.last,
            passed_since: old.passed_since,
            step: old.step,
            usual: old.usual,
            envelope: old.envelope,
            base: old.base.into(),
            record: old.record,
            ladder: old.ladder,
            trust: old.trust,
            pool: old.pool,
            policy: old.policy,
            forecast: old.forecast,
        }
    }
}

/// Before it knew what the same hours reached a day and a week ago.
#[derive(Debug, Deserialize)]
pub struct ForecasterV1 {
    gap: Gap,
    horizon: Span,
    #[expect(dead_code, reason = "read past it")]
    is_possible: bool,
    last: Option<Timestamp>,
    is_passed: bool,
    step: Step,
    usual: Option<[Bf16; HORIZONS.len()]>,
    envelope: Envelope,
    base: BaseV1,
    record: Record,
    ladder: Ladder,
    trust: Trust,
    pool: Pool,
    policy: Policy,
    forecast: Option<Forecast>,
}

impl From<ForecasterV1> for Forecaster {
    fn from(old: ForecasterV1) -> Self {
        Forecaster {
            gap: old.gap,
            horizon: old.horizon,
            last: old.last,
            passed_since: old.last.filter(|_| old.is_passed).map(|last| last.nanos() as f64 / 60e9),
            step: old.step,
            usual: old.usual,
            envelope: old.envelope,
            base: old.base.into(),
            record: old.record,
            ladder: old.ladder,
            trust: old.trust,
            pool: old.pool,
            policy: old.policy,
            forecast: old.forecast,
        }
    }
}
