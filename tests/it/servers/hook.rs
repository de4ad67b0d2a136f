//! A webhook receiver that takes everything and remembers it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A message: its idempotency key and its body.
type Message = (String, Value);

/// A receiver of webhooks.
pub struct Hook {
    port: u16,
    got: Arc<Mutex<Vec<Message>>>,
}

impl Hook {
    /// Begins to listen.
    pub fn open() -> Hook {
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
    pub fn receiver(&self) -> String {
        let port = self.port;
        format!(
            "[deliver]\nstale = \"3650d\"\n[[receiver]]\nname = \"hook\"\nwebhook = {{ url = \"http://127.0.0.1:{port}/\" }}\n"
        )
    }

    pub fn messages(&self) -> Vec<Message> {
        self.got.lock().unwrap().clone()
    }

    pub fn keys(&self) -> BTreeSet<String> {
        self.messages().into_iter().map(|(key, _)| key).collect()
    }

    /// The last that was heard of each alert: its revision and state.
    pub fn last_by_alert(&self) -> BTreeMap<String, (u64, String)> {
        let mut last = BTreeMap::new();
        for (_, body) in self.messages() {
            let record = if body["data"].is_object() { &body["data"] } else { &body };
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
    Some((key, serde_json::from_slice(&body).ok()?))
}
