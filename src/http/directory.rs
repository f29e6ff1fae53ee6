//! Who is who, and with which keys.

use axum::{
    extract::{Extension, State},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{App, Peer, problem::Problem};
use crate::{journey::Caller, message::Agency};

/// The caller as the gateway knows it: the first call of a new integration.
pub async fn whoami(State(app): State<App>, caller: Caller, Extension(peer): Extension<Peer>) -> Response {
    let agency = &caller.agency;
    let mut body = entry(agency);
    body["gateway"] = json!(app.gateway.name);
    body["time"] = json!(app.gateway.clock.now());
    body["certificate_spki_sha256"] = json!(&*peer.spki_sha256);
    body["encryption_keys"] = json!(agency.encryption_keys.iter().map(|key| &key.kid).collect::<Vec<_>>());
    axum::Json(body).into_response()
}

/// Every agency that messages can be addressed to.
pub async fn agencies(State(app): State<App>, _caller: Caller) -> Result<Response, Problem> {
    let directory = app.gateway.directory();
    let mut agencies: Vec<&Agency> = directory.agencies().filter(|agency| !agency.suspended).collect();
    agencies.sort_by(|a, b| a.agency_id.cmp(&b.agency_id));
    let agencies: Vec<Value> = agencies.into_iter().map(entry).collect();
    Ok(axum::Json(json!({ "agencies": agencies })).into_response())
}

fn entry(agency: &Agency) -> Value {
    json!({ "agency_id": agency.agency_id, "name": agency.name, "organisation": agency.organisation,
            "type": agency.agency_type, "status": agency.status, "areas": agency.areas,
            "channels": agency.channels })
}

/// The gateway's public keys, each with its purpose (RFC 7517 §5).
pub async fn keys(State(app): State<App>, _caller: Caller) -> Response {
    let body = serde_json::to_vec(&app.gateway.keys().published()).unwrap_or_default();
    ([(axum::http::header::CONTENT_TYPE, "application/jwk-set+json")], body).into_response()
}
