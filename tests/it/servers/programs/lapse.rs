//! A clock that runs fast, and what ships lines stamped by it.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How much faster than the real one the clock runs: a minute is 50 ms.
const SPEED: f64 = 1_200.0;

/// The clock: it began three days ago.
#[derive(Clone, Copy)]
pub(super) struct Lapse {
    from: jiff::Timestamp,
    began: Instant,
}

impl Lapse {
    pub(super) fn begin() -> Lapse {
        let from = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(72);
        Lapse { from, began: Instant::now() }
    }

    pub(super) fn now(&self) -> jiff::Timestamp {
        let nanos = self.began.elapsed().as_secs_f64() * SPEED * 1e9;
        self.from + jiff::SignedDuration::from_nanos(nanos as i64)
    }

    /// So many hours of the clock, in real time.
    pub(super) fn real(&self, hours: f64) -> Duration {
        Duration::from_secs_f64(hours * 3_600.0 / SPEED)
    }

    /// Sleeps until so many hours have passed.
    pub(super) fn wait_until(&self, hours: f64) {
        std::thread::sleep(self.real(hours).saturating_sub(self.began.elapsed()));
    }
}

/// Reads what programs write into their logs as they write it, and writes it on with a stamp.
pub(super) struct Shipper {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<Option<jiff::Timestamp>>,
}

impl Shipper {
    /// `from` are the logs of one program; what is in them is no news.
    pub(super) fn start(lapse: &Lapse, from: &[PathBuf], to: &Path) -> Shipper {
        let (lapse, ends) = (*lapse, Arc::new(AtomicBool::new(false)));
        let mut from: Vec<BufReader<File>> =
            from.iter().map(|path| BufReader::new(File::open(path).expect("the program's log"))).collect();
        let mut to = File::create(to).expect("a log");
        let over = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            let mut first_error = None;
            let mut line = Vec::new();
            loop {
                let last = over.load(Ordering::Acquire);
                let mut text = Vec::new();
                for from in &mut from {
                    while from.read_until(b'\n', &mut line).is_ok_and(|read| 0 < read) && line.ends_with(b"\n") {
                        if line.trim_ascii().is_empty() {
                            line.clear();
                            continue;
                        }
                        let at = lapse.now();
                        let is_error = [&b"[error]"[..], b" ERROR "]
                            .iter()
                            .any(|mark| memchr::memmem::find(&line, mark).is_some());
                        first_error = first_error.or(is_error.then_some(at));
                        write!(text, "{at} ").expect("memory");
                        text.append(&mut line);
                    }
                }
                to.write_all(&text).expect("the log is written");
                if last {
                    return first_error;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Shipper { ends, thread }
    }

    /// Ends it; when the first line of an error was shipped.
    pub(super) fn stop(self) -> Option<jiff::Timestamp> {
        self.ends.store(true, Ordering::Release);
        self.thread.join().expect("the shipper")
    }
}
