//! Arrow: rows of a recording in files that other tools read too. No other module knows Arrow.
//!
//! A file is an Arrow IPC stream, packed with zstd batch by batch. A stream needs no end to be read: what a crash leaves
//! is good up to the tear. The IPC file format is read as well, for what other tools wrote anew.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::path::Path;
use std::sync::{Arc, Once};

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Int32Builder, Int64Builder, StringBuilder, TimestampMillisecondBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_ipc::CompressionType;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};

/// One row, as it is written: where it came from, what it holds. What `kind` there is is the owner's to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// The owner's word for what this row is.
    pub kind: &'a str,
    /// The topic.
    pub topic: Option<&'a str>,
    /// The partition.
    pub partition: Option<i32>,
    /// The offset.
    pub offset: Option<i64>,
    /// The record's own time, milliseconds since the epoch.
    pub millis: Option<i64>,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The bytes.
    pub value: Option<&'a [u8]>,
    /// The last of those that belong together.
    pub last: bool,
}

/// What the file says of itself, in its first message.
pub type Head = HashMap<String, String>;

fn schema(head: Head) -> Schema {
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let fields = vec![
        Field::new("kind", DataType::Utf8, false),
        Field::new("topic", DataType::Utf8, true),
        Field::new("partition", DataType::Int32, true),
        Field::new("offset", DataType::Int64, true),
        Field::new("timestamp", time, true),
        Field::new("key", DataType::Binary, true),
        Field::new("value", DataType::Binary, true),
        Field::new("last", DataType::Boolean, false),
    ];
    Schema::new_with_metadata(fields, head)
}

/// A file of rows under way.
pub struct Writer {
    stream: StreamWriter<Counted>,
    schema: Arc<Schema>,
    columns: Columns,
    rows: usize,
    waiting: usize,
}

#[derive(Debug, Default)]
struct Columns {
    kind: StringBuilder,
    topic: StringBuilder,
    partition: Int32Builder,
    offset: Int64Builder,
    millis: TimestampMillisecondBuilder,
    key: BinaryBuilder,
    value: BinaryBuilder,
    last: BooleanBuilder,
}

#[derive(Debug)]
struct Counted {
    file: File,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("to", self.stream.get_ref()).field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// So many bytes, or rows, are gathered into one batch.
const BATCH: (usize, usize) = (1 << 20, 16_384);

impl Writer {
    /// Begins a file that must not be there yet.
    ///
    /// # Errors
    /// What the file system says.
    pub fn create(path: &Path, head: Head) -> io::Result<Writer> {
        let file = File::create_new(path)?;
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD)).map_err(io_error)?;
        let counted = Counted { file, bytes: 0 };
        let schema = Arc::new(schema(head));
        let stream = StreamWriter::try_new_with_options(counted, &schema, options).map_err(io_error)?;
        Ok(Writer { stream, schema, columns: Columns::default(), rows: 0, waiting: 0 })
    }

    /// Takes a row; now and then a batch is written.
    ///
    /// # Errors
    /// What the file system says; the rows of the batch are lost then.
    pub fn push(&mut self, row: Row<'_>) -> io::Result<()> {
        let to = &mut self.columns;
        to.kind.append_value(row.kind);
        to.topic.append_option(row.topic);
        to.partition.append_option(row.partition);
        to.offset.append_option(row.offset);
        to.millis.append_option(row.millis);
        to.key.append_option(row.key);
        to.value.append_option(row.value);
        to.last.append_value(row.last);
        self.rows += 1;
        self.waiting += row.value.map_or(0, <[u8]>::len) + row.key.map_or(0, <[u8]>::len);
        if BATCH.0 <= self.waiting || BATCH.1 <= self.rows { self.flush() } else { Ok(()) }
    }

    /// Writes what was gathered.
    ///
    /// # Errors
    /// What the file system says.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        (self.rows, self.waiting) = (0, 0);
        let batch = self.columns.finish(Arc::clone(&self.schema));
        self.stream.write(&batch.map_err(io_error)?).map_err(io_error)
    }

    /// Writes what was gathered, durably.
    ///
    /// # Errors
    /// What the file system says.
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.stream.get_ref().file.sync_data()
    }

    /// Ends the file with its mark.
    ///
    /// # Errors
    /// What the file system says.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.stream.finish().map_err(io_error)?;
        self.stream.get_ref().file.sync_all()
    }

    /// The bytes of the file so far.
    pub fn bytes(&self) -> u64 {
        self.stream.get_ref().bytes
    }
}

impl Columns {
    fn finish(&mut self, schema: Arc<Schema>) -> Result<RecordBatch, ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.kind.finish()),
            Arc::new(self.topic.finish()),
            Arc::new(self.partition.finish()),
            Arc::new(self.offset.finish()),
            Arc::new(self.millis.finish().with_timezone("UTC")),
            Arc::new(self.key.finish()),
            Arc::new(self.value.finish()),
            Arc::new(self.last.finish()),
        ];
        RecordBatch::try_new(schema, columns)
    }
}

