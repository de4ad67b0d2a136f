//! Decimal numbers read in place: the short ones exactly by one division, the rest by the standard library.

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The greatest integer up to which doubles hold every integer.
const EXACT: u64 = 1 << 53;

/// Reads the number of a line protocol field (`1.5`, `-3i`, `7u`, `1e9`, `NaN`) that starts at `start`.
///
/// Answers the value and the byte after it, nothing where there is no such number. Correctly rounded: a mantissa below
/// 2^53 divided by an exact power of ten is (Clinger, "How to read floating point numbers accurately", 1990).
pub(super) fn scan(bytes: &[u8], start: usize) -> Option<(f64, usize)> {
    match scan_short(bytes, start) {
        Some((value, end)) if matches!(bytes.get(end), None | Some(b',' | b' ' | b'\n' | b'\r')) => Some((value, end)),
        _ => scan_any(bytes, start),
    }
}

/// Reads a JSON number; the grammar's finer rules (no zero in front, a digit behind the point) are not asked.
#[inline]
pub(super) fn scan_json(bytes: &[u8], start: usize) -> Option<(f64, usize)> {
    let ends = |at| matches!(bytes.get(at), None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'));
    match scan_short(bytes, start) {
        Some((value, end)) if ends(end) => return Some((value, end)),
        _ => {}
    }
    let rest = &bytes[start..];
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let end = start + rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
    let text = std::str::from_utf8(&bytes[start..end]).ok()?;
    Some((text.parse().ok()?, end)).filter(|_| ends(end))
}

/// A decimal of few digits, exactly; what follows it is not looked at.
#[inline]
fn scan_short(bytes: &[u8], start: usize) -> Option<(f64, usize)> {
    let (negative, mut at) = match bytes.get(start)? {
        b'-' => (true, start + 1),
        b'+' => (false, start + 1),
        _ => (false, start),
    };
    let mut mantissa = 0u64;
    let whole = digits(bytes, &mut at, &mut mantissa);
    let mut scale = 0;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        scale = digits(bytes, &mut at, &mut mantissa);
    }
    let exact = whole + scale != 0 && whole + scale <= 18 && mantissa <= EXACT && scale < POWERS.len();
    let value = mantissa as f64 / *POWERS.get(scale)?;
    exact.then_some((if negative { -value } else { value }, at))
}

/// Takes decimal digits into `mantissa` (wrapping beyond 19 of them) and answers how many there were.
#[inline]
fn digits(bytes: &[u8], at: &mut usize, mantissa: &mut u64) -> usize {
    let start = *at;
    while let Some(digit) = bytes.get(*at).map(|byte| byte.wrapping_sub(b'0'))
        && digit < 10
    {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        *at += 1;
    }
    *at - start
}

/// The slow way: suffixes, exponents, more digits than a double holds.
fn scan_any(bytes: &[u8], start: usize) -> Option<(f64, usize)> {
    let rest = &bytes[start..];
    let length = rest.iter().position(|byte| matches!(byte, b',' | b' ' | b'\n' | b'\r')).unwrap_or(rest.len());
    let text = std::str::from_utf8(&rest[..length]).ok()?;
    let value = match text.as_bytes().last()? {
        b'i' => text[..length - 1].parse::<i64>().ok()? as f64,
        b'u' => text[..length - 1].parse::<u64>().ok()? as f64,
        _ => text.parse().ok()?,
    };
    Some((value, start + length))
}

/// Reads an integer that saturates; answers it and the byte after it.
#[inline]
pub(super) fn scan_integer(bytes: &[u8], start: usize) -> Option<(i64, usize)> {
    let negative = bytes.get(start) == Some(&b'-');
    let first = start + usize::from(negative);
    let (mut at, mut value) = (first, 0u64);
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk()).and_then(eight_digits) {
        value = value.wrapping_mul(100_000_000).wrapping_add(eight);
        at += 8;
    }
    digits(bytes, &mut at, &mut value);
    let significant = match at - first {
        0 => return None,
        // Nineteen digits fit into 64 bits; more may be zeros in front.
        count @ ..=19 => count,
        count => count - bytes[first..at].iter().take_while(|byte| **byte == b'0').count(),
    };
    let size = if significant <= 19 { i64::try_from(value).unwrap_or(i64::MAX) } else { i64::MAX };
    Some((if negative { if size == i64::MAX { i64::MIN } else { -size } } else { size }, at))
}

