//! One sentence that a person can act on, as a good colleague would say it.

use crate::alert::words::{clock, length, level, quantity, rarity, title};
use crate::alert::{Reason, Suspect};
use crate::calendar::Calendar;
use crate::finding::{Breach, Finding, Kind, Target};
use crate::forecast::Outlook;
use crate::plan::Side;
use crate::time::Timestamp;

/// What the sentence is about.
#[derive(Clone, Copy, Debug)]
pub struct Story<'a> {
    /// Why it is said now.
    pub reason: Reason,
    /// When it is said.
    pub at: Timestamp,
    /// When the trouble began.
    pub since: Timestamp,
    /// When it ended, where it has.
    pub ended: Option<Timestamp>,
    /// The finding that matters most to people: the breach, if there is one.
    pub lead: &'a Finding,
    /// The likeliest origin, where it is another signal.
    pub origin: Option<&'a Finding>,
    /// The service most concerned.
    pub service: &'a str,
    /// How many signals are concerned, the lead included.
    pub signals: usize,
    /// Whether a whole service is silent.
    pub silent_service: bool,
    /// The likeliest change before it.
    pub suspect: Option<&'a Suspect>,
    /// With reason `merged`: the alert that lives on.
    pub merged_into: Option<&'a str>,
    /// With reason `repeated`: what was foretold has come true.
    pub came_true: bool,
}

/// A change is worth a clause from this confidence on.
const SAID_CONFIDENCE: f64 = 0.1;

/// Writes the sentence; the same story gives the same words.
pub fn summary(story: Story<'_>, calendar: &Calendar) -> String {
    if let Some(end) = ending(story, calendar) {
        return end;
    }
    let mut text = match (&story.lead.breach, story.lead.kind) {
        (Some(breach), _) if breach.now => broken(story, breach, calendar),
        (Some(breach), Kind::Forecast) => foreseen(story, breach, calendar),
        (Some(breach), _) => threatens(story, breach, calendar),
        (None, Kind::Absence) => silent(story, calendar),
        (None, _) => odd(story, calendar),
    };
    if let Some(origin) = story.origin {
        text += &format!("; it likely began with {}", title(&origin.signal));
        if !origin.words.is_empty() {
            text += &format!(", which {}", origin.words);
        }
    }
    let named = 1 + usize::from(story.origin.is_some());
    match story.signals.saturating_sub(named) {
        _ if story.silent_service => {}
        0 => {}
        1 => text += "; one more signal is concerned",
        more => text += &format!("; {more} more signals are concerned"),
    }
    if let Some(suspect) = story.suspect.filter(|suspect| SAID_CONFIDENCE <= suspect.confidence) {
        text += &format!("; {} {} before", suspect.what, length(story.since.since(suspect.at)));
    }
    if story.reason == Reason::Repeated {
        text = format!("{}: {text}", if story.came_true { "as was foretold" } else { "still" });
    }
    text
}

/// The sentence of an alert that ends; none for one that stands.
fn ending(story: Story<'_>, calendar: &Calendar) -> Option<String> {
    let subject = subject(story);
    let lasted = length(story.ended.unwrap_or(story.at).since(story.since));
    Some(match story.reason {
        Reason::Resolved => format!("{subject} is back to normal after {lasted}"),
        Reason::Withdrawn => match &story.lead.breach {
            Some(breach) if story.lead.kind == Kind::Forecast => {
                let bound = level(breach.level, story.lead.unit.as_deref());
                let told = clock(breach.outlook.likely, story.at, calendar);
                format!("{subject} is no longer expected to pass {bound} (last foreseen for {told})")
            }
            _ => format!("{subject} is back to normal after {lasted}"),
        },
        Reason::Merged => {
            format!("{subject} is part of the same problem as alert {}", story.merged_into.unwrap_or("told before"))
        }
        Reason::Split => format!("{subject} is over after {lasted}; what still stands is told as an alert of its own"),
        Reason::Gone => format!("{subject} is no longer watched"),
        _ => return None,
    })
}

