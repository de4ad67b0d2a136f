//! The cells of a CSV file for those who look at what the engine must not see: labels, serial numbers.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::csv::Cells;
use super::find::Input;
use super::lines::{Line, Lines};
use super::unpack;

/// A longer line gives no cells.
const LONGEST: usize = 8 << 20;

/// The unpacked bytes of a file.
///
/// # Errors
/// Where it cannot be opened.
pub fn open(input: &Input) -> io::Result<Box<dyn Read + Send>> {
    unpack::open(input, 0, &Arc::default())
}

/// Hands the cells of each line to `each`, the header's first. Blank lines are passed over as the reader of values does, so that the
/// `n`th call after the header is row `n` there too; a line that is too long or is not UTF-8 gives cells without text. It may break off.
///
/// # Errors
/// Where the file cannot be read or unpacked.
pub fn read_cells(input: &Input, mut each: impl FnMut(&[&str]) -> ControlFlow<()>) -> io::Result<()> {
    let mut lines = Lines::new(open(input)?, LONGEST, 0);
    let mut cells = Cells::default();
    while let Some(line) = lines.next()? {
        if line.is_blank() {
            continue;
        }
        match line {
            Line::Whole(bytes) => cells.split(bytes),
            Line::TooLong(_) => cells.split(b""),
        }
        let texts: smallvec::SmallVec<[&str; 16]> =
            (0..cells.len()).map(|cell| std::str::from_utf8(cells.get(cell)).unwrap_or("").trim()).collect();
        if each(&texts).is_break() {
            break;
        }
    }
    Ok(())
}
