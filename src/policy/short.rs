//! The short way to an answer. Most of what bears on a question cannot apply to the agency that is asked
//! about: a bar for landlords not to a hospital. So each policy's condition is split: its leading parts that
//! look at nothing but the agency's record are asked once for each record, and a policy whose part says no is
//! left out from then on. The bars that remain are asked as one, "does any of you fire?".
//!
//! Where a bar fires, or anything errs, there is no short way: every policy is asked by itself, and that
//! answer counts.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, RwLock},
};

use cedar_policy::{Authorizer, Decision, Effect, Entities, Policy, PolicyId, PolicySet, Request};
use serde_json::{Value, json};

use super::{PolicyFault, slice::Record};

/// The policies of one question, split.
pub(super) struct Short {
    /// The bars that look at the message and its case alone: their answer is the same for each recipient.
    about_message: PolicySet,
    /// What the others ask of the record first, as permits named by their place in `parts`.
    guards: PolicySet,
    /// The others.
    parts: Vec<Part>,
    /// What remains of them, by record: as many as there can be records, some hundreds. `None` where the
    /// record alone says that a bar fires, or there is an error.
    remaining: RwLock<HashMap<Record, Option<Arc<Remaining>>>>,
}

/// What remains of a question for one record.
struct Remaining {
    /// The permits that apply already.
    permits: Vec<PolicyId>,
    /// The remaining bars as one, and each remaining permit; `None` where there are none.
    rest: Option<PolicySet>,
}

impl Short {
    /// Splits policies whose scope is decided already.
    ///
    /// # Errors
    /// Cedar does not take the parts.
    pub fn of(policies: impl IntoIterator<Item = Part>) -> Result<Self, PolicyFault> {
        let (message, parts): (Vec<_>, Vec<_>) =
            policies.into_iter().partition(|part| part.about_message && matches!(part.form, Form::Bar(_)));
        let guards = parts.iter().enumerate().filter_map(|(place, part)| Some((place, part.guard.clone()?)));
        let guards = guards.map(|(place, guard)| policy("permit", &place.to_string(), guard));
        Ok(Self {
            about_message: joined(message.iter())?,
            guards: set(guards.collect::<Result<Vec<_>, _>>()?)?,
            parts,
            remaining: RwLock::default(),
        })
    }

    /// Whether no bar fires, nor errs, that looks at the message alone.
    pub fn message_is_clear(&self, authorizer: &Authorizer, request: &Request, entities: &Entities) -> bool {
        permits(&self.about_message, authorizer, request, entities).is_some()
    }

    /// The permits that apply; `None` where a bar fires or anything errs. Only good for a message that is
    /// clear. `record`: that of the principal.
    pub fn permits(
        &self,
        authorizer: &Authorizer,
        request: &Request,
        entities: &Entities,
        record: Record,
    ) -> Option<Vec<PolicyId>> {
        let remaining = self.remaining(authorizer, request, entities, record)?;
        let mut applying = match &remaining.rest {
            Some(rest) => permits(rest, authorizer, request, entities)?,
            None => Vec::new(),
        };
        applying.extend_from_slice(&remaining.permits);
        Some(applying)
    }

    fn remaining(
        &self,
        authorizer: &Authorizer,
        request: &Request,
        entities: &Entities,
        record: Record,
    ) -> Option<Arc<Remaining>> {
        let known = self.remaining.read().ok().and_then(|known| known.get(&record).cloned());
        known.unwrap_or_else(|| {
            let found = self.remaining_for(authorizer, request, entities).map(Arc::new);
            if let Ok(mut known) = self.remaining.write() {
                known.insert(record, found.clone());
            }
            found
        })
    }

    /// Asks the guards.
    fn remaining_for(
        &self,
        authorizer: &Authorizer,
        request: &Request,
        entities: &Entities,
    ) -> Option<Remaining> {
        let holding: HashSet<PolicyId> =
            permits(&self.guards, authorizer, request, entities)?.into_iter().collect();
        let holds = |place: usize| holding.contains(&PolicyId::new(place.to_string()));
        let fits = |(place, part): &(usize, &Part)| part.guard.is_none() || holds(*place);
        let fitting = self.parts.iter().enumerate().filter(fits).map(|(_, part)| part);
        let (decided, open): (Vec<_>, Vec<_>) = fitting.partition(|part| part.guards_all);
        let known = decided.into_iter().map(|part| match &part.form {
            Form::Bar(_) => None,
            Form::Apart(policy) => Some(policy.id().clone()),
        });
        let rest = joined(open.into_iter()).ok()?;
        Some(Remaining { permits: known.collect::<Option<_>>()?, rest: (!rest.is_empty()).then_some(rest) })
    }
}

