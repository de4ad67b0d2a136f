//! The same signal at ten time scales: windows of eight block means, from 8 minutes to 2.8 days.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::Minutes;
use crate::baseline::Bf16;

/// Scales; the blocks of scale k are 2^k minutes wide.
pub(super) const SCALES: usize = 10;

/// Blocks of a window.
pub(super) const BLOCKS: usize = 8;

/// How long what the signal once reached is remembered, in minutes: for one to two generations. A weekly peak is never new, an old
/// incident is after some weeks.
const GENERATION: f64 = 14.0 * 1440.0;

/// Turns before their scatter is known, and the number over which it is a mean.
const TURNS: u16 = 4;
const FEW: f32 = 12.0;

/// A climb in its noise turns at fine scales; whether it did is seen so many scales coarser.
const COARSER: usize = 3;

/// The mark of a window that began on the way back from beyond the bound.
const RETURNED: u8 = 0x80;

/// The width of a block of scale `k`, minutes.
pub(super) fn width(k: usize) -> f64 {
    (1u32 << k) as f64
}

/// Block means at dyadic scales, each fed by the one below.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Ladder {
    scales: [Scale; SCALES],
    generation: i32,
}

/// One scale: the last eight blocks, what was before them, and how far the signal falls at this scale.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Scale {
    open: Option<Open>,
    means: [f32; BLOCKS],
    /// Where in its block the mean time lies, in 256ths: blocks of slow or uneven data keep their true time.
    phases: [u8; BLOCKS],
    filled: u8,
    newest: i32,
    /// The oldest so many blocks, and the open one, belong to a passing of the bound: they teach nothing of the usual range. With
    /// [`RETURNED`] the window began anew on the way back, to which blocks belong as long as they fall.
    beyond: u8,
    /// The highest block mean before the window began.
    top: Top,
    turns: Turns,
    /// Mean downward slope of windows (per block; rises count as 0), and of how many.
    fall: f32,
    windows: u16,
}

/// The highest of something in this generation and in the one before; minus infinity where there was nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Top {
    now: Bf16,
    before: Bf16,
}

impl Default for Top {
    fn default() -> Self {
        Top { now: Bf16::NOTHING, before: Bf16::NOTHING }
    }
}

impl Top {
    fn get(self) -> Option<f32> {
        let height = self.now.get().max(self.before.get());
        (height != f32::NEG_INFINITY).then_some(height)
    }

    fn learn(&mut self, height: f32) {
        if self.now.get() < height {
            self.now = Bf16::at_least(height);
        }
    }

    fn turn_over(&mut self) {
        self.before = std::mem::replace(&mut self.now, Bf16::NOTHING);
    }

    fn lower(&mut self, most: Option<f32>) {
        if let Some(most) = most {
            let lower = |height: Bf16| Bf16::at_least(height.get().min(most));
            (self.now, self.before) = (lower(self.now), lower(self.before));
        }
    }
}

/// Where the signal turned: a climb is over once half of it is given back, whatever its size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Turns {
    /// The lowest and the highest block of the present climb; the lowest above the highest before it began.
    low: f32,
    high: f32,
    /// The highest turn so far.
    highest: Top,
    /// The newest turn, and the usual distance between neighbours.
    last: f32,
    scatter: f32,
    seen: u16,
}

/// A block that is being filled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    index: i32,
    count: NonZeroU32,
    value: f32,
    phase: f32,
}

/// A full window, in block widths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    /// Times of the means in blocks since the window's start.
    pub(super) times: [f64; BLOCKS],
    /// The means, oldest first.
    pub(super) means: [f64; BLOCKS],
    /// The window's start and end.
    pub(super) start: Minutes,
    /// The end of the newest block.
    pub(super) end: Minutes,
    /// The highest block mean before the window began.
    pub(super) top: Option<f64>,
    /// The usual downward travel per block.
    pub(super) fall: f64,
    /// How far turns usually lie apart in height, once some were seen.
    pub(super) scatter: Option<f64>,
}

impl Ladder {
    /// Takes a value; returns the mean of the finest block when this value closed it.
    pub(super) fn observe(&mut self, at: Minutes, value: f32) -> Option<f32> {
        let generation = (at / GENERATION).floor() as i32;
        if std::mem::replace(&mut self.generation, generation) != generation {
            self.scales.iter_mut().for_each(Scale::turn_over);
        }
        let mut carried: Option<(Minutes, f32)> = None;
        let mut finest = None;
        for (k, scale) in self.scales.iter_mut().enumerate() {
            if let Some((at, mean)) = carried.take() {
                scale.add(k, at, mean);
            }
            carried = scale.close_before(k, at);
            match carried {
                Some((_, mean)) if k == 0 => finest = Some(mean),
                Some(_) => {}
                None => break,
            }
        }
        self.scales[0].add(0, at, value);
        finest
    }

