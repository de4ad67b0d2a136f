//! From values and times to places, and the round numbers and hours that stand at the edges.

use jiff::ToSpan;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::time::{Span, Timestamp};

/// A straight map from a range of numbers to a range of places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f32,
    to: f32,
}

impl Scale {
    /// Maps `low` to `from` and `high` to `to`. `low` is less than `high`, both finite.
    pub(super) fn new(low: f64, high: f64, from: f32, to: f32) -> Scale {
        Scale { low, high, from, to }
    }

    /// The place of a value, bounded to a little beyond the range.
    pub(super) fn place(&self, value: f64) -> f32 {
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        self.from + (self.to - self.from) * share.clamp(-0.02, 1.02) as f32
    }

    /// Whether a value lies within.
    pub(super) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// A round value and how it is written.
pub(super) type Tick<T> = (T, String);

/// At most `most` round values between `low` and `high`, written with the unit.
pub(super) fn values(low: f64, high: f64, most: usize, unit: Option<&str>) -> Vec<Tick<f64>> {
    let (size, unit) = unit_of(low.abs().max(high.abs()), unit);
    let (low, high) = (low / size, high / size);
    let step = round_up((high - low) / most.max(1) as f64);
    if !(step.is_finite() && 0.0 < step) || (high - low) / step < 1.0 {
        return Vec::new();
    }
    let decimals = (-libm::floor(libm::log10(step) + 1e-9)).clamp(0.0, 9.0) as usize;
    let first = libm::ceil(low / step - 1e-9);
    let ticks = (0..=most).map(|i| (first + i as f64) * step).take_while(|tick| *tick <= high + step * 1e-9);
    let large = 1e6 <= low.abs().max(high.abs());
    let write = |tick: f64| if large { format!("{tick:.1e}{unit}") } else { format!("{tick:.decimals$}{unit}") };
    ticks.map(|tick| (tick * size, write(tick))).collect()
}

/// What a value is divided by to be read, and what is written behind it.
fn unit_of(greatest: f64, unit: Option<&str>) -> (f64, String) {
    let steps = [(1e12, " TB"), (1e9, " GB"), (1e6, " MB"), (1e3, " kB"), (1.0, " B")];
    match unit {
        Some("ratio") => (0.01, " %".to_owned()),
        Some("bytes") => {
            let step = steps.iter().find(|(size, _)| *size <= greatest).unwrap_or(&steps[4]);
            (step.0, step.1.to_owned())
        }
        Some("1/s") => (1.0, "/s".to_owned()),
        Some(unit) if !unit.is_empty() => (1.0, format!(" {unit}")),
        _ => (1.0, String::new()),
    }
}

/// The next of 1, 2, 5 times a power of ten.
fn round_up(step: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(step)));
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| step <= factor * power * (1.0 + 1e-9));
    factor.unwrap_or(10.0) * power
}

/// The steps of a time axis, in minutes.
const STEPS: [i64; 18] =
    [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080, 20_160, 43_200, 129_600, 525_600];

/// At most about `most` round times of the zone between `from` and `to`.
pub(super) fn times(from: Timestamp, to: Timestamp, most: i64, zone: &TimeZone) -> Vec<Tick<Timestamp>> {
    let width = to.since(from).nanos() / Span::from_mins(1).nanos();
    let step = STEPS.into_iter().find(|step| width / step <= most).unwrap_or(width / most.max(1));
    let civil = from.to_jiff().to_zoned(zone.clone()).datetime();
    let mut at: DateTime = civil.date().at(0, 0, 0, 0);
    let mut ticks = Vec::new();
    for _ in 0..2_000 {
        let Ok(zoned) = at.to_zoned(zone.clone()) else { break };
        let moment = Timestamp::from(zoned.timestamp());
        if to < moment {
            break;
        }
        if from <= moment {
            let is_day = at.hour() == 0 && at.minute() == 0;
            let form = match step {
                525_600.. => "%Y",
                1_440.. => "%-d %b",
                _ if is_day => "%a %-d",
                _ => "%H:%M",
            };
            ticks.push((moment, zoned.strftime(form).to_string()));
        }
        let Ok(next) = at.checked_add(step.minutes()) else { break };
        at = next;
    }
    ticks
}
