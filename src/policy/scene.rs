//! The rules asked about a world that is made up for one question: an agency of some type, in some
//! relation to a case, and one message about it. What the matrix of permission is printed from.
//!
//! In: a [`Scene`] and who sends or receives. Out: the [`Decision`] that the same code gives about a real
//! message. It reads neither store nor directory, and a real case may be less tidy than these.

mod words;
mod world;

use jiff::Timestamp;

use super::{Decision, Doubt, Policies};
use crate::message::{AgencyType, MessageType};
use world::World;

pub use words::{Relation, When};

/// One message and its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scene {
    /// What is sent.
    pub message_type: MessageType,
    /// The level of the case.
    pub level: u8,
    /// The category of the case. Category 4 serves purpose (aa) alone.
    pub category: u8,
    /// Whether the police approved category 4 for the recipient, and a person there is named (P32).
    pub approved: bool,
    /// What is out of the ordinary.
    pub when: When,
    /// The moment that is asked about.
    pub now: Timestamp,
}

/// An agency that the matrix has a row for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Party {
    /// What kind of body. Its status is the one that this kind usually has.
    pub agency_type: AgencyType,
    /// Whether it is designated for the case (P22, P23).
    pub designated: bool,
}

/// What a recipient is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// May it receive the message?
    pub decision: Decision,
    /// May its copy keep victim data (P29)? Not asked about what the gateway makes itself.
    pub victims: Option<Decision>,
}

impl Scene {
    /// May this agency send the message, standing so towards the case?
    pub fn may_send(&self, policies: &Policies, sender: Party, relation: Relation) -> Decision {
        let world = World::of(self, sender, relation, None);
        world.map_or_else(Decision::in_doubt, |world| world.ask(self, |ask, _| policies.may_send(ask)))
    }

    /// May this agency receive it from an agency of another kind?
    pub fn may_receive(
        &self,
        policies: &Policies,
        sender: AgencyType,
        recipient: Party,
        relation: Relation,
    ) -> Received {
        let asked = World::of(self, recipient, relation, Some(sender)).map(|world| {
            world.ask(self, |ask, addressed| {
                let prepared = policies.prepare(ask);
                let victims = self.message_type.made_by_agencies();
                Received {
                    decision: prepared.may_receive(addressed),
                    victims: victims.then(|| prepared.may_see_victims(addressed)),
                }
            })
        });
        asked.unwrap_or_else(|doubt| Received { decision: Decision::in_doubt(doubt), victims: None })
    }
}

impl From<Doubt> for Decision {
    fn from(doubt: Doubt) -> Self {
        Self::in_doubt(doubt)
    }
}

impl From<Doubt> for Received {
    fn from(doubt: Doubt) -> Self {
        Self { decision: Decision::in_doubt(doubt), victims: None }
    }
}
