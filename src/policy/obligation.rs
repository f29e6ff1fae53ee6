//! What a permit requires besides yes. An obligation is about every recipient of one view; it stands in
//! the statement that they get, in the receipt and in the ledger.

use super::Claims;
use crate::message::MessageType;

/// What the gateway does to a copy, or its reader has to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obligation {
    /// The reader shares it inside its own agency only as needed, and never outside, unless the meeting
    /// or its chair agrees: P28 in the stricter of its two readings. A board that relaxes it for its area
    /// says so in its own words. The mail says it too (L32).
    KeepInside,
    /// The copy has neither identity, address nor contact of a victim (P29); the gateway cuts them out.
    WithoutVictims,
    /// Health data keeps the label of its owner and is not shared again (P31); no view cuts a label.
    KeepOwner,
}

impl Obligation {
    /// Every obligation.
    pub const ALL: [Self; 3] = [Self::KeepInside, Self::WithoutVictims, Self::KeepOwner];

    /// Those that follow from the message alone.
    pub fn of(claims: &Claims) -> Vec<Self> {
        // Counts are about nobody and may be shown to anybody.
        let inside = (claims.message_type != MessageType::StatsReturn).then_some(Self::KeepInside);
        let health = claims.health_data.then_some(Self::KeepOwner);
        inside.into_iter().chain(health).collect()
    }

    /// The rule.
    pub fn rule(self) -> &'static str {
        match self {
            Self::KeepInside => "P28",
            Self::WithoutVictims => "P29",
            Self::KeepOwner => "P31",
        }
    }

    /// The law that it rests on.
    pub fn legal_basis(self) -> &'static str {
        match self {
            Self::KeepInside => "CJA 2003 s.325(4); DPA 2018 s.37",
            Self::WithoutVictims => "DPA 2018 s.37",
            Self::KeepOwner => "DPA 2018 s.35(3), (5), (8)",
        }
    }

    /// What it asks of the reader, in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::KeepInside => {
                "share it inside your agency only with those who need it, and outside only if the meeting or its \
                 chair agrees"
            }
            Self::WithoutVictims => "identity, address and contact of victims are left out of your copy",
            Self::KeepOwner => "health data keeps the label of its owner; do not share it again",
        }
    }
}
