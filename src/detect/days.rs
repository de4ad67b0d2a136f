//! Higher or lower than on any day before: what creeps.
//!
//! A slow fall surprises no view for long, for levels follow it and its own sizes fill the tails (a cache whose hits sink from 94 to
//! 60 percent within four hours is as rare after one hour as after four). But no day before went there and stayed. The same is asked
//! of how a value lies to what its hour brings, for what falls by half in the morning is still more than the night.
//!
//! What it is worth on `benches/video.py`: the values' days named the origin before the break in .85 instead of .78 of 54 faults, and told
//! leaks and files an hour or two earlier. The ratios' days, with changes that bear them out for hours (`incident::gate`) and days off
//! that are other days (`baseline::season`), bring 215 faults of sixteen seeds from .916 foreseen to .949 and from .860 named to
//! .912, at .64 instead of .26 unneeded interruptions a week; on `fleet:0..20` traffic beyond capacity is told hours ahead instead of
//! one to two. With middles instead of extremes `fleet:0..6` has .83 instead of 2.25 unneeded interruptions a week, and foresees as many.
//!
//! Tried and left: distances from the hour that are no ratios, in its usual distances (a share of the whole range is usual at any hour,
//! which hides a fall from 12 to 5 where the evening brings 45) or plainly (noise); ratios alone (what creeps by little is told
//! an hour later); witnesses that have stood for hours.

use serde::{Deserialize, Serialize};

use super::views::Ratio;
use crate::baseline::{Coarse, VISIT_RATE};
use crate::calendar::Local;

/// What the signal stayed above and below for a while, against the same of each whole day before.
///
/// Staying means the middles of two blocks, each without its lowest and its highest point (a trimmed mean; Tukey, 1962, The future of data
/// analysis), so that no outlier counts, however far out, and the scatter of counts hides nothing. Each day gives one height and one depth
/// (block maxima; Gumbel, 1958, Statistics of Extremes), and what is surprising about the next follows from how much they vary:
/// the predictive distribution of one more value of a normal sample is Student's t (Jeffreys, 1939, Theory of Probability). So a
/// rhythm is no surprise, nor is a steady growth, whose days vary by as much as it grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Days {
    weekday: Option<u8>,
    /// Points of the block under way.
    count: u8,
    /// The least step between two values: what lies on a grid moves by no less.
    grain: f32,
    values: Course,
    /// Of the values' ratios to what their hour brings.
    ratios: Course,
    /// Those of the working days alone: until its week is known, a Saturday's hours stray by what would be news on a Tuesday.
    workdays: Past,
    /// How much too high and too low the ratios are for what happened at their hour on days before.
    echo: [Coarse; 2],
}

/// One quantity today, and on the days before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Course {
    /// The lowest and highest value of the block under way.
    low: f32,
    high: f32,
    /// The sum of its others, and the middle of the block before, infinite where it is not known. (Older releases saved the extremes of the
    /// block before here: the first blocks after them are wrong, and do not count without their neighbours.)
    sum: f32,
    before: f32,
    /// The usual width of a block.
    width: f32,
    /// Today's height and depth: the greatest value that it stayed above, and the greatest negated one.
    today: [f32; 2],
    /// Whether it was there all of today.
    whole: bool,
    past: Past,
}

/// How the heights and the depths of the days before lay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Past {
    mean: [f32; 2],
    variance: [f32; 2],
    days: u8,
}

/// No height and no depth yet.
const NONE: [f32; 2] = [f32::NEG_INFINITY; 2];

impl Default for Course {
    fn default() -> Self {
        let past = Past::default();
        Course { low: 0.0, high: 0.0, sum: 0.0, before: 0.0, width: 0.0, today: NONE, whole: false, past }
    }
}

/// What the newest block is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stay {
    /// log10 of the days among which one goes so far.
    pub(super) height: f64,
    pub(super) upward: bool,
    /// Whether it is the ratio to what the hour brings that goes so far, and not the value.
    pub(super) by_hour: bool,
}

