//! What carries a message, and how carrying can fail.

use std::fmt;
use std::sync::mpsc;

use jiff::tz::TimeZone;

use super::alertmanager::AlertmanagerChannel;
use super::email::EmailChannel;
use super::outbox::{Notification, Outcome};
use super::render::{Clerk, Templates};
use super::service::ServiceChannel;
use super::show::{ShowChannel, Shown};
use super::webhook::WebhookChannel;
use crate::config::{self, Receiver};
use crate::time::Span;

/// A receiver's channel, ready to send.
#[derive(Debug)]
pub enum Channel {
    /// E-mail by SMTP.
    Email(Box<EmailChannel>),
    /// An HTTP request.
    Webhook(Box<WebhookChannel>),
    /// A document to Slack, Teams or PagerDuty.
    Service(Box<ServiceChannel>),
    /// Alerts to Alertmanager.
    Alertmanager(Box<AlertmanagerChannel>),
    /// Nothing is sent: the message is shown.
    Show(Box<ShowChannel>),
}

/// Why a receiver's channel cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("receiver `{receiver}`: {problem}")]
pub struct OpenError {
    /// The receiver's name.
    pub receiver: String,
    /// What is wrong, and the next move.
    pub problem: String,
}

/// Why a message was not delivered. Never shows a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may pass.
    #[error("{step} failed, will be tried again: {said}")]
    Retry {
        /// What was being done.
        step: Step,
        /// The rest that the receiver asked for.
        after: Option<Span>,
        /// What went wrong, in the server's words where it spoke.
        said: String,
    },
    /// It will not pass by itself.
    #[error("{step} was refused: {said}")]
    Refused {
        /// What was being done.
        step: Step,
        /// What went wrong, in the server's words where it spoke, and the next move.
        said: String,
    },
}

/// A step of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Building the message.
    Prepare,
    /// Reaching the server.
    Connect,
    /// Protecting the connection.
    Tls,
    /// Logging in.
    Login,
    /// Handing the message over.
    Send,
}

impl Channel {
    /// Sets a receiver's channel up with the built-in templates; reads the authority's file, sends nothing.
    pub fn open(receiver: &Receiver, zone: &TimeZone) -> Result<Channel, OpenError> {
        Channel::open_worded(receiver, Clerk { zone: zone.clone(), templates: Templates::default() })
    }

    /// The same with other templates.
    pub fn open_worded(receiver: &Receiver, clerk: Clerk) -> Result<Channel, OpenError> {
        let channel = match &receiver.channel {
            config::Channel::Email(email) => EmailChannel::open(email, clerk).map(Box::new).map(Channel::Email),
            config::Channel::Webhook(webhook) => WebhookChannel::open(webhook).map(Box::new).map(Channel::Webhook),
            config::Channel::Slack(chat) => ServiceChannel::slack(chat, clerk).map(Box::new).map(Channel::Service),
            config::Channel::Teams(chat) => ServiceChannel::teams(chat, clerk).map(Box::new).map(Channel::Service),
            config::Channel::PagerDuty(pager) => {
                ServiceChannel::pagerduty(pager, clerk).map(Box::new).map(Channel::Service)
            }
            config::Channel::Alertmanager(alertmanager) => {
                AlertmanagerChannel::open(alertmanager, clerk).map(Box::new).map(Channel::Alertmanager)
            }
        };
        channel.map_err(|problem| OpenError { receiver: receiver.name.clone(), problem })
    }

    /// A channel that shows a receiver's messages instead of sending them.
    pub fn show(receiver: &Receiver, zone: &TimeZone, showroom: mpsc::Sender<Shown>) -> Channel {
        Channel::Show(Box::new(ShowChannel::new(receiver, zone, showroom)))
    }

    /// Sends one message.
    pub async fn send(&self, notification: &Notification) -> Result<(), SendError> {
        match self {
            Channel::Email(email) => email.send(notification).await,
            Channel::Webhook(webhook) => webhook.send(notification).await,
            Channel::Service(service) => service.send(notification).await,
            Channel::Alertmanager(alertmanager) => alertmanager.send(notification).await,
            Channel::Show(channel) => channel.show(notification),
        }
    }
}

impl From<Result<(), SendError>> for Outcome {
    fn from(sent: Result<(), SendError>) -> Outcome {
        match sent {
            Ok(()) => Outcome::Delivered,
            Err(error @ SendError::Refused { .. }) => Outcome::Refused { error: error.to_string() },
            Err(error) => {
                let words = error.to_string();
                let SendError::Retry { after, .. } = error else { return Outcome::Refused { error: words } };
                Outcome::Retry { after, error: words }
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Prepare => "building the message",
            Step::Connect => "connecting",
            Step::Tls => "the TLS handshake",
            Step::Login => "the login",
            Step::Send => "sending",
        })
    }
}
