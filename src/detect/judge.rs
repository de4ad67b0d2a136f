//! The judge of one signal.

mod older;

use serde::{Deserialize, Serialize};

use super::cadence::Cadence;
use super::days::{Days, Stay};
use super::drop::Drop;
use super::fusion::{Fused, fuse, weigh};
use super::once::Once;
use super::peaks::Peaks;
use super::rate::{AGREEMENT, DAYS, DROP, NOVELTY, Quiet, Rate, STUCK};
use super::stuck::Stuck;
use super::views::{BLOCKS, Bent, COUNT, HOUR, SIZES, Seen, Views};
use super::{Beyond, Judgement, View};
use crate::baseline::{Band, Level, Range, Scale, Season, When, moment, wide};
use crate::calendar::Local;
use crate::plan::{Preset, Side};
use crate::time::{Span, Timestamp};

pub use older::{JudgeV2, JudgeV3, JudgeV4, JudgeV5, JudgeV6, JudgeV7};

/// Judges the observations of one signal in order of time: first scores, then learns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Judge {
    cadence: Cadence,
    /// The first observation, once there is one.
    #[serde(with = "moment")]
    first: Timestamp,
    latest: Timestamp,
    points: u32,
    scale: Scale,
    before: f64,
    quick: Level,
    guarded: Level,
    slow: Level,
    range: Range,
    band: Band,
    season: Season,
    views: Views,
    peaks: [Peaks; COUNT],
    /// The surprise of the newest block, until the next.
    block: f32,
    /// How long the rates have been learned, in weeks.
    weeks: f64,
    novelty: Voice,
    agreement: Voice,
    stuck: Stuck,
    stuck_voice: Voice,
    drop: Drop,
    drop_voice: Voice,
    days: Days,
    days_voice: Voice,
    /// Whether it stayed beyond all days, as far as that matters, by the newest block.
    beyond: bool,
    /// Whether the preset takes silence for news, as told at the last observation.
    silence_is_news: bool,
    /// The agreement of late, fading.
    #[serde(with = "wide")]
    lasting: f32,
    /// Points in a row that were ordinary.
    ordinary: u8,
    /// What was announced last was too small to matter, and is not over yet.
    too_small: bool,
}

/// One score on its way to people: announced once, converted by its own rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Voice {
    once: Once,
    rate: Rate,
}

/// Memory of the quick level (100 points) and of the slow one (2,000).
const QUICK: f64 = 0.01;
const SLOW: f64 = 0.0005;
/// Points whose agreement is above this teach the guarded level a tenth: an anomaly teaches little, a new normal gets in once
/// its surprise is filed. (Between 4 and 9, and from nothing to a third, the accuracy is the same.)
const HOT: f64 = 6.0;
const HOT_SHARE: f64 = 0.1;
/// Points before the first score.
const WARM_POINTS: u32 = 20;
/// Life before the first rarity, and before it is believed without a surcharge of one power of ten. Two days: on one day
/// the night is a level never seen, and the next night tells that it belongs to every day.
const WARM: Span = Span::from_days(2);
const KNOWN: Span = Span::from_days(7);
/// The surcharge after that: it sinks as the own history grows, half at three weeks what it is at one and a half. Heavy tails and
/// rare steps show their nature only in time.
const DOUBT: f64 = 0.5;
/// Half of a score of 1: a surprise of once in 10^5 points.
const MIDDLE: f64 = 5.0;
/// Ordinary points in a row that make a signal calm.
const CALM: u8 = 10;
/// The pointwise score fades by half in five points: a trouble is not over at its first ordinary point.
const FADE: f64 = 0.87;
/// This share of the past range is usual at any hour: on constant data the distances decay to nothing.
const USUAL: f64 = 0.05;
const WEEK_SECONDS: f64 = 604_800.0;
/// A level so many usual distances from what its hour brings is not what it usually is; a value within twice as many is.
const AWAY: f64 = 1.0;
const USUALLY: f64 = 2.0 * AWAY;
/// The rarity of the ordinary: it happens all the time.
const ORDINARY: f64 = -9.0;
/// Surprises below this (once in a hundred points) are ordinary.
const NOTABLE: f64 = 2.0;

/// One point's surprises, before they are put into words.
struct Surprise {
    fused: Fused,
    stuck: f64,
    drop: f64,
    /// At the end of a block of points.
    stay: Option<Stay>,
    /// What of novelty, agreement, stuck, drop and stay is news.
    news: [f64; 5],
    ordinary: bool,
    /// Whether it belongs to a failure that people felt.
    aside: bool,
}

impl Judge {
    /// Judges `value`, then learns from it. `at` is later than every observation before; `value` is finite.
    pub fn observe(&mut self, at: Timestamp, value: f64, local: Local, preset: &Preset) -> Judgement {
        self.take(at, value, local, preset, false)
    }

