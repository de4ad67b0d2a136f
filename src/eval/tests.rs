//! Whole runs on small hand-made data.
#![expect(clippy::disallowed_methods, reason = "tests write files of their own")]

use std::fs;
use std::path::Path;

use super::*;
use serde_json::Value;

fn put(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A small noise in [-1, 1], the same each time.
fn noise(n: u32) -> f64 {
    f64::from(n.wrapping_mul(2_654_435_761) >> 8) / f64::from(1u32 << 23) - 1.0
}

/// 1,000 rows, five minutes apart, with a jump at `at` for ten rows; `label` gives each row's third cell, if any.
fn series(seed: u32, at: usize, label: impl Fn(bool) -> Option<u8>) -> String {
    let mut text = String::from(if label(true).is_some() { "timestamp,value,label\n" } else { "timestamp,value\n" });
    for row in 0..1000 {
        let inside = (at..at + 10).contains(&row);
        let value = 50.0 + noise(seed * 1000 + row as u32) + if inside { 40.0 } else { 0.0 };
        let label = label(inside).map_or(String::new(), |label| format!(",{label}"));
        text += &format!("{},{value:.3}{label}\n", 1_500_000_000 + 300 * row);
    }
    text
}

fn run(folder: &Path) -> Result<(String, Value), EvalError> {
    let json = folder.join("../out.json");
    let args = EvalArgs { dataset: folder.to_owned(), json: Some(json.clone()), ..EvalArgs::default() };
    let mut out = Vec::new();
    eval(&args, &Settings::default(), &mut out)?;
    Ok((String::from_utf8(out).unwrap(), serde_json::from_slice(&fs::read(json).unwrap()).unwrap()))
}

fn figure(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path} is not in {value:#}"))
}

#[test]
fn labelled_series_with_a_clear_jump_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    for seed in 0..4 {
        put(&set, &format!("{}/s{seed}.csv", seed % 2), &series(seed, 600, |inside| Some(u8::from(inside))));
    }
    put(&set, "other.csv", "timestamp,value\n1500000000,1\n");
    let (text, json) = run(&set).unwrap();
    assert_eq!(json["datasets"][0]["layout"], "labelled");
    assert_eq!(figure(&json, "/datasets/0/events"), 4.0);
    assert_eq!(figure(&json, "/datasets/0/rows"), 4000.0);
    for score in ["anomaly", "onset"] {
        assert_eq!(figure(&json, &format!("/datasets/0/{score}/at_best/event_f1/value")), 1.0, "{score}\n{text}");
        assert_eq!(figure(&json, &format!("/datasets/0/{score}/at_best/delay_points")), 0.0);
        assert_eq!(figure(&json, &format!("/datasets/0/{score}/at_best/false_alarms_per_series_day/value")), 0.0);
    }
    assert!(text.contains("4 series, 4000 rows, 4 events"), "{text}");
}

#[test]
fn the_engine_never_sees_a_label() {
    let folder = tempfile::tempdir().unwrap();
    let (honest, lying) = (folder.path().join("a/s.csv"), folder.path().join("b/s.csv"));
    put(folder.path(), "a/s.csv", &series(7, 500, |inside| Some(u8::from(inside))));
    put(folder.path(), "b/s.csv", &series(7, 500, |inside| Some(u8::from(!inside))));
    let judged = |path| {
        let inputs = crate::ingest::files::find(&[path], None).inputs;
        series::judge(inputs, &Settings::default()).unwrap().remove(0)
    };
    let (honest, lying) = (judged(honest), judged(lying));
    assert_eq!((&honest.anomaly, &honest.onset), (&lying.anomaly, &lying.onset));
    assert!(honest.labels.iter().zip(&lying.labels).all(|(a, b)| a != b));
    assert!(honest.anomaly.iter().any(|&score| 0.5 < score));
}

