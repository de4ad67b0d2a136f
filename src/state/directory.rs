//! The state directory: one process holds it, and it gives back what was last true.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::log::{self, Appender};
use super::{Checkpoint, Damage, Entry, Journal, Receipts, StateError, journal, receipts};

/// A state directory held by this process.
#[derive(Debug)]
pub struct StateDirectory {
    path: PathBuf,
    /// Holds the lock for as long as it lives.
    _lock: File,
    /// The number of the newest checkpoint, 0 before the first.
    newest: u64,
}

/// What was found in a state directory.
#[derive(Debug)]
pub struct Opened<T> {
    /// The directory, locked.
    pub directory: StateDirectory,
    /// The last whole checkpoint; none at the very start.
    pub checkpoint: Option<Checkpoint>,
    /// The entries of the journal since then.
    pub entries: Vec<Entry>,
    /// The receipts since then, and some before.
    pub receipts: Vec<T>,
    /// What could not be read, and what stood in for it.
    pub damage: Vec<Damage>,
    /// The journal, to be written on.
    pub journal: Journal,
    /// The receipts, to be written on.
    pub receipts_log: Receipts<T>,
}

impl StateDirectory {
    /// Locks the directory (it is made where it is missing) and reads what is in it.
    ///
    /// A damaged checkpoint is named and the one before it used, with the longer journal.
    pub fn open<T: Serialize + DeserializeOwned>(path: &Path) -> Result<Opened<T>, StateError> {
        std::fs::create_dir_all(path).map_err(StateError::io("create", path))?;
        let _lock = lock(path)?;
        let mut damage = Vec::new();
        let numbers = numbers(path, "checkpoint")?;
        let mut found = None;
        for &number in numbers.iter().rev() {
            match Checkpoint::read(&numbered(path, "checkpoint", number))? {
                Ok(checkpoint) => {
                    found = Some((number, checkpoint));
                    break;
                }
                Err(bad) => damage.push(bad),
            }
        }
        if let (Some(bad), None) = (damage.last_mut(), &found) {
            bad.what.push_str("; no older one is whole, so everything is learned anew");
        } else if let (Some(bad), Some((number, _))) = (damage.last_mut(), &found) {
            bad.what.push_str(&format!("; checkpoint {number} is used instead"));
        }
        let newest = numbers.last().copied().unwrap_or(0);
        let used = found.as_ref().map(|(number, _)| *number);
        let (entries, journal) = read_journal(path, used, newest, &mut damage)?;
        let files = self::numbers(path, "receipts")?.into_iter().map(|n| numbered(path, "receipts", n));
        let (receipts, bad) = receipts::read_all(&files.collect::<Vec<_>>())?;
        damage.extend(bad);
        let receipts_log = Receipts::open(path, newest)?;
        let directory = StateDirectory { path: path.to_owned(), _lock, newest };
        let checkpoint = found.map(|(_, checkpoint)| checkpoint);
        Ok(Opened { directory, checkpoint, entries, receipts, damage, journal, receipts_log })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a checkpoint and begins the journal's next segment. Returns its size in bytes, and the number and the oldest
    /// number to keep for [`Receipts::rotate`].
    pub fn save(&mut self, checkpoint: &Checkpoint) -> Result<Saved, StateError> {
        let number = self.newest + 1;
        // The journal first: an empty one too many is nothing, a checkpoint without one would begin in the middle.
        let log = Appender::open(&numbered(&self.path, "journal", number), &log::Contents::default())?;
        let bytes = checkpoint.write(&numbered(&self.path, "checkpoint", number))?;
        let before = std::mem::replace(&mut self.newest, number);
        remove_before(&self.path, "checkpoint", before)?;
        remove_before(&self.path, "journal", before)?;
        Ok(Saved { bytes, number, keep: before.saturating_sub(1), journal: Journal::new(log) })
    }
}

/// So often a look is taken again where the process that holds the directory removed what was about to be read.
const LOOKS: usize = 5;

/// The last whole checkpoint of a directory, for those who only look: nothing is locked or written, and another process
/// may hold the directory. None where there is none yet.
pub fn last_checkpoint(path: &Path) -> Result<Option<Checkpoint>, StateError> {
    let mut looks = 0;
    'look: loop {
        looks += 1;
        for &number in numbers(path, "checkpoint")?.iter().rev() {
            match Checkpoint::read(&numbered(path, "checkpoint", number)) {
                Ok(Ok(checkpoint)) => return Ok(Some(checkpoint)),
                Ok(Err(_damaged)) => {}
                Err(StateError::Io { source, .. })
                    if source.kind() == std::io::ErrorKind::NotFound && looks < LOOKS =>
                {
                    continue 'look;
                }
                Err(error) => return Err(error),
            }
        }
        return Ok(None);
    }
}

