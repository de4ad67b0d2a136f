//! The way to the running process: its HTTP API, at the address and with the token of the configuration.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::Failure;
use crate::config::{Http, Settings};
use crate::net::install_crypto;

/// The judging thread answers within 15 s or not at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// The API of the running process.
pub(super) struct Api {
    runtime: Runtime,
    client: Client,
    address: SocketAddr,
    http: Http,
}

impl Api {
    pub(super) fn new(settings: &Settings) -> Result<Api, Failure> {
        let Some(http) = settings.http.clone() else {
            let words = "[http] listen is switched off: the running process takes commands there alone; set an address";
            return Err(Failure::Work(words.to_owned()));
        };
        install_crypto();
        // The process is near: no proxy is asked.
        let client = Client::builder().timeout(PATIENCE).no_proxy().build();
        let client = client.map_err(|error| Failure::Work(format!("cannot speak HTTP: {error}")))?;
        Ok(Api { runtime: runtime()?, client, address: reachable(http.listen), http })
    }

    /// Asks, and gives the answer's JSON; `null` where there is none.
    pub(super) fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let mut request = self.client.request(method, format!("http://{}/api/v1/{path}", self.address));
        if let Some(token) = &self.http.token {
            request = request.bearer_auth(token.reveal());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answered = self.runtime.block_on(async {
            let response = request.send().await?;
            let status = response.status();
            Ok((status, response.bytes().await?))
        });
        let (status, bytes) = answered.map_err(|error: reqwest::Error| self.unreachable(&error))?;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        Err(Failure::Work(self.refused(status, answer["error"].as_str())))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let at = self.address;
        Failure::Work(match () {
            () if error.is_connect() => format!(
                "no forewarn runs at {at}: start it (`forewarn run`), or name the configuration that it runs with (--config)"
            ),
            () if error.is_timeout() => {
                format!(
                    "forewarn at {at} gave no answer within {} s: look at its log, and ask again",
                    PATIENCE.as_secs()
                )
            }
            () => format!("what listens at {at} does not answer as forewarn does: check [http] listen"),
        })
    }

    fn refused(&self, status: StatusCode, words: Option<&str>) -> String {
        let at = self.address;
        match (status, words) {
            (StatusCode::UNAUTHORIZED, _) => {
                format!(
                    "forewarn at {at} wants another token: name the configuration that it runs with ([http] token_file)"
                )
            }
            (_, Some(words)) => words.to_owned(),
            (_, None) => format!("what listens at {at} answered {status}: check [http] listen"),
        }
    }
}

/// One thread is enough for one question.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Work(format!("cannot start: {error}")))
}

/// Where a process that listens everywhere is found: on this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_found_here() {
        for (listen, expected) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:2", "[::1]:2"),
            ("10.0.0.7:3", "10.0.0.7:3"),
            ("127.0.0.1:4", "127.0.0.1:4"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), expected);
        }
    }
}
