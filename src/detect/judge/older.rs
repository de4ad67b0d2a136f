//! A judge as older releases saved it: what it has learned lives on in the present one.

use serde::Deserialize;

use super::{Band, COUNT, Cadence, Drop, Judge, Level, Peaks, Range, Scale, Stuck, Timestamp, Views, Voice};
use crate::baseline::SeasonV1;
use crate::detect::stuck::StuckV1;

/// Version 2: before runs knew the one that most points lie in, and before a trouble could grow to matter.
#[derive(Debug, Deserialize)]
pub struct JudgeV2(Older<StuckV1>);

/// Version 3: before an hour of the day knew how far it strays.
#[derive(Debug, Deserialize)]
pub struct JudgeV3 {
    older: Older<Stuck>,
    too_small: bool,
}

#[derive(Debug, Deserialize)]
struct Older<S> {
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
    season: Option<Box<SeasonV1>>,
    views: Views,
    peaks: [Peaks; COUNT],
    weeks: f64,
    novelty: Voice,
    agreement: Voice,
    stuck: S,
    stuck_voice: Voice,
    drop: Drop,
    drop_voice: Voice,
    silence_is_news: bool,
    lasting: f64,
    ordinary: u8,
}

impl From<JudgeV2> for Judge {
    fn from(JudgeV2(older): JudgeV2) -> Self {
        older.into()
    }
}

impl From<JudgeV3> for Judge {
    fn from(JudgeV3 { older, too_small }: JudgeV3) -> Self {
        Judge { too_small, ..older.into() }
    }
}

/// The view that now asks the hour: what it had filed are sizes of another kind.
const BY_THE_HOUR: usize = 2;

impl<S: Into<Stuck>> From<Older<S>> for Judge {
    fn from(mut old: Older<S>) -> Self {
        old.cadence.set_clock();
        old.peaks[BY_THE_HOUR] = Peaks::default();
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
            season: old.season.map(|season| (*season).into()).unwrap_or_default(),
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
