//! `replay` on `.jsonl` files, with the program as people run it: what a topic may mix, one document a line.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const START: i64 = 1_795_420_800;

/// Replays files with these contents; gives the report and the signals whose scores were written.
fn replayed(files: &[(&str, String)], under: &str) -> (Value, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let input = home.path().join("in");
    std::fs::create_dir(&input).unwrap();
    for (name, content) in files {
        std::fs::write(input.join(name), content).unwrap();
    }
    let (report, scores) = (home.path().join("report.json"), home.path().join("scores"));
    let program = env!("CARGO_BIN_EXE_forewarn");
    let mut replay = Command::new("sh");
    replay.arg("-c").arg(format!("{under} exec \"$0\" \"$@\"")).arg(program).arg("replay").arg(&input);
    let ended = replay.arg("--report").arg(&report).arg("--scores").arg(&scores).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    (serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap(), signals(&scores))
}

fn signals(scores: &Path) -> Vec<String> {
    let index = std::fs::read_to_string(scores.join("index.csv")).unwrap_or_default();
    let rows =
        index.lines().skip(1).filter_map(|row| Some(row.split_once(',')?.1.trim_matches('"').replace("\"\"", "\"")));
    let mut signals: Vec<String> = rows.collect();
    signals.sort();
    signals
}

/// Each kind of document that INTERFACE names for `.jsonl`, a minute apart, with broken lines between.
fn mixed(minutes: i64) -> String {
    let mut text = String::new();
    for minute in 0..minutes {
        let (at, value) = (START + minute * 60, 50 + minute % 7);
        let time = jiff::Timestamp::from_second(at).unwrap();
        let documents = [
            format!(
                r#"{{"fields":{{"used":{value},"ok":true,"bytes_total":{at}}},"name":"disk","tags":{{"host":"a"}},"timestamp":{at}}}"#
            ),
            format!(
                r#"{{"metrics":[{{"fields":{{"idle":{value}}},"name":"cpu","tags":{{"host":"a"}},"timestamp":{at}}}]}}"#
            ),
            format!(r#"{{"name":"queue","value":{value},"timestamp":{at}000,"labels":{{"service":"mail"}}}}"#),
            format!(r#"{{"@timestamp":"{time}","log.level":"ERROR","message":"failed","service.name":"ecs"}}"#),
            format!(r#"{{"@timestamp":{at}.25,"log":"WARN slow\n","kubernetes":{{"labels":{{"app":"bit"}}}}}}"#),
            format!(r#"{{"version":"1.1","host":"gelf","short_message":"x","level":3,"timestamp":{at}.5}}"#),
            format!(r#"{{"time":"{time}","level":"info","msg":"ready","app":"plain"}}"#),
            format!(
                r#"{{"specversion":"1.0","id":"{minute}","source":"/x","type":"dev.cdevents.service.deployed.0.2.0","time":"{time}","data":{{"subject":{{"id":"mail","content":{{"artifactId":"pkg:oci/mail@1"}}}}}}}}"#
            ),
            r#"{"fields":{"used":"#.to_owned(),
            r#"{"nobody":"knows"}"#.to_owned(),
        ];
        documents.iter().for_each(|document| writeln!(text, "{document}").unwrap());
    }
    text
}

#[test]
fn documents_of_every_kind_stand_in_one_file() {
    let (report, signals) = replayed(&[("mixed.jsonl", mixed(30))], "");
    assert_eq!(report["rejected"], serde_json::json!({ "truncated": 30, "unknown_format": 30 }), "{report:#}");
    assert_eq!(report["records"], 300, "{report:#}");
    let signals: Vec<&str> = signals.iter().map(String::as_str).filter(|signal| !signal.starts_with("log_")).collect();
    let metrics = ["cpu_idle", "disk_bytes_total", "disk_ok", "disk_used"].map(|name| format!("{name}{{host=\"a\"}}"));
    assert_eq!(signals[..4], metrics, "{signals:?}");
    assert_eq!(signals[4..], ["queue{service=\"mail\"}"]);
}

#[test]
fn log_lines_of_every_shipper_are_counted_by_service_and_level() {
    let (_, signals) = replayed(&[("mixed.jsonl", mixed(30))], "");
    for (service, level) in [("ecs", "error"), ("bit", "warn"), ("gelf", "error"), ("plain", "info")] {
        let signal = format!("log_lines_rate{{level=\"{level}\",service=\"{service}\"}}");
        assert!(signals.contains(&signal), "{signal} is not among {signals:#?}");
    }
}

/// Lines as long as a message may be, of the kinds that make a reader recurse, hoard or go back: within a bound of memory.
#[test]
fn huge_lines_cost_no_memory_beyond_their_own_size() {
    let size = 7 << 20;
    let fields: Vec<String> = (0..size / 40).map(|n| format!("\"f\":{}", n % 10)).collect();
    let huge = [
        format!("{{\"fields\":{{{}}},\"name\":\"m\",\"tags\":{{}},\"timestamp\":{START}}}", fields.join(",")),
        format!("{{\"message\":\"{}\",\"time\":{START}}}", "é\\n".repeat(size / 4)),
        format!("{{\"message\":{}", "[".repeat(size)),
        format!("{{\"metrics\":[{}", "{\"a\":".repeat(size / 5)),
        format!("{{\"metrics\":[{}]}}", "7,{},".repeat(size / 5)),
        format!("{{\"name\":\"{}\",\"value\":1,\"timestamp\":{START}}}", "x".repeat(size)),
        format!(
            "{{\"name\":\"m\",\"value\":1,\"timestamp\":{START},\"labels\":{{{}\"a\":\"b\"}}}}",
            "\"a\":\"b\",".repeat(size / 8)
        ),
        "\"".repeat(size),
        "{\"a\\".repeat(size / 4),
    ];
    let small = format!(r#"{{"name":"after","value":1,"timestamp":{START}}}"#);
    let content = huge.map(|line| format!("{line}\n{small}\n")).concat();
    let (report, _) = replayed(&[("huge.jsonl", content)], "ulimit -d 600000;");
    assert_eq!(report["records"], 18, "{report:#}");
}
