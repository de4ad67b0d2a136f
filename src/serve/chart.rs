//! The picture of an alert as a PNG: the same that its mail carries.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::answer::Command;
use super::routes::{problem, put};
use super::shared::Shared;
use crate::deliver::render::chart::draw;

/// `GET /api/v1/alerts/ID/chart`.
pub(super) async fn chart(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let drawable = match put(&shared, |reply| Command::Chart(id, reply)).await {
        Ok(drawable) => drawable,
        Err(refusal) => return refusal,
    };
    let drawn = tokio::task::spawn_blocking(move || draw(&drawable.chart, &drawable.zone)).await;
    match drawn {
        // It changes with the alert: whoever keeps it asks again.
        Ok(Some(picture)) => {
            ([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "no-cache")], picture.png).into_response()
        }
        _ => (StatusCode::NOT_FOUND, problem("nothing was seen that could be drawn")).into_response(),
    }
}
