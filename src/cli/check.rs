//! `forewarn check`: every problem at once, or what would be watched, and who would be told.

use std::io::{self, Write};

use jiff::civil::{Time, Weekday};

use super::failure::tell;
use super::{CheckArgs, Failure};
use crate::calendar::WorkHours;
use crate::config::{self, Channel, From, Problem, Problems, Purpose, Receiver, Route, Settings, Severity};
use crate::deliver::templates;
use crate::plan::{Bound, Side};
use crate::signal::Selector;

pub(super) fn check(args: &CheckArgs, out: &mut dyn Write, err: &mut dyn Write, colours: bool) -> Result<(), Failure> {
    if args.json {
        return as_json(config::load_for(args.config.path(), Purpose::Run), out);
    }
    let loaded = config::load_for(args.config.path(), Purpose::Run)?;
    tell(&loaded.warnings, err, colours)?;
    templates(&loaded.settings).map_err(|wrong| Failure::Usage(wrong.join("\n")))?;
    summary(&loaded.settings, out)?;
    Ok(())
}

/// The verdict as one JSON object; the exit code is that of the words.
fn as_json(read: Result<config::Loaded, Problems>, out: &mut dyn Write) -> Result<(), Failure> {
    let (ok, problems, settings) = match read {
        Ok(loaded) => (true, loaded.warnings, Some(loaded.settings)),
        Err(problems) => (false, problems, None),
    };
    let list: Vec<serde_json::Value> = problems.list.iter().map(|problem| as_value(&problems, problem)).collect();
    let mut told = serde_json::json!({ "ok": ok, "file": problems.origin, "problems": list });
    if let Some(settings) = settings {
        let mut words = Vec::new();
        summary(&settings, &mut words)?;
        let words = String::from_utf8_lossy(&words).into_owned();
        told["summary"] = words.lines().map(str::trim_end).collect();
    }
    writeln!(out, "{told}")?;
    if ok { Ok(()) } else { Err(Failure::Told) }
}

fn as_value(problems: &Problems, problem: &Problem) -> serde_json::Value {
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let (file, place) = problems
        .place(problem)
        .map_or((problems.origin.as_str(), None), |(file, line, column)| (file, Some((line, column))));
    serde_json::json!({
        "severity": severity, "message": problem.message, "hint": problem.hint,
        "file": file, "line": place.map(|(line, _)| line), "column": place.map(|(_, column)| column),
    })
}

fn summary(settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let plan = &settings.plan;
    let counts = [
        count(plan.objectives.len(), "objective"),
        count(plan.limits.len(), "limit"),
        count(settings.receivers.len(), "receiver"),
        count(settings.routes.len(), "route"),
    ];
    writeln!(out, "ok: {}", counts.join(", "))?;
    reads(settings, out)?;
    for objective in &plan.objectives {
        let bound = bound(objective.bound);
        writeln!(out, "  objective  {}: {} {bound} for {}", objective.name, objective.signal, objective.hold)?;
    }
    for limit in &plan.limits {
        writeln!(out, "  limit      {} {}", limit.signal, bound(limit.bound))?;
    }
    let defaults: Vec<&str> = limited_by_presets(settings);
    writeln!(out, "  presets    limits of their own: {} (`forewarn models`)", defaults.join(", "))?;
    writeln!(out, "  forecasts  {} ahead; {} to react", plan.horizon, plan.calendar.reaction)?;
    let budget = (plan.false_pages_per_week * 1000.0).round() / 1000.0;
    writeln!(out, "  budget     {} a week over everything watched", count(budget, "false page"))?;
    hours(settings, out)?;
    told(settings, out)
}

fn reads(settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let Some(kafka) = &settings.kafka else {
        return writeln!(out, "  reads      nothing: there is no [kafka], so this serves `replay` only");
    };
    let from = match &kafka.from {
        From::Earliest => "the oldest record".to_owned(),
        From::Latest => "new records".to_owned(),
        From::Back(span) => format!("{span} back"),
        From::At(moment) => moment.to_string(),
    };
    let (topics, lateness) = (kafka.topics.join(", "), settings.time.lateness);
    writeln!(out, "  reads      {topics} of {} as group {}", kafka.brokers, kafka.group)?;
    writeln!(out, "  time       from {from} where there is no checkpoint; late beyond {lateness}")?;
    match &kafka.alerts_topic {
        Some(topic) => writeln!(out, "  writes     {topic}"),
        None => Ok(()),
    }
}

