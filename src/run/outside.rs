//! What runs beside the judging thread: the status page, the deliveries, the signals of the operating system.

use std::sync::Arc;

use super::RunError;
use super::live::Way;
use crate::config::Settings;
use crate::serve::{Server, Shared, serve};

/// What runs beside; closed by hand at the end.
#[derive(Debug)]
pub(super) struct Outside {
    server: Option<Server>,
}

/// Begins to serve and to deliver.
pub(super) async fn open(settings: &Settings, shared: Arc<Shared>, _way: Way) -> Result<Outside, RunError> {
    let server = match &settings.http {
        Some(http) => {
            let server = serve(http.listen, shared).await?;
            tracing::info!(address = %server.address, "status at /api/v1/status, metrics at /metrics");
            Some(server)
        }
        None => None,
    };
    Ok(Outside { server })
}

impl Outside {
    /// Ends what runs beside.
    pub(super) fn close(self) {
        drop(self.server);
    }
}

/// Waits for SIGTERM or SIGINT, and names it.
pub(super) async fn signalled() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    }
}
