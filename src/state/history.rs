//! Every record of every alert, as JSON lines: for `explain`, for the status page, for people.
//!
//! Bounded by size: at the bound the file becomes `alerts.1.jsonl` and the one before it is forgotten.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::StateError;
use crate::alert::AlertRecord;

/// The size at which a new file is begun.
const ROTATE_BYTES: u64 = 32 << 20;

/// So many records are kept in memory where the disk has no room for them; then the process ends.
const UNWRITTEN_MOST: usize = 10_000;

/// The history of alerts, on disk and, by id, in memory.
#[derive(Debug)]
pub struct History {
    directory: PathBuf,
    file: File,
    bytes: u64,
    rotate_bytes: u64,
    /// The latest record of each alert, of both files.
    latest: BTreeMap<String, AlertRecord>,
    /// The ids first written in the present file; those before it go when it is full.
    fresh: std::collections::BTreeSet<String>,
    /// What could not be written yet, for there was no room.
    unwritten: VecDeque<Vec<u8>>,
}

impl History {
    /// Opens the history in a state directory. A last line that a crash cut short is cut off.
    pub fn open(directory: &Path) -> Result<History, StateError> {
        History::open_with(directory, ROTATE_BYTES)
    }

    fn open_with(directory: &Path, rotate_bytes: u64) -> Result<History, StateError> {
        let (now, before) = paths(directory);
        let mut latest = BTreeMap::new();
        read(&before, |record| drop(latest.insert(record.id.clone(), record)))?;
        let mut fresh = std::collections::BTreeSet::new();
        let good = read(&now, |record| {
            fresh.insert(record.id.clone());
            latest.insert(record.id.clone(), record);
        })?;
        let opened = OpenOptions::new().create(true).append(true).open(&now);
        let file = opened.map_err(StateError::io("open", &now))?;
        file.set_len(good).map_err(StateError::io("cut", &now))?;
        let unwritten = VecDeque::new();
        Ok(History { directory: directory.to_owned(), file, bytes: good, rotate_bytes, latest, fresh, unwritten })
    }

    /// Whether this revision, or a later one, was written before: after a crash the same things are said again.
    pub fn knows(&self, record: &AlertRecord) -> bool {
        self.latest.get(&record.id).is_some_and(|latest| record.revision <= latest.revision)
    }

    /// Writes a record; one that is known is left out, and false returned. On a full disk it is kept in memory until there is
    /// room: what was decided is told all the same.
    pub fn append(&mut self, record: &AlertRecord) -> Result<bool, StateError> {
        if self.knows(record) {
            return Ok(false);
        }
        if self.rotate_bytes <= self.bytes {
            self.rotate()?;
        }
        let mut line = serde_json::to_vec(record).expect("a record is text, numbers and times");
        line.push(b'\n');
        self.fresh.insert(record.id.clone());
        self.latest.insert(record.id.clone(), record.clone());
        self.unwritten.push_back(line);
        match self.write() {
            Err(full) if full.is_full() && self.unwritten.len() < UNWRITTEN_MOST => Ok(true),
            written => written.map(|()| true),
        }
    }

    /// Writes what is not written yet. What fails leaves nothing behind.
    fn write(&mut self) -> Result<(), StateError> {
        let (now, _) = paths(&self.directory);
        while let Some(line) = self.unwritten.front() {
            if let Err(error) = self.file.write_all(line) {
                self.file.set_len(self.bytes).map_err(StateError::io("cut", &now))?;
                return Err(StateError::io("write", &now)(error));
            }
            self.bytes += line.len() as u64;
            self.unwritten.pop_front();
        }
        Ok(())
    }

    /// Makes what was written durable; a checkpoint that forgets how to say it again comes after this.
    pub fn sync(&mut self) -> Result<(), StateError> {
        self.write()?;
        self.file.sync_data().map_err(StateError::io("sync", &paths(&self.directory).0))
    }

    /// The latest record of every alert that is remembered, by id.
    pub fn latest(&self) -> &BTreeMap<String, AlertRecord> {
        &self.latest
    }