fn hours(settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let calendar = &settings.plan.calendar;
    let zone = calendar.zone.iana_name().unwrap_or("UTC");
    let holidays = count(calendar.holidays.len(), "holiday");
    if calendar.work.is_empty() {
        return writeln!(out, "  work       around the clock, {zone}, {holidays}");
    }
    let stretches: Vec<String> = calendar.work.iter().map(stretch).collect();
    writeln!(out, "  work       {}, {zone}, {holidays}", stretches.join("; "))
}

/// `Mon-Fri 09:00-17:30`.
fn stretch(work: &WorkHours) -> String {
    let name = |day: &Weekday| format!("{day:?}").chars().take(3).collect::<String>();
    let follow = |pair: &[Weekday]| pair[0].next() == pair[1];
    let days = match &*work.days {
        [first, .., last] if 2 < work.days.len() && work.days.windows(2).all(follow) => {
            format!("{}-{}", name(first), name(last))
        }
        days => days.iter().map(name).collect::<Vec<_>>().join(","),
    };
    let end = if work.to == Time::MAX { "24:00".to_owned() } else { work.to.strftime("%H:%M").to_string() };
    format!("{days} {}-{end}", work.from.strftime("%H:%M"))
}

fn told(settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    if settings.is_shadow() {
        return writeln!(out, "  shadow     there is no [[receiver]]: it judges and shows, and sends nothing");
    }
    for receiver in &settings.receivers {
        writeln!(out, "  receiver   {}: {}", receiver.name, way(receiver))?;
    }
    routes(&settings.routes, 0, out)?;
    if settings.routes.is_empty() {
        writeln!(out, "  route      everything to everyone")?;
    }
    Ok(())
}

/// Each route with those within it, indented.
fn routes(routes: &[Route], depth: usize, out: &mut dyn Write) -> io::Result<()> {
    for route in routes {
        let mut says = String::new();
        if let Some(urgency) = route.urgency {
            says.push_str(&format!(", as {}", format!("{urgency:?}").to_lowercase()));
        }
        if let Some(reaction) = route.reaction {
            says.push_str(&format!(", who need {reaction} to act"));
        }
        let except: Vec<&str> = route.except.iter().map(Selector::as_str).collect();
        let except = if except.is_empty() { String::new() } else { format!(" except {}", except.join(", ")) };
        let indent = "  ".repeat(depth);
        writeln!(out, "  route      {indent}{}{except} -> {}{says}", route.matches, route.to.join(", "))?;
        self::routes(&route.within, depth + 1, out)?;
    }
    Ok(())
}

/// How a receiver is reached. Of a webhook only the host: paths hold keys.
pub(super) fn way(receiver: &Receiver) -> String {
    match &receiver.channel {
        Channel::Email(email) => format!("mail to {} by {}:{}", email.to.join(", "), email.host, email.port),
        Channel::Webhook(webhook) => {
            let host = webhook.url.split('/').nth(2).unwrap_or_default();
            let signed = if webhook.secret.is_some() { "signed" } else { "not signed" };
            format!("webhook at {host}, {signed}")
        }
        Channel::Slack(_) => "Slack, by its incoming webhook".to_owned(),
        Channel::Teams(_) => "Microsoft Teams, by a workflow's webhook".to_owned(),
        Channel::PagerDuty(pager) => {
            format!("PagerDuty at {}", pager.url.split('/').nth(2).unwrap_or_default())
        }
        Channel::Alertmanager(alertmanager) => format!("Alertmanager at {}", alertmanager.url),
    }
}

fn limited_by_presets(settings: &Settings) -> Vec<&str> {
    let limited = settings.plan.presets.iter().filter(|preset| preset.limit.is_some());
    let mut names: Vec<&str> = limited.map(|preset| preset.name.as_str()).collect();
    names.dedup();
    names
}

fn bound(bound: Bound) -> String {
    match bound.side {
        Side::Above => format!("above {}", bound.level),
        Side::Below => format!("below {}", bound.level),
    }
}

fn count(number: impl std::fmt::Display, what: &str) -> String {
    match number.to_string() {
        one if one == "1" => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}