    /// The same of what belongs to a failure that people felt: it is no habit, and teaches nothing of what is usual.
    pub fn observe_aside(&mut self, at: Timestamp, value: f64, local: Local, preset: &Preset) -> Judgement {
        self.take(at, value, local, preset, true)
    }

    fn take(&mut self, at: Timestamp, value: f64, local: Local, preset: &Preset, aside: bool) -> Judgement {
        std::hint::black_box(self.touch());
        let value = if value.is_finite() { value } else { self.scale.value(self.before) };
        let gap = self.cadence.arrive(at);
        self.silence_is_news = preset.absence;
        self.latest = self.latest.max(at);
        if self.points == 0 {
            self.first = at;
        }
        let lived = at.since(self.first);
        let normal = self.scale.read(value);
        let when = When { local, gap: gap.unwrap_or(0.0), step: self.cadence.step().unwrap_or(0.0) };
        let seen = self.seen(normal, when);
        let band = self.expected(&seen);
        let surprise = self.surprise(&seen, local, aside);
        let judgement = self.say(&surprise, &seen, value, band, lived, preset);
        self.learn(&seen, &surprise, when, lived);
        judgement
    }

    /// Reads a little of most that a point needs: so memory brings its lines side by side, where each would be waited for when its
    /// turn comes. (A million signals in random order are judged a third faster for it.)
    fn touch(&self) -> f32 {
        let peaks = self.peaks.iter().step_by(2).fold(0.0, |sum, peaks| sum + peaks.touch());
        peaks + self.views.touch()
    }

    /// The judge of another instance of the same signal, begun with what this one has learned: its own course begins anew.
    pub fn heir(&self) -> Judge {
        let cadence = self.cadence.heir();
        Judge { cadence, lasting: 0.0, ordinary: 0, too_small: false, beyond: false, ..self.clone() }
    }

    /// Points seen.
    pub fn points(&self) -> u32 {
        self.points
    }

    /// When silence becomes news, by the cadence learned; none while it is not known, or silence is nothing.
    pub fn silent_after(&self) -> Option<Timestamp> {
        if self.silence_is_news { self.cadence.silent_after() } else { None }
    }

    /// Why the judge says nothing yet, for people; none once it is warm.
    pub fn warming(&self) -> Option<String> {
        let lived = self.latest.since(self.first);
        if self.points < WARM_POINTS {
            return Some(format!("{} of {WARM_POINTS} points seen", self.points));
        }
        (lived < WARM).then(|| format!("known for {lived}, alerts begin after {WARM}"))
    }

    /// The 10 % and 90 % points expected by the season, where one has proved itself; for pictures with a point each `apart`.
    pub fn by_season(&self, at: Timestamp, local: Local, apart: Span) -> Option<(f64, f64)> {
        let center = self.season.drawn(local, at.since(self.latest).as_secs_f64(), apart.as_secs_f64())?;
        self.around(center)
    }

    /// What this time of day or week, or this part of the signal's own cycle, usually brings, where the signal lives by it.
    pub fn by_hour(&self, local: Local) -> Option<f64> {
        self.season.expect(When { local, gap: 0.0, step: 0.0 }).map(|center| self.scale.value(center))
    }

    /// How long the signal's own cycle lasts, where what is expected goes by it.
    pub fn cycle(&self) -> Option<Span> {
        self.season.cycle().map(Span::from_secs_f64)
    }

    /// The 10 % and 90 % points expected now without regard to the season; for pictures.
    pub fn by_level(&self) -> Option<(f64, f64)> {
        self.around(self.quick.get()?)
    }

    fn around(&self, center: f64) -> Option<(f64, f64)> {
        let (low, high) = self.band.get();
        (WARM_POINTS <= self.points).then(|| (self.scale.value(center + low), self.scale.value(center + high)))
    }

    fn seen(&self, value: f64, when: When) -> Seen {
        let quick = self.quick.get().unwrap_or(value);
        let slow = self.slow.get().unwrap_or(value);
        let stray = self.season.stray(when, value, USUAL * self.range.width());
        let hour = stray.map_or(quick, |stray| stray.center);
        Seen {
            value,
            before: if self.points == 0 { value } else { self.before },
            quick,
            guarded: self.guarded.get().unwrap_or(value),
            slow,
            expected: self.season.expect(when).unwrap_or(quick),
            stray,
            bent: Bent::of(value, [quick, slow, hour], self.scale.zero(), self.views.step()),
            range: self.range.width(),
        }
    }

