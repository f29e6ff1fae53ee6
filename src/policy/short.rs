//! The short way to a yes. Most questions are answered yes, and then all that has to be told is which
//! permits applied: the bars can be asked as one, "does any of you fire?". Where one fires or errs, where
//! no permit applies, or where anything errs, there is no short way: every policy is asked by itself, and
//! that answer counts.

use std::{collections::HashMap, sync::RwLock};

use cedar_policy::{Authorizer, Decision, Effect, Entities, Policy, PolicyId, PolicySet, Request};
use serde_json::{Value, json};

use super::{PolicyFault, looked_at::LookedAt, slice::Record};

/// The policies of one question, joined.
pub(super) struct Short {
    /// The bars that look at the message and its case alone: their answer is the same for each recipient.
    about_message: PolicySet,
    /// The bars that look at the agency's record alone: their answer is the same for each message.
    about_record: PolicySet,
    /// What those answered so far, by record: as many as there can be records, some hundreds.
    answered: RwLock<HashMap<Record, bool>>,
    /// All other bars as one, and each permit.
    rest: PolicySet,
}

impl Short {
    /// Joins policies whose scope is decided already.
    ///
    /// # Errors
    /// Cedar does not take what was joined.
    pub fn of<'p>(parts: impl IntoIterator<Item = &'p Part>) -> Result<Self, PolicyFault> {
        let (mut message, mut record, mut other, mut apart) = (vec![], vec![], vec![], vec![]);
        for part in parts {
            match part {
                Part::Apart(policy) => apart.push((**policy).clone()),
                Part::AboutMessage(bar) => message.push(bar.clone()),
                Part::AboutRecord(bar) => record.push(bar.clone()),
                Part::AboutBoth(bar) => other.push(bar.clone()),
            }
        }
        apart.extend(any_of(other)?);
        let set =
            |policies: Vec<Policy>| PolicySet::from_policies(policies).map_err(|_| PolicyFault::Unbuildable);
        Ok(Self {
            about_message: set(any_of(message)?.into_iter().collect())?,
            about_record: set(any_of(record)?.into_iter().collect())?,
            answered: RwLock::default(),
            rest: set(apart)?,
        })
    }

    /// Whether no bar fires, nor errs, that looks at the message alone.
    pub fn message_is_clear(&self, authorizer: &Authorizer, request: &Request, entities: &Entities) -> bool {
        none_fires(&self.about_message, authorizer, request, entities)
    }

    /// The permits that apply, if no other bar fires and nothing errs. Only good for a message that is clear.
    /// `record`: that of the principal, where it is known.
    pub fn permits(
        &self,
        authorizer: &Authorizer,
        request: &Request,
        entities: &Entities,
        record: Option<Record>,
    ) -> Vec<PolicyId> {
        if !self.record_is_clear(authorizer, request, entities, record) {
            return Vec::new();
        }
        let response = authorizer.is_authorized(request, &self.rest, entities);
        let sound = response.diagnostics().errors().next().is_none();
        if sound && response.decision() == Decision::Allow {
            return response.diagnostics().reason().cloned().collect();
        }
        Vec::new()
    }

    fn record_is_clear(
        &self,
        authorizer: &Authorizer,
        request: &Request,
        entities: &Entities,
        record: Option<Record>,
    ) -> bool {
        let known = record.and_then(|record| self.answered.read().ok()?.get(&record).copied());
        known.unwrap_or_else(|| {
            let clear = none_fires(&self.about_record, authorizer, request, entities);
            if let (Some(record), Ok(mut answered)) = (record, self.answered.write()) {
                answered.insert(record, clear);
            }
            clear
        })
    }
}

fn none_fires(bars: &PolicySet, authorizer: &Authorizer, request: &Request, entities: &Entities) -> bool {
    let response = authorizer.is_authorized(request, bars, entities);
    let told = response.diagnostics();
    told.reason().next().is_none() && told.errors().next().is_none()
}

/// What one policy is in a [`Short`].
pub(super) enum Part {
    /// A permit, or a bar whose scope names a principal or a resource: it stays by itself.
    Apart(Box<Policy>),
    /// The condition under which a bar fires that looks at neither agency nor context.
    AboutMessage(Value),
    /// The same of one that looks at nothing but attributes of the agency.
    AboutRecord(Value),
    /// The same of any other.
    AboutBoth(Value),
}

impl Part {
    /// # Errors
    /// Cedar has a form of policies that is not known here.
    pub fn of(policy: &Policy) -> Result<Self, PolicyFault> {
        let mut json = policy.to_json().map_err(|_| PolicyFault::Unbuildable)?;
        let open = json!({ "op": "All" });
        let narrow = ["principal", "action", "resource"].iter().any(|part| json.get(part) != Some(&open));
        if policy.effect() == Effect::Permit || narrow {
            return Ok(Self::Apart(Box::new(policy.clone())));
        }
        let Some(Value::Array(clauses)) = json.get_mut("conditions").map(Value::take) else {
            return Err(PolicyFault::Unbuildable);
        };
        let clauses = clauses.into_iter().map(clause).collect::<Result<Vec<_>, _>>()?;
        let bar = join("&&", clauses).unwrap_or_else(|| json!({ "Value": true }));
        let looked_at = LookedAt::by(&bar);
        // As soon as a word stands in it, it is taken for looked at. A bar that asks who the agency is, or
        // where it belongs, names an agency or has the operator `in`.
        let any = |words: &[&str]| words.iter().any(|word| looked_at.at(word));
        Ok(if !any(&["principal", "context"]) {
            Self::AboutMessage(bar)
        } else if !any(&["resource", "context", "in", "is", "Agency"]) {
            Self::AboutRecord(bar)
        } else {
            Self::AboutBoth(bar)
        })
    }
}

fn clause(mut clause: Value) -> Result<Value, PolicyFault> {
    let body = clause.get_mut("body").map(Value::take).ok_or(PolicyFault::Unbuildable)?;
    match clause.get("kind").and_then(Value::as_str) {
        Some("when") => Ok(body),
        Some("unless") => Ok(json!({ "!": { "arg": body } })),
        _ => Err(PolicyFault::Unbuildable),
    }
}

/// One bar that fires where any of these would. `||` goes from left to right and errs where a part errs
/// that it comes to: no is said only where each part said no.
fn any_of(bars: Vec<Value>) -> Result<Option<Policy>, PolicyFault> {
    let Some(body) = join("||", bars) else { return Ok(None) };
    let open = json!({ "op": "All" });
    let json = json!({
        "effect": "forbid", "principal": open, "action": open, "resource": open,
        "conditions": [{ "kind": "when", "body": body }],
    });
    let id = PolicyId::new("any bar");
    Policy::from_json(Some(id), json).map(Some).map_err(|_| PolicyFault::Unbuildable)
}

fn join(operator: &str, parts: Vec<Value>) -> Option<Value> {
    parts.into_iter().rev().reduce(|right, left| json!({ operator: { "left": left, "right": right } }))
}
