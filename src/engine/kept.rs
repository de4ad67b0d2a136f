//! What was kept up of a signal, for bounds that must be passed for some time.

use serde::{Deserialize, Serialize};

use crate::plan::Side;
use crate::time::{Span, Timestamp};

/// The least harmful value of the last `hold`, or a fifth of that more: a bound that must be passed for five minutes is not passed by
/// a spike of one, and spikes foretell nothing of it. What rises evenly is kept up evenly, `hold` later.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// When each part of the stretch began, oldest first, and its least harmful value.
    parts: Vec<(Timestamp, f64)>,
}

/// Parts of a stretch; one more is open.
const PARTS: i64 = 5;

impl Kept {
    /// Takes the next value in; the one that was kept up until now.
    pub(super) fn observe(&mut self, at: Timestamp, value: f64, hold: Span, side: Side) -> f64 {
        if hold <= Span::ZERO {
            return value;
        }
        let milder = |a: f64, b: f64| match side {
            Side::Above => a.min(b),
            Side::Below => a.max(b),
        };
        match self.parts.last_mut() {
            Some((began, least)) if at.since(*began).times(PARTS) < hold => *least = milder(*least, value),
            _ => self.parts.push((at, value)),
        }
        while self.parts.get(1).is_some_and(|(began, _)| hold <= at.since(*began)) {
            self.parts.remove(0);
        }
        self.parts.iter().map(|(_, least)| *least).fold(value, milder)
    }
}

/// The same in two blocks of `hold` each, as releases before saved it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct KeptV1 {
    /// When the present block began.
    began: Option<Timestamp>,
    /// The least harmful value of it, and of the block before.
    now: Option<f64>,
    before: Option<f64>,
}

impl KeptV1 {
    pub(super) fn of(self, hold: Span) -> Kept {
        let parts = self.began.map(|began| [(began - hold, self.before), (began, self.now)]);
        Kept { parts: parts.into_iter().flatten().filter_map(|(began, least)| Some((began, least?))).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Span = Span::from_mins(5);

    fn kept(seconds: i64, side: Side, value: impl Fn(i64) -> f64) -> Vec<f64> {
        let mut kept = Kept::default();
        let times = (0..3600).step_by(seconds as usize);
        times.map(|s| kept.observe(Timestamp::from_secs(s), value(s), HOLD, side)).collect()
    }

    #[test]
    fn what_rises_evenly_is_kept_up_evenly_five_minutes_later() {
        for cadence in [10, 60, 150] {
            let values = kept(cadence, Side::Above, |s| s as f64);
            let late = |(i, kept): (usize, &f64)| i as f64 * cadence as f64 - kept;
            let lags = values.iter().enumerate().map(late).skip(360 / cadence as usize + 1);
            assert!(
                lags.clone().all(|lag| (300.0..=360.0).contains(&lag)),
                "{cadence}: {:?}",
                lags.collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn no_spike_is_kept_up_and_one_value_of_a_slow_signal_is_not_alone() {
        let spike = |s: i64| if (1200..1440).contains(&s) { -9.0 } else { 1.0 };
        assert_eq!(kept(60, Side::Below, spike).into_iter().fold(9.0, f64::min), 1.0);
        let longer = |s: i64| if (1200..1560).contains(&s) { -9.0 } else { 1.0 };
        assert_eq!(kept(60, Side::Below, longer).into_iter().fold(9.0, f64::min), -9.0);
        let once = |s: i64| if s == 1800 { 9.0 } else { 1.0 };
        assert_eq!(kept(600, Side::Above, once).into_iter().fold(0.0, f64::max), 1.0);
        assert_eq!(kept(600, Side::Above, |s| if s < 1800 { 1.0 } else { 9.0 }), [1.0, 1.0, 1.0, 1.0, 9.0, 9.0]);
    }

    #[test]
    fn its_size_is_bounded() {
        let mut kept = Kept::default();
        (0..100_000).for_each(|s| _ = kept.observe(Timestamp::from_secs(s), s as f64, HOLD, Side::Above));
        assert!(kept.parts.len() <= PARTS as usize + 2, "{kept:?}");
    }
}
