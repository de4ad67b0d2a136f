//! State on disk: what a crash must not take away.
//!
//! A *checkpoint* is the whole state at one moment: positions, gate, engine, outbox, decoder memory, together. The
//! *journal* holds what no partition holds, with the positions at which it acted, synced before it acts. *Receipts* say
//! what was sent, synced right after the sending. After a crash the last checkpoint is read, the records since then are
//! read again up to each entry of the journal, and the same things are said with the same ids.
//!
//! Segment `n` of the journal and of the receipts follows checkpoint `n`; segment 0 follows the start from nothing. The
//! last two checkpoints are kept, with the segments since the older one.
#![expect(clippy::disallowed_methods, reason = "this module is where files are read and written")]

mod checkpoint;
mod directory;
mod history;
mod journal;
mod log;
mod positions;
mod receipts;

pub use checkpoint::{Checkpoint, SECTION, Section};
pub use directory::{Opened, Saved, StateDirectory, last_checkpoint};
pub use history::{History, told};
pub use journal::{Act, Entry, Journal};
pub use log::Damage;
pub use positions::Positions;
pub use receipts::Receipts;

use std::path::{Path, PathBuf};

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process has the directory.
    #[error("state directory {} is in use by {holder}; stop that one, or set another [state] directory", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
        /// The process, as far as it is known.
        holder: String,
    },
    /// The file system refused.
    #[error("{step} {}: {source}; check the disk and the permissions of the [state] directory", path.display())]
    Io {
        /// What was tried.
        step: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Written by a newer release.
    #[error("{}: format {found}, this release reads up to {known}; run the release that wrote it", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The last format known here.
        known: u32,
    },
}

impl StateError {
    /// Whether there is no room: that passes, and what was refused can be tried again.
    pub fn is_full(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, StateError::Io { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded))
    }

    fn io(step: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StateError {
        let path = path.to_owned();
        move |source| StateError::Io { step, path, source }
    }
}

/// Makes the names in a directory durable.
fn sync_directory(path: &Path) -> Result<(), StateError> {
    std::fs::File::open(path).and_then(|d| d.sync_all()).map_err(StateError::io("sync", path))
}
