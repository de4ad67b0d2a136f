//! What eight block means say of a ramp.

use super::Minutes;
use super::ladder::{BLOCKS, Window, width};

/// What a window says about a ramp, in block widths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    /// Rise per block.
    pub(super) slope: f64,
    /// The line's value at the time asked for.
    pub(super) line: f64,
    /// The slope in standard errors.
    pub(super) t: f64,
    /// How far the means lie off the line.
    pub(super) scatter: f64,
    /// The logarithm of second half's slope over first half's.
    pub(super) bend: f64,
    /// How clean, 0 to 1.
    pub(super) evidence: f64,
    /// How far it has left the range known before, 0 to 1.
    pub(super) novelty: f64,
}

/// The line through a window, in block widths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    /// Rise per block; negative where it falls.
    pub(super) slope: f64,
    /// The standard error of the slope.
    pub(super) error: f64,
    /// How far the means lie off the line, root mean square.
    pub(super) scatter: f64,
    mean_time: f64,
    mean: f64,
}

impl Line {
    /// The least-squares line.
    pub(super) fn through(window: &Window) -> Line {
        let count = BLOCKS as f64;
        let mean_time = window.times.iter().sum::<f64>() / count;
        let mean = window.means.iter().sum::<f64>() / count;
        let pairs = || window.times.iter().zip(&window.means).map(|(time, value)| (time - mean_time, value - mean));
        let sxx: f64 = pairs().map(|(x, _)| x * x).sum();
        let slope = pairs().map(|(x, y)| x * y).sum::<f64>() / sxx;
        let rest: f64 = pairs().map(|(x, y)| (y - slope * x) * (y - slope * x)).sum();
        let scatter = (rest / (count - 2.0)).sqrt();
        Line { slope, error: scatter / sxx.sqrt(), scatter, mean_time, mean }
    }
}

impl Shape {
    /// Reads a window; none unless it rises.
    pub(super) fn of(window: &Window, line: &Line, k: usize, now: Minutes, born: Minutes) -> Option<Shape> {
        let Line { slope, error, scatter, mean_time, mean } = *line;
        if slope.is_nan() || slope <= 0.0 {
            return None;
        }
        let t = if error * 1e3 < slope { 1e3 } else { slope / error };
        let evidence = cleanness(&window.means, t) * unusual(slope, window.fall).max(escaped(window));
        let line = mean + slope * ((now - window.start) / width(k) - mean_time);
        let prior = (window.start - born) / (BLOCKS as f64 * width(k));
        let novelty = novelty(window, slope) * (0.5 + prior).clamp(0.5, 1.0);
        Some(Shape { slope, line, t, scatter, bend: bend(&window.means), evidence, novelty })
    }
}

impl Shape {
    /// The bend, shrunk by its own error: a half of eight points knows its slope about three times worse than the whole, so that the
    /// log ratio of two of them has the standard error 4 / t.
    pub(super) fn sure_bend(&self) -> f64 {
        let (square, error) = (self.bend * self.bend, 16.0 / (self.t * self.t));
        self.bend * square / (square + error)
    }
}

/// How clean the rise is: in every third, in nearly every step, far beyond its error.
fn cleanness(means: &[f64; BLOCKS], t: f64) -> f64 {
    let rising = means.windows(2).filter(|pair| pair[0] < pair[1]).count() as f64 / (BLOCKS - 1) as f64;
    let early = (means[0] + means[1] + means[2]) / 3.0;
    let middle = (means[3] + means[4]) / 2.0;
    let late = (means[5] + means[6] + means[7]) / 3.0;
    let mean_rise = (late - early) / 2.0;
    if mean_rise <= 0.0 {
        return 0.0;
    }
    let least_rise = (middle - early).min(late - middle) / mean_rise;
    clip((least_rise + 0.2) / 0.6) * clip((rising - 0.55) / 0.4) * clip((t - 4.0) / 8.0)
}

/// How far the slope exceeds this signal's usual downward travel at the scale: what falls as it rises only swings.
pub(super) fn unusual(slope: f64, fall: f64) -> f64 {
    if fall <= 0.0 {
        return 1.0;
    }
    clip((slope / (2.0 * fall) - 0.5) / 1.5)
}

/// How far the newest block stands above every height where the signal turned, 0 to 1, in the usual distance between turns: a
/// sawtooth that is past all its teeth is one no more, however far it used to fall.
fn escaped(window: &Window) -> f64 {
    let (Some(top), Some(scatter)) = (window.top, window.scatter) else { return 0.0 };
    let above = window.means[BLOCKS - 1] - top;
    if above <= 0.0 { 0.0 } else { clip((above / (scatter + 1e-12) - 1.0) / 2.0) }
}

/// How far the newest block stands above all before the window, in rises of the window: false ramps are nearly all
/// sub-cycles of a sawtooth, which stay in the range they know.
fn novelty(window: &Window, slope: f64) -> f64 {
    window.top.map_or(1.0, |top| clip(((window.means[BLOCKS - 1] - top) / (slope * BLOCKS as f64) + 0.2) / 0.7))
}

/// ln of the second half's slope over the first half's; 2 where a half does not rise.
fn bend(means: &[f64; BLOCKS]) -> f64 {
    let slope = |y: &[f64]| 3.0 * (y[3] - y[0]) + (y[2] - y[1]);
    let (first, second) = (slope(&means[..4]), slope(&means[4..]));
    if first <= 0.0 || second <= 0.0 { 2.0 } else { libm::log(second / first).clamp(-2.0, 2.0) }
}

fn clip(share: f64) -> f64 {
    share.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of eight means, seen at their end, with a signal that was known for three windows and never higher.
    fn shape(means: [f64; BLOCKS]) -> Option<Shape> {
        let times = std::array::from_fn(|i| i as f64 + 0.5);
        let window = Window { times, means, start: 24.0, end: 32.0, top: Some(means[0]), fall: 0.0, scatter: None };
        Shape::of(&window, &Line::through(&window), 0, 32.0, 0.0)
    }

    #[test]
    fn a_line_is_clean_and_new() {
        let shape = shape([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]).unwrap();
        assert_eq!((shape.slope, shape.line, shape.t), (1.0, 7.5, 1e3));
        assert_eq!((shape.bend, shape.evidence, shape.novelty), (0.0, 1.0, 1.0));
    }

    #[test]
    fn a_step_a_swing_or_a_known_height_is_no_evidence() {
        let evidence = |means| shape(means).map_or(0.0, |shape| shape.evidence);
        assert!(evidence([0.0, 0.0, 0.0, 0.0, 5.0, 5.0, 5.0, 5.0]) < 0.1);
        assert!(evidence([0.0, 3.0, 1.0, 4.0, 2.0, 5.0, 3.0, 6.0]) < 0.1);
        assert!(evidence([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 9.0]) < 0.1);
        assert_eq!(shape([7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0]), None);
        let window = Window {
            times: std::array::from_fn(|i| i as f64),
            means: std::array::from_fn(|i| i as f64),
            start: 24.0,
            end: 32.0,
            top: Some(20.0),
            fall: 0.0,
            scatter: None,
        };
        assert_eq!(Shape::of(&window, &Line::through(&window), 0, 32.0, 0.0).unwrap().novelty, 0.0);
    }

    #[test]
    fn the_bend_tells_rising_from_flattening() {
        let bend = |power: f64| shape(std::array::from_fn(|i| libm::pow(i as f64, power))).unwrap().bend;
        assert!(bend(0.5) < -0.2 && 0.2 < bend(2.0));
    }
}
