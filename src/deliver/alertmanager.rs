//! Prometheus Alertmanager, by its API version 2: an alert there is its labels, so those must not change by themselves.
//!
//! What Alertmanager has of an alert under other labels (its urgency or service changed since) is asked for first and ended
//! in the same request, so that one alert here is one alert there.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::outbox::{Content, Notification};
use super::post::Post;
use super::render::Clerk;
use super::{SendError, Step, render};
use crate::config::Alertmanager;

/// Where alerts are posted and asked for.
const PATH: &str = "/api/v2/alerts";

/// Sends alerts to one Alertmanager.
#[derive(Debug)]
pub struct AlertmanagerChannel {
    post: Post,
    clerk: Clerk,
}

/// An alert as Alertmanager has it.
#[derive(Debug, Deserialize)]
struct Known {
    labels: std::collections::BTreeMap<String, String>,
}

impl AlertmanagerChannel {
    /// Sets the channel up.
    pub fn open(alertmanager: &Alertmanager, clerk: Clerk) -> Result<AlertmanagerChannel, String> {
        let url = format!("{}{PATH}", alertmanager.url.trim_end_matches('/'));
        let basic = alertmanager.login.as_ref().map(|(user, password)| {
            format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", password.reveal())))
        });
        let bearer = alertmanager.token.as_ref().map(|token| format!("Bearer {}", token.reveal()));
        let post = Post::open(&url, alertmanager.timeout, alertmanager.ca_file.as_deref())?;
        Ok(AlertmanagerChannel { post: post.authorized(basic.or(bearer)), clerk })
    }

    /// Sends one message; what is not about an alert is nothing there.
    pub async fn send(&self, notification: &Notification) -> Result<(), SendError> {
        let Some(id) = alert_of(notification) else { return Ok(()) };
        let known = self.known(&id).await?;
        let summary = self.clerk.text("summary.txt", notification);
        let Some(alerts) = render::alertmanager(notification, &summary, &known) else { return Ok(()) };
        self.post.send("application/json", &[], alerts.to_string()).await.map(drop)
    }

    /// The labels under which an alert stands there now.
    async fn known(&self, id: &str) -> Result<Vec<std::collections::BTreeMap<String, String>>, SendError> {
        let filter = format!("{}={}", render::ALERT_LABEL, Value::from(id));
        let answer = self.post.get(&[("filter", filter), ("active", "true".to_owned())]).await?;
        let known: Vec<Known> = serde_json::from_slice(&answer).map_err(|error| {
            let said = format!("{} does not answer as Alertmanager does ({error}); check `url`", self.post.host());
            SendError::Refused { step: Step::Prepare, said }
        })?;
        Ok(known.into_iter().map(|alert| alert.labels).collect())
    }
}

fn alert_of(notification: &Notification) -> Option<String> {
    match &notification.content {
        Content::Alert { record, .. } => Some(record.id.clone()),
        Content::Test => Some(notification.key.to_string()),
        Content::Digest(_) | Content::Acknowledged { .. } => None,
    }
}
