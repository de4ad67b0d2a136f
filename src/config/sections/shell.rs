//! `[state]`, `[time]`, `[record]`, `[deliver]`, `[heartbeat]` and `[limits]`.

use std::path::PathBuf;

use super::super::reader::{Fault, Table};
use super::super::settings::{Deliver, Lateness, Recording, State};
use super::super::text;
use crate::plan::Bounds;
use crate::time::Span;

/// `[state]`. A relative directory starts at the working directory, as INTERFACE says.
pub(in super::super) fn state(mut table: Table<'_>) -> State {
    let default = State::default();
    let directory = table.read("directory", |text| match text {
        "" => Err(Fault::new("it is empty").hint("leave it out for \"forewarn-state\"")),
        text => Ok(PathBuf::from(text)),
    });
    let interval = table.read("interval", text::span);
    table.finish();
    State { directory: directory.unwrap_or(default.directory), interval: interval.unwrap_or(default.interval) }
}

/// `[time]`.
pub(in super::super) fn lateness(mut table: Table<'_>) -> Lateness {
    let default = Lateness::default();
    let lateness = table.read("lateness", text::span_or_zero).unwrap_or(default.lateness);
    let stall = table.read("stall", text::span).unwrap_or(default.stall);
    let topics = table.section("lateness_by_topic");
    table.finish();
    let by_topic = topics
        .entries()
        .filter_map(|(topic, _, value)| Some((topic.to_owned(), value.read(text::span_or_zero)?)))
        .collect();
    Lateness { lateness, by_topic, stall }
}

/// `[record]`.
pub(in super::super) fn record(mut table: Table<'_>) -> Recording {
    let default = Recording::default();
    let size = table.read("size", text::bytes).unwrap_or(default.size);
    let file_at = table.get("file_size");
    let file_size = file_at.and_then(|value| value.read(text::bytes)).unwrap_or(default.file_size.min(size));
    let age = table.read("age", text::span).unwrap_or(default.age);
    table.finish();
    if let (Some(value), true) = (file_at, size < file_size) {
        let message = "`file_size` is beyond `size`: the one file would be all there may be";
        value.fail(Fault::new(message).hint("make it a tenth of `size` or less, so that the oldest can go"));
    }
    Recording { size, file_size, age }
}

/// `[deliver]` and `[heartbeat]`.
pub(in super::super) fn deliver(mut table: Table<'_>, heartbeat_table: Option<Table<'_>>) -> Deliver {
    let default = Deliver::default();
    let stale = table.read("stale", text::span).unwrap_or(default.stale);
    let expiry = table.read("expiry", text::span).unwrap_or(default.expiry);
    let repeat = table.read("repeat", text::span).unwrap_or(default.repeat);
    table.finish();
    Deliver { stale, expiry, repeat, heartbeat: heartbeat_table.and_then(heartbeat) }
}

fn heartbeat(mut table: Table<'_>) -> Option<(String, Span)> {
    let address = |text: &str| text::url(text, &["https", "http"]).map(|_| text.to_owned());
    let url = table.need("url", "\"https://example/ping/…\"").and_then(|value| value.read(address));
    let every = table.read("every", text::span).unwrap_or(Span::from_mins(1));
    table.finish();
    Some((url?, every))
}

/// `[limits]`: the bounds of memory.
pub(in super::super) fn bounds(mut table: Table<'_>) -> Bounds {
    let mut bounds = Bounds::default();
    let slots: [(&'static str, &mut usize); 12] = [
        ("signals", &mut bounds.signals),
        ("labels", &mut bounds.labels),
        ("label_bytes", &mut bounds.label_bytes),
        ("message_bytes", &mut bounds.message_bytes),
        ("waiting", &mut bounds.waiting),
        ("incidents", &mut bounds.incidents),
        ("changes", &mut bounds.changes),
        ("log_templates", &mut bounds.log_templates),
        ("log_signals", &mut bounds.log_signals),
        ("log_flows", &mut bounds.log_flows),
        ("log_kept", &mut bounds.log_kept),
        ("log_line_bytes", &mut bounds.log_line_bytes),
    ];
    for (key, slot) in slots {
        if let Some(count) = table.get(key).and_then(|value| value.count()) {
            *slot = count;
        }
    }
    if let Some(forget) = table.read("forget", text::span) {
        bounds.forget = forget;
    }
    table.finish();
    bounds
}
