//! What all CMS objects have in common (RFC 5652 §3, §10.1).
//!
//! In: parts. Out: DER that is not yet encoded. The objects themselves are made in `signed`,
//! `enveloped` and `recipient_info`.

use x509_cert::der::oid::ObjectIdentifier;

use super::der::{CONTEXT_0, Der};

/// ContentInfo: an object and its kind.
pub(super) fn content_info<'a>(kind: &ObjectIdentifier, content: Der<'a>) -> Der<'a> {
    Der::sequence(vec![Der::oid(kind), Der::explicit(CONTEXT_0, content)])
}

/// An AlgorithmIdentifier without parameters (for SHA-256 see RFC 5754 §2).
pub(super) fn algorithm(oid: &ObjectIdentifier) -> Der<'static> {
    Der::sequence(vec![Der::oid(oid)])
}
