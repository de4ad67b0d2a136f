//! From the surprises of all views to two answers.

use super::views::{COUNT, HOUR, SIZES, Size};

/// What all views together say of one point, in powers of ten of points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fused {
    /// Is any view more surprised than ever? The onset of a trouble wants novelty in any view.
    pub novelty: f64,
    /// How much disagrees now? Agreement of the core views: what a point is worth by itself.
    pub agreement: f64,
    /// The view that is most surprised.
    pub first: usize,
}

/// Surprises below this (once in a hundred points) are ordinary and add nothing.
const ORDINARY: f64 = 2.0;
/// What the other views' excesses add to the greatest surprise.
const NOVELTY_SHARE: f64 = 0.05;
const AGREEMENT_SHARE: f64 = 1.0;

/// The effect that needs no allowance: half of the band in which the signal usually lies (its 10 % to 90 % points). A share of
/// the past range would let one outlier of old make all later ones look small.
const EFFECT: f64 = 0.5;
/// Beyond this many powers of ten surprises are drawn together, and never reach [`LIMIT`]: no tail is known so far out.
const KNEE: f64 = 8.0;
const LIMIT: f64 = 12.0;

/// A view's surprise with the allowance for small effects (`log10(effect / (band / 2))` where negative) and the clock's:
/// `step` is a share of `log10(step / 5 min)`, between counting points and counting time.
pub(super) fn weigh(surprise: f64, size: Size, band: f64, step: f64) -> f64 {
    if surprise <= 0.0 {
        return 0.0;
    }
    let least = EFFECT * band;
    let small = if size.effect < least && 0.0 < size.effect { libm::log10(size.effect / least) } else { 0.0 };
    let weighed = (surprise + small + step).max(0.0);
    if weighed <= KNEE { weighed } else { LIMIT - (LIMIT - KNEE) * (LIMIT - KNEE) / (weighed - KNEE + (LIMIT - KNEE)) }
}

/// Joins the weighed surprises of all views. Where the hours do not fit the signal, what they bring is a height like any other: new
/// perhaps, but nothing that a point should agree with. In the agreement time alone counts: `rest` is what the clock's allowance
/// still lacks to a whole `log10(step / 5 min)`.
pub(super) fn fuse(surprises: &[f64; COUNT], hours_fit: bool, rest: f64) -> Fused {
    let excess = |s: f64| (s - ORDINARY).max(0.0);
    let (mut first, mut top, mut top_core) = (0, 0.0, 0.0_f64);
    let (mut all, mut core) = (0.0, 0.0);
    for (i, (&s, spec)) in surprises.iter().zip(&SIZES).enumerate() {
        if spec.onset {
            all += excess(s);
            if top < s {
                (top, first) = (s, i);
            }
        }
        if spec.core && 0.0 < s && (hours_fit || i != HOUR) {
            core += excess(s + rest);
            top_core = top_core.max(s + rest);
        }
    }
    let join = |top: f64, sum: f64, share: f64| top + share * (sum - excess(top)).max(0.0);
    Fused { novelty: join(top, all, NOVELTY_SHARE), agreement: join(top_core, core, AGREEMENT_SHARE), first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_view_makes_novelty_and_many_make_agreement() {
        let mut surprises = [0.0; COUNT];
        surprises[5] = 6.0;
        let lone = fuse(&surprises, true, 0.0);
        assert_eq!((lone.novelty, lone.agreement, lone.first), (6.0, 0.0, 5));
        surprises[7] = 3.0;
        surprises[1] = 4.0;
        let many = fuse(&surprises, true, 0.0);
        assert!((many.novelty - 6.15).abs() < 1e-12);
        assert_eq!(many.agreement, 5.0);
        let hourly = fuse(&surprises, true, 0.7);
        assert_eq!((hourly.novelty, hourly.agreement), (many.novelty, 4.7 + (3.7 - ORDINARY)), "by time alone");
        surprises[HOUR] = 5.0;
        assert_eq!((fuse(&surprises, true, 0.0).agreement, fuse(&surprises, false, 0.0).agreement), (8.0, 5.0));
    }

    #[test]
    fn weighing_is_strictly_rising_and_bounded() {
        let size = |effect| Size { size: 1.0, effect, early: false };
        let mut last = 0.0;
        for i in 1..200 {
            let s = weigh(f64::from(i) * 0.2, size(1.0), 1.0, 0.0);
            assert!(last < s && s < LIMIT, "{i}: {s}");
            last = s;
        }
        assert_eq!(weigh(5.0, size(0.05), 1.0, 0.0), 4.0);
        assert_eq!(weigh(5.0, size(1.0), 1.0, -0.5), 4.5);
        assert_eq!(weigh(0.0, size(1.0), 1.0, 3.0), 0.0);
    }
}
