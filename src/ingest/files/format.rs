//! What a file holds, told by its extension (INTERFACE "Input files for `replay`").

use std::path::Path;
use std::str::FromStr;

/// The content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Influx line protocol (`.lp`, `.influx`).
    Influx,
    /// One OTLP/JSON export request per line (`.otlp.jsonl`).
    Otlp,
    /// One JSON document per line, as on Kafka (`.jsonl`).
    Json,
    /// A time and one or more value columns (`.csv`).
    Csv,
    /// Text lines that start with a time (`.log`).
    Log,
    /// A recording (`.arrow`, `.parquet`).
    Recording,
}

/// How the bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As they are.
    Plain,
    /// `.gz`
    Gzip,
    /// `.zst`
    Zstd,
}

/// `otlp.jsonl` before `jsonl`: the longer one decides.
const EXTENSIONS: [(&str, FileFormat); 8] = [
    ("lp", FileFormat::Influx),
    ("influx", FileFormat::Influx),
    ("otlp.jsonl", FileFormat::Otlp),
    ("jsonl", FileFormat::Json),
    ("csv", FileFormat::Csv),
    ("log", FileFormat::Log),
    ("arrow", FileFormat::Recording),
    ("parquet", FileFormat::Recording),
];

/// What a file's name tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// None where the extension is unknown.
    pub(super) format: Option<FileFormat>,
    pub(super) packing: Packing,
    /// The name without what tells format and packing.
    pub(super) stem: String,
}

/// Reads a file's name.
pub(super) fn read_name(path: &Path) -> Named {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (packing, name) = match split_extension(&name, &["gz"]) {
        Some(rest) => (Packing::Gzip, rest),
        None => match split_extension(&name, &["zst", "zstd"]) {
            Some(rest) => (Packing::Zstd, rest),
            None => (Packing::Plain, &*name),
        },
    };
    for (extension, format) in EXTENSIONS {
        if let Some(stem) = split_extension(name, &[extension]) {
            return Named { format: Some(format), packing, stem: stem.to_owned() };
        }
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem });
    Named { format: None, packing, stem: stem.to_owned() }
}

/// The name before `.EXTENSION` of any case, if that leaves something.
fn split_extension<'a>(name: &'a str, extensions: &[&str]) -> Option<&'a str> {
    extensions.iter().find_map(|extension| {
        let dot = name.len().checked_sub(extension.len() + 1)?;
        let fits = name.is_char_boundary(dot)
            && name[dot..].starts_with('.')
            && name[dot + 1..].eq_ignore_ascii_case(extension);
        (fits && 0 < dot).then(|| &name[..dot])
    })
}

impl FromStr for FileFormat {
    type Err = String;

    /// Reads a format as `--format` takes it: an extension, with or without its dot.
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.trim_start_matches('.');
        let known = |(extension, _): &&(&str, FileFormat)| extension.eq_ignore_ascii_case(wanted);
        EXTENSIONS.iter().find(known).map(|&(_, format)| format).ok_or_else(|| {
            let all: Vec<&str> = EXTENSIONS.iter().map(|(extension, _)| *extension).collect();
            format!("unknown format `{text}`, expected one of {}", all.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_tells_the_content() {
        for (name, format, packing, stem) in [
            ("a/cpu.lp", Some(FileFormat::Influx), Packing::Plain, "cpu"),
            ("cpu.influx.gz", Some(FileFormat::Influx), Packing::Gzip, "cpu"),
            ("x.otlp.jsonl.zst", Some(FileFormat::Otlp), Packing::Zstd, "x"),
            ("x.y.jsonl", Some(FileFormat::Json), Packing::Plain, "x.y"),
            ("B.CSV.GZ", Some(FileFormat::Csv), Packing::Gzip, "B"),
            ("app.log", Some(FileFormat::Log), Packing::Plain, "app"),
            ("r.parquet", Some(FileFormat::Recording), Packing::Plain, "r"),
            ("notes.txt", None, Packing::Plain, "notes"),
            (".csv", None, Packing::Plain, ".csv"),
            ("csv", None, Packing::Plain, "csv"),
            ("ä.gz", None, Packing::Gzip, "ä"),
        ] {
            let named = Named { format, packing, stem: stem.to_owned() };
            assert_eq!(read_name(Path::new(name)), named, "{name}");
        }
        assert_eq!("otlp.jsonl".parse(), Ok(FileFormat::Otlp));
        assert_eq!(".LP".parse(), Ok(FileFormat::Influx));
        let error = "xml".parse::<FileFormat>().unwrap_err();
        assert_eq!(
            error,
            "unknown format `xml`, expected one of lp, influx, otlp.jsonl, jsonl, csv, log, arrow, parquet"
        );
    }
}