/// Points of a block. (Twice as many are no quieter and tell half an hour of minutes later.)
const BLOCK: u8 = 15;
/// Whole days before anything is said, and remembered: a week tells of its weekend, a month forgets it.
const KNOWN: u8 = 6;
const MEMORY: u8 = 28;
/// Working days, before them alone are asked: a week of them.
const WORKED: u8 = 5;
/// Days that the prior is worth, and its deviation as a share of the signal's span within a day. Half of the variance so given
/// stays for good: days that were all alike were not so by nature.
const PRIOR: f64 = 3.0;
const SHARE: f64 = 0.05;
/// What there is of a block of which a value is not known.
const UNKNOWN: (f32, f32) = (f32::INFINITY, f32::NEG_INFINITY);
/// No ratio counts as more than e to this.
const MOST: f64 = 10.0;
/// What rounding to a step hides has this variance in squared steps (a uniform error's; Sheppard, 1898). A single step is never beyond
/// the days, then, and two may be.
const HIDDEN: f64 = 1.0 / 12.0;
/// Squares beyond this are drawn in, so that `f32` holds their sums.
const LARGEST: f32 = 1e36;
/// Steps below this share of the value are noise of the arithmetic and no grid.
const FINEST: f32 = 1e-6;
/// Once in a hundred days is beyond them.
pub(super) const BEYOND: f64 = 2.0;

impl Days {
    /// Takes one value in, and how it lies to what its hour brings where that is known and a ratio; at the end of a block says how far
    /// that stayed beyond the days before. What is `aside` belongs to no day.
    pub(super) fn judge(
        &mut self,
        value: f64,
        before: f64,
        ratio: Option<Ratio>,
        local: Local,
        aside: bool,
    ) -> Option<Stay> {
        let (value, step) = (value as f32, (value - before).abs() as f32);
        if FINEST * value.abs() < step && (self.grain == 0.0 || step < self.grain) {
            self.grain = step;
        }
        self.values.take(Some(value), self.count);
        self.ratios.take(ratio.map(|ratio| ratio.log as f32), self.count);
        self.count += 1;
        if self.count < BLOCK {
            return None;
        }
        self.count = 0;
        if self.weekday != Some(local.weekday) {
            let worked = self.weekday.is_some_and(|weekday| !Local { weekday, ..local }.is_off());
            if worked && self.ratios.whole {
                self.workdays.file(self.ratios.today);
            }
            self.echo = self.ratios.echo(self.echo.map(Coarse::get)).map(Coarse::of);
            self.values.turn(self.weekday.is_some());
            self.ratios.turn(self.weekday.is_some());
            self.weekday = Some(local.weekday);
        }
        let [up, down] = self.values.close(self.grain, [0.0; 2], None, aside);
        let past = Some(&self.workdays).filter(|days| !local.is_off() && WORKED <= days.days);
        let grain = ratio.map_or(0.0, |ratio| ratio.change(f64::from(self.grain)) as f32);
        let [above, below] = self.ratios.close(grain, self.echo.map(Coarse::get), past, aside);
        let by_hour = up.max(down) < above.max(below);
        let (up, down) = if by_hour { (above, below) } else { (up, down) };
        Some(Stay { height: up.max(down), upward: down < up, by_hour })
    }

    /// The depth and the height of a usual day.
    pub(super) fn usual(&self) -> (f64, f64) {
        let [height, depth] = self.values.past.mean;
        (f64::from(-depth), f64::from(height))
    }
}

impl Course {
    /// Takes in the next value of a block that has `count`.
    fn take(&mut self, value: Option<f32>, count: u8) {
        match value {
            Some(value) if count == 0 => (self.low, self.high, self.sum) = (value, value, 0.0),
            None => (self.low, self.high) = UNKNOWN,
            Some(_) if self.high < self.low => {}
            Some(value) if count == 1 => (self.low, self.high) = (self.low.min(value), self.high.max(value)),
            Some(value) if value < self.low => self.sum += std::mem::replace(&mut self.low, value),
            Some(value) if self.high < value => self.sum += std::mem::replace(&mut self.high, value),
            Some(value) => self.sum += value,
        }
    }

