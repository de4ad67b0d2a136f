//! How rare a view's size is: return periods of declustered peaks.

use serde::{Deserialize, Serialize};

use super::tail::{Prior, Tail};
use crate::baseline::Coarse;

/// The peaks of one view. A long excursion files one size, not one for each of its points, else it would fill the tail with
/// copies of itself (Leadbetter, 1991; Ferro and Segers, 2003, JRSS B).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(super) struct Peaks {
    tail: Tail,
    /// The mean size, of as many points as the tail remembers.
    usual: f32,
    /// Largest size of the open cluster, 0 while none is open.
    open: Coarse,
    /// Points of the open cluster, and of those the last ones below its threshold.
    length: u8,
    below: u8,
}

/// A tail of index 0.25 worth ten peaks: some signals' tails are light, some heavy; each says so, but slowly.
const PRIOR: Prior = Prior { index: 0.25, weight: 10.0 };
/// A cluster opens above this multiple of the usual size.
const OPENS: f64 = 1.5;
/// So many points below the threshold end a cluster, as they end a trouble.
const CLOSES: u8 = 10;
/// A cluster is filed after so many points in any case (an hour of minutes): by then it begins to be a new normal.
const LONGEST: u8 = 60;

impl Peaks {
    /// A little of each line of memory.
    pub(super) fn touch(&self) -> f32 {
        self.usual
    }

    /// log10 of the points in which such a size is seen once; 0 for an ordinary one. Then learns it, where it is not `aside`: of a
    /// trouble that is no habit.
    pub(super) fn judge(&mut self, size: f64, aside: bool) -> f64 {
        let least = self.tail.least();
        let above = (OPENS * f64::from(self.usual)).max(least) < size;
        let rare = above || (0.0 < least && least < size);
        let surprise = if rare { self.tail.surprise(size, PRIOR).max(0.0) } else { 0.0 };
        self.tail.try_once(PRIOR);
        if aside {
            (self.open, self.length, self.below) = (Coarse::default(), 0, 0);
            return surprise;
        }
        let usual = f64::from(self.usual);
        self.usual = (usual + (size - usual) / f64::from(self.tail.trials())) as f32;
        if above {
            self.open = self.open.max(Coarse::of(size));
            self.below = 0;
        }
        if self.open != Coarse::default() {
            self.length += 1;
            self.below += u8::from(!above);
            if self.below >= CLOSES || self.length >= LONGEST {
                self.tail.file(self.open.get(), PRIOR);
                (self.open, self.length, self.below) = (Coarse::default(), 0, 0);
            }
        }
        surprise
    }
}

/// As it is saved: the open size as an `f32`, as it was held before.
type Saved = (Tail, f32, f32, u8, u8);

impl From<Saved> for Peaks {
    fn from((tail, usual, open, length, below): Saved) -> Self {
        Peaks { tail, usual, open: Coarse::of(f64::from(open)), length, below }
    }
}

impl From<Peaks> for Saved {
    fn from(Peaks { tail, usual, open, length, below }: Peaks) -> Self {
        (tail, usual, open.get() as f32, length, below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_excursion_is_one_peak_until_it_is_the_new_normal() {
        let mut peaks = Peaks::default();
        for i in 0..2000u32 {
            peaks.judge(f64::from(i.wrapping_mul(2_654_435_761) >> 16) / 65536.0, false);
        }
        let first = peaks.judge(10.0, false);
        assert!(3.0 < first, "{first}");
        for _ in 0..50 {
            assert!(first - 0.1 < peaks.judge(10.0, false), "it does not teach while it lasts");
        }
        (0..80).for_each(|_| {
            peaks.judge(10.0, false);
        });
        assert!(peaks.judge(10.0, false) < first);
    }
}
