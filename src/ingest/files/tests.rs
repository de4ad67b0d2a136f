#![expect(clippy::disallowed_methods, reason = "tests write files of their own")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::plan::Plan;

/// Writes a file, reads it alone, and shows its samples, then its rejects, by row.
pub(super) fn read_text(name: &str, text: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let (mut samples, mut rejects) = (String::new(), String::new());
    read(&path, |engine, _, batch| {
        for sample in &batch.samples {
            let signal = engine.directory().signal(sample.series);
            writeln!(samples, "{} {} {signal} {:?}", sample.row, sample.at, sample.reading).unwrap();
        }
        for (row, reject) in &batch.rejects {
            writeln!(rejects, "{row} {} {}", reject.reason, reject.detail).unwrap();
        }
    });
    samples + &rejects
}

fn read(path: &Path, mut each: impl FnMut(&Engine, &Chunk, &Batch)) -> Files {
    let found = find(&[path.to_owned()], None);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let mut files = Files::new(found.inputs, 1 << 20, true);
    let mut engine = Engine::new(Plan::default().into());
    let mut batch = Batch::default();
    while let Some(chunk) = files.read(&mut engine, &mut batch) {
        each(&engine, &chunk, &batch);
        batch.clear();
    }
    files
}

fn pack(name: &str, text: &[u8]) -> Vec<u8> {
    if name.ends_with(".gz") {
        // Two members, as rotated logs that were put together have them.
        let mut packed = Vec::new();
        for half in [&text[..text.len() / 2], &text[text.len() / 2..]] {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(half).unwrap();
            packed.extend(encoder.finish().unwrap());
        }
        return packed;
    }
    zstd::encode_all(text, 1).unwrap()
}

#[test]
fn packed_files_are_read_as_they_are() {
    let mut text = String::from("timestamp,value\r\n");
    (0..10_000).for_each(|row| writeln!(text, "{},{row}", row * 60).unwrap());
    let plain = read_text("f.csv", text.as_bytes());
    assert_eq!(plain.lines().count(), 10_000);
    for name in ["f.csv.gz", "f.csv.zst"] {
        assert!(read_text(name, &pack(name, text.as_bytes())) == plain, "{name}");
    }
}

#[test]
fn a_damaged_file_gives_what_can_be_read_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv.gz");
    let mut packed = pack("f.csv.gz", b"timestamp,value\n0,1\n60,2\n120,3\n180,4\n");
    packed.truncate(packed.len() - 12);
    std::fs::write(&path, packed).unwrap();
    let (mut samples, mut error) = (0, None);
    read(&path, |_, chunk, batch| {
        samples += batch.samples.len();
        error = chunk.error.as_ref().map(|error| error.to_string());
    });
    assert!((1..4).contains(&samples), "{samples}");
    assert!(error.unwrap().starts_with(&format!("cannot read {}: ", path.display())));
}

