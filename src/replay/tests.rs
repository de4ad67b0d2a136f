#![expect(clippy::disallowed_methods, reason = "tests write files of their own")]

use std::fs;
use std::path::Path;

use super::*;

fn settings() -> Settings {
    Settings::default()
}

fn args(inputs: &[&Path]) -> ReplayArgs {
    ReplayArgs { inputs: inputs.iter().map(|path| path.to_path_buf()).collect(), ..ReplayArgs::default() }
}

fn put(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn what_was_read_is_counted_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "in/a.csv", "timestamp,value\n0,1\n60,x\n120,2\n30,3\n90,4\n");
    put(folder.path(), "in/b.lp", "cpu,host=a load=1,idle=2 60000000000\n\nbroken\n");
    put(folder.path(), "in/c.txt", "?");
    let report = folder.path().join("report.json");
    let args = ReplayArgs {
        report: Some(report.clone()),
        alerts: Some(folder.path().join("alerts.jsonl")),
        ..args(&[&folder.path().join("in")])
    };
    let summary = replay(&args, &settings()).unwrap();
    expect_test::expect!["7 records of 3 signals judged, 0 alerts, 2 rejected (2 malformed), 1 late"]
        .assert_eq(&summary.to_string());
    expect_test::expect![[r#"
        {"records":7,"admitted":5,"rejected":{"malformed":2},"late":1,"conflicts":0,"signals":3,"alerts":0,"revisions":0,"newest":"1970-01-01T00:02:00Z","notifications":[]}
    "#]]
    .assert_eq(&fs::read_to_string(report).unwrap());
}

#[test]
fn errors_name_the_file_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let text = put(folder.path(), "notes.txt", "x");
    let good = put(folder.path(), "good.csv", "timestamp,value\n0,1\n");
    let bad = put(folder.path(), "bad.csv.gz", "this was never packed");
    let none = folder.path().join("none.csv");
    let fails = |args: ReplayArgs| {
        let error = replay(&args, &settings()).unwrap_err();
        let shown = error.to_string().replace(&format!("{}/", folder.path().display()), "");
        format!("{} {shown}", error.exit_code())
    };
    expect_test::expect![[r#"
        1 no input could be read
          cannot read none.csv: No such file or directory (os error 2)"#]]
    .assert_eq(&fails(args(&[&none])));
    expect_test::expect!["2 cannot tell what notes.txt holds: expected .lp, .influx, .otlp.jsonl, .jsonl, .csv, .log or .arrow (each also with .gz or .zst), or --format"]
        .assert_eq(&fails(args(&[&good, &text])));
    expect_test::expect![[r#"
        1 no input could be read
          cannot read bad.csv.gz: invalid gzip header"#]]
    .assert_eq(&fails(args(&[&bad])));
    let to_nowhere = ReplayArgs { alerts: Some(folder.path().join("no/alerts.jsonl")), ..args(&[&good]) };
    expect_test::expect!["1 cannot write no/alerts.jsonl: No such file or directory (os error 2)"]
        .assert_eq(&fails(to_nowhere));
    assert_eq!(replay(&args(&[&good, &none, &bad]), &settings()).unwrap().records, 1);
}

#[test]
fn the_format_can_be_told() {
    let folder = tempfile::tempdir().unwrap();
    let text = put(folder.path(), "cpu.txt", "timestamp,value\n0,1\n60,2\n");
    let args = ReplayArgs { format: Some(FileFormat::Csv), ..args(&[&text]) };
    assert_eq!(replay(&args, &settings()).unwrap().admitted, 2);
}
