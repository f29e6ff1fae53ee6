//! Who is calling: the agency whose name stands in the client certificate, if the directory lists
//! that very key for it. Nobody else comes past [`admit`], which stands before every call of the agencies'
//! listener; a handler takes the [`Caller`] that it let in.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::request::Parts,
    middleware::Next,
    response::Response,
};
use jiff::Timestamp;

use super::{App, problem::Problem};
use crate::{
    crypto::certificate,
    directory::Directory,
    journey::{self, Caller, Code, Fault, Refusal},
    message::{Agency, AgencyId},
};

/// The prefix of an agency's SAN URI.
pub const URN: &str = "urn:portcullis:agency:";

/// What the TLS handshake proved: set on each connection, never by a request.
#[derive(Clone, Default)]
pub struct Peer {
    /// The agencies that the certificate names: exactly one, or it is nobody.
    agency_id: Option<AgencyId>,
    /// SHA-256 of the subject public key info, hex.
    pub spki_sha256: Arc<str>,
    /// The last moment of the certificate.
    pub not_after: Option<Timestamp>,
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
        let described = certificate::describe(certificate).ok();
        let not_after = described.as_ref().map(|described| described.not_after);
        let spki_sha256 = described.map(|described| described.spki_sha256).unwrap_or_default().into();
        Self { agency_id, spki_sha256, not_after }
    }

    /// The agency that it speaks for, if the directory lists its key for it.
    pub(super) fn listed<'a>(&self, directory: &'a Directory) -> Option<&'a Agency> {
        let id = self.agency_id.as_ref()?;
        directory.agency(id).filter(|_| directory.may_speak_for(id, &self.spki_sha256))
    }
}

/// Lets those in who may call, and hands on who it is.
pub(super) async fn admit(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let peer = request.extensions().get::<Peer>();
    match identify(peer, &app) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            Ok(next.run(request).await)
        }
        Err(refusal) => {
            let claimed = peer.and_then(|peer| peer.agency_id.clone());
            Err(journey::stranger(&app.gateway, claimed.as_ref(), refusal).await.into())
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let admitted = parts.extensions.get::<Self>().cloned();
        admitted.ok_or(Problem::Failed(Fault::Impossible("a call that nobody was admitted to")))
    }
}

fn identify(peer: Option<&Peer>, app: &App) -> Result<Caller, Refusal> {
    let directory = app.gateway.directory();
    let Some(agency) = peer.and_then(|peer| peer.listed(&directory)) else {
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
