//! What was sent, synced right after each sending, so that a crash repeats at most the one message in flight.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::log::{self, Appender, Contents};
use super::{Damage, StateError};

/// The segment of receipts that is written. What a receipt holds is delivery's to say.
#[derive(Debug)]
pub struct Receipts<T> {
    directory: PathBuf,
    log: Appender,
    kind: PhantomData<fn(T)>,
}

impl<T: Serialize + DeserializeOwned> Receipts<T> {
    pub(super) fn open(directory: &Path, segment: u64) -> Result<Self, StateError> {
        let path = path(directory, segment);
        let log = Appender::open(&path, &log::read(&path)?)?;
        Ok(Receipts { directory: directory.to_owned(), log, kind: PhantomData })
    }

    /// Appends a receipt. When this returns it is durable.
    pub fn append(&mut self, receipt: &T) -> Result<(), StateError> {
        let bytes = postcard::to_allocvec(receipt).expect("a receipt holds nothing that postcard cannot write");
        self.log.append(&bytes)
    }

    /// Goes on in the segment of a checkpoint. Segments before `keep` are removed.
    pub fn rotate(&mut self, segment: u64, keep: u64) -> Result<(), StateError> {
        let path = path(&self.directory, segment);
        self.log = Appender::open(&path, &Contents::default())?;
        super::directory::remove_before(&self.directory, "receipts", keep)
    }
}

pub(super) fn path(directory: &Path, segment: u64) -> PathBuf {
    super::directory::numbered(directory, "receipts", segment)
}

/// All receipts of some segments, in the order of sending.
pub(super) fn read_all<T: DeserializeOwned>(files: &[PathBuf]) -> Result<(Vec<T>, Vec<Damage>), StateError> {
    let (mut all, mut damage) = (Vec::new(), Vec::new());
    for file in files {
        let contents = log::read(file)?;
        damage.extend(contents.damage.clone());
        for payload in &contents.payloads {
            match postcard::from_bytes(payload) {
                Ok(receipt) => all.push(receipt),
                Err(_) => damage.extend(contents.unreadable()),
            }
        }
    }
    Ok((all, damage))
}
