//! Showing messages instead of sending them, for `demo`: worded as they would be sent, handed to whoever looks.

use std::sync::mpsc;

use jiff::tz::TimeZone;

use super::outbox::Notification;
use super::{SendError, Step, Wall, render};
use crate::config::{self, Receiver};

/// A message as its receiver would have got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// To whom.
    pub receiver: String,
    /// When it was handed out.
    pub at: Wall,
    /// The alerts that it tells of: one, or those of a digest; none in a test message.
    pub alerts: Vec<String>,
    /// What the receiver gets.
    pub form: Form,
}

/// What a receiver gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The plain text form of an e-mail.
    Mail {
        /// The sender's address.
        from: String,
        /// The recipients' addresses.
        to: Vec<String>,
        /// Its subject.
        subject: String,
        /// Its text.
        text: String,
    },
    /// The body of a request.
    Request {
        /// Where it would go.
        url: String,
        /// The CloudEvent.
        body: serde_json::Value,
    },
}

/// A receiver whose messages are shown.
#[derive(Debug)]
pub struct ShowChannel {
    channel: config::Channel,
    zone: TimeZone,
    showroom: mpsc::Sender<Shown>,
}

impl ShowChannel {
    pub(super) fn new(receiver: &Receiver, zone: &TimeZone, showroom: mpsc::Sender<Shown>) -> ShowChannel {
        ShowChannel { channel: receiver.channel.clone(), zone: zone.clone(), showroom }
    }

    /// Shows one message.
    pub fn show(&self, notification: &Notification) -> Result<(), SendError> {
        let form = match &self.channel {
            config::Channel::Email(email) => {
                let letter = render::letter(notification, &self.zone);
                let text = letter.text();
                Form::Mail { from: email.from.clone(), to: email.to.clone(), subject: letter.subject, text }
            }
            config::Channel::Webhook(webhook) => match render::event(notification) {
                Some(body) => Form::Request { url: webhook.url.clone(), body },
                None => return Ok(()),
            },
        };
        let (receiver, at, alerts) = (notification.receiver.clone(), notification.at, alerts_of(notification));
        let shown = self.showroom.send(Shown { receiver, at, alerts, form });
        shown.map_err(|_| SendError::Refused { step: Step::Send, said: "nobody looks at messages any more".to_owned() })
    }
}

fn alerts_of(notification: &Notification) -> Vec<String> {
    use super::outbox::Content;
    match &notification.content {
        Content::Alert { record, .. } => vec![record.id.clone()],
        Content::Digest(digest) => digest.entries.iter().map(|entry| entry.record.id.clone()).collect(),
        Content::Test => Vec::new(),
    }
}