    /// The mean of the block without its lowest and its highest value; none where one is not known.
    fn middle(&self) -> Option<f32> {
        (self.low <= self.high).then(|| self.sum / f32::from(BLOCK - 2))
    }

    /// How rarely a day's height and depth reach as far as the block that ends, together with the one before it, stayed above and
    /// below; `grain` is the least step, `echo` what of that is owed to the days before. `past` is asked instead of the days that it
    /// knows.
    fn close(&mut self, grain: f32, echo: [f64; 2], past: Option<&Past>, aside: bool) -> [f64; 2] {
        let middle = self.middle();
        let before = std::mem::replace(&mut self.before, middle.unwrap_or(f32::INFINITY));
        let Some(middle) = middle.filter(|_| before.is_finite()) else {
            self.whole = false;
            return [0.0; 2];
        };
        self.width += (self.high - self.low - self.width) * 0.01;
        // what the very first block is joined with, 0, belongs to a day that is not whole
        let stayed = [middle.min(before), -middle.max(before)];
        if !aside {
            self.today = [self.today[0].max(stayed[0]), self.today[1].max(stayed[1])];
        }
        let [height, depth] = self.past.mean;
        let span = f64::from((height + depth).max(0.0) + self.width);
        let least = SHARE * SHARE * span * span + HIDDEN * f64::from(grain * grain);
        if self.past.days < KNOWN {
            return [0.0; 2];
        }
        let stayed = std::array::from_fn(|side| f64::from(stayed[side]) - echo[side]);
        past.unwrap_or(&self.past).reach(stayed, least)
    }

    /// What tomorrow's ratios will owe to today, and to the days before it: an hour that brought more than ever has taught its mean,
    /// and the usual will be too little for it tomorrow.
    fn echo(&self, before: [f64; 2]) -> [f64; 2] {
        let [up, down] = before.map(|echo| (1.0 - VISIT_RATE) * echo);
        if self.today == NONE || self.past.days == 0 {
            return [up, down];
        }
        let [rise, fall] = [0, 1].map(|side| f64::from(self.today[side] - self.past.mean[side]).clamp(0.0, MOST));
        let up = up - libm::log1p(VISIT_RATE * libm::expm1(-fall));
        [up, down + libm::log1p(VISIT_RATE * libm::expm1(rise))]
    }

    /// Files the day that ended, if it was there through all of it; `lived` says whether there was one.
    fn turn(&mut self, lived: bool) {
        if self.whole {
            self.past.file(self.today);
        }
        (self.today, self.whole) = (NONE, lived);
    }
}

impl Past {
    /// log10 of the days among which one reaches so far up, and so far down; `least` is the variance that they have in any case. The t
    /// distribution's tail without its factor below 1, so never too rare.
    fn reach(&self, stayed: [f64; 2], least: f64) -> [f64; 2] {
        let days = f64::from(self.days);
        let freedom = PRIOR + days - 1.0;
        std::array::from_fn(|side| {
            let away = stayed[side] - f64::from(self.mean[side]);
            if away <= 0.0 || least <= 0.0 {
                return 0.0;
            }
            let variance = (PRIOR * least + days * f64::from(self.variance[side])) / freedom + least;
            0.5 * freedom * libm::log10(1.0 + away * away / (variance * (1.0 + 1.0 / days)) / freedom)
        })
    }

    /// The forgetting mean and variance of the days' values.
    fn file(&mut self, today: [f32; 2]) {
        if today == NONE {
            return;
        }
        self.days = (self.days + 1).min(MEMORY);
        let days = f32::from(self.days);
        for (side, today) in today.into_iter().enumerate() {
            let away = today - self.mean[side];
            self.mean[side] += away / days;
            self.variance[side] += ((away * away).min(LARGEST) * (1.0 - 1.0 / days) - self.variance[side]) / days;
        }
    }
}

