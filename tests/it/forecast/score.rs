//! What came of forecasts: alarms, crossings, and hourly probabilities at four horizons.

use forewarn::calendar::Local;
use forewarn::forecast::{Forecaster, Outlook};
use forewarn::time::{Span, Timestamp};

use super::making::{Case, Role};

/// The horizons that are scored, hours.
pub(crate) const HOURS: [i64; 6] = [1, 4, 24, 48, 96, 168];

/// Excursions closer than this are one (minutes).
const APART: f64 = 180.0;

/// An alarm so soon after an excursion is still about it (minutes).
const SAME: f64 = 60.0;

/// An alarm that opened at a minute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alarm {
    pub(crate) at: f64,
    pub(crate) outlook: Outlook,
    /// When the next crossing came, minutes.
    pub(crate) crossed: Option<f64>,
    /// Minutes of the series after it.
    pub(crate) left: f64,
}

/// What one signal gave.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) alarms: Vec<Alarm>,
    /// Crossings, and how many minutes before the alarm that stood then had opened.
    pub(crate) crossings: Vec<(f64, Option<f64>)>,
    /// Per horizon: probability and whether it came.
    pub(crate) forecasts: [Vec<(f32, bool)>; HOURS.len()],
    pub(crate) weeks: f64,
    pub(crate) limit: bool,
}

/// A Monday, 00:00.
const MONDAY: i64 = 1_763_942_400;

pub(crate) fn time(minutes: f64) -> Timestamp {
    Timestamp::from_secs(MONDAY) + Span::from_secs_f64(minutes * 60.0)
}

pub(crate) fn local(minutes: f64) -> Local {
    let seconds = (minutes * 60.0).max(0.0) as u64;
    Local { weekday: (seconds / 86_400 % 7) as u8, second: (seconds % 86_400) as u32, holiday: false }
}

/// Plays a case at values of any times (minutes, local); scored from the minute `from` on. `until_crossed` stops there.
pub(crate) fn play(
    points: &[(f64, f64)],
    case: &Case,
    forecaster: &mut Forecaster,
    from: f64,
    until_crossed: bool,
) -> Tally {
    let mut passed: Vec<f64> = Vec::new(); // every minute beyond the bound
    for &(at, value) in points {
        if case.bound.is_passed(value) {
            passed.push(at);
        }
    }
    let end = points.last().map_or(0.0, |point| point.0);
    let mut tally = Tally { limit: case.role == Role::Limit, ..Tally::default() };
    let (mut opened, mut last_passed, mut next_hour, mut place) = (None, f64::NEG_INFINITY, from, 0);
    for &(at, value) in points {
        let is_passed = case.bound.is_passed(value);
        if from <= at && is_passed && APART < at - last_passed {
            tally.crossings.push((at, opened.map(|opened| at - opened)));
        }
        if is_passed {
            last_passed = at;
        }
        forecaster.observe(time(at), value, local(at));
        if at < from {
            opened = None;
            continue;
        }
        if until_crossed && is_passed {
            tally.weeks = (at - from) / 10_080.0;
            return tally;
        }
        while place < passed.len() && passed[place] <= at {
            place += 1;
        }
        let crossed = passed.get(place).copied();
        match (forecaster.is_credible(), opened) {
            // an alarm right after an excursion belongs to it
            (true, None) if last_passed + SAME < at => {
                let outlook = forecaster.outlook(Span::from_hours(24)).expect("credible");
                tally.alarms.push(Alarm { at, outlook, crossed, left: end - at });
                opened = Some(at);
            }
            (false, Some(_)) if !is_passed => opened = None,
            _ => {}
        }
        if next_hour <= at {
            next_hour = at + 60.0;
            for (k, hours) in HOURS.into_iter().enumerate() {
                let minutes = 60.0 * hours as f64;
                let known = crossed.is_some_and(|crossed| crossed <= at + minutes);
                if let Some(outlook) = forecaster.outlook(Span::from_hours(hours))
                    && at + minutes <= end
                {
                    tally.forecasts[k].push((outlook.probability as f32, known));
                }
            }
        }
    }
    tally.weeks = (end - from) / 10_080.0;
    tally
}

/// What many signals gave.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) alarms: usize,
    pub(crate) in_time: usize,
    pub(crate) in_week: usize,
    pub(crate) inside: usize,
    pub(crate) early: usize,
    pub(crate) late: usize,
    pub(crate) logs: Vec<f64>,
    pub(crate) crossings: usize,
    pub(crate) foreseen: usize,
    pub(crate) limit_crossings: usize,
    pub(crate) limit_foreseen: usize,
    pub(crate) weeks: f64,
    pub(crate) forecasts: [Vec<(f32, bool)>; HOURS.len()],
}

