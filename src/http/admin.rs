//! The operator's listener, on loopback: is it alive, is it ready, what does it count?

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{App, calls};

/// The routes of the admin listener.
pub fn routes(app: App) -> Router {
    calls::router(calls::of_the_operator()).with_state(app)
}

/// Alive: the process answers.
pub(super) async fn live() -> &'static str {
    "alive\n"
}

/// Ready to accept: the store can write, the scanner answers where one is configured, and the process is
/// not about to stop. The answer names the reason for the operator.
pub(super) async fn ready(State(app): State<App>) -> Response {
    if app.draining.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response();
    }
    if !app.gateway.sequencing.load(std::sync::atomic::Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "ledger: events are not sequenced\n").into_response();
    }
    if let Err(fault) = app.gateway.store.probe().await {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("store: {fault}\n")).into_response();
    }
    if let Some(scanner) = &app.gateway.scanner
        && let Err(fault) = scanner.ping().await
    {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("scanner: {fault}\n")).into_response();
    }
    "ready\n".into_response()
}

/// What it counts, as OpenMetrics.
pub(super) async fn metrics(State(app): State<App>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    (kind, app.gateway.metrics.text()).into_response()
}