#[test]
fn files_are_read_in_step_however_many() {
    let folder = tempfile::tempdir().unwrap();
    // More files than may be open at once, packed ones among them, of many chunks each.
    let count = OPEN_MOST + 20;
    for file in 0..count {
        let mut text = String::from("timestamp,value\n");
        (0..200).for_each(|row| writeln!(text, "{},{file}", row * 60 + 1_000_000).unwrap());
        let name = format!("f{file:03}.csv{}", if file % 10 == 0 { ".gz" } else { "" });
        let text = if file % 10 == 0 { pack(&name, text.as_bytes()) } else { text.into_bytes() };
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let (mut rows, mut ended, mut low) = (vec![0; count], 0, Timestamp::MIN);
    let files = read(folder.path(), |_, chunk, batch| {
        let first = batch.samples.first().map_or(Timestamp::MAX, |sample| sample.at);
        assert!(low <= first, "a file that is not furthest behind was read");
        if chunk.file == count - 1 {
            low = first;
        }
        rows[chunk.file] += batch.samples.len();
        ended += usize::from(chunk.ended);
        assert_eq!(batch.rejects, []);
    });
    assert_eq!((rows, ended), (vec![200; count], count));
    let bytes: u64 = (0..count).map(|file| files.input(file).bytes).sum();
    assert!(bytes <= files.counted().load(std::sync::atomic::Ordering::Relaxed));
}

#[test]
fn a_leap_at_the_end_of_a_file_is_a_reject() {
    expect_test::expect![[r#"
        1 1970-01-01T00:00:00Z f Gauge(1.0)
        2 1970-01-01T00:01:00Z f Gauge(2.0)
        3 absurd_time the time 1970-01-12T13:46:40Z leaps 11d13h beyond 1970-01-01T00:01:00Z, and no later record confirms it
    "#]]
    .assert_eq(&read_text("f.csv", b"timestamp,value\n0,1\n60,2\n1000000,3\n"));
}

#[test]
fn a_stack_trace_is_part_of_the_record_before_it() {
    let java = "2026-01-02T03:04:05Z ERROR order failed\njava.lang.IllegalStateException: no\n\tat a.B.c(B.java:7)\n\t... 3 more\n\
                Caused by: java.io.IOException: full\n\tat d.E.f(E.java:9)\n2026-01-02T03:04:06Z INFO next\n";
    let python = "2026-01-02 03:04:07 ERROR charge\nTraceback (most recent call last):\n  File \"a.py\", line 3, in pay\n    f()\nValueError: x\n";
    let alone = "\tat a.B.c(B.java:7)\n";
    let mut shown = String::new();
    for text in [java, python, alone] {
        let all = read_text("app.log", text.as_bytes());
        all.lines().filter(|line| !line.contains("log_lines_rate") && !line.contains("log_error_ratio")).for_each(
            |line| {
                writeln!(shown, "{line}").unwrap();
            },
        );
    }
    expect_test::expect![[r#"
        1 2026-01-02T03:04:05Z log_text{service="app"} Text(Text { level: Error, body: "ERROR order failed java.io.IOException at d.E.f", exception: Some("java.io.IOException"), fields: Fields("") })
        7 2026-01-02T03:04:06Z log_text{service="app"} Text(Text { level: Info, body: "INFO next", exception: None, fields: Fields("") })
        1 2026-01-02T03:04:07Z log_text{service="app"} Text(Text { level: Error, body: "ERROR charge ValueError at pay", exception: Some("ValueError"), fields: Fields("") })
        1 no_time "\tat a.B.c(B.java:7)" does not start with a time
    "#]].assert_eq(&shown);
}

#[test]
fn log_lines_are_counted_by_service_and_level() {
    expect_test::expect![[r#"
        1 2026-01-01T00:00:00Z log_lines_rate{level="error",service="app"} Lines(1)
        1 2026-01-01T00:00:00Z log_error_ratio{service="app"} Share { hits: 1, of: 1 }
        1 2026-01-01T00:00:00Z log_text{service="app"} Text(Text { level: Error, body: "ERROR x\n  at Foo.bar", exception: None, fields: Fields("") })
        4 2026-01-01T00:00:01Z log_lines_rate{level="unknown",service="app"} Lines(1)
        4 2026-01-01T00:00:01Z log_error_ratio{service="app"} Share { hits: 0, of: 1 }
        4 2026-01-01T00:00:01Z log_text{service="app"} Text(Text { level: Unknown, body: "y", exception: None, fields: Fields("") })
    "#]]
    .assert_eq(&read_text("app.log", b"2026-01-01T00:00:00Z ERROR x\n  at Foo.bar\n\n2026-01-01T00:00:01Z y"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_bytes_are_read_or_rejected(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        text in "([0-9a-z,=\".:T {}-]{0,30}\r?\n){0,12}",
    ) {
        for name in ["f.csv", "f.log", "f.lp", "f.jsonl", "f.otlp.jsonl", "f.csv.gz", "f.lp.zst"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            for bytes in [&bytes[..], text.as_bytes()] {
                std::fs::write(&path, bytes).unwrap();
                let (mut ended, mut told) = (0, 0);
                let files = read(&path, |_, chunk, batch| {
                    ended += usize::from(chunk.ended);
                    told += batch.samples.len() + batch.changes.len() + batch.rejects.len();
                });
                prop_assert_eq!(ended, 1);
                // What was read is told, but for what holds no number: a gap, a column of text, a string field.
                prop_assert!(files.records(0) <= bytes.len() as u64 && told <= 300 + bytes.len());
            }
        }
    }
}
