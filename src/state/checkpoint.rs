//! The whole state at one moment, in one file.
//!
//! Header: magic, format, number of sections. Section: tag, version, length, xxh3 checksum, payload. Last comes a checksum
//! over everything before it, so that a file is whole or damaged and never in between. A section of unknown tag is carried
//! by the reader and ignored by its owner: one part of the state can change alone.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::{Damage, StateError};

const MAGIC: &[u8; 8] = b"fwcheck\0";
const FORMAT: u32 = 1;

/// The version of the sections that `run` writes.
pub const SECTION: u32 = 1;

/// One part of the state, owned by one module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The owner's word for it.
    pub tag: String,
    /// The owner's version of the payload.
    pub version: u32,
    /// What the owner wrote.
    pub payload: Vec<u8>,
}

/// The whole state at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    sections: Vec<Section>,
}

impl Checkpoint {
    /// Adds a section.
    pub fn put(&mut self, tag: &str, version: u32, payload: Vec<u8>) {
        self.sections.push(Section { tag: tag.to_owned(), version, payload });
    }

    /// The section of this tag and version, if it is there.
    pub fn get(&self, tag: &str, version: u32) -> Option<&[u8]> {
        let section = self.sections.iter().find(|section| section.tag == tag && section.version == version)?;
        Some(&section.payload)
    }

    /// What is in the section of this tag as [`SECTION`] has it; none where it is not there or cannot be read.
    pub fn decode<T: serde::de::DeserializeOwned>(&self, tag: &str) -> Option<T> {
        postcard::from_bytes(self.get(tag, SECTION)?).ok()
    }

    /// Writes it to a temporary file, syncs, renames, syncs the directory: the name stands for a whole file or for none.
    pub(super) fn write(&self, path: &Path) -> Result<u64, StateError> {
        let bytes = self.to_bytes();
        let draft = path.with_extension("draft");
        if let Err(error) = fill(&draft, &bytes) {
            // Where there was no room it would only take some.
            let _ = std::fs::remove_file(&draft);
            return Err(error);
        }
        std::fs::rename(&draft, path).map_err(StateError::io("rename to", path))?;
        if let Some(parent) = path.parent() {
            super::sync_directory(parent)?;
        }
        Ok(bytes.len() as u64)
    }

    /// Reads a file. The inner error is a damaged file, for which the one before it stands in.
    pub(super) fn read(path: &Path) -> Result<Result<Checkpoint, Damage>, StateError> {
        let bytes = std::fs::read(path).map_err(StateError::io("read", path))?;
        match Checkpoint::from_bytes(&bytes) {
            Ok(checkpoint) => Ok(Ok(checkpoint)),
            Err(Unreadable::Damaged(what)) => Ok(Err(Damage { path: path.to_owned(), what: what.to_owned() })),
            Err(Unreadable::Newer(found)) => Err(StateError::Newer { path: path.to_owned(), found, known: FORMAT }),
        }
    }

    /// The whole as bytes, with checksums, as a file holds it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&(self.sections.len() as u32).to_le_bytes());
        for section in &self.sections {
            bytes.extend_from_slice(&(section.tag.len() as u32).to_le_bytes());
            bytes.extend_from_slice(section.tag.as_bytes());
            bytes.extend_from_slice(&section.version.to_le_bytes());
            bytes.extend_from_slice(&(section.payload.len() as u64).to_le_bytes());
            bytes.extend_from_slice(&xxh3_64(&section.payload).to_le_bytes());
            bytes.extend_from_slice(&section.payload);
        }
        let whole = xxh3_64(&bytes);
        bytes.extend_from_slice(&whole.to_le_bytes());
        bytes
    }

    /// Reads what [`Checkpoint::to_bytes`] gave.
    ///
    /// # Errors
    /// Where the bytes are not whole, or of a newer release; in words.
    pub fn parse(bytes: &[u8]) -> Result<Checkpoint, String> {
        Checkpoint::from_bytes(bytes).map_err(|unreadable| match unreadable {
            Unreadable::Damaged(what) => what.to_owned(),
            Unreadable::Newer(found) => format!("format {found}, this release reads up to {FORMAT}"),
        })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Checkpoint, Unreadable> {
        let mut rest = Rest(bytes);
        if rest.take(8)? != MAGIC {
            return Err(Unreadable::Damaged("not a checkpoint"));
        }
        let format = rest.u32()?;
        if FORMAT < format {
            return Err(Unreadable::Newer(format));
        }
        let end =
            bytes.len().checked_sub(8).filter(|&end| 16 <= end).ok_or(Unreadable::Damaged("it ends too early"))?;
        let (body, sum) = bytes.split_at(end);
        if xxh3_64(body).to_le_bytes() != sum {
            return Err(Unreadable::Damaged("the checksum of the whole differs"));
        }
        let count = rest.u32()?;
        let mut sections = Vec::new();
        for _ in 0..count {
            let tag_bytes = rest.u32()? as usize;
            let tag =
                std::str::from_utf8(rest.take(tag_bytes)?).map_err(|_| Unreadable::Damaged("a tag is not text"))?;
            let version = rest.u32()?;
            let (length, checksum) = (rest.u64()?, rest.u64()?);
            let payload = rest.take(usize::try_from(length).unwrap_or(usize::MAX))?;
            if xxh3_64(payload) != checksum {
                return Err(Unreadable::Damaged("the checksum of a section differs"));
            }
            sections.push(Section { tag: tag.to_owned(), version, payload: payload.to_vec() });
        }
        Ok(Checkpoint { sections })
    }
}

enum Unreadable {
    Damaged(&'static str),
    Newer(u32),
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Unreadable::Damaged("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, Unreadable> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into().expect("four bytes were taken")))
    }

    fn u64(&mut self) -> Result<u64, Unreadable> {
        Ok(u64::from_le_bytes(self.take(8)?.try_into().expect("eight bytes were taken")))
    }
}

/// Writes a file and makes it durable.
fn fill(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let mut file = File::create(path).map_err(StateError::io("create", path))?;
    file.write_all(bytes).map_err(StateError::io("write", path))?;
    file.sync_all().map_err(StateError::io("sync", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Checkpoint {
        let mut checkpoint = Checkpoint::default();
        checkpoint.put("positions", 1, vec![1, 2, 3]);
        checkpoint.put("engine", 7, (0..=255).collect());
        checkpoint
    }

    #[test]
    fn what_was_written_is_read() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("checkpoint-1");
        sample().write(&path).unwrap();
        let read = Checkpoint::read(&path).unwrap().unwrap();
        assert_eq!(read, sample());
        assert_eq!(read.get("positions", 1), Some(&[1u8, 2, 3][..]));
        assert_eq!(read.get("positions", 2), None, "another version is not ours to read");
        assert!(!path.with_extension("draft").exists());
    }

    #[test]
    fn a_newer_format_is_refused_and_not_taken_for_damage() {
        let mut bytes = sample().to_bytes();
        bytes[8] = 2;
        assert!(matches!(Checkpoint::from_bytes(&bytes), Err(Unreadable::Newer(2))));
    }

    proptest! {
        /// Any cut and any flipped bit is noticed; nothing panics.
        #[test]
        fn damage_is_always_noticed(cut in 0usize..330, bit in 0u8..8, truncate in any::<bool>()) {
            let whole = sample().to_bytes();
            let at = cut % whole.len();
            let mut bytes = whole.clone();
            if truncate { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            prop_assert!(Checkpoint::from_bytes(&bytes).is_err());
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Checkpoint::from_bytes(&bytes);
        }
    }
}
