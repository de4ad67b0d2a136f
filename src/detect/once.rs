//! A trouble is announced once.

use serde::{Deserialize, Serialize};

use crate::baseline::Bf16;

/// Keeps silent about what is already announced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Once {
    /// The height last announced.
    height: Bf16,
    /// Points for which that still holds.
    hold: u8,
    /// Points in a row below the level of an alert.
    quiet: u8,
}

/// A surprise above this (once in a thousand points) is announced.
const ALERT: f64 = 3.0;
/// An announcement covers so many points (100 to 300 measured alike),
const HOLD: u8 = 150;
/// unless it gets worse by half a power of ten,
const WORSE: f64 = 0.5;
/// or was over for so many points.
const OVER: u8 = 10;

impl Once {
    /// What of this surprise is news: all of it or nothing.
    pub(super) fn news(&mut self, surprise: f64) -> f64 {
        self.hold = self.hold.saturating_sub(1);
        if surprise <= ALERT {
            self.quiet = self.quiet.saturating_add(1);
            if OVER <= self.quiet {
                self.hold = 0;
            }
            return if self.hold == 0 { surprise } else { 0.0 };
        }
        self.quiet = 0;
        if 0 < self.hold && surprise <= f64::from(self.height.get()) + WORSE {
            return 0.0;
        }
        (self.height, self.hold) = (Bf16::of(surprise as f32), HOLD);
        surprise
    }

    /// Whether this surprise would be an announcement at all.
    pub(super) fn is_alert(surprise: f64) -> bool {
        ALERT < surprise
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_then_only_worse_or_again() {
        let mut once = Once::default();
        let news: Vec<f64> = [1.0, 4.0, 4.25, 4.75, 2.0, 4.0].iter().map(|&s| once.news(s)).collect();
        assert_eq!(news, [1.0, 4.0, 0.0, 4.75, 0.0, 0.0]);
        (0..10).for_each(|_| {
            once.news(0.0);
        });
        assert_eq!(once.news(3.5), 3.5, "it was over");
        (0..149).for_each(|_| assert_eq!(once.news(3.6), 0.0));
        assert_eq!(once.news(3.6), 3.6, "the hold ended");
    }
}
