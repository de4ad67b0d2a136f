//! The recorder: writes beside the judging, within its bounds, and never stands in its way.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::shelf::{Shelf, path_of};
use super::{FORMAT, Follows, head, kind};
use crate::alert::AlertRecord;
use crate::config::Recording;
use crate::frame::{Head, Row, Writer};
use crate::ingest::Received;
use crate::ingest::gate::PartitionId;
use crate::state::Act;
use crate::time::Timestamp;

/// A state is written in pieces of so many bytes.
const PIECE: usize = 1 << 20;
/// After a failure it is tried again so much later.
const AGAIN: Duration = Duration::from_secs(60);
/// A file is never smaller than so many times the state at its begin.
const STATES: u64 = 4;

/// What the recorder did and could not do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records written.
    pub records: u64,
    /// Bytes on disk, the file being written among them.
    pub bytes: u64,
    /// Files that went because of the bounds.
    pub removed: u64,
    /// How often it could not write.
    pub failures: u64,
}

/// Writes a recording into a folder.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    bounds: Recording,
    open: Option<Open>,
    follows: Follows,
    newest: u64,
    /// What the files before the open one take.
    before: u64,
    counts: Counts,
    trouble: Option<String>,
    again: Option<Instant>,
}

#[derive(Debug)]
struct Open {
    writer: Writer,
    path: PathBuf,
    /// The size at which the next file begins.
    full: u64,
    began: Instant,
    has_rows: bool,
}

impl Recorder {
    /// A recorder that writes into this folder, which is made where it is missing.
    ///
    /// # Errors
    /// Where the folder cannot be made or read.
    pub fn open(folder: &Path, bounds: Recording) -> io::Result<Recorder> {
        std::fs::create_dir_all(folder)?;
        let shelf = Shelf::look(folder)?;
        // So that a folder that cannot be written is known before anything is read.
        let probe = folder.join(".probe");
        std::fs::write(&probe, b"")?;
        std::fs::remove_file(&probe)?;
        Ok(Recorder {
            folder: folder.to_owned(),
            bounds,
            open: None,
            follows: Follows::Start,
            newest: shelf.newest(),
            before: shelf.files.iter().map(|kept| kept.bytes).sum(),
            counts: Counts::default(),
            trouble: None,
            again: None,
        })
    }

    /// Whether a file begins with what comes next: then [`begin`](Recorder::begin) is owed first. Only to be asked while
    /// nothing read waits to be judged.
    pub fn wants_state(&mut self) -> bool {
        if self.open.as_ref().is_some_and(|open| open.is_full(&self.bounds)) {
            self.end(Follows::File);
        }
        self.open.is_none() && self.again.is_none_or(|again| again <= Instant::now())
    }

    /// Begins a file with the state at this moment.
    pub fn begin(&mut self, state: &[u8]) {
        let number = self.newest + 1;
        let path = path_of(&self.folder, number);
        match self.create(&path, number, state) {
            Ok(open) => {
                self.newest = number;
                self.follows = Follows::File;
                (self.trouble, self.again) = (None, None);
                self.open = Some(open);
            }
            Err(error) => {
                // A begin without its state is of no use.
                let _ = std::fs::remove_file(&path);
                self.fail(&path, &error);
            }
        }
    }

    fn create(&self, path: &Path, number: u64, state: &[u8]) -> io::Result<Open> {
        let says = [
            (head::FORMAT, FORMAT.to_string()),
            (head::VERSION, env!("CARGO_PKG_VERSION").to_owned()),
            (head::NUMBER, number.to_string()),
            (head::FOLLOWS, self.follows.word().to_owned()),
        ];
        let says: Head = says.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let mut writer = Writer::create(path, says)?;
        let pieces = state.chunks(PIECE).count();
        for (n, piece) in state.chunks(PIECE).enumerate() {
            writer.push(Row { kind: kind::STATE, value: Some(piece), last: n + 1 == pieces, ..Row::default() })?;
        }
        writer.flush()?;
        let full = self.bounds.file_size.max(STATES * writer.bytes());
        Ok(Open { writer, path: path.to_owned(), full, began: Instant::now(), has_rows: false })
    }

    /// Takes a record as it was read.
    pub fn record(&mut self, from: &PartitionId, message: Received<'_>) {
        let written = self.push(Row {
            kind: kind::RECORD,
            topic: Some(&from.topic),
            partition: Some(from.partition),
            offset: Some(message.offset),
            millis: message.time.map(millis),
            key: message.key,
            value: Some(message.payload),
            last: false,
        });
        self.counts.records += u64::from(written);
    }

