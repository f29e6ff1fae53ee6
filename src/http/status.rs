//! Tracking, for the sender: where each delivery stands, and the proof once there is one.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{App, mailbox::id, problem::Problem};
use crate::{
    journey::{Caller, Code, Refusal, Stop, acknowledge, prove},
    message::MessageId,
    store::{DeliveryState, Sent, TrackedAttempt, TrackedDelivery},
};

/// One message of the caller's.
pub async fn track(
    State(app): State<App>,
    caller: Caller,
    Path(message): Path<String>,
) -> Result<Response, Problem> {
    let gateway = &app.gateway;
    let message_id: MessageId = id(&message)?;
    let tracked = gateway.store.track(&caller.agency.agency_id, message_id).await.map_err(Stop::from)?;
    let tracked = tracked.ok_or_else(acknowledge::nothing_here)?;
    acknowledge::viewed(gateway, &caller, "tracking", vec![message_id.to_string()]).await?;
    let proof = prove::bundle(gateway, &caller.agency.agency_id, message_id, &tracked.receipt).await?;
    let receipt: Value = serde_json::from_slice(&tracked.receipt).unwrap_or_default();
    let deliveries: Vec<Value> = tracked.deliveries.iter().map(delivery).collect();
    Ok(axum::Json(json!({
        "message_id": tracked.sent.message_id,
        "type": tracked.sent.message_type,
        "case_ref": tracked.sent.case_ref,
        "accepted_at": tracked.sent.accepted_at,
        "deliveries": deliveries,
        "receipt": receipt,
        "proof": proof,
    }))
    .into_response())
}

fn delivery(delivery: &TrackedDelivery) -> Value {
    json!({
        "delivery_id": delivery.delivery_id,
        "recipient": delivery.recipient,
        "channel": delivery.channel,
        "state": delivery.state,
        "next_attempt_at": delivery.next_attempt_at,
        "delivered_at": delivery.delivered_at,
        "collected_at": delivery.collected_at,
        "acknowledged_at": delivery.acknowledged_at,
        "attempts": delivery.attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

fn attempt(attempt: &TrackedAttempt) -> Value {
    json!({ "number": attempt.number, "started_at": attempt.started_at, "ended_at": attempt.ended_at,
            "code": attempt.code })
}

/// The query of `GET /v1/messages`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The cursor of an earlier answer.
    before: Option<u64>,
    /// How many entries at most.
    limit: Option<usize>,
}

/// The caller's messages, newest first.
pub async fn outbox(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let bad_query = |_| Refusal::new(Code::BadRequest, "the query takes `before` (a cursor) and `limit`");
    let Query(page) = query.map_err(bad_query)?;
    let most = app.gateway.limits.page;
    let limit = page.limit.unwrap_or(most).clamp(1, most);
    let sent =
        app.gateway.store.outbox(&caller.agency.agency_id, page.before, limit).await.map_err(Stop::from)?;
    if !sent.is_empty() {
        acknowledge::viewed(
            &app.gateway,
            &caller,
            "outbox",
            sent.iter().map(|sent| sent.message_id.to_string()).collect(),
        )
        .await?;
    }
    let next = sent.last().map(|sent| sent.cursor);
    let messages: Vec<Value> = sent.iter().map(message).collect();
    Ok(axum::Json(json!({ "messages": messages, "next": next })).into_response())
}

fn message(sent: &Sent) -> Value {
    let counted = DeliveryState::ALL.iter().zip(sent.states).filter(|(_, count)| *count > 0);
    let states: serde_json::Map<String, Value> =
        counted.map(|(state, count)| (state.as_str().to_owned(), count.into())).collect();
    json!({ "message_id": sent.message_id, "type": sent.message_type, "case_ref": sent.case_ref,
            "accepted_at": sent.accepted_at, "states": states })
}