/// The permits that apply; `None` where a bar fires or anything errs.
fn permits(
    set: &PolicySet,
    authorizer: &Authorizer,
    request: &Request,
    entities: &Entities,
) -> Option<Vec<PolicyId>> {
    let response = authorizer.is_authorized(request, set, entities);
    let told = response.diagnostics();
    // A refusal names the bars that fired; one for want of a permit names nothing.
    let barred = response.decision() == Decision::Deny && told.reason().next().is_some();
    let sound = !barred && told.errors().next().is_none();
    sound.then(|| told.reason().cloned().collect())
}

/// One policy of a [`Short`].
#[derive(Clone)]
pub(super) struct Part {
    /// Its leading conditions that look at nothing but attributes of the agency. As `&&` goes from left to
    /// right, a policy whose guard says no neither applies nor errs.
    guard: Option<Value>,
    /// Whether those are all that it has.
    guards_all: bool,
    /// Whether it looks at neither agency nor context.
    about_message: bool,
    form: Form,
}

#[derive(Clone)]
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
        let apart = || Form::Apart(Box::new(policy.clone()));
        if ["principal", "action", "resource"].iter().any(|part| json.get(part) != Some(&everything())) {
            return Ok(Self { guard: None, guards_all: false, about_message: false, form: apart() });
        }
        let Some(Value::Array(clauses)) = json.get_mut("conditions").map(Value::take) else {
            return Err(PolicyFault::Unbuildable);
        };
        let mut conditions = Vec::new();
        for clause in clauses {
            split(clause_body(clause)?, &mut conditions);
        }
        let guards = conditions.iter().take_while(|condition| Seen::by(condition).only_record()).count();
        let whole = join("&&", conditions.clone()).unwrap_or_else(|| json!({ "Value": true }));
        let about_message = Seen::by(&whole).only_message();
        let guards_all = guards > 0 && guards == conditions.len();
        conditions.truncate(guards);
        let is_permit = policy.effect() == Effect::Permit;
        let form = if is_permit { apart() } else { Form::Bar(whole) };
        Ok(Self { guard: join("&&", conditions), guards_all, about_message, form })
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
    /// An entity other than these three, by more than its name: one that is written down, and may be loaded
    /// for one message and not for the next.
    elsewhere: bool,
}

impl Seen {
    fn by(condition: &Value) -> Self {
        let mut seen = Self::default();
        seen.read(condition);
        seen
    }

    fn only_record(&self) -> bool {
        !self.agency && !self.message && !self.context && !self.elsewhere
    }

