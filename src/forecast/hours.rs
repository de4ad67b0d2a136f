//! What the same hours reached a day and a week ago, and how fast they rose.

use serde::{Deserialize, Serialize};

use super::HORIZONS;
use crate::baseline::{Bf16, Row};
use crate::calendar::Local;

/// Hours of a week, and of a day.
const WEEK: usize = 168;
const DAY: usize = 24;
const DAY_MINUTES: f64 = 1440.0;

/// A ramp is as old as yesterday's where that one rose at a third to three times its rate; and by no more is its pace corrected.
const SAME: f64 = 3.0;

/// The height of an hour that nothing is known of: below all others.
pub(super) const UNKNOWN: f32 = Bf16::LEAST.get();

/// Rises of two days are compared over so many hours.
const RISE: usize = 4;

/// What stands higher than a day or a week before is expected to stay so, less a fiftieth with every hour (three fifths are left after
/// a day); an hour counts half as much as the one after it. From nine tenths to all nothing depends on the first; the second was
/// chosen with it on simulated fleets (seeds 200 to 229).
const STAYS: f32 = 0.98;
/// What stays of it in each of the hours ahead.
const STAYING: [f32; DAY + 1] = {
    let mut staying = [1.0; DAY + 1];
    let mut hour = 0;
    while hour < DAY {
        staying[hour + 1] = staying[hour] * STAYS;
        hour += 1;
    }
    staying
};
const KEPT: f32 = 0.5;

/// The highest value of each local hour, for a week.
///
/// A profile of means forgets how high a queue stood at its worst; a bound is passed by peaks, and they return: the seasonal naive
/// forecast, of maxima.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Hours {
    highest: Row<WEEK>,
    /// The hour that is filled, and its highest value.
    hour: u8,
    peak: f32,
    /// How alike the last two full days rose.
    alike: f32,
    /// By how much the last hours stood higher than the same ones a day and a week before.
    growth: [f32; 2],
}

/// The same before it knew how much higher the last hours stood.
#[derive(Debug, Deserialize)]
pub(super) struct HoursV1 {
    highest: Row<WEEK>,
    hour: u8,
    peak: f32,
    alike: f32,
}

impl From<HoursV1> for Hours {
    fn from(HoursV1 { highest, hour, peak, alike }: HoursV1) -> Self {
        Hours { highest, hour, peak, alike, growth: [0.0; 2] }
    }
}

impl Default for Hours {
    fn default() -> Self {
        Hours { highest: Row::filled(UNKNOWN), hour: u8::MAX, peak: UNKNOWN, alike: 0.0, growth: [0.0; 2] }
    }
}

impl Hours {
    /// Learns a value of the grid.
    pub(super) fn learn(&mut self, value: f32, local: Local) {
        let hour = hour(local);
        if usize::from(self.hour) != hour {
            if usize::from(self.hour) < WEEK {
                self.empty(self.peak);
                self.grow();
                self.highest.set(usize::from(self.hour), self.peak);
            }
            (self.hour, self.peak) = (hour as u8, UNKNOWN);
            self.alike = self.compare(hour) as f32;
        }
        self.peak = self.peak.max(value);
    }

    /// The signal is back from beyond the bound at `value`. What had grown until then does not go on.
    pub(super) fn come_back(&mut self, value: f32) {
        self.growth = [0.0; 2];
        self.empty(value);
    }

    /// Compares the hour that ends with the same one a day and a week before.
    fn grow(&mut self) {
        let hour = usize::from(self.hour);
        let earlier = [self.back(hour, DAY), self.highest.get(hour)];
        for (growth, before) in self.growth.iter_mut().zip(earlier) {
            if UNKNOWN < before {
                *growth = KEPT * *growth + (1.0 - KEPT) * (self.peak - before);
            }
        }
    }

    /// The signal is at `value`. Where that lies below all hours of the last day by more than they differ, no peak returns: what
    /// filled was emptied.
    fn empty(&mut self, value: f32) {
        let day = || (1..=DAY).map(|back| self.back(usize::from(self.hour), back));
        let (low, high) = (day().fold(f32::MAX, f32::min), day().fold(UNKNOWN, f32::max));
        if UNKNOWN < low && value < low - (high - low) {
            self.highest.fill(value);
            (self.peak, self.alike) = (value, 0.0);
        }
    }

