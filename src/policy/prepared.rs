//! One message made ready: its entities are built once, those of all recipients in one go, and then each
//! question costs hardly more than its rules.

use std::{collections::BTreeSet, sync::OnceLock};

use cedar_policy::{Context, Entities, Entity, EntityUid};

use super::{Addressed, Ask, Decision, Doubt, Policies, evaluate::Asked, slice::Record, topic::Topic};
use crate::message::{AgencyId, ApprovalKind, CaseFacts};

/// A message that can be asked about, made by [`Policies::prepare`].
pub struct Prepared<'a> {
    policies: &'a Policies,
    ask: Ask<'a>,
    /// Or why it could not be built.
    slice: Result<Slice<'a>, Doubt>,
}

/// What the questions about one message stand on.
struct Slice<'a> {
    topic: &'a Topic,
    /// Sender, message, case, meeting and the actions; recipients as far as they were announced.
    entities: Entities,
    /// Those of them that the message refers to.
    needs: Vec<EntityUid>,
    /// For the questions that are the same for all: the sending, and the having of victim data.
    sending: Context,
    /// Whether bars that look at the message alone leave it to be received, and its victim data seen:
    /// asked once for all recipients, on these very entities.
    clear: [OnceLock<bool>; 2],
}

impl<'a> Prepared<'a> {
    pub(super) fn new(policies: &'a Policies, ask: &Ask<'a>) -> Self {
        Self { policies, ask: *ask, slice: build(policies, ask) }
    }

    /// Announces recipients: who is announced together with the others costs least. It decides nothing,
    /// and who is not announced can be asked about all the same.
    #[must_use]
    pub fn announce<'r>(mut self, recipients: impl IntoIterator<Item = &'r AgencyId>) -> Self {
        let recipients: BTreeSet<&AgencyId> = recipients.into_iter().collect();
        self.slice = self.slice.and_then(|slice| {
            // One that the directory does not know is refused when it is asked about.
            let known = recipients.into_iter().filter_map(|id| self.ask.directory.agency(id));
            let new = known.filter(|agency| !self.policies.knows(&slice.entities, &agency.agency_id));
            let new = new.map(|agency| self.policies.words.agency(agency, self.ask.case));
            let new = new.collect::<Result<Vec<_>, _>>()?;
            Ok(Slice { entities: add(slice.entities, new)?, clear: Default::default(), ..slice })
        });
        self
    }

    /// What the message claims.
    pub fn claims(&self) -> &'a super::Claims {
        self.ask.message
    }

    /// See [`Policies::may_send`].
    pub fn may_send(&self) -> Decision {
        self.decide_send().unwrap_or_else(Decision::in_doubt)
    }

    /// See [`Policies::may_receive`].
    pub fn may_receive(&self, recipient: &Addressed) -> Decision {
        self.decide_receive(recipient).unwrap_or_else(Decision::in_doubt)
    }

    /// See [`Policies::may_see_victims`].
    pub fn may_see_victims(&self, recipient: &Addressed) -> Decision {
        self.decide_see_victims(recipient).unwrap_or_else(Decision::in_doubt)
    }

    fn decide_send(&self) -> Result<Decision, Doubt> {
        let Slice { topic, sending, .. } = self.slice()?;
        self.evaluate(&self.ask.sender.agency_id, &topic.send, sending.clone(), None)
    }

    fn decide_receive(&self, recipient: &Addressed) -> Result<Decision, Doubt> {
        let Slice { topic, clear: [clear, _], .. } = self.slice()?;
        let id = &recipient.agency.agency_id;
        let approved = self.approved_for(id);
        let context =
            self.policies.words.receiving(self.ask.now, recipient, approved, Some(&topic.looked_at))?;
        self.evaluate(id, &topic.receive, context, Some(clear))
    }

    fn decide_see_victims(&self, recipient: &Addressed) -> Result<Decision, Doubt> {
        let Slice { topic, sending, clear: [_, clear], .. } = self.slice()?;
        self.evaluate(&recipient.agency.agency_id, topic.see_victims()?, sending.clone(), Some(clear))
    }

    fn slice(&self) -> Result<&Slice<'a>, Doubt> {
        self.slice.as_ref().map_err(|doubt| *doubt)
    }

    /// Asks as the directory has this agency, whatever record of it was handed in.
    fn evaluate(
        &self,
        id: &AgencyId,
        action: &EntityUid,
        context: Context,
        clear: Option<&OnceLock<bool>>,
    ) -> Result<Decision, Doubt> {
        let Slice { entities, needs, .. } = self.slice()?;
        let agency = self.ask.directory.agency(id).ok_or(Doubt::UnknownAgency)?;
        let words = &self.policies.words;
        let (principal, resource) = (words.agency_uid(id), words.message_uid());
        let asked = Asked {
            principal,
            action: action.clone(),
            resource,
            context,
            needs,
            clear,
            record: Some(Record::of(agency)),
        };
        if self.policies.knows(entities, id) {
            return self.policies.evaluate(asked, entities);
        }
        let entities = add(entities.clone(), vec![words.agency(agency, self.ask.case)?])?;
        self.policies.evaluate(Asked { clear: None, ..asked }, &entities)
    }

    /// What was approved for this recipient and stands now: for the case, or for no other meeting and
    /// no other message than this one. Minutes are released meeting by meeting (P17).
    fn approved_for(&self, to: &AgencyId) -> impl Iterator<Item = ApprovalKind> {
        let Ask { now, message, case, .. } = self.ask;
        let given = case.into_iter().flat_map(|case| &case.approvals);
        let standing = given.filter(move |given| &given.to == to && given.stands(now));
        let fitting = standing.filter(|given| {
            given.message_id.is_none_or(|id| message.message_ids.contains(&id))
                && given.meeting_id.is_none_or(|id| message.meeting_id == Some(id))
                && (given.kind != ApprovalKind::MinutesRelease || given.meeting_id.is_some())
        });
        fitting.map(|given| given.kind)
    }
}

