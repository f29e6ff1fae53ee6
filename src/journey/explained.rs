//! Explained: why each recipient may or may not have a message, for people. In: the decisions, and for
//! those who may know (design §6) what holds about the case. Out: an [`Explanation`].
//!
//! It decides nothing. A sender that may not know the facts gets the policies, their law and their fixed
//! texts; what is recorded about an agency and what it lacks stand in no answer to it.

mod recorded;

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    route::Route,
    view::{Viewed, Withheld},
};
use crate::{
    message::{AgencyId, CaseFacts, Channel, MeetingId},
    policy::{Decision, Ground, Missing, Policies, Verdict},
};

pub use recorded::Recorded;

/// The answer about a message, party by party.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// May the sender send it?
    pub sender: Answered,
    /// May each recipient have it? In their order; empty where the sender may not send it at all.
    pub recipients: Vec<Answered>,
}

/// The answer about one party.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    /// Where the message names it: JSON Pointer (RFC 6901).
    pub pointer: String,
    /// Who, if the directory knows it; what it does not know was submitted, and is not repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency_id: Option<AgencyId>,
    /// Allowed or refused.
    pub verdict: Verdict,
    /// By which channel it would get it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What its copy would leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// The rules that decided, `P15`. Empty where no rule permits it.
    pub policies: BTreeSet<String>,
    /// The law that they rest on.
    pub legal_basis: BTreeSet<String>,
    /// The policies that decided, each with its law, its source and its fixed text.
    pub grounds: Vec<Arc<Ground>>,
    /// What is recorded and was looked at. Only for those who may know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Recorded>,
    /// Each permit that there is, and what it lacks. Only for those who may know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would_allow: Vec<Missing>,
}

/// The decisions about one message, in the order in which they were asked for.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) sender: Party,
    /// Empty where the sender may not send it at all.
    pub(super) recipients: Vec<Party>,
}

/// One party and the decision about it.
#[derive(Default)]
pub(super) struct Party {
    pub(super) pointer: String,
    /// `None` where the directory does not know it, so that nothing could be asked.
    pub(super) asked: Option<(AgencyId, Decision)>,
}

/// What an explanation may look at.
pub(super) struct Facts<'a> {
    pub(super) policies: &'a Policies,
    pub(super) now: Timestamp,
    pub(super) case: Option<&'a CaseFacts>,
    /// The meeting that the message belongs to.
    pub(super) meeting: Option<MeetingId>,
    /// Whether the sender is told grounds and facts.
    pub(super) told_why: bool,
}

impl Explanation {
    /// The same with the channel of each recipient that has a way, and what its copy would leave out.
    pub(super) fn completed(mut self, viewed: &Viewed) -> Self {
        let routes = viewed.routed().routes();
        for answered in &mut self.recipients {
            let to = |route: &Route| Some(&route.permit.agency.agency_id) == answered.agency_id.as_ref();
            let Some(number) = routes.iter().position(to) else { continue };
            answered.channel = routes.get(number).map(|route| route.way.channel());
            answered.withheld = viewed.withheld(number);
        }
        self
    }
}

/// Explains the decision about the sender and those about the recipients. Rules and laws of a recipient
/// are those that its receipt would show: who may send it stands among them.
pub(super) fn explain(facts: &Facts<'_>, answers: Answers) -> Explanation {
    let Answers { sender, recipients } = answers;
    let sending = sender.asked.as_ref().map(|(_, sending)| sending.grounds.clone()).unwrap_or_default();
    let recipients = recipients.into_iter().map(|party| answered(facts, party, &sending)).collect();
    Explanation { sender: answered(facts, sender, &[]), recipients }
}

fn answered(facts: &Facts<'_>, party: Party, sending: &[Arc<Ground>]) -> Answered {
    let Party { pointer, asked } = party;
    let (agency_id, decision) = asked.unzip();
    let recorded = match (&decision, &agency_id) {
        (Some(decision), Some(agency)) if facts.told_why => recorded::of(facts, agency, decision),
        _ => Vec::new(),
    };
    let verdict = decision.as_ref().map_or(Verdict::Refused, |decision| decision.verdict);
    let (grounds, missing) =
        decision.map(|decision| (decision.grounds, decision.missing)).unwrap_or_default();
    let both = || grounds.iter().chain(sending.iter().filter(|_| verdict == Verdict::Allowed));
    Answered {
        pointer,
        agency_id,
        verdict,
        channel: None,
        withheld: Vec::new(),
        policies: both().map(|ground| ground.rule.clone()).collect(),
        legal_basis: both().map(|ground| ground.legal_basis.clone()).collect(),
        grounds,
        facts: recorded,
        would_allow: if facts.told_why { missing } else { Vec::new() },
    }
}
