//! A request that the solver found, made readable: which agency, which action, what holds about the case.
//!
//! The request is put to Cedar's evaluator too, which tells the deciding policies and whether it agrees.

use std::{collections::BTreeMap, fmt::Write as _};

use cedar_policy::{Authorizer, Decision, Entities, EntityUid, EvalResult, Policy};
use cedar_policy_symcc::Env;
use serde::Serialize;

use crate::{
    report::INDENT,
    rules::{Rules, policy_set},
};

/// A request that is allowed and should not be, or over which a policy errs.
#[derive(Debug, Serialize)]
pub struct Counterexample {
    /// The action, for instance `receive_minutes`.
    pub action: String,
    /// The type of the agency that asks.
    pub agency_type: String,
    /// Its status.
    pub agency_status: String,
    /// What allowed it, or the one that errs.
    pub policies: Vec<String>,
    /// Whether Cedar's evaluator says the same.
    pub confirmed: bool,
    /// What is to be known about the request: a line for the agency, the message, the case and so on. What
    /// does not hold or is absent is left out.
    pub facts: Vec<String>,
}

impl Counterexample {
    /// The policies allow it.
    pub(crate) fn of_allowed(rules: &Rules, env: &Env) -> Self {
        let evaluated = Evaluated::new(rules, env);
        Self::new(env, evaluated.allowed_by.clone(), evaluated.allowed)
    }

    /// The policy errs over it.
    pub(crate) fn of_error(rules: &Rules, env: &Env, policy: &Policy) -> Self {
        let id = policy.id().to_string();
        let confirmed = Evaluated::new(rules, env).erring.contains(&id);
        Self::new(env, vec![id], confirmed)
    }

    fn new(env: &Env, policies: Vec<String>, confirmed: bool) -> Self {
        let story = Story::of(env);
        let of_agency = |attribute| story.attribute(env.request.principal(), attribute);
        Self {
            action: env.request.action().map(|action| action.id().unescaped().to_owned()).unwrap_or_default(),
            agency_type: of_agency("type"),
            agency_status: of_agency("status"),
            policies,
            confirmed,
            facts: story.lines(),
        }
    }

    /// A few lines, indented.
    pub fn rendered(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{INDENT}{} by an agency of type {} and status {}: {}{}",
            self.action,
            self.agency_type,
            self.agency_status,
            self.policies.join(", "),
            if self.confirmed { "" } else { " (Cedar's evaluator does not confirm it)" },
        );
        for fact in &self.facts {
            let _ = writeln!(text, "{INDENT}  {fact}");
        }
        text
    }
}

/// What Cedar's evaluator says about a request.
struct Evaluated {
    allowed: bool,
    allowed_by: Vec<String>,
    erring: Vec<String>,
}

impl Evaluated {
    fn new(rules: &Rules, env: &Env) -> Self {
        let policies = policy_set(rules.policies.values());
        let actions = rules.action_entities().iter().cloned();
        let entities =
            env.entities.clone().upsert_entities(actions, None).unwrap_or_else(|_| Entities::empty());
        let response = Authorizer::new().is_authorized(&env.request, &policies, &entities);
        let mut allowed_by: Vec<_> = response.diagnostics().reason().map(ToString::to_string).collect();
        allowed_by.sort();
        let erring = response.diagnostics().errors().map(|error| match error {
            cedar_policy::AuthorizationError::PolicyEvaluationError(error) => error.policy_id().to_string(),
        });
        Self { erring: erring.collect(), allowed: response.decision() == Decision::Allow, allowed_by }
    }
}

/// The entities of a request under names that a reader can follow.
struct Story<'e> {
    env: &'e Env,
    /// In the order in which they are told.
    told: Vec<EntityUid>,
    names: BTreeMap<EntityUid, String>,
}

