//! The front door for agencies: HTTP over mutual TLS. Every call stands in `calls.rs` with what guards it;
//! what it does stands in the journey.

pub mod admin;
mod agency_keys;
mod caller;
mod calls;
mod connection;
mod directory;
mod facts;
mod ledger;
mod lifecycle;
mod mailbox;
pub mod problem;
mod range;
mod schemas;
pub mod server;
mod status;
mod submit;
pub mod trust;
mod verifier;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::Method,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};

use problem::Problem;

pub use caller::{Peer, URN};
pub use calls::{Access, Call, of_agencies, of_the_operator};

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
    guarded(app, calls::of_agencies())
}

/// These calls behind the agencies' door: nobody comes to any of them, nor learns which there are, whom the
/// directory does not list.
pub fn guarded(app: App, calls: Vec<Call>) -> Router {
    calls::router(calls)
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(app.gateway.limits.message_bytes))
        .layer(middleware::from_fn_with_state(app.clone(), caller::admit))
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

async fn nothing() -> Problem {
    Refusal::new(Code::NotFound, "there is no such call; GET /v1/whoami tells whether you are known").into()
}

async fn wrong_method() -> Problem {
    Refusal::new(Code::WrongMethod, "this call takes the methods that the header `Allow` lists").into()
}
