//! The front door for agencies: HTTP over mutual TLS. Every route stands on this screen; what it does
//! stands in the journey.

pub mod admin;
mod caller;
mod directory;
mod facts;
mod ledger;
mod lifecycle;
mod mailbox;
pub mod problem;
mod schemas;
pub mod server;
mod status;
mod submit;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::Method,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post, put},
};

use problem::Problem;

pub use caller::{Peer, URN};

use crate::journey::{Code, Gateway, Refusal};

/// What every handler is handed.
#[derive(Clone)]
pub struct App {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// How long a long poll may wait.
    pub long_poll_max: Duration,
    /// How long one call may take, but for a long poll and an upload.
    pub request_timeout: Duration,
    /// How long a post with attachments may take.
    pub upload_timeout: Duration,
    /// How many posts with attachments are read at once.
    pub large_uploads: Arc<tokio::sync::Semaphore>,
    /// Set when the process is about to stop: long polls end.
    pub draining: tokio_util::sync::CancellationToken,
}

/// Every route of the agencies' listener.
pub fn routes(app: App) -> Router {
    let limit = app.gateway.limits.message_bytes;
    Router::new()
        .route("/v1/messages", post(submit::submit).get(status::outbox))
        .route("/v1/messages/check", post(submit::check))
        .route("/v1/messages/{id}", get(status::track))
        .route("/v1/inbox", get(mailbox::list))
        .route("/v1/inbox/{delivery}", get(mailbox::collect).head(wrong_method))
        .route("/v1/inbox/{delivery}/attachments/{number}", get(mailbox::attachment).head(wrong_method))
        .route("/v1/inbox/{delivery}/acknowledge", post(mailbox::acknowledge))
        .route("/v1/meetings/{id}", put(facts::meeting).layer(DefaultBodyLimit::max(limit)))
        .route("/v1/cases/{ref}", get(facts::show).put(facts::state).layer(DefaultBodyLimit::max(limit)))
        .route("/v1/designations/{id}", put(facts::designation).layer(DefaultBodyLimit::max(limit)))
        .route("/v1/approvals/{id}", put(facts::approval).layer(DefaultBodyLimit::max(limit)))
        .route("/v1/whoami", get(directory::whoami))
        .route("/v1/agencies", get(directory::agencies))
        .route("/v1/keys", get(directory::keys))
        .route("/v1/schemas", get(schemas::catalogue))
        .route("/v1/schemas/{*path}", get(schemas::file))
        .route("/v1/ledger/proofs/{commitment}", get(ledger::proof))
        .route("/ledger/checkpoint", get(ledger::checkpoint))
        .route("/ledger/{*path}", get(ledger::tile))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), in_time))
        .with_state(app)
}

/// No call outlives its limit. A post that is cut off while it is recorded may have been accepted;
/// the same post again tells.
async fn in_time(State(app): State<App>, request: Request, next: Next) -> Response {
    let uploads = request.method() == Method::POST && submit::is_multipart(request.headers());
    let polls = request.uri().path() == "/v1/inbox";
    let limit = match (uploads, polls) {
        (true, _) => app.upload_timeout,
        (_, true) => app.request_timeout + app.long_poll_max,
        _ => app.request_timeout,
    };
    match tokio::time::timeout(limit, next.run(request)).await {
        // What the framework refuses by itself (a path that is not UTF-8, a body too long) is told as
        // everything else is.
        Ok(response) if response.status().is_client_error() && !problem::is_problem(&response) => {
            Problem::Malformed(response.status()).into_response()
        }
        Ok(response) => response,
        Err(_) => Problem::TooSlow.into_response(),
    }
}

async fn nothing(_caller: crate::journey::Caller) -> Problem {
    Refusal::new(Code::NotFound, "there is no such call; GET /v1/whoami tells whether you are known").into()
}

async fn wrong_method(_caller: crate::journey::Caller) -> Problem {
    Refusal::new(Code::WrongMethod, "this call takes the methods that the header `Allow` lists").into()
}
