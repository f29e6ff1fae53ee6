//! What a permission binds its recipients to, whatever else it says: fixed words with their rule and law,
//! which the transfer statement carries to them and the ledger keeps.
//!
//! An obligation forbids nothing that the gateway could see: what becomes of a message inside an agency is
//! the agency's doing. What the gateway itself cuts from a copy is a view and no obligation (P29).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Claims;
use crate::message::MessageType;

/// Something that the recipients have to do or to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    /// The rule, `P28`.
    pub rule: Cow<'static, str>,
    /// The law that it rests on.
    pub legal_basis: Cow<'static, str>,
    /// What it asks for.
    pub text: Cow<'static, str>,
}

impl Obligation {
    /// What this message binds its recipients to.
    pub fn of(claims: &Claims) -> Vec<Self> {
        let mut all = Vec::new();
        // Counts are about nobody and may be shown to anybody.
        if claims.message_type != MessageType::StatsReturn {
            all.push(WITHIN_THE_AGENCY);
        }
        if claims.health_data {
            all.push(HEALTH_DATA);
        }
        all
    }
}

/// P28 in the stricter of its two readings. A board that relaxes it for its area says so in its own words;
/// the gateway has no setting for that.
const WITHIN_THE_AGENCY: Obligation = Obligation {
    rule: Cow::Borrowed("P28"),
    legal_basis: Cow::Borrowed("CJA 2003 s.325(4); DPA 2018 s.37"),
    text: Cow::Borrowed(
        "Share it inside your agency only with those who need it for their work. Do not forward or copy it \
         outside your agency without the agreement of the meeting's chair.",
    ),
};

/// P31: the label is `owner_agency` in the message, which every copy keeps.
const HEALTH_DATA: Obligation = Obligation {
    rule: Cow::Borrowed("P31"),
    legal_basis: Cow::Borrowed("DPA 2018 s.35(3), (5), (8)"),
    text: Cow::Borrowed(
        "It holds health data. Keep the name of the agency that owns it beside it, and do not share it on.",
    ),
};
