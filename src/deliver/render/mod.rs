//! The wording of a message: one [`Letter`], put into text by [`Templates`], and the CloudEvents form for programs.
//!
//! Pure. A letter is built of [`Block`]s; [`chart`] draws the picture that a mail carries.

mod alert;
mod alertmanager;
pub mod chart;
mod digest;
mod event;
mod fit;
mod forms;
mod pagerduty;
mod samples;
mod wording;
mod words;

#[cfg(test)]
mod tests;

pub use alert::alert;
pub use alertmanager::{ALERT_LABEL, alertmanager};
pub use digest::digest;
pub use event::{cloudevent, cloudevent_test, event};
pub use pagerduty::pagerduty;
pub use samples::samples;
pub use wording::{TemplateError, Templates};

use jiff::tz::TimeZone;

use super::Notification;
use super::outbox::Content;

/// A message as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The subject line.
    pub subject: String,
    /// The message, part by part.
    pub blocks: Vec<Block>,
}

/// A part of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// The sentence that matters most.
    Lead(String),
    /// A paragraph.
    Text(String),
    /// Facts by name.
    Facts(Vec<(String, String)>),
    /// A list under a title.
    List(String, Vec<String>),
    /// What identifies the message, in small print.
    Small(String),
    /// A picture that comes with the message; the text form leaves it out.
    Picture {
        /// The content id under which the message carries it.
        cid: String,
        /// What it shows, for those who do not see it.
        words: String,
        /// Its size as shown.
        size: (u32, u32),
    },
}

/// The letter for a notification; times are shown in the zone of the people who read it.
pub fn letter(notification: &Notification, zone: &TimeZone) -> Letter {
    let mut letter = match &notification.content {
        Content::Alert { record, held } => alert(record, *held, notification.at, zone),
        Content::Acknowledged { record, .. } => alert(record, None, notification.at, zone),
        Content::Digest(content) => digest(content, zone),
        Content::Test => test(&notification.receiver),
    };
    if !notification.held_back.is_empty() {
        let title =
            "Held back, because you get at most so many messages (they come as soon as there is room)".to_owned();
        let above_small = letter.blocks.iter().position(|block| matches!(block, Block::Small(_)));
        let at = above_small.unwrap_or(letter.blocks.len());
        letter.blocks.insert(at, Block::List(title, notification.held_back.clone()));
    }
    letter
}

fn test(receiver: &str) -> Letter {
    Letter {
        subject: "[test] forewarn can reach you".to_owned(),
        blocks: vec![
            Block::Lead("This is a test message: nothing is wrong.".to_owned()),
            Block::Text(format!(
                "Someone ran `forewarn send-test {receiver}`. Alerts for this receiver come the same way."
            )),
        ],
    }
}

/// A picture and the content id under which a letter shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Illustration {
    /// The content id, without angle brackets.
    pub cid: String,
    /// The picture.
    pub picture: chart::Picture,
}

/// The letter with the picture of its alert, where there is one: right below the sentence that matters most.
pub fn illustrated(notification: &Notification, zone: &TimeZone, cid: &str) -> (Letter, Option<Illustration>) {
    let mut letter = letter(notification, zone);
    let Some(picture) = notification.chart.as_ref().and_then(|chart| chart::draw(chart, zone)) else {
        return (letter, None);
    };
    let (size, words) = ((picture.width, picture.height), picture.words.clone());
    let below_lead = letter.blocks.len().min(1);
    letter.blocks.insert(below_lead, Block::Picture { cid: cid.to_owned(), words, size });
    (letter, Some(Illustration { cid: cid.to_owned(), picture }))
}

/// A letter that is put into text for one service.
#[derive(Clone, Debug)]
pub struct Clerk {
    /// The zone of the people who read it.
    pub zone: TimeZone,
    /// The templates.
    pub templates: Templates,
}

impl Clerk {
    /// The document of a template that makes JSON; nothing where it makes none.
    pub fn document(&self, name: &str, notification: &Notification) -> serde_json::Value {
        serde_json::from_str(&self.text(name, notification)).unwrap_or_default()
    }

    /// The text of a template.
    pub fn text(&self, name: &str, notification: &Notification) -> String {
        self.templates.word(name, &letter(notification, &self.zone), notification)
    }
}
