//! Moments, values and rarity as an explanation says them.

use jiff::tz::TimeZone;

use crate::alert::words::quantity;
use crate::detect::surprise;
use crate::time::Timestamp;

/// A moment in local time, with its date and zone: `Mon 2026-11-23 14:10 CET`.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}

/// A value against what was expected: `812 ms, usually 20 ms to 35 ms`.
pub(super) fn against(value: Option<f64>, expected: Option<(f64, f64)>, unit: Option<&str>) -> String {
    let value = value.map_or_else(|| "no value".to_owned(), |value| quantity(value, unit));
    match expected {
        Some((low, high)) => format!("{value}, usually {} to {}", quantity(low, unit), quantity(high, unit)),
        None => value,
    }
}

/// How rare a score is: `a value so odd comes about once in 2,000 of its points`; none for the ordinary.
pub(super) fn rare(score: f64) -> Option<String> {
    let decades = surprise(score);
    // Beyond that the number says more about the model than about the signal.
    if 9.0 <= decades {
        return Some("so odd a point was never seen before".to_owned());
    }
    if decades.is_nan() || decades < 1.0 {
        return None;
    }
    let points = libm::pow(10.0, decades);
    let (scale, unit) = match decades {
        d if d < 3.0 => (1.0, ""),
        d if d < 6.0 => (1e3, ",000"),
        _ => (1e6, " million"),
    };
    // One digit is all that such a number is worth.
    let count = points / scale;
    let digit = libm::pow(10.0, libm::floor(libm::log10(count)));
    Some(format!("so odd a point comes about once in {:.0}{unit} of its points", libm::round(count / digit) * digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rarity_is_said_with_one_digit() {
        let said = [0.0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 1.0, f64::NAN].map(|score| rare(score).unwrap_or_default());
        expect_test::expect![[r#"


            so odd a point comes about once in 50 of its points
            so odd a point comes about once in 2,000 of its points
            so odd a point comes about once in 100,000 of its points
            so odd a point comes about once in 30 million of its points
            so odd a point was never seen before
            so odd a point was never seen before
        "#]]
        .assert_eq(&said.join("\n"));
    }
}
