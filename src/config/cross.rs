//! The rules between the parts of a configuration, all in one place.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::nearest::nearest;
use super::reader::{Desk, Fault};
use super::settings::Settings;
use crate::plan::Objective;

/// Puts down what the parts say against one another.
pub(super) fn check(settings: &Settings, tree: &DeTable<'_>, desk: &Desk<'_>) {
    lateness_stays_fresh(settings, tree, desk);
    topics_of_lateness_are_read(settings, tree, desk);
    horizon_leaves_time_to_react(settings, tree, desk);
    objectives_differ(settings, tree, desk);
}

/// Where a value stands; the start of the file if it was left out.
fn place(tree: &DeTable<'_>, table: &str, key: &str) -> Range<usize> {
    let value = tree.get(table).and_then(|table| table.get_ref().get(key));
    value.map_or(0..0, |value| value.span())
}

/// What is decided later than `stale` is old news at once: it is told only once, as what still stands.
fn lateness_stays_fresh(settings: &Settings, tree: &DeTable<'_>, desk: &Desk<'_>) {
    let stale = settings.deliver.stale;
    let topics = settings.time.by_topic.iter().map(|(topic, &lateness)| {
        let table = tree.get("time").and_then(|time| time.get_ref().get("lateness_by_topic"));
        (table.and_then(|table| table.get_ref().get(topic.as_str())).map_or(0..0, |value| value.span()), lateness)
    });
    let all = topics.chain([(place(tree, "time", "lateness"), settings.time.lateness)]);
    for (span, lateness) in all.filter(|(_, lateness)| stale <= *lateness) {
        let message = format!(
            "a lateness of {lateness} is not below `[deliver] stale` ({stale}): all is old news when it is decided"
        );
        desk.warning(span, Fault::new(message).hint("lower the lateness, or raise `stale`"));
    }
}

fn topics_of_lateness_are_read(settings: &Settings, tree: &DeTable<'_>, desk: &Desk<'_>) {
    let Some(kafka) = &settings.kafka else { return };
    if kafka.topics.iter().any(|topic| topic.starts_with('^')) {
        return;
    }
    let table = tree.get("time").and_then(|time| time.get_ref().get("lateness_by_topic"));
    let Some(DeValue::Table(by_topic)) = table.map(|table| table.get_ref()) else { return };
    for (key, _) in by_topic.iter() {
        let topic = key.get_ref().as_ref();
        if kafka.topics.iter().any(|have| have == topic) {
            continue;
        }
        let hint = match nearest(topic, kafka.topics.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("[kafka] reads {}", kafka.topics.join(", ")),
        };
        desk.error(key.span(), Fault::new(format!("the topic `{topic}` is not read")).hint(hint));
    }
}

fn horizon_leaves_time_to_react(settings: &Settings, tree: &DeTable<'_>, desk: &Desk<'_>) {
    let (horizon, reaction) = (settings.plan.horizon, settings.plan.calendar.reaction);
    if horizon <= reaction {
        let message = format!("a reaction of {reaction} leaves nothing of a forecast that looks {horizon} ahead");
        let hint = "every foreseen breach would page: raise `[forecast] horizon`, or lower the reaction";
        desk.warning(place(tree, "calendar", "reaction"), Fault::new(message).hint(hint));
    }
}

fn objectives_differ(settings: &Settings, tree: &DeTable<'_>, desk: &Desk<'_>) {
    let all = &settings.plan.objectives;
    let Some(DeValue::Array(written)) = tree.get("objective").map(|value| value.get_ref()) else { return };
    if written.len() != all.len() {
        return; // One of them could not be read: which is which is not known.
    }
    for (i, (objective, place)) in all.iter().zip(written.iter()).enumerate() {
        let same = |other: &&Objective| other.signal == objective.signal && other.bound == objective.bound;
        if all[..i].iter().any(|other| same(&other)) {
            let message = format!("another objective promises the same of {}", objective.signal);
            let hint = "one breach would be told twice: keep one of them";
            desk.warning(place.span(), Fault::new(message).hint(hint));
        }
    }
}
