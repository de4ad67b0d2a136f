//! `forewarn templates FILE`: log lines in, `line,template_id,template` out.
#![expect(clippy::disallowed_methods, reason = "reads the file that was named")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use super::{Failure, TemplatesArgs};
use crate::signal::template::{Miner, TemplateId};

/// Writes the template of each line: as it stands after the last one, or with `--arrival` as it was given at once.
pub(super) fn templates(args: &TemplatesArgs, out: &mut dyn Write) -> Result<(), Failure> {
    match &args.out {
        Some(path) => {
            let file = File::create(path).map_err(|error| cannot("write", path, &error))?;
            write(args, &mut BufWriter::new(file))
        }
        None => write(args, out),
    }
}

fn write(args: &TemplatesArgs, out: &mut dyn Write) -> Result<(), Failure> {
    // Nothing is written of a file that cannot be read.
    File::open(&args.file).map_err(|error| cannot("read", &args.file, &error))?;
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["line", "template_id", "template"]).map_err(io::Error::from)?;
    let mut miner = Miner::default();
    if args.arrival {
        each_line(&args.file, |number, line| {
            let id = miner.learn(line).id;
            row(&mut table, number, id, &miner.describe(line).1)
        })?;
    } else {
        each_line(&args.file, |_, line| {
            miner.learn(line);
            Ok(())
        })?;
        miner.settle();
        let texts: BTreeMap<TemplateId, String> = miner.templates().into_iter().map(|t| (t.id, t.text)).collect();
        each_line(&args.file, |number, line| {
            let id = miner.classify(line);
            match texts.get(&id) {
                Some(text) => row(&mut table, number, id, text),
                // Its template was forgotten at the bound: the line shows it.
                None => row(&mut table, number, id, &miner.describe(line).1),
            }
        })?;
    }
    let counts = miner.counts();
    tracing::info!(
        lines = counts.lines,
        keys = counts.keys,
        evicted = counts.evicted,
        bytes = counts.bytes,
        "templates"
    );
    Ok(table.flush()?)
}

fn row(table: &mut csv::Writer<&mut dyn Write>, number: u64, id: TemplateId, text: &str) -> Result<(), Failure> {
    let record = [&number.to_string(), &id.to_string(), text];
    table.write_record(record).map_err(|error| Failure::Output(error.into()))
}

/// Calls `take` with each line and its number, from 1. A line ends at `\n` only; whatever bytes it holds, it is one.
fn each_line(path: &Path, mut take: impl FnMut(u64, &[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
    let file = File::open(path).map_err(|error| cannot("read", path, &error))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(|error| cannot("read", path, &error))? == 0 {
            return Ok(());
        }
        number += 1;
        take(number, line.strip_suffix(b"\n").unwrap_or(&line))?;
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::Work(format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `templates` writes of these bytes.
    fn table(bytes: &[u8], arrival: bool) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app.log");
        std::fs::write(&file, bytes).unwrap();
        let mut out = Vec::new();
        templates(&TemplatesArgs { file, arrival, out: None }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_line_is_a_row() {
        let lines = b"took 5 ms\r\n\n\xFF\xFE broken, \"quoted\"\ntook 9 ms\r\nlast without an end";
        let text = table(lines, false);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 5, "{text}");
        assert_eq!(rows[0][1], rows[3][1]);
        assert_eq!(&rows[0][2], "took <num> ms\r");
        assert_eq!(&rows[1][2], "");
        assert_eq!(&rows[2][2], "\u{FFFD}\u{FFFD} broken, \"quoted\"");
        assert_eq!(&rows[4][0], "5");
    }

    #[test]
    fn at_arrival_a_line_knows_only_what_came_before() {
        let lines =
            ["anna", "boris", "chen", "dora", "emil", "fritz"].map(|n| format!("user {n} has logged in\n")).concat();
        let ids = |text: &str| -> Vec<String> {
            text.lines().skip(1).filter_map(|row| row.split(',').nth(1)).map(str::to_owned).collect()
        };
        let (first, last) = (ids(&table(lines.as_bytes(), true)), ids(&table(lines.as_bytes(), false)));
        assert_ne!(first[0], first[1]);
        assert!(last.iter().all(|id| *id == last[0]), "{last:?}");
        assert_eq!(first[5], last[5]);
    }
}
