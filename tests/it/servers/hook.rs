//! A webhook receiver that takes everything and remembers it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::Value;

/// A message as it came.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// Its idempotency key.
    pub(super) key: String,
    pub(super) body: Value,
    pub(super) arrived: Instant,
}

impl Message {
    /// The alert's record.
    pub(super) fn record(&self) -> &Value {
        if self.body["data"].is_object() { &self.body["data"] } else { &self.body }
    }
}

/// A receiver of webhooks.
pub(super) struct Hook {
    port: u16,
    got: Arc<Mutex<Vec<Message>>>,
}

impl Hook {
    /// Begins to listen.
    pub(super) fn open() -> Hook {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let got: Arc<Mutex<Vec<Message>>> = Arc::default();
        let kept = Arc::clone(&got);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || {
                    while let Some(message) = take(&stream) {
                        kept.lock().unwrap().push(message);
                        let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
                        if (&stream).write_all(answer).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Hook { port, got }
    }

    /// The configuration that sends everything here, however old.
    pub(super) fn receiver(&self) -> String {
        let port = self.port;
        format!(
            "[deliver]\nstale = \"3650d\"\n[[receiver]]\nname = \"hook\"\nwebhook = {{ url = \"http://127.0.0.1:{port}/\" }}\n"
        )
    }

    pub(super) fn messages(&self) -> Vec<Message> {
        self.got.lock().unwrap().clone()
    }

    pub(super) fn keys(&self) -> BTreeSet<String> {
        self.messages().into_iter().map(|message| message.key).collect()
    }

    /// The last that was heard of each alert: its revision and state.
    pub(super) fn last_by_alert(&self) -> BTreeMap<String, (u64, String)> {
        let mut last = BTreeMap::new();
        for message in self.messages() {
            let record = message.record();
            let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
            last.insert(text("id"), (record["revision"].as_u64().unwrap_or_default(), text("state")));
        }
        last
    }
}

fn take(stream: &TcpStream) -> Option<Message> {
    let mut reader = BufReader::new(stream);
    let (mut key, mut length, mut line) = (String::new(), 0, String::new());
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|&read| 0 < read)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => key = value.to_owned(),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Message { key, body: serde_json::from_slice(&body).ok()?, arrived: Instant::now() })
}
