//! `POST /v1/messages` and `POST /v1/messages/check`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::Stream;
use http_body_util::BodyExt as _;
use serde_json::json;
use zeroize::Zeroizing;

use super::{App, lifecycle, problem::Problem};
use crate::journey::{
    self, AttachmentSource, Broken, Caller, Code, Fault, NoAttachments, Posted, Refusal, Stop, accept,
};

/// Tells that the answer is that of an earlier post.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Accepts a message: JSON alone, or multipart with the message first and its attachments after.
pub async fn submit(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let answer = match media_type(request.headers()) {
        MediaType::Json => match read_whole(&app, request.into_body()).await {
            Ok(posted) => journey::submit(&app.gateway, &caller, posted, &mut NoAttachments).await?,
            Err(stop) => return Err(journey::stopped_at_the_door(&app.gateway, &caller, stop).await.into()),
        },
        MediaType::Multipart => {
            let Ok(_slot) = app.large_uploads.try_acquire() else { return Err(Problem::Busy) };
            match Parts::of(&app, request).await {
                Ok((posted, mut parts)) => journey::submit(&app.gateway, &caller, posted, &mut parts).await?,
                Err(stop) => {
                    return Err(journey::stopped_at_the_door(&app.gateway, &caller, stop).await.into());
                }
            }
        }
        MediaType::Other => {
            let detail = "send application/json, or multipart/form-data with the part `message` first";
            let stop = Refusal::new(Code::WrongMediaType, detail).into();
            return Err(journey::stopped_at_the_door(&app.gateway, &caller, stop).await.into());
        }
    };
    let mut response =
        (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/json")], answer.receipt).into_response();
    let headers = response.headers_mut();
    lifecycle::tell(answer.deprecation.as_ref(), headers);
    if answer.replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    if let Ok(location) = format!("/v1/messages/{}", answer.message_id).parse() {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Says what would become of a message, and keeps nothing but the event.
pub async fn check(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let read = match media_type(request.headers()) {
        MediaType::Json => read_whole(&app, request.into_body()).await,
        MediaType::Multipart | MediaType::Other => {
            let detail = "send application/json: a message is checked without its attachments";
            Err(Refusal::new(Code::WrongMediaType, detail).into())
        }
    };
    let posted = match read {
        Ok(posted) => posted,
        Err(stop) => return Err(journey::stopped_at_the_door(&app.gateway, &caller, stop).await.into()),
    };
    let viewed = journey::check(&app.gateway, &caller, posted).await?;
    let routed = viewed.routed();
    let explained = routed.explained();
    let body = json!({ "message_id": routed.message_id(), "verdict": "accepted",
                       "sender": explained.map(|explained| &explained.sender),
                       "recipients": explained.map(|explained| &explained.recipients[..]).unwrap_or_default(),
                       "warnings": routed.warnings() });
    let mut response = axum::Json(body).into_response();
    lifecycle::tell(routed.deprecation(), response.headers_mut());
    Ok(response)
}

enum MediaType {
    Json,
    Multipart,
    Other,
}

/// Whether a request brings attachments, and gets the time for them.
pub fn is_multipart(headers: &HeaderMap) -> bool {
    matches!(media_type(headers), MediaType::Multipart)
}

fn media_type(headers: &HeaderMap) -> MediaType {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => MediaType::Json,
        "multipart/form-data" => MediaType::Multipart,
        _ => MediaType::Other,
    }
}

/// Collects the message part into memory that is wiped, and stops reading at the limit. Room for the
/// longest message is reserved at once where the length is not told, so nothing is left behind by
/// growing.
struct MessagePart {
    bytes: Zeroizing<Vec<u8>>,
    limit: usize,
}

impl MessagePart {
    fn new(limit: usize, told: Option<u64>) -> Self {
        let reserve = told.and_then(|n| usize::try_from(n).ok()).map_or(limit, |n| n.min(limit));
        Self { bytes: Zeroizing::new(Vec::with_capacity(reserve)), limit }
    }

    /// `false` once the limit is passed.
    fn push(&mut self, chunk: &[u8]) -> bool {
        let fits = self.bytes.len() + chunk.len() <= self.limit;
        if fits {
            self.bytes.extend_from_slice(chunk);
        }
        fits
    }
}

async fn read_whole(app: &App, mut body: Body) -> Result<Posted, Stop> {
    use hyper::body::Body as _;
    let mut part = MessagePart::new(app.gateway.limits.message_bytes, body.size_hint().exact());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Fault::Broken)?;
        if frame.data_ref().is_some_and(|chunk| !part.push(chunk)) {
            return Err(accept::too_large(&app.gateway).into());
        }
    }
    Ok(Posted::new(part.bytes))
}

