//! `forewarn silence`, `ack` and `send-test`: what an operator tells the running process, or a receiver.

use std::io::Write;

use jiff::tz::TimeZone;
use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Api, runtime};
use super::check::way;
use super::{AckArgs, ChangesArgs, Failure, SendTestArgs, SilenceArgs, SilenceCommand};
use crate::alert::words::length;
use crate::deliver::courier::{send_test, wall_clock};
use crate::deliver::render::Clerk;
use crate::deliver::{Channel, SendError, templates};
use crate::net::install_crypto;
use crate::time::Timestamp;

pub(super) fn silence(args: &SilenceArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let settings = args.config.settings_if_there()?;
    let (api, zone) = (Api::new(&settings)?, &settings.plan.calendar.zone);
    let now = wall_clock()().0;
    match &args.command {
        SilenceCommand::Add { selector, until, reason } => {
            let end = until.end(now);
            let body = json!({
                "selector": selector.as_str(), "until": end.to_string(), "by": who(),
                "comment": reason.as_deref().unwrap_or_default(),
            });
            let made = api.ask(Method::POST, "silences", Some(&body))?;
            let id = made["id"].as_str().unwrap_or("?");
            writeln!(out, "{}; to end it before: forewarn silence end {id}", line(&made, now, zone))?;
        }
        SilenceCommand::List { json } => {
            let all = api.ask(Method::GET, "silences", None)?;
            if *json {
                return Ok(writeln!(out, "{all}")?);
            }
            let all = all["silences"].as_array().cloned().unwrap_or_default();
            for silence in &all {
                writeln!(out, "{}", line(silence, now, zone))?;
            }
            if all.is_empty() {
                writeln!(out, "no silence holds")?;
            }
        }
        SilenceCommand::End { id } => {
            api.ask(Method::DELETE, &format!("silences/{}", segment(id)), None)?;
            writeln!(out, "silence {id} is over; what it kept back and still stands is told now")?;
        }
    }
    Ok(())
}

/// One silence in one line.
fn line(silence: &Value, now: Timestamp, zone: &TimeZone) -> String {
    let text = |key: &str| silence[key].as_str().unwrap_or_default();
    let end = match Timestamp::parse_rfc3339(text("until")) {
        Some(until) => {
            let local = until.to_jiff().to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %Z");
            format!("until {local} (in {})", length(until.since(now)))
        }
        None => format!("until {}", text("until")),
    };
    let mut line = format!("{}  {}  {end}", text("id"), text("selector"));
    if !text("by").is_empty() {
        line.push_str(&format!("  by {}", text("by")));
    }
    if !text("comment").is_empty() {
        line.push_str(&format!(": {}", text("comment")));
    }
    line
}

/// The changes that the process remembers, the newest first.
pub(super) fn changes(args: &ChangesArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let settings = args.config.settings_if_there()?;
    let all = Api::new(&settings)?.ask(Method::GET, "changes", None)?;
    if args.json {
        return Ok(writeln!(out, "{all}")?);
    }
    let zone = &settings.plan.calendar.zone;
    let all = all["changes"].as_array().cloned().unwrap_or_default();
    for change in &all {
        writeln!(out, "{}", change_line(change, zone))?;
    }
    if all.is_empty() {
        writeln!(out, "no change was told of late")?;
    }
    Ok(())
}

/// One change in one line: when, what, and what it did on how many signals.
fn change_line(change: &Value, zone: &TimeZone) -> String {
    let text = |key: &str| change[key].as_str().unwrap_or_default();
    let count = |key: &str| change["effects"][key].as_u64().unwrap_or(0);
    let at = Timestamp::parse_rfc3339(text("at")).map_or_else(
        || text("at").to_owned(),
        |at| at.to_jiff().to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string(),
    );
    let verdict = match text("verdict") {
        "better" => format!("better: {} signals", count("better")),
        "worse" => format!("worse: {} signals, better: {}", count("worse"), count("better")),
        "no_effect" => format!("no effect on {} signals", count("none")),
        _ => "too early to tell".to_owned(),
    };
    let version = change["version"].as_str().map(|version| format!(" {version}")).unwrap_or_default();
    format!("{at}  {}  {} {}{version}  {verdict}", text("service"), text("kind"), text("what"))
}

pub(super) fn ack(args: &AckArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let settings = args.config.settings_if_there()?;
    let (alert, by) = (&args.alert, who());
    let path = format!("alerts/{}/ack", segment(alert));
    Api::new(&settings)?.ask(Method::POST, &path, Some(&json!({ "by": by, "unneeded": args.unneeded })))?;
    let by = if by.is_empty() { "someone" } else { &by };
    match args.unneeded {
        true => writeln!(
            out,
            "{by} says that nobody needed alert {alert}: it is not repeated, and counts against the budget"
        )?,
        false => {
            writeln!(out, "{by} is on alert {alert}: it is not repeated and does not escalate; its end is still told")?
        }
    }
    Ok(())
}

pub(super) fn test(args: &SendTestArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let settings = args.config.settings()?;
    let receiver = args.receiver_of(&settings)?;
    install_crypto();
    let zone = &settings.plan.calendar.zone;
    let templates = templates(&settings).map_err(|wrong| Failure::Work(wrong.join("\n")))?;
    let clerk = Clerk { zone: zone.clone(), templates };
    let channel = Channel::open_worded(receiver, clerk).map_err(|error| Failure::Work(error.to_string()))?;
    let sent = runtime()?.block_on(send_test(&channel, &receiver.name, wall_clock()()));
    let way = way(receiver);
    match sent {
        Ok(()) => Ok(writeln!(out, "sent to {}: {way}", receiver.name)?),
        Err(SendError::Retry { step, said, .. }) => {
            Err(Failure::Work(format!("not sent to {} ({way}): {step} failed: {said}", receiver.name)))
        }
        Err(error) => Err(Failure::Work(format!("not sent to {} ({way}): {error}", receiver.name))),
    }
}

/// Who asks, as the system knows them; empty where it does not say.
#[expect(clippy::disallowed_methods, reason = "the environment names the person at the keyboard")]
fn who() -> String {
    ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default()
}

/// A text as one segment of a path.
fn segment(text: &str) -> String {
    let mut path = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}
