//! The live process, started as people start it: the program, a configuration file, signals, HTTP.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A running `forewarn run`.
pub(super) struct Live {
    child: Child,
    home: PathBuf,
    port: u16,
}

/// A folder for one process: configuration, state, log.
pub(super) struct Home {
    pub(super) folder: tempfile::TempDir,
    pub(super) port: u16,
}

impl Home {
    /// Writes the configuration; `more` is added to `[kafka]` and after it.
    pub(super) fn new(broker: &str, topics: &[&str], more: &str) -> Home {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let topics: Vec<String> = topics.iter().map(|topic| format!("{topic:?}")).collect();
        let topics = topics.join(", ");
        let group = format!("g{port}-{}", std::process::id());
        let text = format!(
            "[http]\nlisten = \"127.0.0.1:{port}\"\n[state]\ndirectory = {:?}\ninterval = \"2s\"\n[kafka]\nbrokers = {broker:?}\n\
             topics = [{topics}]\ngroup = {group:?}\n{more}\n",
            folder.path().join("state"),
        );
        std::fs::write(folder.path().join("forewarn.toml"), text).expect("the configuration is written");
        Home { folder, port }
    }

    /// Adds to the configuration.
    pub(super) fn add(&self, more: &str) {
        let path = self.folder.path().join("forewarn.toml");
        let text = std::fs::read_to_string(&path).expect("the configuration") + more;
        std::fs::write(path, text).expect("the configuration is written");
    }

    /// Lets so much time pass between checkpoints.
    pub(super) fn checkpoint_every(&self, interval: &str) {
        let path = self.folder.path().join("forewarn.toml");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        let text = text.replace("interval = \"2s\"", &format!("interval = {interval:?}"));
        std::fs::write(path, text).expect("the configuration is written");
    }

    pub(super) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(super) fn start(&self) -> Live {
        self.start_with(&[])
    }

    /// Starts it with more options.
    pub(super) fn start_with(&self, options: &[&str]) -> Live {
        Live::start(self.folder.path(), self.port, options)
    }

    /// Starts it where this was done before, in file systems that it alone sees.
    pub(super) fn start_in(&self, before: &str) -> Live {
        Live::start_in(self.folder.path(), self.port, before)
    }

    /// Starts it where it is to end by itself; gives the exit code and what it said.
    pub(super) fn fails(&self, options: &[&str]) -> (i32, String) {
        let mut live = self.start_with(options);
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(ended) = live.child.try_wait().expect("the child is ours") {
                return (ended.code().unwrap_or(-1), live.log());
            }
            assert!(Instant::now() < end, "it does not end\n{}", live.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The first of so many ports in a row on which nobody listens, below those that clients are given.
pub(super) fn free_ports(count: u16) -> u16 {
    let is_free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    let from = 20_000 + (std::process::id() % 500) as u16 * 20;
    let mut begins = (from..32_000).step_by(usize::from(count));
    begins.find(|first| (*first..first + count).all(is_free)).expect("free ports")
}

pub(super) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

impl Live {
    /// Where the process sees this path, in a file system of its own.
    pub(super) fn inside(&self, path: &Path) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.child.id(), path.display()))
    }

    /// Starts it where this was done before, in file systems that it alone sees.
    fn start_in(home: &Path, port: u16, before: &str) -> Live {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(home.join("log")).expect("a log");
        let (program, config) = (env!("CARGO_BIN_EXE_forewarn"), home.join("forewarn.toml"));
        let script = format!("{before} && exec {program} run --config {}", config.display());
        let child =
            Command::new("unshare").args(["-rm", "sh", "-c", &script]).stdout(Stdio::null()).stderr(log).spawn();
        Live { child: child.expect("unshare is there"), home: home.to_owned(), port }
    }

    fn start(home: &Path, port: u16, options: &[&str]) -> Live {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(home.join("log")).expect("a log");
        let child = Command::new(env!("CARGO_BIN_EXE_forewarn"))
            .args(["run", "--config"])
            .arg(home.join("forewarn.toml"))
            .args(options)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        Live { child, home: home.to_owned(), port }
    }

    /// Asks over HTTP; none while nobody listens.
    pub(super) fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let code = head.split(' ').nth(1)?.parse().ok()?;
        Some((code, serde_json::from_str(body).unwrap_or(Value::String(body.to_owned()))))
    }

    /// The body of an answer as it is; none where it is not given.
    pub(super) fn fetch(&self, path: &str) -> Option<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        answer.starts_with(b"HTTP/1.1 200").then(|| answer.split_off(end + 4))
    }

    pub(super) fn get(&self, path: &str) -> Value {
        self.ask("GET", path, "").map_or(Value::Null, |(_, value)| value)
    }

    /// Waits until the status page satisfies; panics with the log's end where it never does.
    pub(super) fn until(&mut self, what: &str, patience: Duration, satisfies: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + patience;
        loop {
            let status = self.get("/api/v1/status");
            if status.is_object() && satisfies(&status) {
                return status;
            }
            let ended = self.child.try_wait().expect("the child is ours");
            assert!(ended.is_none(), "{what}: the process ended with {ended:?}\n{}", self.log());
            assert!(Instant::now() < end, "{what}: not within {patience:?}\n{status:#}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The end of its log.
    pub(super) fn log(&self) -> String {
        let text = std::fs::read_to_string(self.home.join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// kill -9.
    pub(super) fn kill(mut self) {
        self.child.kill().expect("it was killed");
        self.child.wait().expect("it ended");
    }

    /// Sends it a signal.
    pub(super) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// SIGTERM; gives how long it took to end, and whether it ended well.
    pub(super) fn stop(mut self) -> (Duration, bool) {
        let began = Instant::now();
        let killed = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill is there");
        assert!(killed.success());
        let ended = self.child.wait().expect("it ended");
        (began.elapsed(), ended.success())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
