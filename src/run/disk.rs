//! A full disk: what must be kept waits until there is room, and what can be told without it is told.
//!
//! Records are judged and alerts sent as long as nothing has to be journalled. The clock does not go on without data, for each of
//! its steps is journalled before it acts; where even the place of a record must be journalled, judging waits, and goes on as if
//! nothing had been once there is room. The checkpoint before stays, and the records since then are judged again after a crash.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::RunError;
use super::live::Live;
use crate::state::{Act, StateError};

/// How often it is looked whether there is room.
const LOOK: Duration = Duration::from_millis(500);
/// What the troubles concern: the journal, and the checkpoint, which needs more room.
pub(super) const DISK: &str = "disk";
pub(super) const CHECKPOINT: &str = "checkpoint";

/// Whether an act may be left out where it cannot be journalled: the clock may stand for a while, and who asked for something is
/// told that it was not done.
pub(super) fn may_be_left(act: &Act) -> bool {
    matches!(
        act,
        Act::Advance(_)
            | Act::Change(_)
            | Act::Acknowledge { .. }
            | Act::Unneeded { .. }
            | Act::Silence { .. }
            | Act::Unsilence(_)
    )
}

impl Live {
    /// Writes an act to the journal. False where the disk is full: then it must not act.
    pub(super) fn journalled(&mut self, act: &Act) -> Result<bool, RunError> {
        match self.journal.append(&self.pipeline.positions, act) {
            Ok(()) => {
                self.shared.metrics.journal_entries.inc();
                self.troubles.over(DISK);
                Ok(true)
            }
            Err(error) => self.no_room(DISK, error).map(|()| false),
        }
    }

    /// Writes to the journal what cannot be left out, however long there is no room.
    pub(super) fn journal_at_last(&mut self, act: &Act) -> Result<(), RunError> {
        while !self.journalled(act)? {
            if self.stop.load(Ordering::SeqCst) {
                let words = self.troubles.of(DISK).cloned().unwrap_or_default();
                return Err(RunError::Full(words));
            }
            self.look_at_itself()?;
            self.desk.drive();
            self.publish();
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Takes a refusal of the file system: a full disk is a trouble that passes, any other is the end.
    pub(super) fn no_room(&mut self, what: &str, error: StateError) -> Result<(), RunError> {
        if !error.is_full() {
            return Err(error.into());
        }
        self.troubles.is(what, format!("{error}; what must be kept waits, and nothing is forgotten"));
        Ok(())
    }
}
