//! The course of one signal: an ordinary life, and what happens to it.

use forewarn::time::{Span, Timestamp};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Poisson, StandardNormal};
use rand_pcg::Pcg64Mcg;
use serde::{Deserialize, Deserializer};

/// Midnight of a Monday.
pub(super) const START: Timestamp = Timestamp::from_secs(1_777_852_800);

/// What a signal does on ordinary days.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Course {
    level: f64,
    /// How far a day swings, as a share of the level.
    #[serde(default)]
    day: f64,
    /// How far values stray, as a share of the level.
    #[serde(default)]
    noise: f64,
    /// Events counted in a minute: values scatter as such counts do.
    #[serde(default)]
    counted: bool,
    /// Whole numbers.
    #[serde(default)]
    whole: bool,
    /// The most that there is.
    most: Option<f64>,
    /// The time between values.
    #[serde(default = "minute", deserialize_with = "span")]
    step: Span,
}

/// Something that happens to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    shape: Shape,
    /// When it begins, and how long it lasts.
    #[serde(deserialize_with = "span")]
    pub(super) at: Span,
    #[serde(deserialize_with = "span")]
    lasts: Span,
    /// How much is added at its height, in the unit of the level.
    #[serde(default)]
    by: f64,
    /// It returns so often: what is usual, and no trouble.
    #[serde(default, deserialize_with = "maybe_span")]
    pub(super) every: Option<Span>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    /// All of it at once.
    Step,
    /// Grows evenly to its height.
    Ramp,
    /// No values at all.
    Silence,
}

fn minute() -> Span {
    Span::from_mins(1)
}

pub(super) fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
    let text = String::deserialize(from)?;
    Span::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text} is no time, as 9d20h is")))
}

pub(super) fn maybe_span<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Span>, D::Error> {
    span(from).map(Some)
}

impl Event {
    /// The share of its height so long after the start; nothing while it does not happen.
    fn height(&self, at: Span) -> Option<f64> {
        let since = (at - self.at).as_secs_f64();
        let since = self.every.map_or(since, |every| since.rem_euclid(every.as_secs_f64()));
        let share = since / self.lasts.as_secs_f64();
        (self.at <= at && (0.0..1.0).contains(&share)).then_some(match self.shape {
            Shape::Step => 1.0,
            Shape::Ramp => share,
            Shape::Silence => 0.0,
        })
    }

    fn silences(&self, at: Span) -> bool {
        matches!(self.shape, Shape::Silence) && self.height(at).is_some()
    }
}

impl Course {
    /// What is expected so long after the start.
    pub(super) fn mean(&self, at: Span, events: &[Event]) -> f64 {
        self.within(self.wanted(at, events))
    }

    /// What there would be without an end to it.
    fn wanted(&self, at: Span, events: &[Event]) -> f64 {
        let phase = at.as_secs_f64() / 86_400.0 * std::f64::consts::TAU;
        let added: f64 = events.iter().filter_map(|event| Some(event.by * event.height(at)?)).sum();
        self.level * (1.0 - self.day * libm::cos(phase)) + added
    }

    fn within(&self, value: f64) -> f64 {
        value.clamp(0.0, self.most.unwrap_or(f64::INFINITY))
    }

    /// The values of so many days, with their times since the start.
    pub(super) fn values(&self, days: i64, events: &[Event], seed: u64) -> Vec<(Span, f64)> {
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        let step = self.step.nanos();
        let times = (0..Span::from_days(days).nanos() / step).map(|n| Span::from_nanos(n * step));
        let spoken = times.filter(|&at| !events.iter().any(|event| event.silences(at)));
        spoken.map(|at| (at, self.value(self.wanted(at, events), &mut rng))).collect()
    }

    fn value(&self, mean: f64, rng: &mut Pcg64Mcg) -> f64 {
        if self.counted {
            // a rate a second, of what was counted in a minute
            return if mean <= 0.0 { 0.0 } else { Poisson::new(60.0 * mean).unwrap().sample(rng) / 60.0 };
        }
        let normal: f64 = StandardNormal.sample(rng);
        let dither: f64 = if self.whole { rng.random::<f64>() } else { 0.0 };
        let value = mean + self.noise * self.level * normal;
        self.within(if self.whole { (value + dither).floor() } else { value })
    }
}