/// The parts of a multipart post (RFC 7578): the message, then the attachments.
struct Parts {
    multipart: multer::Multipart<'static>,
    present: Option<multer::Field<'static>>,
    outside: Arc<AtomicUsize>,
}

impl Parts {
    /// Reads the message and stands before the first attachment.
    async fn of(app: &App, request: Request) -> Result<(Posted, Self), Stop> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary =
            content_type.and_then(|value| multer::parse_boundary(value).ok()).ok_or(Broken::Form)?;
        let outside = Arc::new(AtomicUsize::new(0));
        let body = metered(request.into_body(), outside.clone());
        let mut parts = Self { multipart: multer::Multipart::new(body, boundary), present: None, outside };
        if !parts.next_part().await?
            || parts.present.as_ref().and_then(multer::Field::name) != Some("message")
        {
            let detail = "the first part is named `message` and holds the message's JSON";
            return Err(Refusal::new(Code::BadRequest, detail).into());
        }
        let mut message = MessagePart::new(app.gateway.limits.message_bytes, None);
        while let Some(chunk) = parts.next_bytes().await? {
            if !message.push(&chunk) {
                return Err(accept::too_large(&app.gateway).into());
            }
        }
        Ok((Posted::new(message.bytes), parts))
    }
}

#[async_trait]
impl AttachmentSource for Parts {
    async fn next_part(&mut self) -> Result<bool, Broken> {
        // Only one field may live at a time.
        self.present = None;
        self.present = in_time(self.multipart.next_field()).await?;
        Ok(self.present.is_some())
    }

    async fn next_bytes(&mut self) -> Result<Option<Bytes>, Broken> {
        let Some(field) = &mut self.present else { return Ok(None) };
        let bytes = in_time(field.chunk()).await?;
        self.outside.store(0, Ordering::Relaxed);
        Ok(bytes)
    }
}

/// A sender that stalls gives its place to others.
async fn in_time<T>(read: impl Future<Output = multer::Result<T>>) -> Result<T, Broken> {
    match tokio::time::timeout(STALL, read).await {
        Ok(read) => read.map_err(|error| broken(&error)),
        Err(_) => Err(Broken::Off),
    }
}

/// How long a sender may be silent within a body.
const STALL: Duration = Duration::from_secs(15);

/// How much may come before a part's content begins: boundary, headers, and what one read brings.
const OUTSIDE_BYTES_MAX: usize = 1 << 20;

/// The body, a chunk at a time. The multipart reader takes all that is ready whenever it is polled, and
/// keeps what is no part's content without a limit of its own; so it is given one chunk for each poll,
/// and no more than [`OUTSIDE_BYTES_MAX`] without content in between.
fn metered(body: Body, outside: Arc<AtomicUsize>) -> impl Stream<Item = Result<Bytes, Overrun>> + Send {
    let mut body = Box::pin(body.into_data_stream());
    let mut gave = false;
    futures_util::stream::poll_fn(move |context| {
        if std::mem::take(&mut gave) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let chunk = std::task::ready!(body.as_mut().poll_next(context));
        gave = true;
        Poll::Ready(chunk.map(|chunk| {
            let chunk = chunk.map_err(|_| Overrun)?;
            let seen = outside.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len();
            if seen > OUTSIDE_BYTES_MAX { Err(Overrun) } else { Ok(chunk) }
        }))
    })
}

/// The body broke off, or has no parts where it should.
#[derive(Debug, thiserror::Error)]
#[error("the body broke off, or has no parts")]
struct Overrun;

fn broken(error: &multer::Error) -> Broken {
    match error {
        multer::Error::StreamReadFailed(_) | multer::Error::IncompleteStream => Broken::Off,
        _ => Broken::Form,
    }
}
