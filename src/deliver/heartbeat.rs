//! The heartbeat: a request at a steady pace while all is well, so that a dead `forewarn` is noticed elsewhere.

use std::future::Future;
use std::time::Duration;

use super::channel::causes;
use super::webhook::client;
use crate::time::Span;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Posts to `url` every `every` while `is_well` says so, until `stop` ends. A request that fails is logged once until one
/// succeeds again; there is nothing to catch up.
///
/// # Errors
/// Where the HTTP client cannot be set up.
pub async fn beat(
    url: &str,
    every: Span,
    is_well: impl Fn() -> bool,
    stop: impl Future<Output = ()>,
) -> Result<(), String> {
    let client = client(TIMEOUT, None)?;
    let mut ticks = tokio::time::interval(Duration::from_nanos(every.nanos().max(1_000_000).unsigned_abs()));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            _ = ticks.tick() => {}
        }
        if !is_well() {
            continue;
        }
        let answer = client
            .post(url)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(reqwest::Error::without_url);
        if let Err(error) = &answer
            && !failing
        {
            tracing::warn!(error = causes(error), "heartbeat failed");
        }
        failing = answer.is_err();
    }
}
