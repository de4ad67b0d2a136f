//! Append-only files of framed entries: journal and receipts.
//!
//! A file is a header and frames: length (4 bytes), xxh3 checksum (8 bytes), payload. A tail that a crash cut short is cut
//! off and named; what stands before it counts.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::StateError;

const MAGIC: &[u8; 8] = b"fwlog\0\0\x01";
const FRAME: usize = 12;
/// No entry is ever longer; a longer length is damage.
const LONGEST: usize = 64 << 20;

/// A part of a file that could not be read, and was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// What was wrong, and what was done about it.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.what)
    }
}

/// What stands in a file.
#[derive(Debug, Default)]
pub(super) struct Contents {
    path: PathBuf,
    pub(super) payloads: Vec<Vec<u8>>,
    /// How many bytes of the file are good.
    good: u64,
    pub(super) damage: Option<Damage>,
}

impl Contents {
    /// An entry is whole but of a shape unknown here: another release wrote it.
    pub(super) fn unreadable(&self) -> Option<Damage> {
        let what = "an entry of unknown shape and all after it were left out; another release wrote them".to_owned();
        Some(Damage { path: self.path.clone(), what })
    }
}

/// Reads a file; a missing one is empty.
pub(super) fn read(path: &Path) -> Result<Contents, StateError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(Contents::default()),
        Err(source) => return Err(StateError::io("read", path)(source)),
    };
    let mut contents = Contents { path: path.to_owned(), ..Contents::default() };
    let damage = |what: String| Some(Damage { path: path.to_owned(), what });
    if bytes.len() < MAGIC.len() || &bytes[..MAGIC.len()] != MAGIC {
        if !bytes.is_empty() {
            contents.damage = damage(format!("{} bytes without a header were left out", bytes.len()));
        }
        return Ok(contents);
    }
    let mut at = MAGIC.len();
    while let Some(payload) = frame(&bytes[at..]) {
        contents.payloads.push(payload.to_vec());
        at += FRAME + payload.len();
    }
    contents.good = at as u64;
    if at < bytes.len() {
        let (rest, entries) = (bytes.len() - at, contents.payloads.len());
        contents.damage = damage(format!("{rest} bytes after entry {entries} are damaged and were left out"));
    }
    Ok(contents)
}

fn frame(bytes: &[u8]) -> Option<&[u8]> {
    let head = bytes.get(..FRAME)?;
    let length = u32::from_le_bytes(head[..4].try_into().ok()?) as usize;
    let checksum = u64::from_le_bytes(head[4..].try_into().ok()?);
    let payload = bytes.get(FRAME..FRAME.checked_add(length.min(LONGEST + 1))?)?;
    (length <= LONGEST && xxh3_64(payload) == checksum).then_some(payload)
}

/// Appends to a file and syncs.
#[derive(Debug)]
pub(super) struct Appender {
    path: PathBuf,
    file: File,
    /// Behind its last whole entry.
    end: u64,
}

impl Appender {
    /// Opens a file behind what is good of it; a damaged tail is cut off.
    pub(super) fn open(path: &Path, contents: &Contents) -> Result<Appender, StateError> {
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let mut file = opened.map_err(StateError::io("open", path))?;
        file.set_len(contents.good).map_err(StateError::io("cut", path))?;
        file.seek(SeekFrom::End(0)).map_err(StateError::io("open", path))?;
        if contents.good == 0 {
            file.write_all(MAGIC).map_err(StateError::io("write", path))?;
        }
        file.sync_all().map_err(StateError::io("sync", path))?;
        if let Some(parent) = path.parent() {
            super::sync_directory(parent)?;
        }
        let end = file.stream_position().map_err(StateError::io("open", path))?;
        Ok(Appender { path: path.to_owned(), file, end })
    }

    /// Appends one entry and syncs it: when this returns, no crash takes it away. What fails leaves nothing behind, so that it
    /// can be tried again.
    pub(super) fn append(&mut self, payload: &[u8]) -> Result<(), StateError> {
        let mut framed = Vec::with_capacity(FRAME + payload.len());
        framed.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        framed.extend_from_slice(&xxh3_64(payload).to_le_bytes());
        framed.extend_from_slice(payload);
        let written = self.file.write_all(&framed).map_err(StateError::io("write", &self.path));
        match written.and_then(|()| self.file.sync_data().map_err(StateError::io("sync", &self.path))) {
            Ok(()) => {
                self.end += framed.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.file.set_len(self.end).map_err(StateError::io("cut", &self.path))?;
                self.file.seek(SeekFrom::Start(self.end)).map_err(StateError::io("cut", &self.path))?;
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever a crash leaves of the tail, the entries before it are read, and appending goes on behind them.
        #[test]
        fn a_cut_file_keeps_its_whole_entries(
            entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8), cut in 0usize..400, flip in any::<bool>()
        ) {
            let home = tempfile::tempdir().unwrap();
            let path = home.path().join("journal-1");
            let mut log = Appender::open(&path, &Contents::default()).unwrap();
            let mut ends = vec![MAGIC.len()];
            for entry in &entries {
                log.append(entry).unwrap();
                ends.push(ends[ends.len() - 1] + FRAME + entry.len());
            }
            let mut bytes = std::fs::read(&path).unwrap();
            let cut = cut.min(bytes.len());
            if flip && cut < bytes.len() { bytes[cut] ^= 1 } else { bytes.truncate(cut) }
            std::fs::write(&path, &bytes).unwrap();

            let whole = ends.iter().filter(|&&end| end <= cut).count().saturating_sub(1);
            let read_back = read(&path).unwrap();
            prop_assert_eq!(&read_back.payloads, &entries[..whole]);
            let mut log = Appender::open(&path, &read_back).unwrap();
            log.append(b"next").unwrap();
            let again = read(&path).unwrap();
            prop_assert_eq!(again.payloads.len(), whole + 1);
            prop_assert_eq!(again.damage, None);
        }
    }
}