    /// The expected band in the signal's own unit, once there are points to know it from.
    fn expected(&self, seen: &Seen) -> Option<(f64, f64)> {
        let (low, high) = self.band.get();
        (WARM_POINTS <= self.points)
            .then(|| (self.scale.value(seen.expected + low), self.scale.value(seen.expected + high)))
    }

    /// All surprises of this point; the views learn it.
    fn surprise(&mut self, seen: &Seen, local: Local, aside: bool) -> Surprise {
        let step = self.cadence.lift();
        let (low, high) = self.band.get();
        let sizes = self.views.look(seen);
        let mut surprises = [0.0; COUNT];
        for ((surprise, size), peaks) in surprises.iter_mut().zip(sizes).zip(&mut self.peaks) {
            if let Some(size) = size {
                let rare = weigh(peaks.judge(size.size, aside), size, high - low, step);
                *surprise = if size.early { 0.0 } else { rare };
            }
        }
        if sizes[BLOCKS].is_some() {
            self.block = surprises[BLOCKS] as f32;
        }
        surprises[BLOCKS] = f64::from(self.block);
        let hours_fit = seen.stray.is_none_or(|stray| stray.fits);
        let fused = fuse(&surprises, hours_fit, self.cadence.rest());
        let near = SIZES.iter().zip(&surprises).filter(|(spec, _)| matches!(spec.view, View::Slope | View::Spread));
        let settled = near.map(|(_, &s)| s).fold(surprises[0], f64::max);
        let stuck = self.stuck.judge(0 < self.points && seen.value == seen.before, self.points);
        let drop = self.drop.judge(seen, aside);
        let is_ratio = seen.stray.is_some() && !self.range.is_across(self.scale.zero());
        let ratio = is_ratio.then(|| seen.bent.ratio());
        let stay = self.days.judge(seen.value, seen.before, ratio, local, aside);
        let news = [
            self.novelty.once.news(fused.novelty),
            self.agreement.once.news(fused.agreement),
            self.stuck_voice.once.news(stuck),
            self.drop_voice.once.news(drop),
            stay.map_or(0.0, |stay| self.days_voice.once.news(stay.height)),
        ];
        let ordinary = !Once::is_alert(fused.novelty) || !Once::is_alert(settled);
        Surprise { stuck, drop, stay, news, ordinary, fused, aside }
    }

    /// Puts the surprises into a judgement.
    fn say(
        &mut self,
        surprise: &Surprise,
        seen: &Seen,
        value: f64,
        band: Option<(f64, f64)>,
        lived: Span,
        preset: &Preset,
    ) -> Judgement {
        let warm = WARM_POINTS <= self.points;
        let Fused { novelty, agreement, first } = surprise.fused;
        self.lasting = agreement.max(FADE * f64::from(self.lasting)) as f32;
        let [news, agreed, ..] = surprise.news;
        let upward = self.views.is_upward(first, seen);
        let matters = matters(value, band, upward, preset) && !recovers(seen, preset.harm);
        let announced = Once::is_alert(news) || Once::is_alert(agreed);
        // A trouble that begins small is news when it comes to matter, though it was announced before.
        let grown = self.too_small && matters && Once::is_alert(novelty.max(agreement));
        let fresh = warm && (announced || grown);
        self.too_small = !matters && (announced || (self.too_small && self.ordinary < CALM));
        // What was just announced is not over yet, even where only a slow view sees it.
        self.ordinary = if surprise.ordinary && !fresh { self.ordinary.saturating_add(1) } else { 0 };
        let clock = self.cadence.clock();
        let surcharge = if lived < KNOWN { 1.0 } else { DOUBT * (KNOWN.as_secs_f64() / lived.as_secs_f64()) };
        let known = warm && WARM <= lived;
        let stay = surprise.stay.filter(|_| known);
        let beyond = stay.and_then(|stay| self.beyond(stay, seen, value, surcharge, preset));
        self.beyond = if surprise.stay.is_some() { beyond.is_some() } else { self.beyond };
        let rarity =
            |voice: &Voice, height: f64, quiet: Quiet| voice.rate.rarity(height, quiet, self.weeks, clock) - surcharge;
        let both = if novelty.max(agreement) < NOTABLE {
            ORDINARY
        } else {
            let by_time = self.agreement.rate.rarity(agreement, AGREEMENT, self.weeks, 1.0) - surcharge;
            rarity(&self.novelty, novelty, NOVELTY).max(by_time)
        };
        let own = |voice: &Voice, height: f64, quiet: Quiet| {
            (known && quiet.base < height).then(|| rarity(voice, height, quiet))
        };
        Judgement {
            anomaly: if warm { score(f64::from(self.lasting)) } else { 0.0 },
            onset: if warm { score(news) } else { 0.0 },
            expected: band,
            rarity: known.then_some(both - core::f64::consts::LOG10_2),
            fresh,
            matters,
            stuck: own(&self.stuck_voice, surprise.stuck, STUCK).filter(|_| !is_none_of_it(value, preset)),
            drop: own(&self.drop_voice, surprise.drop, DROP).filter(|_| self.has_fallen(seen, value, preset)),
            beyond,
            stays_beyond: self.beyond,
            view: SIZES[first].view,
            cycle: self.cycle().filter(|_| first == HOUR),
            upward,
            calm: CALM <= self.ordinary && !self.beyond,
        }
    }