/// The days as releases before saved them: of values only.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DaysV1 {
    weekday: Option<u8>,
    whole: bool,
    known: u8,
    count: u8,
    low: f32,
    high: f32,
    before: (f32, f32),
    width: f32,
    grain: f32,
    heights: ExtremeV1,
    depths: ExtremeV1,
}

/// Today's, mean and variance of the days before.
#[derive(Debug, Default, Deserialize)]
struct ExtremeV1(f32, f32, f32);

impl From<DaysV1> for Days {
    fn from(old: DaysV1) -> Self {
        let DaysV1 { weekday, whole, known, count, low, high, before, width, grain, heights, depths } = old;
        let (ExtremeV1(height, up, ups), ExtremeV1(depth, down, downs)) = (heights, depths);
        let past = Past { mean: [up, down], variance: [ups, downs], days: known };
        let sum = f32::from(count.saturating_sub(2)) * (low / 2.0 + high / 2.0);
        let before = before.0 / 2.0 + before.1 / 2.0;
        let values = Course { low, high, sum, before, width, today: [height, depth], whole, past };
        let ratios = Course { low: UNKNOWN.0, high: UNKNOWN.1, ..Course::default() };
        Days { weekday, count, grain, values, ratios, ..Days::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The greatest height of each day of minutes, and whether it was above.
    fn lived(days: u32, value: impl Fn(f64, f64) -> f64) -> Vec<(f64, bool)> {
        let (mut known, mut before, mut state) = (Days::default(), 0.0, 1u32);
        let day = |day: u32| {
            let mut most = (0.0, false);
            for minute in 0..1440 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = f64::from(state >> 8) / 16_777_216.0 - 0.5;
                let value = value(f64::from(day) + f64::from(minute) / 1440.0, noise);
                let local = Local { weekday: (day % 7) as u8, second: minute * 60, holiday: false };
                if let Some(stay) = known.judge(value, before, None, local, false).filter(|stay| most.0 < stay.height) {
                    most = (stay.height, stay.upward);
                }
                before = value;
            }
            most
        };
        (0..days).map(day).collect()
    }

    fn rhythm(at: f64) -> f64 {
        50.0 + 20.0 * libm::sin(at * std::f64::consts::TAU)
    }

    #[test]
    fn what_creeps_away_is_told_once_a_week_is_known() {
        let creeps =
            |from: f64, by: f64| move |at: f64, noise: f64| rhythm(at) + noise + by * (at - from).clamp(0.0, 0.5) * 2.0;
        let up = lived(12, creeps(10.25, 40.0));
        assert!(up[7..10].iter().all(|day| day.0 < 1.0) && 4.0 < up[10].0 && up[10].1, "{up:?}");
        let down = lived(12, creeps(10.5, -40.0));
        assert!(4.0 < down[10].0 && !down[10].1, "{down:?}");
        assert_eq!(lived(5, creeps(4.25, 40.0))[4].0, 0.0, "five days are too few");
    }

    #[test]
    fn outliers_do_not_stay_and_growth_is_usual() {
        let spikes =
            |at: f64, noise: f64| if ((at * 1440.0) as u32).is_multiple_of(29) { 900.0 } else { rhythm(at) + noise };
        let far = |at: f64, noise: f64| if 10.0 < at { 1e6 * spikes(at, 0.0).max(800.0) } else { noise };
        let grows = |at: f64, noise: f64| 10.0 * at + noise;
        assert!(lived(14, spikes).iter().all(|day| day.0 < 1.0));
        assert!(lived(40, grows).iter().all(|day| day.0 < BEYOND), "{:?}", lived(40, grows));
        assert!(BEYOND < lived(11, far)[10].0);
    }

    #[test]
    fn what_lies_on_a_grid_moves_by_a_step() {
        // mostly 0, and 1 for an hour on the tenth day
        let steps = |at: f64, noise: f64| if (10.0..10.05).contains(&at) || 0.45 < noise { 1.0 } else { 0.0 };
        assert!(lived(12, steps).iter().all(|day| day.0 < BEYOND), "{:?}", lived(12, steps));
    }

    /// The greatest height of each day of a value of which only the ratio to its hour is told.
    fn by_hour(days: u32, ratio: impl Fn(u32, f64) -> Option<f64>) -> Vec<f64> {
        let (mut known, mut state) = (Days::default(), 1u32);
        let day = |day: u32| {
            let stays = (0..1440).filter_map(|minute| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = f64::from(state >> 8) / 16_777_216.0 - 0.5;
                let local = Local { weekday: (day % 7) as u8, second: minute * 60, holiday: false };
                known.judge(1.0, 1.0, ratio(day, 0.1 * noise).map(Ratio::of), local, false)
            });
            stays.map(|stay| stay.height).fold(0.0, f64::max)
        };
        (0..days).map(day).collect()
    }

