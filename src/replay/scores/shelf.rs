//! Many result files that grow a little at a time, with few bytes in memory and none of them kept open.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file is written to when it has so many bytes waiting, all are when together they have the second number.
const WAITING_ONE: usize = 64 << 10;
const WAITING_ALL: usize = 32 << 20;

/// A file of a shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIx(usize);

/// The files below one folder.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    files: Vec<Growing>,
    waiting: usize,
}

#[derive(Debug)]
struct Growing {
    path: PathBuf,
    text: Vec<u8>,
    /// Before the first write, what an earlier run left there is replaced.
    begun: bool,
}

impl Shelf {
    pub(super) fn new(folder: &Path) -> Self {
        Shelf { folder: folder.to_owned(), files: Vec::new(), waiting: 0 }
    }

    /// A new file at a place below the folder, beginning with `header`.
    pub(super) fn add(&mut self, place: &Path, header: &str) -> FileIx {
        self.files.push(Growing { path: self.folder.join(place), text: header.as_bytes().to_vec(), begun: false });
        FileIx(self.files.len() - 1)
    }

    /// Appends what `write` writes.
    pub(super) fn append(&mut self, file: FileIx, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let growing = &mut self.files[file.0];
        let before = growing.text.len();
        write(&mut growing.text);
        self.waiting += growing.text.len() - before;
        if WAITING_ONE < growing.text.len() {
            self.waiting = self.waiting.saturating_sub(growing.text.len());
            growing.write()?;
        }
        if WAITING_ALL < self.waiting { self.finish() } else { Ok(()) }
    }

    /// Takes a file away again.
    pub(super) fn remove(&mut self, file: FileIx) -> io::Result<()> {
        let growing = &mut self.files[file.0];
        growing.text = Vec::new();
        if growing.begun { fs::remove_file(&growing.path) } else { Ok(()) }
    }

    /// Writes all that waits.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.waiting = 0;
        self.files.iter_mut().try_for_each(Growing::write)
    }
}

impl Growing {
    fn write(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display()));
        let mut options = OpenOptions::new();
        if self.begun {
            options.append(true);
        } else {
            fs::create_dir_all(self.path.parent().unwrap_or(Path::new(""))).map_err(named)?;
            options.write(true).create(true).truncate(true);
        }
        let mut file = options.open(&self.path).map_err(named)?;
        file.write_all(&self.text).map_err(named)?;
        self.begun = true;
        self.text = Vec::new();
        Ok(())
    }
}
