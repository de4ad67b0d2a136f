//! Tokens for SASL OAUTHBEARER from an OpenID Connect provider: the client credentials grant of OAuth 2.0 (RFC 6749, 4.4).
//!
//! librdkafka has this with a library that is not built in here; its own properties (`sasl.oauthbearer.method`, `.client.id`,
//! `.client.secret`, `.token.endpoint.url`, `.scope`, `https.ca.location`) are read here instead, and the token is given to it whenever it asks for one:
//! at the start, and before the old one expires.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rdkafka::client::OAuthToken;
use serde::Deserialize;

use super::KafkaFault;
use crate::config::Kafka;
use crate::net::{causes, client, escaped, said};

/// How long the provider may take; whoever polls the client waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a token lives that does not say it.
const LIFE: Duration = Duration::from_secs(300);

/// The properties that are read here, and not by librdkafka where the method is OIDC.
pub(super) const OIDC: [&str; 6] = [
    "sasl.oauthbearer.method",
    "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.token.endpoint.url",
    "sasl.oauthbearer.scope",
    "https.ca.location",
];

/// Where tokens come from; nowhere where the configuration does not say OIDC.
#[derive(Clone, Default)]
pub(super) struct Tokens(Option<Provider>);

#[derive(Clone)]
struct Provider {
    endpoint: String,
    id: String,
    secret: String,
    scope: Option<String>,
    ca_file: Option<PathBuf>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tokens").field(&self.0.as_ref().map(|provider| &provider.endpoint)).finish()
    }
}

/// What the token endpoint answers (RFC 6749, 5.1 and 5.2).
#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    expires_in: Option<f64>,
    error: Option<String>,
    error_description: Option<String>,
}

/// What a token says of itself, where it is a JWT (RFC 7519).
#[derive(Default, Deserialize)]
struct Claims {
    sub: Option<String>,
    exp: Option<f64>,
}

/// Whether the tokens come from a provider.
pub(super) fn is_oidc(kafka: &Kafka) -> bool {
    kafka.properties.get(OIDC[0]).is_some_and(|method| method.eq_ignore_ascii_case("oidc"))
}

impl Tokens {
    /// # Errors
    /// Where a property that OIDC needs is missing.
    pub(super) fn new(kafka: &Kafka) -> Result<Tokens, KafkaFault> {
        if !is_oidc(kafka) {
            return Ok(Tokens(None));
        }
        let given = |key: &str| kafka.properties.get(key).cloned();
        let need = |key: &'static str| given(key).ok_or(KafkaFault::Missing { key, method: "OIDC" });
        Ok(Tokens(Some(Provider {
            id: need(OIDC[1])?,
            secret: need(OIDC[2])?,
            endpoint: need(OIDC[3])?,
            scope: given(OIDC[4]),
            ca_file: given(OIDC[5]).map(PathBuf::from),
        })))
    }

    /// Fetches a token. Waits for the provider.
    ///
    /// # Errors
    /// Words that name the provider and what to do.
    pub(super) fn fetch(&self) -> Result<OAuthToken, String> {
        let Some(provider) = &self.0 else {
            return Err(
                "no \"sasl.oauthbearer.method\" of [kafka.properties] says where tokens come from: set \"oidc\"".into(),
            );
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("token endpoint: {error}"))?;
        let answer = runtime.block_on(provider.ask())?;
        Ok(token(answer, &provider.id, SystemTime::now()))
    }
}

impl Provider {
    async fn ask(&self) -> Result<(String, Option<f64>), String> {
        let fault = |what: &str, next: &str| format!("token endpoint {}: {what}; {next}", self.endpoint);
        let look = "look at \"sasl.oauthbearer.token.endpoint.url\" of [kafka.properties]";
        let client = client(PATIENCE, self.ca_file.as_deref().map(Path::new)).map_err(|error| fault(&error, look))?;
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        let body: Vec<String> = form.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
        // A name and a secret are written as in a form before they are joined (RFC 6749, 2.3.1).
        let request = client
            .post(&self.endpoint)
            .basic_auth(escaped(&self.id), Some(escaped(&self.secret)))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"));
        let asked = async {
            let response = request.send().await?;
            Ok::<_, reqwest::Error>((response.status(), response.bytes().await?))
        };
        let (status, body) = asked.await.map_err(|error| fault(&causes(&error.without_url()), look))?;
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| fault(&format!("{status}: {}", said(&String::from_utf8_lossy(&body))), look))?;
        match answer.access_token {
            Some(token) if status.is_success() => Ok((token, answer.expires_in)),
            _ => {
                let words = [answer.error, answer.error_description];
                let words: Vec<String> = words.into_iter().flatten().map(|words| said(&words)).collect();
                let next = "check \"sasl.oauthbearer.client.id\", the secret that \"sasl.oauthbearer.client.secret\" names, and the scope";
                Err(fault(&format!("{status} {}", words.join(": ")), next))
            }
        }
    }
}

/// The token with its owner and its end, as it says itself.
fn token((token, expires_in): (String, Option<f64>), id: &str, now: SystemTime) -> OAuthToken {
    let claims: Claims = token
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok())
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default();
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let end = claims.exp.unwrap_or_else(|| now + expires_in.unwrap_or(LIFE.as_secs_f64()));
    OAuthToken {
        token,
        principal_name: claims.sub.unwrap_or_else(|| id.to_owned()),
        lifetime_ms: (end * 1000.0) as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_whose_it_is_and_when_it_ends() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        // {"sub":"alice","exp":1600}
        let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6MTYwMH0.".to_owned();
        let known = token((jwt, Some(60.0)), "me", now);
        assert_eq!((known.principal_name.as_str(), known.lifetime_ms), ("alice", 1_600_000));
        for (expires_in, end) in [(Some(60.0), 1_060_000), (None, 1_300_000)] {
            let opaque = token(("opaque".to_owned(), expires_in), "me", now);
            assert_eq!((opaque.principal_name.as_str(), opaque.lifetime_ms), ("me", end));
        }
    }

    #[test]
    fn what_oidc_needs_is_named() {
        let mut kafka = Kafka::new("b:1".into(), vec!["t".into()]);
        assert!(Tokens::new(&kafka).unwrap().fetch().is_err_and(|words| words.contains("set \"oidc\"")));
        kafka.properties.insert(OIDC[0].into(), "OIDC".into());
        for key in &OIDC[1..4] {
            let missing = Tokens::new(&kafka).unwrap_err().to_string();
            assert!(missing.contains(key) && missing.contains("OIDC"), "{missing}");
            kafka.properties.insert((*key).into(), "http://127.0.0.1:1/x".into());
        }
        let words = Tokens::new(&kafka).unwrap().fetch().err().unwrap();
        assert!(words.contains("127.0.0.1:1") && words.contains("token.endpoint.url"), "{words}");
    }
}
