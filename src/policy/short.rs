//! The short way to a yes. Most questions are answered yes, and then all that has to be told is which
//! permits applied: the bars can be asked as one, "does any of you fire?". Where one fires or errs, where
//! no permit applies, or where anything errs, there is no short way: every policy is asked by itself, and
//! that answer counts.

use std::{collections::HashMap, sync::RwLock};

use cedar_policy::{Authorizer, Decision, Effect, Entities, Policy, PolicyId, PolicySet, Request};
use serde_json::{Value, json};

use super::{PolicyFault, slice::Record};

/// The policies of one question, joined.
pub(super) struct Short {
    /// The bars that look at the message and its case alone: their answer is the same for each recipient.
    about_message: PolicySet,
    /// What looks at the agency's record alone: its answer is the same for each message.
    about_record: PolicySet,
    /// What that answered so far, by record: as many as there can be records, some hundreds.
    answered: RwLock<HashMap<Record, Permits>>,
    /// All other bars as one, and each other permit; `None` where there are none.
    rest: Option<PolicySet>,
}

/// The permits that apply; `None` where a bar fires or anything errs.
type Permits = Option<Vec<PolicyId>>;

impl Short {
    /// Joins policies whose scope is decided already.
    ///
    /// # Errors
    /// Cedar does not take what was joined.
    pub fn of<'p>(parts: impl IntoIterator<Item = &'p Part>) -> Result<Self, PolicyFault> {
        let (mut message, mut record, mut rest) = (Joint::default(), Joint::default(), Joint::default());
        for part in parts {
            match (part.about, &part.policy) {
                (About::Message, Form::Bar(bar)) => message.bars.push(bar.clone()),
                (About::Record, policy) => record.add(policy),
                (_, policy) => rest.add(policy),
            }
        }
        let rest = rest.set()?;
        Ok(Self {
            about_message: message.set()?,
            about_record: record.set()?,
            answered: RwLock::default(),
            rest: (!rest.is_empty()).then_some(rest),
        })
    }

    /// Whether no bar fires, nor errs, that looks at the message alone.
    pub fn message_is_clear(&self, authorizer: &Authorizer, request: &Request, entities: &Entities) -> bool {
        permits(&self.about_message, authorizer, request, entities).is_some()
    }

    /// The permits that apply, if no other bar fires and nothing errs. Only good for a message that is clear.
    /// `record`: that of the principal, where it is known.
    pub fn permits(
        &self,
        authorizer: &Authorizer,
        request: &Request,
        entities: &Entities,
        record: Option<Record>,
    ) -> Permits {
        let mut applying = self.by_record(authorizer, request, entities, record)?;
        if let Some(rest) = &self.rest {
            applying.extend(permits(rest, authorizer, request, entities)?);
        }
        Some(applying)
    }

    fn by_record(
        &self,
        authorizer: &Authorizer,
        request: &Request,
        entities: &Entities,
        record: Option<Record>,
    ) -> Permits {
        let known = record.and_then(|record| self.answered.read().ok()?.get(&record).cloned());
        known.unwrap_or_else(|| {
            let answer = permits(&self.about_record, authorizer, request, entities);
            if let (Some(record), Ok(mut answered)) = (record, self.answered.write()) {
                answered.insert(record, answer.clone());
            }
            answer
        })
    }
}

fn permits(set: &PolicySet, authorizer: &Authorizer, request: &Request, entities: &Entities) -> Permits {
    let response = authorizer.is_authorized(request, set, entities);
    let told = response.diagnostics();
    // A refusal names the bars that fired; one for want of a permit names nothing.
    let barred = response.decision() == Decision::Deny && told.reason().next().is_some();
    let sound = !barred && told.errors().next().is_none();
    sound.then(|| told.reason().cloned().collect())
}

/// One policy of a [`Short`].
pub(super) struct Part {
    about: About,
    policy: Form,
}

#[derive(Clone, Copy)]
enum About {
    /// Neither agency nor context.
    Message,
    /// Nothing but attributes of the agency.
    Record,
    /// Anything.
    All,
}

enum Form {
    /// The condition under which a bar fires.
    Bar(Value),
    /// A permit, or a bar whose scope names a principal or a resource: it stays by itself.
    Apart(Box<Policy>),
}

