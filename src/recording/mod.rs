//! Recordings: what was read, byte by byte, and what acted, in the order in which it was judged.
//!
//! A recording is a folder of files, `recording-00000001.arrow` and on. Each begins with the state at that moment (the
//! sections of a checkpoint that judging needs), so that any file by itself, and a folder whose oldest files went, replays
//! to the same decisions. Then follow rows:
//!
//! | `kind` | the row holds |
//! | --- | --- |
//! | `state` | a piece of the state; `last` marks the last piece |
//! | `record` | a record as it lay in its partition |
//! | `judged` | what was read of this partition was judged, up to the row's offset |
//! | `act` | an act of the journal, as JSON |
//! | `own` | what was said about the process itself, an alert record as JSON |
//!
//! A file is synced before each checkpoint: whatever a crash takes of its tail is read, and recorded, again.
#![expect(clippy::disallowed_methods, reason = "recordings are files, and their age is counted by the wall clock")]

mod recorder;
mod shelf;
mod tape;

pub use recorder::{Counts, Recorder};
pub use tape::{Stage, Tape};

/// The format of recordings that this release writes, and the last that it reads.
const FORMAT: u32 = 1;

/// Words of the head.
mod head {
    pub(super) const FORMAT: &str = "forewarn.recording";
    pub(super) const VERSION: &str = "forewarn.version";
    pub(super) const NUMBER: &str = "forewarn.number";
    pub(super) const FOLLOWS: &str = "forewarn.follows";
}

/// Kinds of rows.
mod kind {
    pub(super) const STATE: &str = "state";
    pub(super) const RECORD: &str = "record";
    pub(super) const JUDGED: &str = "judged";
    pub(super) const ACT: &str = "act";
    pub(super) const OWN: &str = "own";
}

/// What lies before a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follows {
    /// The start of a process.
    Start,
    /// The file before it, without a gap.
    File,
    /// Something that could not be recorded.
    Gap,
}

impl Follows {
    fn word(self) -> &'static str {
        match self {
            Follows::Start => "start",
            Follows::File => "file",
            Follows::Gap => "gap",
        }
    }

    fn read(word: &str) -> Follows {
        match word {
            "file" => Follows::File,
            "gap" => Follows::Gap,
            _ => Follows::Start,
        }
    }
}
