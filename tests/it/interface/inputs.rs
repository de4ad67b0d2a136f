//! "Input files for `replay`": formats, packings, times, and the exit codes of `replay`.

use std::io::Write;

use super::*;

fn stem_scores(place: &Place, input: &str, to: &str) -> Vec<(f64, f64)> {
    pairs(&place.scores(&[input], to)[0].1)
}

/// `YYYY-MM-DD HH:MM:SS` of seconds since the epoch.
fn civil(seconds: u64) -> String {
    let days = seconds / 86_400;
    // From the civil calendar's day count (Howard Hinnant's algorithm), for days after the epoch.
    let z = days + 719_468;
    let era = z / 146_097;
    let doe = z % 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + u64::from(month <= 2);
    let left = seconds % 86_400;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", left / 3600, left / 60 % 60, left % 60)
}

#[test]
fn every_way_to_write_a_time_is_the_same_time() {
    let place = Place::new();
    type Stamp = fn(u64) -> String;
    let ways: [(&str, Stamp); 8] = [
        ("s", |n| seconds(n).to_string()),
        ("ms", |n| format!("{}000", seconds(n))),
        ("us", |n| format!("{}000000", seconds(n))),
        ("ns", |n| format!("{}000000000", seconds(n))),
        ("fraction", |n| format!("{}.000", seconds(n))),
        ("civil", |n| civil(seconds(n))),
        ("rfc3339", |n| format!("{}Z", civil(seconds(n)).replace(' ', "T"))),
        ("zone", |n| format!("{}+02:00", civil(seconds(n) + 7200).replace(' ', "T"))),
    ];
    let mut first = None;
    for (name, stamp) in ways {
        place.put(&format!("{name}/v.csv"), csv(450, stamp));
        let scores = stem_scores(&place, &format!("{name}/v.csv"), &format!("out-{name}"));
        assert_eq!(scores.len(), 450);
        assert_eq!(*first.get_or_insert_with(|| scores.clone()), scores, "{name}");
    }
    assert!(first.unwrap().iter().any(|pair| 0.3 < pair.0));
}

#[test]
fn packed_files_are_read_as_they_are() {
    let place = Place::new();
    let text = csv(450, |n| seconds(n).to_string());
    place.put("p/v.csv", &text);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(text.as_bytes()).unwrap();
    place.put("g/v.csv.gz", gz.finish().unwrap());
    place.put("z/v.csv.zst", zstd::encode_all(text.as_bytes(), 3).unwrap());
    let plain = place.scores(&["p/v.csv"], "o1");
    assert_eq!(plain, place.scores(&["g/v.csv.gz"], "o2"));
    assert_eq!(plain, place.scores(&["z/v.csv.zst"], "o3"));
}

#[test]
fn each_format_gives_the_same_signal_the_same_scores() {
    let place = Place::new();
    let nanos = |n: u64| format!("{}000000000", seconds(n));
    place.put("c/v.csv", csv(450, |n| seconds(n).to_string()));
    let lp = (0..450).map(|n| format!("v value={} {}\n", value(n), nanos(n)));
    place.put("v.lp", lp.collect::<String>());
    place.put("v.influx", fs::read(place.path("v.lp")).unwrap());
    let otlp = (0..450).map(|n| {
        format!(
            r#"{{"resourceMetrics":[{{"resource":{{}},"scopeMetrics":[{{"metrics":[{{"name":"v","gauge":{{"dataPoints":[{{"timeUnixNano":"{}","asDouble":{}}}]}}}}]}}]}}]}}{}"#,
            nanos(n),
            value(n),
            "\n"
        )
    });
    place.put("v.otlp.jsonl", otlp.collect::<String>());
    let want = stem_scores(&place, "c/v.csv", "o0");
    for (at, input) in ["v.lp", "v.influx", "v.otlp.jsonl"].into_iter().enumerate() {
        let found = place.scores(&[input], &format!("o{}", at + 1));
        let scores: Vec<&(String, String)> = found.iter().filter(|(name, _)| name != "index.csv").collect();
        assert_eq!(scores.len(), 1, "{input}: {:?}", found.iter().map(|f| &f.0).collect::<Vec<_>>());
        assert_eq!(pairs(&scores[0].1), want, "{input}");
    }
}

#[test]
fn log_lines_become_signals() {
    let place = Place::new();
    let lines = (0..2000).map(|n| {
        let level = if n % 40 == 0 { "ERROR" } else { "INFO" };
        format!("{}Z {level} checkout: order {n} took {} ms\n", civil(seconds(0) + 2 * n).replace(' ', "T"), n % 90)
    });
    place.put("app.log", lines.collect::<String>());
    let index = place.scores(&["app.log"], "out").into_iter().find(|(name, _)| name == "index.csv").unwrap().1;
    assert!(index.contains("log_lines_rate"), "{index}");
}

#[test]
fn a_format_may_be_told() {
    let place = Place::new();
    place.put("v.txt", csv(450, |n| seconds(n).to_string()));
    place.ok(&["replay", "v.txt", "--format", "csv", "--scores", "out"]);
    assert_eq!(rows(&place.read("out/v.csv")).len(), 450);
}

#[test]
fn unknown_extensions_are_skipped_in_folders_and_errors_by_name() {
    let place = Place::new();
    place.put("d/v.csv", csv(30, |n| seconds(n).to_string()));
    place.put("d/notes.txt", "hello");
    let (code, said) = place.code(&["replay", "d", "--report", "r.json"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("notes.txt"), "it says what it skips: {said}");
    let (code, said) = place.code(&["replay", "d/notes.txt"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("notes.txt") && said.contains(".csv"), "{said}");
    assert_eq!(place.code(&["replay", "d/v.csv", "d/notes.txt"]).0, 2);
}

#[test]
fn exit_codes() {
    let place = Place::new();
    place.put("v.csv", csv(30, |n| seconds(n).to_string()));
    place.put("bad.csv", "timestamp,value\nx,y\nz,w\n");
    place.put("bad.toml", "[nonsense]\na = 1\n");
    place.put("torn.csv.gz", "not packed at all");
    let cases: [(&[&str], i32); 9] = [
        (&["replay", "v.csv", "--alerts", "a.jsonl"], 0),
        (&["replay", "bad.csv", "--alerts", "a.jsonl"], 0),
        (&["replay", "v.csv", "missing.csv", "--alerts", "a.jsonl"], 0),
        (&["replay", "missing.csv"], 1),
        (&["replay", "torn.csv.gz"], 1),
        (&["replay"], 2),
        (&["replay", "v.csv", "--nonsense"], 2),
        (&["replay", "v.csv", "--config", "bad.toml"], 2),
        (&["replay", "v.csv", "--format", "xml"], 2),
    ];
    for (arguments, want) in cases {
        let (code, said) = place.code(arguments);
        assert_eq!(code, want, "{arguments:?}: {said}");
    }
}

#[test]
fn results_alone_go_to_stdout_and_no_progress_bar_to_a_pipe() {
    let place = Place::new();
    place.put("v.csv", csv(450, |n| seconds(n).to_string()));
    let output = place.ok(&["replay", "v.csv", "--report", "-"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["records"], 450);
    assert!(!output.stderr.contains(&b'\r') && !output.stderr.contains(&0x1b));
}
