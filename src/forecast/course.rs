//! The course of a day and of a week: the mean of each half-hour about a slow level, and how long deviations last.

use serde::{Deserialize, Serialize};

const DAY: f32 = 1440.0;
/// Slots of the day (half-hours) and of the week (hours).
const DAILY: usize = 48;
const WEEKLY: usize = 168;
/// A deviation from the course is half gone after so many minutes.
const HALF: f32 = 166.0;

/// A slow level and two profiles of deviations from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Course {
    level: f32,
    age: f32,
    daily: Profile,
    weekly: Profile,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Profile {
    points: Vec<f32>,
    /// How often each slot was learned.
    times: Vec<u8>,
    slot: u8,
    sum: f32,
    count: u16,
}

impl Default for Course {
    fn default() -> Self {
        Course { level: 0.0, age: 0.0, daily: Profile::new(DAILY), weekly: Profile::new(WEEKLY) }
    }
}

impl Course {
    /// Learns a value, `elapsed` minutes after the one before.
    pub(super) fn learn(&mut self, value: f32, elapsed: f32, weekday: u8, second: u32) {
        if self.age == 0.0 {
            self.level = value;
        }
        let rest = value - self.level;
        self.daily.learn(rest, slot(DAILY, place(weekday, second, 0.0)), 0.25);
        self.weekly.learn(rest, slot(WEEKLY, place(weekday, second, 0.0)), 0.4);
        self.level += rest * elapsed / (self.age.clamp(60.0, 2.0 * DAY) + elapsed);
        self.age = (self.age + elapsed.max(1e-3)).min(1e9);
    }

    /// What is expected `minutes` ahead of a value, by the day's course and by the week's (by the day's where that week is new).
    pub(super) fn expect(&self, value: f32, weekday: u8, second: u32, minutes: f32) -> [f32; 2] {
        let fade = libm::exp2(-f64::from(minutes / HALF)) as f32;
        let (now, then) = (place(weekday, second, 0.0), place(weekday, second, minutes));
        let by = |profile: &Profile| {
            let (now, then) = (profile.at(now)?, profile.at(then)?);
            Some(self.level + then + (value - self.level - now) * fade)
        };
        let day = by(&self.daily).unwrap_or(value);
        [day, by(&self.weekly).unwrap_or(day)]
    }
}

impl Profile {
    fn new(slots: usize) -> Self {
        Profile { points: vec![0.0; slots], times: vec![0; slots], slot: 0, sum: 0.0, count: 0 }
    }

    fn learn(&mut self, rest: f32, slot: usize, least: f32) {
        if usize::from(self.slot) != slot && self.count != 0 {
            let (point, times) = (&mut self.points[usize::from(self.slot)], &mut self.times[usize::from(self.slot)]);
            *times = times.saturating_add(1);
            *point += (self.sum / f32::from(self.count) - *point) * (1.0 / f32::from(*times)).max(least);
            (self.sum, self.count) = (0.0, 0);
        }
        self.slot = slot as u8;
        self.sum += rest;
        self.count = self.count.saturating_add(1);
    }

    /// The profile at a share of its cycle, between the middles of slots; none where a slot was never seen.
    fn at(&self, week: f32) -> Option<f32> {
        let slots = self.points.len();
        let days = if slots == DAILY { (week * 7.0).fract() } else { week };
        let place = days * slots as f32 - 0.5;
        let left = place.floor();
        let (a, b) =
            ((left as i32).rem_euclid(slots as i32) as usize, (left as i32 + 1).rem_euclid(slots as i32) as usize);
        (self.times[a] != 0 && self.times[b] != 0)
            .then(|| self.points[a] + (self.points[b] - self.points[a]) * (place - left))
    }
}

/// The share of the week, 0 to 1, `minutes` after a local time.
fn place(weekday: u8, second: u32, minutes: f32) -> f32 {
    ((f32::from(weekday) + (second as f32 / 60.0 + minutes) / DAY) / 7.0).rem_euclid(1.0)
}

fn slot(slots: usize, week: f32) -> usize {
    let share = if slots == DAILY { (week * 7.0).fract() } else { week };
    ((share * slots as f32) as usize).min(slots - 1)
}
