//! Numbers as JSON documents really hold them: as numbers, or as strings.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A 64-bit integer, signed or not, as a number or a string; `null` is zero, what lies beyond saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Wide(i128);

impl Wide {
    pub(super) fn unsigned(self) -> u64 {
        self.0.clamp(0, i128::from(u64::MAX)) as u64
    }

    pub(super) fn signed(self) -> i64 {
        self.0.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }
}

/// A double as a number or a string (`"NaN"`, `"Infinity"`, `"-Infinity"`, as protobuf's JSON mapping has them).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Real(pub(super) f64);

struct WideVisitor;

impl Visitor<'_> for WideVisitor {
    type Value = Wide;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer, as a number or a string")
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Wide, E> {
        Ok(Wide(i128::from(value)))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Wide, E> {
        Ok(Wide(i128::from(value)))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Wide, E> {
        Ok(Wide(value as i128))
    }
    fn visit_unit<E: Error>(self) -> Result<Wide, E> {
        Ok(Wide(0))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Wide, E> {
        match text.parse::<i128>() {
            Ok(value) => Ok(Wide(value)),
            Err(_) => Err(E::custom(format_args!("`{}` is not an integer", super::quote(text.as_bytes())))),
        }
    }
}

impl<'de> Deserialize<'de> for Wide {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(WideVisitor)
    }
}

struct RealVisitor;

impl Visitor<'_> for RealVisitor {
    type Value = Real;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or one as a string")
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Real, E> {
        Ok(Real(value as f64))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Real, E> {
        Ok(Real(value as f64))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Real, E> {
        Ok(Real(value))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Real, E> {
        match text.parse() {
            Ok(value) => Ok(Real(value)),
            Err(_) => Err(E::custom(format_args!("`{}` is not a number", super::quote(text.as_bytes())))),
        }
    }
}

impl<'de> Deserialize<'de> for Real {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(RealVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_doubles_come_as_numbers_or_strings() {
        for (json, signed, unsigned) in [
            ("\"1544712660300000000\"", 1544712660300000000, 1544712660300000000),
            ("1544712660300000000", 1544712660300000000, 1544712660300000000),
            ("-3", -3, 0),
            ("1e3", 1000, 1000),
            ("\"18446744073709551615\"", i64::MAX, u64::MAX),
            ("1e300", i64::MAX, u64::MAX),
            ("null", 0, 0),
        ] {
            let wide: Wide = serde_json::from_str(json).unwrap();
            assert_eq!((wide.signed(), wide.unsigned()), (signed, unsigned), "{json}");
        }
        for (json, value) in [("1", 1.0), ("-2.5", -2.5), ("\"0.25\"", 0.25), ("\"-Infinity\"", f64::NEG_INFINITY)] {
            assert_eq!(serde_json::from_str::<Real>(json).unwrap(), Real(value), "{json}");
        }
        for bad in ["\"x\"", "\"\"", "[]", "true"] {
            assert!(serde_json::from_str::<Wide>(bad).is_err(), "{bad}");
            assert!(serde_json::from_str::<Real>(bad).is_err(), "{bad}");
        }
    }
}
