//! A judge as older releases saved it: what it has learned lives on in the present one.

use serde::Deserialize;

use super::{Band, COUNT, Cadence, Drop, Judge, Level, Peaks, Range, Scale, Stuck, Timestamp, Voice};
use crate::baseline::{Season, SeasonV1, SeasonV2, SeasonV3, SeasonV4};
use crate::detect::days::DaysV1;
use crate::detect::stuck::StuckV1;
use crate::detect::views::{HOUR, Views, ViewsV1};

/// Version 2: before runs knew the one that most points lie in, and before a trouble could grow to matter.
#[derive(Debug, Deserialize)]
pub struct JudgeV2(Older<StuckV1, Option<Box<SeasonV1>>, ViewsV1, Ten>);

/// Version 3: before an hour of the day knew how far it strays.
#[derive(Debug, Deserialize)]
pub struct JudgeV3 {
    older: Older<Stuck, Option<Box<SeasonV1>>, ViewsV1, Ten>,
    too_small: bool,
}

/// Version 4: before it looked at blocks of values.
#[derive(Debug, Deserialize)]
pub struct JudgeV4 {
    older: Older<Stuck, SeasonV2, ViewsV1, Ten>,
    too_small: bool,
}

/// Version 5: before a signal could have a cycle of its own.
#[derive(Debug, Deserialize)]
pub struct JudgeV5 {
    older: Older<Stuck, SeasonV2, Views, Eleven>,
    too_small: bool,
}

/// Version 6: before it knew the days, and before it gave up a week that says nothing.
#[derive(Debug, Deserialize)]
pub struct JudgeV6 {
    older: Older<Stuck, SeasonV3, Views, Eleven>,
    too_small: bool,
}

/// Version 7: before it knew the days of ratios, and days off.
#[derive(Debug, Deserialize)]
pub struct JudgeV7 {
    older: Older<Stuck, SeasonV4, Views, Eleven, Lived>,
    too_small: bool,
}

/// The peaks of as many views as there were.
#[derive(Debug, Deserialize)]
struct Ten([Peaks; 10]);

/// The same, and the surprise of the newest block.
#[derive(Debug, Deserialize)]
struct Eleven([Peaks; COUNT], f32);

/// The days of values, what was said of them, and whether that stands.
#[derive(Debug, Default, Deserialize)]
struct Lived(DaysV1, Voice, bool);

/// No days yet.
#[derive(Debug, Deserialize)]
struct Unlived;

#[derive(Debug, Deserialize)]
struct Older<S, H, V, P, D = Unlived> {
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
    views: V,
    peaks: P,
    weeks: f64,
    novelty: Voice,
    agreement: Voice,
    stuck: S,
    stuck_voice: Voice,
    drop: Drop,
    drop_voice: Voice,
    days: D,
    silence_is_news: bool,
    lasting: f64,
    ordinary: u8,
}

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
    fn from(JudgeV4 { older, too_small }: JudgeV4) -> Self {
        Judge { too_small, ..older.into() }
    }
}

impl From<JudgeV5> for Judge {
    fn from(JudgeV5 { older, too_small }: JudgeV5) -> Self {
        Judge { too_small, ..older.into() }
    }
}

impl From<JudgeV6> for Judge {
    fn from(JudgeV6 { older, too_small }: JudgeV6) -> Self {
        Judge { too_small, ..older.into() }
    }
}

impl From<JudgeV7> for Judge {
    fn from(JudgeV7 { older, too_small }: JudgeV7) -> Self {
        Judge { too_small, ..older.into() }
    }
}

impl From<Unlived> for Lived {
    fn from(Unlived: Unlived) -> Self {
        Lived::default()
    }
}

impl From<Ten> for Eleven {
    fn from(Ten(ten): Ten) -> Self {
        let mut peaks = [Peaks::default(); COUNT];
        peaks[..ten.len()].copy_from_slice(&ten);
        Eleven(peaks, 0.0)
    }
}

impl<S: Into<Stuck>> Older<S, Option<Box<SeasonV1>>, ViewsV1, Ten> {
    /// What the view that now asks the hour had filed are sizes of another kind.
    fn before_hours(mut self) -> Judge {
        self.cadence.set_clock();
        self.peaks.0[HOUR] = Peaks::default();
        self.into()
    }
}

impl<S: Into<Stuck>, H: Into<Season>, V: Into<Views>, P: Into<Eleven>, D: Into<Lived>> From<Older<S, H, V, P, D>>
    for Judge
{
    fn from(old: Older<S, H, V, P, D>) -> Self {
        let Lived(days, days_voice, beyond) = old.days.into();
        let Eleven(peaks, block) = old.peaks.into();
        Judge {
            cadence: old.cadence,
            first: old.first.unwrap_or(Timestamp::MIN),
            latest: old.latest,
            points: old.points,
            scale: old.scale,
            before: old.before,
            quick: old.quick,
            guarded: old.guarded,
            slow: old.slow,
            range: old.range,
            band: old.band,
            season: old.season.into(),
            views: old.views.into(),
            peaks,
            block,
            weeks: old.weeks,
            novelty: old.novelty,
            agreement: old.agreement,
            stuck: old.stuck.into(),
            stuck_voice: old.stuck_voice,
            drop: old.drop,
            drop_voice: old.drop_voice,
            days: days.into(),
            days_voice,
            beyond,
            silence_is_news: old.silence_is_news,
            lasting: old.lasting as f32,
            ordinary: old.ordinary,
            too_small: false,
        }
    }
}
