//! HTTP requests to a receiver: what an answer means, and what may be said of an address that may be a secret.

use std::path::Path;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};

use super::{SendError, Step};
use crate::net::{causes, client, said, tls_hint};
use crate::time::Span;

/// How much of an answer is read where it is only shown, in bytes.
const ANSWER: usize = 1024;
/// How much of an answer is read where it is understood, in bytes.
const BODY: usize = 4 << 20;

/// Sends requests to one address. Shows of it the host alone: the rest may be a secret.
pub(super) struct Post {
    client: Client,
    url: Url,
    /// The value of `Authorization`, where the receiver wants one.
    authorization: Option<String>,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post").field("host", &self.host()).finish_non_exhaustive()
    }
}

impl Post {
    /// Sets the client up. The error says what to change and does not show the address.
    pub(super) fn open(url: &str, timeout: Span, ca_file: Option<&Path>) -> Result<Post, String> {
        let url = Url::parse(url).map_err(|error| format!("url: {error}; write https://host/path"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("url: `{}` is not spoken here; use http or https", url.scheme()));
        }
        let timeout = Duration::from_nanos(timeout.nanos().max(1).unsigned_abs());
        Ok(Post { client: client(timeout, ca_file)?, url, authorization: None })
    }

    /// The same with a value for `Authorization`.
    pub(super) fn authorized(self, authorization: Option<String>) -> Post {
        Post { authorization, ..self }
    }

    /// Posts a body; gives the beginning of the answer.
    pub(super) async fn send(
        &self,
        kind: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<String, SendError> {
        let mut request = self.client.post(self.url.clone()).header(CONTENT_TYPE, kind);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = self.ask(request.body(body)).await?;
        Ok(answer(response).await)
    }

    /// Asks another path of the same receiver; gives the whole answer.
    pub(super) async fn get(&self, query: &[(&str, String)]) -> Result<Vec<u8>, SendError> {
        let mut url = self.url.clone();
        url.query_pairs_mut().extend_pairs(query);
        let mut response = self.ask(self.client.get(url)).await?;
        let mut bytes = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            bytes.extend_from_slice(&chunk);
            if BODY < bytes.len() {
                let said = format!("{} answered more than {BODY} bytes", self.host());
                return Err(SendError::Refused { step: Step::Prepare, said });
            }
        }
        Ok(bytes)
    }

    async fn ask(&self, mut request: RequestBuilder) -> Result<Response, SendError> {
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        match request.send().await {
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

    async fn judge(&self, response: Response) -> Result<Response, SendError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
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
    pub(super) fn host(&self) -> String {
        self.url.host_str().unwrap_or("the receiver").to_owned()
    }
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

pub(super) fn retry_after_from(text: &str, now: jiff::Timestamp) -> Option<Span> {
    if let Ok(secs) = text.parse::<u32>() {
        return Some(Span::from_secs(i64::from(secs)));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Span::from_secs(until.as_second().saturating_sub(now.as_second()).max(0)))
}
