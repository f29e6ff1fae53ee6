//! What a set of policies says about a decision, and whether that is what was said then.

use super::then::Then;
use crate::{
    journey::asked::{ids, rules},
    ledger::asked::{Asked, Said},
    policy::{self, Policies},
};

/// An answer at both grains in which an event may tell it.
pub(super) struct Answer {
    pub allowed: bool,
    ids: Vec<String>,
    rules: Vec<String>,
}

impl Answer {
    fn of(decision: &policy::Decision) -> Self {
        Self { allowed: decision.is_allowed(), ids: ids(decision), rules: rules(decision) }
    }

    /// Whether it is the answer that was given, by the same policies; by the same rules where the event
    /// tells no more.
    pub fn is(&self, said: &Said) -> bool {
        self.allowed == said.allowed && (self.ids == said.by || (self.allowed && self.rules == said.by))
    }

    /// What is told of it.
    pub fn said(&self) -> Said {
        Said { allowed: self.allowed, by: self.ids.clone() }
    }
}

/// All answers about one message.
pub(super) struct Answers {
    pub sending: Answer,
    /// For each recipient: may it receive, and may it have the victim data, if there is some.
    pub recipients: Vec<(Answer, Option<Answer>)>,
}

/// Asks.
pub(super) fn of(policies: &Policies, then: &Then, asked: &Asked) -> Answers {
    let ask = then.ask(asked);
    let prepared = policies.prepare(&ask);
    let recipients = then.recipients(asked).map(|(_, to)| {
        let victims = prepared.claims().victim_data.then(|| Answer::of(&prepared.may_see_victims(&to)));
        (Answer::of(&prepared.may_receive(&to)), victims)
    });
    let recipients = recipients.collect();
    Answers { sending: Answer::of(&prepared.may_send()), recipients }
}

impl Answers {
    /// Whether each answer that was given then is given again.
    pub fn are_those_of(&self, asked: &Asked) -> bool {
        let same = |said: &Option<Said>, answer: Option<&Answer>| {
            said.as_ref().is_none_or(|said| answer.is_some_and(|answer| answer.is(said)))
        };
        self.sending.is(&asked.sending)
            && asked.recipients.iter().zip(&self.recipients).all(|(to, (receiving, victims))| {
                same(&to.receiving, Some(receiving)) && same(&to.victims, victims.as_ref())
            })
    }
}
