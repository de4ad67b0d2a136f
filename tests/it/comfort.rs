//! What makes the command line pleasant: JSON where people read tables, completions, manual pages, variables, exclusion.

use std::path::Path;
use std::process::Command;

use forewarn::config::{self, Purpose};
use forewarn::ingest::Received;
use forewarn::ingest::gate::PartitionId;
use forewarn::pipeline::Pipeline;
use serde_json::Value;

/// Runs the program; gives the exit code, what it printed, and what it said beside.
fn ask(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forewarn"));
    let output = command.args(arguments).envs(variables.iter().copied()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[test]
fn tables_are_json_where_that_is_asked_for() {
    let (code, out, _) = ask(&["models", "--json"], &[]);
    let models = json(&out);
    let names: Vec<&str> = models["models"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert!(code == 0 && names.first() == Some(&"heartbeat") && names.contains(&"disk"), "{names:?}");
    let (_, out, _) = ask(&["models", "--json", "--signal", "disk_used_ratio{host=\"db-1\"}"], &[]);
    let one = json(&out);
    assert_eq!((&one["preset"], &one["unit"], &one["service"]), (&"disk".into(), &"ratio".into(), &"db-1".into()));

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let good = folder.join("good-interface.toml");
    let (code, out, err) = ask(&["check", "--json", "--config", good.to_str().unwrap()], &[]);
    let told = json(&out);
    assert!(code == 0 && told["ok"] == true, "{out}{err}");
    assert!(told["summary"][0].as_str().unwrap().starts_with("ok: "), "{out}");
    let bad = folder.join("bad-types.toml");
    let (code, out, _) = ask(&["check", "--json", "--config", bad.to_str().unwrap()], &[]);
    let told = json(&out);
    let problems = told["problems"].as_array().unwrap();
    assert!(code == 2 && told["ok"] == false && 5 < problems.len(), "{out}");
    let placed =
        |problem: &&Value| problem["line"].is_u64() && problem["column"].is_u64() && problem["message"].is_string();
    assert_eq!(problems.iter().filter(placed).count(), problems.len(), "{out}");
}

#[test]
fn the_shell_is_served() {
    for (shell, holds) in [("bash", "complete -F"), ("zsh", "#compdef forewarn"), ("fish", "complete -c forewarn")] {
        let (code, out, _) = ask(&["completions", shell], &[]);
        assert!(code == 0 && out.contains(holds) && out.contains("send-test"), "{shell}: {out}");
    }
    let (code, page, _) = ask(&["man"], &[]);
    assert!(code == 0 && page.contains(".TH forewarn") && page.contains("Knows that a system will fail"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(ask(&["man", "--dir", folder.path().to_str().unwrap()], &[]).0, 0);
    let page = std::fs::read_to_string(folder.path().join("forewarn-silence-add.1")).unwrap();
    assert!(page.contains("planned migration"), "{page}");
    let (code, dashboard, _) = ask(&["dashboard"], &[]);
    assert!(code == 0 && json(&dashboard)["panels"].as_array().unwrap().len() > 10);
    let (code, out, _) = ask(&["replay", "--log-format", "json", "/nowhere.csv"], &[]);
    assert!(code == 1 && out.is_empty());
}

#[test]
fn the_environment_overrides_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forewarn.toml");
    std::fs::write(&path, "[kafka]\nbrokers = \"a:1\"\ntopics = [\"x\"]\n").unwrap();
    let file = path.to_str().unwrap();
    let variables = [("FOREWARN_KAFKA__BROKERS", "kafka:9092"), ("FOREWARN_KAFKA__PROPERTIES__SASL_USERNAME", "me")];
    let (code, out, err) = ask(&["check", "--config", file], &variables);
    assert!(code == 0 && out.contains("x of kafka:9092 as group forewarn"), "{out}{err}");
    let (code, _, err) = ask(&["check", "--config", file], &[("FOREWARN_KAFKA__BROKER", "k")]);
    assert!(code == 2 && err.contains("--> environment:1:1") && err.contains("did you mean `brokers`?"), "{err}");
    let secret = [("FOREWARN_KAFKA__PROPERTIES__SASL_PASSWORD", "hunter2")];
    let (code, out, err) = ask(&["check", "--config", file], &secret);
    assert!(code == 0 && !out.contains("hunter2") && !err.contains("hunter2"), "{out}{err}");
}

#[test]
fn what_is_excluded_is_not_watched() {
    let text = "[signals]\nexclude = ['{__name__=~\"go_.*\"}', 'cpu_load{host=\"play\"}']\n";
    let settings = config::parse(text, "f", Path::new(""), Purpose::Replay).unwrap_or_else(|p| panic!("{p}")).settings;
    let mut pipeline = Pipeline::new(&settings);
    let id = PartitionId::new("metrics", 0);
    for offset in 0..3 {
        let lines = "go_gc,host=a x=1 1000000000\ncpu,host=play load=1 1000000000\ncpu,host=real load=1 1000000000\n";
        let message = Received { offset, time: None, key: None, payload: lines.as_bytes() };
        assert!(pipeline.read(&id, message).rejects.is_empty());
        pipeline.judge(&id, offset + 1, &mut forewarn::engine::Output::default());
    }
    assert_eq!(pipeline.engine.directory().len(), 1);
}
