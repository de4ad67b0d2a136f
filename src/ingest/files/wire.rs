//! The one place where a line of a file meets the decoders of the wire.

use super::format::FileFormat;
use super::lines::Line;
use crate::engine::Intake;
use crate::ingest::decode::{Decoder, Format};
use crate::plan::Bounds;
use crate::signal::{Reject, RejectReason, Sink};

/// Decodes the lines of one file.
#[derive(Debug)]
pub(super) struct Wire {
    decoder: Decoder,
    bounds: Bounds,
    row: u64,
    records: u64,
}

impl Wire {
    /// `row` is the number before that of the first line.
    ///
    /// The extension has told the format: JSON documents are told apart line by line, and nothing else is tried.
    pub(super) fn new(format: FileFormat, row: u64) -> Self {
        let format = match format {
            FileFormat::Influx => Format::Influx,
            FileFormat::Otlp => Format::OtlpJson,
            _ => Format::JsonLogs,
        };
        // The reader of lines keeps to the bound already.
        let bounds = Bounds { message_bytes: usize::MAX, ..Bounds::default() };
        Wire { decoder: Decoder::fixed(format), bounds, row, records: 0 }
    }

    /// How many lines were read, blank ones apart.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Takes the next line; blank ones are passed over.
    pub(super) fn line(&mut self, line: Line<'_>, intake: &mut Intake<'_>) {
        self.row += 1;
        if line.is_blank() {
            return;
        }
        self.records += 1;
        intake.row = self.row;
        match line {
            Line::Whole(bytes) => self.decoder.decode("", bytes, None, &self.bounds, intake),
            Line::TooLong(bytes) => {
                intake.reject(Reject::new(RejectReason::TooLarge, format!("a line of {bytes} bytes")));
            }
        }
    }
}
