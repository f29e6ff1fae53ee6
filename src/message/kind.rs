//! What kinds of message there are (domain §2.2), and the words of their envelope.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::agency::text_enum;

text_enum!(
    /// The type of a message. One letter of a paper form never decides it (domain §2.1).
    MessageType {
        /// D1: an offender is identified as MAPPA-eligible.
        Notification = "notification",
        /// D2: what the case owner decided about the level.
        Screening = "screening",
        /// D3: a case is thought to need level 2 or 3.
        Referral = "referral",
        /// D4: what the co-ordinator decided about a referral.
        ReferralDecision = "referral_decision",
        /// D5: a question between bodies of s.325(4A) at level 1.
        InfoRequest = "info_request",
        /// D5: its answer.
        InfoResponse = "info_response",
        /// D6: the call to a meeting.
        Invitation = "invitation",
        /// D7: what an agency contributes to a meeting.
        AgencyReport = "agency_report",
        /// D8: the papers of a meeting.
        MeetingPack = "meeting_pack",
        /// D9: who was at a meeting.
        Attendance = "attendance",
        /// D10: what a meeting decided.
        Minutes = "minutes",
        /// D11: how an action stands.
        ActionUpdate = "action_update",
        /// D12: the risk management plan after a review.
        Rmp = "rmp",
        /// D13: what of the minutes may be told.
        ExecSummary = "exec_summary",
        /// D14: somebody asks for minutes.
        MinutesRequest = "minutes_request",
        /// D15: the record of a disclosure to a third party.
        ThirdPartyDisclosure = "third_party_disclosure",
        /// D16: restrictions that affect a jobcentre's services.
        DwpNotice = "dwp_notice",
        /// D17: an exemption from the shared-accommodation rate.
        HousingBenefitNotice = "housing_benefit_notice",
        /// D18: a case moves to another area.
        Transfer = "transfer",
        /// D19: a case moves to another level.
        LevelChange = "level_change",
        /// D19: a case leaves MAPPA.
        Exit = "exit",
        /// D20: a serious further offence.
        SfoNotice = "sfo_notice",
        /// D21: a serious case review.
        ScrReport = "scr_report",
        /// D22: the audit of a case or a meeting.
        AuditForm = "audit_form",
        /// D23: a month's counts.
        StatsReturn = "stats_return",
        /// D24: what an earlier message should have said.
        Correction = "correction",
        /// D24: an earlier message should not have been sent.
        Recall = "recall",
        /// D25: the gateway's answer to an accepted message.
        Receipt = "receipt",
        /// D25: made by the gateway alone: a delivery did not happen.
        NonDelivery = "non_delivery",
        /// Made by the gateway alone: a recipient may have now what it could not have before.
        ResendRequest = "resend_request",
    }
);

impl MessageType {
    /// Whether an agency may post it; the others the gateway makes itself.
    pub fn made_by_agencies(self) -> bool {
        !matches!(self, Self::Receipt | Self::NonDelivery | Self::ResendRequest)
    }

    /// Whether it may open a case that is not yet known (design §4).
    pub fn opens_case(self) -> bool {
        matches!(self, Self::Notification | Self::Referral)
    }

    /// Whether it belongs to one meeting, named in `body.meeting.meeting_id`.
    pub fn belongs_to_meeting(self) -> bool {
        matches!(
            self,
            Self::Invitation | Self::AgencyReport | Self::MeetingPack | Self::Attendance | Self::Minutes
        )
    }

    /// Whether one justification stands for all its recipients (domain §10 on P4).
    pub fn justified_once(self) -> bool {
        matches!(self, Self::MeetingPack | Self::Minutes)
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Notification => "MAPPA notification",
            Self::Screening => "MAPPA screening",
            Self::Referral => "MAPPA referral",
            Self::ReferralDecision => "MAPPA referral decision",
            Self::InfoRequest => "MAPPA information request",
            Self::InfoResponse => "MAPPA information response",
            Self::Invitation => "MAPPA meeting invitation",
            Self::AgencyReport => "MAPPA agency report",
            Self::MeetingPack => "MAPPA meeting pack",
            Self::Attendance => "MAPPA attendance record",
            Self::Minutes => "MAPPA minutes",
            Self::ActionUpdate => "MAPPA action update",
            Self::Rmp => "MAPPA risk management plan",
            Self::ExecSummary => "MAPPA executive summary",
            Self::MinutesRequest => "MAPPA minutes request",
            Self::ThirdPartyDisclosure => "MAPPA third-party disclosure",
            Self::DwpNotice => "MAPPA notice to Jobcentre Plus",
            Self::HousingBenefitNotice => "MAPPA housing benefit notice",
            Self::Transfer => "MAPPA transfer",
            Self::LevelChange => "MAPPA level change",
            Self::Exit => "MAPPA exit",
            Self::SfoNotice => "MAPPA serious further offence notice",
            Self::ScrReport => "MAPPA serious case review report",
            Self::AuditForm => "MAPPA audit",
            Self::StatsReturn => "MAPPA statistics return",
            Self::Correction => "Correction",
            Self::Recall => "Recall",
            Self::Receipt => "Receipt",
            Self::NonDelivery => "Non-delivery report",
            Self::ResendRequest => "Request to send again",
        }
    }
}

text_enum!(
    /// The limb of section 325(2) of the Criminal Justice Act 2003 that a message serves (P3).
    Purpose {
        /// Relevant sexual and violent offenders.
        A = "a",
        /// Relevant terrorist offenders.
        Aa = "aa",
        /// Others who may cause serious harm.
        B = "b",
        /// Others at risk of involvement in terrorism-related activity.
        C = "c",
    }
);
