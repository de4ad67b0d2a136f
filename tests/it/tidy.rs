//! The house stays in order: modules use only those above them, files and functions stay small, the core stays pure.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules as `lib.rs` lists them: the order is the law.
fn order() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let names = lib.lines().filter_map(|line| line.strip_prefix("pub mod "));
    names.filter_map(|rest| rest.split(';').next()).map(str::to_owned).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_under(&path, out);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            out.push(path);
        }
    }
}

fn rust_files(dirs: &[&str]) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    for dir in dirs {
        files_under(&root().join(dir), &mut paths);
    }
    let name = |path: &PathBuf| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// `src/signal/meter.rs` and `src/time.rs` are of the modules `signal` and `time`.
fn module_of(file: &str) -> &str {
    let rest = file.strip_prefix("src/").unwrap();
    let first = rest.split('/').next().unwrap();
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The modules that a file names with `crate::`, outside comments.
fn imports(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        let word: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        found.push(word);
    }
    found
}

#[test]
fn modules_use_only_those_above_them() {
    let order = order();
    let rank = |module: &str| order.iter().position(|have| have == module);
    for (file, text) in rust_files(&["src"]) {
        let module = module_of(&file);
        let Some(own) = rank(module) else { continue };
        for used in imports(&text) {
            if let Some(of) = rank(&used) {
                assert!(of <= own, "{file}: may not use crate::{used}, which stands below {module} in lib.rs");
            }
        }
    }
}

#[test]
fn every_module_is_on_the_map() {
    let order = order();
    for (file, _) in rust_files(&["src"]) {
        let module = module_of(&file);
        assert!(["lib", "main"].contains(&module) || order.iter().any(|have| have == module), "{file}: not in lib.rs");
    }
}

#[test]
fn files_and_functions_stay_small() {
    let files = rust_files(&["src", "tests", "benches"]);
    let mut lengths = Vec::new();
    for (file, text) in &files {
        let lines = text.lines().count();
        assert!(lines <= 600, "{file}: {lines} lines; a file is one idea, at most 600");
        if file.starts_with("src/") {
            lengths.push(lines);
        }
        for (name, length) in functions(text) {
            assert!(length <= 70, "{file}: {name} has {length} lines; a function fits a screen, at most 70");
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median < 200, "the median file has {median} lines; under 200 is the house's rule");
}

/// Functions as rustfmt lays them out: from `fn` to the closing brace of the same indent.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let is_fn = [
            "fn ",
            "pub fn ",
            "pub(crate) fn ",
            "pub(super) fn ",
            "async fn ",
            "pub async fn ",
            "pub(super) async fn ",
        ];
        if !is_fn.iter().any(|start| bare.starts_with(start)) {
            continue;
        }
        let indent = &line[..line.len() - bare.len()];
        let close = format!("{indent}}}");
        let end = lines[at..].iter().position(|line| *line == close);
        if let Some(length) = end {
            found.push((bare.chars().take(60).collect(), length + 1));
        }
    }
    found
}

/// The core knows no clock, no file, no environment, no thread of its own and no chance; clippy bans the calls, this the names.
#[test]
fn the_core_is_pure() {
    let core = ["time", "calendar", "signal", "plan", "baseline", "detect", "forecast", "incident", "alert", "engine"];
    let banned = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "tokio",
        "tracing::",
        "SystemTime",
        "Instant::",
    ];
    for (file, text) in rust_files(&["src"]) {
        if !core.contains(&module_of(&file)) {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for (n, line) in code.lines().enumerate() {
            let line = line.split("//").next().unwrap_or("");
            for word in banned {
                assert!(!line.contains(word), "{file}:{}: the core may not name {word}", n + 1);
            }
        }
    }
}
