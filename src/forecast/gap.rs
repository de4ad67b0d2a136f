//! Values as gaps to the bound: up is bad, zero is the bound.

use serde::{Deserialize, Serialize};

use crate::plan::{Bound, Side};

/// No gap is larger: what is so far away needs no number, and squares of it stay finite.
const FARTHEST: f64 = 1e15;

/// Turns values into gaps to the bound. The unit is a power of two taken from the bound and the first value that is not
/// zero, so that multiplying signal and bound by a power of two changes no gap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Gap {
    level: f64,
    side: Side,
    unit: Option<f64>,
}

impl Gap {
    pub(super) fn new(bound: Bound) -> Self {
        Gap { level: bound.level, side: bound.side, unit: None }
    }

    /// The gap of a value: negative while the bound is kept, positive once it is passed.
    pub(super) fn of(&mut self, value: f64) -> f64 {
        let unit = match self.unit {
            Some(unit) => unit,
            None => {
                let size = self.level.abs().max(value.abs());
                if size == 0.0 || !size.is_finite() {
                    return 0.0;
                }
                let unit = libm::ldexp(1.0, libm::frexp(size).1.clamp(-1020, 1020));
                *self.unit.insert(unit)
            }
        };
        let gap = value / unit - self.level / unit;
        let turned = match self.side {
            Side::Above => gap,
            Side::Below => -gap,
        };
        turned.clamp(-FARTHEST, FARTHEST)
    }

    /// A difference of gaps in the signal's own unit and direction.
    pub(super) fn in_signal_units(&self, difference: f64) -> f64 {
        let turned = match self.side {
            Side::Above => difference,
            Side::Below => -difference,
        };
        turned * self.unit.unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_is_bad_and_the_unit_is_a_power_of_two() {
        let mut above = Gap::new(Bound { level: 0.95, side: Side::Above });
        assert!(above.of(0.5) < 0.0 && 0.0 < above.of(0.96) && above.of(0.95) == 0.0);
        let mut below = Gap::new(Bound { level: 10.0, side: Side::Below });
        assert!(below.of(12.0) < 0.0 && 0.0 < below.of(9.0));
        let past = below.of(9.0);
        assert_eq!(below.in_signal_units(past), -1.0);
        let mut scaled = Gap::new(Bound { level: 0.95 * 1024.0, side: Side::Above });
        assert_eq!(above.of(0.3), scaled.of(0.3 * 1024.0));
    }

    #[test]
    fn any_finite_value_has_a_finite_gap() {
        for level in [0.0, 1.0, f64::MAX, -f64::MAX, f64::MIN_POSITIVE, 5e-324] {
            for value in [0.0, -1.0, f64::MAX, -f64::MAX, 5e-324] {
                for side in [Side::Above, Side::Below] {
                    assert!(Gap::new(Bound { level, side }).of(value).is_finite(), "{level} {value}");
                }
            }
        }
    }
}
