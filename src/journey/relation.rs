//! Whether a sender may know a case at all, and what it sent about it before.

use super::{Gateway, Stop, validate::Validated};
use crate::{
    directory::Directory,
    message::{AgencyId, AgencyType, CaseFacts, Envelope, MessageType},
    store::Tracked,
};

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

/// Whether the sender may know the case for what it sends: by an open relation to it; as its associate
/// at this moment (P22); because it answers what it was asked about it (P7); as the board that writes a
/// case review (P27).
pub(super) async fn is_related(
    gateway: &Gateway,
    directory: &Directory,
    envelope: &Envelope,
    case: &CaseFacts,
) -> Result<bool, Stop> {
    let sender = &envelope.sender.agency_id;
    if may_know(directory, sender, case) || case.designation(sender, gateway.clock.now()).is_some() {
        return Ok(true);
    }
    match envelope.message_type {
        MessageType::InfoResponse => was_asked(gateway, envelope).await,
        MessageType::ScrReport => Ok(directory
            .agency(sender)
            .is_some_and(|agency| agency.agency_type == AgencyType::Smb && agency.serves(case.area))),
        _ => Ok(false),
    }
}

/// Whether a recipient of this answer asked the sender about this very case.
async fn was_asked(gateway: &Gateway, envelope: &Envelope) -> Result<bool, Stop> {
    let Some(request) = envelope.in_reply_to else { return Ok(false) };
    for asker in &envelope.recipients {
        let asked = gateway.store.track(&asker.agency_id, request).await?.is_some_and(|asked| {
            asked.sent.message_type == MessageType::InfoRequest
                && asked.sent.case_ref == envelope.case_ref
                && asked.deliveries.iter().any(|to| to.recipient == envelope.sender.agency_id)
        });
        if asked {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the agency has an open relation to the case: in its circle, or its co-ordination unit.
pub(super) fn may_know(directory: &Directory, agency: &AgencyId, case: &CaseFacts) -> bool {
    case.in_circle(agency) || directory.coordinates(agency, case.area)
}
