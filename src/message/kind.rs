//! What kinds of message there are (domain §2.2), and the words of their envelope.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::agency::text_enum;

text_enum!(
    /// The type of a message. One letter of a paper form never decides it (domain §2.1).
    MessageType {
        /// D1: an offender is identified as MAPPA-eligible.
        Notification = "notification",
        /// D3: a case is thought to need level 2 or 3.
        Referral = "referral",
        /// D8: the papers of a meeting.
        MeetingPack = "meeting_pack",
        /// D10: what a meeting decided.
        Minutes = "minutes",
        /// D25: made by the gateway alone: a delivery did not happen.
        NonDelivery = "non_delivery",
    }
);

impl MessageType {
    /// Whether an agency may post it; the others the gateway makes itself.
    pub fn made_by_agencies(self) -> bool {
        self != Self::NonDelivery
    }

    /// Whether it may open a case that is not yet known (design §4).
    pub fn opens_case(self) -> bool {
        matches!(self, Self::Notification | Self::Referral)
    }

    /// Whether it belongs to one meeting, named in `body.meeting.meeting_id`.
    pub fn belongs_to_meeting(self) -> bool {
        matches!(self, Self::MeetingPack | Self::Minutes)
    }

    /// Whether one justification stands for all its recipients (domain §10 on P4).
    pub fn justified_once(self) -> bool {
        self.belongs_to_meeting()
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Notification => "MAPPA notification",
            Self::Referral => "MAPPA referral",
            Self::MeetingPack => "MAPPA meeting pack",
            Self::Minutes => "MAPPA minutes",
            Self::NonDelivery => "Non-delivery report",
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
