//! Webhook: a structured CloudEvent by POST, signed as Standard Webhooks say, repeated only under the same key.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode, Url};

use super::channel::{causes, install_crypto, said, tls_hint};
#[cfg(test)]
use super::outbox::Content;
use super::outbox::{Key, Notification};
use super::{SendError, Step, render};
use crate::config::Webhook;
use crate::time::Span;

/// How many redirects within the same host are followed.
const REDIRECTS: usize = 3;
/// How much of an answer is read for an error, in bytes.
const ANSWER: usize = 1024;

/// Sends requests to one address.
pub struct WebhookChannel {
    client: Client,
    url: Url,
    signer: Option<standardwebhooks::Webhook>,
}

impl std::fmt::Debug for WebhookChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may carry a token, the signer is a secret.
        f.debug_struct("WebhookChannel").field("host", &self.host()).finish_non_exhaustive()
    }
}

impl WebhookChannel {
    /// Sets the channel up. The error says what to change and shows neither the address nor the secret.
    pub fn open(webhook: &Webhook) -> Result<WebhookChannel, String> {
        let url = Url::parse(&webhook.url).map_err(|error| format!("url: {error}; write https://host/path"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("url: `{}` is not spoken here; use http or https", url.scheme()));
        }
        let signer = match &webhook.secret {
            Some(secret) => Some(standardwebhooks::Webhook::new(secret.reveal()).map_err(|_| {
                "secret_file: not base64; Standard Webhooks secrets are `whsec_` and base64".to_owned()
            })?),
            None => None,
        };
        let timeout = Duration::from_nanos(webhook.timeout.nanos().max(1).unsigned_abs());
        Ok(WebhookChannel { client: client(timeout, webhook.ca_file.as_deref())?, url, signer })
    }

    /// Sends one message.
    pub async fn send(&self, notification: &Notification) -> Result<(), SendError> {
        let Some(event) = render::event(notification) else { return Ok(()) };
        let body = event.to_string();
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/cloudevents+json")
            .header("Idempotency-Key", notification.key.as_str());
        for (name, value) in self.signature(&notification.key, &body)? {
            request = request.header(name, value);
        }
        match request.body(body).send().await {
            Ok(response) => self.judge(response).await,
            Err(error) => {
                let step = if error.is_connect() { Step::Connect } else { Step::Send };
                let said = format!("{}: {}", self.host(), causes(&error.without_url()));
                Err(match tls_hint(&said).filter(|_| step == Step::Connect) {
                    Some(hint) => SendError::Retry { step: Step::Tls, after: None, said: format!("{said}; {hint}") },
                    None => SendError::Retry { step, after: None, said },
                })
            }
        }
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

    async fn judge(&self, response: Response) -> Result<(), SendError> {
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let after = retry_after(response.headers());
        let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(host_of);
        let mut said = format!("{} answered {status}", self.host());
        if status.is_redirection() {
            let to = location.unwrap_or_else(|| "elsewhere".to_owned());
            said.push_str(&format!(", a redirect to {to}; put the final address into `url`"));
            return Err(SendError::Refused { step: Step::Send, said });
        }
        let answer = answer(response).await;
        if !answer.is_empty() {
            said.push_str(&format!(": {answer}"));
        }
        let may_pass =
            status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        Err(match may_pass {
            true => SendError::Retry { step: Step::Send, after, said },
            false => SendError::Refused { step: Step::Send, said },
        })
    }

    /// The host alone: the rest of an address may be a secret.
    fn host(&self) -> String {
        self.url.host_str().unwrap_or("the webhook").to_owned()
    }
}

/// A client that trusts one authority more, if named, and follows redirects within the same host only.
#[expect(clippy::disallowed_methods, reason = "the shell reads the authority's file when a channel is set up")]
pub(super) fn client(timeout: Duration, ca_file: Option<&std::path::Path>) -> Result<Client, String> {
    install_crypto();
    let mut builder = Client::builder()
        .timeout(timeout)
        .user_agent(concat!("forewarn/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::custom(|attempt| if stays(&attempt) { attempt.follow() } else { attempt.stop() }));
    if let Some(path) = ca_file {
        let unreadable = |error: &dyn std::fmt::Display| format!("ca_file {}: {error}", path.display());
        let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
        let found = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(&error))?;
        builder = builder.tls_certs_merge(found);
    }
    builder.build().map_err(|error| format!("the HTTP client cannot be set up: {}", causes(&error)))
}

/// Whether a redirect keeps the request as it is (307, 308) and goes to the same host, port and scheme.
fn stays(attempt: &Attempt<'_>) -> bool {
    let keeps = matches!(attempt.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let from = attempt.previous().last();
    keeps && attempt.previous().len() <= REDIRECTS && from.is_some_and(|from| from.origin() == attempt.url().origin())
}

fn host_of(location: &str) -> String {
    let parsed = Url::parse(location).ok();
    parsed.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "another path".to_owned())
}

/// The beginning of an answer in words.
async fn answer(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if ANSWER <= bytes.len() {
            bytes.truncate(ANSWER);
            break;
        }
    }
    said(&String::from_utf8_lossy(&bytes))
}

/// `Retry-After`: seconds, or an HTTP date.
#[expect(clippy::disallowed_methods, reason = "an HTTP date means a distance from the present")]
fn retry_after(headers: &HeaderMap) -> Option<Span> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    retry_after_from(text, jiff::Timestamp::now())
}

fn retry_after_from(text: &str, now: jiff::Timestamp) -> Option<Span> {
    if let Ok(secs) = text.parse::<u32>() {
        return Some(Span::from_secs(i64::from(secs)));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Span::from_secs(until.as_second().saturating_sub(now.as_second()).max(0)))
}

#[cfg(test)]
mod tests;