    /// Every record of one alert, in order.
    pub fn of(&self, id: &str) -> Result<Vec<AlertRecord>, StateError> {
        let mut all = Vec::new();
        let (now, before) = paths(&self.directory);
        for path in [before, now] {
            read(&path, |record| {
                if record.id == id {
                    all.push(record);
                }
            })?;
        }
        Ok(all)
    }

    fn rotate(&mut self) -> Result<(), StateError> {
        self.sync()?;
        let (now, before) = paths(&self.directory);
        std::fs::rename(&now, &before).map_err(StateError::io("rename to", &before))?;
        let opened = OpenOptions::new().create(true).append(true).open(&now);
        self.file = opened.map_err(StateError::io("open", &now))?;
        self.bytes = 0;
        let kept = std::mem::take(&mut self.fresh);
        self.latest.retain(|id, _| kept.contains(id));
        super::sync_directory(&self.directory)
    }
}

/// Every record in a state directory, the oldest first, for those who only look: nothing is locked or written, and another
/// process may hold the directory.
pub fn told(directory: &Path) -> Result<Vec<AlertRecord>, StateError> {
    let (now, before) = paths(directory);
    // The younger file first: what is moved to the older one in between is read twice rather than never.
    let (mut young, mut all) = (Vec::new(), Vec::new());
    read(&now, |record| young.push(record))?;
    read(&before, |record| all.push(record))?;
    all.append(&mut young);
    Ok(all)
}

fn paths(directory: &Path) -> (PathBuf, PathBuf) {
    (directory.join("alerts.jsonl"), directory.join("alerts.1.jsonl"))
}

/// Reads the whole lines of a file, and gives the length of what they are; a missing file is empty.
fn read(path: &Path, mut each: impl FnMut(AlertRecord)) -> Result<u64, StateError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(StateError::io("read", path)(source)),
    };
    let (mut reader, mut line, mut good) = (BufReader::new(file), Vec::new(), 0);
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).map_err(StateError::io("read", path))?;
        if line.last() != Some(&b'\n') {
            return Ok(good);
        }
        if let Ok(record) = serde_json::from_slice(&line) {
            each(record);
        }
        good += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, revision: u32) -> AlertRecord {
        let json = serde_json::json!({
            "id": id, "revision": revision, "state": "firing", "kind": "anomaly", "urgency": "page",
            "at": "2026-11-23T08:00:00Z", "since": "2026-11-23T07:59:00Z", "service": "checkout", "summary": "it is slow",
            "signals": [], "breach": null, "suspects": [], "reason": "opened"
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_revision_is_written_once_and_read_back() {
        let home = tempfile::tempdir().unwrap();
        let mut history = History::open(home.path()).unwrap();
        let wrote: Vec<bool> = [("a", 1), ("a", 2), ("a", 1), ("b", 1), ("a", 2)]
            .iter()
            .map(|&(id, revision)| history.append(&record(id, revision)).unwrap())
            .collect();
        assert_eq!(wrote, [true, true, false, true, false]);
        std::fs::OpenOptions::new()
            .append(true)
            .open(home.path().join("alerts.jsonl"))
            .unwrap()
            .write_all(b"{\"id\":\"c\",")
            .unwrap();
        let mut again = History::open(home.path()).unwrap();
        assert!(!again.append(&record("a", 2)).unwrap());
        assert!(again.append(&record("b", 2)).unwrap());
        assert_eq!(again.of("b").unwrap().iter().map(|r| r.revision).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(again.latest()["a"].revision, 2);
    }

    #[test]
    fn its_size_is_bounded() {
        let home = tempfile::tempdir().unwrap();
        let mut history = History::open_with(home.path(), 2000).unwrap();
        for n in 0..100 {
            history.append(&record(&format!("{n:03}"), 1)).unwrap();
        }
        let size: u64 = std::fs::read_dir(home.path()).unwrap().map(|f| f.unwrap().metadata().unwrap().len()).sum();
        assert!(size < 5000, "{size} bytes");
        assert!(history.latest().len() < 20);
        assert!(history.latest().contains_key("099"));
    }
}