    #[test]
    fn a_tuesday_is_no_saturday() {
        let is_weekend = |day: u32| 5 <= day % 7;
        let weekly = |day: u32, noise: f64| noise + if is_weekend(day) { 0.5 } else { 0.0 };
        let usual = by_hour(21, |day, noise| (2 <= day).then(|| weekly(day, noise)));
        assert!(usual.iter().all(|&height| height < BEYOND), "{usual:?}");
        let busy = by_hour(16, |day, noise| (2 <= day).then(|| weekly(day, noise) + if day == 15 { 0.4 } else { 0.0 }));
        assert!(BEYOND < busy[15], "less than on a Saturday, and on no Tuesday: {busy:?}");
        let after =
            by_hour(17, |day, noise| (2 <= day).then(|| noise + [0.0, 0.7, -0.24][(day.max(14) - 14) as usize % 3]));
        assert!(BEYOND < after[15] && after[16] < BEYOND, "what is usual, the day after twice as much: {after:?}");
        let unknown = by_hour(16, |day, _| (day < 15).then_some(0.0));
        assert_eq!(unknown[15], 0.0, "what is not known is not far");
    }

    #[test]
    fn counts_that_scatter_are_held_against_their_middle() {
        // a scatter of a sixth, as counts of 36 a minute have it, and a loss of a third from noon on
        let sells = |day: u32, noise: f64| Some(6.0 * noise + if day == 15 { -0.4 } else { 0.0 });
        let told = by_hour(16, sells);
        assert!(told[..15].iter().all(|&height| height < BEYOND) && BEYOND < told[15], "{told:?}");
    }

    #[test]
    fn huge_values_leave_it_whole() {
        // alternating days of the greatest values that the scale lets through
        let huge = |at: f64, noise: f64| if (at as u32).is_multiple_of(2) { 1.2e27 } else { -1.2e27 + noise };
        assert!(lived(12, huge).iter().all(|day| day.0 < BEYOND), "{:?}", lived(12, huge));
        let after = lived(60, |at, noise| if at < 8.0 { huge(at, noise) } else { noise });
        assert!(after.iter().all(|day| day.0.is_finite()));
        let mut past = Past::default();
        (1..20).for_each(|day| past.file([if day % 2 == 0 { 1.2e27 } else { -1.2e27 }; 2]));
        assert!(past.mean.iter().chain(&past.variance).all(|x| x.is_finite()), "{past:?}");
    }

    #[test]
    fn a_new_level_is_learned_within_days() {
        let shifted = lived(20, |at, noise| rhythm(at) + noise + if 10.0 < at { 60.0 } else { 0.0 });
        assert!(4.0 < shifted[10].0 && shifted[13..].iter().all(|day| day.0 < BEYOND), "{shifted:?}");
    }
}
