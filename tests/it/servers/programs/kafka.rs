//! A broker of its own, and jobs that join a group and leave it when they are done, by the Kafka protocol; or crash before that.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::super::broker::script;
use super::super::live::free_ports;

/// What runs jobs, each one job after the other, with a pause between them.
const RUNNERS: u64 = 2;
const PAUSE: Duration = Duration::from_millis(12);
/// The groups of a runner, in turn; a member that crashed is given up by the broker before its group's next turn.
const GROUPS: u64 = 256;
const SESSION_MS: i32 = 1_000;
/// Of so many jobs one crashes, usually.
const USUAL: u64 = 50;

pub(super) struct Noisy {
    port: u16,
    pub(super) log: PathBuf,
    crashes: Arc<AtomicBool>,
    ends: Arc<AtomicBool>,
}

impl Noisy {
    pub(super) fn start() -> Noisy {
        let port = free_ports(9);
        script(&["start", &port.to_string()]);
        let log = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/servers/kafka/node-{port}/broker.log"));
        let (crashes, ends) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        for runner in 0..RUNNERS {
            let (crashes, ends) = (Arc::clone(&crashes), Arc::clone(&ends));
            std::thread::spawn(move || run(port, runner, &crashes, &ends));
        }
        Noisy { port, log, crashes, ends }
    }

    /// From now on every job crashes.
    pub(super) fn crash_jobs(&self) {
        self.crashes.store(true, Ordering::Relaxed);
    }

    /// A request that is none: the broker says that it closes the connection, as an error.
    pub(super) fn send_garbage(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the broker listens");
        stream.write_all(&[0, 0, 0, 8, 0x7F, 0x7F, 0, 0, 0, 0, 0, 1]).expect("sent");
        let _ = stream.read(&mut [0; 16]);
    }
}

impl Drop for Noisy {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        script(&["stop", &self.port.to_string()]);
        let _ = self.log.parent().map(std::fs::remove_dir_all);
    }
}

/// Runs jobs until the end.
fn run(port: u16, runner: u64, crashes: &AtomicBool, ends: &AtomicBool) {
    let connect = || TcpStream::connect(("127.0.0.1", port));
    let mut stream = connect().expect("the broker listens");
    for job in 0u64.. {
        if ends.load(Ordering::Relaxed) {
            return;
        }
        let group = format!("jobs-{runner}-{}", job % GROUPS);
        // JoinGroup 2: throttle, error, generation, protocol, leader, member.
        let mut body = text(&group);
        body.extend([SESSION_MS.to_be_bytes(), SESSION_MS.to_be_bytes()].concat());
        body.extend(
            [text(""), text("consumer"), 1i32.to_be_bytes().to_vec(), text("range"), bytes(&SUBSCRIPTION)].concat(),
        );
        let Some(answer) = ask(&mut stream, 11, 2, &body) else { return };
        if i16::from_be_bytes([answer[4], answer[5]]) != 0 {
            // Who asks for the coordinator (FindCoordinator 0) makes the broker found its groups.
            ask(&mut stream, 10, 0, &text(&group));
            std::thread::sleep(Duration::from_millis(100));
            continue;
        }
        let mut at = 10;
        let mut next = || {
            let length = usize::from(u16::from_be_bytes([answer[at], answer[at + 1]]));
            at += 2 + length;
            String::from_utf8_lossy(&answer[at - length..at]).into_owned()
        };
        let (_protocol, _leader, member) = (next(), next(), next());
        if crashes.load(Ordering::Relaxed) || job % USUAL == 0 {
            let Ok(again) = connect() else { return };
            stream = again;
        } else if ask(&mut stream, 13, 1, &[text(&group), text(&member)].concat()).is_none() {
            // LeaveGroup 1 had no answer.
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

/// A consumer's subscription (version 0) to no topic.
const SUBSCRIPTION: [u8; 10] = [0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF];

fn bytes(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

/// One request with its header (version 1), and the answer behind its correlation id.
fn ask(stream: &mut TcpStream, api: i16, version: i16, body: &[u8]) -> Option<Vec<u8>> {
    let header = [&api.to_be_bytes()[..], &version.to_be_bytes(), &7i32.to_be_bytes(), &text("jobs")].concat();
    let length = (header.len() + body.len()) as u32;
    stream.write_all(&[&length.to_be_bytes()[..], &header, body].concat()).ok()?;
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer).ok()?;
    Some(answer.split_off(4))
}
