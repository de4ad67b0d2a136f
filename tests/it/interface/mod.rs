//! The program from outside: files in, exit codes and files out, as the published interface promises.

mod eval;
mod inputs;
mod scores;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder for one test.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs the program in this folder.
    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_forewarn")).args(arguments).current_dir(self.0.path()).output().unwrap()
    }

    /// The same, which must end well.
    fn ok(&self, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// The exit code, and what was said on stderr.
    fn code(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Replays inputs into the folder `to` and gives the files there, by name.
    fn scores(&self, inputs: &[&str], to: &str) -> Vec<(String, String)> {
        let mut arguments = vec!["replay"];
        arguments.extend(inputs);
        arguments.extend(["--scores", to]);
        self.ok(&arguments);
        let mut found = Vec::new();
        walk(&self.path(to), &self.path(to), &mut found);
        found.sort();
        found
    }
}

fn walk(top: &Path, at: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(top, &path, found);
        } else {
            let name = path.strip_prefix(top).unwrap().to_string_lossy().into_owned();
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// A small noise in [-1, 1], the same each time.
fn noise(n: u64) -> f64 {
    let mixed = (n ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as f64 / f64::from(1u32 << 23) - 1.0
}

/// The value of row `n`: a daily wave with noise, and a jump for a while.
fn value(n: u64) -> f64 {
    let wave = (n as f64 / 288.0 * std::f64::consts::TAU).sin();
    let jump = if (400..415).contains(&n) { 60.0 } else { 0.0 };
    ((100.0 + 10.0 * wave + noise(n) + jump) * 1000.0).round() / 1000.0
}

/// The time of row `n`, in seconds: five minutes apart.
fn seconds(n: u64) -> u64 {
    1_600_000_200 + 300 * n
}

/// `timestamp,value` rows `0..rows`, times as `stamp` writes them.
fn csv(rows: u64, stamp: impl Fn(u64) -> String) -> String {
    let lines = (0..rows).map(|n| format!("{},{}\n", stamp(n), value(n)));
    format!("timestamp,value\n{}", lines.collect::<String>())
}

/// A score file's rows: time and value as text, the two scores.
fn rows(text: &str) -> Vec<(String, String, f64, f64)> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("timestamp,value,anomaly_score,onset_score"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), 4, "{line}");
            (cells[0].to_owned(), cells[1].to_owned(), cells[2].parse().unwrap(), cells[3].parse().unwrap())
        })
        .collect()
}

/// The two scores of each row.
fn pairs(text: &str) -> Vec<(f64, f64)> {
    rows(text).into_iter().map(|(.., anomaly, onset)| (anomaly, onset)).collect()
}