#[cfg(test)]
impl Prepared<'_> {
    /// What the questions stand on.
    pub(super) fn entities(&self) -> &Entities {
        &self.slice().unwrap().entities
    }

    /// The same with one entity gone.
    pub(super) fn without(&self, absent: &EntityUid) -> Self {
        let Slice { topic, entities, needs, sending, .. } = self.slice().unwrap();
        let entities = entities.clone().remove_entities([absent.clone()]).unwrap();
        let (needs, sending) = (needs.clone(), sending.clone());
        Self { slice: Ok(Slice { topic, entities, needs, sending, clear: Default::default() }), ..*self }
    }
}

impl Policies {
    fn knows(&self, entities: &Entities, id: &AgencyId) -> bool {
        entities.get(&self.words.agency_uid(id)).is_some()
    }
}

fn build<'a>(policies: &'a Policies, ask: &Ask) -> Result<Slice<'a>, Doubt> {
    let words = &policies.words;
    let message = ask.message;
    let belongs = |case: &CaseFacts| message.case_ref.as_ref() == Some(&case.case_ref);
    if !ask.case.is_none_or(belongs) {
        return Err(Doubt::OtherCase);
    }
    let sender = ask.directory.agency(&ask.sender.agency_id).ok_or(Doubt::UnknownAgency)?;
    // Only a meeting of this very case counts; one that is not is as good as unknown.
    let meeting_id = message.meeting_id.filter(|_| message.message_type.belongs_to_meeting());
    let meeting = ask.case.zip(meeting_id).and_then(|(case, id)| case.meeting(id));

    let topic = policies.topics.get(&message.message_type).ok_or(Doubt::UnknownType)?;
    let looked_at = Some(&topic.looked_at);
    let mut entities = vec![
        words.agency(sender, ask.case)?,
        words.message(message, &sender.agency_id, (ask.case, meeting), looked_at)?,
    ];
    entities.extend(ask.case.map(|case| words.case(case, ask.now, looked_at)).transpose()?);
    entities.extend(meeting.map(|meeting| words.meeting(meeting, looked_at)).transpose()?);
    let needs = entities.iter().map(Entity::uid).collect();
    let sending = words.sending(ask.now, looked_at)?;
    let entities = add(topic.actions.clone(), entities)?;
    Ok(Slice { topic, entities, needs, sending, clear: Default::default() })
}

fn add(known: Entities, new: Vec<Entity>) -> Result<Entities, Doubt> {
    known.add_entities(new, None).map_err(|_| Doubt::BadEntity)
}
