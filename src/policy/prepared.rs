//! One message made ready: its entities are built once, then each recipient costs only its own.

use cedar_policy::{Entities, RestrictedExpression as Value};
use jiff::Timestamp;

use super::{Addressed, Ask, Decision, Doubt, Policies};
use crate::message::{AgencyId, ApprovalKind, CaseFacts, MessageType};

/// A message that can be asked about, made by [`Policies::prepare`].
pub struct Prepared<'a> {
    policies: &'a Policies,
    ask: Ask<'a>,
    /// Sender, message, case, meeting and the actions; or why they could not be built.
    entities: Result<Entities, Doubt>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(policies: &'a Policies, ask: &Ask<'a>) -> Self {
        Self { policies, ask: *ask, entities: build(policies, ask) }
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

    fn decide_send(&self) -> Result<Decision, Doubt> {
        let entities = self.entities.as_ref().map_err(|doubt| *doubt)?;
        let action = self.policies.words.send(self.kind());
        self.evaluate(&self.ask.sender.agency_id, action, [now_ms(self.ask.now)], entities)
    }

    fn decide_receive(&self, recipient: &Addressed) -> Result<Decision, Doubt> {
        let id = &recipient.agency.agency_id;
        let entities = self.with(id)?;
        let action = self.policies.words.receive(self.kind());
        let context = [
            now_ms(self.ask.now),
            ("justified", Value::new_bool(recipient.justified)),
            ("strict_necessity", Value::new_bool(recipient.strict_necessity)),
            ("attention", Value::new_bool(recipient.attention)),
            ("approvals", self.policies.words.approvals(self.approved_for(id))),
        ];
        self.evaluate(id, action, context, &entities)
    }

    /// See [`Policies::may_see_victims`].
    pub fn may_see_victims(&self, recipient: &Addressed) -> Decision {
        self.decide_see_victims(recipient).unwrap_or_else(Decision::in_doubt)
    }

    fn decide_see_victims(&self, recipient: &Addressed) -> Result<Decision, Doubt> {
        let entities = self.with(&recipient.agency.agency_id)?;
        let action = self.policies.words.see_victims(self.kind());
        self.evaluate(&recipient.agency.agency_id, action, [now_ms(self.ask.now)], &entities)
    }

    /// The entities together with this agency, as the directory has it.
    fn with(&self, id: &AgencyId) -> Result<Entities, Doubt> {
        let entities = self.entities.as_ref().map_err(|doubt| *doubt)?;
        let agency = self.ask.directory.agency(id).ok_or(Doubt::UnknownAgency)?;
        let agency = self.policies.words.agency(agency, self.ask.case)?;
        entities.clone().add_entities([agency], None).map_err(|_| Doubt::BadEntity)
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

    fn evaluate<const N: usize>(
        &self,
        principal: &AgencyId,
        action: cedar_policy::EntityUid,
        context: [(&str, Value); N],
        entities: &Entities,
    ) -> Result<Decision, Doubt> {
        let words = &self.policies.words;
        self.policies.evaluate(words.agency_uid(principal), action, words.message_uid(), context, entities)
    }

    fn kind(&self) -> MessageType {
        self.ask.message.message_type
    }
}

/// The moment of the decision, for the context. A number: building Cedar's `datetime` costs more
/// than evaluating a rule.
pub(super) fn now_ms(at: Timestamp) -> (&'static str, Value) {
    ("now_ms", Value::new_long(at.as_millisecond()))
}

fn build(policies: &Policies, ask: &Ask) -> Result<Entities, Doubt> {
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

    let mut entities = policies.actions(&words.send(message.message_type))?;
    entities.extend(policies.actions(&words.receive(message.message_type))?);
    if message.message_type.made_by_agencies() {
        entities.extend(policies.actions(&words.see_victims(message.message_type))?);
    }
    entities.push(words.agency(sender, ask.case)?);
    entities.push(words.message(message, &sender.agency_id, ask.case, meeting)?);
    entities.extend(ask.case.map(|case| words.case(case, ask.now)).transpose()?);
    entities.extend(meeting.map(|meeting| words.meeting(meeting)).transpose()?);
    Entities::from_entities(entities, None).map_err(|_| Doubt::BadEntity)
}