/// Eight ASCII digits at once (Lemire, "Quickly parsing eight digits", 2022); nothing where one is no digit.
#[inline]
fn eight_digits(bytes: &[u8; 8]) -> Option<u64> {
    let word = u64::from_le_bytes(*bytes);
    let low = word.wrapping_sub(0x3030_3030_3030_3030);
    let high = word.wrapping_add(0x4646_4646_4646_4646);
    if (low | high) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = low.wrapping_mul(10).wrapping_add(low >> 8);
    let left = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let right = (pairs >> 16 & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    Some(left.wrapping_add(right) >> 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_end_at_their_delimiter() {
        for (text, value, end) in [
            ("1 ", 1.0, 1),
            ("-0.5,b=2", -0.5, 4),
            ("42i", 42.0, 3),
            ("-42i 7", -42.0, 4),
            ("18446744073709551615u", 18446744073709551615.0, 21),
            ("9223372036854775807i", 9223372036854775807.0, 20),
            ("1.", 1.0, 2),
            (".5\n", 0.5, 2),
            ("+3", 3.0, 2),
            ("1e-3\r\n", 1e-3, 4),
            ("98.09570312500001 1", 98.09570312500001, 17),
            ("0.1", 0.1, 3),
            ("123456789012345678901234567890", 123456789012345678901234567890.0, 30),
            ("1e999", f64::INFINITY, 5),
        ] {
            assert_eq!(scan(text.as_bytes(), 0), Some((value, end)), "{text}");
        }
        assert!(scan(b"NaN", 0).is_some_and(|(value, _)| value.is_nan()));
        for bad in ["", "-", ".", "1x", "1.5i", "i", "9223372036854775808i", "-1u", "1_0", "0x1", "--1"] {
            assert_eq!(scan(bad.as_bytes(), 0), None, "{bad}");
        }
    }

    #[test]
    fn integers_saturate() {
        for (text, value) in [
            ("0", 0),
            ("-7", -7),
            ("1795420800123456789", 1795420800123456789),
            ("-12345678", -12345678),
            ("0000000000000000000000012", 12),
            ("9223372036854775807", i64::MAX),
            ("9223372036854775808", i64::MAX),
            ("99999999999999999999", i64::MAX),
            ("-99999999999999999999", i64::MIN),
        ] {
            assert_eq!(scan_integer(text.as_bytes(), 0), Some((value, text.len())), "{text}");
        }
        assert_eq!(scan_integer(b"-", 0), None);
    }

    proptest! {
        #[test]
        fn every_integer_is_read(value in (i64::MIN + 1)..) {
            prop_assert_eq!(scan_integer(format!("{value} x").as_bytes(), 0).unwrap().0, value);
        }

        #[test]
        fn every_double_of_json_is_read_as_the_standard_library_reads_it(value in proptest::num::f64::NORMAL) {
            for text in [format!("{value}"), format!("{value:e}"), format!("{:.3}", value % 1e9)] {
                let (read, end) = scan_json(format!("[{text}]").as_bytes(), 1).unwrap();
                prop_assert_eq!(read.to_bits(), text.parse::<f64>().unwrap().to_bits());
                prop_assert_eq!(end, text.len() + 1);
            }
        }

        #[test]
        fn every_double_is_read_as_the_standard_library_reads_it(value in proptest::num::f64::NORMAL, decimals in 0usize..20) {
            for text in [format!("{value}"), format!("{value:e}"), format!("{:.decimals$}", value % 1e12)] {
                let (read, end) = scan(text.as_bytes(), 0).unwrap();
                prop_assert_eq!(read.to_bits(), text.parse::<f64>().unwrap().to_bits());
                prop_assert_eq!(end, text.len());
            }
        }
    }
}
