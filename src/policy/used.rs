//! What a policy looks at, read off the policy itself, so that an explanation names the facts of any
//! policy set, also one that an area changed. It says nothing about what those facts are.

use std::collections::BTreeSet;

use cedar_policy::{Policy, PolicyId};
use serde_json::Value;

use super::{Decision, Policies};

impl Policies {
    /// What the policies of a decision look at; for a default deny, the permits that did not apply. The
    /// words are those of the schema with the name of what holds them: `case.lead`, `meeting.attended`,
    /// `principal.status`; `in.case` and `in.area` for a membership, `approval.cat4` for an approval.
    ///
    /// It turns policies into JSON and is meant for explanations, not for deciding.
    pub fn looks_at(&self, decision: &Decision) -> BTreeSet<String> {
        let missing = decision.missing.iter().map(|missing| &missing.ground);
        let mut found = BTreeSet::new();
        for ground in decision.grounds.iter().chain(missing) {
            let written = self.policy(&ground.id).and_then(|policy| policy.to_json().ok());
            if let Some(written) = written {
                walk(&written, &mut found);
            }
        }
        found
    }

    fn policy(&self, id: &str) -> Option<&Policy> {
        let id = PolicyId::new(id);
        self.questions.values().find_map(|question| question.set.policy(&id))
    }
}

/// Through Cedar's JSON form of a policy (`.`, `has`, `in` and entity literals).
fn walk(node: &Value, found: &mut BTreeSet<String>) {
    match node {
        Value::Object(members) => {
            for (operator, operand) in members {
                found.extend(looked_at(operator, operand));
                walk(operand, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        _ => {}
    }
}

fn looked_at(operator: &str, operand: &Value) -> Option<String> {
    let text = |name: &str| operand.get(name).and_then(Value::as_str);
    match operator {
        "." | "has" => Some(format!("{}.{}", holder(operand.get("left")?)?, text("attr")?)),
        "in" => Some(format!("in.{}", holder(operand.get("right")?)?)),
        "__entity" if text("type") == Some("Approval") => Some(format!("approval.{}", text("id")?)),
        _ => None,
    }
}

/// The last word of an expression: `case` of `resource.case`.
fn holder(expression: &Value) -> Option<&str> {
    let attribute = expression.pointer("/./attr").and_then(Value::as_str);
    attribute.or_else(|| expression.get("Var").and_then(Value::as_str))
}