    /// The window of scale `k`, if it is full and reaches up to now.
    pub(super) fn window(&self, k: usize, now: Minutes) -> Option<Window> {
        let scale = &self.scales[k];
        let end = f64::from(scale.newest) * width(k) + width(k);
        (usize::from(scale.filled) == BLOCKS && now - end <= 2.0 * width(k)).then(|| Window {
            times: std::array::from_fn(|i| i as f64 + f64::from(scale.phases[i]) / 256.0),
            means: scale.means.map(f64::from),
            start: end - BLOCKS as f64 * width(k),
            end,
            top: scale.top.get().map(f64::from),
            fall: f64::from(scale.fall),
            scatter: (TURNS <= scale.turns.seen).then_some(f64::from(scale.turns.scatter)),
        })
    }

    /// A value on the way back from beyond the bound: a window of which half of the climb is given back begins anew.
    pub(super) fn heir(&self) -> Ladder {
        let mut heir = self.clone();
        for scale in &mut heir.scales {
            (scale.filled, scale.beyond, scale.open) = (0, RETURNED, None);
        }
        heir
    }

    pub(super) fn come_back(&mut self, value: f32) {
        for scale in self.scales.iter_mut().filter(|scale| scale.beyond != 0 && scale.beyond & RETURNED == 0) {
            let means = &scale.means[..usize::from(scale.filled)];
            let low = means.iter().copied().fold(f32::MAX, f32::min);
            let high = means.iter().copied().fold(f32::MIN, f32::max);
            if value < (low + high) / 2.0 {
                (scale.filled, scale.beyond, scale.open) = (0, RETURNED, None);
            }
        }
    }

    /// The bound is passed: the climb that led there is forgotten. What turned before the bound tells where the signal is used
    /// to turn; what went through it does not, and neither does the way back.
    pub(super) fn pass(&mut self) {
        let turned: [_; SCALES] = std::array::from_fn(|k| self.scales[k].turns.highest);
        for (k, scale) in self.scales.iter_mut().enumerate() {
            scale.beyond = scale.filled + 1;
            scale.turns.begin();
            let coarser = turned.get(k + COARSER).and_then(|top| top.get());
            scale.turns.highest.lower(coarser.map(|top| top + 2.0 * scale.turns.scatter));
            scale.top = scale.turns.highest;
        }
    }
}

impl Scale {
    /// How many blocks, the oldest ones, belong to a passing of the bound.
    fn of_passing(&self) -> u8 {
        self.beyond & !RETURNED
    }

    /// A generation is over.
    fn turn_over(&mut self) {
        self.top.turn_over();
        self.turns.highest.turn_over();
    }

    /// Adds a value to the open block.
    fn add(&mut self, k: usize, at: Minutes, value: f32) {
        let position = at / width(k);
        let index = position.floor();
        let phase = (position - index) as f32;
        let Some(open) = &mut self.open else {
            self.open = Some(Open { index: index as i32, count: NonZeroU32::MIN, value, phase });
            return;
        };
        open.count = open.count.saturating_add(1);
        let share = 1.0 / open.count.get() as f32;
        open.value += (value - open.value) * share;
        open.phase += (phase - open.phase) * share;
    }

    /// Closes the open block if `at` lies beyond it; returns its mean time and mean.
    fn close_before(&mut self, k: usize, at: Minutes) -> Option<(Minutes, f32)> {
        let open = self.open.take_if(|open| f64::from(open.index) < (at / width(k)).floor())?;
        self.push(k, open);
        // rounding must not carry the time into the next block
        let phase = f64::from(open.phase).clamp(0.0, 0.999);
        Some(((f64::from(open.index) + phase) * width(k), open.value))
    }

    /// Moves the window on by a block. One missing block is bridged, more begin a new window.
    fn push(&mut self, k: usize, block: Open) {
        if self.filled != 0 {
            match block.index.saturating_sub(self.newest) {
                ..=1 => {}
                2 => {
                    let before = self.means[usize::from(self.filled) - 1];
                    self.append((before + block.value) / 2.0, 128);
                }
                _ => self.restart(),
            }
        }
        self.append(block.value, (block.phase * 256.0).clamp(0.0, 255.0) as u8);
        self.newest = block.index;
        if usize::from(self.filled) == BLOCKS {
            self.learn_fall(k);
        }
    }

    fn append(&mut self, mean: f32, phase: u8) {
        let (mut of_passing, has_returned) = (self.of_passing(), self.beyond & RETURNED);
        let falls = self.filled == 0 || mean < self.means[usize::from(self.filled) - 1];
        let returns = has_returned != 0 && of_passing == self.filled && falls;
        if usize::from(self.filled) == BLOCKS {
            if of_passing == 0 {
                self.top.learn(self.means[0]);
            }
            of_passing = of_passing.saturating_sub(1);
            self.means.rotate_left(1);
            self.phases.rotate_left(1);
            self.filled -= 1;
        }
        self.means[usize::from(self.filled)] = mean;
        self.phases[usize::from(self.filled)] = phase;
        self.filled += 1;
        if returns {
            of_passing = self.filled;
        }
        self.beyond = if of_passing == 0 { 0 } else { of_passing | has_returned };
        // the newest block is the usual signal's again once the open one of the passing is done
        if of_passing < self.filled {
            self.turns.learn(mean);
        }
    }