    fn only_message(&self) -> bool {
        !self.agency && !self.attributes && !self.context
    }

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
                        // What belongs to the action is the same for each request.
                        ("in", of) if of.get("left") == Some(&json!({ "Var": "action" })) => self.read(of),
                        ("." | "has" | "in" | "is" | "getTag" | "hasTag", of) => {
                            self.elsewhere = true;
                            self.read(of);
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

fn clause_body(mut clause: Value) -> Result<Value, PolicyFault> {
    let body = clause.get_mut("body").map(Value::take).ok_or(PolicyFault::Unbuildable)?;
    match clause.get("kind").and_then(Value::as_str) {
        Some("when") => Ok(body),
        Some("unless") => Ok(json!({ "!": { "arg": body } })),
        _ => Err(PolicyFault::Unbuildable),
    }
}

/// What `&&` joins in a condition, from left to right.
fn split(mut condition: Value, parts: &mut Vec<Value>) {
    let Some(both) = condition.get_mut("&&").map(Value::take) else { return parts.push(condition) };
    for side in ["left", "right"] {
        split(both.get(side).cloned().unwrap_or_default(), parts);
    }
}

/// The bars as one that fires where any of them would, and the others. `||` goes from left to right and errs
/// where a part errs that it comes to: no is said only where each part said no.
fn joined<'p>(parts: impl Iterator<Item = &'p Part>) -> Result<PolicySet, PolicyFault> {
    let (mut bars, mut policies) = (Vec::new(), Vec::new());
    for part in parts {
        match &part.form {
            Form::Bar(condition) => bars.push(condition.clone()),
            Form::Apart(policy) => policies.push((**policy).clone()),
        }
    }
    if let Some(any) = join("||", bars) {
        policies.push(policy("forbid", "any bar", any)?);
    }
    set(policies)
}

fn join(operator: &str, parts: Vec<Value>) -> Option<Value> {
    parts.into_iter().rev().reduce(|right, left| json!({ operator: { "left": left, "right": right } }))
}

fn policy(effect: &str, id: &str, condition: Value) -> Result<Policy, PolicyFault> {
    let json = json!({
        "effect": effect, "principal": everything(), "action": everything(), "resource": everything(),
        "conditions": [{ "kind": "when", "body": condition }],
    });
    Policy::from_json(Some(PolicyId::new(id)), json).map_err(|_| PolicyFault::Unbuildable)
}

fn everything() -> Value {
    json!({ "op": "All" })
}

fn set(policies: Vec<Policy>) -> Result<PolicySet, PolicyFault> {
    PolicySet::from_policies(policies).map_err(|_| PolicyFault::Unbuildable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked of a record first: `-` nothing, `g` a part, `r` all; `m` nothing, as all is about the
    /// message.
    fn kind(scope: &str, condition: &str) -> char {
        let text = format!("permit({scope}) when {{ {condition} }};");
        let part = Part::of(&Policy::parse(None, text).unwrap()).unwrap();
        match part {
            Part { about_message: true, .. } => 'm',
            Part { guard: None, .. } => '-',
            Part { guards_all, .. } => ['g', 'r'][usize::from(guards_all)],
        }
    }

    #[test]
    fn only_what_looks_at_nothing_but_attributes_of_the_agency_is_asked_once_for_its_record() {
        let open = "principal, action, resource";
        for (condition, expected) in [
            (r#"principal.status == Status::"ra""#, 'r'),
            (r#"principal has status && !principal.suspended && action in [Action::"send"]"#, 'r'),
            (r#"[AgencyType::"POLICE"].contains(principal.type)"#, 'r'),
            ("resource.justified && resource has case", 'm'),
            (r#"resource.sender.status == Status::"coord""#, 'm'),
            ("context.attention", '-'),
            ("context.attention && principal.suspended", '-'),
            ("principal.suspended && resource.justified", 'g'),
            ("principal.suspended && principal in resource.area", 'g'),
            ("(principal.suspended && principal.mail_only) && context.attention", 'g'),
            ("principal.suspended || context.attention", '-'),
            ("principal in resource.area", '-'),
            (r#"principal in Area::"kent""#, '-'),
            (r#"principal == Agency::"kent-police""#, '-'),
            (r#"Agency::"kent-police" == principal"#, '-'),
            ("principal is Agency", '-'),
            (r#"Agency::"kent-police".suspended"#, 'm'),
            (r#"Agency::"kent-police" has suspended && principal.suspended"#, '-'),
            (r#"principal.suspended && Agency::"kent-police".suspended"#, 'g'),
            (r#"Agency::"kent-police" in Area::"46""#, 'm'),
            (r#"principal.suspended && Case::"1" has category"#, 'g'),
            (r#"Agency::"kent-police".hasTag("a")"#, 'm'),
            (r#"[Agency::"kent-police"].contains(principal) || principal.suspended"#, '-'),
            ("if principal.suspended then resource.justified else false", '-'),
        ] {
            assert_eq!(kind(open, condition), expected, "{condition}");
        }
        assert_eq!(kind(r#"principal == Agency::"kent-police", action, resource"#, "true"), '-');
        assert_eq!(kind("principal is Agency, action, resource", "principal.suspended"), '-');
        assert_eq!(kind("principal, action, resource is Message", "principal.suspended"), '-');
    }
}
