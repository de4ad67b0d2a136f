//! Showing messages instead of sending them, for `demo`: worded as they would be sent, handed to whoever looks.

use std::sync::mpsc;

use jiff::tz::TimeZone;

use super::outbox::Notification;
use super::render::{Clerk, Templates};
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
            other => match document(other, notification, &self.zone) {
                Some((url, body)) => Form::Request { url, body },
                None => return Ok(()),
            },
        };
        let (receiver, at, alerts) = (notification.receiver.clone(), notification.at, alerts_of(notification));
        let shown = self.showroom.send(Shown { receiver, at, alerts, form });
        shown.map_err(|_| SendError::Refused { step: Step::Send, said: "nobody looks at messages any more".to_owned() })
    }
}

/// What a service would be asked, and where; an address that is a secret is not shown.
fn document(
    channel: &config::Channel,
    notification: &Notification,
    zone: &TimeZone,
) -> Option<(String, serde_json::Value)> {
    let clerk = Clerk { zone: zone.clone(), templates: Templates::default() };
    Some(match channel {
        config::Channel::Email(_) => return None,
        config::Channel::Webhook(webhook) => (webhook.url.clone(), render::event(notification)?),
        config::Channel::Slack(_) => ("Slack".to_owned(), clerk.document("slack.json", notification)),
        config::Channel::Teams(_) => ("Microsoft Teams".to_owned(), clerk.document("teams.json", notification)),
        config::Channel::PagerDuty(pager) => (
            pager.url.clone(),
            render::pagerduty(notification, &clerk.text("summary.txt", notification)).into_iter().next()?,
        ),
        config::Channel::Alertmanager(alertmanager) => (
            alertmanager.url.clone(),
            render::alertmanager(notification, &clerk.text("summary.txt", notification), &[])?,
        ),
    })
}

fn alerts_of(notification: &Notification) -> Vec<String> {
    use super::outbox::Content;
    match &notification.content {
        Content::Alert { record, .. } | Content::Acknowledged { record, .. } => vec![record.id.clone()],
        Content::Digest(digest) => digest.entries.iter().map(|entry| entry.record.id.clone()).collect(),
        Content::Test => Vec::new(),
    }
}
