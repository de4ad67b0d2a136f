//! What a replay counted and found, and how it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{ReplayError, cannot_write};
use crate::alert::AlertRecord;
use crate::deliver::planned::Planned;
use crate::engine::Engine;
use crate::ingest::files::Files;
use crate::ingest::gate::Admitted;
use crate::signal::Reject;
use crate::time::Timestamp;

/// The report of a replay: the JSON object of `--report`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Lines and data rows read, blank ones apart.
    pub records: u64,
    /// Readings and changes that were admitted.
    pub admitted: u64,
    /// What could not be read, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Readings older than their file's highest time less the lateness; they decided nothing.
    pub late: u64,
    /// Readings of equal signal and time with another value; the greater was kept.
    pub conflicts: u64,
    /// Signals seen.
    pub signals: usize,
    /// Alerts, each counted once.
    pub alerts: usize,
    /// Changes of alerts, as `--alerts` lists them.
    pub revisions: u64,
    /// The newest event time.
    pub newest: Option<String>,
    /// What would have been sent, when and to whom.
    pub notifications: Vec<Planned>,
}

impl std::fmt::Display for Summary {
    /// One sentence for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} records of {} signals judged, {} alerts", self.records, self.signals, self.alerts)?;
        let rejected: u64 = self.rejected.values().sum();
        if 0 < rejected {
            let reasons: Vec<String> =
                self.rejected.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            write!(f, ", {rejected} rejected ({})", reasons.join(", "))?;
        }
        if 0 < self.late {
            write!(f, ", {} late", self.late)?;
        }
        if 0 < self.conflicts {
            write!(f, ", {} in conflict", self.conflicts)?;
        }
        Ok(())
    }
}

/// Counts as the replay goes.
#[derive(Debug, Default)]
pub(super) struct Tally {
    admitted: Admitted,
    rejected: BTreeMap<&'static str, u64>,
    alerts: BTreeSet<String>,
    revisions: u64,
}

impl Tally {
    /// Counts what could not be read; the first of each reason goes to the log.
    pub(super) fn rejects(&mut self, path: &Path, rejects: &[(u64, Reject)]) {
        for (row, reject) in rejects {
            let reason = reject.reason.as_str();
            let count = self.rejected.entry(reason).or_default();
            *count += 1;
            if *count == 1 {
                let row = Files::row_in_file(*row);
                tracing::warn!(reason, path = %path.display(), row, "rejected, the first of its kind: {}", reject.detail);
            }
        }
    }

    pub(super) fn admitted(&mut self, admitted: Admitted) {
        self.admitted.add(admitted);
    }

    pub(super) fn alert(&mut self, record: &AlertRecord) {
        self.revisions += 1;
        if !self.alerts.contains(&record.id) {
            self.alerts.insert(record.id.clone());
        }
    }

    pub(super) fn sum_up(
        self,
        records: u64,
        engine: &Engine,
        newest: Option<Timestamp>,
        notifications: Vec<Planned>,
    ) -> Summary {
        Summary {
            records,
            admitted: self.admitted.admitted,
            rejected: self.rejected,
            late: self.admitted.late,
            conflicts: engine.counts().conflicts,
            signals: engine.directory().len(),
            alerts: self.alerts.len(),
            revisions: self.revisions,
            newest: newest.map(|at| at.to_string()),
            notifications,
        }
    }
}

/// Where the changes of alerts go: the file of `--alerts`, one JSON object a line, or sentences for people.
pub(super) struct AlertLines {
    path: PathBuf,
    out: Box<dyn Write>,
    sentences: bool,
}

impl AlertLines {
    pub(super) fn create(path: &Path) -> Result<Self, ReplayError> {
        let out = open(path).map_err(|source| cannot_write(path, source))?;
        Ok(AlertLines { path: path.to_owned(), out, sentences: false })
    }

    /// Sentences on the standard output, for one who asked for no file.
    pub(super) fn sentences() -> Self {
        AlertLines { path: PathBuf::from("-"), out: Box::new(io::stdout().lock()), sentences: true }
    }

    pub(super) fn write(&mut self, record: &AlertRecord) -> Result<(), ReplayError> {
        let written = match self.sentences {
            true => sentence(&mut self.out, record),
            false => write_line(&mut self.out, record),
        };
        written.map_err(|source| cannot_write(&self.path, source))
    }

    pub(super) fn finish(mut self) -> Result<(), ReplayError> {
        self.out.flush().map_err(|source| cannot_write(&self.path, source))
    }
}

/// Writes the report.
pub(super) fn write(path: &Path, summary: &Summary) -> Result<(), ReplayError> {
    let written = open(path).and_then(|mut out| {
        write_line(&mut out, summary)?;
        out.flush()
    });
    written.map_err(|source| cannot_write(path, source))
}

fn write_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// `2026-01-03T14:13:00Z page opened d612994280e60ec8: disk_used_ratio of db-1 will reach …`
fn sentence(out: &mut impl Write, record: &AlertRecord) -> io::Result<()> {
    let word = |value: serde_json::Result<serde_json::Value>| match value {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    };
    let [urgency, reason] = [serde_json::to_value(record.urgency), serde_json::to_value(record.reason)].map(word);
    writeln!(out, "{} {urgency} {reason} {}: {}", record.at, record.id, record.summary)
}

/// A file anew, or the standard output for `-`.
#[expect(clippy::disallowed_methods, reason = "writing results is what this module is for")]
fn open(path: &Path) -> io::Result<Box<dyn Write>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdout().lock()));
    }
    Ok(Box::new(BufWriter::new(File::create(path)?)))
}
