//! Which files are meant: files as named, folders read recursively in sorted order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use std::{fs, io};

use super::format::{FileFormat, Packing, read_name};
use crate::time::Timestamp;

/// One file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where it is, as it was named.
    pub path: PathBuf,
    /// What it holds.
    pub format: FileFormat,
    /// How it is packed.
    pub packing: Packing,
    /// The name without what tells format and packing.
    pub stem: String,
    /// Folder and stem below the folder that was named, or the stem alone; each input its own.
    pub place: PathBuf,
    /// Told apart from another CSV file of the same stem by this label `file`.
    pub told_apart: Option<String>,
    /// Its length in bytes, as packed.
    pub bytes: u64,
    /// When it was last written.
    pub modified: Timestamp,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system says no.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Its extension is unknown.
    #[error(
        "cannot tell what {} holds: expected .lp, .influx, .otlp.jsonl, .jsonl, .csv, .log or .arrow (each also with .gz or .zst), or --format",
        path.display()
    )]
    Unknown {
        /// The file.
        path: PathBuf,
    },
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The files to read, in the order of the arguments, within a folder sorted.
    pub inputs: Vec<Input>,
    /// Files of unknown extension in folders.
    pub skipped: Vec<PathBuf>,
    /// What cannot be read.
    pub problems: Vec<FileError>,
    /// What a person should know of how files were told apart.
    pub notes: Vec<String>,
}

/// Finds the files; `format` overrides what their extensions tell.
pub fn find(named: &[PathBuf], format: Option<FileFormat>) -> Found {
    let mut found = Found::default();
    let mut visited = BTreeSet::new();
    for path in named {
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => walk(path, path, format, &mut visited, &mut found),
            Ok(meta) => add(path, None, &meta, format, &mut found),
            Err(source) => found.problems.push(FileError::Unreadable { path: path.clone(), source }),
        }
    }
    drop_repeated(&mut found);
    tell_places_apart(&mut found);
    tell_stems_apart(&mut found);
    found
}

fn walk(top: &Path, at: &Path, format: Option<FileFormat>, visited: &mut BTreeSet<PathBuf>, found: &mut Found) {
    let unreadable = |source| FileError::Unreadable { path: at.to_owned(), source };
    // A link back up must not turn into an endless tree.
    match fs::canonicalize(at) {
        Ok(real) => {
            if !visited.insert(real) {
                return;
            }
        }
        Err(source) => return found.problems.push(unreadable(source)),
    }
    let entries: Result<Vec<PathBuf>, io::Error> =
        fs::read_dir(at).and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(source) => return found.problems.push(unreadable(source)),
    };
    entries.sort();
    for path in entries {
        match fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => walk(top, &path, format, visited, found),
            Ok(meta) => add(&path, Some(top), &meta, format, found),
            Err(source) => found.problems.push(FileError::Unreadable { path, source }),
        }
    }
}

fn add(path: &Path, top: Option<&Path>, meta: &fs::Metadata, format: Option<FileFormat>, found: &mut Found) {
    let named = read_name(path);
    let path = path.to_owned();
    let format = match format.or(named.format) {
        Some(format) => format,
        None if top.is_some() => return found.skipped.push(path),
        None => return found.problems.push(FileError::Unknown { path }),
    };
    let folder = top.and_then(|top| path.parent()?.strip_prefix(top).ok()).unwrap_or(Path::new(""));
    let written = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    found.inputs.push(Input {
        place: folder.join(&named.stem),
        format,
        packing: named.packing,
        stem: named.stem,
        told_apart: None,
        bytes: meta.len(),
        modified: Timestamp::from_secs(i64::try_from(written.as_secs()).unwrap_or(i64::MAX)),
        path,
    });
}

/// A file named twice, or by itself and by its folder, is read once.
fn drop_repeated(found: &mut Found) {
    let mut seen = BTreeSet::new();
    let Found { inputs, notes, .. } = found;
    inputs.retain(|input| {
        let first = seen.insert(fs::canonicalize(&input.path).unwrap_or_else(|_| input.path.clone()));
        if !first {
            notes.push(format!("{} is named more than once and read once", input.path.display()));
        }
        first
    });
}

