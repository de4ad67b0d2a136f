//! A folder for the state of one demo, gone with it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Made for one demo, removed at its end.
#[derive(Debug)]
pub(super) struct Home(PathBuf);

impl Home {
    pub(super) fn make() -> io::Result<Home> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let nth = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("forewarn-demo-{}-{nth}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Home(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for what may go.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
