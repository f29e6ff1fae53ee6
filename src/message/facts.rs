//! What the gateway remembers about cases and meetings: ids, relations, dates and flags, never the
//! narrative (design §4). Facts are append-only; what holds now is their fold.

mod case;

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{AgencyId, Approval, Area, Designation, MeetingId, Purpose, agency::text_enum};

pub use case::CaseFacts;

/// One fact, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// A case was opened: by a notification from its lead agency, or proposed by a referral.
    CaseOpened {
        /// Who opened it.
        by: AgencyId,
        /// A referral proposes; a notification states.
        proposed: bool,
        /// Where.
        area: Area,
        /// For which limb of s.325(2).
        purpose: Purpose,
        /// Category 1 to 4.
        category: Option<u8>,
        /// The agency with the main statutory responsibility.
        lead: Option<AgencyId>,
        /// Other responsible authority agencies that share supervision (P5).
        #[serde(default)]
        shared_supervision: Vec<AgencyId>,
        /// Whether there is a conviction, caution or finding under s.327(4) (P14).
        #[serde(default)]
        convicted: Option<bool>,
        /// Whether the person is a foreign national (P36).
        #[serde(default)]
        foreign_national: Option<bool>,
    },
    /// The co-ordination unit confirms or changes what holds about the case. What is absent stays.
    CaseStated {
        /// Which unit.
        by: AgencyId,
        /// For which limbs of s.325(2).
        #[serde(default)]
        purposes: Option<BTreeSet<Purpose>>,
        /// Category 1 to 4.
        #[serde(default)]
        category: Option<u8>,
        /// The lead agency.
        #[serde(default)]
        lead: Option<AgencyId>,
        /// As in `CaseOpened`.
        #[serde(default)]
        convicted: Option<bool>,
        /// As in `CaseOpened`.
        #[serde(default)]
        foreign_national: Option<bool>,
    },
    /// The co-ordination unit set the level: by a decision on a referral or a change of level.
    LevelSet {
        /// Which unit.
        by: AgencyId,
        /// 1 to 3.
        level: u8,
    },
    /// The co-ordination unit let the case leave.
    Left {
        /// Which unit.
        by: AgencyId,
        /// What it leaves.
        scope: ExitScope,
    },
    /// Who was at a meeting and who holds an action, by its attendance record or its final minutes. The
    /// record of final minutes stands over any attendance record, also a later one (design §4).
    Present {
        /// Which meeting.
        meeting_id: MeetingId,
        /// Whether final minutes say so.
        by_minutes: bool,
        /// Who is recorded as present (P15).
        attended: BTreeSet<AgencyId>,
        /// Who holds an action (P16).
        action_owners: BTreeSet<AgencyId>,
    },
    /// An associate was designated. The latest of one id replaces the one before.
    Designated(Designation),
    /// Something was approved. The latest of one id replaces the one before. A member of its own, since an
    /// approval has a `kind` too.
    Approved {
        /// What, by whom, to whom, until when.
        approval: Approval,
    },
    /// A referral arrived about a case that was open already.
    Referred {
        /// Who referred.
        by: AgencyId,
    },
    /// An agency of the circle named itself the lead of a case that names another. It changes nothing until
    /// the co-ordination unit states it.
    Claimed {
        /// Who.
        by: AgencyId,
        /// Whether it named itself the lead agency.
        as_lead: bool,
    },
    /// A meeting as the co-ordination unit records it. The latest replaces the one before.
    Meeting(MeetingFacts),
}

impl Fact {
    /// Whom the fact may bring to know of its case. The circle of a case, its associates and the agency that
    /// was proposed as its lead are all among those whom its facts bring in. A claim brings in nobody.
    pub fn brings_in(&self) -> BTreeSet<&AgencyId> {
        match self {
            Self::CaseOpened { by, lead, shared_supervision, .. } => {
                lead.iter().chain(shared_supervision).chain([by]).collect()
            }
            Self::CaseStated { lead, .. } => lead.iter().collect(),
            Self::Referred { by } => [by].into(),
            Self::Meeting(meeting) => meeting.agencies(),
            Self::Present { attended, action_owners, .. } => attended.union(action_owners).collect(),
            Self::Designated(designation) => [&designation.agency_id].into(),
            Self::LevelSet { .. } | Self::Left { .. } | Self::Approved { .. } | Self::Claimed { .. } => {
                BTreeSet::new()
            }
        }
    }
}

text_enum!(
    /// What a case leaves at its exit (D19).
    ExitScope {
        /// The arrangements altogether.
        Mappa = "mappa",
        /// Level 2 and 3; it is managed at level 1 from now on.
        MultiAgencyManagement = "multi_agency_management",
    }
);

/// What the co-ordination unit states about a case. What is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseStatement {
    /// For which limbs of s.325(2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purposes: Option<BTreeSet<Purpose>>,
    /// Category 1 to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<u8>,
    /// The lead agency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<AgencyId>,
    /// Whether there is a conviction, caution or finding under s.327(4) (P14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convicted: Option<bool>,
    /// Whether the person is a foreign national (P36).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_national: Option<bool>,
}

/// A meeting of a case: who stands where towards it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeetingFacts {
    /// Which meeting.
    pub meeting_id: MeetingId,
    /// When it is or was, `2026-12-04`.
    #[serde(default)]
    pub date: Option<jiff::civil::Date>,
    /// Level 2 or 3.
    #[serde(default)]
    pub level: Option<u8>,
    /// Who is invited, and why (P8).
    #[serde(default)]
    pub invited: Vec<Invitee>,
    /// Who confirmed that they will attend (P9).
    #[serde(default)]
    pub confirmed: BTreeSet<AgencyId>,
    /// Who is recorded as present (P15).
    #[serde(default)]
    pub attended: BTreeSet<AgencyId>,
    /// Who holds an action (P16).
    #[serde(default)]
    pub action_owners: BTreeSet<AgencyId>,
}

/// An invited agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitee {
    /// Who.
    pub agency_id: AgencyId,
    /// Why it is needed; responsible authority agencies are permanent members and need none (P8).
    #[serde(default)]
    pub reason: Option<InviteReason>,
}

text_enum!(
    /// Why an agency is invited (P8). A code and no text: the gateway keeps no narrative.
    InviteReason {
        /// It holds information or has a part in the plan that matters to the meeting.
        SignificantContribution = "significant_contribution",
        /// It can commit resources that the plan needs.
        CommitResources = "commit_resources",
        /// It has a statutory responsibility for the offender or a victim.
        StatutoryInvolvement = "statutory_involvement",
    }
);

impl MeetingFacts {
    /// Whether the agency is invited, confirmed, attended or owns an action.
    pub fn concerns(&self, agency: &AgencyId) -> bool {
        self.invites(agency)
            || self.confirmed.contains(agency)
            || self.attended.contains(agency)
            || self.action_owners.contains(agency)
    }

    /// Whether the agency is invited.
    pub fn invites(&self, agency: &AgencyId) -> bool {
        self.invited.iter().any(|invitee| &invitee.agency_id == agency)
    }

    /// Every agency that the record names.
    pub fn agencies(&self) -> BTreeSet<&AgencyId> {
        let invited = self.invited.iter().map(|invitee| &invitee.agency_id);
        invited.chain(&self.confirmed).chain(&self.attended).chain(&self.action_owners).collect()
    }
}

#[cfg(test)]
mod tests;
