//! Problem documents (RFC 9457): the only place where a refusal or fault becomes an HTTP status.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    journey::{Code, Explanation, Fault, Refusal, Stop},
    message::EventId,
    schema,
};

/// How long a sender is asked to wait when we cannot accept.
const RETRY_AFTER_S: u32 = 5;

/// An answer that is none of the good ones.
pub enum Problem {
    /// The caller's doing.
    Refused(Refusal),
    /// Ours.
    Failed(Fault),
    /// The call took longer than its limit.
    TooSlow,
    /// The request is not one that any call takes.
    Malformed(StatusCode),
    /// No byte of the range that was asked for is there; the whole has so many.
    BeyondEnd(u64),
    /// As many uploads are under way as there is room for.
    Busy,
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Refused(refusal),
            Stop::Failed(fault) => Self::Failed(fault),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<F: Into<Fault>> From<F> for Problem {
    fn from(fault: F) -> Self {
        Self::Failed(fault.into())
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [schema::Fault],
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<EventId>,
}

/// The same with the answer party by party: extension members (RFC 9457 §3.2).
#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    document: Document<'a>,
    #[serde(flatten)]
    explained: Option<&'a Explanation>,
}

/// The status of each refusal. Exhaustive, so that a new code cannot be forgotten.
fn status(code: Code) -> StatusCode {
    match code {
        Code::NotUtf8
        | Code::NotJson
        | Code::DuplicateMember
        | Code::TooDeep
        | Code::TooManyValues
        | Code::BadRequest
        | Code::Envelope => StatusCode::BAD_REQUEST,
        Code::UnknownAgency | Code::Suspended | Code::SenderMismatch | Code::NotPermitted => {
            StatusCode::FORBIDDEN
        }
        Code::CaseNotKnown | Code::NotFound => StatusCode::NOT_FOUND,
        Code::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        Code::IdConflict | Code::KeyConflict | Code::TooManyKeys => StatusCode::CONFLICT,
        Code::TooLarge | Code::AttachmentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::WrongMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::TooManyChecks => StatusCode::TOO_MANY_REQUESTS,
        Code::UnknownType
        | Code::UnknownVersion
        | Code::Schema
        | Code::Rules
        | Code::AreaNotServed
        | Code::UnknownRecipient
        | Code::NoChannelFits
        | Code::SenderWithoutKey
        | Code::AttachmentCount
        | Code::AttachmentDigest
        | Code::AttachmentType
        | Code::AttachmentInfected
        | Code::Facts
        | Code::KeyUnusable
        | Code::ProofWrong => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refused(&refusal),
            Self::Failed(fault) => failed(&fault),
            Self::TooSlow => too_slow(),
            Self::Malformed(status) => malformed(status),
            Self::BeyondEnd(bytes) => beyond_end(bytes),
            Self::Busy => busy(),
        }
    }
}

fn refused(refusal: &Refusal) -> Response {
    let status = status(refusal.code);
    let told = Document {
        kind: type_uri(refusal.code.as_str()),
        title: refusal.code.title(),
        status: status.as_u16(),
        detail: &refusal.detail,
        errors: &refusal.faults,
        reference: refusal.reference,
    };
    let mut response =
        document(status, &Explained { document: told, explained: refusal.explained.as_deref() });
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}

/// A fault is logged once, here. In doubt the gateway does not accept: 503, and nothing was stored.
fn failed(fault: &Fault) -> Response {
    let (status, code, title, detail) = match fault {
        Fault::FactsChanged => (
            StatusCode::SERVICE_UNAVAILABLE,
            "facts_changed",
            "The directory, the case or the rules changed meanwhile",
            "nothing was stored; post the same message again",
        ),
        Fault::Broken => (
            StatusCode::BAD_REQUEST,
            "broken_off",
            "The request broke off",
            "nothing was stored; post the same message again",
        ),
        Fault::Scan(_) => {
            tracing::error!(fault = %Chain(fault), "not accepting attachments: the scanner gives no verdict");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "scanner_unavailable",
                "Attachments cannot be scanned for malware now",
                "nothing was stored; post the same message again later",
            )
        }
        other => {
            tracing::error!(fault = %Chain(other), "not accepting: a request failed by our fault");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The gateway cannot do this now",
                "nothing was stored; try again later",
            )
        }
    };
    let kind = type_uri(code);
    let mut response = document(
        status,
        &Document { kind, title, status: status.as_u16(), detail, errors: &[], reference: None },
    );
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_S.into());
    }
    response
}

fn too_slow() -> Response {
    let status = StatusCode::REQUEST_TIMEOUT;
    let detail = "send faster or in smaller parts; a message may be posted again unchanged";
    let kind = type_uri("too_slow");
    let title = "The request took too long";
    document(status, &Document { kind, title, status: status.as_u16(), detail, errors: &[], reference: None })
}

fn malformed(status: StatusCode) -> Response {
    let detail = "see the call's description; a path, query or body is not of its form";
    let kind = type_uri("bad_request");
    let title = "The request is not well formed";
    document(status, &Document { kind, title, status: status.as_u16(), detail, errors: &[], reference: None })
}

/// Names the length, so that the caller can ask for what is there (RFC 9110 §15.5.17).
fn beyond_end(bytes: u64) -> Response {
    let status = StatusCode::RANGE_NOT_SATISFIABLE;
    let detail = "ask for a range within the length that `Content-Range` tells, or for all of it";
    let kind = type_uri("range_not_satisfiable");
    let title = "The range begins behind the end";
    let told = Document { kind, title, status: status.as_u16(), detail, errors: &[], reference: None };
    let mut response = document(status, &told);
    if let Ok(length) = format!("bytes */{bytes}").parse() {
        response.headers_mut().insert(header::CONTENT_RANGE, length);
    }
    response
}

fn busy() -> Response {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let detail = "as many uploads are under way as there is room for; nothing was stored, post again later";
    let kind = type_uri("busy");
    let title = "Too many uploads at once";
    let told = Document { kind, title, status: status.as_u16(), detail, errors: &[], reference: None };
    let mut response = document(status, &told);
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_S.into());
    response
}

/// Whether an answer is a problem document already.
pub fn is_problem(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json")
}

/// The stable type URI of a problem.
pub fn type_uri(code: &str) -> String {
    format!("urn:portcullis:problem:{code}")
}

fn document(status: StatusCode, document: &impl Serialize) -> Response {
    let body = serde_json::to_vec(document).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body).into_response()
}

/// A fault with all its causes on one line.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
