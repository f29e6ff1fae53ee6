//! What the rules were asked about one message, and what they said: enough to ask them, or a draft of
//! others, once more (`journey/replay.rs`).
//!
//! In: the claims that the policies looked at, the facts that the message brought along, and each answer.
//! Out: a member of the event, which reads back into the same claims. It holds no facts of the case and no
//! entry of the directory, only their versions: those are kept in the store.
//!
//! All of it stands in clear (design §7), so each member is one that may: ids of a closed form (message,
//! case, meeting), codes of closed lists (type, area, purpose, category), flags that the gateway worked out,
//! and agency ids. A member in which a sender can name an agency holds an id only if the directory knows
//! it; any other text of that form would be a submitted value, and stands as `unknown`, which is no agency
//! and equals none. Recipients that nobody knows are counted. Justifications, names and all else that
//! somebody wrote is here as a flag or not at all.
//!
//! The sender is handed the event of its accepted message. So nothing in it tells more than the sender is
//! told anyway (design §6): of a case that it may not know, not even that it has facts
//! ([`DecidedOn::case_facts`]); and of a permit the rule alone, `P16`, where only the co-ordination unit and
//! the lead agency may know whether that was for an action or for something else.

mod claimed;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use claimed::{Claimed, kept};

use crate::message::{AgencyId, Fact};

/// One message as the rules were asked about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The moment of the decision. To the nanosecond, unlike the event's own: an approval ends at one.
    pub at: Timestamp,
    /// SHA-256 of the policy set that answered, hex.
    pub policy_set: String,
    /// The directory and the facts that were looked at.
    pub decided_on: DecidedOn,
    /// What the message claims.
    pub claims: Claimed,
    /// The message's own facts that counted in its decision, on top of those of the case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// May the sender send it?
    pub sending: Said,
    /// The recipients that the directory knows, in the order of the message.
    pub recipients: Vec<AskedFor>,
    /// How many more the message names.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown_recipients: usize,
}

/// The state that a decision was made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedOn {
    /// The directory's version.
    pub directory: u64,
    /// The version of the case's facts; 0 where the case was not known, or the message is about none. In
    /// an event also where the sender may not know the case: the decision did not look at it. Where the
    /// sender claimed it before, of the facts of that claim: what one version is of, the store knows.
    pub case_facts: u64,
}

/// One recipient as the rules were asked about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedFor {
    /// Who.
    pub agency_id: AgencyId,
    /// See [`crate::policy::Addressed`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub justified: bool,
    /// See [`crate::policy::Addressed`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub strict_necessity: bool,
    /// See [`crate::policy::Addressed`]. The person is not kept, nor are the directory's contacts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub attention: bool,
    /// May it receive the message? Not asked where the sender may not send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving: Option<Said>,
    /// May it have the victim data in it (P29)? Asked only where there is some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub victims: Option<Said>,
}

/// An answer of the rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Said {
    /// Whether it was allowed.
    pub allowed: bool,
    /// The policies that decided, by id, in their order; rules (`P16`) instead where a permit tells more
    /// than the sender may know. Empty where no permit applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
}

pub(super) fn is_false(flag: &bool) -> bool {
    !*flag
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}
