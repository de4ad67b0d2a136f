//! What an operator asks and tells: against a state directory as `run` leaves it, and a real HTTP server with an outbox
//! behind it.
#![expect(clippy::disallowed_methods, reason = "these tests lay out files")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::json;

use super::forewarn;
use crate::config::{Secret, Settings};
use crate::deliver::outbox::Outbox;
use crate::deliver::{Policy, Wall};
use crate::explain::tests::{disk, engine};
use crate::serve::{self, Command, Fault, Server, Shared, shape};
use crate::state::{Checkpoint, History, SECTION, StateDirectory};

/// A command line, its exit code, words of stdout, words of stderr.
type Row<'a> = (&'a [&'a str], u8, &'a str, &'a str);

/// Runs each row with this configuration; what goes wrong is said in one line and never on stdout.
fn check(config: &Path, rows: &[Row<'_>]) {
    for (arguments, code, out, err) in rows {
        let mut all = arguments.to_vec();
        all.extend(["--config", config.to_str().unwrap()]);
        let got = forewarn(&all);
        assert_eq!(got.0, *code, "{arguments:?}: {got:#?}");
        assert!(got.1.contains(out) && got.2.contains(err), "{arguments:?}: {got:#?}");
        assert!(*code == 0 || got.1.is_empty(), "{arguments:?}: {got:#?}");
    }
}

fn configured(home: &Path, text: &str) -> PathBuf {
    let path = home.join("forewarn.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn explain_reads_the_state_while_another_process_holds_it() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let config = configured(home.path(), &format!("[state]\ndirectory = {state:?}\n"));
    check(&config, &[(&["explain", "4f1c"], 1, "", "there is no state in")]);

    let mut held = StateDirectory::open::<u32>(&state).unwrap();
    let mut history = History::open(&state).unwrap();
    assert!(disk().iter().all(|record| history.append(record).unwrap()));
    check(
        &config,
        &[
            (&["explain", "4f1c"], 0, "to whom is known from the first checkpoint on", ""),
            (&["explain", "--held", "up"], 1, "", "has no checkpoint yet"),
        ],
    );

    let settings = Settings::default();
    let mut outbox = Outbox::new(Policy::new(&settings));
    disk().iter().for_each(|record| outbox.take(record, Wall(record.at)));
    let mut checkpoint = Checkpoint::default();
    checkpoint.put("outbox", SECTION, postcard::to_allocvec(outbox.book()).unwrap());
    checkpoint.put("engine", SECTION, engine(settings.plan, 1).snapshot());
    held.directory.save(&checkpoint).unwrap();
    check(
        &config,
        &[
            (&["explain", "4f1c09ab22d07e15"], 0, "not sent: no receiver is configured (shadow)", ""),
            (&["explain", "4f1c09ab22d07e15"], 0, "the forecast receded", ""),
            (&["explain", "77"], 1, "", "there is no alert `77` in"),
            (&["explain", "77"], 1, "", "4f1c09ab22d07e15  disk_used_ratio of db-1 is back"),
            (&["explain", "--held", "up"], 0, "still warming up: known for", ""),
            (&["explain", "--held", "nothing_of_this_name"], 1, "", "check the name and labels"),
        ],
    );
    drop(held);
}

#[test]
fn explain_reads_files_of_alerts() {
    let home = tempfile::tempdir().unwrap();
    let config = configured(home.path(), "");
    let alerts = home.path().join("alerts.jsonl");
    let lines: Vec<String> = disk().iter().map(|record| serde_json::to_string(record).unwrap()).collect();
    std::fs::write(&alerts, lines.join("\n")).unwrap();
    let alerts = alerts.to_str().unwrap();
    check(
        &config,
        &[
            (&["explain", "4f1c", "--from", alerts], 0, "does not hold to whom they were sent", ""),
            (&["explain", "77", "--from", alerts], 1, "", "there is no alert `77`"),
            (&["explain", "--held", "up", "--from", alerts], 1, "", "holds only what was said"),
            (&["explain", "4f1c", "--from", "x.arrow"], 1, "", "cannot read x.arrow"),
            (&["explain", "4f1c", "--from", "/nowhere/a.jsonl"], 1, "", "cannot read /nowhere/a.jsonl"),
        ],
    );
}

/// The real server, and behind it an outbox instead of the judging thread.
fn served(runtime: &tokio::runtime::Runtime) -> Server {
    let shared = Arc::new(Shared::new(Some(Secret::new("s3cret"))));
    let inbox = shared.take_inbox().unwrap();
    let now = crate::deliver::courier::wall_clock();
    std::thread::spawn(move || {
        let mut outbox = Outbox::new(Policy::new(&Settings::default()));
        let mut open = disk().remove(0);
        open.at = now().0;
        outbox.take(&open, now());
        while let Ok(command) = inbox.recv() {
            match command {
                Command::Silence { selector, until, by, comment, reply } => {
                    let made = outbox.silence(&selector, Wall(until), &by, &comment, now());
                    let _ = reply.send(made.map(|made| shape::silence(&made)).map_err(|e| Fault::Wrong(e.to_string())));
                }
                Command::Silences(reply) => {
                    let all: Vec<_> = outbox.silences().map(shape::silence).collect();
                    let _ = reply.send(Ok(json!({ "silences": all })));
                }
                Command::Unsilence(id, reply) => {
                    let unknown = Fault::Unknown(format!("there is no silence `{id}`"));
                    let _ = reply.send(outbox.end_silence(&id, now()).then_some(json!(null)).ok_or(unknown));
                }
                Command::Acknowledge { alert, by, reply, .. } => {
                    let unknown = Fault::Unknown(format!("there is no open alert `{alert}`"));
                    let _ = reply.send(outbox.ack(&alert, &by, now()).then_some(json!({})).ok_or(unknown));
                }
                other => panic!("{other:?}"),
            }
        }
    });
    runtime.block_on(serve::serve("127.0.0.1:0".parse().unwrap(), shared)).unwrap()
}

#[test]
fn silences_and_acknowledgements_go_to_the_running_process() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = served(&runtime);
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("token"), "s3cret\n").unwrap();
    let config = configured(home.path(), &format!("[http]\nlisten = \"{}\"\ntoken_file = \"token\"\n", server.address));
    let add: &[&str] = &["silence", "add", "service=\"db-1\"", "--for", "2h", "--reason", "planned migration"];
    check(
        &config,
        &[
            (&["silence", "list"], 0, "no silence holds\n", ""),
            (add, 0, "s1  service=\"db-1\"  until ", ""),
            (&["silence", "list"], 0, "(in 2 hours)", ""),
            (&["silence", "list"], 0, ": planned migration\n", ""),
            (
                &["silence", "add", "up", "--until", "2020-01-01T00:00:00Z"],
                1,
                "",
                "until: 2020-01-01T00:00:00Z is over",
            ),
            (&["silence", "end", "s1"], 0, "silence s1 is over", ""),
            (&["silence", "end", "s/1"], 1, "", "error: there is no silence `s/1`\n"),
            (&["ack", "4f1c09ab22d07e15"], 0, "is on alert 4f1c09ab22d07e15: it is not repeated", ""),
            (&["ack", "77"], 1, "", "error: there is no open alert `77`\n"),
        ],
    );
    std::fs::write(home.path().join("token"), "guess\n").unwrap();
    check(&config, &[(&["silence", "list"], 1, "", "wants another token")]);
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = configured(home.path(), &format!("[http]\nlisten = \"{free}\"\n"));
    check(
        &config,
        &[
            (&["silence", "list"], 1, "", "no forewarn runs at 127.0.0.1:"),
            (&["ack", "77"], 1, "", "start it (`forewarn run`)"),
        ],
    );
}

#[test]
fn a_test_message_goes_the_real_way_or_says_what_the_server_said() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let came = Arc::new(Mutex::new(Vec::new()));
    let keep = came.clone();
    let app = Router::new()
        .route("/ok", post(move |body: String| async move { keep.lock().unwrap().push(body) }))
        .route("/gone", post(|| async { (StatusCode::GONE, "no such hook") }));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, app).await });
    let home = tempfile::tempdir().unwrap();
    let receiver =
        |name: &str, url: &str| format!("[[receiver]]\nname = \"{name}\"\nwebhook = {{ url = \"{url}\" }}\n");
    let text = receiver("ok", &format!("http://{address}/ok"))
        + &receiver("gone", &format!("http://{address}/gone"))
        + &receiver("plain", &format!("https://{address}/ok"));
    let config = configured(home.path(), &text);
    let sent = format!("sent to ok: webhook at {address}, not signed\n");
    check(
        &config,
        &[
            (&["send-test", "ok"], 0, &sent, ""),
            (&["send-test", "gone"], 1, "", "410 Gone: no such hook"),
            (&["send-test", "plain"], 1, "", "the TLS handshake failed"),
            (&["send-test", "pager"], 2, "", "there are ok, gone, plain"),
        ],
    );
    let event: serde_json::Value = serde_json::from_str(&came.lock().unwrap()[0]).unwrap();
    assert_eq!(event["data"]["test"], true);
}