/// A checkpoint that was written.
#[derive(Debug)]
pub struct Saved {
    /// Its size.
    pub bytes: u64,
    /// Its number.
    pub number: u64,
    /// The oldest segment of receipts that is still needed: a receipt may have been written while the checkpoint was.
    pub keep: u64,
    /// The journal since then.
    pub journal: Journal,
}

fn read_journal(
    path: &Path,
    used: Option<u64>,
    newest: u64,
    damage: &mut Vec<Damage>,
) -> Result<(Vec<Entry>, Journal), StateError> {
    let mut entries = Vec::new();
    let from = used.unwrap_or(0);
    // Without any whole checkpoint the journal's begin is gone too, unless there never was one.
    if used.is_some() || newest == 0 {
        for number in numbers(path, "journal")?.into_iter().filter(|&number| from <= number) {
            let (segment, bad) = journal::entries(&log::read(&numbered(path, "journal", number))?);
            entries.extend(segment);
            damage.extend(bad);
        }
    }
    let last = numbered(path, "journal", newest);
    Ok((entries, Journal::new(Appender::open(&last, &log::read(&last)?)?)))
}

fn lock(path: &Path) -> Result<File, StateError> {
    let file = path.join("lock");
    let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&file);
    let mut held = opened.map_err(StateError::io("open", &file))?;
    match held.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let _ = held.read_to_string(&mut pid);
            let holder = if pid.is_empty() { "another process".into() } else { format!("process {}", pid.trim()) };
            return Err(StateError::Locked { path: path.to_owned(), holder });
        }
        Err(TryLockError::Error(source)) => return Err(StateError::io("lock", &file)(source)),
    }
    held.set_len(0).map_err(StateError::io("write", &file))?;
    held.seek(SeekFrom::Start(0)).map_err(StateError::io("write", &file))?;
    held.write_all(std::process::id().to_string().as_bytes()).map_err(StateError::io("write", &file))?;
    Ok(held)
}

pub(super) fn numbered(directory: &Path, kind: &str, number: u64) -> PathBuf {
    directory.join(format!("{kind}-{number:08}"))
}

/// The numbers of the files of a kind, rising.
fn numbers(directory: &Path, kind: &str) -> Result<Vec<u64>, StateError> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(StateError::io("list", directory))? {
        let name = entry.map_err(StateError::io("list", directory))?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_prefix(kind)).and_then(|rest| rest.strip_prefix('-'));
        all.extend(digits.and_then(|digits| digits.parse::<u64>().ok()));
    }
    all.sort_unstable();
    Ok(all)
}