    /// The highest value of the hours ahead, by each horizon of a day at most: as a day ago, and as a week ago, and higher by what the
    /// last hours grew. Unknown (the least number) beyond.
    pub(super) fn anchors(&self, local: Local) -> [[f32; HORIZONS.len()]; 2] {
        let minute = (local.second % 3600) as f32 / 60.0;
        let highest = |cycle: usize, growth: f32| {
            let begin = (hour(local) + WEEK - cycle) % WEEK;
            let grown = |(height, stays): (f32, f32)| if UNKNOWN < height { height + growth * stays } else { UNKNOWN };
            let mut ring = self.highest.ring(begin).zip(STAYING).map(grown);
            let (mut highest, mut seen) = (UNKNOWN, 0);
            HORIZONS.map(|horizon| {
                if DAY_MINUTES < f64::from(horizon) {
                    return UNKNOWN;
                }
                let hours = (((minute + horizon) / 60.0).ceil() as usize).min(cycle);
                highest = ring.by_ref().take(hours - seen).fold(highest, f32::max);
                seen = hours;
                highest
            })
        };
        [highest(DAY, self.growth[0]), highest(WEEK, self.growth[1])]
    }

    /// How much faster than in the last `window` minutes a ramp of this slope (per minute) goes on for `minutes`, by the same hours
    /// of the day before: what leaks with every request leaks slower at night. Believed as far as the last two days rose alike; 1
    /// where the ramp is not as old, or rose at quite another rate.
    pub(super) fn pace(&self, local: Local, slope: f64, window: f64, minutes: f64) -> f64 {
        let alike = f64::from(self.alike);
        if alike <= 0.0 {
            return 1.0;
        }
        let window = window.clamp(60.0, DAY_MINUTES);
        let (days, rest) = ((minutes / DAY_MINUTES).floor(), minutes % DAY_MINUTES);
        let at = |ahead: f64| self.at(local, ahead - DAY_MINUTES);
        let day = self.at(local, -60.0) - at(-60.0);
        let behind = (at(0.0) - at(-window)) / window;
        let ahead = (day * days + at(rest) - at(0.0)) / minutes;
        let is_same = |other: f64| slope / SAME < other && other < slope * SAME;
        let is_old = is_same(day / DAY_MINUTES) && is_same(behind);
        if is_old { libm::pow((ahead / behind).clamp(1.0 / SAME, SAME), alike) } else { 1.0 }
    }

    /// How alike the last two days rose, hour by hour: the correlation of their rises; 0 while an hour of them is unknown.
    fn compare(&self, now: usize) -> f64 {
        if (1..=2 * DAY + RISE + 1).any(|back| self.back(now, back) <= UNKNOWN) {
            return 0.0;
        }
        let rise = |back: usize| f64::from(self.back(now, back) - self.back(now, back + RISE));
        let mean = |from: usize| (from..from + DAY).map(rise).sum::<f64>() / DAY as f64;
        let (last, before) = (mean(1), mean(1 + DAY));
        let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
        for back in 1..=DAY {
            let (x, y) = (rise(back) - last, rise(back + DAY) - before);
            (xx, yy, xy) = (xx + x * x, yy + y * y, xy + x * y);
        }
        if xx <= 0.0 || yy <= 0.0 { 0.0 } else { xy / (xx * yy).sqrt() }
    }

    /// The highest value of the hour so many before this one, at most a week.
    fn back(&self, hour: usize, hours: usize) -> f32 {
        self.highest.get((hour + WEEK - hours) % WEEK)
    }

    /// The height reached so many minutes from now (all in the last two days), between full hours.
    fn at(&self, local: Local, minutes: f64) -> f64 {
        let place = f64::from(local.second % 3600) / 3600.0 + minutes / 60.0 - 1.0;
        let (full, share) = (place.floor(), place - place.floor());
        let value = |hours: f64| f64::from(self.back(hour(local), (-hours) as usize));
        value(full) + (value(full + 1.0) - value(full)) * share
    }
}