impl<'e> Story<'e> {
    fn of(env: &'e Env) -> Self {
        let mut story = Self { env, told: Vec::new(), names: BTreeMap::new() };
        let principal = env.request.principal().cloned();
        let resource = env.request.resource().cloned();
        for (uid, name) in [(principal, "the agency"), (resource, "what it is about")] {
            if let Some(uid) = uid {
                story.names.insert(uid.clone(), name.to_owned());
                story.told.push(uid);
            }
        }
        // Whatever they refer to, level by level; a list that grows while it is walked.
        let mut next = 0;
        while let Some(uid) = story.told.get(next).cloned() {
            next += 1;
            for (_, value) in story.attributes(&uid) {
                story.meet(&value);
            }
            let ancestors = env.entities.ancestors(&uid).into_iter().flatten().cloned().collect::<Vec<_>>();
            ancestors.iter().for_each(|ancestor| story.meet_one(ancestor));
        }
        for (_, value) in story.context() {
            story.meet(&value);
        }
        story
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for uid in &self.told {
            let mut holds: Vec<_> =
                self.attributes(uid).iter().filter_map(|(name, value)| self.fact(name, value)).collect();
            let ancestors = self.env.entities.ancestors(uid).into_iter().flatten();
            holds.extend(ancestors.map(|ancestor| format!("in {}", self.name(ancestor))));
            if !holds.is_empty() {
                lines.push(format!("{}: {}", self.name(uid), holds.join("; ")));
            }
        }
        let context = self.context();
        let context: Vec<_> = context.iter().filter_map(|(name, value)| self.fact(name, value)).collect();
        if !context.is_empty() {
            lines.push(format!("asked with: {}", context.join("; ")));
        }
        lines
    }

    fn attribute(&self, uid: Option<&EntityUid>, wanted: &str) -> String {
        let found = uid.map(|uid| self.attributes(uid)).unwrap_or_default();
        found.iter().find(|(name, _)| name == wanted).map(|(_, value)| self.value(value)).unwrap_or_default()
    }

    fn attributes(&self, uid: &EntityUid) -> Vec<(String, EvalResult)> {
        let attributes = self.env.entities.get(uid).map(|entity| entity.attrs().collect::<Vec<_>>());
        let mut known: Vec<_> = attributes
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.to_owned(), value.ok()?)))
            .collect();
        known.sort_by(|a, b| a.0.cmp(&b.0));
        known
    }

    fn context(&self) -> Vec<(String, EvalResult)> {
        let Some(context) = self.env.request.context() else { return Vec::new() };
        let names = context.clone().into_iter().map(|(name, _)| name);
        let mut known: Vec<_> = names.filter_map(|name| Some((name.clone(), context.get(&name)?))).collect();
        known.sort_by(|a, b| a.0.cmp(&b.0));
        known
    }

    fn fact(&self, name: &str, value: &EvalResult) -> Option<String> {
        match value {
            EvalResult::Bool(true) => Some(name.to_owned()),
            EvalResult::Bool(false) => None,
            EvalResult::Set(set) if set.iter().next().is_none() => None,
            other => Some(format!("{name} {}", self.value(other))),
        }
    }

    fn value(&self, value: &EvalResult) -> String {
        match value {
            EvalResult::EntityUid(uid) => self.name(uid),
            EvalResult::Set(set) => {
                let values: Vec<_> = set.iter().map(|value| self.value(value)).collect();
                format!("[{}]", values.join(", "))
            }
            other => other.to_string(),
        }
    }

    fn name(&self, uid: &EntityUid) -> String {
        self.names.get(uid).cloned().unwrap_or_else(|| uid.id().unescaped().to_owned())
    }

    fn meet(&mut self, value: &EvalResult) {
        match value {
            EvalResult::EntityUid(uid) => self.meet_one(uid),
            EvalResult::Set(set) => set.iter().for_each(|value| self.meet(value)),
            EvalResult::Record(record) => record.iter().for_each(|(_, value)| self.meet(value)),
            _ => {}
        }
    }

    /// The solver invents ids that say nothing. Words of a closed list keep their own.
    fn meet_one(&mut self, uid: &EntityUid) {
        let kind = uid.type_name().to_string();
        if !NUMBERED.contains(&kind.as_str()) || self.names.contains_key(uid) {
            return;
        }
        let number = self.told.iter().filter(|told| told.type_name() == uid.type_name()).count() + 1;
        self.names.insert(uid.clone(), format!("{} {number}", kind.to_lowercase()));
        self.told.push(uid.clone());
    }
}

const NUMBERED: [&str; 5] = ["Agency", "Area", "Case", "Meeting", "Message"];
