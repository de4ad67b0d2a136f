//! How odd a signal is of late, for those who are told of its service.

use serde::{Deserialize, Serialize};

use super::super::shard::TICK;
use crate::detect::{Judgement, View};
use crate::time::{Span, Timestamp};

/// What was odd at the newest point, and at the last one of the tick before: what one signal tells another is what was true when
/// the tick began, however far within it each of them has been read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Odd {
    tick: Timestamp,
    now: Option<Glance>,
    before: Option<Glance>,
}

/// An odd point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in super::super) struct Glance {
    at: Timestamp,
    pub(in super::super) value: f64,
    pub(in super::super) expected: Option<(f64, f64)>,
    /// The anomaly score.
    pub(in super::super) score: f64,
    /// Whether it is of a size and on a side that matters.
    pub(in super::super) matters: bool,
    pub(in super::super) view: View,
    pub(in super::super) upward: bool,
    pub(in super::super) cycle: Option<Span>,
}

/// Odd is what is seen once in 300 points (a surprise of 2.5, half of what makes the score a half): far too often to tell anybody
/// of it, and rare enough to be more than chance where its service is in trouble.
const LEAST: f64 = 1.0 / 3.0;
/// A point is of no use after so long.
const FRESH: Span = Span::from_mins(10);

impl Odd {
    /// Notes whether a point is odd; nothing is kept of a signal that is not.
    pub(super) fn note(kept: &mut Option<Box<Odd>>, at: Timestamp, value: f64, judgement: &Judgement) {
        let is_odd = LEAST <= judgement.anomaly;
        if kept.is_none() && !is_odd {
            return;
        }
        let tick = at.floor_to(TICK);
        let odd = kept.get_or_insert_with(|| Box::new(Odd { tick, now: None, before: None }));
        if odd.tick < tick {
            (odd.tick, odd.before) = (tick, odd.now.take());
        }
        let Judgement { anomaly: score, expected, matters, view, upward, cycle, .. } = *judgement;
        odd.now = is_odd.then_some(Glance { at, value, expected, score, matters, view, upward, cycle });
        if odd.now.is_none() && odd.before.is_none() {
            *kept = None;
        }
    }

    /// What was odd when this tick began.
    pub(super) fn at(&self, tick: Timestamp) -> Option<&Glance> {
        let glance = if self.tick < tick { &self.now } else { &self.before };
        glance.as_ref().filter(|glance| tick.since(glance.at) <= FRESH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(anomaly: f64) -> Judgement {
        Judgement {
            anomaly,
            onset: 0.0,
            expected: None,
            rarity: None,
            fresh: false,
            matters: true,
            stuck: None,
            drop: None,
            beyond: None,
            stays_beyond: false,
            view: View::Value,
            cycle: None,
            upward: true,
            calm: false,
        }
    }

    #[test]
    fn what_is_told_is_what_was_so_when_the_tick_began() {
        let mut kept = None;
        let second = |second: i64| Timestamp::from_secs(600_000 + second);
        let value = |kept: &Option<Box<Odd>>, at| kept.as_ref().and_then(|odd| odd.at(at)).map(|odd| odd.value);
        Odd::note(&mut kept, second(10), 1.0, &seen(0.2));
        assert!(kept.is_none(), "what is not odd takes no room");
        Odd::note(&mut kept, second(20), 2.0, &seen(0.6));
        assert_eq!((value(&kept, second(0)), value(&kept, second(60))), (None, Some(2.0)));
        Odd::note(&mut kept, second(70), 3.0, &seen(0.7));
        Odd::note(&mut kept, second(80), 4.0, &seen(0.7));
        assert_eq!((value(&kept, second(60)), value(&kept, second(120))), (Some(2.0), Some(4.0)));
        assert_eq!(value(&kept, second(900)), None, "it has not spoken for long");
        Odd::note(&mut kept, second(130), 5.0, &seen(0.1));
        assert_eq!((value(&kept, second(120)), value(&kept, second(180))), (Some(4.0), None));
        Odd::note(&mut kept, second(190), 5.0, &seen(0.1));
        assert!(kept.is_none());
    }
}