    /// What was read of a partition was judged together, up to this offset.
    pub fn judged(&mut self, from: &PartitionId, next: i64) {
        self.push(Row {
            kind: kind::JUDGED,
            topic: Some(&from.topic),
            partition: Some(from.partition),
            offset: Some(next),
            last: true,
            ..Row::default()
        });
    }

    /// Takes an act of the journal.
    pub fn act(&mut self, act: &Act) {
        let json = serde_json::to_vec(act).expect("an act is JSON");
        self.push(Row { kind: kind::ACT, value: Some(&json), last: true, ..Row::default() });
    }

    /// Takes what was said about the process itself.
    pub fn own(&mut self, record: &AlertRecord) {
        let json = serde_json::to_vec(record).expect("a record is JSON");
        self.push(Row { kind: kind::OWN, value: Some(&json), last: true, ..Row::default() });
    }

    fn push(&mut self, row: Row<'_>) -> bool {
        let Some(open) = &mut self.open else { return false };
        open.has_rows = true;
        match open.writer.push(row) {
            Ok(()) => true,
            Err(error) => {
                let path = open.path.clone();
                self.fail(&path, &error);
                false
            }
        }
    }

    /// Makes durable what was taken, and lets go of what is beyond the bounds. Gives the trouble there is, in words.
    pub fn keep(&mut self) -> Option<&str> {
        if let Some(open) = &mut self.open
            && let Err(error) = open.writer.sync()
        {
            let path = open.path.clone();
            self.fail(&path, &error);
        }
        self.sweep();
        self.trouble.as_deref()
    }

    /// Removes the oldest files beyond the bounds.
    fn sweep(&mut self) {
        let Ok(shelf) = Shelf::look(&self.folder) else { return };
        let age = Duration::from_nanos(self.bounds.age.nanos().max(0).unsigned_abs());
        for kept in shelf.beyond(self.bounds.size, age, SystemTime::now()) {
            self.remove(&kept.path);
        }
        let Ok(shelf) = Shelf::look(&self.folder) else { return };
        let open = self.open.as_ref().map(|_| self.newest);
        self.before = shelf.files.iter().filter(|kept| Some(kept.number) != open).map(|kept| kept.bytes).sum();
    }

    fn remove(&mut self, path: &Path) {
        match std::fs::remove_file(path) {
            Ok(()) => {
                self.counts.removed += 1;
                tracing::info!(path = %path.display(), "the oldest of the recording was removed: [record] size and age");
            }
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the oldest of the recording cannot be removed")
            }
        }
    }

    fn fail(&mut self, path: &Path, error: &io::Error) {
        self.open = None;
        self.follows = Follows::Gap;
        self.counts.failures += 1;
        self.again = Some(Instant::now() + AGAIN);
        self.trouble = Some(format!(
            "cannot write {}: {error}; judging goes on, the recording has a gap and is tried again in a minute",
            path.display()
        ));
        if error.kind() == io::ErrorKind::StorageFull
            && let Ok(shelf) = Shelf::look(&self.folder)
            && 1 < shelf.files.len()
        {
            // What is learned matters more than what was recorded first.
            self.remove(&shelf.files[0].path.clone());
        }
    }

    /// Ends the file; the next row begins another.
    fn end(&mut self, follows: Follows) {
        let Some(open) = self.open.take() else { return };
        self.follows = follows;
        let path = open.path.clone();
        self.before += open.writer.bytes();
        if let Err(error) = open.writer.finish() {
            self.fail(&path, &error);
        }
    }

    /// Ends the recording. Gives the trouble there is, in words.
    pub fn finish(mut self) -> Option<String> {
        self.end(Follows::Start);
        self.sweep();
        self.trouble
    }

    /// What was done so far.
    pub fn counts(&self) -> Counts {
        let open = self.open.as_ref().map_or(0, |open| open.writer.bytes());
        Counts { bytes: self.before + open, ..self.counts }
    }
}

impl Open {
    /// Files take turns in a tenth of the age too, so that what is old can go.
    fn is_full(&self, bounds: &Recording) -> bool {
        let turn = Duration::from_nanos((bounds.age.nanos() / 10).max(1).unsigned_abs());
        self.has_rows && (self.full <= self.writer.bytes() || turn <= self.began.elapsed())
    }
}

fn millis(at: Timestamp) -> i64 {
    at.nanos().div_euclid(1_000_000)
}
