//! The addresses and what each gives.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::answer::{Command, Fault, Reply};
use super::auth::may_pass;
use super::shared::Shared;
use crate::signal::Selector;
use crate::time::{Span, Timestamp};

/// No body is longer.
const BODY_BYTES: usize = 1 << 20;
/// How long the judging thread may take to answer; it never should.
const PATIENCE: Duration = Duration::from_secs(15);
/// So many signals are listed where no limit is given.
const SIGNALS: usize = 100;

/// Why the status page cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("listen at {listen}: {source}; set another address in [http] listen")]
pub struct ServeError {
    listen: SocketAddr,
    source: std::io::Error,
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    /// The address it listens at.
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Begins to serve.
pub async fn serve(listen: SocketAddr, shared: Arc<Shared>) -> Result<Server, ServeError> {
    let fault = |source| ServeError { listen, source };
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    let app = router(shared);
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(%error, "the status page is no longer served");
        }
    });
    Ok(Server { address, task })
}

fn router(shared: Arc<Shared>) -> Router {
    let guarded = Router::new()
        .route("/metrics", get(metrics))
        .route("/api/v1/status", get(status))
        .route("/api/v1/alerts", get(alerts))
        .route("/api/v1/alerts/{id}", get(alert))
        .route("/api/v1/alerts/{id}/ack", post(acknowledge))
        .route("/api/v1/alerts/{id}/chart", get(super::chart::chart))
        .route("/api/v1/signals", get(signals))
        .route("/api/v1/changes", get(changes).post(change))
        .route("/api/v1/silences", get(silences).post(silence))
        .route("/api/v1/silences/{id}", delete(unsilence))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard));
    Router::new()
        .route("/healthz", get(|| async { Json(json!({ "healthy": true })) }))
        .route("/readyz", get(ready))
        .merge(guarded)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(shared)
}

async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if may_pass(shared.token.as_ref(), request.headers()) {
        return next.run(request).await;
    }
    let words = problem("a bearer token is required: Authorization: Bearer TOKEN, as in [http] token_file");
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], words).into_response()
}

pub(super) fn problem(words: &str) -> Json<Value> {
    Json(json!({ "error": words }))
}

/// Asks the judging thread and gives its answer, under `done` where it was done.
async fn ask(shared: &Shared, done: StatusCode, command: impl FnOnce(Reply) -> Command) -> Response {
    match put(shared, command).await {
        Ok(Value::Null) => done.into_response(),
        Ok(value) => (done, Json(value)).into_response(),
        Err(refusal) => refusal,
    }
}

/// Asks the judging thread for something; where it is not given, the response that says why.
pub(super) async fn put<T>(
    shared: &Shared,
    command: impl FnOnce(oneshot::Sender<Result<T, Fault>>) -> Command,
) -> Result<T, Response> {
    let (reply, answer) = oneshot::channel();
    let unable = |words| (StatusCode::SERVICE_UNAVAILABLE, problem(words)).into_response();
    if !shared.ask(command(reply)) {
        return Err(unable("too much is asked at once, or it is ending; ask again"));
    }
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(fault))) => {
            let code = match &fault {
                Fault::Wrong(_) => StatusCode::BAD_REQUEST,
                Fault::Unknown(_) => StatusCode::NOT_FOUND,
                Fault::Unable(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            Err((code, problem(&fault.to_string())).into_response())
        }
        Ok(Err(_)) | Err(_) => Err(unable("no answer; ask again")),
    }
}

fn wrong(words: String) -> Response {
    (StatusCode::BAD_REQUEST, problem(&words)).into_response()
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], shared.metrics.text()).into_response()
}

async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let status = shared.status();
    let code = if status.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(json!({ "ready": status.ready, "why": status.why }))).into_response()
}

async fn status(State(shared): State<Arc<Shared>>) -> Response {
    Json(&*shared.status()).into_response()
}

