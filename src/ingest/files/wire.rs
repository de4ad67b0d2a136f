//! The one place where a line of a file meets the decoders of the wire.

use super::format::FileFormat;
use super::lines::Line;
use crate::engine::Intake;
use crate::signal::{Reject, RejectReason, Sink};

/// Decodes the lines of one file.
#[derive(Debug)]
pub(super) struct Wire {
    format: FileFormat,
    row: u64,
}

impl Wire {
    /// `row` is the number before that of the first line.
    pub(super) fn new(format: FileFormat, row: u64) -> Self {
        Wire { format, row }
    }

    /// Takes the next line; blank ones are passed over.
    pub(super) fn line(&mut self, line: Line<'_>, intake: &mut Intake<'_>) {
        self.row += 1;
        intake.row = self.row;
        match line {
            Line::Whole(bytes) if bytes.trim_ascii().is_empty() => {}
            Line::Whole(bytes) => decode(self.format, bytes, intake),
            Line::TooLong(bytes) => {
                intake.reject(Reject::new(RejectReason::TooLarge, format!("a line of {bytes} bytes")));
            }
        }
    }
}

fn decode(format: FileFormat, bytes: &[u8], intake: &mut Intake<'_>) {
    let detail = format!("{format:?}: {} bytes", bytes.len());
    intake.reject(Reject::new(RejectReason::UnknownFormat, detail));
}