/// The local hour of the week.
fn hour(local: Local) -> usize {
    (usize::from(local.weekday) * DAY + local.second as usize / 3600) % WEEK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(minute: usize) -> Local {
        Local { weekday: (minute / 1440 % 7) as u8, second: (minute % 1440 * 60) as u32, holiday: false }
    }

    /// So many minutes of a signal on the 5-minute grid.
    fn learned(minutes: usize, value: impl Fn(usize) -> f32) -> Hours {
        let mut hours = Hours::default();
        (0..minutes).step_by(5).for_each(|minute| hours.learn(value(minute), local(minute)));
        hours
    }

    #[test]
    fn a_peak_is_expected_a_day_and_a_week_later() {
        // two hours high on each day, and higher on the first day of the week
        let peak = |minute: usize| if minute % 1440 / 120 == 5 { 1.0 } else { 0.0 };
        let hours = learned(8 * 1440, |minute| if minute % 10_080 < 1440 { 3.0 * peak(minute) } else { peak(minute) });
        let [day, week] = hours.anchors(local(8 * 1440 + 480));
        let near = |heights: &[f32; 10], expected: [f32; 3]| {
            [1, 3, 6].iter().zip(expected).all(|(k, expected)| (heights[*k] - expected).abs() < 0.01)
        };
        assert!(near(&day, [0.0, 3.0, 3.0]), "{day:?}"); // yesterday was the first day of the week
        assert!(near(&week, [0.0, 1.0, 1.0]), "{week:?}");
        assert_eq!((day[7], week[9]), (UNKNOWN, UNKNOWN));
    }

    #[test]
    fn what_stands_higher_than_yesterday_is_expected_to_peak_higher() {
        let rhythm = |minute: usize| (minute % 1440 / 60) as f32;
        let hours = learned(2 * 1440 + 605, |minute| rhythm(minute) + if minute < 2 * 1440 { 0.0 } else { 8.0 });
        let [day, _] = hours.anchors(local(2 * 1440 + 600));
        assert!((15.0..=19.0).contains(&day[1]), "{day:?}"); // 10 yesterday and nearly 8 more
        assert!((28.0..30.0).contains(&day[5]), "{day:?}"); // 23 at its peak, by when less of it is left
        let mut hours = hours;
        hours.come_back(0.0);
        assert_eq!(hours.anchors(local(2 * 1440 + 600))[0][1], 10.0);
    }

    #[test]
    fn what_was_emptied_does_not_return() {
        let mut hours = learned(3 * 1440, |minute| minute as f32 / 10_000.0 - 1.0);
        hours.come_back(-0.984_375);
        let [day, week] = hours.anchors(local(3 * 1440));
        assert_eq!((day[6], week[6]), (-0.984_375, -0.984_375));
        let mut peaks = learned(3 * 1440, |minute| if minute % 1440 < 120 { 1.0 } else { 0.0 });
        peaks.come_back(-0.5);
        assert_eq!(peaks.anchors(local(3 * 1440))[0][6], 1.0);
    }

    #[test]
    fn what_leaks_by_day_goes_on_slower_at_night() {
        // ten of 24 hours' worth in the twelve hours of night
        let leak = |minute: usize| {
            let (days, rest) = (minute / 1440, minute % 1440);
            (days * 1440) as f32 + if rest < 720 { rest as f32 * 1.5 } else { 1080.0 + (rest - 720) as f32 * 0.5 }
        };
        let hours = learned(5 * 1440 + 700, leak);
        let now = local(5 * 1440 + 695);
        assert!((hours.pace(now, 1.5, 240.0, 660.0) - 1.0 / 3.0).abs() < 0.05);
        assert!((hours.pace(now, 1.5, 240.0, 1440.0) - 2.0 / 3.0).abs() < 0.05);
        assert!((hours.pace(now, 1.5, 1440.0, 1440.0) - 1.0).abs() < 0.01);
        assert_eq!(hours.pace(now, 15.0, 240.0, 660.0), 1.0); // a new ramp
        assert_eq!(learned(2 * 1440, leak).pace(now, 1.5, 240.0, 660.0), 1.0);
    }
}
