//! Services that take one JSON document by POST: Slack, Microsoft Teams, PagerDuty. What they have in common is here, what
//! each wants to read is worded in [`render`].

use serde_json::Value;

use super::outbox::Notification;
use super::post::Post;
use super::render::Clerk;
use super::{SendError, Step, render};
use crate::config::{Chat, PagerDuty, Secret};

/// Sends documents to one service.
#[derive(Debug)]
pub struct ServiceChannel {
    post: Post,
    service: Service,
    clerk: Clerk,
}

/// Which service.
#[derive(Debug)]
enum Service {
    Slack,
    Teams,
    PagerDuty { routing_key: Secret },
}

impl ServiceChannel {
    /// A channel of Slack, by an incoming webhook.
    pub fn slack(chat: &Chat, clerk: Clerk) -> Result<ServiceChannel, String> {
        ServiceChannel::chat(chat, Service::Slack, clerk)
    }

    /// A channel of Microsoft Teams, by a webhook of a workflow.
    pub fn teams(chat: &Chat, clerk: Clerk) -> Result<ServiceChannel, String> {
        ServiceChannel::chat(chat, Service::Teams, clerk)
    }

    fn chat(chat: &Chat, service: Service, clerk: Clerk) -> Result<ServiceChannel, String> {
        Ok(ServiceChannel {
            post: Post::open(chat.url.reveal(), chat.timeout, chat.ca_file.as_deref())?,
            service,
            clerk,
        })
    }

    /// A service of PagerDuty, by its Events API, version 2.
    pub fn pagerduty(pager: &PagerDuty, clerk: Clerk) -> Result<ServiceChannel, String> {
        let post = Post::open(&pager.url, pager.timeout, pager.ca_file.as_deref())?;
        Ok(ServiceChannel { post, service: Service::PagerDuty { routing_key: pager.routing_key.clone() }, clerk })
    }

    /// Sends one message; what the service cannot be told is nothing.
    pub async fn send(&self, notification: &Notification) -> Result<(), SendError> {
        for body in self.bodies(notification) {
            let headers = [("Idempotency-Key", notification.key.to_string())];
            let answer = self.post.send("application/json", &headers, body.to_string()).await?;
            self.check(&answer)?;
        }
        Ok(())
    }

    fn bodies(&self, notification: &Notification) -> Vec<Value> {
        match &self.service {
            Service::Slack => vec![self.clerk.document("slack.json", notification)],
            Service::Teams => vec![self.clerk.document("teams.json", notification)],
            Service::PagerDuty { routing_key } => {
                let events = render::pagerduty(notification, &self.clerk.text("summary.txt", notification));
                events.into_iter().map(|event| with_key(event, routing_key)).collect()
            }
        }
    }

    /// Teams says of some failures in the text of a success.
    fn check(&self, answer: &str) -> Result<(), SendError> {
        let failed = matches!(self.service, Service::Teams) && answer.contains("failed with error");
        match failed {
            true => {
                Err(SendError::Retry { step: Step::Send, after: None, said: format!("{}: {answer}", self.post.host()) })
            }
            false => Ok(()),
        }
    }
}

/// The event with the key of the service: added last, so that nothing else sees it.
fn with_key(mut event: Value, key: &Secret) -> Value {
    event["routing_key"] = Value::from(key.reveal());
    event
}