pub(super) fn remove_before(directory: &Path, kind: &str, keep: u64) -> Result<(), StateError> {
    for number in numbers(directory, kind)?.into_iter().filter(|&number| number < keep) {
        let path = numbered(directory, kind, number);
        std::fs::remove_file(&path).map_err(StateError::io("remove", &path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::gate::PartitionId;
    use crate::state::{Act, Positions};
    use crate::time::Timestamp;

    fn open(path: &Path) -> Opened<u32> {
        StateDirectory::open(path).unwrap()
    }

    fn checkpoint(mark: u8) -> Checkpoint {
        let mut checkpoint = Checkpoint::default();
        checkpoint.put("mark", 1, vec![mark]);
        checkpoint
    }

    fn mark(opened: &Opened<u32>) -> Option<u8> {
        Some(opened.checkpoint.as_ref()?.get("mark", 1)?[0])
    }

    fn positions(a: i64, b: i64) -> Positions {
        [(PartitionId::new("a", 0), a), (PartitionId::new("b", 3), b)].into_iter().collect()
    }

    fn secs(act: &Act) -> i64 {
        match act {
            Act::Advance(to) => to.nanos() / 1_000_000_000,
            other => panic!("{other:?}"),
        }
    }

    fn step(journal: &mut Journal, at: (i64, i64), to: i64) {
        journal.append(&positions(at.0, at.1), &Act::Advance(Timestamp::from_secs(to))).unwrap();
    }

    fn shown(opened: &Opened<u32>) -> Vec<(i64, Positions)> {
        opened.entries.iter().map(|entry| (secs(&entry.act), entry.positions.clone())).collect()
    }

    #[test]
    fn what_was_true_before_a_crash_is_given_back() {
        let home = tempfile::tempdir().unwrap();
        let mut first = open(home.path());
        assert_eq!((mark(&first), first.entries.len()), (None, 0));
        step(&mut first.journal, (1, 1), 10);
        step(&mut first.journal, (5, 1), 20);
        first.receipts_log.append(&7).unwrap();
        drop(first);

        let mut second = open(home.path());
        assert_eq!(shown(&second), [(10, positions(1, 1)), (20, positions(5, 1))]);
        assert_eq!(second.receipts, [7]);
        let mut saved = second.directory.save(&checkpoint(1)).unwrap();
        step(&mut saved.journal, (6, 1), 30);
        second.receipts_log.rotate(saved.number, saved.keep).unwrap();
        second.receipts_log.append(&8).unwrap();
        drop((second, saved));

        let third = open(home.path());
        assert_eq!(mark(&third), Some(1));
        assert_eq!(shown(&third), [(30, positions(6, 1))]);
        assert_eq!(third.receipts, [7, 8]);
        assert_eq!(third.damage, []);
    }

    #[test]
    fn a_damaged_checkpoint_is_named_and_the_one_before_stands_in_with_its_journal() {
        let home = tempfile::tempdir().unwrap();
        let mut opened = open(home.path());
        for n in 1..=3u8 {
            let mut saved = opened.directory.save(&checkpoint(n)).unwrap();
            step(&mut saved.journal, (i64::from(n), 0), i64::from(n) * 10);
        }
        drop(opened);
        let newest = numbered(home.path(), "checkpoint", 3);
        let mut bytes = std::fs::read(&newest).unwrap();
        bytes[30] ^= 1;
        std::fs::write(&newest, bytes).unwrap();

        let opened = open(home.path());
        assert_eq!(mark(&opened), Some(2));
        assert_eq!(shown(&opened), [(20, positions(2, 0)), (30, positions(3, 0))]);
        assert_eq!(opened.damage.len(), 1);
        expect_test::expect!["the checksum of the whole differs; checkpoint 2 is used instead"]
            .assert_eq(&opened.damage[0].what);
        assert_eq!(numbers(home.path(), "checkpoint").unwrap(), [2, 3]);
        assert_eq!(numbers(home.path(), "journal").unwrap(), [2, 3]);
    }

    #[test]
    fn one_process_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let held = open(home.path());
        let refused = StateDirectory::open::<u32>(home.path()).unwrap_err();
        let holder = format!("process {}", std::process::id());
        assert!(matches!(&refused, StateError::Locked { holder: named, .. } if *named == holder), "{refused}");
        drop(held);
        open(home.path());
    }
}
