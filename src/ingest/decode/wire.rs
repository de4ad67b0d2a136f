//! The protobuf wire format, read without copying: tags, varints, fixed words, lengths.
//!
//! <https://protobuf.dev/programming-guides/encoding/>. Groups (wire types 3 and 4) are deprecated and no message that is
//! read here has one: they are a fault.

use crate::signal::{Reject, RejectReason};

/// One field's value as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// `VARINT`: int, uint, bool, enum; sint in zigzag.
    Varint(u64),
    /// `I64`: fixed64, sfixed64, double.
    Fixed64(u64),
    /// `LEN`: string, bytes, message, packed.
    Bytes(&'a [u8]),
    /// `I32`: fixed32, sfixed32, float.
    Fixed32(u32),
}

/// Why the wire cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It ends within a field.
    Truncated,
    /// No tag, varint or wire type of the format.
    Malformed,
    /// Text that is not UTF-8.
    Utf8,
    /// Nested too deeply.
    Deep,
}

impl Fault {
    /// The reject of this fault at a named place.
    pub(super) fn at(self, place: &str) -> Reject {
        let (reason, what) = match self {
            Fault::Truncated => (RejectReason::Truncated, "ends within a field"),
            Fault::Malformed => (RejectReason::Malformed, "is not protobuf of that type"),
            Fault::Utf8 => (RejectReason::InvalidUtf8, "holds text that is not UTF-8"),
            Fault::Deep => (RejectReason::TooDeep, "nests values too deeply"),
        };
        Reject::new(reason, format!("{place}: {what}"))
    }
}

/// The fields of one message, in the order of the wire. Stops after the first fault.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Fields { rest: bytes }
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    fn field(&mut self) -> Result<(u32, Value<'a>), Fault> {
        let tag = varint(&mut self.rest)?;
        let number = u32::try_from(tag >> 3).map_err(|_| Fault::Malformed)?;
        if number == 0 {
            return Err(Fault::Malformed);
        }
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut self.rest)?),
            1 => Value::Fixed64(u64::from_le_bytes(self.take()?)),
            2 => {
                let length = varint(&mut self.rest)?;
                let length = usize::try_from(length).map_err(|_| Fault::Truncated)?;
                let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Fault::Truncated)?;
                self.rest = rest;
                Value::Bytes(bytes)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.take()?)),
            _ => return Err(Fault::Malformed),
        };
        Ok((number, value))
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Fault::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Fault>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Reads one varint of at most ten bytes.
#[inline]
pub(super) fn varint(rest: &mut &[u8]) -> Result<u64, Fault> {
    let (&first, tail) = rest.split_first().ok_or(Fault::Truncated)?;
    if first < 0x80 {
        *rest = tail;
        return Ok(u64::from(first));
    }
    let mut value = 0u64;
    for (at, &byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7F) << (7 * at as u32).min(63);
        if byte < 0x80 {
            *rest = &rest[at + 1..];
            return Ok(value);
        }
    }
    Err(if rest.len() < 10 { Fault::Truncated } else { Fault::Malformed })
}

/// The text of a string field.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| Fault::Utf8)
}

/// A zigzag integer (`sint32`, `sint64`).
pub(super) fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Appends a repeated `fixed64` or `double`: packed, or one value of the unpacked form.
pub(super) fn push_fixed64(value: Value<'_>, into: &mut Vec<u64>) -> Result<(), Fault> {
    match value {
        Value::Fixed64(word) => into.push(word),
        Value::Bytes(packed) => {
            let (words, rest) = packed.as_chunks::<8>();
            if !rest.is_empty() {
                return Err(Fault::Truncated);
            }
            into.extend(words.iter().map(|word| u64::from_le_bytes(*word)));
        }
        _ => return Err(Fault::Malformed),
    }
    Ok(())
}

/// Appends a repeated `uint64`: packed, or one value of the unpacked form.
pub(super) fn push_varint(value: Value<'_>, into: &mut Vec<u64>) -> Result<(), Fault> {
    match value {
        Value::Varint(word) => into.push(word),
        Value::Bytes(mut packed) => {
            while !packed.is_empty() {
                into.push(varint(&mut packed)?);
            }
        }
        _ => return Err(Fault::Malformed),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_encoding_guide_are_read() {
        // "Test1 { optional int32 a = 1 } a = 150" and "Test2 { optional string b = 2 } b = "testing"".
        let fields: Vec<_> = Fields::new(&[0x08, 0x96, 0x01]).collect();
        assert_eq!(fields, [Ok((1, Value::Varint(150)))]);
        let testing = [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67];
        assert_eq!(Fields::new(&testing).collect::<Vec<_>>(), [Ok((2, Value::Bytes(b"testing")))]);
        // "Test5 { repeated int32 f = 6 [packed=true] }  3206038e029ea705".
        let Some(Ok((6, packed))) = Fields::new(&[0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]).next() else {
            panic!("one packed field");
        };
        let mut words = Vec::new();
        push_varint(packed, &mut words).unwrap();
        assert_eq!(words, [3, 270, 86942]);
        // ZigZag table of the guide.
        for (wire, value) in [(0, 0), (1, -1), (2, 1), (3, -2), (0xffff_fffe, 0x7fff_ffff), (0xffff_ffff, -0x8000_0000)]
        {
            assert_eq!(zigzag(wire), value);
        }
    }

    #[test]
    fn every_cut_is_a_fault_or_an_end() {
        for (bytes, fault) in [
            (&[0x08][..], Fault::Truncated),
            (&[0x08, 0x96], Fault::Truncated),
            (&[0x12, 0x07, 0x74], Fault::Truncated),
            (&[0x09, 1, 2, 3], Fault::Truncated),
            (&[0x0d, 1, 2, 3], Fault::Truncated),
            (&[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Fault::Truncated),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Fault::Malformed),
            (&[0x00, 0x00], Fault::Malformed),
            (&[0x0b], Fault::Malformed),
        ] {
            assert_eq!(Fields::new(bytes).collect::<Vec<_>>(), [Err(fault)], "{bytes:x?}");
        }
    }
}
