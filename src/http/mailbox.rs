//! The inbox, in the words of NHS MESH: list, collect, acknowledge.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;

use super::{
    App,
    problem::Problem,
    range::{Wanted, wanted},
};
use crate::{
    journey::{Caller, acknowledge as journey},
    message::{AgencyId, DeliveryId, EncryptionKey, MessageId, MessageType},
    store::InboxItem,
};

/// The query of `GET /v1/inbox`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Seconds to wait for something new.
    #[serde(default)]
    wait: u64,
    /// The cursor of an earlier answer.
    #[serde(default)]
    after: u64,
    /// How many entries at most.
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Item {
    delivery_id: DeliveryId,
    message_id: MessageId,
    #[serde(rename = "type")]
    message_type: MessageType,
    sender: AgencyId,
    accepted_at: Timestamp,
    collected_at: Option<Timestamp>,
    attachments: usize,
}

impl From<InboxItem> for Item {
    fn from(item: InboxItem) -> Self {
        Self {
            delivery_id: item.delivery_id,
            message_id: item.message_id,
            message_type: item.message_type,
            sender: item.sender,
            accepted_at: item.accepted_at,
            collected_at: item.collected_at,
            attachments: item.attachments,
        }
    }
}

/// What waits for the caller; with `wait`, as soon as something does.
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let Query(page) = query.map_err(|_| bad_query())?;
    let limit = page.limit.unwrap_or(app.gateway.limits.page);
    let wait = Duration::from_secs(page.wait).min(app.long_poll_max);
    let until = app.gateway.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
    let mut news = app.gateway.signals.inbox.subscribe();
    let items = loop {
        news.mark_unchanged();
        let items = journey::inbox(&app.gateway, &caller, page.after, limit).await?;
        if !items.is_empty() || wait.is_zero() {
            break items;
        }
        tokio::select! {
            _ = news.changed() => {}
            () = app.gateway.clock.sleep_until(until) => break Vec::new(),
            () = app.draining.cancelled() => break Vec::new(),
        }
    };
    let next = items.last().map(|item| item.cursor);
    let items: Vec<Item> = items.into_iter().map(Item::from).collect();
    let notices = notices(&caller, app.gateway.clock.now());
    Ok(axum::Json(json!({ "items": items, "next": next, "notices": notices })).into_response())
}

/// For how long after a key came into force those who look into the inbox are told of it: an office that is
/// closed over Christmas learns of it too.
const NOTICE: Duration = Duration::from_secs(14 * 24 * 3600);

/// What everyone who looks into this inbox is to see: keys that were announced, and are not in force yet or
/// have not been for long. Whoever stole a TLS key cannot hide one from the agency that it stole from.
fn notices(caller: &Caller, now: Timestamp) -> Vec<Value> {
    let since = now.saturating_sub(NOTICE).unwrap_or(Timestamp::MIN);
    let announced =
        caller.agency.encryption_keys.iter().filter(|key| key.valid_from.is_some_and(|at| at > since));
    let notice = |key: &EncryptionKey| {
        json!({ "code": "key_announced", "kid": key.kid, "valid_from": key.valid_from,
                "detail": "from then on messages to you are sealed to this key; if you did not publish it, revoke it and \
                           telephone the operator" })
    };
    announced.map(notice).collect()
}

fn bad_query() -> Problem {
    use crate::journey::{Code, Refusal};
    Refusal::new(Code::BadRequest, "the query takes `wait` (seconds), `after` (a cursor) and `limit`").into()
}

/// Reads an identifier of the path; a malformed one names nothing that is there.
pub(super) fn id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| journey::nothing_here().into())
}

/// One sealed copy, a flattened JWE.
pub async fn collect(
    State(app): State<App>,
    caller: Caller,
    Path(delivery): Path<String>,
) -> Result<Response, Problem> {
    let copy = journey::collect(&app.gateway, &caller, id(&delivery)?).await?;
    let body = copy.ciphertext.flattened(&copy.wrap);
    Ok(([(header::CONTENT_TYPE, "application/jose+json"), (header::CACHE_CONTROL, "no-store")], body)
        .into_response())
}

/// One attachment, compact JWEs line by line; with `Range` a part of it.
pub async fn attachment(
    State(app): State<App>,
    caller: Caller,
    Path((delivery, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (delivery, number): (DeliveryId, usize) = (id(&delivery)?, id(&number)?);
    let found = journey::find_attachment(&app.gateway, &caller, delivery, number).await?;
    let bytes = found.bytes();
    // What was sealed for a delivery is never sealed again, so its name is a strong validator.
    let etag = format!("\"{delivery}/{number}\"");
    let (status, first, length) = match wanted(&headers, &etag, bytes) {
        Wanted::Whole => (StatusCode::OK, 0, bytes),
        Wanted::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Wanted::BeyondEnd => return Err(Problem::BeyondEnd(bytes)),
    };
    let content = found.hand_out(&app.gateway, &caller, first, length).await?;
    let body = Body::from_stream(ReaderStream::with_capacity(content, 64 * 1024));
    let mut response = (status, body).into_response();
    let told = response.headers_mut();
    told.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jose"));
    told.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    told.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    told.insert(header::CONTENT_LENGTH, length.into());
    told.extend(etag.parse().map(|etag| (header::ETAG, etag)));
    if status == StatusCode::PARTIAL_CONTENT {
        let place = format!("bytes {first}-{}/{bytes}", first + length - 1);
        told.extend(place.parse().map(|place| (header::CONTENT_RANGE, place)));
    }
    Ok(response)
}

/// The caller has the message.
pub async fn acknowledge(
    State(app): State<App>,
    caller: Caller,
    Path(delivery): Path<String>,
) -> Result<Response, Problem> {
    let delivery_id: DeliveryId = id(&delivery)?;
    let at = journey::acknowledge(&app.gateway, &caller, delivery_id).await?;
    Ok(axum::Json(json!({ "delivery_id": delivery_id, "acknowledged_at": at })).into_response())
}
