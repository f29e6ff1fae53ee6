//! One request and its answer.

use std::{io, path::Path};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{self, HeaderValue},
    http::request::Parts,
};

use super::{Answer, ReceivedPush, Shared, signature};
use crate::cli::{demo::collected::NotKept, pki::write_private};

/// The connection is to break instead of an answer.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("broken off")]
pub(super) struct BrokenOff;

type Reply = Response<Empty<Bytes>>;

/// Reads a push, keeps it and answers.
pub(super) async fn answer(request: Request<Incoming>, shared: &Shared) -> Result<Reply, BrokenOff> {
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        let allow = (header::ALLOW, HeaderValue::from_static("POST"));
        return Ok(reply(StatusCode::METHOD_NOT_ALLOWED, Some(allow)));
    }
    let body = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(fault) if fault.is::<LengthLimitError>() => {
            return Ok(reply(StatusCode::PAYLOAD_TOO_LARGE, None));
        }
        Err(_) => return Err(BrokenOff),
    };
    let verdict = signature::check(&head.headers, &body, &shared.public_key, shared.clock.now());
    let sound = if verdict.ok { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
    let answer = shared
        .behave(|behaviour| behaviour.next.pop_front().or_else(|| behaviour.always.clone()))
        .unwrap_or(Answer::Status(sound));
    let taken = matches!(&answer, Answer::Status(status) if status.is_success()) || answer == Answer::Close;
    let file = shared.save_to.as_ref().zip(verdict.id.as_ref().filter(|_| verdict.ok && taken));
    let saved = file.map(|(folder, id)| (folder.join(format!("{id}.http")), written(&head, &body)));
    let push = ReceivedPush {
        id: verdict.id,
        timestamp: verdict.timestamp,
        headers: head.headers,
        body,
        signature_ok: verdict.ok,
    };
    let size = push.body.len();
    let kept = shared.pushes.keep(push, size, move |_| save(saved.as_ref())).await;
    match kept {
        Err(NotKept::Full) => Ok(reply(StatusCode::INSUFFICIENT_STORAGE, None)),
        Err(NotKept::Save(_)) => Ok(reply(StatusCode::INTERNAL_SERVER_ERROR, None)),
        Ok(()) => given(answer),
    }
}

fn save(file: Option<&(impl AsRef<Path>, Vec<u8>)>) -> io::Result<()> {
    file.map_or(Ok(()), |(path, bytes)| write_private(path.as_ref(), bytes))
}

/// The request as a message (RFC 9112 section 2.1), as far as it is still known how it was written.
fn written(head: &Parts, body: &Bytes) -> Vec<u8> {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut text = format!("{} {path} {:?}\r\n", head.method, head.version).into_bytes();
    for (name, value) in &head.headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(body);
    text
}

fn given(answer: Answer) -> Result<Reply, BrokenOff> {
    match answer {
        Answer::Status(status) => Ok(reply(status, None)),
        Answer::RetryAfter(status, seconds) => {
            Ok(reply(status, Some((header::RETRY_AFTER, HeaderValue::from(seconds)))))
        }
        Answer::Redirect(to) => Ok(reply(StatusCode::TEMPORARY_REDIRECT, Some((header::LOCATION, to)))),
        Answer::Close => Err(BrokenOff),
    }
}

fn reply(status: StatusCode, header: Option<(header::HeaderName, HeaderValue)>) -> Reply {
    let mut reply = Response::new(Empty::new());
    *reply.status_mut() = status;
    reply.headers_mut().extend(header);
    reply
}

/// A sealed copy of the largest message is half of this.
const BODY_BYTES_MAX: usize = 8 << 20;