fn io_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, source) => source,
        other => io::Error::other(other),
    }
}

/// A file of rows, read batch by batch.
pub struct Reader {
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>,
    head: Head,
    tail: Option<Tail>,
    rows: u64,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("head", &self.head).field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// What came of the next batch.
#[derive(Debug)]
pub enum Next {
    /// Rows.
    Rows(Rows),
    /// The file ends here, with its mark.
    End,
    /// It ends here without one: why, and how many rows were good before it.
    Torn {
        /// Why, in words.
        why: String,
        /// The rows before it.
        rows: u64,
    },
}

impl Reader {
    /// Reads the head of a file, given its bytes.
    ///
    /// # Errors
    /// Where it is no Arrow, or not such a file; in words.
    pub fn open(bytes: Box<dyn Read + Send>) -> io::Result<Reader> {
        guarded(|| Reader::open_sound(bytes)).unwrap_or_else(|| Err(io::Error::other("it is damaged")))
    }

    fn open_sound(mut bytes: Box<dyn Read + Send>) -> io::Result<Reader> {
        let mut start = Vec::new();
        bytes.by_ref().take(FILE.len() as u64).read_to_end(&mut start)?;
        let whole = start == FILE;
        let mut bytes: Box<dyn Read + Send> = Box::new(Cursor::new(start).chain(bytes));
        if whole {
            let mut all = Vec::new();
            bytes.read_to_end(&mut all)?;
            let reader = FileReader::try_new(Cursor::new(all), None).map_err(io_error)?;
            let schema = reader.schema();
            return Reader::with(&schema, Box::new(reader), None);
        }
        let tail = Tail::default();
        let reader = StreamReader::try_new(Watched { bytes, tail: tail.clone() }, None).map_err(io_error)?;
        let schema = reader.schema();
        Reader::with(&schema, Box::new(reader), Some(tail))
    }

    fn with(
        found: &Schema,
        batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>,
        tail: Option<Tail>,
    ) -> io::Result<Reader> {
        let ours = schema(Head::new());
        let same = |field: &Arc<Field>| {
            let other = found.field_with_name(field.name());
            other.is_ok_and(|other| other.data_type() == field.data_type())
        };
        if let Some(missing) = ours.fields().iter().find(|field| !same(field)) {
            let (name, kind) = (missing.name(), missing.data_type());
            return Err(io::Error::other(format!("it has no column `{name}` of {kind}: not a recording of forewarn")));
        }
        Ok(Reader { batches, head: found.metadata().clone().into(), tail, rows: 0 })
    }

    /// What the file says of itself.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The next rows.
    pub fn next_rows(&mut self) -> Next {
        let Some(next) = guarded(|| self.batches.next()) else {
            self.batches = Box::new(std::iter::empty());
            return Next::Torn { why: "it is damaged".to_owned(), rows: self.rows };
        };
        match next {
            Some(Ok(batch)) => {
                self.rows += batch.num_rows() as u64;
                Next::Rows(Rows(batch))
            }
            Some(Err(error)) => {
                self.batches = Box::new(std::iter::empty());
                Next::Torn { why: error.to_string(), rows: self.rows }
            }
            None if self.tail.as_ref().is_none_or(Tail::is_marked) => Next::End,
            None => Next::Torn { why: "it ends without its mark".to_owned(), rows: self.rows },
        }
    }
}

/// The rows of one batch.
#[derive(Debug)]
pub struct Rows(RecordBatch);

impl Rows {
    /// Gives each row, in order.
    pub fn each<E>(&self, mut to: impl FnMut(Row<'_>) -> Result<(), E>) -> Result<(), E> {
        let column = |name: &str| self.0.column_by_name(name).expect("the columns were looked at");
        let (kind, topic) = (column("kind").as_string::<i32>(), column("topic").as_string::<i32>());
        let partition = column("partition").as_primitive::<Int32Type>();
        let offset = column("offset").as_primitive::<Int64Type>();
        let millis = column("timestamp").as_primitive::<TimestampMillisecondType>();
        let (key, value) = (column("key").as_binary::<i32>(), column("value").as_binary::<i32>());
        let last = column("last").as_boolean();
        for n in 0..self.0.num_rows() {
            to(Row {
                kind: kind.value(n),
                topic: topic.is_valid(n).then(|| topic.value(n)),
                partition: partition.is_valid(n).then(|| partition.value(n)),
                offset: offset.is_valid(n).then(|| offset.value(n)),
                millis: millis.is_valid(n).then(|| millis.value(n)),
                key: key.is_valid(n).then(|| key.value(n)),
                value: value.is_valid(n).then(|| value.value(n)),
                last: last.value(n),
            })?;
        }
        Ok(())
    }
}

thread_local! {
    /// Whether what this thread does may panic without a word.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Arrow's reader may panic at bytes that were damaged: that is none of the caller's concern, and not said. None where it did.
fn guarded<T>(read: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                before(panic);
            }
        }));
    });
    GUARDED.set(true);
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).ok();
    GUARDED.set(false);
    read
}

