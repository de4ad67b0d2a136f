//! How fast the story is told: the past as fast as it can be judged, the rest so that one can read along, all of it in time.

use std::time::{Duration, Instant};

use crate::time::{Span, Timestamp};

/// The share of the time given that a story takes where the machine is fast enough; the rest is for slow ones.
const SHARE: f64 = 0.6;

/// The pace of one story.
#[derive(Debug)]
pub(super) struct Pace {
    began: Instant,
    length: Duration,
    /// Where the part that is read along begins and ends, in event time; none where nobody reads along.
    along: Option<(Timestamp, Timestamp)>,
    /// When that part began.
    turned: Option<Instant>,
}

impl Pace {
    pub(super) fn new(length: Duration, along: Option<(Timestamp, Timestamp)>) -> Pace {
        Pace { began: Instant::now(), length, along, turned: None }
    }

    /// Since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether the story must end here, so that its end can be told in time.
    pub(super) fn is_over(&self) -> bool {
        let reserve = (self.length / 8).clamp(Duration::from_secs(1), Duration::from_secs(8));
        self.length.saturating_sub(reserve) <= self.elapsed()
    }

    /// When the moment `at` of the story is due; none for at once.
    pub(super) fn due(&mut self, at: Timestamp) -> Option<Instant> {
        let (from, to) = self.along.filter(|(from, _)| *from <= at)?;
        let turned = *self.turned.get_or_insert_with(Instant::now);
        let left = self.length.mul_f64(SHARE).saturating_sub(turned.duration_since(self.began));
        let told = at.since(from).as_secs_f64() / to.since(from).max(Span::from_secs(1)).as_secs_f64();
        Some(turned + left.mul_f64(told.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_at_once_and_the_rest_within_its_share() {
        let (from, to) = (Timestamp::from_secs(1000), Timestamp::from_secs(2000));
        let mut pace = Pace::new(Duration::from_secs(60), Some((from, to)));
        assert_eq!(pace.due(Timestamp::from_secs(999)), None);
        let first = pace.due(from).unwrap();
        let [half, last] = [1500, 2000].map(|at| pace.due(Timestamp::from_secs(at)).unwrap().duration_since(first));
        assert!(Duration::from_secs(17) < half && half < Duration::from_millis(18_001), "{half:?}");
        assert!(Duration::from_secs(35) < last && last < Duration::from_millis(36_001), "{last:?}");
        assert!(!pace.is_over());
        assert_eq!(Pace::new(Duration::from_secs(60), None).due(to), None, "nobody reads along");
        assert!(Pace::new(Duration::ZERO, None).is_over());
    }
}
