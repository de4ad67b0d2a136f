//! Webhook: a structured CloudEvent by POST, signed as Standard Webhooks say, repeated only under the same key.

use super::outbox::{Key, Notification};
use super::post::Post;
use super::{SendError, Step, render};
use crate::config::Webhook;

/// Sends requests to one address.
pub struct WebhookChannel {
    post: Post,
    signer: Option<standardwebhooks::Webhook>,
}

impl std::fmt::Debug for WebhookChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may carry a token, the signer is a secret.
        f.debug_struct("WebhookChannel").field("post", &self.post).finish_non_exhaustive()
    }
}

impl WebhookChannel {
    /// Sets the channel up. The error says what to change and shows neither the address nor the secret.
    pub fn open(webhook: &Webhook) -> Result<WebhookChannel, String> {
        let signer = match &webhook.secret {
            Some(secret) => Some(standardwebhooks::Webhook::new(secret.reveal()).map_err(|_| {
                "secret_file: not base64; Standard Webhooks secrets are `whsec_` and base64".to_owned()
            })?),
            None => None,
        };
        Ok(WebhookChannel { post: Post::open(&webhook.url, webhook.timeout, webhook.ca_file.as_deref())?, signer })
    }

    /// Sends one message.
    pub async fn send(&self, notification: &Notification) -> Result<(), SendError> {
        let Some(event) = render::event(notification) else { return Ok(()) };
        let body = event.to_string();
        let mut headers = vec![("Idempotency-Key", notification.key.to_string())];
        headers.extend(self.signature(&notification.key, &body)?);
        self.post.send("application/cloudevents+json", &headers, body).await.map(drop)
    }

    #[expect(clippy::disallowed_methods, reason = "a signature carries the moment of sending")]
    fn signature(&self, key: &Key, body: &str) -> Result<Vec<(&'static str, String)>, SendError> {
        let seconds = jiff::Timestamp::now().as_second();
        let mut headers = vec![("webhook-id", key.to_string())];
        if let Some(signer) = &self.signer {
            let signature = signer
                .sign(key.as_str(), seconds, body.as_bytes())
                .map_err(|error| SendError::Refused { step: Step::Prepare, said: error.to_string() })?;
            headers.push(("webhook-timestamp", seconds.to_string()));
            headers.push(("webhook-signature", signature));
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests;
