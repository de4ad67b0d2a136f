//! The wording of a message: one [`Letter`], shown as plain text and as HTML, and the CloudEvents form for programs.
//!
//! Pure. A letter is built of [`Block`]s; a chart will be one more kind of block that the text form leaves out.

mod alert;
mod digest;
mod event;
mod forms;
mod words;

#[cfg(test)]
mod tests;

pub use alert::alert;
pub use digest::digest;
pub use event::{cloudevent, cloudevent_test, event};

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
}

/// The letter for a notification; times are shown in the zone of the people who read it.
pub fn letter(notification: &Notification, zone: &TimeZone) -> Letter {
    match &notification.content {
        Content::Alert { record, held } => alert(record, *held, zone),
        Content::Digest(content) => digest(content, zone),
        Content::Test => Letter {
            subject: "[test] forewarn can reach you".to_owned(),
            blocks: vec![
                Block::Lead("This is a test message: nothing is wrong.".to_owned()),
                Block::Text(format!(
                    "Someone ran `forewarn send-test {}`. Alerts for this receiver come the same way.",
                    notification.receiver
                )),
            ],
        },
    }
}
