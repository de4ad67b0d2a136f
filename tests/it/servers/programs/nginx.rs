//! nginx under load, in front of an upstream that can be slowed down.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::live::free_port;

/// Clients, and how long each waits between two requests.
const CLIENTS: u64 = 8;
const PAUSE: Duration = Duration::from_millis(70);
/// How long the upstream takes, and how long in the end; nginx gives up in between.
const USUAL: f64 = 0.010;
const WORST: f64 = 0.400;
const PATIENCE_MS: u64 = 250;

pub(super) struct Nginx {
    child: Child,
    pub(super) access: PathBuf,
    pub(super) errors: PathBuf,
    ends: Arc<AtomicBool>,
    /// Since when the upstream slows down, and over which time.
    slow: Arc<Mutex<Option<(Instant, Duration)>>>,
}

impl Nginx {
    pub(super) fn start(folder: &Path) -> Nginx {
        let folder = folder.join("nginx");
        std::fs::create_dir_all(folder.join("temp")).expect("a folder");
        let (access, errors) = (folder.join("access.log"), folder.join("error.log"));
        let slow = Arc::new(Mutex::new(None));
        let ends = Arc::new(AtomicBool::new(false));
        let upstream = upstream(&slow);
        let port = free_port();
        let temp = |name: &str| format!("{name}_temp_path {}/temp/{name};", folder.display());
        let temps: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(temp).concat();
        let config = format!(
            "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log error;\nevents {{}}\nhttp {{ {temps}\n\
             log_format told '$remote_addr \"$request\" $status $body_bytes_sent bytes took $request_time s';\n\
             access_log {0}/access.log told;\nserver {{ listen 127.0.0.1:{port};\n\
             location / {{ proxy_pass http://127.0.0.1:{upstream}; proxy_read_timeout {PATIENCE_MS}ms; }} }} }}\n",
            folder.display()
        );
        std::fs::write(folder.join("nginx.conf"), config).expect("the configuration is written");
        let child = Command::new("nginx")
            .args(["-e".as_ref(), errors.as_os_str(), "-p".as_ref(), folder.as_os_str()])
            .args(["-c".as_ref(), folder.join("nginx.conf").as_os_str()])
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts; on Debian: apt-get install nginx-light");
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                Instant::now() < end,
                "nginx does not listen: {}",
                std::fs::read_to_string(&errors).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        for client in 0..CLIENTS {
            let ends = Arc::clone(&ends);
            std::thread::spawn(move || load(port, client, &ends));
        }
        Nginx { child, access, errors, ends, slow }
    }

    /// From now on the upstream slows down.
    pub(super) fn slow_down(&self, over: Duration) {
        *self.slow.lock().expect("no panic") = Some((Instant::now(), over));
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        std::thread::sleep(PAUSE);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An upstream that takes its time; its port.
fn upstream(slow: &Arc<Mutex<Option<(Instant, Duration)>>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let slow = Arc::clone(slow);
    std::thread::spawn(move || {
        let asked = Arc::new(AtomicU64::new(0));
        for stream in listener.incoming().flatten() {
            let (slow, asked) = (Arc::clone(&slow), Arc::clone(&asked));
            std::thread::spawn(move || {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                while stream.read_line(&mut line).is_ok_and(|read| 2 < read) {
                    line.clear();
                }
                let share = slow
                    .lock()
                    .expect("no panic")
                    .map_or(0.0, |(since, over)| (since.elapsed().as_secs_f64() / over.as_secs_f64()).min(1.0));
                // Some requests are harder than others.
                let mut state = asked.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let hard = 0.5 + super::super::noise(&mut state);
                std::thread::sleep(Duration::from_secs_f64((USUAL + share * (WORST - USUAL)) * hard));
                let _ =
                    stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
            });
        }
    });
    port
}

/// A client that asks again and again.
fn load(port: u16, client: u64, ends: &AtomicBool) {
    for number in 0u64.. {
        if ends.load(Ordering::Relaxed) {
            return;
        }
        let path = ["cart", "orders", "items", "pay"][((number + client) % 4) as usize];
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return };
        let _ = write!(stream, "GET /api/{path}/{number} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
        std::thread::sleep(PAUSE);
    }
}
