//! A file's bytes as its reader sees them: unpacked, from any place on, counted.
#![expect(clippy::disallowed_methods, reason = "reading files is what this module is for")]

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::find::Input;
use super::format::Packing;

/// The unpacked bytes of a file.
pub(super) type Bytes = Box<dyn Read + Send>;

/// Opens a file so that reading goes on at byte `offset` of what it holds. `counted` grows by the bytes read of the file.
pub(super) fn open(input: &Input, offset: u64, counted: &Arc<AtomicU64>) -> io::Result<Bytes> {
    let mut file = File::open(&input.path)?;
    if input.packing == Packing::Plain {
        // A pipe cannot seek, and need not at its start.
        if 0 < offset {
            file.seek(SeekFrom::Start(offset))?;
        }
        return Ok(Box::new(Counted { from: file, counted: Arc::clone(counted) }));
    }
    // What was read before is counted already.
    let counted = if offset == 0 { Arc::clone(counted) } else { Arc::default() };
    let file = BufReader::with_capacity(64 << 10, Counted { from: file, counted });
    let mut bytes: Bytes = match input.packing {
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(file)?),
        Packing::Gzip | Packing::Plain => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
    };
    io::copy(&mut bytes.by_ref().take(offset), &mut io::sink())?;
    Ok(bytes)
}

/// The unpacked bytes of a file from its begin on. `counted` grows by the bytes read of the file.
///
/// # Errors
/// Where it cannot be opened or is not packed as its name says.
pub fn unpack(input: &Input, counted: &Arc<AtomicU64>) -> io::Result<Box<dyn Read + Send>> {
    open(input, 0, counted)
}

struct Counted<R> {
    from: R,
    counted: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.counted.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
