//! Permission: who may send what, and who may receive it (design §6).
//!
//! In: what a message claims, the directory, the facts of its case. Out: a [`Decision`], a value
//! that says allowed or refused and on what law it rests. The rules themselves are the Cedar
//! policies in `config/policies/`, one file per family; this room builds the entities that they
//! speak of, evaluates them and refuses whenever anything is in doubt.
//!
//! It does not read messages, look anything up in the store, or decide who is told why: a refusal
//! over a case that the sender has no open relation to looks like one over an unknown case, and
//! that is the journey's to see to.

mod decision;
mod evaluate;
mod facts;
mod listed;
mod load;
mod looked_at;
mod model;
mod obligation;
mod prepared;
mod probe;
mod questions;
mod remedy;
mod scene;
mod short;
mod slice;
mod topic;
mod used;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use cedar_policy::{Authorizer, EntityUid, PolicyId, Schema};
use jiff::Timestamp;

use crate::{
    directory::Directory,
    message::{
        Agency, AgencyId, Area, CaseFacts, CaseRef, MeetingFacts, MeetingId, MessageId, MessageType, Purpose,
        Status,
    },
};

pub use decision::{Decision, Doubt, Ground, Missing, Verdict};
pub use facts::FactAct;
pub use listed::Listed;
pub use load::PolicyFault;
pub use obligation::Obligation;
pub use prepared::Prepared;
pub use scene::{Party, Received, Relation, Scene, When};

/// The validated policies. Immutable: a changed file makes a new set with another digest.
pub struct Policies {
    schema: Schema,
    authorizer: Authorizer,
    words: slice::Words,
    grounds: HashMap<PolicyId, Arc<Ground>>,
    questions: HashMap<EntityUid, questions::Question>,
    topics: HashMap<MessageType, topic::Topic>,
    sha256_hex: String,
}

/// What is asked about one message.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// The moment of the decision.
    pub now: Timestamp,
    /// Every agency is read from this snapshot, so that its version binds the decision.
    pub directory: &'a Directory,
    /// The TLS identity.
    pub sender: &'a Agency,
    /// What the message says.
    pub message: &'a Claims,
    /// The case as it will stand with those facts of this very message which its sender may set
    /// (design §4); `None` where the gateway knows no such case, or the message is about none.
    pub case: Option<&'a CaseFacts>,
}

/// What a message claims, as far as the rules look at it.
#[derive(Clone)]
pub struct Claims {
    /// What it is.
    pub message_type: MessageType,
    /// Its MAPPA area.
    pub area: Area,
    /// Its own id and that of the message which it sends again: what may be released by name (P17).
    pub message_ids: Vec<MessageId>,
    /// Its case; statistics, some audits and notices about people outside MAPPA have none.
    pub case_ref: Option<CaseRef>,
    /// The limb of s.325(2) that it serves (P3).
    pub purpose: Option<Purpose>,
    /// The category that it names (P32).
    pub category: Option<u8>,
    /// The lead agency that it names (P5).
    pub lead_agency: Option<AgencyId>,
    /// The agencies that it says share supervision (P5).
    pub shared_supervision: Vec<AgencyId>,
    /// The meeting that it belongs to or tells of.
    pub meeting_id: Option<MeetingId>,
    /// Whether one justification stands for all recipients; read for meeting packs and minutes only
    /// (P4).
    pub justified: bool,
    /// Whether it is a notice about somebody outside MAPPA (P14, P21).
    pub non_mappa: bool,
    /// Whether a summary names who asked for it and who released it (P18).
    pub released: bool,
    /// Whether an answer tells category or level (P35).
    pub tells_level: bool,
    /// Whether it holds victim data, which is cut from some copies (P29).
    pub victim_data: bool,
    /// Whether it holds health data (P31).
    pub health_data: bool,
    /// Where a transfer goes (P24).
    pub receiving_area: Option<Area>,
    /// Who takes the lead there (P24).
    pub receiving_lead: Option<AgencyId>,
    /// The jobcentre that a notice names (P21).
    pub jobcentre: Option<AgencyId>,
    /// What the gateway knows of the message that it corrects or recalls (P30); `None` where this
    /// sender sent no such message.
    pub prior: Option<Prior>,
}

/// The message that a correction or recall is about.
#[derive(Clone)]
pub struct Prior {
    /// Who got it.
    pub recipients: Vec<AgencyId>,
    /// How many of them the correction or recall does not name.
    pub left_out: usize,
}

/// One recipient.
#[derive(Clone, Copy)]
pub struct Addressed<'a> {
    /// Who.
    pub agency: &'a Agency,
    /// Whether the message justifies this recipient (P4).
    pub justified: bool,
    /// Whether it says why health data is strictly necessary for it (P31).
    pub strict_necessity: bool,
    /// Whether it is for the attention of a person there whom the directory names (P32).
    pub attention: bool,
}

impl Policies {
    /// The SHA-256 of the policy files in lower-case hex. It is that of the lines which
    /// `LC_ALL=C sha256sum *.cedar schema.cedarschema` prints in the order of the file names, so that
    /// anyone can compute it with stock tools.
    pub fn sha256_hex(&self) -> &str {
        &self.sha256_hex
    }

    /// Makes ready to decide about one message: cheaper than asking anew for each recipient.
    pub fn prepare<'a>(&'a self, ask: &Ask<'a>) -> Prepared<'a> {
        Prepared::new(self, ask)
    }

    /// May the sender send this message, whoever receives it? Each recipient is asked for besides.
    pub fn may_send(&self, ask: &Ask) -> Decision {
        self.prepare(ask).may_send()
    }

    /// May this agency receive the message? It says nothing about the sender: a message goes only if
    /// [`Policies::may_send`] allows it too.
    pub fn may_receive(&self, ask: &Ask, recipient: &Addressed) -> Decision {
        self.prepare(ask).may_receive(recipient)
    }

    /// May this agency have the victims' identity, address and contact in a message that it may receive
    /// (P29)? If not, its copy is a view without them; the decision's `missing` names the rule then.
    pub fn may_see_victims(&self, ask: &Ask, recipient: &Addressed) -> Decision {
        self.prepare(ask).may_see_victims(recipient)
    }

    /// May the caller record this meeting of the case (P8)? Only the co-ordination unit of the
    /// case's area may. Every agency named has to be known, and every invitee needs a reason but the
    /// permanent members: responsible authority agencies and the unit itself.
    pub fn may_record_meeting(
        &self,
        directory: &Directory,
        caller: &Agency,
        case: &CaseFacts,
        meeting: &MeetingFacts,
        now: Timestamp,
    ) -> Decision {
        let permanent = |id: &AgencyId| {
            directory.coordinates(id, case.area)
                || directory.agency(id).is_some_and(|agency| agency.status == Status::Ra)
        };
        let flags = evaluate::MeetingFlags {
            agencies_known: meeting.agencies().into_iter().all(|id| directory.agency(id).is_some()),
            guests_reasoned: meeting.invited.iter().all(|i| permanent(&i.agency_id) || i.reason.is_some()),
        };
        self.record_meeting(directory, caller, case, flags, now).unwrap_or_else(Decision::in_doubt)
    }
}