#[test]
fn nab_is_known_by_its_windows() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("nab");
    put(&set, "data/real/a.csv", &series(1, 600, |_| None));
    put(&set, "data/real/b.csv", &series(2, 900, |_| None));
    put(&set, "data/real/unlabelled.csv", &series(3, 900, |_| None));
    // Rows 590 to 620: 1,500,177,000 and 1,500,186,000.
    let windows = r#"{"real/a.csv": [["2017-07-16 03:50:00.000000", "2017-07-16 06:20:00.000000"]], "real/b.csv": []}"#;
    put(&set, "labels/combined_windows.json", windows);
    let (text, json) = run(&set).unwrap();
    assert_eq!(json["datasets"][0]["layout"], "nab");
    assert_eq!((figure(&json, "/datasets/0/series"), figure(&json, "/datasets/0/windows")), (2.0, 1.0));
    // Found ten rows into a window of 31: its gain is sigmoid(-21/31) of the greatest. The jump of the other file is as strong and
    // costs 0.11 as a false alarm, if the threshold cannot tell it apart.
    let gain = libm::tanh(2.5 * 21.0 / 31.0) / libm::tanh(2.5);
    let (best, worst) = (50.0 * (1.0 + gain), 50.0 * (1.0 + gain - 0.11));
    let standard = figure(&json, "/datasets/0/onset/standard/score/value");
    assert!((worst - 1e-9..=best + 1e-9).contains(&standard), "{standard} is not in {worst} to {best}\n{text}");
    assert_eq!(figure(&json, "/datasets/0/onset/at_standard/delay_rows"), 10.0);
}

/// 200 drives for 30 days: an error counter that stays at zero, hours that count. Five fail on day 25: their counters rise from day
/// 20 on, or their hours stand still from day 22 on.
fn drives() -> (String, String) {
    let (mut rows, mut failures) =
        (String::from("serial,model,date,failure,errors,hours\n"), String::from("serial,failure_date\n"));
    for drive in 0..200u32 {
        let fails = drive % 40 == 7;
        for day in 0..30u32 {
            let errors = if fails && drive < 120 { 3 * day.saturating_sub(19) } else { 0 };
            let counted = if fails && 120 <= drive { day.min(21) } else { day };
            if fails && 25 < day {
                continue;
            }
            let failed = u8::from(fails && day == 25);
            rows += &format!("d{drive},M,2020-01-{:02},{failed},{errors},{}\n", day + 1, 24 * counted + drive);
        }
        if fails {
            failures += &format!("d{drive},2020-01-26\n");
        }
    }
    (rows, failures)
}

#[test]
fn units_that_do_what_no_other_does_are_foreseen() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("drives");
    let (rows, failures) = drives();
    put(&set, "drives.csv", &rows);
    put(&set, "failures.csv", &failures);
    let (text, json) = run(&set).unwrap();
    assert_eq!(json["datasets"][0]["layout"], "units");
    let counts = ["units", "failing", "days"].map(|name| figure(&json, &format!("/datasets/0/{name}")));
    assert_eq!(counts, [200.0, 5.0, 30.0]);
    // None of the healthy ones does anything odd, so that the strictest threshold foresees all five: three of them 5 days ahead
    // (the first rise shows on day 20), two 3 days ahead (the first hours that stand still show on day 22).
    let first = json.pointer("/datasets/0/evidence/0").unwrap();
    assert_eq!((figure(first, "/healthy_flagged"), figure(first, "/foreseen/value")), (0.0, 1.0), "{text}");
    assert_eq!(figure(first, "/lead_days"), 5.0);
}

