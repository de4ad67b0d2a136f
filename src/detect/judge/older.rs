//! A judge as older releases saved it: what it has learned lives on in the present one.

use serde::Deserialize;

use super::{Band, COUNT, Cadence, Drop, Judge, Level, Peaks, Range, Scale, Season, Timestamp, Views, Voice};
use crate::detect::stuck::StuckV1;

/// Version 2: before runs knew the one that most points lie in, and before a trouble could grow to matter.
#[derive(Debug, Deserialize)]
pub struct JudgeV2 {
    cadence: Cadence,
    first: Option<Timestamp>,
    latest: Timestamp,
    points: u32,
    scale: Scale,
    before: f64,
    quick: Level,
    guarded: Level,
    slow: Level,
    range: Range,
    band: Band,
    season: Option<Box<Season>>,
    views: Views,
    peaks: [Peaks; COUNT],
    weeks: f64,
    novelty: Voice,
    agreement: Voice,
    stuck: StuckV1,
    stuck_voice: Voice,
    drop: Drop,
    drop_voice: Voice,
    silence_is_news: bool,
    lasting: f64,
    ordinary: u8,
}

impl From<JudgeV2> for Judge {
    fn from(old: JudgeV2) -> Self {
        Judge {
            cadence: old.cadence,
            first: old.first,
            latest: old.latest,
            points: old.points,
            scale: old.scale,
            before: old.before,
            quick: old.quick,
            guarded: old.guarded,
            slow: old.slow,
            range: old.range,
            band: old.band,
            season: old.season,
            views: old.views,
            peaks: old.peaks,
            weeks: old.weeks,
            novelty: old.novelty,
            agreement: old.agreement,
            stuck: old.stuck.into(),
            stuck_voice: old.stuck_voice,
            drop: old.drop,
            drop_voice: old.drop_voice,
            silence_is_news: old.silence_is_news,
            lasting: old.lasting,
            ordinary: old.ordinary,
            too_small: false,
        }
    }
}