    /// Whether a value has fallen to less than half of the slow level, by as much as matters, and that hurts.
    fn has_fallen(&self, seen: &Seen, value: f64, preset: &Preset) -> bool {
        let (zero, slow) = (self.scale.zero(), self.scale.value(seen.slow));
        preset.hurts(false) && 2.0 * (seen.value - zero) <= seen.slow - zero && preset.is_felt(slow - value, slow)
    }

    /// What a stay beyond the days before is worth, where it hurts and goes beyond them by as much as matters.
    fn beyond(&self, stay: Stay, seen: &Seen, value: f64, surcharge: f64, preset: &Preset) -> Option<Beyond> {
        let by_hour =
            seen.stray.filter(|_| stay.by_hour).map(|stray| (stray.center - stray.usual, stray.center + stray.usual));
        let (low, high) = by_hour.unwrap_or_else(|| self.days.usual());
        let usual = (self.scale.value(low), self.scale.value(high));
        let edge = if stay.upward { usual.1 } else { usual.0 };
        let matters = preset.hurts(stay.upward) && preset.is_felt((value - edge).abs(), edge);
        (matters && DAYS.base < stay.height).then(|| {
            let rarity = self.days_voice.rate.rarity(stay.height, DAYS, self.weeks, 1.0) - surcharge;
            Beyond { rarity, upward: stay.upward, by_hour: stay.by_hour, usual }
        })
    }

    fn learn(&mut self, seen: &Seen, surprise: &Surprise, when: When, lived: Span) {
        let value = seen.value;
        if WARM <= lived {
            let weeks = when.gap.min(2.0 * when.step) / WEEK_SECONDS;
            self.weeks += weeks;
            let voices = [&mut self.novelty, &mut self.agreement, &mut self.stuck_voice, &mut self.drop_voice];
            for ((voice, news), quiet) in voices.into_iter().zip(surprise.news).zip([NOVELTY, AGREEMENT, STUCK, DROP]) {
                voice.rate.learn(news, quiet, surprise.aside);
            }
            if surprise.stay.is_some() {
                self.days_voice.rate.learn(surprise.news[4], DAYS, surprise.aside);
            }
        }
        if 0 < self.points {
            self.band.learn(value - seen.expected);
        }
        self.quick.learn(value, QUICK);
        let is_hot = HOT < surprise.fused.agreement && WARM_POINTS < self.points;
        self.guarded.learn_share(value, QUICK, if is_hot { HOT_SHARE } else { 1.0 });
        if !surprise.aside {
            self.season.learn(when, value, seen.quick, USUAL * seen.range);
            self.slow.learn(value, SLOW);
            self.range.learn(value);
        }
        self.before = value;
        self.points = self.points.saturating_add(1);
    }
}

/// A surprise between 0 and 1, strictly rising.
fn score(surprise: f64) -> f64 {
    surprise / (surprise + MIDDLE)
}

/// The surprise behind a score, as log10 of the number of points among which one is so odd: the inverse of the scores.
pub fn surprise(score: f64) -> f64 {
    if score < 1.0 { MIDDLE * score.max(0.0) / (1.0 - score) } else { score * f64::INFINITY }
}

/// Nothing at all of what hurts: it may stay so.
fn is_none_of_it(value: f64, preset: &Preset) -> bool {
    value == 0.0 && preset.harm == Some(Side::Above)
}

/// Whether the signal comes back from where it was better than this hour usually is: the way there was no trouble, and the way back
/// is none.
fn recovers(seen: &Seen, harm: Option<Side>) -> bool {
    let (Some(stray), Some(harm)) = (seen.stray, harm) else { return false };
    let sign = if harm == Side::Above { 1.0 } else { -1.0 };
    let [level, value] = [seen.quick, seen.value].map(|x| sign * (x - stray.center) / stray.usual);
    level < -AWAY && value < USUALLY
}

/// Whether the deviation beyond the band hurts and is at least the preset's floor.
fn matters(value: f64, band: Option<(f64, f64)>, upward: bool, preset: &Preset) -> bool {
    let is_felt = band.is_none_or(|(low, high)| {
        let middle = low / 2.0 + high / 2.0;
        preset.is_felt((value - middle).abs(), middle)
    });
    preset.hurts(upward) && is_felt
}
