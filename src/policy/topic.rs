//! One type of message as the rules know it: its actions, and what the policies about it look at. Made
//! once at load, so that a request starts from entities that are ready.

use std::collections::HashMap;

use cedar_policy::{Entities, EntityUid};

use super::{Doubt, PolicyFault, looked_at::LookedAt, questions::Question, slice::Words};
use crate::message::MessageType;

/// What is the same for each message of one type.
pub(super) struct Topic {
    pub send: EntityUid,
    pub receive: EntityUid,
    /// Not asked about what the gateway itself makes.
    see_victims: Option<EntityUid>,
    /// The actions with their groups.
    pub actions: Entities,
    /// What the policies about any of them look at.
    pub looked_at: LookedAt,
}

impl Topic {
    /// The action of having the victim data.
    pub fn see_victims(&self) -> Result<&EntityUid, Doubt> {
        self.see_victims.as_ref().ok_or(Doubt::UnknownType)
    }
}

/// Every type of message.
pub(super) fn topics(
    words: &Words,
    questions: &HashMap<EntityUid, Question>,
) -> Result<HashMap<MessageType, Topic>, PolicyFault> {
    MessageType::ALL.iter().map(|kind| Ok((*kind, topic(words, questions, *kind)?))).collect()
}

fn topic(
    words: &Words,
    questions: &HashMap<EntityUid, Question>,
    kind: MessageType,
) -> Result<Topic, PolicyFault> {
    let (send, receive) = (words.send(kind), words.receive(kind));
    let see_victims = kind.made_by_agencies().then(|| words.see_victims(kind));
    let asked = || [Some(&send), Some(&receive), see_victims.as_ref()].into_iter().flatten();
    let known = |action: &EntityUid| {
        questions.get(action).ok_or_else(|| PolicyFault::UnknownAction { action: action.to_string() })
    };
    let questions: Vec<&Question> = asked().map(known).collect::<Result<_, _>>()?;
    let entities = questions.iter().flat_map(|question| question.entities.iter().cloned());
    let actions = Entities::from_entities(entities, None)
        .map_err(|source| PolicyFault::Misfit { source: Box::new(source) })?;
    let looked_at = questions.iter().map(|question| &question.looked_at).collect();
    Ok(Topic { send, receive, see_victims, actions, looked_at })
}