impl Report {
    pub(crate) fn add(&mut self, tally: &Tally, horizon: f64) {
        self.weeks += tally.weeks;
        for alarm in &tally.alarms {
            let ahead = alarm.crossed.map(|crossed| crossed - alarm.at);
            if ahead.is_none_or(|ahead| 10_080.0 < ahead) && alarm.left < horizon {
                continue; // nobody knows
            }
            self.alarms += 1;
            self.in_time += usize::from(ahead.is_some_and(|ahead| ahead <= horizon));
            let Some(ahead) = ahead.filter(|ahead| *ahead <= 10_080.0) else { continue };
            self.in_week += 1;
            let crossing = time(alarm.at + ahead);
            self.early += usize::from(crossing < alarm.outlook.earliest);
            self.late += usize::from(alarm.outlook.latest < crossing);
            self.inside += usize::from(alarm.outlook.earliest <= crossing && crossing <= alarm.outlook.latest);
            let likely = alarm.outlook.likely.since(time(alarm.at)).as_secs_f64() / 60.0;
            self.logs.push(libm::log(likely.max(0.1) / ahead.max(0.1)));
        }
        for (_, lead) in &tally.crossings {
            self.crossings += 1;
            let foreseen = lead.is_some_and(|lead| 15.0 <= lead);
            self.foreseen += usize::from(foreseen);
            self.limit_crossings += usize::from(tally.limit);
            self.limit_foreseen += usize::from(tally.limit && foreseen);
        }
        for (all, some) in self.forecasts.iter_mut().zip(&tally.forecasts) {
            all.extend(some);
        }
    }

    pub(crate) fn brier_skill(&self, k: usize) -> f64 {
        let all = &self.forecasts[k];
        let rate = all.iter().filter(|f| f.1).count() as f64 / all.len().max(1) as f64;
        let of = |p: f64| {
            all.iter()
                .map(|f| {
                    let y = f64::from(u8::from(f.1));
                    let q = if p < 0.0 { f64::from(f.0) } else { p };
                    (q - y) * (q - y)
                })
                .sum::<f64>()
        };
        1.0 - of(-1.0) / of(rate)
    }

    /// Mean probability, and what came.
    pub(crate) fn mean(&self, k: usize) -> (f64, f64) {
        let count = self.forecasts[k].len().max(1) as f64;
        let sum: f64 = self.forecasts[k].iter().map(|f| f64::from(f.0)).sum();
        (sum / count, self.forecasts[k].iter().filter(|f| f.1).count() as f64 / count)
    }

    pub(crate) fn median_log(&self) -> (f64, f64) {
        let mut sizes: Vec<f64> = self.logs.iter().map(|log| log.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let mut signed = self.logs.clone();
        signed.sort_by(f64::total_cmp);
        let middle = |all: &[f64]| all.get(all.len() / 2).copied().unwrap_or(f64::NAN);
        (middle(&sizes), middle(&signed))
    }

    /// Per tenth of probability: forecasts, their mean, what came.
    pub(crate) fn reliability(&self, k: usize) -> Vec<(usize, f64, f64)> {
        (0..10)
            .map(|bin| {
                let some: Vec<_> = self.forecasts[k].iter().filter(|f| ((f.0 * 10.0) as usize).min(9) == bin).collect();
                let count = some.len();
                let mean = some.iter().map(|f| f64::from(f.0)).sum::<f64>() / count.max(1) as f64;
                let came = some.iter().filter(|f| f.1).count() as f64 / count.max(1) as f64;
                (count, mean, came)
            })
            .collect()
    }

    pub(crate) fn line(&self) -> String {
        let share = |a: usize, b: usize| if b == 0 { "   -".to_owned() } else { format!("{:.2}", a as f64 / b as f64) };
        let (size, signed) = self.median_log();
        format!(
            "alarms {:4} in time {} in week {} inside {} (early {} late {}) |ln| {size:.2} ({signed:+.2}) foreseen {} of {}",
            self.alarms,
            share(self.in_time, self.alarms),
            share(self.in_week, self.alarms),
            share(self.inside, self.in_week),
            share(self.early, self.in_week),
            share(self.late, self.in_week),
            share(self.foreseen, self.crossings),
            self.crossings
        )
    }
}
