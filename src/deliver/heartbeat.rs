//! The heartbeat: a request at a steady pace while all is well, so that a dead `forewarn` is noticed elsewhere.

use std::future::Future;
use std::time::Duration;

use crate::net::{causes, client};
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn it_beats_while_all_is_well_and_stops_when_told() {
        let (beats, asked) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
        let counted = beats.clone();
        let beat_once = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async {}
        };
        let app = axum::Router::new().route("/", axum::routing::post(beat_once));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let (done, stopped) = tokio::sync::oneshot::channel::<()>();
        let done = std::sync::Mutex::new(Some(done));
        let is_well = || {
            let turn = asked.fetch_add(1, Ordering::SeqCst);
            if turn == 6 {
                done.lock().unwrap().take();
            }
            turn % 2 == 0 && turn < 6
        };
        let stop = async {
            let _ = stopped.await;
        };
        beat(&url, Span::from_millis(20), is_well, stop).await.unwrap();
        assert_eq!(beats.load(Ordering::SeqCst), 3);
    }
}
