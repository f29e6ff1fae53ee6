//! The check of client certificates, with an explanation for the operator when one is refused.
//!
//! In: the chain of a handshake. Out: rustls's own verdict, and for a refusal one line in the log: which
//! certificate, which check, both dates. The caller learns no more than TLS tells it.

use std::sync::Arc;

use prometheus_client::metrics::{counter::Counter, family::Family};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

use crate::{crypto::certificate, telemetry::Word};

/// rustls's verifier, and what it refuses is told.
#[derive(Debug)]
pub(super) struct Explaining {
    pub inner: Arc<dyn ClientCertVerifier>,
    pub refused: Family<Word, Counter>,
}

impl ClientCertVerifier for Explaining {
    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verdict = self.inner.verify_client_cert(end_entity, intermediates, now);
        if let Err(error) = &verdict {
            self.refused.get_or_create_owned(&Word { word: check(error) }).inc();
            explain(error, end_entity, "a client certificate is refused");
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Tells the operator which certificate failed which check. A subject is whatever its maker wrote, so it is
/// cut, and written with escapes.
pub(super) fn explain(error: &Error, certificate: &CertificateDer<'_>, what: &'static str) {
    let (check, at) = (check(error), UnixTime::now().as_secs());
    let now = jiff::Timestamp::from_second(i64::try_from(at).unwrap_or(i64::MAX)).unwrap_or_default();
    match certificate::describe(certificate) {
        Ok(c) => tracing::warn!(
            check,
            subject = ?c.subject,
            serial = %c.serial,
            spki_sha256 = %c.spki_sha256,
            not_before = %c.not_before,
            not_after = %c.not_after,
            %now,
            "{what}"
        ),
        Err(fault) => tracing::warn!(check, %fault, "{what}"),
    }
}

/// The check in a word; the list is closed.
fn check(error: &Error) -> &'static str {
    use CertificateError as Fault;
    let Error::InvalidCertificate(fault) = error else { return "handshake" };
    match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => "expired",
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => "not_valid_yet",
        Fault::Revoked => "revoked",
        Fault::UnknownRevocationStatus => "no_crl_of_its_issuer",
        Fault::ExpiredRevocationList | Fault::ExpiredRevocationListContext { .. } => "crl_expired",
        Fault::UnknownIssuer => "unknown_issuer",
        Fault::BadSignature => "signature",
        Fault::InvalidPurpose | Fault::InvalidPurposeContext { .. } => "purpose",
        Fault::BadEncoding => "unreadable",
        // Names are not checked in the handshake, and what a later rustls adds has no word yet.
        _ => "other",
    }
}