    /// Begins a new window after a gap in the data.
    fn restart(&mut self) {
        let filled = usize::from(self.filled);
        let usual = usize::from(self.of_passing()).min(filled)..filled;
        if let Some(highest) = self.means[usual].iter().copied().reduce(f32::max) {
            self.top.learn(highest);
        }
        self.beyond = self.of_passing().saturating_sub(self.filled);
        self.filled = 0;
    }

    /// Learns how far the signal usually falls at this scale, over about two weeks; the way back from beyond the bound is not
    /// usual.
    fn learn_fall(&mut self, k: usize) {
        if self.beyond != 0 {
            return;
        }
        let half = BLOCKS / 2;
        let mean = |means: &[f32]| means.iter().sum::<f32>() / half as f32;
        let slope = (mean(&self.means[half..]) - mean(&self.means[..half])) / half as f32;
        let memory = (GENERATION / width(k)).clamp(64.0, 4000.0) as f32;
        self.windows = self.windows.saturating_add(1);
        self.fall += ((-slope).max(0.0) - self.fall) / f32::from(self.windows).min(memory);
    }
}

impl Default for Turns {
    fn default() -> Self {
        Turns { low: f32::INFINITY, high: f32::NEG_INFINITY, highest: Top::default(), last: 0.0, scatter: 0.0, seen: 0 }
    }
}

impl Turns {
    fn learn(&mut self, mean: f32) {
        if self.high < self.low {
            (self.low, self.high) = (mean, mean);
        } else if mean < self.high - 0.5 * (self.high - self.low) {
            if self.low < self.high {
                self.turn(self.high);
            }
            (self.low, self.high) = (mean, mean);
        } else {
            self.high = self.high.max(mean);
        }
    }

    /// What was climbed is forgotten.
    fn begin(&mut self) {
        (self.low, self.high) = (f32::INFINITY, f32::NEG_INFINITY);
    }

    fn turn(&mut self, at: f32) {
        if self.seen != 0 {
            let share = 1.0 / f32::from(self.seen).min(FEW);
            self.scatter += ((at - self.last).abs() - self.scatter) * share;
        }
        self.seen = self.seen.saturating_add(1);
        self.last = at;
        self.highest.learn(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_a_line_at_every_scale_and_cadence() {
        for cadence in [0.25, 1.0, 1.7, 5.0] {
            let mut ladder = Ladder::default();
            let mut at = 0.0;
            while at < 3000.0 {
                ladder.observe(at, at as f32 / 1000.0);
                at += cadence;
            }
            let windows: Vec<_> = (0..SCALES).filter_map(|k| Some((k, ladder.window(k, at)?))).collect();
            assert!(3 <= windows.len(), "{cadence}");
            for (k, window) in windows {
                for (time, mean) in window.times.iter().zip(window.means) {
                    // within a fifth of a block, though some blocks are bridged
                    let expected = (window.start + time * width(k)) / 1000.0;
                    assert!((mean - expected).abs() < 0.2 * width(k) / 1000.0, "{cadence} {k}: {mean} {expected}");
                }
            }
        }
    }

    #[test]
    fn a_gap_begins_a_new_window_but_keeps_the_top() {
        let mut ladder = Ladder::default();
        (0..20).for_each(|i| _ = ladder.observe(f64::from(i), 1.0));
        assert!(ladder.window(0, 20.0).is_some());
        (0..5).for_each(|i| _ = ladder.observe(f64::from(100 + i), 0.0));
        assert_eq!(ladder.window(0, 105.0), None);
        (5..12).for_each(|i| _ = ladder.observe(f64::from(100 + i), 0.0));
        let top = ladder.window(0, 112.0).unwrap().top.unwrap();
        assert!((top - 1.0).abs() < 1e-3, "{top}");
    }

    #[test]
    fn the_way_back_from_beyond_the_bound_is_no_height_that_it_knows() {
        let mut ladder = Ladder::default();
        let climb = (0..12).map(|i| -1.0 + 0.1 * i as f32);
        let way_back = [0.1, -0.2, -0.5, -0.8];
        let course = [-1.0; 40].into_iter().chain(climb).chain(way_back).chain([-1.0; 40]);
        let mut passed = false;
        for (minute, gap) in course.enumerate() {
            passed |= 0.0 < gap;
            if passed && gap < 0.0 {
                ladder.come_back(gap);
            }
            ladder.observe(minute as f64, gap);
            if 0.0 < gap {
                ladder.pass();
            }
        }
        let top = ladder.window(0, 96.0).unwrap().top.unwrap();
        assert!(top < -0.9, "{top}");
    }
}
