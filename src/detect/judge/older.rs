//! A judge as older releases saved it: what it has learned lives on in the present one.

use serde::Deserialize;

use super::{Band, COUNT, Cadence, Drop, Judge, Level, Peaks, Range, Scale, Stuck, Timestamp, Voice};
use crate::baseline::{Season, SeasonV1};
use crate::detect::stuck::StuckV1;
use crate::detect::views::{HOUR, ViewsV1};

/// Version 2: before runs knew the one that most points lie in, and before a trouble could grow to matter.
#[derive(Debug, Deserialize)]
pub struct JudgeV2(Older<StuckV1, Option<Box<SeasonV1>>>);

/// Version 3: before an hour of the day knew how far it strays.
#[derive(Debug, Deserialize)]
pub struct JudgeV3 {
    older: Older<Stuck, Option<Box<SeasonV1>>>,
    too_small: bool,
}

/// Version 4: before it looked at blocks of values.
#[derive(Debug, Deserialize)]
pub struct JudgeV4 {
    older: Older<Stuck, Season>,
    too_small: bool,
}

#[derive(Debug, Deserialize)]
struct Older<S, H> {
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
    season: H,
    views: ViewsV1,
    peaks: [Peaks; VIEWS],
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

/// So many views there were.
const VIEWS: usize = 10;

impl From<JudgeV2> for Judge {
    fn from(JudgeV2(older): JudgeV2) -> Self {
        older.before_hours()
    }
}

impl From<JudgeV3> for Judge {
    fn from(JudgeV3 { older, too_small }: JudgeV3) -> Self {
        Judge { too_small, ..older.before_hours() }
    }
}

impl From<JudgeV4> for Judge {
    fn from(JudgeV4 { mut older, too_small }: JudgeV4) -> Self {
        let season = std::mem::take(&mut older.season);
        Judge { too_small, ..older.judge(season) }
    }
}

impl<S: Into<Stuck>> Older<S, Option<Box<SeasonV1>>> {
    /// What the view that now asks the hour had filed are sizes of another kind.
    fn before_hours(mut self) -> Judge {
        self.cadence.set_clock();
        self.peaks[HOUR] = Peaks::default();
        let season = self.season.take().map(|season| (*season).into()).unwrap_or_default();
        self.judge(season)
    }
}

impl<S: Into<Stuck>, H> Older<S, H> {
    fn judge(self, season: Season) -> Judge {
        let old = self;
        let mut peaks = [Peaks::default(); COUNT];
        peaks[..VIEWS].copy_from_slice(&old.peaks);
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
            season,
            views: old.views.into(),
            peaks,
            block: 0.0,
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