#[derive(Deserialize)]
struct AlertsQuery {
    state: Option<String>,
}

async fn alerts(State(shared): State<Arc<Shared>>, Query(query): Query<AlertsQuery>) -> Response {
    if query.state.as_deref().is_some_and(|state| state != "firing" && state != "resolved") {
        return wrong("state is `firing` or `resolved`".into());
    }
    ask(&shared, StatusCode::OK, |reply| Command::Alerts(query.state, reply)).await
}

async fn alert(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    ask(&shared, StatusCode::OK, |reply| Command::Alert(id, reply)).await
}

#[derive(Deserialize)]
struct SignalsQuery {
    r#match: Option<String>,
    limit: Option<usize>,
}

async fn signals(State(shared): State<Arc<Shared>>, Query(query): Query<SignalsQuery>) -> Response {
    let selector = match query.r#match.as_deref().map(Selector::parse).transpose() {
        Ok(selector) => selector,
        Err(error) => return wrong(format!("match, at character {}: {error}", error.at)),
    };
    ask(&shared, StatusCode::OK, |reply| Command::Signals(selector, query.limit.unwrap_or(SIGNALS), reply)).await
}

async fn change(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    ask(&shared, StatusCode::ACCEPTED, |reply| Command::Change(body.to_vec(), reply)).await
}

async fn changes(State(shared): State<Arc<Shared>>) -> Response {
    ask(&shared, StatusCode::OK, Command::Changes).await
}

async fn silences(State(shared): State<Arc<Shared>>) -> Response {
    ask(&shared, StatusCode::OK, Command::Silences).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SilenceBody {
    selector: String,
    until: Option<String>,
    r#for: Option<String>,
    #[serde(default)]
    by: String,
    #[serde(default)]
    comment: String,
}

async fn silence(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let asked: SilenceBody = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => {
            return wrong(format!("a silence is {{\"selector\", \"until\" or \"for\", \"by\", \"comment\"}}: {error}"));
        }
    };
    let now = now();
    let until = match (asked.until.as_deref(), asked.r#for.as_deref()) {
        (Some(until), None) => {
            Timestamp::parse_rfc3339(until).ok_or(format!("until: `{until}` is not an RFC 3339 time"))
        }
        (None, Some(span)) => {
            Span::parse(span).map(|span| now + span).ok_or(format!("for: `{span}` is not a duration"))
        }
        _ => Err("give `until` (a time) or `for` (a duration), one of them".into()),
    };
    let until = match until {
        Ok(until) if now < until => until,
        Ok(until) => return wrong(format!("until: {until} is over")),
        Err(words) => return wrong(words),
    };
    if let Err(error) = Selector::parse(&asked.selector) {
        return wrong(format!("selector, at character {}: {error}", error.at));
    }
    let SilenceBody { selector, by, comment, .. } = asked;
    ask(&shared, StatusCode::CREATED, |reply| Command::Silence { selector, until, by, comment, reply }).await
}

async fn unsilence(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    ask(&shared, StatusCode::NO_CONTENT, |reply| Command::Unsilence(id, reply)).await
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AckBody {
    by: String,
    unneeded: bool,
}

async fn acknowledge(State(shared): State<Arc<Shared>>, Path(alert): Path<String>, body: Bytes) -> Response {
    let asked: AckBody = match body.is_empty() {
        true => AckBody::default(),
        false => match serde_json::from_slice(&body) {
            Ok(asked) => asked,
            Err(error) => {
                return wrong(format!("an answer is {{\"by\": NAME, \"unneeded\": false}} or nothing: {error}"));
            }
        },
    };
    ask(&shared, StatusCode::OK, |reply| Command::Acknowledge { alert, by: asked.by, unneeded: asked.unneeded, reply })
        .await
}

#[expect(clippy::disallowed_methods, reason = "a silence ends by the wall clock")]
fn now() -> Timestamp {
    Timestamp::from(jiff::Timestamp::now())
}
