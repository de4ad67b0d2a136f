//! A recording, read from its first file to its last.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::{FORMAT, Follows, head, kind};
use crate::alert::AlertRecord;
use crate::frame::{Next, Reader, Row};
use crate::ingest::Received;
use crate::ingest::files::{self, Input};
use crate::ingest::gate::PartitionId;
use crate::state::{Act, Checkpoint};
use crate::time::Timestamp;

/// Who plays a recording: what it is handed is in the order of judging.
pub trait Stage {
    /// Why it cannot go on.
    type Error;

    /// Judging begins, or begins anew, with this state.
    fn state(&mut self, state: &Checkpoint);
    /// A record was read.
    fn record(&mut self, from: &PartitionId, message: Received<'_>);
    /// What was read of a partition was judged, up to this offset.
    ///
    /// # Errors
    /// Where the results cannot be handed on.
    fn judge(&mut self, from: &PartitionId, next: i64) -> Result<(), Self::Error>;
    /// The journal acted.
    ///
    /// # Errors
    /// Where the results cannot be handed on.
    fn act(&mut self, act: &Act) -> Result<(), Self::Error>;
    /// The process said something about itself.
    ///
    /// # Errors
    /// Where the results cannot be handed on.
    fn own(&mut self, record: AlertRecord) -> Result<(), Self::Error>;
    /// Something about the recording that a person should know.
    fn note(&mut self, words: String);
}

/// The files of a recording, in order.
#[derive(Debug)]
pub struct Tape {
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    name: String,
    folder: PathBuf,
    number: u64,
    follows: Follows,
    reader: Reader,
}

/// Where reading stands.
#[derive(Debug, Default)]
struct Place {
    /// The pieces of a state so far.
    state: Vec<u8>,
    /// The state of this file is of no use: the file before it led here.
    skip_state: bool,
    /// The partition of the last row.
    partition: Option<PartitionId>,
    /// Acts and records that this release does not know.
    unknown: u64,
}

impl Tape {
    /// Reads the heads of the files and puts them in order; gives those that cannot be read, and why. `counted` grows by
    /// the bytes read.
    pub fn open(inputs: &[Input], counted: &Arc<AtomicU64>) -> (Tape, Vec<(PathBuf, io::Error)>) {
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        for input in inputs {
            match open(input, counted) {
                Ok(file) => files.push(file),
                Err(error) => problems.push((input.path.clone(), error)),
            }
        }
        files.sort_by(|a, b| (&a.folder, a.number).cmp(&(&b.folder, b.number)));
        (Tape { files }, problems)
    }

    /// Whether no file can be read.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Plays it from begin to end.
    ///
    /// # Errors
    /// Those of the stage.
    pub fn play<S: Stage>(self, stage: &mut S) -> Result<(), S::Error> {
        let mut led_to: Option<(PathBuf, u64)> = None;
        for mut file in self.files {
            let before = led_to.take();
            let here = (file.folder.clone(), file.number);
            let leads_here = before.as_ref() == Some(&here) && file.follows == Follows::File;
            if file.follows == Follows::Gap && before.is_some() {
                stage.note(format!(
                    "{}: before it some could not be recorded; it goes on from its own state",
                    file.name
                ));
            } else if file.follows == Follows::File && before.is_some() && !leads_here {
                stage.note(format!("{}: the file before it is missing; it goes on from its own state", file.name));
            }
            let mut place = Place { skip_state: leads_here, ..Place::default() };
            loop {
                match file.reader.next_rows() {
                    Next::Rows(rows) => rows.each(|row| place.take(row, stage))?,
                    Next::End => {
                        led_to = Some((here.0, here.1 + 1));
                        break;
                    }
                    Next::Torn { why, rows } => {
                        stage.note(format!("{} is torn: {rows} rows are good, then {why}", file.name));
                        led_to = Some((here.0, 0));
                        break;
                    }
                }
            }
            if 0 < place.unknown {
                let unknown = place.unknown;
                stage.note(format!("{}: {unknown} rows of another release are left out", file.name));
            }
        }
        Ok(())
    }
}

fn open(input: &Input, counted: &Arc<AtomicU64>) -> io::Result<File> {
    let reader = Reader::open(files::unpack(input, counted)?)?;
    let says = |key: &str| reader.head().get(key).cloned();
    let format: Option<u32> = says(head::FORMAT).and_then(|format| format.parse().ok());
    match format {
        None => return Err(io::Error::other("it is no recording of forewarn: its head does not say so")),
        Some(format) if FORMAT < format => {
            let by = says(head::VERSION).unwrap_or_default();
            let words = format!("a recording of format {format}, this release reads up to {FORMAT}; use forewarn {by}");
            return Err(io::Error::other(words));
        }
        Some(_) => {}
    }
    Ok(File {
        name: input.path.display().to_string(),
        folder: input.path.parent().unwrap_or(std::path::Path::new("")).to_owned(),
        number: says(head::NUMBER).and_then(|number| number.parse().ok()).unwrap_or(0),
        follows: Follows::read(&says(head::FOLLOWS).unwrap_or_default()),
        reader,
    })
}

impl Place {
    fn take<S: Stage>(&mut self, row: Row<'_>, stage: &mut S) -> Result<(), S::Error> {
        match row.kind {
            kind::STATE => self.state(row, stage),
            kind::RECORD | kind::JUDGED => return self.record(row, stage),
            kind::ACT => match serde_json::from_slice::<Act>(row.value.unwrap_or_default()) {
                Ok(act) => return stage.act(&act),
                Err(_) => self.unknown += 1,
            },
            kind::OWN => match serde_json::from_slice::<AlertRecord>(row.value.unwrap_or_default()) {
                Ok(record) => return stage.own(record),
                Err(_) => self.unknown += 1,
            },
            _ => self.unknown += 1,
        }
        Ok(())
    }

    fn state<S: Stage>(&mut self, row: Row<'_>, stage: &mut S) {
        if self.skip_state {
            return;
        }
        self.state.extend_from_slice(row.value.unwrap_or_default());
        if row.last {
            match Checkpoint::parse(&std::mem::take(&mut self.state)) {
                Ok(state) => stage.state(&state),
                Err(why) => stage.note(format!("the state at the begin of a file cannot be read: {why}")),
            }
        }
    }

    fn record<S: Stage>(&mut self, row: Row<'_>, stage: &mut S) -> Result<(), S::Error> {
        let (Some(topic), Some(partition), Some(offset)) = (row.topic, row.partition, row.offset) else {
            self.unknown += 1;
            return Ok(());
        };
        let same = self.partition.as_ref().is_some_and(|last| *last.topic == *topic && last.partition == partition);
        if !same {
            self.partition = Some(PartitionId { topic: Arc::from(topic), partition });
        }
        let from = self.partition.as_ref().expect("it was just set");
        if row.kind == kind::JUDGED {
            return stage.judge(from, offset);
        }
        let time = row.millis.map(Timestamp::from_millis);
        stage.record(from, Received { offset, time, key: row.key, payload: row.value.unwrap_or_default() });
        Ok(())
    }
}
