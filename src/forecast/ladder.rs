//! The same signal at ten time scales: windows of eight block means, from 8 minutes to 2.8 days.

use serde::{Deserialize, Serialize};

use super::Minutes;

/// Scales; the blocks of scale k are 2^k minutes wide.
pub(super) const SCALES: usize = 10;

/// Blocks of a window.
pub(super) const BLOCKS: usize = 8;

/// The half-life of what the signal once reached, in minutes: after some weeks an old peak is new again.
const TOP_HALF_LIFE: f64 = 14.0 * 1440.0;

/// The width of a block of scale `k`, minutes.
pub(super) fn width(k: usize) -> f64 {
    (1u32 << k) as f64
}

/// Block means at dyadic scales, each fed by the one below.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Ladder {
    scales: [Scale; SCALES],
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
    /// The highest block mean before the window began.
    top: Option<f32>,
    /// Mean downward slope of windows (per block; rises count as 0), and of how many.
    fall: f32,
    windows: u16,
}

/// A block that is being filled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    index: i32,
    count: u32,
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
}

impl Ladder {
    /// Takes a value; returns the mean of the finest block when this value closed it.
    pub(super) fn observe(&mut self, at: Minutes, value: f32) -> Option<f32> {
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
            top: scale.top.map(f64::from),
            fall: f64::from(scale.fall),
        })
    }
}

impl Scale {
    /// Adds a value to the open block.
    fn add(&mut self, k: usize, at: Minutes, value: f32) {
        let position = at / width(k);
        let index = position.floor();
        let open = self.open.get_or_insert(Open { index: index as i32, count: 0, value: 0.0, phase: 0.0 });
        open.count = open.count.saturating_add(1);
        let share = 1.0 / open.count as f32;
        open.value += (value - open.value) * share;
        open.phase += ((position - index) as f32 - open.phase) * share;
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
                    self.append(k, (before + block.value) / 2.0, 128);
                }
                _ => self.restart(),
            }
        }
        self.append(k, block.value, (block.phase * 256.0).clamp(0.0, 255.0) as u8);
        self.newest = block.index;
        if usize::from(self.filled) == BLOCKS {
            self.learn_fall(k);
        }
    }

    fn append(&mut self, k: usize, mean: f32, phase: u8) {
        if usize::from(self.filled) == BLOCKS {
            self.retire(self.means[0], k);
            self.means.rotate_left(1);
            self.phases.rotate_left(1);
            self.filled -= 1;
        }
        self.means[usize::from(self.filled)] = mean;
        self.phases[usize::from(self.filled)] = phase;
        self.filled += 1;
    }

    /// Remembers how high a block stood that leaves the window; old tops sink slowly towards the present.
    fn retire(&mut self, mean: f32, k: usize) {
        let present = self.means[BLOCKS / 2];
        let keep = 1.0 - width(k) / TOP_HALF_LIFE * std::f64::consts::LN_2;
        let sunk = self.top.map(|top| present + (top - present) * if present < top { keep as f32 } else { 1.0 });
        self.top = Some(sunk.map_or(mean, |top| top.max(mean)));
    }

    /// Begins a new window after a gap in the data.
    fn restart(&mut self) {
        let filled = usize::from(self.filled);
        let highest = self.means[..filled].iter().copied().fold(f32::MIN, f32::max);
        self.top = Some(self.top.map_or(highest, |top| top.max(highest)));
        self.filled = 0;
    }

    /// Learns how far the signal usually falls at this scale, over about two weeks.
    fn learn_fall(&mut self, k: usize) {
        let half = BLOCKS / 2;
        let mean = |means: &[f32]| means.iter().sum::<f32>() / half as f32;
        let slope = (mean(&self.means[half..]) - mean(&self.means[..half])) / half as f32;
        let memory = (TOP_HALF_LIFE / width(k)).clamp(64.0, 4000.0) as f32;
        self.windows = self.windows.saturating_add(1);
        self.fall += ((-slope).max(0.0) - self.fall) / f32::from(self.windows).min(memory);
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
}
