//! One question to Cedar. Cedar is open on error: it skips a policy that it cannot evaluate, a bar
//! too. Here any error, any entity that is not loaded and any word that the schema does not know
//! is a refusal.

use std::sync::OnceLock;

use cedar_policy::{
    AuthorizationError, Context, Decision as Cedar, Entities, Entity, EntityUid, PolicyId, Request,
    RestrictedExpression as Value,
};
use jiff::Timestamp;

use super::{Decision, Doubt, Policies, Verdict, questions::Question, slice::Record};
use crate::{
    directory::Directory,
    message::{Agency, CaseFacts},
};

/// One question, and what it is asked with.
pub(super) struct Asked<'q> {
    pub principal: EntityUid,
    pub action: EntityUid,
    pub resource: EntityUid,
    pub context: Context,
    /// What has to be loaded besides principal and resource.
    pub needs: &'q [EntityUid],
    /// Whether the message is clear of bars that look at it alone, once somebody asked: kept by who asks
    /// the same about several recipients with the same entities.
    pub clear: Option<&'q OnceLock<bool>>,
    /// The principal's record, if its entity was made of it.
    pub record: Option<Record>,
}

/// What the rules look at in the record of a meeting.
pub(super) struct MeetingFlags {
    pub agencies_known: bool,
    pub guests_reasoned: bool,
}

impl Policies {
    pub(super) fn record_meeting(
        &self,
        directory: &Directory,
        caller: &Agency,
        case: &CaseFacts,
        flags: MeetingFlags,
        now: Timestamp,
    ) -> Result<Decision, Doubt> {
        let caller = directory.agency(&caller.agency_id).ok_or(Doubt::UnknownAgency)?;
        let action = self.words.action("record_meeting");
        let mut entities = self.actions(&action)?;
        entities.extend([self.words.agency(caller, Some(case))?, self.words.case(case, now, None)?]);
        let entities = Entities::from_entities(entities, None).map_err(|_| Doubt::BadEntity)?;
        let context = [
            now_ms(now),
            ("agencies_known", Value::new_bool(flags.agencies_known)),
            ("guests_reasoned", Value::new_bool(flags.guests_reasoned)),
        ];
        let principal = self.words.agency_uid(&caller.agency_id);
        self.evaluate_fact(principal, action, self.words.case_uid(case), context, &entities)
    }

    /// A question about a fact of a case. Its context follows from what is to be done, so the schema is
    /// asked each time.
    pub(super) fn evaluate_fact<'n>(
        &self,
        principal: EntityUid,
        action: EntityUid,
        case: EntityUid,
        context: impl IntoIterator<Item = (&'n str, Value)>,
        entities: &Entities,
    ) -> Result<Decision, Doubt> {
        let context = context.into_iter().map(|(name, value)| (name.to_owned(), value));
        let context = Context::from_pairs(context).map_err(|_| Doubt::BadEntity)?;
        let checked = Request::new(
            principal.clone(),
            action.clone(),
            case.clone(),
            context.clone(),
            Some(&self.schema),
        );
        checked.map_err(|_| Doubt::UnknownType)?;
        self.evaluate(
            Asked { principal, action, resource: case, context, needs: &[], clear: None, record: None },
            entities,
        )
    }

    /// The action and its groups as entities.
    pub(super) fn actions(&self, action: &EntityUid) -> Result<Vec<Entity>, Doubt> {
        self.questions.get(action).map(|question| question.entities.clone()).ok_or(Doubt::UnknownType)
    }

    pub(super) fn evaluate(&self, asked: Asked<'_>, entities: &Entities) -> Result<Decision, Doubt> {
        let Asked { principal, action, resource, context, needs, clear, record } = asked;
        let question = self.questions.get(&action).ok_or(Doubt::UnknownType)?;
        if !question.takes(&principal, &resource) {
            return Err(Doubt::UnknownType);
        }
        // A policy that looks at no attribute would not notice that these are absent, and one that asks
        // whether there is an attribute takes an absent entity for one without it.
        let groups = entities.ancestors(&action).map(Iterator::count);
        let loaded = |uid: &EntityUid| entities.get(uid).is_some();
        if groups != Some(question.groups) || ![&principal, &resource].into_iter().chain(needs).all(loaded) {
            return Err(Doubt::MissingEntity);
        }
        // That the context fits the schema was probed at load, or asked by the caller.
        let request =
            Request::new(principal, action, resource, context, None).map_err(|_| Doubt::UnknownType)?;
        match self.short_way(question, &request, entities, record, clear) {
            Some(decision) => Ok(decision),
            None => self.evaluate_each(question, &request, entities),
        }
    }

    /// The answer where no bar fires: then the permits that apply are all there is to tell, and if none does
    /// it is a refusal for want of one.
    fn short_way(
        &self,
        question: &Question,
        request: &Request,
        entities: &Entities,
        record: Option<Record>,
        clear: Option<&OnceLock<bool>>,
    ) -> Option<Decision> {
        let ask_clear = || question.short.message_is_clear(&self.authorizer, request, entities);
        if !clear.map_or_else(ask_clear, |kept| *kept.get_or_init(ask_clear)) {
            return None;
        }
        let permits = question.short.permits(&self.authorizer, request, entities, record?)?;
        if permits.is_empty() {
            return Some(Decision { missing: question.permits.clone(), ..Decision::of(Verdict::Refused) });
        }
        let mut decision = Decision::of(Verdict::Allowed);
        self.explain(&mut decision, permits.iter());
        (!decision.grounds.is_empty()).then_some(decision)
    }

    fn evaluate_each(
        &self,
        question: &Question,
        request: &Request,
        entities: &Entities,
    ) -> Result<Decision, Doubt> {
        let response = self.authorizer.is_authorized(request, &question.set, entities);

        let errors: Vec<_> = response.diagnostics().errors().map(erring_policy).collect();
        if !errors.is_empty() {
            let mut decision = Decision::in_doubt(Doubt::Evaluation);
            self.explain(&mut decision, errors.into_iter());
            return Ok(decision);
        }
        let verdict = match response.decision() {
            Cedar::Allow => Verdict::Allowed,
            Cedar::Deny => Verdict::Refused,
        };
        let mut decision = Decision::of(verdict);
        self.explain(&mut decision, response.diagnostics().reason());
        if decision.grounds.is_empty() {
            if decision.is_allowed() {
                return Err(Doubt::Evaluation); // A permission without a ground is none.
            }
            decision.missing = question.permits.clone();
        }
        Ok(decision)
    }

    /// Adds these policies as grounds, in the order of their ids: Cedar gives them in none, and what
    /// the ledger keeps has to be the same each time.
    fn explain<'p>(&self, decision: &mut Decision, policies: impl Iterator<Item = &'p PolicyId>) {
        let mut grounds: Vec<_> = policies.filter_map(|id| self.grounds.get(id).cloned()).collect();
        grounds.sort_by(|a, b| a.id.cmp(&b.id));
        decision.grounds.append(&mut grounds);
    }
}

fn erring_policy(error: &AuthorizationError) -> &PolicyId {
    match error {
        AuthorizationError::PolicyEvaluationError(error) => error.policy_id(),
    }
}

/// The moment of the decision, for the context.
pub(super) fn now_ms(at: Timestamp) -> (&'static str, Value) {
    ("now_ms", Value::new_long(at.as_millisecond()))
}