fn subject(story: Story<'_>) -> String {
    if story.silent_service { story.service.to_owned() } else { title(&story.lead.signal) }
}

/// A bound that is passed now.
fn broken(story: Story<'_>, breach: &Breach, calendar: &Calendar) -> String {
    let (signal, unit) = (title(&story.lead.signal), story.lead.unit.as_deref());
    let (bound, since) = (level(breach.level, unit), clock(breach.outlook.earliest, story.at, calendar));
    let side = if breach.side == Side::Above { "above" } else { "below" };
    let now = story.lead.value.map(|value| format!(" ({} now)", quantity(value, unit))).unwrap_or_default();
    let name = match &breach.target {
        Target::Objective { name, .. } if !name.is_empty() => format!("{name}: "),
        _ => String::new(),
    };
    format!("{name}{signal} is {side} {bound} since {since}{now}{}", clause(story.lead))
}

/// A bound that will be passed.
fn foreseen(story: Story<'_>, breach: &Breach, calendar: &Calendar) -> String {
    let (signal, outlook) = (title(&story.lead.signal), breach.outlook);
    let bound = level(breach.level, story.lead.unit.as_deref());
    let verb = if breach.side == Side::Above { "reach" } else { "fall to" };
    let name = match &breach.target {
        Target::Objective { name, .. } if !name.is_empty() => format!(" ({name})"),
        _ => String::new(),
    };
    let when = when(outlook, story.at, calendar);
    format!("{signal} will {verb} {bound}{name} at about {when}{}", clause(story.lead))
}

/// An objective of other signals that a change, or what it came after before, puts at risk.
fn threatens(story: Story<'_>, breach: &Breach, calendar: &Calendar) -> String {
    let (signal, words) = (title(&story.lead.signal), &story.lead.words);
    let words = if words.is_empty() { "is unlike all before" } else { words };
    let what = match &breach.target {
        Target::Objective { name, .. } if !name.is_empty() => format!("\"{name}\""),
        Target::Objective { service: Some(service), .. } => format!("an objective of {service}"),
        _ => "an objective".to_owned(),
    };
    format!("{signal} {words}; it may put {what} at risk at about {}", when(breach.outlook, story.at, calendar))
}

/// "13:05 CEST (12:20 at the earliest, 50 % likely)".
fn when(outlook: Outlook, at: Timestamp, calendar: &Calendar) -> String {
    let likely = clock(outlook.likely, at, calendar);
    let earliest = clock(outlook.earliest, at, calendar);
    // The zone is said once.
    let earliest = match (likely.rsplit_once(' '), earliest.rsplit_once(' ')) {
        (Some((_, zone)), Some((time, same))) if zone == same => time.to_owned(),
        _ => earliest,
    };
    let percent = (outlook.probability * 100.0).clamp(0.0, 99.0);
    format!("{likely} ({earliest} at the earliest, {percent:.0} % likely)")
}

fn silent(story: Story<'_>, calendar: &Calendar) -> String {
    let since = clock(story.lead.since, story.at, calendar);
    if story.silent_service {
        return format!("{} is silent since {since}: nothing is heard of it", story.service);
    }
    format!("{} is silent since {since}{}", title(&story.lead.signal), clause(story.lead))
}

fn odd(story: Story<'_>, calendar: &Calendar) -> String {
    let since = clock(story.lead.since, story.at, calendar);
    let words = if story.lead.words.is_empty() { "is unlike all before" } else { &story.lead.words };
    let rare = rarity(story.lead.rarity).map(|rare| format!(", {rare}")).unwrap_or_default();
    format!("{} {words} (since {since}{rare})", title(&story.lead.signal))
}

fn clause(finding: &Finding) -> String {
    if finding.words.is_empty() { String::new() } else { format!(": it {}", finding.words) }
}
