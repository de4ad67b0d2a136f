//! The files of a recording in their folder: numbered, bounded, the oldest goes first.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

/// The files of a folder by number, oldest first, with their sizes and when they were last written.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) files: Vec<Kept>,
}

#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    written: SystemTime,
}

pub(super) fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("recording-{number:08}.arrow"))
}

impl Shelf {
    pub(super) fn look(folder: &Path) -> io::Result<Shelf> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let number = name.strip_prefix("recording-").and_then(|rest| rest.strip_suffix(".arrow"));
            let Some(number) = number.and_then(|number| number.parse().ok()) else { continue };
            let meta = fs::metadata(&path)?;
            let written = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push(Kept { number, bytes: meta.len(), written, path });
        }
        files.sort_by_key(|kept| kept.number);
        Ok(Shelf { files })
    }

    pub(super) fn newest(&self) -> u64 {
        self.files.last().map_or(0, |kept| kept.number)
    }

    /// The files that must go so that the rest keeps to the bounds; the newest stays.
    pub(super) fn beyond(&self, bytes: u64, age: Duration, now: SystemTime) -> Vec<Kept> {
        let mut all: u64 = self.files.iter().map(|kept| kept.bytes).sum();
        let mut gone = Vec::new();
        for kept in self.files.iter().rev().skip(1).rev() {
            let old = now.duration_since(kept.written).is_ok_and(|since| age < since);
            if all <= bytes && !old {
                break;
            }
            all -= kept.bytes;
            gone.push(kept.clone());
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_the_newest_stays() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let kept = |number: u64, bytes: u64, age: u64| {
            let written = now - Duration::from_secs(age);
            Kept { number, path: path_of(Path::new("r"), number), bytes, written }
        };
        let shelf = Shelf { files: vec![kept(1, 10, 500), kept(2, 10, 400), kept(3, 30, 2)] };
        let gone = |bytes, age| -> Vec<u64> {
            shelf.beyond(bytes, Duration::from_secs(age), now).iter().map(|kept| kept.number).collect()
        };
        assert_eq!(gone(50, 1000), [] as [u64; 0]);
        assert_eq!(gone(49, 1000), [1]);
        assert_eq!(gone(30, 1000), [1, 2]);
        assert_eq!(gone(1, 1000), [1, 2], "the newest is written");
        assert_eq!(gone(50, 450), [1], "too old");
        assert_eq!(gone(50, 1), [1, 2]);
    }
}
