//! Mending: what a correction or recall puts right. In: the message that it names, as its sender may follow it,
//! with the receipt that it was answered with. Out: how the mending has to be sent, and what it may not tell.
//!
//! The earlier text is not here any more. What counts of it stands in its receipt: who read which view, and
//! what was kept back from whom.

use serde_json::Value;

use super::{Code, Gateway, Refusal, Stop, validate::Validated};
use crate::{message::MessageType, schema, store::Tracked};

/// What this sender sent before and now corrects or recalls, if that was about the same case. The
/// relation to the case may have ended since (domain §10 on P30).
pub(super) async fn earlier(gateway: &Gateway, validated: &Validated) -> Result<Option<Tracked>, Stop> {
    let envelope = &validated.envelope;
    if !mends(envelope.message_type) {
        return Ok(None);
    }
    let id = validated.accepted.json.pointer("/body/message_id");
    let Some(id) = id.and_then(|id| id.as_str()?.parse().ok()) else { return Ok(None) };
    let earlier = gateway.store.track(&envelope.sender.agency_id, id).await?;
    Ok(earlier.filter(|earlier| earlier.sent.case_ref == envelope.case_ref))
}

/// Whether it puts an earlier message right.
pub(super) fn mends(message_type: MessageType) -> bool {
    matches!(message_type, MessageType::Correction | MessageType::Recall)
}

/// Whether what mends this message tells none of its readers who else got it: because the message did not, or
/// is a mending itself, which may reach back to one that did not.
///
/// No two recipients then shared a view, and each has a statement of its own in the receipt. That may also be
/// for what was withheld from one of two, and be more than is needed; a receipt that tells nothing of it counts
/// as apart.
pub(super) fn goes_apart(earlier: &Tracked) -> bool {
    if mends(earlier.sent.message_type) {
        return true;
    }
    let receipt: Value = serde_json::from_slice(&earlier.receipt).unwrap_or_default();
    let mut stated: Vec<_> =
        recipients(&receipt).iter().map(|to| to.get("statement_sha256")?.as_str()).collect();
    stated.sort_unstable();
    stated.is_sorted_by(|one, next| one.is_some() && one != next)
}

/// P29: new text for a place that was kept back from one of the readers would reach that reader in the
/// correction, where nothing marks it for cutting. It has to be sent as a whole message, which is cut. Gives
/// the refusal.
pub(super) fn tells_what_was_withheld(validated: &Validated, earlier: &Tracked) -> Option<Refusal> {
    let receipt: Value = serde_json::from_slice(&earlier.receipt).unwrap_or_default();
    let gaps = recipients(&receipt).iter().filter_map(|to| to.get("withheld")?.as_array()).flatten();
    let gaps: Vec<&str> = gaps.filter_map(|gap| gap.get("pointer")?.as_str()).collect();
    let tells = |change: &Value| {
        let place = change.get("pointer").and_then(Value::as_str);
        let place = place.filter(|_| change.get("text").is_some());
        place.is_some_and(|place| gaps.iter().any(|gap| is_within(place, gap) || is_within(gap, place)))
    };
    let changes = validated.accepted.json.pointer("/body/changes").and_then(Value::as_array);
    let changes = changes.into_iter().flatten().enumerate().filter(|(_, change)| tells(change));
    let faults: Vec<_> = changes.map(|(index, _)| fault(index)).collect();
    let detail = "a part that was kept back from some of the recipients is not corrected in words that all of them read";
    (!faults.is_empty()).then(|| Refusal::with(Code::NotPermitted, detail, faults))
}

fn recipients(receipt: &Value) -> &[Value] {
    receipt.get("recipients").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Whether a JSON Pointer leads to a place or into it.
fn is_within(pointer: &str, place: &str) -> bool {
    pointer.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn fault(index: usize) -> schema::Fault {
    let message = "this part was kept back from some of the recipients, who would read the new text";
    let fix = "send the whole message anew with `supersedes`, and leave this change out or only remove the old text";
    let place = format!("/body/changes/{index}/text");
    let fault = schema::Fault::new(place, "correction_of_withheld_part", message, fix);
    schema::Fault { rule: Some("P29".into()), legal_basis: Some("DPA 2018 s.37".into()), ..fault }
}
