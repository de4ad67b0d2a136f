//! The frame of a snapshot: tagged, versioned, length-prefixed sections.
//!
//! A reader that meets a section it does not know, or one of a version it cannot read, skips exactly that section; what
//! it held starts anew alone, and says so.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Appends sections to a buffer.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// One section: tag, version, length, body.
    pub(super) fn put<T: Serialize + ?Sized>(&mut self, tag: u8, version: u8, value: &T) {
        self.bytes.extend([tag, version]);
        let length_at = self.bytes.len();
        self.bytes.extend([0; 4]);
        let bytes = std::mem::take(&mut self.bytes);
        self.bytes =
            postcard::to_extend(value, bytes).expect("writing to memory cannot fail for types without custom errors");
        let length = (self.bytes.len() - length_at - 4) as u32;
        self.bytes[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// One section as found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section<'a> {
    pub(super) tag: u8,
    pub(super) version: u8,
    body: &'a [u8],
}

impl Section<'_> {
    /// The value, if the body is what this release writes.
    pub(super) fn read<T: DeserializeOwned>(&self, version: u8) -> Option<T> {
        if self.version != version {
            return None;
        }
        postcard::from_bytes(self.body).ok()
    }
}

/// The sections of a snapshot in order; ends at the first frame that is cut off.
pub(super) fn sections(mut bytes: &[u8]) -> impl Iterator<Item = Section<'_>> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.split_at_checked(6)?;
        let length = u32::from_le_bytes([head[2], head[3], head[4], head[5]]) as usize;
        let (body, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        Some(Section { tag: head[0], version: head[1], body })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_of_another_version_is_skipped_alone() {
        let mut writer = Writer::default();
        writer.put(1, 1, "old");
        writer.put(2, 1, &7u64);
        let mut bytes = writer.into_bytes();
        bytes.extend([3, 1, 255, 0, 0, 0, 1]); // cut off
        let found: Vec<_> = sections(&bytes).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].read::<String>(2), None);
        assert_eq!(found[0].read::<String>(1).as_deref(), Some("old"));
        assert_eq!(found[1].read::<u64>(1), Some(7));
    }
}
