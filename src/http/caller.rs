//! Who is calling: the agency whose name stands in the client certificate, if the directory lists
//! that very key for it. A handler that takes a [`Caller`] cannot be reached by anyone else.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{App, problem::Problem};
use crate::{
    crypto::{certificate, hex},
    journey::{self, Caller, Code, Refusal},
    message::AgencyId,
};

/// The prefix of an agency's SAN URI.
pub const URN: &str = "urn:portcullis:agency:";

/// What the TLS handshake proved: set on each connection, never by a request.
#[derive(Clone)]
pub struct Peer {
    /// The agencies that the certificate names: exactly one, or it is nobody.
    agency_id: Option<AgencyId>,
    /// SHA-256 of the subject public key info, hex.
    pub spki_sha256: Arc<str>,
}

impl Peer {
    /// Reads a client certificate that the handshake accepted.
    pub fn of(certificate: &[u8]) -> Self {
        let mut names = certificate::uri_names(certificate)
            .into_iter()
            .filter_map(|uri| uri.strip_prefix(URN).and_then(|id| id.parse::<AgencyId>().ok()));
        let agency_id = match (names.next(), names.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        };
        let spki_sha256 =
            certificate::spki_sha256(certificate).map(|hash| hex(&hash)).unwrap_or_default().into();
        Self { agency_id, spki_sha256 }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<Peer>();
        let refusal = match identify(peer, app) {
            Ok(caller) => return Ok(caller),
            Err(refusal) => refusal,
        };
        let claimed = peer.and_then(|peer| peer.agency_id.clone());
        Err(journey::stranger(&app.gateway, claimed.as_ref(), refusal).await.into())
    }
}

fn identify(peer: Option<&Peer>, app: &App) -> Result<Caller, Refusal> {
    let directory = app.gateway.directory();
    let agency = peer.and_then(|peer| {
        let id = peer.agency_id.as_ref()?;
        directory.agency(id).filter(|_| directory.may_speak_for(id, &peer.spki_sha256))
    });
    let Some(agency) = agency else {
        let detail =
            "ask the operator to register your certificate: its SAN URI names the agency, its key is listed";
        tracing::warn!(spki_sha256 = peer.map(|peer| &*peer.spki_sha256), "a certificate that no agency has");
        return Err(Refusal::new(Code::UnknownAgency, detail));
    };
    if agency.suspended {
        return Err(Refusal::new(Code::Suspended, "your agency is suspended; ask the operator"));
    }
    Ok(Caller { agency: Arc::new(agency.clone()), directory_version: directory.version() })
}
