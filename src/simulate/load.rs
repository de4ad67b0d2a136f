//! How many people come: a day with two humps, weaker weekends, in local time.

use super::noise::{Noise, Wander};
use crate::calendar::Calendar;
use crate::time::Timestamp;

/// The load on the shop, 1 at an ordinary noon.
#[derive(Clone, Debug)]
pub(super) struct Load {
    calendar: Calendar,
    weekend: f64,
    evening: f64,
    night: f64,
    wander: Wander,
}

impl Load {
    pub(super) fn new(calendar: Calendar, noise: &mut Noise) -> Self {
        Load {
            calendar,
            weekend: noise.uniform(0.55, 0.8),
            evening: noise.uniform(0.5, 0.9),
            night: noise.uniform(0.1, 0.2),
            wander: Wander::new(0.98),
        }
    }

    /// The load at this time; a holiday is like a weekend.
    pub(super) fn at(&mut self, at: Timestamp, holiday: bool, noise: &mut Noise) -> f64 {
        let local = self.calendar.local(at);
        let hour = f64::from(local.second) / 3600.0;
        let hump = |center: f64, width: f64| libm::exp(-0.5 * ((hour - center) / width) * ((hour - center) / width));
        let day = self.night + hump(12.5, 3.2) + self.evening * hump(20.0, 2.0);
        let week = if holiday || 5 <= local.weekday { self.weekend } else { 1.0 };
        (day * week * (1.0 + 0.04 * self.wander.next(noise))).max(0.0)
    }
}