/// Two files that would share a place among the results take their whole path instead, then a number.
fn tell_places_apart(found: &mut Found) {
    let mut holders = BTreeMap::<PathBuf, usize>::new();
    found.inputs.iter().for_each(|input| *holders.entry(input.place.clone()).or_default() += 1);
    let mut taken = BTreeSet::new();
    for input in &mut found.inputs {
        let before = input.place.clone();
        if 1 < holders[&before] {
            let folder = input.path.parent().unwrap_or(Path::new(""));
            let plain = folder.components().filter(|part| matches!(part, std::path::Component::Normal(_)));
            input.place = plain.collect::<PathBuf>().join(&input.stem);
        }
        let whole = input.place.clone();
        let mut number = 1;
        while !taken.insert(input.place.clone()) {
            number += 1;
            input.place = whole.with_file_name(format!("{}-{number}", input.stem));
        }
        if input.place != before {
            let note = format!("{}: results go to {}", input.path.display(), input.place.display());
            found.notes.push(note);
        }
    }
}

/// Two CSV files of one stem would be one signal; a label keeps them apart.
fn tell_stems_apart(found: &mut Found) {
    let mut holders = BTreeMap::<String, usize>::new();
    let inputs = found.inputs.iter_mut().filter(|input| input.format == FileFormat::Csv);
    let inputs: Vec<&mut Input> = inputs.collect();
    inputs.iter().for_each(|input| *holders.entry(input.stem.clone()).or_default() += 1);
    for input in inputs {
        if 1 < holders[&input.stem] {
            input.told_apart = Some(input.place.to_string_lossy().into_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests write files of their own")]

    use super::*;

    fn show(folder: &Path, named: &[&str]) -> String {
        let named: Vec<PathBuf> = named.iter().map(|name| folder.join(name)).collect();
        let found = find(&named, None);
        let prefix = format!("{}/", folder.display());
        let mut lines: Vec<String> = Vec::new();
        for input in &found.inputs {
            let apart = input.told_apart.as_ref().map_or(String::new(), |label| format!(" file={label}"));
            lines.push(format!(
                "{} {:?} {:?} -> {}{apart}",
                input.path.display(),
                input.format,
                input.packing,
                input.place.display()
            ));
        }
        lines.extend(found.skipped.iter().map(|path| format!("skipped {}", path.display())));
        lines.extend(found.problems.iter().map(|problem| problem.to_string()));
        lines.extend(found.notes.clone());
        lines.join("\n").replace(&prefix, "").replace(prefix.trim_start_matches('/'), "TOP/")
    }

    #[test]
    fn files_and_folders_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["d/b.csv", "d/a/b.csv.gz", "d/a/x.log", "d/a/notes.txt", "e/b.csv", "f.txt", "r.arrow", "d/c.jsonl"]
        {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        std::os::unix::fs::symlink(folder.path().join("d"), folder.path().join("d/loop")).unwrap();
        expect_test::expect![[r#"
            d/a/b.csv.gz Csv Gzip -> a/b file=a/b
            d/a/x.log Log Plain -> a/x
            d/b.csv Csv Plain -> b file=b
            d/c.jsonl Json Plain -> c
            r.arrow Recording Plain -> r
            skipped d/a/notes.txt
            cannot tell what f.txt holds: expected .lp, .influx, .otlp.jsonl, .jsonl, .csv, .log or .arrow (each also with .gz or .zst), or --format
            cannot read none.csv: No such file or directory (os error 2)
            d/b.csv is named more than once and read once"#]]
        .assert_eq(&show(folder.path(), &["d", "d/b.csv", "f.txt", "r.arrow", "none.csv"]));
        expect_test::expect![[r#"
            d/b.csv Csv Plain -> TOP/d/b file=TOP/d/b
            e/b.csv Csv Plain -> TOP/e/b file=TOP/e/b
            d/b.csv: results go to TOP/d/b
            e/b.csv: results go to TOP/e/b"#]]
        .assert_eq(&show(folder.path(), &["d/b.csv", "e/b.csv"]));
    }
}
