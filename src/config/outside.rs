//! What a configuration takes from outside its text: files beside it and the environment.
#![expect(clippy::disallowed_methods, reason = "the one place of the plan that reads files and the environment")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::reader::Fault;

/// The surroundings of a configuration.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    /// The folder of the configuration file: relative paths start there.
    pub(super) base: PathBuf,
    /// Whether secrets are read; a replay never sends and must work without them.
    pub(super) secrets: bool,
    /// The files there are, instead of those of the file system.
    pub(super) only: Option<BTreeMap<String, String>>,
    /// The files that were read, secrets apart.
    pub(super) seen: RefCell<BTreeMap<String, String>>,
}

impl Outside {
    /// The path as the operator meant it.
    pub(super) fn path(&self, given: &str) -> PathBuf {
        self.base.join(given)
    }

    /// The surroundings of a configuration in this folder.
    pub(super) fn at(base: PathBuf, secrets: bool) -> Self {
        Outside { base, secrets, only: None, seen: RefCell::default() }
    }

    /// The text of a file beside the configuration; it is kept with what was given.
    pub(super) fn read(&self, given: &str) -> Result<String, Fault> {
        let text = match &self.only {
            Some(only) => only.get(given).cloned().ok_or_else(|| Fault::new(format!("`{given}` was not kept")))?,
            None => self.secret(given)?,
        };
        self.seen.borrow_mut().insert(given.to_owned(), text.clone());
        Ok(text)
    }

    /// The text of a file that holds a secret.
    pub(super) fn secret(&self, given: &str) -> Result<String, Fault> {
        read(&self.path(given)).map_err(|why| {
            let message = format!("cannot read `{given}`: {why}");
            Fault::new(message).hint("a relative path starts at the folder of the configuration file")
        })
    }

    /// The names of the files in a folder beside the configuration, in order; hidden ones are left out.
    pub(super) fn list(&self, given: &str) -> Result<Vec<String>, Fault> {
        let entries = std::fs::read_dir(self.path(given)).map_err(|error| {
            Fault::new(format!("cannot read the folder `{given}`: {error}"))
                .hint("a relative path starts at the folder of the configuration file")
        })?;
        let names = entries.flatten().filter(|entry| entry.path().is_file());
        let mut names: Vec<String> = names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        Ok(names)
    }

    /// Whether there is such a file beside the configuration.
    pub(super) fn has(&self, given: &str) -> bool {
        self.path(given).is_file()
    }

    /// A variable of the environment.
    pub(super) fn variable(&self, name: &str) -> Result<String, Fault> {
        std::env::var(name).map_err(|_| {
            Fault::new(format!("the environment has no variable `{name}`"))
                .hint("set it where forewarn is started, or name a file instead")
        })
    }
}

/// The variables of the environment that override a configuration: `FOREWARN_SECTION__KEY`.
pub(super) fn variables() -> BTreeMap<String, String> {
    let all =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    all.filter(|(name, _)| name.starts_with(super::variables::PREFIX) && name.contains("__")).collect()
}

/// The text of a file, or why it cannot be had, in words.
pub(super) fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    })
}
