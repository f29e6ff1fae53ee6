//! Whether a sender may know a case at all, and what it sent about it before.

use super::{Gateway, Stop, learn::Case, validate::Validated};
use crate::{
    directory::Directory,
    message::{Agency, AgencyId, AgencyType, CaseFacts, CaseRef, Envelope, MessageType},
    store::{Seen, Tracked},
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

/// The case as the sender may know it for what it sends, and the version of its facts: by an open relation
/// to it; as its associate at this moment (P22); because it mends what it sent about it; because it answers
/// what it was asked about it (P7); as the board that writes a case review (P27).
///
/// A case that the sender may not know takes the same steps as one that is not there: they are all looked
/// for by the sender's name.
pub(super) async fn case_for(
    gateway: &Gateway,
    directory: &Directory,
    envelope: &Envelope,
    case_ref: &CaseRef,
    mended: bool,
) -> Result<(Case, u64), Stop> {
    let sender = &envelope.sender.agency_id;
    if mended || by_office(directory, envelope, case_ref) {
        return whole(gateway, case_ref).await;
    }
    let Seen { version, facts } = gateway.store.case_for(case_ref, sender).await?;
    let now = gateway.clock.now();
    let related = |case: &CaseFacts| case.in_circle(sender) || case.designation(sender, now).is_some();
    let facts = match facts {
        Some(case) if related(&case) => return Ok((Case::Known(Box::new(case)), version)),
        other => other.map(Box::new),
    };
    if let (MessageType::InfoResponse, Some(request)) = (envelope.message_type, envelope.in_reply_to) {
        let askers: Vec<AgencyId> = envelope.recipients.iter().map(|asker| asker.agency_id.clone()).collect();
        if gateway.store.was_asked(sender, &askers, request, case_ref).await? {
            return whole(gateway, case_ref).await;
        }
    }
    Ok((if version == 0 { Case::Unknown } else { Case::Hidden(facts) }, version))
}

/// For whom every case of the area is one that it may know.
fn by_office(directory: &Directory, envelope: &Envelope, case_ref: &CaseRef) -> bool {
    let (sender, area) = (&envelope.sender.agency_id, case_ref.area());
    let board = |agency: &Agency| agency.agency_type == AgencyType::Smb && agency.serves(area);
    directory.coordinates(sender, area)
        || (envelope.message_type == MessageType::ScrReport && directory.agency(sender).is_some_and(board))
}

async fn whole(gateway: &Gateway, case_ref: &CaseRef) -> Result<(Case, u64), Stop> {
    Ok(match gateway.store.case(case_ref).await? {
        Some(case) => {
            let version = case.version;
            (Case::Known(Box::new(case)), version)
        }
        None => (Case::Unknown, 0),
    })
}

/// The case, if the agency has an open relation to it: as its co-ordination unit, or in its circle.
pub(super) async fn known_to(
    gateway: &Gateway,
    directory: &Directory,
    agency: &AgencyId,
    case_ref: &CaseRef,
) -> Result<Option<CaseFacts>, Stop> {
    if directory.coordinates(agency, case_ref.area()) {
        return Ok(gateway.store.case(case_ref).await?);
    }
    let Seen { facts, .. } = gateway.store.case_for(case_ref, agency).await?;
    Ok(facts.filter(|case| case.in_circle(agency)))
}
