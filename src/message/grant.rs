//! What lets an agency have what it otherwise may not: a designation makes it an associate in one
//! case, an approval releases something to it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AgencyId, ApprovalId, DesignationId, MeetingId, MessageId, agency::text_enum};

/// A body that the responsible authority considers may contribute to one case, section 325(4A)(c) of
/// the Criminal Justice Act 2003 (P22). It stands for one case only, and only until it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Designation {
    /// Which.
    pub designation_id: DesignationId,
    /// Who is designated.
    pub agency_id: AgencyId,
    /// Whose officer considered it: an agency of the responsible authority. The officer's name stands in
    /// the ledger alone, sealed.
    pub ra_agency: AgencyId,
    /// Why it may contribute. A code: the gateway keeps no narrative.
    pub reason: super::InviteReason,
    /// From this moment on.
    pub start: Timestamp,
    /// Up to, and without, this moment.
    pub expiry: Timestamp,
}

impl Designation {
    /// Whether it stands at a moment: start ≤ now < expiry (domain §10).
    pub fn stands(&self, now: Timestamp) -> bool {
        self.start <= now && now < self.expiry
    }
}

text_enum!(
    /// What an approval is for (P17, P18, P27, P32).
    ApprovalKind {
        /// The minutes of one meeting to an agency that had no part in it (P17).
        MinutesRelease = "minutes_release",
        /// Messages of a category 4 case to a body outside the responsible authority (P32).
        Category4 = "cat4",
        /// A serious case review to others than the board (P27).
        Smb = "smb",
        /// An executive summary to a court (P18).
        ExecSummary = "exec_summary",
    }
);

/// A written authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Which.
    pub approval_id: ApprovalId,
    /// What for.
    pub kind: ApprovalKind,
    /// Who gave it.
    pub by: AgencyId,
    /// To whom.
    pub to: AgencyId,
    /// The meeting whose minutes or summary are released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    /// The one message that is released, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// Up to, and without, this moment.
    pub until: Timestamp,
}

impl Approval {
    /// Whether it stands at a moment.
    pub fn stands(&self, now: Timestamp) -> bool {
        now < self.until
    }
}