impl Part {
    /// # Errors
    /// Cedar has a form of policies that is not known here.
    pub fn of(policy: &Policy) -> Result<Self, PolicyFault> {
        let mut json = policy.to_json().map_err(|_| PolicyFault::Unbuildable)?;
        let open = json!({ "op": "All" });
        let apart = || Form::Apart(Box::new(policy.clone()));
        if ["principal", "action", "resource"].iter().any(|part| json.get(part) != Some(&open)) {
            return Ok(Self { about: About::All, policy: apart() });
        }
        let Some(Value::Array(clauses)) = json.get_mut("conditions").map(Value::take) else {
            return Err(PolicyFault::Unbuildable);
        };
        let clauses = clauses.into_iter().map(clause).collect::<Result<Vec<_>, _>>()?;
        let condition = join("&&", clauses).unwrap_or_else(|| json!({ "Value": true }));
        let about = About::what(&condition);
        let is_permit = policy.effect() == Effect::Permit;
        Ok(Self { about, policy: if is_permit { apart() } else { Form::Bar(condition) } })
    }
}

impl About {
    /// What a condition looks at.
    fn what(condition: &Value) -> Self {
        let mut seen = Seen::default();
        seen.read(condition);
        match seen {
            Seen { agency: false, attributes: false, context: false, .. } => Self::Message,
            Seen { agency: false, message: false, context: false, .. } => Self::Record,
            _ => Self::All,
        }
    }
}

/// What stands in a condition.
#[derive(Default)]
struct Seen {
    /// The agency in another way than by its attributes: who it is, or what it belongs to.
    agency: bool,
    attributes: bool,
    message: bool,
    context: bool,
}

impl Seen {
    fn read(&mut self, condition: &Value) {
        match condition {
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            Value::Object(members) => {
                for (name, member) in members {
                    match (name.as_str(), member) {
                        ("Var", variable) => self.note(variable),
                        ("." | "has", of) if of.get("left") == Some(&json!({ "Var": "principal" })) => {
                            self.attributes = true;
                        }
                        (_, member) => self.read(member),
                    }
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, variable: &Value) {
        match variable.as_str() {
            // Each question is about one action.
            Some("action") => {}
            Some("principal") => self.agency = true,
            Some("resource") => self.message = true,
            _ => self.context = true,
        }
    }
}

/// Bars that become one, and policies that stay by themselves.
#[derive(Default)]
struct Joint {
    bars: Vec<Value>,
    apart: Vec<Policy>,
}

impl Joint {
    fn add(&mut self, policy: &Form) {
        match policy {
            Form::Bar(bar) => self.bars.push(bar.clone()),
            Form::Apart(policy) => self.apart.push((**policy).clone()),
        }
    }

    fn set(mut self) -> Result<PolicySet, PolicyFault> {
        self.apart.extend(any_of(self.bars)?);
        PolicySet::from_policies(self.apart).map_err(|_| PolicyFault::Unbuildable)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `m`, `r` or `a`: about the message, the record, or anything.
    fn about(scope: &str, condition: &str) -> char {
        let text = format!("permit({scope}) when {{ {condition} }};");
        match Part::of(&Policy::parse(None, text).unwrap()).unwrap().about {
            About::Message => 'm',
            About::Record => 'r',
            About::All => 'a',
        }
    }

    #[test]
    fn only_what_looks_at_nothing_but_attributes_of_the_agency_is_about_its_record() {
        let open = "principal, action, resource";
        for (condition, expected) in [
            (r#"principal.status == Status::"ra""#, 'r'),
            (r#"principal has status && !principal.suspended && action in [Action::"send"]"#, 'r'),
            (r#"[AgencyType::"POLICE"].contains(principal.type)"#, 'r'),
            ("resource.justified && resource has case", 'm'),
            (r#"resource.sender.status == Status::"coord""#, 'm'),
            ("true", 'm'),
            ("context.attention", 'a'),
            ("principal.suspended && resource.justified", 'a'),
            ("principal.suspended || context.attention", 'a'),
            ("principal in resource.area", 'a'),
            (r#"principal in Area::"kent""#, 'a'),
            (r#"principal == Agency::"kent-police""#, 'a'),
            (r#"Agency::"kent-police" == principal"#, 'a'),
            (r#"principal is Agency"#, 'a'),
            (r#"[Agency::"kent-police"].contains(principal) || principal.suspended"#, 'a'),
            (r#"if principal.suspended then resource.justified else false"#, 'a'),
        ] {
            assert_eq!(about(open, condition), expected, "{condition}");
        }
        assert_eq!(about(r#"principal == Agency::"kent-police", action, resource"#, "true"), 'a');
        assert_eq!(about("principal is Agency, action, resource", "principal.suspended"), 'a');
        assert_eq!(about("principal, action, resource is Message", "principal.suspended"), 'a');
    }
}
