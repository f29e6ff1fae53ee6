//! Where an agency stands towards a case: whether it may know it at all, and what it may know in its place.
//!
//! Who may not know a case is answered as if nobody had opened it, also when it opens it. What it then says
//! about it is a *claim*: a case of its own under the same reference, of which every later call of it, and of
//! those whom it names, tells as of a case that it opened. The case itself, its circle and its lead see
//! nothing of that; the co-ordination unit does. Once the case itself brings the claimant in, that counts
//! for it, and its claim no more.

use super::{Gateway, Stop, learn};
use crate::{
    directory::Directory,
    message::{Agency, AgencyId, AgencyType, CaseFacts, CaseRef, Envelope, Fact, MessageType},
    store::{Seen, Tracked},
};

/// Where the sender of a message stands towards its case.
pub(super) struct Standing {
    /// What the sender may know: the case, or what was claimed under its reference. `None`: for all that it
    /// is told, nobody opened it.
    pub known: Option<CaseFacts>,
    /// The case itself, where it named the sender once and the sender has no open relation to it.
    named_in: Option<CaseFacts>,
    /// The version of the case itself; 0 where nobody opened it.
    version: u64,
    /// Whether the sender may know every case of the area.
    by_office: bool,
}

/// What a message adds, and to what.
#[derive(Default)]
pub(super) struct Kept {
    pub facts: Vec<Fact>,
    /// Whose claim they belong to; nobody's where they are about the case itself.
    pub claimant: Option<AgencyId>,
    /// The version of what they are added to; 0 where that is nothing.
    pub version: u64,
}

/// What the sender may know about the case for what it sends: by an open relation to it; as its associate at
/// this moment (P22); because it mends what it sent about it; because it answers what it was asked about it
/// (P7); as the board that writes a case review (P27). What it may know by a claim counts after all these, but
/// before a request: the unit, or another claimant, that asks a claimant is answered out of what that claimed.
/// Only who is asked by somebody in the circle of the case learns by it that there is one.
///
/// A case that the sender may not know takes the same steps as one that is not there, before and after the
/// sender claimed it: all are looked for by the sender's name.
pub(super) async fn standing(
    gateway: &Gateway,
    directory: &Directory,
    envelope: &Envelope,
    case_ref: &CaseRef,
    earlier: Option<&Tracked>,
) -> Result<Standing, Stop> {
    let sender = &envelope.sender.agency_id;
    if by_office(directory, envelope, case_ref) {
        let known = gateway.store.case(case_ref).await?;
        let version = known.as_ref().map_or(0, |case| case.version);
        return Ok(Standing { known, named_in: None, version, by_office: true });
    }
    let Seen { version, facts } = gateway.store.case_for(case_ref, sender).await?;
    let asked = asked_about(gateway, envelope, case_ref).await?;
    let now = gateway.clock.now();
    let related = |case: &&CaseFacts| case.in_circle(sender) || case.designation(sender, now).is_some();
    let itself = facts.iter().find(|case| case.claimant.is_none());
    let known = match (itself.filter(related), earlier) {
        (Some(case), _) => Some(case.clone()),
        (None, Some(earlier)) => match facts.iter().find(|case| case.claimant == earlier.claimant) {
            Some(case) => Some(case.clone()),
            None => kept_for(gateway, case_ref, earlier.claimant.as_ref()).await?,
        },
        (None, None) => {
            let told_of = asked.as_ref().filter(|case| asks_from_within(directory, envelope, case));
            let claims = facts.iter().filter(|case| case.claimant.is_some()).filter(related);
            // Whom the case proposes as its lead takes it by notifying; a stranger's claim is not in the way.
            let proposed = envelope.message_type == MessageType::Notification
                && itself.is_some_and(|case| learn::may_lead(sender, case));
            let mut claims = claims.filter(|case| !proposed || case.claimant.as_ref() == Some(sender));
            told_of.or_else(|| claims.next()).cloned().or(asked)
        }
    };
    let is_itself = known.as_ref().is_some_and(|case| case.claimant.is_none());
    let named_in = itself.filter(|_| !is_itself).cloned();
    Ok(Standing { known, named_in, version, by_office: false })
}

impl Standing {
    /// Where a message is kept, with the facts that it carries for all that its sender is told.
    ///
    /// What opens nothing belongs to nobody's case: if it stood with the case, whoever opens that later would
    /// give its sender a part in it.
    pub fn keeps(self, envelope: &Envelope, carried: Vec<Fact>, as_lead: Option<Fact>) -> Kept {
        if let (Some(case), Some(opened)) = (self.named_in, as_lead) {
            return Kept { facts: vec![opened], claimant: None, version: case.version };
        }
        let (claimant, version) = match self.known {
            Some(case) => (case.claimant, case.version),
            None if self.by_office || (self.version == 0 && !carried.is_empty()) => (None, 0),
            None => (Some(envelope.sender.agency_id.clone()), 0),
        };
        Kept { facts: carried, claimant, version }
    }

    /// Whether the case itself names the sender as the agency that may take its lead.
    pub fn may_take_the_lead(&self, sender: &AgencyId) -> bool {
        self.named_in.as_ref().is_some_and(|case| learn::may_lead(sender, case))
    }
}

/// Asked of every answer, also of one whose sender may know the case: so a claimed case takes the same
/// look-ups as one that the sender opened.
async fn asked_about(
    gateway: &Gateway,
    envelope: &Envelope,
    case_ref: &CaseRef,
) -> Result<Option<CaseFacts>, Stop> {
    let (MessageType::InfoResponse, Some(request)) = (envelope.message_type, envelope.in_reply_to) else {
        return Ok(None);
    };
    let askers: Vec<AgencyId> = envelope.recipients.iter().map(|asker| asker.agency_id.clone()).collect();
    Ok(gateway.store.asked_about(&envelope.sender.agency_id, &askers, request, case_ref).await?)
}

/// Whether the request came from the circle of the case itself, other than from its co-ordination unit: that
/// tells of the case.
fn asks_from_within(directory: &Directory, envelope: &Envelope, case: &CaseFacts) -> bool {
    let within =
        |asker: &AgencyId| case.in_circle(asker) && !directory.coordinates(asker, case.case_ref.area());
    case.claimant.is_none() && envelope.recipients.iter().any(|asker| within(&asker.agency_id))
}

/// For whom every case of the area is one that it may know.
fn by_office(directory: &Directory, envelope: &Envelope, case_ref: &CaseRef) -> bool {
    let (sender, area) = (&envelope.sender.agency_id, case_ref.area());
    let board = |agency: &Agency| agency.agency_type == AgencyType::Smb && agency.serves(area);
    directory.coordinates(sender, area)
        || (envelope.message_type == MessageType::ScrReport && directory.agency(sender).is_some_and(board))
}

/// A case, or what an agency claimed under its reference.
pub(super) async fn kept_for(
    gateway: &Gateway,
    case_ref: &CaseRef,
    claimant: Option<&AgencyId>,
) -> Result<Option<CaseFacts>, crate::store::StoreFault> {
    match claimant {
        Some(claimant) => gateway.store.claimed(case_ref, claimant).await,
        None => gateway.store.case(case_ref).await,
    }
}

/// The case, if the agency has an open relation to it: as its co-ordination unit, or in its circle. Else what
/// was claimed under its reference by the agency, or with it.
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
    Ok(facts.into_iter().find(|case| case.in_circle(agency)))
}
