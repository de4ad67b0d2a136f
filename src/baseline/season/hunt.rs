//! The hunt for a period: the last values in blocks that grow until a cycle shows in them.

use serde::{Deserialize, Serialize};

use super::When;
use super::period::period;
use crate::baseline::{Bf16, Row};

/// The values under watch, as they lie to the first one. What every point touches lies here; the heap is touched every eighth block.
/// (Each block written there cost a third of the speed at a million signals.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Hunt {
    blocks: Row<BLOCKS>,
    fresh: [Bf16; FRESH],
    first: f32,
    sum: f32,
    /// Seconds since it began.
    took: f32,
    count: u16,
    held: u8,
    /// log2 of the values in a block.
    doubled: u8,
}

/// What a hunt has come to.
#[derive(Debug)]
pub(super) enum Find {
    Nothing,
    /// The period in seconds, and the values that show it.
    Period(f64, Sample),
    /// There is none.
    Over,
}

/// The values of a hunt: means of blocks, evenly spaced.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) values: Vec<f64>,
    /// Points in a block, and seconds.
    pub(super) points: u32,
    pub(super) seconds: f64,
}

/// Blocks looked at: three turns of up to 64 blocks.
const BLOCKS: usize = 192;
/// Blocks that wait to be written; they divide [`BLOCKS`] and its half.
const FRESH: usize = 8;
/// Blocks of 1, 2, 4 and 8 points: periods of 6 to 512 points.
const DOUBLINGS: u8 = 3;
/// A gap of more points than this is no time to look for cycles: it begins anew.
const LONGEST_GAP: f64 = 10.0;
const DAY: f64 = 86_400.0;
/// Within this share of whole days it is the day's or the week's own profile that knows it.
const SAME: f64 = 0.05;

impl Hunt {
    pub(super) fn begin(first: f64) -> Self {
        Hunt {
            blocks: Row::filled(0.0),
            fresh: [Bf16::default(); FRESH],
            first: first as f32,
            sum: 0.0,
            took: 0.0,
            count: 0,
            held: 0,
            doubled: 0,
        }
    }

    /// Takes one value in. Points that are missing count as the one that came.
    pub(super) fn look(&mut self, when: When, value: f64) -> Find {
        if LONGEST_GAP * when.step < when.gap {
            *self = Hunt::begin(value);
        }
        self.took += when.gap as f32;
        let points = (when.gap / when.step).round().clamp(1.0, LONGEST_GAP) as u32;
        for _ in 0..points {
            self.sum += (value - f64::from(self.first)) as f32;
            self.count += 1;
            if self.count >> self.doubled == 1 {
                self.push(self.sum / f32::from(self.count));
                (self.sum, self.count) = (0.0, 0);
            }
            if usize::from(self.held) == BLOCKS {
                return self.judge();
            }
        }
        Find::Nothing
    }

    fn push(&mut self, value: f32) {
        let place = usize::from(self.held) % FRESH;
        self.fresh[place] = Bf16::of(value);
        self.held += 1;
        if place + 1 == FRESH {
            self.blocks.copy_in(usize::from(self.held) - FRESH, &self.fresh);
        }
    }

    /// Looks for a period in all blocks; where there is none, joins them two by two and goes on, until they are as long as it looks.
    fn judge(&mut self) -> Find {
        let values: Vec<f64> = self.blocks.iter().map(f64::from).collect();
        let seconds = f64::from(self.took) / BLOCKS as f64;
        let found = period(&values).filter(|&blocks| !is_of_the_clock(blocks * seconds));
        if let Some(blocks) = found {
            let values = values.iter().map(|v| f64::from(self.first) + v).collect();
            return Find::Period(blocks * seconds, Sample { values, points: 1 << self.doubled, seconds });
        }
        if self.doubled == DOUBLINGS {
            return Find::Over;
        }
        self.doubled += 1;
        self.held = 0;
        values.chunks(2).for_each(|pair| self.push((pair.iter().sum::<f64>() / 2.0) as f32));
        Find::Nothing
    }
}

fn is_of_the_clock(seconds: f64) -> bool {
    let days = (seconds / DAY).round();
    1.0 <= days && (seconds / DAY - days).abs() < SAME * days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Local;

    /// What the hunt finds in points of a minute whose values have this period.
    fn found(minutes: f64) -> Option<f64> {
        let when = When { local: Local { weekday: 0, second: 0, holiday: false }, gap: 60.0, step: 60.0 };
        let mut hunt = Hunt::begin(100.0);
        for i in 0..10_000 {
            match hunt.look(when, 100.0 + libm::sin(f64::from(i) / minutes * core::f64::consts::TAU)) {
                Find::Nothing => {}
                Find::Period(seconds, _) => return Some(seconds / 60.0),
                Find::Over => return None,
            }
        }
        panic!("no end")
    }

    #[test]
    fn blocks_double_until_the_cycle_fits() {
        for minutes in [7.0, 60.0, 111.0, 250.0, 480.0] {
            let found = found(minutes).unwrap_or_else(|| panic!("{minutes}"));
            assert!((found / minutes - 1.0).abs() < 0.02, "{minutes}: {found}");
        }
        assert_eq!(found(4000.0), None, "longer than it looks");
    }

    #[test]
    fn the_clock_has_its_own_profiles() {
        assert!([86_000.0, 86_400.0, 604_800.0].into_iter().all(is_of_the_clock));
        assert!(![300.0, 3_600.0, 43_200.0, 97_000.0].into_iter().any(is_of_the_clock));
    }

    #[test]
    fn a_long_gap_begins_it_anew() {
        let local = Local { weekday: 0, second: 0, holiday: false };
        let mut hunt = Hunt::begin(0.0);
        (0..100).for_each(|_| drop(hunt.look(When { local, gap: 60.0, step: 60.0 }, 1.0)));
        hunt.look(When { local, gap: 6_000.0, step: 60.0 }, 1.0);
        assert!(hunt.held <= LONGEST_GAP as u8, "{}", hunt.held);
    }
}