/// How a file of the IPC file format begins.
const FILE: &[u8] = b"ARROW1";
/// How a stream ends.
const MARK: [u8; 8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];

/// The last bytes read of a stream.
#[derive(Clone, Default)]
struct Tail(Arc<std::sync::Mutex<Vec<u8>>>);

impl Tail {
    fn take(&self, bytes: &[u8]) {
        let mut tail = self.0.lock().expect("no holder panics");
        tail.extend_from_slice(&bytes[bytes.len().saturating_sub(MARK.len())..]);
        let beyond = tail.len().saturating_sub(MARK.len());
        tail.drain(..beyond);
    }

    fn is_marked(&self) -> bool {
        *self.0.lock().expect("no holder panics") == MARK
    }
}

struct Watched {
    bytes: Box<dyn Read + Send>,
    tail: Tail,
}

impl Read for Watched {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(into)?;
        self.tail.take(&into[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests read files of their own")]

    use super::*;
    use proptest::prelude::*;

    fn write(path: &Path, rows: &[Row<'_>], each: usize) -> u64 {
        let mut writer = Writer::create(path, Head::from([("a".to_owned(), "b".to_owned())])).unwrap();
        for (n, row) in rows.iter().enumerate() {
            writer.push(*row).unwrap();
            if (n + 1) % each == 0 {
                writer.flush().unwrap();
            }
        }
        writer.flush().unwrap();
        let bytes = writer.bytes();
        writer.finish().unwrap();
        bytes
    }

    /// The offsets of the rows, and how it ended.
    fn read(bytes: Vec<u8>) -> Result<(Vec<i64>, bool), String> {
        let mut reader = Reader::open(Box::new(Cursor::new(bytes))).map_err(|error| error.to_string())?;
        let mut offsets = Vec::new();
        loop {
            match reader.next_rows() {
                Next::Rows(rows) => rows
                    .each(|row| {
                        offsets.push(row.offset.unwrap_or(-1));
                        Ok::<(), ()>(())
                    })
                    .unwrap(),
                Next::End => return Ok((offsets, true)),
                Next::Torn { rows, .. } => {
                    assert_eq!(rows, offsets.len() as u64);
                    return Ok((offsets, false));
                }
            }
        }
    }

    fn row(n: i64) -> Row<'static> {
        Row { kind: "record", topic: Some("t"), partition: Some(1), offset: Some(n), ..Row::default() }
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.arrow");
        let all = [
            Row { millis: Some(-5), key: Some(b""), value: Some(b"\0\xFF"), last: true, ..row(7) },
            Row { kind: "act", value: Some(b"{}"), ..Row::default() },
        ];
        write(&path, &all, 10);
        let mut reader = Reader::open(Box::new(File::open(&path).unwrap())).unwrap();
        assert_eq!(reader.head()["a"], "b");
        let Next::Rows(rows) = reader.next_rows() else { panic!("rows") };
        let mut n = 0;
        rows.each(|row| {
            assert_eq!(row, all[n]);
            n += 1;
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!(n, 2);
        assert!(matches!(reader.next_rows(), Next::End));
        assert!(Writer::create(&path, Head::new()).is_err(), "nothing is written over");
        assert!(read(b"timestamp,value\n".to_vec()).is_err());
    }

    proptest! {
        /// Wherever a crash cuts it, the batches before are read and the tear is said; any flipped bit is survived.
        #[test]
        fn a_cut_file_keeps_its_whole_batches(batches in 1usize..5, cut in 0usize..4000, flip in any::<bool>(), bit in 0u8..8) {
            let home = tempfile::tempdir().unwrap();
            let path = home.path().join("a.arrow");
            let rows: Vec<Row<'_>> = (0..batches as i64 * 3).map(row).collect();
            let whole = write(&path, &rows, 3) as usize;
            let mut bytes = std::fs::read(&path).unwrap();
            let cut = cut % whole;
            if flip {
                bytes[cut] ^= 1 << bit;
                let _ = read(bytes);
                return Ok(());
            }
            bytes.truncate(cut);
            if let Ok((offsets, ended)) = read(bytes) {
                prop_assert!(!ended);
                let expected: Vec<i64> = (0..offsets.len() as i64).collect();
                prop_assert_eq!(&offsets, &expected);
                prop_assert_eq!(offsets.len() % 3, 0);
            }
        }
    }
}