#[test]
fn a_series_of_any_layout_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().join("top");
    let (rows, failures) = drives();
    put(&top, "b/drives.csv", &rows);
    put(&top, "b/failures.csv", &failures);
    put(&top, "a/x/s.csv", &series(1, 600, |inside| Some(u8::from(inside))));
    put(&top, "n/data/r/n.csv", &series(2, 600, |_| None));
    let windows = r#"{"r/n.csv": [["2017-07-16 03:50:00.000000", "2017-07-16 06:20:00.000000"]]}"#;
    put(&top, "n/labels/combined_windows.json", windows);
    let draw = |name: &str| {
        let to = folder.path().join("out.svg");
        let args = EvalArgs {
            dataset: top.clone(),
            plot: Some(name.to_owned()),
            out: Some(to.clone()),
            ..EvalArgs::default()
        };
        eval(&args, &Settings::default(), &mut Vec::new()).map(|()| fs::read_to_string(to).unwrap())
    };
    for name in ["s.csv", "x/s", "r/n.csv", "d7/errors"] {
        let svg = draw(name).unwrap();
        assert!(svg.contains(r#"class="values""#) && svg.contains(r#"class="label""#), "{name}: {svg}");
    }
    assert!(draw("s").unwrap().contains(r#"class="band""#));
    let error = draw("d7/none").unwrap_err().to_string();
    assert_eq!(error, "there is no series d7/none; there are r/n, …");
}

#[test]
fn templates_are_scored_against_the_true_ones() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("logs");
    let mut rows = String::from("LineId,Content,EventId,EventTemplate\n");
    for line in 0..60 {
        let (content, event, template) = match line % 3 {
            0 => (
                format!("\"connected to 10.0.0.{line}, port {}\"", 1000 + line),
                "E1",
                "\"connected to <*>, port <*>\"",
            ),
            1 => (format!("request {line} took {} ms", line * 7), "E2", "request <*> took <*> ms"),
            _ => ("shutting down".to_owned(), "E3", "shutting down"),
        };
        rows += &format!("{line},{content},{event},{template}\n");
    }
    put(&set, "a/A_2k.log_structured.csv", &rows);
    put(&set, "b/B_structured_corrected.csv", &rows.replace("E3", "E2"));
    let (text, json) = run(&set).unwrap();
    assert_eq!(json["datasets"][0]["layout"], "templates");
    // Three templates, told exactly; where truth holds two of them for one, a third of the lines is grouped right.
    for (system, ga, fga) in [(0, 1.0, 1.0), (1, 1.0 / 3.0, 0.4)] {
        let of = |name: &str| figure(&json, &format!("/datasets/0/systems/{system}/{name}"));
        assert!((of("ga") - ga).abs() < 1e-12 && (of("fga") - fga).abs() < 1e-12, "{text}");
    }
    assert_eq!(json["datasets"][0]["means"].as_array().unwrap().len(), 2);
}

#[test]
fn a_folder_of_sets_is_measured_set_by_set() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().join("top");
    let (rows, failures) = drives();
    put(&top, "b/drives.csv", &rows);
    put(&top, "b/failures.csv", &failures);
    put(&top, "a/s.csv", &series(1, 600, |inside| Some(u8::from(inside))));
    put(&top, "c/notes.txt", "nothing");
    let (text, json) = run(&top).unwrap();
    let layouts: Vec<&str> =
        json["datasets"].as_array().unwrap().iter().filter_map(|set| set["layout"].as_str()).collect();
    assert_eq!(layouts, ["labelled", "units"], "{text}");
}

#[test]
fn errors_name_the_folder_and_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |name: &str| {
        let error = run(&folder.path().join(name)).unwrap_err();
        error.to_string().replace(&format!("{}/", folder.path().display()), "")
    };
    fs::create_dir(folder.path().join("empty")).unwrap();
    put(folder.path(), "half/failures.csv", "serial,failure_date\nx,2020-01-01\n");
    put(folder.path(), "torn/failures.csv", "serial,failure_date\nx,soon\n");
    put(folder.path(), "torn/drives.csv", "serial,date,errors\nx,2020-01-01,0\ny,2020-01-01,0\n");
    put(folder.path(), "none/failures.csv", "serial,failure_date\n");
    put(folder.path(), "none/drives.csv", "serial,date,errors\nx,2020-01-01,0\n");
    put(folder.path(), "nab/labels/combined_windows.json", r#"{"a/b.csv": []}"#);
    fs::create_dir(folder.path().join("nab/data")).unwrap();
    expect_test::expect![[r#"
        cannot read missing: No such file or directory (os error 2)
        cannot tell how empty is labelled: expected data/ and labels/combined_windows.json (NAB), CSV files with timestamp,value,label, failures.csv beside a wide CSV with serial and date, loghub's *_structured*.csv, or a folder of such
        cannot read half: there is a failures.csv, but no CSV with the columns serial and date beside it
        cannot read torn/failures.csv: x,soon has no serial or no date
        cannot read none/failures.csv: 0 of 1 units of the data fail; both kinds are needed
        cannot read nab/labels/combined_windows.json: it labels a/b.csv, which is not in nab/data"#]]
    .assert_eq(&["missing", "empty", "half", "torn", "none", "nab"].map(fails).join("\n"));
}
