//! The answers of then against those of the draft.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Decision,
    answers::{Answer, Answers},
    then::Then,
};
use crate::{
    ledger::asked::{Asked, AskedFor, Said},
    message::{Agency, AgencyId, AgencyType, EventId, MessageId, MessageType},
};

/// How an answer changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It was yes and would be no.
    NewlyRefused,
    /// It was no and would be yes.
    NewlyAllowed,
    /// The same answer on other grounds.
    RuleChanged,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// May the message go from the sender to the recipient?
    Transfer,
    /// May the recipient have the victim data in it (P29)?
    VictimData,
}

/// An answer that the draft changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// How.
    pub what: What,
    /// What was asked.
    pub question: Question,
    /// The event of the decision.
    pub event_id: EventId,
    /// Its kind: `message.accepted`, `message.refused` or `message.checked`.
    pub event: String,
    /// When it was decided.
    #[serde(with = "crate::message::time")]
    pub at: Timestamp,
    /// The message, if it could be read.
    pub message_id: Option<MessageId>,
    /// Its type.
    pub message_type: MessageType,
    /// Whose.
    pub sender: AgencyId,
    /// What the sender was.
    pub sender_type: AgencyType,
    /// To whom; nobody where a message that leaves its recipients out was not to be sent at all.
    pub recipient: Option<AgencyId>,
    /// What the recipient was.
    pub recipient_type: Option<AgencyType>,
    /// What the event says.
    pub old: Said,
    /// What the draft says.
    pub new: Said,
}

/// Holds every answer against the draft's. Gives how each compares, and the changes in full.
pub(super) fn compare(
    decision: &Decision,
    asked: &Asked,
    then: &Then,
    draft: &Answers,
) -> Vec<(Option<What>, Option<Change>)> {
    let told = |question, to: Option<&Agency>, what: Option<What>, old: Said, new: Said| {
        let change = what.map(|what| Change {
            what,
            question,
            event_id: decision.id,
            event: decision.kind.clone(),
            at: decision.at,
            message_id: decision.message_id,
            message_type: asked.claims.message_type(),
            sender: decision.sender.clone(),
            sender_type: then.sender().agency_type,
            recipient: to.map(|agency| agency.agency_id.clone()),
            recipient_type: to.map(|agency| agency.agency_type),
            old,
            new,
        });
        (what, change)
    };
    let mut compared = Vec::new();
    for ((to, addressed), (receiving, victims)) in then.recipients(asked).zip(&draft.recipients) {
        let old = Old::of(&asked.sending, to);
        let new = New::of(&draft.sending, receiving);
        compared.push(told(
            Question::Transfer,
            Some(addressed.agency),
            old.against(&new),
            old.said(),
            new.said(),
        ));
        if let (Some(old), Some(new)) = (&to.victims, victims) {
            let what = what(old.allowed, new.allowed, new.is(old));
            compared.push(told(Question::VictimData, Some(addressed.agency), what, old.clone(), new.said()));
        }
    }
    if compared.is_empty() {
        let (old, new) = (&asked.sending, &draft.sending);
        let what = what(old.allowed, new.allowed, new.is(old));
        compared.push(told(Question::Transfer, None, what, old.clone(), new.said()));
    }
    compared
}

fn what(old: bool, new: bool, same_grounds: bool) -> Option<What> {
    match (old, new) {
        (true, false) => Some(What::NewlyRefused),
        (false, true) => Some(What::NewlyAllowed),
        _ if same_grounds => None,
        _ => Some(What::RuleChanged),
    }
}

/// Where a transfer was decided. Who may not send is refused whoever receives; a refusal of the recipient
/// does not rest on what lets the sender send.
enum Decisive<T> {
    Sending(T),
    Receiving(T),
    Both(T, T),
}

impl<T> Decisive<T> {
    fn of(sending: (bool, T), receiving: Option<(bool, T)>) -> Self {
        match (sending, receiving) {
            ((false, sending), _) | ((true, sending), None) => Self::Sending(sending),
            ((true, _), Some((false, receiving))) => Self::Receiving(receiving),
            ((true, sending), Some((true, receiving))) => Self::Both(sending, receiving),
        }
    }
}

struct Old<'a>(Decisive<&'a Said>);

struct New<'a>(Decisive<&'a Answer>);

impl<'a> Old<'a> {
    fn of(sending: &'a Said, to: &'a AskedFor) -> Self {
        let receiving = to.receiving.as_ref().map(|said| (said.allowed, said));
        Self(Decisive::of((sending.allowed, sending), receiving))
    }

    fn said(&self) -> Said {
        match &self.0 {
            Decisive::Sending(said) | Decisive::Receiving(said) => (*said).clone(),
            Decisive::Both(sending, receiving) => both((*sending).clone(), (*receiving).clone()),
        }
    }

    fn against(&self, new: &New<'_>) -> Option<What> {
        let same = match (&self.0, &new.0) {
            (Decisive::Sending(old), Decisive::Sending(new))
            | (Decisive::Receiving(old), Decisive::Receiving(new)) => new.is(old),
            (Decisive::Both(old, old_to), Decisive::Both(new, new_to)) => new.is(old) && new_to.is(old_to),
            _ => false,
        };
        what(self.said().allowed, new.said().allowed, same)
    }
}

impl<'a> New<'a> {
    fn of(sending: &'a Answer, receiving: &'a Answer) -> Self {
        Self(Decisive::of((sending.allowed, sending), Some((receiving.allowed, receiving))))
    }

    fn said(&self) -> Said {
        match &self.0 {
            Decisive::Sending(answer) | Decisive::Receiving(answer) => answer.said(),
            Decisive::Both(sending, receiving) => both(sending.said(), receiving.said()),
        }
    }
}

/// What lets the sender send and then what lets the recipient receive, each once.
fn both(sending: Said, receiving: Said) -> Said {
    let mut by = sending.by;
    for id in receiving.by {
        if !by.contains(&id) {
            by.push(id);
        }
    }
    Said { allowed: receiving.allowed, by }
}
